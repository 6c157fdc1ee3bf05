"""A small page that takes a song and answers: the same in lesson 10 and served on its own."""

import html
import io
import textwrap

import ipywidgets as widgets
import matplotlib.pyplot as plt

from helpers import audio, plots
from helpers.song import NOT_SURE, training

# The embeddings in words.
NAMES = {"script": "the script's 26 features", "full": "hand-made features",
         "yamnet": "with YAMNet", "musicnn": "with MusiCNN",
         "musicnn-yamnet": "with MusiCNN and YAMNet"}  # fmt: skip
# Side by side where there is room for that.
WRAPPED = {"flex_flow": "row wrap"}


def build(classifiers, example, sr=audio.SAMPLE_RATE):
    """An upload button, and what each `song.SongClassifier` says of the song: an ipywidgets.VBox.

    Until somebody uploads one, they judge the example: samples of shape (n,), `sr` a second.
    """
    # Some systems know MP3 or FLAC by their endings only.
    kinds = "audio/*,.wav,.mp3,.flac,.ogg,.aiff,.aif,.au"
    upload = widgets.FileUpload(accept=kinds, description="Your song", layout={"width": "auto"})
    said, pictures = widgets.HTML(), widgets.HBox(layout=WRAPPED)

    def judge(name, song, *rate):
        said.value, pictures.children = "<p>listening …</p>", ()
        try:
            answers = [(model.predict(song, *rate), model.card) for model in classifiers]
        except Exception as error:  # a page must always answer
            said.value = f"<p><b>{html.escape(name)}</b> {html.escape(str(error))}</p>"
            return
        words = _list(describe(*answer) for answer in answers)
        said.value = f"<p><b>{html.escape(name)}</b></p>{words}"
        pictures.children = [_image(draw(*answer)) for answer in answers]

    def uploaded(change):
        for file in change.new:
            judge(file["name"], io.BytesIO(file["content"]))

    upload.observe(uploaded, "value")
    judge("an example from the jukebox", example, sr)
    cards = [model.card for model in classifiers]
    promises = _list(f"{NAMES[card['embedding']]}: {training.trust(card)}" for card in cards)
    hint = widgets.HTML("WAV, MP3, FLAC, OGG or AIFF; it stays on this machine")
    above = widgets.HBox([upload, hint], layout=WRAPPED)
    return widgets.VBox([above, said, pictures, widgets.HTML(promises)])


def describe(answer, card):
    """A `song.Prediction` in a line: the ear, its verdict, the likeliest genres, what is silent."""
    top = ", ".join(f"{genre} {p:.1%}" for genre, p in answer.probabilities.head(3).items())
    verdict = answer.genre
    if verdict == NOT_SURE:
        verdict += f", no genre is above {card['threshold']:.1%}"
    silent = f"; silent windows, which count for nothing: {answer.silent}" * bool(answer.silent)
    return f"{NAMES[card['embedding']]}: {verdict} ({top}){silent}"


def draw(answer, card):
    """A `song.Prediction` as a figure: timeline, probabilities, threshold and the card's score."""
    figure, (above, below) = plt.subplots(2, figsize=(5.2, 5.4), height_ratios=(3, 2.9))
    plots.timeline(answer, title=f"{NAMES[card['embedding']]}: {answer.genre}", ax=above)
    song, sure = answer.probabilities, card["threshold"]
    colors = [plots.GENRE_COLORS.get(genre, "#777777") for genre in song.index]
    bars = below.barh(song.index, song, color=colors)
    below.bar_label(bars, [f"{p:.0%}" for p in song], padding=3, fontsize=9,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
    below.axvline(sure, color="#444444", ls=":")
    side = "left" if sure < 0.4 else "right"
    below.annotate(f" sure above {sure:.0%} ", (sure, len(song) - 1), ha=side, va="center",
                   fontsize=9)  # fmt: skip
    promise = textwrap.fill(training.trust(card).partition(". ")[0], 64)
    below.set(xlim=(0, 1.1), xlabel=f"probability for the whole song\n\n{promise}")
    below.set_xticks([])
    below.tick_params(labelsize=9)
    below.invert_yaxis()
    return figure


def _list(lines):
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines)


def _image(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=160)
    plt.close(figure)
    layout = {"width": "480px", "max_width": "100%"}
    return widgets.Image(value=file.getvalue(), format="png", layout=layout)
