"""Plausible wrong answers: each must get advice of its own."""

import numpy as np

from helpers import datasets, features
from helpers.exercises import lesson_03


def five(gap):
    return list(gap.nlargest(5).index)


def decibels():
    return features.from_bytes(datasets.patches())


def genre_codes():
    return datasets.sampler().genre.map(datasets.GENRES.index)


WRONG = {
    "03.1": [
        lambda: five(lesson_03._gap(lesson_03._songs())),
        lambda: five(lesson_03._gap(lesson_03._songs(), scaled=False).abs()),
        lambda: five(lesson_03._gap(datasets.sampler()).abs()),
        lambda: five(lesson_03._gap(lesson_03._songs()).abs())[::-1],
        lambda: five(-lesson_03._gap(lesson_03._songs()).abs()),
        lambda: ["rmse", "rolloff", "flatness", "mfcc1", "mfcc2"],
        lambda: "contrast5_mean",
        lambda: ["rmse_mean", "rmse_std", "flatness_mean", "mfcc1_mean", "mfcc2_mean"],
    ],
    "03.2": [
        lambda: lesson_03._changes().idxmax(),
        lambda: "onset_strength_mean",
        lambda: "spectral_centroid_mean",
        lambda: "the last one",
    ],
    "03.3": [
        lambda: decibels().mean(axis=(1, 2)),
        lambda: decibels()[:, :6].mean(axis=1),
        genre_codes,
        lambda: np.ones(len(datasets.sampler())),
        lambda: np.full(len(datasets.sampler()), np.nan),
    ],
}
