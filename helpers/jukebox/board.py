"""What does one clip look like, beside another?

Plain images and bars: they are drawn in a tenth of a second, so that a slider may move them. Of two
`mixer.Clip`, `turned` is what one hears now, and `untouched` what it is compared with (in grey).
"""

import textwrap

import librosa
import matplotlib.pyplot as plt
import numpy as np

from helpers import audio, plots
from helpers.jukebox import mixer
from helpers.plots import TEST_COLOR, TRAIN_COLOR

SR = audio.SAMPLE_RATE
PITCH_CLASSES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
# A bar shorter than this counts as "has not moved".
MOVED = 0.1
BOARD_SIZE = (8, 4.8)  # inches
# Left, bottom, width and height, as shares of it: the curve of loudness above the spectrogram.
STRIP, PICTURE = (0.09, 0.72, 0.45, 0.15), (0.09, 0.12, 0.45, 0.55)


def draw(turned, untouched, *, title=""):
    """The mixer's picture, a figure: a clip on the left, and on the right what has moved."""
    figure = plt.figure(figsize=BOARD_SIZE, layout="none")
    Board(figure).update(turned, untouched, title)
    return figure


class Board:
    """A picture that is drawn once, on an empty figure, and then moves: words take longest."""

    def __init__(self, figure):
        places = (STRIP, PICTURE, (0.735, 0.45, 0.25, 0.42), (0.61, 0.12, 0.375, 0.16))
        self.strip, self.picture, self.bars, self.wheel = map(figure.add_axes, places)
        self.frequencies = librosa.mel_frequencies(128, fmax=SR / 2)
        (self.before,) = self.strip.plot([], color="#BBBBBB", lw=1.2)
        (self.now,) = self.strip.plot([], color=TEST_COLOR, lw=1)
        self.strip.set(ylabel="RMS", xticklabels=[])
        n = len(mixer.BARS)
        self.moved = self.bars.barh(list(mixer.BARS), [0] * n, height=0.65)
        self.values = [self.bars.text(0, y, "", va="center", fontsize=9) for y in range(n)]
        self.bars.axvline(0, color="#444444", lw=0.8)
        self.bars.set_ylim(n - 0.4, -0.6)
        self.bars.set_xlabel("standard deviations of real music", fontsize=9)
        self.chroma = self.wheel.bar(PITCH_CLASSES, [0] * 12, color=TRAIN_COLOR, width=0.75)
        (self.chroma_before,) = self.wheel.step(range(12), [0] * 12, "#777777", where="mid", lw=1.2)
        self.wheel.set(ylim=(0, 1), yticks=[])
        self.wheel.set_title("chroma (line: before)", fontsize=11)
        for ax in figure.axes:
            ax.tick_params(labelsize=9)

    def update(self, turned, untouched, title):
        """Show another clip."""
        seconds = len(turned.y) / SR
        for line, clip in ((self.before, untouched), (self.now, turned)):
            line.set_data(clip.frames.index, clip.frames.rmse)
        loudest = max(turned.frames.rmse.max(), untouched.frames.rmse.max())
        self.strip.set(xlim=(0, seconds), ylim=(0, 1.05 * loudest))
        self.strip.set_title(textwrap.fill(title, 58), fontsize=11)
        for old in self.picture.images:
            old.remove()
        plots.image(turned.db, self.frequencies, turned.hop_length, ax=self.picture)
        self.picture.set_xlim(0, seconds)
        moved = mixer.moved(turned, untouched)
        for bar, text, value in zip(self.moved, self.values, moved, strict=True):
            bar.set(width=value, color=TEST_COLOR if value > 0 else TRAIN_COLOR)
            text.set(x=value, ha="left" if value > 0 else "right")
            text.set_text(f" {value:+.1f} " if abs(value) >= MOVED else "")
        most = moved.abs()
        title = f"moved most: {most.idxmax()}" if most.max() >= MOVED else "nothing has moved"
        self.bars.set_xlim(np.multiply((-1, 1), max(1.0, 1.7 * most.max())))
        self.bars.set_title(title, fontsize=11)
        for bar, height in zip(self.chroma, turned.chroma, strict=True):
            bar.set_height(height)
        self.chroma_before.set_ydata(untouched.chroma)


def words(turned, untouched, what="a clip"):
    """The mixer's picture in words; `what` is played, for example "rock with more drums"."""
    moved = mixer.moved(turned, untouched)
    up, down = (", ".join(moved.index[side]) or "none" for side in (moved > MOVED, moved < -MOVED))
    steps = mixer.turned_by(turned, untouched)
    chroma = "not turned" if steps == 0 else f"turned by {steps:+d} semitones"
    return (
        f"The mixer with {what}: loudness over time above a mel spectrogram, bars on the right. "
        f"Bars to the right: {up}. Bars to the left: {down}. The chroma profile is {chroma}."
    )
