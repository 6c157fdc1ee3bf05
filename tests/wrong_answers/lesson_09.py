"""Plausible wrong answers: each must get advice of its own."""

import numpy as np

from helpers.exercises import lesson_09


def with_those_that_stay():
    before, after = lesson_09._pair("CNN")
    return before.predicted.mode()[0], after.predicted.mode()[0]


def those_that_were_right():
    return lesson_09._flight(lesson_09._right_and_flipped())


def true_genres():
    return lesson_09._flight(left="genre")


def of_the_svm():
    return lesson_09._flight(model=None)


def rates(chosen=None):
    right = lesson_09._right_before() if chosen is None else chosen
    return [lesson_09._flips(lesson_09.MUFFLED, rows) for rows in (right, ~right)]


def of_all_songs():
    right = lesson_09._right_before().mean()
    return rates()[0] * right, rates()[1] * (1 - right)


def of_the_flips():
    flips = of_all_songs()
    return [flip / sum(flips) for flip in flips]


def right_after():
    after = lesson_09._said()[lesson_09.MUFFLED]
    return rates((after.predicted == after.genre).to_numpy())


def hiss(y):
    return np.random.default_rng(0).normal(size=len(y))


def drowned(y):
    return y + 10 * y.std() * np.random.default_rng(0).normal(size=len(y))


WRONG = {
    "09.1": [
        lambda: lesson_09._flight()[::-1],
        with_those_that_stay,
        those_that_were_right,
        true_genres,
        of_the_svm,
        lambda: lesson_09._flight()[1],
    ],
    "09.2": [
        lambda: rates()[::-1],
        lambda: [100 * rate for rate in rates()],
        lambda: [1 - rate for rate in rates()],
        of_all_songs,
        of_the_flips,
        lambda: [round(rate, 1) for rate in rates()],
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
        lambda: drowned,
        lambda: lambda y: 100 * y,
        lambda: lambda y: y / 100,
        lambda: lambda y: np.stack([y, y]),
        lambda: lambda y: y + 2 * y.std() * np.random.default_rng(0).normal(size=len(y)),
        lambda: lambda y: np.where(np.arange(len(y)) < len(y) // 2, y, 0),
        lambda: lambda y: 0.1 * np.sign(y),
        lambda: lambda y: np.roll(y, len(y) // 2),
        lambda: lambda y: y[:44_000].reshape(-1, 2200)[:, ::-1].ravel().tolist() + [0] * 100,
    ],
}
