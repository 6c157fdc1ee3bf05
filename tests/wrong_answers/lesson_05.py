"""Plausible wrong answers: each must get advice of its own."""

import numpy as np
import pandas as pd

from helpers.exercises import lesson_05


def counted_on(part, right=(40, 41, 43, 44, 46), other=(45, 47, 47, 48, 50)):
    n = lesson_05.rows_of_the_lesson()[part]
    return pd.DataFrame({"default": right, "mine": other}) / n


def rounded():
    return pd.DataFrame({"default": [0.3, 0.31, 0.32, 0.3, 0.31], "mine": 0.31})


def in_another_order():
    n = lesson_05.rows_of_the_lesson()["valid"]
    first, last = (round(lesson_05.default(seed) * n) for seed in (1, 5))
    return counted_on("valid", right=(first, 41, 42, 43, last + 9), other=(40, 41, 42, 43, 44))


def returns(epoch):
    return lambda: lambda losses, patience: epoch(losses, patience)


WRONG = {
    "05.1": [
        lambda: lesson_05.widest(biases=0),
        lambda: lesson_05.widest(genres=0),
        lambda: lesson_05.widest(songs=1000),
        lambda: 21.35,
        lambda: 787,
        lambda: 256,
        lambda: "21",
        lambda: (21,),
    ],
    "05.2": [
        returns(lambda losses, patience: np.argmin(losses) + 1),
        returns(lambda losses, patience: lesson_05.early_stop(losses, patience)[1]),
        returns(lambda losses, patience: lesson_05.early_stop(losses, patience)[0] - 1),
        returns(lambda losses, patience: lesson_05.early_stop(losses, patience + 1)[0]),
        returns(lesson_05._patience_in_all),
        returns(lambda losses, patience: patience),
        returns(lambda losses, patience: str(lesson_05.early_stop(losses, patience)[0])),
        lambda: 5,
    ],
    "05.3": [
        lambda: counted_on("valid"),
        lambda: (counted_on("valid"), "mine"),
        lambda: (counted_on("valid", other=(60, 61, 62, 63, 64)), "can't say"),
        lambda: (counted_on("valid"), "0.3"),
        lambda: (counted_on("test"), "can't say"),
        lambda: (counted_on("fit"), "can't say"),
        lambda: (100 * counted_on("valid"), "can't say"),
        lambda: (counted_on("valid")[:3], "can't say"),
        lambda: (counted_on("valid", other=(40, 41, 43, 44, 46)), "can't say"),
        lambda: (counted_on("valid", [40] * 5, [42] * 5), "can't say"),
        lambda: (rounded(), "can't say"),
        lambda: (in_another_order(), "can't say"),
        lambda: (counted_on("valid", other=(134,) * 5), "mine"),
        # Invented: no training gives these.
        lambda: (counted_on("valid", right=(60, 61, 63, 64, 66)), "default"),
    ],
    "05.4": [
        lambda: (0, 0),
        lambda: tuple(np.array(lesson_05.two_seeds()) / 290),
        lambda: lesson_05.two_seeds()[::-1],
        lambda: (lesson_05.two_seeds()[0], 2 * lesson_05.two_seeds()[1]),
        lambda: (lesson_05.two_seeds()[0], 3),
        lambda: (10, lesson_05.two_seeds()[1]),
        lambda: 80,
    ],
}
