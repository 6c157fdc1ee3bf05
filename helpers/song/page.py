"""A small page that takes a song and answers: the same in lesson 10 and served on its own."""

import html
import io

import ipywidgets as widgets
import matplotlib.pyplot as plt

from helpers import audio, plots
from helpers.song import NOT_SURE, training


def build(classifier, example, sr=audio.SAMPLE_RATE):
    """An upload button, and below it what the classifier says of the song.

    Parameters
    ----------
    classifier : song.SongClassifier
    example : np.ndarray, shape (n,)
        What is judged until somebody uploads a song.
    sr : int
        Sample rate of the example, in Hz.

    Returns
    -------
    ipywidgets.VBox
    """
    # Some systems know MP3 or FLAC by their endings only.
    kinds = "audio/*,.wav,.mp3,.flac,.ogg,.aiff,.aif,.au"
    upload = widgets.FileUpload(accept=kinds, description="Your song")
    said, picture = widgets.HTML(), widgets.Image(format="png", layout={"max_width": "640px"})

    def judge(name, song, *rate):
        said.value = "<p>listening …</p>"
        picture.layout.display = "none"
        try:
            answer = classifier.predict(song, *rate)
        except Exception as error:  # a page must always answer
            said.value = f"<p><b>{html.escape(name)}</b> {html.escape(str(error))}</p>"
            return
        said.value = describe(name, answer, classifier.card)
        picture.value = draw(answer)
        picture.layout.display = ""

    def uploaded(change):
        for file in change.new:
            judge(file["name"], io.BytesIO(file["content"]))

    upload.observe(uploaded, "value")
    judge("an example from the jukebox", example, sr)
    promise = widgets.HTML(f"<p>{html.escape(training.trust(classifier.card))}</p>")
    hint = widgets.Label("WAV, MP3, FLAC, OGG or AIFF; it stays on this machine")
    return widgets.VBox([widgets.HBox([upload, hint]), said, picture, promise])


def describe(name, answer, card):
    """A `song.Prediction` in words, as HTML: the song's name, the verdict, what is silent."""
    verdict = f"<b>{html.escape(answer.genre)}</b>"
    if answer.genre == NOT_SURE:
        verdict += f" (no genre is above {card['threshold']:.0%})"
    top = ", ".join(f"{genre} {p:.0%}" for genre, p in answer.probabilities.head(3).items())
    silent = f"<p>Silent windows, which count for nothing: {answer.silent}.</p>" * bool(
        answer.silent
    )
    return f"<p>{html.escape(name)}: {verdict}</p><p>{html.escape(top)}</p>{silent}"


def draw(answer):
    """The timeline of an answer, as a PNG."""
    ax = plots.timeline(answer, title="What it hears when")
    file = io.BytesIO()
    ax.figure.savefig(file, format="png", dpi=160)
    plt.close(ax.figure)
    return file.getvalue()
