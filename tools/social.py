"""Draw results/social.png, which others show where somebody shares a page of the course.

``python tools/social.py``: three styles of the jukebox, one after the other, as the course sees
them, and what its classifier says to each moment.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from helpers import jukebox, plots
from helpers.song import SongClassifier

SOCIAL = Path(__file__).resolve().parents[1] / "results/social.png"
STYLES = ("classical", "metal", "disco")
TEXT = "hear, see and measure music,\nclassify its genre, and find out\nhow far to trust the answer"


def main():
    """Draw 1280 × 640 pixels, small enough to be shared."""
    y = np.concatenate([jukebox.play(style, 12.0, seed=1) for style in STYLES])
    figure = plt.figure(figsize=(8, 4), dpi=160)
    words, pictures = figure.subfigures(1, 2, width_ratios=(0.42, 0.58))
    words.text(0.13, 0.86, "Hear\nthe Genre", size=30, weight="bold", va="top", linespacing=1.1)
    words.text(0.13, 0.5, TEXT, size=11, va="top", linespacing=1.6)
    words.text(0.13, 0.14, "lessons in Jupyter, with sound", size=11, color="#555555")
    above, below = pictures.subplots(2, 1, sharex=True, height_ratios=(5, 4))
    figure.get_layout_engine().set(w_pad=0.2, h_pad=0.07)
    plots.spectrogram(y, ax=above, title="what the computer sees").set(xlabel="")
    answer = SongClassifier.default().predict(y, 22_050)
    plots.timeline(answer, ax=below, title="which genre its classifier hears")
    figure.savefig(SOCIAL)


if __name__ == "__main__":
    main()
