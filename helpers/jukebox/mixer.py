"""What moves when I turn this knob?

`clip` lets the jukebox play four seconds and measures them, `moved` compares two clips.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from helpers import audio, datasets, features, jukebox

SECONDS = 4.0
WINDOW = {"n_fft": 2048, "hop_length": 512}
# What the bars show, and the sampler's column that says how much real music differs in it.
BARS = {
    "RMS mean": "rmse_mean",
    "RMS deviation": "rmse_std",
    "onset strength": "onset_strength_mean",
    "zero crossings": "zero_crossing_rate_mean",
    "centroid": "spectral_centroid_mean",
    "bandwidth": "spectral_bandwidth_mean",
    "roll-off": "rolloff_mean",
    "flatness": "flatness_mean",
    "MFCC 2": "mfcc2_mean",
    "MFCC 3": "mfcc3_mean",
    "chroma": "chroma_stft_mean",
}


@dataclass(frozen=True, eq=False, repr=False)
class Clip:
    """A clip and what was measured of it."""

    y: np.ndarray  # shape (n,), 22,050 samples a second
    hop_length: int  # samples from one frame to the next
    frames: pd.DataFrame  # as `features.frames` gives them
    db: np.ndarray  # shape (128, n_frames), the mel spectrogram in dB
    chroma: np.ndarray  # shape (12,), mean strength of each pitch class, from C to B
    features: pd.Series  # a number for each of `BARS`


@lru_cache(maxsize=16)
def clip(genre="rock", n_fft=2048, hop_length=512, **knobs):
    """Four seconds of `jukebox.play`, measured by `features.frames`; takes what these two take."""
    y, sr = jukebox.play(genre, SECONDS, **knobs), audio.SAMPLE_RATE
    # The jukebox is in tune: its tuning needn't be estimated.
    pictures = features.spectrograms(y, sr, n_fft, hop_length, tuning=0)
    frames = features.frames(y, sr, n_fft, hop_length, pictures)
    columns = frames.to_numpy()
    numbers = pd.Series(np.r_[columns.mean(axis=0), columns.std(axis=0)], features.names())
    numbers = numbers[list(BARS.values())].set_axis(list(BARS))
    _, db, chroma = pictures
    return Clip(y, hop_length, frames, db, chroma.mean(axis=1), numbers)


@lru_cache(maxsize=1)
def spreads():
    """How much real music differs: each bar's standard deviation over the sampler's windows."""
    return datasets.sampler()[list(BARS.values())].std(ddof=0).set_axis(list(BARS))


def moved(turned, before):
    """By how many `spreads` of real music each bar has moved from one `Clip` to another."""
    return (turned.features - before.features) / spreads()


def turned_by(turned, before):
    """By how many semitones a chroma profile is turned, -5 to 6: where the two fit best."""
    fits = [np.corrcoef(np.roll(before.chroma, step), turned.chroma)[0, 1] for step in range(12)]
    return (int(np.argmax(fits)) + 5) % 12 - 5
