"""Plausible wrong answers: each must get advice of its own."""

import pandas as pd

from helpers.exercises import lesson_06


def shares(louder, contrast, treble):
    return lambda: {"louder": louder, "contrast": contrast, "treble": treble}


def runs(part="valid", half=(50, 55, 60)):
    n = lesson_06.rows_of_the_lesson()[part]
    return pd.DataFrame({"full": (52, 54, 58), "half": half}) / n


WRONG = {
    "06.1": [
        lambda: 4 + 2 + 2,
        lambda: 4 * 3 * 3,
        lambda: 4 * 2 * 2,
        lambda: 4 + 3 + 3,
        lambda: 12,
        lambda: lesson_06.field() * lesson_06.FRAME,
        lambda: 128,
    ],
    "06.2": [
        shares(1, 1, 0.4),
        shares(0, 0, 90),
        shares(0.3, 0, 0.5),
        shares(0, 0, 0),
        lambda: {"louder": 0, "treble": 0.5},
    ],
    "06.3": [
        runs,
        lambda: (runs(), "half"),
        lambda: (runs(half=(70, 71, 72)), "can't say"),
        lambda: (runs("test"), "can't say"),
        lambda: (runs("fit"), "can't say"),
        lambda: (runs()[:2], "can't say"),
        lambda: (100 * runs(), "can't say"),
        lambda: (runs(half=(14, 16, 2)), "full"),
    ],
}
