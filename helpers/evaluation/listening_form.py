"""Twenty windows to click through: the form of lesson 08's human baseline."""

import html
import io

import ipywidgets as widgets
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers import audio, datasets
from helpers.datasets import GENRES
from helpers.evaluation import listening_test

SOUND = "short-clips"


def _picture(patch, number):
    """One window as an HTML picture with axes."""
    fig = Figure(figsize=(5.2, 2.8), layout="constrained")
    listening_test.draw(patch, fig.subplots())
    png = io.BytesIO()
    fig.savefig(png, format="png", dpi=100)
    alt = f"Window {number}: two seconds to the right, low notes at the bottom, loud is bright"
    return f'<img alt="{alt}" src="{audio.data_url("image/png", png.getvalue())}" width="520">'


class Form(widgets.VBox):
    """Twenty windows to click through, and at the end what was right.

    Parameters
    ----------
    windows, patches
        From `choose`, and their log-mel patches in dB.
    rivals : mapping of str to pd.DataFrame
        Predictions of the same windows by models.
    sound : bool
        False: by picture, even if the songs are here.

    Attributes
    ----------
    answers : list of str
        In the order of the windows; empty until the last of them is answered.
    """

    def __init__(self, windows, patches, rivals, *, sound=True):
        for rows in rivals.values():
            listening_test.check_same(windows, rows)
        self.windows, self.patches, self.rivals = windows, patches, dict(rivals)
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
        super().__init__([self._text, self.start])
        self.start.on_click(lambda _: self._ask())
        self.back.on_click(self._undo)
        for button in self.genres:
            button.on_click(self._answered)

    def __repr__(self):
        # The notebook keeps this text: none of the sound that the parts hold.
        return "a form with twenty windows and ten buttons, to be clicked in a running notebook"

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
        you = "you, by ear" if self.folder else "you, by picture"
        self.children = [widgets.HTML(_result(self.windows, you, self.answers, self.rivals))]


def _welcome(folder, sound):
    how = "Listen (and look)" if folder else "Look"
    text = f"Twenty windows of two seconds. {how}, and name the genre."
    if sound and not folder:
        text += (
            f"<br>To hear them, too: <code>python -m helpers fetch {SOUND}</code> (55 MB) first."
        )
    return text


def _result(windows, you, answers, rivals):
    people = {you: listening_test.mark(windows, answers), **rivals}
    title = windows.title.fillna("(title unknown)")
    songs = pd.DataFrame({"song": windows.artist + ": " + title, "genre": windows.genre})
    for name, rows in people.items():
        right = np.where(rows.predicted == windows.genre, "✔\u00a0", "✘\u00a0")
        songs[name] = right + rows.predicted.astype(str)
    songs.index = pd.RangeIndex(1, len(songs) + 1)
    duels = [
        f"you (A) against {name} (B): {listening_test.duel(people[you], rivals[name])}"
        for name in rivals
    ]
    parts = [
        listening_test.scoreboard(people).to_html(index=False, border=0, justify="left"),
        "<br>".join(html.escape(line) for line in duels),
        f"For the class: <code>{listening_test.as_digits(answers)}</code>",
        songs.to_html(border=0, justify="left"),
    ]
    return "".join(f"<div style='margin: 0.8em 0'>{part}</div>" for part in parts)
