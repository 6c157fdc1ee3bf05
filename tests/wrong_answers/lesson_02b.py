"""Plausible wrong answers: each must get advice of its own."""

import librosa
import numpy as np

from helpers.exercises import lesson_02b, mystery
from helpers.jukebox import board

SR = lesson_02b.SR


def strengths(y, sr):
    return np.abs(librosa.stft(y)), librosa.fft_frequencies(sr=sr)[:, np.newaxis]


def variance(y, sr):
    return librosa.feature.spectral_bandwidth(y=y, sr=sr) ** 2


def without_abs(y, sr):
    S, f = librosa.stft(y), librosa.fft_frequencies(sr=sr)[:, np.newaxis]
    weights = S / S.sum(axis=0)
    center = (weights * f).sum(axis=0)
    return np.sqrt((weights * (f - center) ** 2).sum(axis=0))


def with_power(y, sr):
    S, _ = strengths(y, sr)
    return librosa.feature.spectral_bandwidth(S=S**2, sr=sr)


def power_for_the_width(y, sr):
    S, f = strengths(y, sr)
    center = librosa.feature.spectral_centroid(S=S, sr=sr)
    return np.sqrt((S**2 * (f - center) ** 2).sum(axis=0) / (S**2).sum(axis=0))


def not_subtracted(y, sr):
    S, f = strengths(y, sr)
    return np.sqrt((S * f**2).sum(axis=0) / S.sum(axis=0))


def not_weighted(y, sr):
    S, f = strengths(y, sr)
    return np.sqrt(((f - librosa.feature.spectral_centroid(S=S, sr=sr)) ** 2).mean(axis=0))


def from_the_middle(y, sr):
    S, f = strengths(y, sr)
    return np.sqrt((S * (f - f.mean()) ** 2).sum(axis=0) / S.sum(axis=0))


def not_squared(y, sr):
    S, f = strengths(y, sr)
    center = librosa.feature.spectral_centroid(S=S, sr=sr)
    return (S * (f - center)).sum(axis=0) / S.sum(axis=0)


def not_normalized(y, sr):
    S, f = strengths(y, sr)
    center = librosa.feature.spectral_centroid(y=y, sr=sr)
    return np.sqrt((S * (f - center) ** 2).sum(axis=0))


def in_rows(y, sr):
    return librosa.feature.spectral_bandwidth(y=y, sr=sr) * 2048 / sr


def around_one_centroid(y, sr):
    S, f = strengths(y, sr)
    center = librosa.feature.spectral_centroid(y=y, sr=sr).mean()
    return np.sqrt((S * (f - center) ** 2).sum(axis=0) / S.sum(axis=0))


def one_for_the_clip(y, sr):
    return librosa.feature.spectral_bandwidth(y=y, sr=sr).mean()


def centroid(y, sr):
    return librosa.feature.spectral_centroid(y=y, sr=sr)


def without_rate(y, sr):
    return librosa.feature.spectral_bandwidth(y=y)  # whatever the rate, 22,050


# The same slip, which must get the same sentence: tests/exercises/test_lesson_02b.py.
WITHOUT_ABS = {
    "complex": without_abs,
    "its strength": lambda y, sr: np.abs(without_abs(y, sr)),
    "its real part": lambda y, sr: without_abs(y, sr).real,
    "given to librosa": lambda y, sr: librosa.feature.spectral_bandwidth(S=librosa.stft(y), sr=sr),
}


def other_way():
    knob, way = mystery.reveal(lesson_02b.SEED)
    return knob, {"up": "down", "down": "up"}[way]


def another_knob(knob):
    return lambda: f"{knob} up"


OTHERS = [
    k for k in ("key", "tempo", "room", "brightness") if mystery.reveal(lesson_02b.SEED)[0] != k
]


def nearest_in_hz(hz):
    notes = 440 * 2.0 ** (np.arange(-60, 60) / 12)
    return board.PITCH_CLASSES[(np.abs(notes - hz).argmin() + 9) % 12]


def named(steps_of):
    """The right function, but for how it counts steps above A, or from where."""
    return lambda hz: board.PITCH_CLASSES[int(np.round(steps_of(hz / 440)) + 9) % 12]


def from_c(hz_of_c):
    """The right function, counted from a C that may be out of tune."""
    return lambda hz: board.PITCH_CLASSES[round(12 * np.log2(hz / hz_of_c)) % 12]


WRONG = {
    "02b.1": [
        lambda: variance,
        lambda: without_abs,
        lambda: with_power,
        lambda: power_for_the_width,
        lambda: not_subtracted,
        lambda: not_weighted,
        lambda: from_the_middle,
        lambda: not_squared,
        lambda: not_normalized,
        lambda: in_rows,
        lambda: around_one_centroid,
        lambda: one_for_the_clip,
        lambda: centroid,
        lambda: without_rate,
        lambda: 2000.0,
    ],
    "02b.2": [other_way, *map(another_knob, OTHERS), lambda: "louder", lambda: "drums up"],
    "02b.3": [
        lambda: named(lambda ratio: 12 * np.log2(ratio) - 9),
        lambda: named(lambda ratio: np.floor(12 * np.log2(ratio))),
        lambda: named(lambda ratio: 12 * np.log(ratio)),
        lambda: named(np.log2),
        lambda: named(lambda ratio: 12 * (ratio - 1)),
        lambda: named(lambda ratio: 0),
        lambda: nearest_in_hz,
        lambda: named(lambda ratio: 12 * np.log2(ratio * 440 / 442)),
        lambda: librosa.hz_to_note,
        lambda: lambda hz: round(12 * np.log2(hz / 440)) % 12,
        lambda: "A",
    ],
}

# Each must get this sentence.
SENTENCES = {
    "02b.1": [(without_rate, "hand `sr=sr` on")],
    "02b.2": [
        (("drums", "up"), "I have tried drums up"),
        (("room", "down"), "I have tried room down"),
        (("distortion", "down"), "The right knob, but the other way"),
    ],
    "02b.3": [
        (nearest_in_hz, "the nearest in *semitones*"),
        *((slip, "Your reference is a little off") for slip in map(from_c, (261, 262, 263))),
        (named(lambda ratio: 12 * np.log2(ratio * 440 / 442)), "Your reference is a little off"),
        (named(lambda ratio: 12 * np.log2(ratio * 440 / 438)), "Your reference is a little off"),
    ],
}
