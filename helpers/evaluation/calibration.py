"""What does the classifier's "70 %" mean, and when should it rather say nothing?

A probability is calibrated if the songs that get 70 % are right seven times in ten. Everything here
works on predictions as `evaluation.cross_val_predict` makes them, so that no song is judged by a
model that has learned from it, and what is fitted (a temperature, a threshold) is scored on other
artists than those that it was fitted on. `songs` are tables as `by_song` makes them, tempered by
`apply_temperature` or not; `target` is the share of sure answers that should be right.
"""

import numpy as np
import pandas as pd

# No window alone can rule a genre out.
FLOOR = 1e-6
# Fewer songs than this say nothing about how often the sure answers are right.
LEAST_SONGS = 10


def softmax(logits):
    """Probabilities from logits, along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def combine(probabilities, temperature=1.0):
    """Probabilities of a song from those of its windows: their geometric mean, tempered.

    From shape (..., n_windows, n_genres) to (..., n_genres); a temperature above 1 makes the answer
    less sure, one below 1 more.
    """
    return softmax(_log(probabilities).mean(axis=-2) / temperature)


def by_song(predictions):
    """One row for each song, its windows combined, from predictions that have probabilities.

    Returns
    -------
    pd.DataFrame
        song_id, artist_group, genre, fold, predicted, windows (how many), and ``p_<genre>``.
    """
    columns = _columns(predictions)
    logs = pd.DataFrame(_log(predictions[columns]), columns=columns)
    grouped = logs.groupby(predictions.song_id.to_numpy())
    songs = predictions.groupby("song_id")[["artist_group", "genre", "fold"]].first()
    songs = songs.assign(windows=grouped.size(), **grouped.mean())
    return _answer(songs.reset_index(), softmax(songs[columns].to_numpy()))


def apply_temperature(songs, temperature):
    """Songs with tempered probabilities; which genre is the most probable never changes."""
    return _answer(songs, softmax(_log(songs[_columns(songs)]) / temperature))


def fit_temperature(songs):
    """The temperature at which the true genres are the least surprising (mean log loss).

    Between 0.05 and 20. Temperature scaling: Guo et al. (2017), "On calibration of modern neural
    networks". (That of scikit-learn finds the same, but for two genres, whose probabilities it
    takes for logits.)
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    columns = _columns(songs)
    logs = _log(songs[columns])
    rows, true = np.arange(len(songs)), [columns.index(f"p_{genre}") for genre in songs.genre]

    def loss(log_temperature):
        return -log_softmax(logs / np.exp(log_temperature), axis=1)[rows, true].mean()

    bounds = (np.log(0.05), np.log(20))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def coverage(songs):
    """What a threshold buys: answer only the surest songs, and how often is that right?

    Returns
    -------
    pd.DataFrame
        Columns threshold (what the probability of an answered song exceeds), coverage (share of
        the songs that are answered) and accuracy (of those); the surest songs first.
    """
    songs = songs.sort_values("confidence", ascending=False, kind="stable")
    confidence, answered = songs.confidence.to_numpy(), np.arange(1, len(songs) + 1)
    table = pd.DataFrame(
        {
            # Where the next song stands; behind the last one stands nobody.
            "threshold": np.append(confidence[1:], 0.0),
            "coverage": answered / len(songs),
            "accuracy": np.cumsum(_right(songs)) / answered,
        }
    )
    # A threshold can't part two songs of the same probability.
    return table[confidence > table.threshold].reset_index(drop=True)


def fit_threshold(songs, target):
    """The lowest threshold above which the target is reached; 1 (never sure) if by no ten songs."""
    table = coverage(songs)
    enough = (table.accuracy >= target) & (table.coverage * len(songs) >= LEAST_SONGS)
    return float(table.threshold[enough].min()) if enough.any() else 1.0


def cross_fit(songs, target):
    """Calibrate each fold with the temperature and threshold of the other folds' songs.

    The songs with tempered probabilities, and with a column sure: does the most probable genre
    exceed the threshold? Folds that keep artists whole make it honest for new artists.
    """
    parts = []
    for fold, part in songs.groupby("fold"):
        others = songs[songs.fold != fold]
        temperature = fit_temperature(others)
        threshold = fit_threshold(apply_temperature(others, temperature), target)
        part = apply_temperature(part, temperature)
        parts.append(part.assign(sure=part.confidence > threshold))
    return pd.concat(parts).sort_index()


def calibration_error(songs, bins=8):
    """Mean distance between how sure it was and how often it was right.

    Over groups of about as many songs each, from the least sure to the surest (lesson 10 draws
    them).
    """
    order = np.argsort(songs.confidence.to_numpy(), kind="stable")
    groups = [songs.iloc[rows] for rows in np.array_split(order, bins) if len(rows)]
    distances = [abs(group.confidence.mean() - _right(group).mean()) for group in groups]
    return float(np.average(distances, weights=[len(group) for group in groups]))


def _columns(songs):
    return [name for name in songs if name.startswith("p_")]


def _log(probabilities):
    # A genre that no training song of a fold plays has no column there.
    return np.log(np.maximum(np.nan_to_num(np.asarray(probabilities, dtype=float)), FLOOR))


def _answer(songs, probabilities):
    columns = _columns(songs)
    names = np.array([name.removeprefix("p_") for name in columns], dtype=object)
    songs = songs.assign(predicted=names[probabilities.argmax(axis=1)])
    songs["confidence"] = probabilities.max(axis=1)
    songs[columns] = probabilities
    return songs


def _right(songs):
    return (songs.predicted == songs.genre).to_numpy()
