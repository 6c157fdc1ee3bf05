"""Plausible wrong answers: each must get advice of its own."""

import numpy as np

from helpers.exercises import lesson_09


def true_genres():
    before, after = (lesson_09._said()[name] for name in ("original", lesson_09.BRIGHT))
    flipped = (before.predicted != after.predicted).to_numpy()
    return before.genre[flipped].mode()[0], after.predicted[flipped].mode()[0]


def rates(chosen=None):
    right = lesson_09._right_before() if chosen is None else chosen
    return [lesson_09._flips(lesson_09.MUFFLED, rows) for rows in (right, ~right)]


def of_all_songs():
    right = lesson_09._right_before().mean()
    return rates()[0] * right, rates()[1] * (1 - right)


def right_after():
    after = lesson_09._said()[lesson_09.MUFFLED]
    return rates((after.predicted == after.genre).to_numpy())


def hiss(y):
    return np.random.default_rng(0).normal(size=len(y))


WRONG = {
    "09.1": [
        lambda: lesson_09._flight(lesson_09.BRIGHT)[::-1],
        lambda: lesson_09._flight(lesson_09.DARK),
        true_genres,
        lambda: lesson_09._flight(lesson_09.BRIGHT)[1],
    ],
    "09.2": [
        lambda: rates()[::-1],
        lambda: [100 * rate for rate in rates()],
        lambda: [1 - rate for rate in rates()],
        of_all_songs,
        right_after,
        lambda: (0.5, 0.5),
    ],
    "09.3": [
        lambda: lambda y: y,
        lambda: lambda y: np.concatenate([np.zeros(1000), y]),
        lambda: lambda y: 0 * y,
        lambda: lambda y: None,
        lambda: lambda y: np.full(len(y), np.nan),
        lambda: hiss,
        lambda: 0.5,
    ],
}
