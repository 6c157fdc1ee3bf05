"""Answers that are runs: seeds x two settings, and which of the settings is better."""

import numpy as np
import pandas as pd

from helpers import splits
from helpers.exercises.exercise import no, yes

UNSURE = "can't say"
GUESSING = 0.1  # of ten genres


def parts(table):
    """How many rows the lesson learns from, watches and tests on."""
    ((train, test),) = splits.fault_filtered(table)
    fit, valid = splits.validation_artists(table, train)
    return {"fit": len(fit), "valid": len(valid), "test": len(test)}


def look_at_runs(answer, names, seeds, rows, luck):
    """A table of so many seeds x two settings, and which of them is better (or `UNSURE`)."""
    if isinstance(answer, pd.DataFrame):
        return no("The table is the first part of the answer. Which one is better is the second.")
    table, word = answer
    table, words = pd.DataFrame(table).astype(float), (*names, UNSURE)
    if set(table.columns) == set(names):
        table = table[list(names)]
    if table.shape[1] != 2 or len(table) < seeds:
        size = f"{len(table)} × {table.shape[1]}"
        return no(f"Wanted are {seeds} rows, one for each seed, and two columns. I see {size}.")
    values = table.to_numpy()
    if not ((values >= 0) & (values <= 1)).all():
        return no("Accuracies are shares from 0 to 1, not percentages or counts.")
    counted = {part for part, n in rows.items() if np.allclose(values * n, np.round(values * n),
                                                                rtol=0, atol=1e-3)}  # fmt: skip
    if counted == {"test"}:
        return no("These were counted on the *test* artists. They stay closed: use `valid`.")
    if counted == {"fit"}:
        return no("These were counted on the rows that the network learned from: use `valid`.")
    if values.max(axis=0).min() < GUESSING:
        return no(
            "One column lies below guessing with every seed, so its networks have hardly been "
            "trained. Are epochs and batch size those of the lesson?"
        )
    if np.allclose(values[:, 0], values[:, 1]):
        return no("Both columns are the same: has your setting reached the network's `options`?")
    if (np.ptp(values, axis=0) == 0).all():
        return no("Each column says the same with every seed: was `seed=seed` handed on?")
    if (word := str(word).strip().lower().replace("’", "'")) not in words:
        return no(f"The second part is one of {', '.join(map(repr, words))}.")
    low, high = values.min(axis=0), values.max(axis=0)
    truth = names[0] if low[0] > high[1] else names[1] if low[1] > high[0] else UNSURE
    spans = " and ".join(f"from {a:.2f} to {b:.2f}" for a, b in zip(low, high, strict=True))
    if word != truth:
        rule = "overlap" if truth == UNSURE else "do not overlap"
        return no(f"Your columns reach {spans}: they {rule}. What does our rule say then?")
    if truth == UNSURE:
        return yes(f"The columns reach {spans}. They overlap, so you can't say: that is a result.")
    return yes(f"The columns reach {spans}, with nothing in common: {truth}. {luck}")
