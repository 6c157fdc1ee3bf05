"""Plausible wrong answers: each must get advice of its own."""

import pandas as pd

from helpers import evaluation, splits
from helpers.exercises import lesson_04

songs, windows = lesson_04._songs, lesson_04._windows
FULL, MFCC, MEANS, SCRIPT = (
    lesson_04.FULL,
    lesson_04.MFCC,
    lesson_04.MFCC_MEANS,
    lesson_04.SCRIPT,
)


NEAREST = lesson_04.NEAREST


def shares(predictions, normalize="columns"):
    return pd.crosstab(predictions.genre, predictions.predicted, normalize=normalize)


def neighbors():
    return songs(FULL, model=NEAREST)


def artists_known():
    return evaluation.compare(songs(FULL, splits.by_song), songs(MFCC, splits.by_song))


WRONG = {
    "04.1": [
        lambda: evaluation.accuracy(songs(MFCC)),
        lambda: evaluation.compare(songs(MFCC), songs(FULL)),
        lambda: evaluation.compare(songs(FULL), songs(MEANS)),
        lambda: evaluation.compare(windows(FULL), windows(MFCC)),
        lambda: evaluation.compare(songs(FULL), songs(FULL)),
        lambda: evaluation.compare(songs(FULL), songs(MFCC[:26])),
        artists_known,
    ],
    "04.2": [
        lambda: (1, 0.00001),
        lambda: (0.0003, 1),
        lambda: (0.00001, 0.0001),
        lambda: [0.00001, 0.01],
        lambda: (0, 1),
    ],
    "04.3": [
        lambda: windows(SCRIPT),
        lambda: songs(SCRIPT),
        lambda: songs(FULL),
        lambda: songs(lesson_04.MEANS),
        lesson_04._peeked,
        lambda: lesson_04._fair(whole=False),
        lambda: songs(MEANS),
        lambda: songs(lesson_04.BOTH),
        lambda: songs(SCRIPT).assign(predicted=songs(SCRIPT).genre),
        lambda: 0.42,
    ],
    "04.4": [
        lambda: evaluation.confusion(neighbors()),
        lambda: shares(neighbors(), "index"),
        lambda: shares(neighbors()).T,
        lambda: shares(neighbors(), True),
        lambda: 100 * shares(neighbors()),
        lambda: shares(songs(FULL)),
        lambda: shares(windows(FULL, model=NEAREST)),
        lambda: shares(neighbors()).to_numpy()[:3],
        lambda: shares(neighbors()) / 2,
    ],
}
