"""Twenty windows to click through: the form of lesson 08's human baseline."""

import ipywidgets as widgets
from matplotlib.figure import Figure

from helpers import audio, datasets, plots
from helpers.audio.own import Clickable
from helpers.datasets import GENRES
from helpers.evaluation import listening_test


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
        self.windows, self.patches, self.answers, self._given = windows, patches, [], []
        self.folder = datasets.local_path("short-clips") if sound else None
        self.text, self.window = widgets.HTML("Twenty windows of two seconds."), widgets.HTML()
        if sound and not self.folder:
            self.text.value += " To hear them: <code>python -m helpers fetch short-clips</code>"
        self.start = widgets.Button(description="Start", button_style="primary")
        self.back = widgets.Button(description="← back")
        wide = {"width": "auto"}
        self.genres = [widgets.Button(description=name, layout=wide) for name in GENRES]
        columns = {"grid_template_columns": "repeat(5, 7em)"}
        self.grid = widgets.GridBox(self.genres, layout=columns)
        # The notebook keeps these words: none of the sound that the parts hold.
        words = "a form with twenty windows and ten buttons, to be clicked in a running notebook"
        super().__init__([self.text, self.start], words)
        self.start.on_click(self._ask)
        self.back.on_click(self._undo)
        for button in self.genres:
            button.on_click(self._answered)

    def _ask(self, _=None):
        place = len(self._given)
        self.text.value = f"<b>Window {place + 1} of {len(self.windows)}.</b> Which genre?"
        self.window.value = _picture(self.patches[place], place + 1)
        if self.folder:
            song = self.folder / f"{self.windows.song_id.iloc[place]}.wav"
            sound = audio.player(*audio.load(song, duration=listening_test.SECONDS)).src_attr()
            self.window.value += f'<br><audio controls autoplay src="{sound}"></audio>'
        self.back.disabled = place == 0
        self.children = [self.text, self.window, self.grid, self.back]

    def _undo(self, _):
        self._given.pop()
        self._ask()

    def _answered(self, button):
        self._given.append(button.description)
        if len(self._given) < len(self.windows):
            self._ask()
            return
        self.answers = list(self._given)
        self.text.value = "That was the last one: run the next cell to see how many were right."
        self.children = [self.text]


def _picture(patch, number):
    """One window as an HTML picture with axes."""
    figure = Figure(figsize=(5.2, 2.8), layout="constrained")
    listening_test.draw(patch, figure.subplots())
    alt = f"Window {number}: two seconds to the right, low notes at the bottom, loud is bright"
    source = audio.data_url("image/png", plots.png(figure))
    return f'<img alt="{alt}" src="{source}" width="520">'
