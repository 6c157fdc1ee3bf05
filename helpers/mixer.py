"""What moves when I turn this knob?

`listen` lets the jukebox play a clip and measures it, `moved` compares it with another one. In a
`mystery` a knob has been turned, and nobody says which.
"""

import warnings
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import audio, datasets, jukebox

SECONDS = 4.0
N_FFT, HOP_LENGTH = 2048, 512
N_MELS, N_MFCC = 128, 20
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
KNOBS = tuple(field.name for field in fields(jukebox.Knobs))
TEMPOS, KEYS = (40, 240), (0, 11)  # every other knob goes from 0 to 1
# Two mel spectrograms that differ by less (in dB, on average) would make no fair mystery.
AUDIBLE_DB = 2.0


@dataclass(frozen=True, eq=False, repr=False)
class Clip:
    """A clip and what was measured of it.

    Attributes
    ----------
    y : np.ndarray, shape (n,)
    n_fft, hop_length : int
        Length of a window and the way to the next, in samples.
    loudness, onsets : np.ndarray, shape (n_frames,)
        RMS, and by how many dB the mel bands grow.
    db : np.ndarray, shape (128, n_frames)
        Mel spectrogram in dB.
    frequencies : np.ndarray, shape (128,)
        Of its rows, in Hz.
    chroma : np.ndarray, shape (12,)
        Mean strength of each pitch class, from C to B.
    features : pd.Series
        One number for each of `BARS`.
    """

    y: np.ndarray
    n_fft: int
    hop_length: int
    loudness: np.ndarray
    onsets: np.ndarray
    db: np.ndarray
    frequencies: np.ndarray
    chroma: np.ndarray
    features: pd.Series

    @property
    def seconds(self):
        """Length of the clip."""
        return len(self.y) / audio.SAMPLE_RATE


def listen(genre="rock", n_fft=N_FFT, hop_length=HOP_LENGTH, seed=0, **knobs):
    """Let the jukebox play four seconds and measure them.

    Parameters
    ----------
    genre : str
    n_fft, hop_length, seed : int
    **knobs : as for `jukebox.play`

    Returns
    -------
    Clip

    Raises
    ------
    ValueError
        As `jukebox.play` and `measure` do.
    """
    return measure(jukebox.play(genre, SECONDS, seed, **knobs), n_fft, hop_length)


@lru_cache(maxsize=16)
def untouched(genre):
    """The `Clip` of a style with all knobs, the window and the hop as they are by default."""
    return listen(genre)


def measure(y, n_fft=N_FFT, hop_length=HOP_LENGTH):
    """Everything that the mixer shows of a clip, from one Fourier transform.

    With the default window and hop the features are those of `features.describe`, but for chroma:
    the jukebox is in tune, so its tuning needn't be estimated.

    Parameters
    ----------
    y : np.ndarray, shape (n,)
        At 22,050 samples a second.
    n_fft, hop_length : int
        Length of a window and the way to the next, in samples.

    Returns
    -------
    Clip

    Raises
    ------
    ValueError
        If the window is longer than the clip, or the hop longer than the window.
    """
    import librosa

    _check(len(y), n_fft, hop_length)
    sr, step = audio.SAMPLE_RATE, {"hop_length": hop_length, "pad_mode": "reflect"}
    S = np.abs(librosa.stft(y, n_fft=n_fft, **step))
    db = librosa.power_to_db(_mel_filter(n_fft) @ S**2)
    chroma = librosa.feature.chroma_stft(S=S**2, sr=sr, n_fft=n_fft, tuning=0)
    mfcc = librosa.feature.mfcc(S=db, n_mfcc=N_MFCC)
    centroid = librosa.feature.spectral_centroid(S=S, sr=sr, n_fft=n_fft)
    frames = {
        "rmse": librosa.feature.rms(y=y, frame_length=n_fft, **step),
        "onset_strength": librosa.onset.onset_strength(
            S=db, sr=sr, n_fft=n_fft, hop_length=hop_length
        ),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(
            y, frame_length=n_fft, hop_length=hop_length
        ),
        "spectral_centroid": centroid,
        "spectral_bandwidth": librosa.feature.spectral_bandwidth(S=S, sr=sr, centroid=centroid),
        "rolloff": librosa.feature.spectral_rolloff(S=S, sr=sr, n_fft=n_fft),
        "flatness": librosa.feature.spectral_flatness(S=S),
        "mfcc2": mfcc[1],
        "mfcc3": mfcc[2],
        "chroma_stft": chroma,
    }
    summary = {f"{name}_mean": row.mean() for name, row in frames.items()}
    summary["rmse_std"] = frames["rmse"].std()
    return Clip(
        y, n_fft, hop_length, frames["rmse"][0], frames["onset_strength"], db,
        librosa.mel_frequencies(N_MELS, fmax=sr / 2), chroma.mean(axis=1),
        pd.Series({bar: float(summary[column]) for bar, column in BARS.items()}),
    )  # fmt: skip


def _check(n, n_fft, hop_length):
    if n_fft > n:
        raise ValueError(
            f"a window of {n_fft:,} samples does not fit into a clip of {n:,}: choose a shorter one"
        )
    if hop_length > n_fft:
        raise ValueError(
            f"a hop of {hop_length:,} samples is longer than the window of {n_fft:,}, and what "
            "lies between two windows would be seen by none: choose a shorter hop"
        )


@lru_cache(maxsize=8)
def _mel_filter(n_fft):
    """librosa's; but where a band of a short window holds no row, it takes the nearest."""
    import librosa

    sr = audio.SAMPLE_RATE
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Empty filters")
        bank = librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=N_MELS)
    if n_fft >= N_FFT:
        return bank
    centers = librosa.mel_frequencies(N_MELS + 2, fmax=sr / 2)[1:-1]
    for band in np.flatnonzero(bank.sum(axis=1) == 0):
        bank[band, round(centers[band] * n_fft / sr)] = 1
    # A triangle's area is 1; sampled at a row or two, it may be anything.
    return bank * (n_fft / sr / bank.sum(axis=1, keepdims=True))


@lru_cache(maxsize=1)
def spreads():
    """How much real music differs: each bar's standard deviation over the sampler's windows.

    The 1,409 windows are two seconds of real songs, measured with the default window and hop, each
    of them counted once, whatever its genre.
    """
    columns = datasets.sampler()[list(BARS.values())]
    return pd.Series(columns.std(ddof=0).to_numpy(), index=list(BARS))


def moved(turned, before):
    """By how many `spreads` of real music each bar has moved from one `Clip` to another."""
    return (turned.features - before.features) / spreads()


def turned_by(turned, before):
    """By how many semitones a chroma profile is turned, -5 to 6: where the two fit best."""
    fits = [np.corrcoef(np.roll(before.chroma, step), turned.chroma)[0, 1] for step in range(12)]
    return (int(np.argmax(fits)) + 5) % 12 - 5


class Mystery(NamedTuple):
    """A clip before and after somebody turned one knob."""

    genre: str
    before: Clip
    after: Clip


def turns(genre):
    """How each knob of a style can be turned so far that one hears it.

    Returns
    -------
    dict
        From (knob, "up" or "down") to the knob's new value.
    """
    found = {}
    for name, value in asdict(jukebox.knobs_for(genre)).items():
        ends = {"up": 1.0, "down": 0.0}
        if name == "tempo":
            ends = {"up": min(1.3 * value, TEMPOS[1]), "down": max(value / 1.3, TEMPOS[0])}
        if name == "key":
            ends = {"up": value + 3, "down": value - 3}
        low, high = {"tempo": TEMPOS, "key": KEYS}.get(name, (0, 1))
        enough = {"tempo": 1, "key": 1}.get(name, 0.4)
        for way, end in ends.items():
            if low <= end <= high and abs(end - value) >= enough:
                found[name, way] = end
    return found


def mystery(seed):
    """Turn a knob that the seed chooses, in a style that it chooses, and don't tell.

    Parameters
    ----------
    seed : int

    Returns
    -------
    Mystery
    """
    genre, _, after = _secret(seed)
    return Mystery(genre, untouched(genre), after)


def reveal(seed):
    """The knob of a `mystery`, and which way it was turned."""
    return _secret(seed)[1]


@lru_cache(maxsize=16)
def _secret(seed):
    rng = np.random.default_rng(seed)
    genre = str(rng.choice(jukebox.GENRES))
    ways = turns(genre)
    for place in rng.permutation(len(ways)):
        knob, way = list(ways)[place]
        after = listen(genre, **{knob: ways[knob, way]})
        if np.abs(after.db - untouched(genre).db).mean() >= AUDIBLE_DB:
            break
    return genre, (knob, way), after
