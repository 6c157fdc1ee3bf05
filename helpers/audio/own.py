"""Sounds from outside: a learner's file or voice, and music that may be shared."""

import base64
import html
import io
import os
import tomllib
from pathlib import Path

import ipywidgets as widgets
import pooch
from IPython.display import display

from helpers import audio

ROOT = Path(__file__).resolve().parents[2]
# By librosa's names: title, by, license, megabytes and file.
PIECES = tomllib.loads((ROOT / "data/pieces.toml").read_text(encoding="utf-8"))
# Some systems know MP3 or FLAC by their endings only.
KINDS = "audio/*,.wav,.mp3,.flac,.ogg,.opus,.aiff,.aif,.au,.caf,.w64"
FITTING, WRAPPED = {"width": "auto"}, {"flex_flow": "row wrap", "align_items": "center"}
_last = []  # the name and samples of what was last chosen or recorded


class Clickable(widgets.VBox):
    """Widgets that say in words what they are where no kernel runs."""

    def __init__(self, children, words):
        self.words = words
        super().__init__(children)

    def __repr__(self):
        return self.words

    def _repr_mimebundle_(self, **kwargs):
        # A widget's own text is cut after 110 letters.
        return super()._repr_mimebundle_(**kwargs) | {"text/plain": self.words}


def yours(look):
    """A button that takes a sound file, and one that lets the browser record five seconds.

    What was chosen last is still there when the cell runs again, or another one asks.

    Parameters
    ----------
    look : callable(y, name)
        Shows the sound, below the buttons; what it returns is shown, too. `y` are the file's first
        30 s, as `audio.load` reads them; what that refuses is said in a sentence.
    """
    show, *below = _stage(look)
    recorded = widgets.Text(layout={"display": "none"})  # the page puts there what it has recorded

    def chosen(files):
        for file in files:
            _last[:] = show(*file) or _last

    def heard(change):
        if change.new:
            wav = io.BytesIO(base64.b64decode(change.new))
            _last[:] = show("your recording", wav) or _last
            recorded.value = ""

    recorded.observe(heard, "value")
    if _last:
        show(*_last)
    record = as_widget((ROOT / "website/recorder.html").read_text(encoding="utf-8"))
    buttons = [chooser("Your file", chosen), record, recorded]
    words = "Choose a sound file, or record five seconds (run this cell to do it)"
    return Clickable([widgets.HBox(buttons, layout=WRAPPED), *below], words).add_class("yours")


def chooser(words, take, *, multiple=False):
    """A button for sound files, 90 MB at once; `take` gets them as a list of (name, file)."""
    upload = widgets.FileUpload(accept=KINDS, multiple=multiple, layout={"display": "none"})

    def chosen(change):
        if change.new:
            upload.value = ()  # or the same file, chosen once more, would be no change
            take([(file["name"], io.BytesIO(file["content"])) for file in change.new])

    upload.observe(chosen, "value")
    page = (ROOT / "website/chooser.html").read_text(encoding="utf-8")
    return widgets.Box([as_widget(page.replace("{words}", words)), upload]).add_class("chosen")


def as_widget(page):
    """HTML whose scripts run, which those of widgets.HTML don't."""
    data = {"output_type": "display_data", "data": {"text/html": page}, "metadata": {}}
    return widgets.Output(outputs=(data,))


def examples(look, *names):
    """Buttons for some `PIECES`; each says what it fetches, and under which license.

    `look` is as for `yours`.
    """
    show, *below = _stage(look)

    def button(name):
        words = "Hear {title} by {by} ({license})"
        words = words if local_path(name) else "Fetch {title} by {by} ({megabytes} MB, {license})"
        made = widgets.Button(description=words.format(**PIECES[name]), layout=FITTING)
        made.on_click(lambda _: hear(name))
        return made

    def hear(name):
        import librosa

        try:
            show(PIECES[name]["title"], local_path(name) or librosa.ex(name))
        except OSError:
            below[0].value = "It can't be fetched now; the lesson goes on without it."

    buttons = widgets.HBox([button(name) for name in names], layout=WRAPPED)
    titles = ", ".join(PIECES[name]["title"] for name in names)
    return Clickable([buttons, *below], f"Run this cell for buttons that play {titles}")


def local_path(name):
    """Where one of `PIECES` lies on this machine, because librosa fetched it, or None."""
    folders = [os.environ.get("LIBROSA_DATA_DIR") or pooch.os_cache("librosa")]
    folders += [Path(held, "librosa")] if (held := os.environ.get("GENRE_DATA")) else []
    paths = [Path(folder, PIECES[name]["file"]) for folder in folders]
    return next((path for path in paths if path.is_file()), None)


def _stage(look):
    """A function that shows a sound and returns it, a line for what is wrong, and an output."""
    said, below = widgets.HTML(), widgets.Output()

    def show(name, song):
        try:
            y = song if hasattr(song, "dtype") else audio.load(song, duration=30.0)[0]
        except audio.AudioError as error:
            said.value = (
                f"<p role='alert'><b>{html.escape(name)}</b> {html.escape(str(error))}.</p>"
            )
            return None
        said.value = ""
        below.clear_output(wait=True)
        with below:
            if (shown := look(y, name)) is not None:
                display(shown)
        return name, y

    return show, said, below
