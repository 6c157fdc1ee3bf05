"""Who may sit in the test set?

Each function returns a list of ``(train, test)`` pairs of row positions, ready for scikit-learn's
``cv=`` and for `evaluation.cross_val_predict`.
"""

import re

import numpy as np

N_SPLITS, SEED = 5, 0
ENDING = r"(?i)\.(wav|flac|mp[234]|m4a|aac|wma|og[ga]|opus|aif[fc]?|au|caf|w64|png|npy)$"
# "a.3", "a_3", "a-03", "a (3)", "a [3 of 8]", "a part 3", "a_chunk3", "a_3s"; but a/03 is a track.
PIECE = (
    r"(?is)^(.{0,200}?[^\W_])([^\w/]|_)+((part|pt|piece|chunk|clip|seg|segment|slice|split|section|"
    r"excerpt|snippet|sample|window|frame|copy)s?[\W_]*)?\d+(\W*of\W*\d+|s|sec)?[\W_]*$"
)


def by_row(table, n_splits=N_SPLITS, seed=SEED):
    """Shuffle rows: windows of one song land on both sides. The trap, kept to be shown."""
    from sklearn.model_selection import StratifiedKFold

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
    train on its train and validation parts, test on its test part. One pair; songs that the filter
    threw out are in neither half.
    """
    part = table.fault_filtered_split
    train = np.flatnonzero(part.isin(["train", "valid"]))
    test = np.flatnonzero(part == "test")
    return [(train, test)]


def validation_artists(table, train, share=0.2, seed=SEED):
    """Hold some of the training artists back, for early stopping and other choices.

    `train` are row positions, `share` is about which part of them to hold back. The row positions
    of the two parts, fit and valid, make up `train`, with no artist in both.
    """
    folds = _by_group(table.iloc[train], "artist_group", round(1 / share), seed)
    fit, valid = folds[0]
    return train[fit], train[valid]


def songs_by_name(table):
    """Which song is each row a piece of, going by the columns filename and genre?

    A last number marks pieces where it leaves several names within a genre (``a.0``, ``a.1``,
    ``b.0``). Otherwise it counts songs: ``rock_01`` to ``rock_50``, or GTZAN's own names.

    Returns
    -------
    song_id : pd.Series
    doubtful : list of str
        Genres that would be a single song, in a table where others are in pieces.
    """
    names = table.filename.str.replace("\\", "/").str.replace(ENDING, "", regex=True)
    song_id, single = names.copy(), []
    for genre, stems in names.groupby(table.genre):
        for _ in range(2):  # "a_30_60" ends in two numbers
            stems = stems.str.replace(PIECE, r"\1", regex=True)
            cut = (stems != names[stems.index]) & (stems.map(plain) != plain(genre))
            if (pieces := stems.duplicated(keep=False) & cut).any():
                break
        if stems[cut].nunique() > 1:
            song_id.update(stems[pieces])
        elif pieces.any():
            single.append(genre)
    doubtful = single if (song_id != names).any() else []
    shared = table.genre.groupby(song_id).transform("nunique") > 1
    return song_id.mask(shared, table.genre + "/" + song_id), doubtful


def plain(name):
    """A name without what people write now so, now so: capitals, spaces, dots, dashes."""
    return re.sub(r"[\W_]", "", name.casefold()) or name


def _by_group(table, column, n_splits, seed):
    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
    pairs = folds.split(table, table.genre, groups=table[column])
    # Where a few artists play most of it, scikit-learn may leave a fold without any.
    return [(train, test) for train, test in pairs if len(test)]
