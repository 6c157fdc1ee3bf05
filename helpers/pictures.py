"""What does one clip look like, beside another?

Plain images and bars: they are drawn in a tenth of a second, so that a slider may move them.
"""

import base64
import html

import matplotlib.pyplot as plt
import numpy as np

from helpers import audio, mixer
from helpers.palette import TEST_COLOR, TRAIN_COLOR

SR = audio.SAMPLE_RATE
PITCH_CLASSES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
# Frequencies that are written beside an image: where its rows are equally wide in Hz, and else.
LINEAR_TICKS, MEL_TICKS = (0, 2000, 4000, 6000, 8000, 10_000), (250, 500, 1000, 2000, 4000, 8000)
# An image shows levels down to so many decibels below its loudest point, in steps of a few: what a
# listener just notices. Fewer colors also make smaller files.
RANGE_DB, STEP_DB = 60, 3
BEFORE_COLOR = "#BBBBBB"
# A bar shorter than this counts as "has not moved".
MOVED = 0.1
BOARD_SIZE = (9, 4.5)  # inches


def image(db, frequencies, hop_length, sr=SR, *, title="", highest=None, ax=None):
    """A spectrogram as it is: one pixel for each number.

    Parameters
    ----------
    db : np.ndarray, shape (n_rows, n_frames)
        Levels in dB; all that is more than 60 dB below the loudest is black.
    frequencies : np.ndarray, shape (n_rows,)
        Of the rows, in Hz, rising: `librosa.fft_frequencies` or `librosa.mel_frequencies`.
    hop_length : int
        Samples from one frame to the next.
    sr : int
        Sample rate in Hz.
    highest : float, optional
        Show no frequencies above this many Hz.
    """
    ax = ax or plt.subplots(figsize=(8, 2.8))[1]
    rows = np.arange(len(frequencies))
    extent = (0, db.shape[1] * hop_length / sr, -0.5, len(rows) - 0.5)
    top = db.max()
    ax.imshow(
        db, origin="lower", aspect="auto", interpolation="nearest",
        cmap=plt.get_cmap("magma", RANGE_DB // STEP_DB),
        extent=extent, vmin=top - RANGE_DB, vmax=top,
    )  # fmt: skip
    ends = frequencies[1] - frequencies[0], frequencies[-1] - frequencies[-2]
    ticks = LINEAR_TICKS if np.isclose(*ends) else MEL_TICKS
    if highest:
        ticks = np.linspace(0, highest, 5)
        ax.set_ylim(-0.5, np.interp(highest, frequencies, rows))
    ax.set_yticks(np.interp(ticks, frequencies, rows), [f"{hz:.0f}" for hz in ticks])
    ax.set(xlabel="time (s)", ylabel="frequency (Hz)", title=title)
    return ax


def board(turned, untouched, *, title=""):
    """The mixer's picture: a clip on the left, and on the right what has moved.

    Parameters
    ----------
    turned, untouched : mixer.Clip
        What one hears now, and what it is compared with (in grey).

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = plt.figure(figsize=BOARD_SIZE, layout="none")
    Board(figure).update(turned, untouched, title)
    return figure


class Board:
    """A picture that is drawn once and then moves: nearly all of the time goes into its words.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Empty, `BOARD_SIZE` large.
    """

    def __init__(self, figure):
        places = (0.075, 0.75, 0.5, 0.17), (0.075, 0.11, 0.5, 0.58)
        places += (0.745, 0.47, 0.235, 0.45), (0.655, 0.11, 0.325, 0.17)
        self.strip, self.picture, self.bars, self.wheel = map(figure.add_axes, places)
        (self.before,) = self.strip.plot([], color=BEFORE_COLOR, lw=1.2)
        (self.now,) = self.strip.plot([], color=TEST_COLOR, lw=1)
        self.strip.set(ylabel="RMS", xticklabels=[])
        names = list(mixer.BARS)
        self.moved = self.bars.barh(names, [0] * len(names), height=0.65)
        self.values = [self.bars.text(0, y, "", va="center", fontsize=8) for y in range(len(names))]
        self.bars.axvline(0, color="#444444", lw=0.8)
        self.bars.set_ylim(len(names) - 0.4, -0.6)
        self.bars.set_xlabel("standard deviations of real music", fontsize=9)
        self.chroma = self.wheel.bar(PITCH_CLASSES, [0] * 12, color=TRAIN_COLOR, width=0.75)
        (self.chroma_before,) = self.wheel.step(range(12), [0] * 12, "#777777", where="mid", lw=1.2)
        self.wheel.set_xticks(
            range(12), [name if len(name) == 1 else "♯" for name in PITCH_CLASSES]
        )
        self.wheel.set(ylim=(0, 1), yticks=[], title="chroma (line: before)")
        for ax in figure.axes:
            ax.title.set_fontsize(10)
            ax.tick_params(labelsize=8.5)

    def update(self, turned, untouched, title):
        """Show another clip."""
        for line, clip in ((self.before, untouched), (self.now, turned)):
            line.set_data(np.arange(len(clip.loudness)) * clip.hop_length / SR, clip.loudness)
        loudest = max(turned.loudness.max(), untouched.loudness.max())
        self.strip.set(xlim=(0, turned.seconds), ylim=(0, 1.05 * loudest), title=title)
        for old in self.picture.images:
            old.remove()
        image(turned.db, turned.frequencies, turned.hop_length, ax=self.picture)
        self.picture.set_xlim(0, turned.seconds)
        self._move(mixer.moved(turned, untouched))
        for bar, height in zip(self.chroma, turned.chroma, strict=True):
            bar.set_height(height)
        self.chroma_before.set_ydata(untouched.chroma)

    def _move(self, moved):
        for bar, text, value in zip(self.moved, self.values, moved, strict=True):
            bar.set(width=value, color=TEST_COLOR if value > 0 else TRAIN_COLOR)
            text.set(x=value, ha="left" if value > 0 else "right")
            text.set_text(f" {value:+.1f} " if abs(value) >= MOVED else "")
        reach = max(1.0, 1.4 * np.abs(moved).max())
        still = np.abs(moved).max() < MOVED
        most = "nothing has moved" if still else f"moved most: {moved.abs().idxmax()}"
        self.bars.set(xlim=(-reach, reach), title=most)


def words(turned, untouched, what="a clip"):
    """The mixer's picture in words, for those who cannot see it.

    Parameters
    ----------
    turned, untouched : mixer.Clip
    what : str
        What is played, for example "rock with more drums".
    """
    moved = mixer.moved(turned, untouched)
    up, down = (", ".join(moved.index[side]) or "none" for side in (moved > MOVED, moved < -MOVED))
    steps = mixer.turned_by(turned, untouched)
    chroma = "not turned" if steps == 0 else f"turned by {steps:+d} semitones"
    return (
        f"The mixer with {what}: loudness over time above a mel spectrogram, bars on the right. "
        f"Bars to the right: {up}. Bars to the left: {down}. The chroma profile is {chroma}."
    )


def players(clips):
    """Play buttons side by side, each under its name.

    Parameters
    ----------
    clips : mapping of str to np.ndarray

    Returns
    -------
    IPython.display.HTML
    """
    from IPython.display import HTML

    cells = [f"<div>{html.escape(name)}<br>{player(y, name)}</div>" for name, y in clips.items()]
    style = "display: flex; flex-wrap: wrap; gap: 1em 2em"
    return HTML(f'<div style="{style}">{"".join(cells)}</div>')


def player(y, name):
    """A play button as HTML, with a name for those who cannot see where it stands."""
    source = data_url("audio/mpeg", audio.player(y).data)
    return f'<audio controls aria-label="{html.escape(name)}" src="{source}"></audio>'


def data_url(kind, content):
    """Bytes as an address, so that a page holds them itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
