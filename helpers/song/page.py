"""A small page that takes a song and answers: the same in lesson 10 and served on its own."""

import html
import io
import textwrap

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import soundfile as sf

from helpers import audio, plots
from helpers.audio import own, reader
from helpers.song import NOT_SURE, inputs, training

NAMES = {name: known["words"] for name, known in inputs.KNOWN.items()}
# What browsers play, by libsndfile's words for it, and the largest file that is sent back to them.
PLAYED = {"MP3": "mpeg", "OGG": "ogg", "FLAC": "flac", "WAV": "wav", "WAVEX": "wav"}
CODED = ("PCM", "FLOAT", "VORBIS", "OPUS", "MPEG")
LARGEST = 30_000_000  # bytes


def build(classifiers, example, sr=audio.SAMPLE_RATE):
    """An upload button, and what each `song.SongClassifier` says of the song: an ipywidgets.VBox.

    Until somebody uploads one, they judge the example: samples of shape (n,), `sr` a second. The
    song can be played, under a playhead that runs over the timelines.
    """
    upload = widgets.FileUpload(accept=own.KINDS, description="Your song", layout=own.FITTING)
    said, pictures = widgets.HTML(layout={"min_height": "7em"}), widgets.Output()

    def judge(name, song, *rate):
        # The old pictures keep their room until the new ones are there.
        name, pictures.layout.visibility = html.escape(name), "hidden"
        said.value = f"<p><b>{name}</b></p><p>listening …</p>"
        try:
            answers = [(model.predict(song, *rate), model.card) for model in classifiers]
        except Exception as error:  # a page must always answer
            said.value = f"<p><b>{name}</b> {html.escape(str(error))}</p>"
            pictures.outputs = ()
            return
        words = _list(describe(*answer) for answer in answers)
        said.value = f"<p><b>{name}</b></p>{words}"
        parts, source = [], address(song, *rate)
        for answer in answers:
            alt = f"Probabilities by window and for the whole song, {describe(*answer)}"
            # The first picture's player serves the others, too.
            parts.append((draw(*answer).axes[0], alt, source if not parts else "", ""))
        page = {"text/html": plots.heard(parts).data}
        pictures.outputs = ({"output_type": "display_data", "data": page, "metadata": {}},)
        pictures.layout.visibility = "visible"

    def uploaded(change):
        for file in change.new:
            judge(file["name"], io.BytesIO(file["content"]))

    upload.observe(uploaded, "value")
    judge("an example from the jukebox", example, sr)
    cards = [model.card for model in classifiers]
    promises = _list(f"{NAMES[card['embedding']]}: {training.trust(card)}" for card in cards)
    hint = widgets.HTML("WAV, MP3, FLAC, OGG or AIFF; it stays on this machine")
    above = widgets.HBox([upload, hint], layout=own.WRAPPED)
    return widgets.VBox([above, said, pictures, widgets.HTML(promises)])


def address(song, sr=None):
    """A sound for browsers: as it was uploaded, if they play that, or ten minutes of it as FLAC."""
    if sr is None:
        with reader.opened(song) as file:
            kind = PLAYED.get(file.format) if file.subtype.startswith(CODED) else None
        if kind and len(content := song.getvalue()) <= LARGEST:
            return audio.data_url(f"audio/{kind}", content)
        song, sr = np.concatenate(list(audio.stream(song, duration=600))), audio.SAMPLE_RATE
    sf.write(flac := io.BytesIO(), audio.samples(song), sr, format="FLAC")  # MP3 would take seconds
    return audio.data_url("audio/flac", flac.getvalue())


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
