"""Plausible wrong answers: each must get advice of its own."""

import librosa
import numpy as np

from helpers.exercises import lesson_02, mystery

SR = lesson_02.SR


def strengths(y, sr):
    return np.abs(librosa.stft(y)), librosa.fft_frequencies(sr=sr)[:, np.newaxis]


def variance(y, sr):
    return librosa.feature.spectral_bandwidth(y=y, sr=sr) ** 2


def with_power(y, sr):
    S, _ = strengths(y, sr)
    return librosa.feature.spectral_bandwidth(S=S**2, sr=sr)


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


def rows_apart(rows):
    """The right function, but for the number of rows between two notes."""
    return lambda hz: 2 ** int(np.ceil(np.log2(rows * SR / (hz * (2 ** (1 / 12) - 1)))))


def one_period(hz):
    return 2 ** int(np.ceil(np.log2(SR / hz)))


def not_rounded(hz):
    return 2 * SR / (hz * (2 ** (1 / 12) - 1))


def other_way():
    knob, way = mystery.reveal(lesson_02.SEED)
    return knob, {"up": "down", "down": "up"}[way]


def another_knob(knob):
    return lambda: f"{knob} up"


OTHERS = [
    k for k in ("key", "tempo", "room", "brightness") if mystery.reveal(lesson_02.SEED)[0] != k
]

WRONG = {
    "02.1": [
        lambda: variance,
        lambda: with_power,
        lambda: not_normalized,
        lambda: in_rows,
        lambda: around_one_centroid,
        lambda: one_for_the_clip,
        lambda: centroid,
        lambda: 2000.0,
    ],
    "02.2": [
        lambda: rows_apart(1),
        lambda: rows_apart(4),
        lambda: one_period,
        lambda: lambda hz: 2048,
        lambda: lambda hz: 2 ** int(np.ceil(np.log2(hz * 40))),
        lambda: lambda hz: 2 / (hz * (2 ** (1 / 12) - 1)),
        lambda: not_rounded,
        lambda: 4096,
    ],
    "02.3": [other_way, *map(another_knob, OTHERS), lambda: "louder"],
}
