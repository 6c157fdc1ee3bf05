"""Plausible wrong answers: each must get advice of its own."""

import numpy as np

from helpers import evaluation
from helpers.evaluation import calibration
from helpers.exercises import lesson_10

PAIRS = [("rock", "not sure"), ("jazz", "jazz")] * 5


def share(ear="musicnn", target=0.9):
    return lesson_10._covered(ear, target)[1]


def how_often_right():
    songs, _ = lesson_10._covered("musicnn", 0.9)
    return evaluation.accuracy(songs[songs.sure])


def from_the_curve():
    curve = calibration.coverage(lesson_10._judged("musicnn"))
    return curve.coverage[curve.accuracy >= 0.9].max()


def strange(X, names=("noise", "one tone", "clicks")):
    """Whether a window is one of the strange ones: no way to do it, but right."""
    known = np.concatenate([lesson_10._strange_and_real()[0][name] for name in names])
    return np.array([(known == row).all(axis=1).any() for row in X])


WRONG = {
    "10.1": [
        lambda: PAIRS[:4],
        lambda: [pair[::-1] for pair in PAIRS],
        lambda: [("techno", "pop"), *PAIRS],
        lambda: [("rock", "rock 45%"), *PAIRS],
        lambda: [("rock", "pop", 0.4), *PAIRS],
    ],
    "10.2": [
        lambda: 1 - share(),
        lambda: 100 * share(),
        how_often_right,
        lambda: share("full"),
        lambda: share(target=0.8),
        from_the_curve,
        lambda: 0.01,
    ],
    "10.3": [
        lambda: lambda X: np.zeros(len(X), bool),
        lambda: lambda X: np.ones(len(X), bool),
        lambda: lambda X: ~strange(X),
        lambda: lambda X: strange(X) | (np.arange(len(X)) % 3 == 0),
        lambda: lambda X: strange(X, ["clicks"]),
        lambda: lambda X: X[:, 0],
        lambda: lambda X: bool(strange(X).any()),
    ],
}
