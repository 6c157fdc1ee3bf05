"""Plausible wrong answers: each must get advice of its own."""

import numpy as np

from helpers import datasets, evaluation
from helpers.exercises import lesson_08


def _unknown():
    return datasets.sampler().artist.isna().to_numpy()


def _songs(split="artists"):
    return evaluation.vote(lesson_08._predictions(split))


def second():
    return lesson_08._lost().value_counts().index[1]


def by_window():
    return lesson_08._lost_windows().value_counts().idxmax()


def no_loss():
    lost = set(lesson_08._lost())
    return next(name for name in _songs().artist_group if name not in lost)


def needed(rows=None, *, times=1, power=2, count=None):
    """A number of artists from some rows' interval, taken so many times, to some power."""
    score = evaluation.accuracy(_songs() if rows is None else rows)
    ratio = times * (score.high - score.low) / 2 / 0.03
    return (score.artists if count is None else count) * ratio**power


def songs_drawn():
    return needed(_songs().assign(artist_group=_songs().song_id))


WRONG = {
    "08.1": [by_window, second, no_loss, lambda: "reggae", lambda: "Nobody"],
    "08.2": [
        lambda: [(np.flatnonzero(_unknown()), np.flatnonzero(~_unknown()))],
        lambda: [(~_unknown(), _unknown())],
        lambda: [(np.arange(len(_unknown())), np.flatnonzero(_unknown()))],
        lambda: [(np.flatnonzero(~_unknown())[:900], np.flatnonzero(_unknown()))],
        lambda: [(np.arange(700), np.arange(700, 1409))],
        lambda: (np.arange(700), np.arange(700, 1409)),
    ],
    "08.3": [
        lambda: needed(times=2),
        lambda: needed(times=0.5),
        lambda: needed(power=1),
        lambda: needed(times=2, power=1),
        lambda: needed(count=1),
        lambda: needed(count=1, power=1),
        lambda: needed(power=-2),
        lambda: needed() - evaluation.accuracy(_songs()).artists,
        lambda: needed(count=len(_songs())),
        songs_drawn,
        lambda: 1.96**2 * 0.25 / 0.03**2,
        lambda: needed(lesson_08._predictions("artists")),
        lambda: needed(_songs("songs")),
        lambda: 50,
        lambda: 800,
        lambda: 20_000,
        lambda: 0,
    ],
    "08.4": [
        lambda: lesson_08._gaps(),
        lambda: lesson_08._gaps().mean(),
        lambda: np.abs(lesson_08._gaps(0, 1)).mean(),
        lambda: np.abs(lesson_08._gaps(1, 1)).mean(),
        lambda: np.abs(lesson_08._gaps(0, 0)).mean(),
        lambda: lesson_08._gap(1, np.arange(133)),
        lambda: 100 * np.abs(lesson_08._gaps()).mean(),
        lambda: 0.5,
    ],
}
