"""How good is it, and how sure are we?

Everything starts from predictions, not from scores: one row for each test window, with who plays
it. What is fitted (scalers included) is fitted inside the fold. `predictions` are, wherever a
function here takes them, a table from `cross_val_predict` (windows) or `vote` (songs).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

RESAMPLES, SEED = 2000, 0
KEPT = ("song_id", "artist_group", "genre")


class Score(NamedTuple):
    """A score with its 95 % interval, and what it was counted on."""

    value: float
    low: float
    high: float
    n: int
    artists: int

    def __str__(self):
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def cross_val_predict(model, X, table, folds, *, balanced=False):
    """Fit on each fold's training rows, predict its test rows, and keep every prediction.

    Parameters
    ----------
    model : scikit-learn classifier or pipeline
        Cloned for each fold, so nothing learned in one is known in the next.
    X : np.ndarray, shape (n, ...)
        Features, patches or embeddings, a row for each row of `table`.
    table : pd.DataFrame, n rows
        With columns song_id, artist_group and genre.
    folds : list of (train, test)
        From `splits`.
    balanced : bool
        Weigh the training rows by `balanced_weights`; for pipelines whose last step takes weights.

    Returns
    -------
    pd.DataFrame
        A row for each test row: song_id, artist_group, genre, fold, predicted, and, where the model
        gives probabilities, a column ``p_<genre>`` for each genre.
    """
    X, parts = np.asarray(X), []
    for fold, (train, test) in enumerate(folds):
        fitted = fit(model, X[train], table.iloc[train], balanced=balanced)
        parts.append(predict(fitted, X[test], table.iloc[test], fold))
    return pd.concat(parts)


def fit(model, X, table, *, balanced=False):
    """A clone of a model, fitted on rows and, if wanted, weighed by `balanced_weights`."""
    from sklearn.base import clone

    weights = {}
    if balanced:
        weights[f"{model.steps[-1][0]}__sample_weight"] = balanced_weights(table)
    # On tables of this size BLAS spends far more time waking its threads than computing.
    with threadpool_limits(1, user_api="blas"):
        return clone(model).fit(X, table.genre.to_numpy(dtype=object), **weights)


def predict(fitted, X, table, fold=0):
    """What a fitted model says of rows, in the form of `cross_val_predict`."""
    part = table[list(KEPT)].assign(fold=fold)
    with threadpool_limits(1, user_api="blas"):
        if not hasattr(fitted, "predict_proba"):
            return part.assign(predicted=fitted.predict(X))
        probabilities = fitted.predict_proba(X)
    part[[f"p_{genre}" for genre in fitted.classes_]] = probabilities
    return part.assign(predicted=fitted.classes_[probabilities.argmax(axis=1)])


def balanced_weights(table):
    """Weights with which each song of a genre counts the same, and so does each genre.

    Ten windows of one song are not ten songs. Shape (n,) and mean 1, for the n rows of a table with
    columns song_id and genre.
    """
    windows = table.groupby("song_id").song_id.transform("size")
    songs = table.groupby("genre").song_id.transform("nunique")
    weights = 1 / (windows * songs).to_numpy()
    return weights / weights.mean()


def vote(predictions):
    """One prediction for each song: the most probable genre on average, or the most frequent one.

    The same columns as in the predictions of windows, where each song was tested in one fold, and a
    row for each song. Equal votes go to the first genre in the alphabet.
    """
    columns = [name for name in predictions if name.startswith("p_")]
    votes = predictions[columns] if columns else pd.get_dummies(predictions.predicted, dtype=float)
    means = votes.groupby(predictions.song_id).mean()
    songs = predictions.groupby("song_id")[["artist_group", "genre", "fold"]].first()
    songs["predicted"] = means.idxmax(axis=1).str.removeprefix("p_")
    return songs.join(means[columns]).reset_index()


def accuracy(predictions):
    """Share of right predictions: a `Score`, with its 95 % interval.

    Songs of one artist succeed and fail together, so the interval comes from drawing artists, not
    songs, again and again (percentile cluster bootstrap; Field & Welsh 2007).
    """
    return _bootstrap(predictions, lambda right, played, _: right.sum(-1) / played.sum(-1))


def macro_f1(predictions):
    """Mean over the genres of the F1 score: a `Score`, with an interval like that of `accuracy`."""

    def f1(right, played, predicted):
        # A genre that was neither played nor predicted in a draw says nothing about it.
        with np.errstate(invalid="ignore"):
            return np.nanmean(2 * right / (played + predicted), axis=-1)

    return _bootstrap(predictions, f1)


def confusion(predictions, labels=None):
    """How many of each genre (rows) were taken for which (columns).

    A genre that was named but never played has an empty row, so that no song is lost.
    """
    labels = _labels(predictions) if labels is None else list(labels)
    counts = pd.crosstab(predictions.genre, predictions.predicted)
    return counts.reindex(index=labels, columns=labels, fill_value=0)


class Comparison(NamedTuple):
    """How much better A is than B on the same songs."""

    difference: float
    low: float
    high: float
    p: float
    n: int
    only_a: int
    only_b: int

    def __str__(self):
        return (
            f"{self.difference:+.2f} [{self.low:+.2f}, {self.high:+.2f}], p = {self.p:.3f}: "
            f"of {self.n}, {self.only_a} right by A alone and {self.only_b} by B alone"
        )


def compare(a, b):
    """Accuracy of A minus accuracy of B on the same songs (or windows), paired.

    Parameters
    ----------
    a, b : pd.DataFrame
        Predictions of the same rows.

    Returns
    -------
    Comparison
        The difference with its 95 % interval (artists drawn again and again), and the p-value of a
        sign-flip test over artists: how often would luck alone make such a difference, if neither
        were better?

    Raises
    ------
    ValueError
        If the two were not tested on the same rows.
    """
    from scipy import stats

    a, b = a.sort_index(), b.sort_index()
    if list(a.song_id) != list(b.song_id):
        raise ValueError("A and B were tested on different songs: use the same folds for both")
    right_a = (a.predicted == a.genre).to_numpy(float)
    right_b = (b.predicted == b.genre).to_numpy(float)
    gains = pd.DataFrame({"n": 1.0, "gain": right_a - right_b, "artist": a.artist_group.to_numpy()})
    n, gain = gains.groupby("artist").sum().to_numpy().T
    low, high = _interval(lambda who: gain[who].sum(axis=-1) / n[who].sum(axis=-1), len(n))
    test = stats.permutation_test(
        (gain,), np.sum, permutation_type="samples", n_resamples=RESAMPLES, rng=SEED
    )
    only_a, only_b = int((right_a > right_b).sum()), int((right_b > right_a).sum())
    difference = float(np.mean(right_a - right_b))
    return Comparison(difference, low, high, float(test.pvalue), len(a), only_a, only_b)


def leaderboard(results):
    """One row for each model and protocol, best first: never an accuracy without how it was won.

    From a mapping of (model, protocol) to predictions; a pd.DataFrame with columns model, protocol,
    accuracy and macro F1 with their intervals, n and artists.
    """
    rows = []
    for (model, protocol), predictions in results.items():
        score, f1 = accuracy(predictions), macro_f1(predictions)
        rows.append((score.value, model, protocol, str(score), str(f1), score.n, score.artists))
    rows.sort(key=lambda row: -row[0])
    columns = ["model", "protocol", "accuracy [95 %]", "macro F1 [95 %]", "n", "artists"]
    return pd.DataFrame([row[1:] for row in rows], columns=columns)


def _labels(predictions):
    return sorted({*predictions.genre, *predictions.predicted})


def _bootstrap(predictions, statistic):
    """The score of a statistic of how often each genre was right, played and predicted."""
    right = predictions.genre.where(predictions.genre == predictions.predicted)
    counts = [
        pd.crosstab(predictions.artist_group, column)
        for column in (right, predictions.genre, predictions.predicted)
    ]
    every = {"index": counts[1].index, "columns": _labels(predictions), "fill_value": 0}
    counts = np.stack([count.reindex(**every) for count in counts])  # (3, artists, genres)
    low, high = _interval(lambda who: statistic(*counts[:, who].sum(axis=-2)), counts.shape[1])
    value = float(statistic(*counts.sum(axis=1)))
    return Score(value, low, high, len(predictions), counts.shape[1])


def _interval(statistic, n_artists):
    """95 % percentile interval of a statistic of artist numbers, drawn with replacement."""
    from scipy import stats

    if n_artists < 2:
        return float("nan"), float("nan")
    drawn = stats.bootstrap(
        (np.arange(n_artists),),
        lambda who, axis: statistic(who),
        n_resamples=RESAMPLES,
        batch=100,
        method="percentile",
        rng=SEED,
    ).confidence_interval
    return float(drawn.low), float(drawn.high)
