"""Plausible wrong answers: each must get advice of its own."""

import math

import pandas as pd

from helpers.exercises import lesson_06


def shares(louder, contrast, treble):
    return lambda: {"louder": louder, "contrast": contrast, "treble": treble}


def treble_of(change):
    return lambda: {"louder": 0, "contrast": 0, "treble": lesson_06.changed()[change]}


def runs(part="valid", full=(146, 113, 132), half=(109, 122, 101)):
    n = lesson_06.rows_of_the_lesson()[part]
    return pd.DataFrame({"full": full, "half": half}) / n


def trained(of=lambda name: name, part=0, **how):
    """Rows 0 and 2 as the check gets them in another way; row 1 lies between."""
    first, last = (
        {name: lesson_06.trained(of(name), seed, **how)[part] for name in lesson_06.FILTERS}
        for seed in lesson_06.CHECKED
    )
    return pd.DataFrame([first, first, last])


def verdict(table):
    low, high = table.min(), table.max()
    clear = [one for one, other in lesson_06.OTHER.items() if low[one] > high[other]]
    return clear[0] if clear else "can't say"


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
        # A slope over time, the bass in place of the treble, twice as much.
        treble_of("time"),
        treble_of("bass"),
        treble_of("twice"),
        # Invented.
        shares(0, 0, 0.9),
        shares(0, 0, 0.1),
        shares(0, 0, 0.25),
        shares(0, 0, math.nan),
    ],
    "06.3": [
        runs,
        lambda: (runs(), "half"),
        lambda: (runs(half=(170, 171, 172)), "can't say"),
        lambda: (runs("test", (70, 71, 75), (68, 72, 74)), "can't say"),
        lambda: (runs("fit"), "can't say"),
        lambda: (runs()[:2], "can't say"),
        lambda: (100 * runs(), "can't say"),
        lambda: (runs(half=(14, 16, 2)), "full"),
        lambda: (trained(part=1), verdict(trained(part=1))),
        # In another order, swapped, without weights, rounded, a fourth seed.
        lambda: (runs()[::-1], "can't say"),
        lambda: (trained(lesson_06.OTHER.get), verdict(trained(lesson_06.OTHER.get))),
        lambda: (trained(weighted=False), verdict(trained(weighted=False))),
        lambda: (runs().round(2), "can't say"),
        lambda: (pd.concat([runs(), runs()[:1]]), "can't say"),
        # By Keras' own fit.
        lambda: (runs(full=(151, 139, 147), half=(116, 121, 126)), "full"),
        # Invented: no training gives these.
        lambda: (runs(full=(319, 310, 320), half=(318, 312, 322)), "can't say"),
    ],
    "06.4": [
        *(lambda value=value: value for value in lesson_06.other_means().values()),
        lambda: 40,
        lambda: 0.9,
    ],
}
