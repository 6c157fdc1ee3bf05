"""Plausible wrong answers: each must get advice of its own."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import evaluation, splits
from helpers.evaluation import calibration
from helpers.exercises import lesson_10
from helpers.song import training

PAIRS = [("rock", "not sure"), ("jazz", "jazz")] * 5


def share(ear=lesson_10.EMBEDDING, target=lesson_10.TARGET):
    return lesson_10._covered(ear, target)[1]


def how_often_right():
    songs, _ = lesson_10._covered(lesson_10.EMBEDDING, lesson_10.TARGET)
    return evaluation.accuracy(songs[songs.sure])


def from_the_curve():
    curve = calibration.coverage(lesson_10._judged(lesson_10.EMBEDDING))
    return curve.coverage[curve.accuracy >= lesson_10.TARGET].max()


def strange(X, names=("noise", "one tone", "clicks")):
    """Whether a window is one of the strange ones: no way to do it, but right."""
    known = np.concatenate([lesson_10._sounds(0, 440)[name] for name in names])
    return np.array([(known == row).all(axis=1).any() for row in X])


def taught():
    """A guard that has learned to tell the three sounds from songs."""
    X, sounds = (
        training.from_sampler("full").X,
        np.concatenate([*lesson_10._sounds(0, 440).values()]),
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    model.fit(np.concatenate([X, sounds]), np.arange(len(X) + len(sounds)) >= len(X))
    return model.predict


def close(quantile):
    """Distances to some artists, and a threshold from others: fair, but it may refuse too many."""
    known = training.from_sampler("full")
    fit, valid = splits.validation_artists(known.table, known.folds["artists kept whole"][0][0])
    scaler = StandardScaler().fit(known.X[fit])
    search = NearestNeighbors(n_neighbors=1).fit(scaler.transform(known.X[fit]))

    def far(X):
        return search.kneighbors(scaler.transform(X))[0][:, 0]

    threshold = np.quantile(far(known.X[valid]), quantile)
    return lambda X: far(X) > threshold


def by_heart(threshold):
    """A guard that has seen the very windows that it is asked about: it refuses none of them."""
    X = training.from_sampler("full").X
    scaler = StandardScaler().fit(X)
    search = NearestNeighbors(n_neighbors=1).fit(scaler.transform(X))
    return lambda rows: search.kneighbors(scaler.transform(rows))[0][:, 0] > threshold


WRONG = {
    "10.1": [
        lambda: PAIRS[:4],
        lambda: [pair[::-1] for pair in PAIRS],
        lambda: [("techno", "pop"), *PAIRS],
        lambda: [("rock", "rock 45%"), *PAIRS],
        lambda: [("rock", "pop", 0.4), *PAIRS],
        lambda: [("rock", "not sure")] * 10,
        lambda: pd.DataFrame(PAIRS[:5], columns=["mine", "its"]),
    ],
    "10.2": [
        lambda: 1 - share(),
        lambda: 100 * share(),
        how_often_right,
        lambda: share("full"),
        lambda: share(target=lesson_10.PROMISED),
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
        lambda: strange,
        taught,
        lambda: close(0.95),
        lambda: by_heart(1e-6),
        lambda: by_heart(3.0),
    ],
}
