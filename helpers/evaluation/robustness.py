"""What did it really learn? Changes that leave the genre alone, and what a model makes of them.

Whoever knows a genre knows it at any volume, on any loudspeaker. A model that changes its mind when
nothing but the recording changes has learned something about recordings: a "horse", after Clever
Hans, who could not count but could read his master's face (Sturm 2014, "A simple method to
determine if a music information retrieval system is a 'horse'").
"""

import numpy as np
import pandas as pd

from helpers import evaluation
from helpers.datasets import shipped
from helpers.evaluation.sounds import ORIGINAL


def examine(model, X, table, folds, changed, rows=None, *, balanced=False):
    """Fit on each fold's training rows, and predict its test rows before and after each change.

    Parameters
    ----------
    model, X, table, folds, balanced
        As for `evaluation.cross_val_predict`.
    changed : dict of str to np.ndarray, shape (len(rows), ...)
        By the name of the change, what became of the rows.
    rows : np.ndarray of int, optional
        Positions of those rows in the table; all of them by default.

    Returns
    -------
    dict of str to pd.DataFrame
        Predictions for `rows`, under "original" and under each change; all have the same index.
    """
    X = np.asarray(X)
    rows = np.arange(len(table)) if rows is None else np.asarray(rows)
    changed = {ORIGINAL: X[rows], **changed}
    parts, places = {name: [] for name in changed}, []
    for fold, (train, test) in enumerate(folds):
        asked = np.flatnonzero(np.isin(rows, test))
        if not len(asked):
            continue
        places.append(asked)
        fitted = evaluation.fit(model, X[train], table.iloc[train], balanced=balanced)
        for name, part in parts.items():
            where = table.iloc[rows[asked]]
            part.append(evaluation.predict(fitted, changed[name][asked], where, fold))
    order = np.argsort(np.concatenate(places))
    return {name: pd.concat(part).iloc[order] for name, part in parts.items()}


def flip_rate(before, after):
    """Share of windows whose predicted genre changes: a `Score`, as `evaluation.accuracy` has it.

    Right or wrong doesn't matter. Where nothing flipped the interval is empty: what didn't happen
    once among so few artists can't be drawn from them. Both are predictions from `examine`;
    ValueError if they are not of the same rows.
    """
    if list(before.song_id) != list(after.song_id):
        raise ValueError("before and after hold different songs: take both from one examination")
    # Who keeps to the first answer is "right": then accuracy does the counting.
    kept = evaluation.accuracy(after.assign(genre=before.predicted.to_numpy()))
    return kept._replace(value=1 - kept.value, low=1 - kept.high, high=1 - kept.low)


def answers():
    """What the networks, which take minutes, said of the windows of the horse test.

    Returns
    -------
    pd.DataFrame
        song_id, artist_group, genre, transformation, and a column for each model: the genre that it
        named. No model had heard the artist before (five folds by artist).
    """
    return shipped.songs().merge(pd.read_csv(shipped.DATA / "probe.csv"), on="song_id", how="right")


def transformed():
    """The windows of the horse test as numbers, for models that are trained while you wait.

    Returns
    -------
    rows : np.ndarray, shape (100,)
        Which rows of the sampler they are: the window at 12 s of each song of GTZAN mini.
    described, spectra : dict of str to np.ndarray, shapes (100, 70) and (100, 128)
        By transformation, the full feature set and what `bands` makes of the log-mel patches.
    """
    with np.load(shipped.DATA / "probe.npz", allow_pickle=False) as stored:
        names = [str(name) for name in stored["names"]]
        described = dict(zip(names, stored["described"].astype(float), strict=True))
        spectra = dict(zip(names, stored["spectra"].astype(float), strict=True))
        return stored["rows"], described, spectra


def bands(patches):
    """Level of each mel band over a window, and how much it moves: blind to all order in time.

    From log-mel patches in dB, shape (n, 64, frames), to shape (n, 128): 64 means (the long-term
    average spectrum), then 64 standard deviations.
    """
    return np.hstack([patches.mean(axis=2), patches.std(axis=2)])
