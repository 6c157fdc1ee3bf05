"""Plausible wrong answers: each must get advice of its own."""

import numpy as np
import pandas as pd

from helpers import datasets, features, jukebox
from helpers.exercises import lesson_03


def five(gap):
    return list(gap.nlargest(5).index)


def changed():
    """The right changes of exercise 03.2, all 70, in standard deviations of real songs."""
    return lesson_03._changes() / lesson_03._songs()[lesson_03.COLUMNS].std()


def otherwise(play):
    """The changes if the lesson's disco is played otherwise, in standard deviations of songs."""
    y = jukebox.play("disco", 10)
    apart = (features.describe(play(y)) - features.describe(y)).abs()
    return apart / lesson_03._songs()[lesson_03.COLUMNS].std()


def relative():
    return lesson_03._changes() / features.describe(jukebox.play("disco", 10)).abs()


def decibels():
    return features.from_bytes(datasets.patches())


def bass_moves(db):
    return db[:, :6].mean(axis=1).std(axis=1)


def column(name):
    """A column of the sampler as numbers; words as codes, in the order of the alphabet."""
    values = datasets.sampler()[name]
    return values.to_numpy() if values.dtype == float else pd.factorize(values, sort=True)[0]


def expected(feature):
    """A feature with a guess that the check takes."""
    return lambda: (feature, -0.02, 0.03)


def of_all(values):
    """A feature that answers from a list, whatever windows it is given."""
    return lambda db: values[: len(db)]


def by_heart(values):
    """A feature that looks windows up in the course's own pictures."""
    known = {window.tobytes(): value for window, value in zip(decibels(), values, strict=True)}
    return lambda db: [known[window.tobytes()] for window in db]


def by_nearest(values):
    """A feature that takes the value of the most similar window of the course's own pictures."""
    small = decibels()[:, ::4, ::4].reshape(len(values), -1)

    def nearest(db):
        mine = db[:, ::4, ::4].reshape(len(db), -1)
        apart = (small**2).sum(axis=1) - 2 * mine @ small.T
        return values[apart.argmin(axis=1)]

    return nearest


def scaled(*names):
    """Columns of the sampler, side by side, each with mean 0 and deviation 1."""
    columns = datasets.sampler()[list(names)]
    return ((columns - columns.mean()) / columns.std()).to_numpy()


def product():
    return by_nearest(scaled("mfcc9_std", "contrast3_mean").prod(axis=1))


def scrambled(db):
    """Numbers that follow their windows and are noise all the same."""
    return [hash(window.tobytes()) % 1000 for window in db]


WRONG = {
    "03.1": [
        lambda: five(lesson_03._gap(lesson_03._songs())),
        lambda: five(lesson_03._gap(lesson_03._songs(), scaled=False).abs()),
        lambda: five(lesson_03._gap(datasets.sampler()).abs()),
        lambda: five(lesson_03._gap(lesson_03._songs()).abs())[::-1],
        lambda: five(-lesson_03._gap(lesson_03._songs()).abs()),
        lambda: five(lesson_03._gap_to_nearest(lesson_03._songs())),
        lambda: ["rmse", "rolloff", "flatness", "mfcc1", "mfcc2"],
        lambda: "contrast5_mean",
        lambda: ["rmse_mean", "rmse_std", "flatness_mean", "mfcc1_mean", "mfcc2_mean"],
    ],
    "03.2": [
        lambda: changed().idxmax(),
        lambda: changed().nlargest(2),
        lambda: lesson_03._changes().nlargest(3),
        lambda: (lesson_03._changes() / datasets.sampler()[lesson_03.COLUMNS].std()).nlargest(3),
        lambda: -changed().nlargest(3),
        lambda: changed().nlargest(3)[::-1],
        lambda: pd.Series(3.3, changed().nlargest(3).index),
        lambda: changed()[["mfcc1_mean", "contrast1_std", "onset_strength_mean"]],
        lambda: changed().nsmallest(3),
        lambda: changed().nlargest(3) ** 2,
        lambda: changed().nlargest(5),
        lambda: changed().nlargest(3) * [1, 0.5, 2],
        lambda: changed().nlargest(3).set_axis(["rmse_mean", "rmse_std", "mfcc1_mean"]),
        lambda: otherwise(lambda y: np.roll(y, len(y) // 2)).nlargest(3),
        lambda: otherwise(lambda y: -y).nlargest(3),
        lambda: relative().nlargest(3),
    ],
    "03.3": [
        lambda: bass_moves,
        lambda: (bass_moves(decibels()), -0.02, 0.03),
        lambda: (bass_moves, -2, 3),
        lambda: (bass_moves, -0.5, 0.5),
        lambda: (bass_moves, -0.05, 0.2),
        lambda: (bass_moves, 0, 0),
        lambda: (bass_moves, 0.02, -0.02),
        lambda: (bass_moves, ..., ...),
        expected(lambda db: db[:, :6].mean(axis=1)),
        expected(lambda db: np.full(len(db), np.nan)),
        expected(lambda db: np.ones(len(db))),
        expected(lambda db: np.random.default_rng().normal(size=len(db))),
        expected(lambda db: np.arange(len(db))),
        expected(lambda db: pd.Series(bass_moves(db)).rank()),
        expected(scrambled),
        expected(lambda db: db.mean(axis=(1, 2))),
        expected(lambda db: np.exp(db.mean(axis=(1, 2)) / 10)),
        expected(lambda db: db[:, :6].mean(axis=(1, 2))),
        expected(lambda db: np.exp(db[:, [*range(6), *range(40, 64)]].mean(axis=(1, 2)) / 10)),
        lambda: (product(), -0.02, 0.03),
        lambda: (by_nearest(column("genre")), -0.02, 0.03),
    ],
}
# Numbers that do not come out of the window's sound: all of them are refused.
UNSOUND = {
    "random, with a seed": lambda: of_all(np.random.default_rng(0).normal(size=1409)),
    "artists": lambda: of_all(column("artist_group")),
    "songs": lambda: of_all(column("song_id")),
    "genres": lambda: of_all(column("genre")),
    "a copy": lambda: of_all(column("rmse_std")),
    "mfcc1, cubed": lambda: lambda db: db.mean(axis=(1, 2)) ** 3,
    "a sum of copies": lambda: of_all(column("rmse_std") + column("flatness_std")),
    "a bent sum": lambda: by_nearest(np.exp(scaled("mfcc2_mean", "mfcc9_std", "mfcc5_std").sum(1))),
    "a square": lambda: by_nearest(scaled("mfcc5_mean")[:, 0] ** 2),
    "the larger one": lambda: by_nearest(scaled("mfcc9_std", "contrast3_mean").max(axis=1)),
    "artists by heart": lambda: by_heart(column("artist_group")),
    "less the mean": lambda: lambda db: bass_moves(db) - bass_moves(db).mean(),
}
# … and honest ones that are taken, though none of them helps much.
HONEST = {
    "the treble moves": lambda db: db[:, 40:].mean(axis=1).std(axis=1),
    "where it is loudest": lambda db: db.mean(axis=1).argmax(axis=1),
    "louder towards the end": lambda db: (db[:, :, 64:] - db[:, :, :64]).mean(axis=(1, 2)),
    "near silence": lambda db: [(window < -60).mean() for window in db],
    "bass and treble together": lambda db: [
        np.corrcoef(window[:6].mean(axis=0), window[40:].mean(axis=0))[0, 1] for window in db
    ],
}
