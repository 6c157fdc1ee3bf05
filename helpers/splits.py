"""Who may sit in the test set?

Each function returns a list of ``(train, test)`` pairs of row positions, ready for scikit-learn's
``cv=`` and for `evaluation.cross_val_predict`.
"""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

N_SPLITS, SEED = 5, 0


def by_row(table, n_splits=N_SPLITS, seed=SEED):
    """Shuffle rows: windows of one song land on both sides. The trap, kept to be shown."""
    folds = StratifiedKFold(n_splits, shuffle=True, random_state=seed)
    return list(folds.split(table, table.genre))


def by_song(table, n_splits=N_SPLITS, seed=SEED):
    """Keep songs whole: the test songs are new, but their artists may be well known."""
    return _by_group(table, "song_id", n_splits, seed)


def by_artist(table, n_splits=N_SPLITS, seed=SEED):
    """Keep artists whole: nobody who plays in the test set was heard in training."""
    return _by_group(table, "artist_group", n_splits, seed)


def fault_filtered(table):
    """Train and test as Kereliuk, Sturm & Larsen (2015) published it: known faults left out.

    Without GTZAN's repeated, mislabeled and distorted songs, and with no artist on both sides:
    train on its train and validation parts, test on its test part.

    Returns
    -------
    list of one (train, test) pair
        Songs that the filter threw out are in neither.
    """
    part = table.fault_filtered_split
    train = np.flatnonzero(part.isin(["train", "valid"]))
    test = np.flatnonzero(part == "test")
    return [(train, test)]


def validation_artists(table, train, share=0.2, seed=SEED):
    """Hold some of the training artists back, for early stopping and other choices.

    Parameters
    ----------
    table : pd.DataFrame
        With columns genre and artist_group.
    train : np.ndarray
        Row positions of the training part.
    share : float
        About which part of the rows to hold back.

    Returns
    -------
    fit, valid : np.ndarray
        Row positions; together `train`, with no artist in both.
    """
    folds = _by_group(table.iloc[train], "artist_group", round(1 / share), seed)
    fit, valid = folds[0]
    return train[fit], train[valid]


def _by_group(table, column, n_splits, seed):
    folds = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
    pairs = folds.split(table, table.genre, groups=table[column])
    # Where a few artists play most of it, scikit-learn may leave a fold without any.
    return [(train, test) for train, test in pairs if len(test)]
