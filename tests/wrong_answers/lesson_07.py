"""Plausible wrong answers: each must get advice of its own."""

from helpers import evaluation, splits
from helpers.exercises import lesson_07
from helpers.exercises.lesson_07 import EARS, joined


def windows():
    return evaluation.accuracy(lesson_07.linear("MusiCNN", splits.by_artist))


def jazz_in_training():
    rows = evaluation.vote(lesson_07.linear("all three", splits.by_artist))
    return {genre: rows.predicted[rows.genre == genre].value_counts() for genre in lesson_07.AWAY}


def best(score):
    return lambda: max(lesson_07.CHOICES, key=score)


WRONG = {
    "07.1": [
        windows,
        lambda: joined(["MusiCNN + YAMNet"]),
        lambda: joined(["MusiCNN"]),
        lambda: joined(["YAMNet"]),
        lambda: joined(["hand-made", *EARS]),
        lambda: joined(folds=splits.fault_filtered),
        lambda: joined(folds=splits.by_song),
        lambda: 100 * joined(),
        lesson_07.joined_f1,
        lambda: round(joined(), 2),
        lambda: 0.3,
    ],
    "07.2": [
        jazz_in_training,
        lambda: lesson_07.counts(lambda rows: rows.predicted),
        lesson_07.both_away,
        lambda: lesson_07.counts(balanced=False),
        lambda: lesson_07.counts().T,
        lambda: lesson_07.counts().set_axis(["reggae", "jazz"], axis=1),
        lambda: lesson_07.counts() / lesson_07.counts().sum(),
        lambda: lesson_07.counts().jazz,
    ],
    "07.3": [
        best(lambda C: -lesson_07.surprise(C, level=lambda rows: rows)),
        best(lesson_07.surprise),
        lambda: 0.001,
        lambda: 0.9,
    ],
}
