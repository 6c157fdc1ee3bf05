"""Plausible wrong answers: each must get advice of its own."""

import numpy as np

from helpers import datasets, evaluation
from helpers.exercises import lesson_08


def _unknown():
    return datasets.sampler().artist.isna().to_numpy()


def _half_width(rows):
    score = evaluation.accuracy(rows)
    return score, (score.high - score.low) / 2 / 0.03


def _songs():
    return evaluation.vote(lesson_08._predictions("artists"))


def whole_width():
    score, ratio = _half_width(_songs())
    return score.artists * (2 * ratio) ** 2


def no_square():
    score, ratio = _half_width(_songs())
    return score.artists * ratio


def songs_for_artists():
    score, ratio = _half_width(_songs())
    return score.n * ratio**2


def songs_drawn():
    songs = _songs()
    score, ratio = _half_width(songs.assign(artist_group=songs.song_id))
    return score.artists * ratio**2


def windows():
    score, ratio = _half_width(lesson_08._predictions("artists"))
    return score.artists * ratio**2


WRONG = {
    "08.1": [lambda: lesson_08._losses()[0].idxmin(), lambda: "pop", lambda: "techno"],
    "08.2": [
        lambda: [(np.flatnonzero(_unknown()), np.flatnonzero(~_unknown()))],
        lambda: [(~_unknown(), _unknown())],
        lambda: [(np.arange(len(_unknown())), np.flatnonzero(_unknown()))],
        lambda: [(np.flatnonzero(~_unknown())[:900], np.flatnonzero(_unknown()))],
        lambda: [(np.arange(700), np.arange(700, 1409))],
        lambda: (np.arange(700), np.arange(700, 1409)),
    ],
    "08.3": [whole_width, no_square, songs_for_artists, songs_drawn, windows, lambda: 50],
}
