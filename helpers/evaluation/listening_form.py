"""Twenty windows to click through: the form of lesson 08's human baseline."""

import ipywidgets as widgets
from matplotlib.figure import Figure

from helpers import audio, datasets, plots
from helpers.audio.own import Clickable
from helpers.datasets import GENRES
from helpers.evaluation import listening_test

SOUND = "short-clips"


def _picture(patch, number):
    """One window as an HTML picture with axes."""
    figure = Figure(figsize=(5.2, 2.8), layout="constrained")
    listening_test.draw(patch, figure.subplots())
    alt = f"Window {number}: two seconds to the right, low notes at the bottom, loud is bright"
    source = audio.data_url("image/png", plots.png(figure))
    return f'<img alt="{alt}" src="{source}" width="520">'


class Form(Clickable):
    """Twenty windows to click through; `listening_test.mark` says what was right (lesson 08).

    Parameters
    ----------
    windows, patches
        From `choose`, and their log-mel patches in dB.
    sound : bool
        False: by picture, even if the songs are here.

    Attributes
    ----------
    answers : list of str
        In the order of the windows; empty until the last of them is answered.
    """

    def __init__(self, windows, patches, *, sound=True):
        self.windows, self.patches = windows, patches
        self.folder = datasets.local_path(SOUND) if sound else None
        self.answers, self._given = [], []
        self._text, self._picture = widgets.HTML(_welcome(self.folder, sound)), widgets.HTML()
        self._player = widgets.Audio(value=b"", format="mpeg", autoplay=True, loop=False)
        self.start = widgets.Button(description="Start", button_style="primary")
        self.back = widgets.Button(description="← back")
        wide = {"width": "auto"}
        self.genres = [widgets.Button(description=name, layout=wide) for name in GENRES]
        grid = widgets.GridBox(self.genres, layout={"grid_template_columns": "repeat(5, 7em)"})
        self._question = [self._text, self._picture, grid, self.back]
        if self.folder:
            self._question.insert(2, self._player)
        # The notebook keeps these words: none of the sound that the parts hold.
        words = "a form with twenty windows and ten buttons, to be clicked in a running notebook"
        super().__init__([self._text, self.start], words)
        self.start.on_click(lambda _: self._ask())
        self.back.on_click(self._undo)
        for button in self.genres:
            button.on_click(self._answered)

    def _ask(self):
        place = len(self._given)
        self._text.value = f"<b>Window {place + 1} of {len(self.windows)}.</b> Which genre?"
        self._picture.value = _picture(self.patches[place], place + 1)
        if self.folder:
            song = self.folder / f"{self.windows.song_id.iloc[place]}.wav"
            y, sr = audio.load(song, duration=listening_test.SECONDS)
            self._player.value = audio.player(y, sr).data
        self.back.disabled = place == 0
        self.children = self._question

    def _undo(self, _):
        self._given.pop()
        self._ask()

    def _answered(self, button):
        self._given.append(button.description)
        if len(self._given) < len(self.windows):
            self._ask()
            return
        self.answers = list(self._given)
        self._text.value = "That was the last one: run the next cell to see how many were right."
        self.children = [self._text]


def _welcome(folder, sound):
    how = "Listen (and look)" if folder else "Look"
    text = f"Twenty windows of two seconds. {how}, and name the genre."
    if sound and not folder:
        text += (
            f"<br>To hear them, too: <code>python -m helpers fetch {SOUND}</code> (55 MB) first."
        )
    return text
