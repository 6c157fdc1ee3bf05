"""Plausible wrong answers: each must get advice of its own."""

from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from helpers import datasets, features, splits
from helpers.exercises import envelope, lesson_11

TABLE = datasets.sampler()
X = TABLE[list(features.names("full"))].to_numpy()
y = TABLE.genre.to_numpy(dtype=object)
PART = TABLE.fault_filtered_split
((TRAIN, TEST),) = splits.fault_filtered(TABLE)
FIT, HELD = splits.validation_artists(TABLE, TRAIN)
SVM = make_pipeline(StandardScaler(), SVC(C=10))
HEARD = TABLE.artist_group.iloc[TRAIN]
TIMED = np.column_stack([TABLE.start, X])
OWN = TABLE.assign(song_id="mine-" + TABLE.song_id)  # nobody knows these songs


def split(train, test, table=TABLE):
    return table, np.asarray(train), np.asarray(test)


def without_unknown_rows():
    known = TABLE.dropna(subset="artist").reset_index(drop=True)
    return split(*splits.fault_filtered(known)[0], known)


def deal(folds, table=TABLE):
    return split(*folds[0], table)


MODELS = {
    "svm": SVM,
    "regression": make_pipeline(StandardScaler(), LogisticRegression()),
    "bare": SVC(C=10),
    "forest": make_pipeline(RandomForestClassifier(5)),
}
ROWS = {
    "fit": FIT,
    "half": FIT[::2],
    "train": TRAIN,
    "test": TEST,
    "both": np.union1d(FIT, TEST),
    "all": np.arange(len(X)),
    "not test": np.setdiff1d(np.arange(len(X)), TEST),
    "published": np.flatnonzero(PART == "train"),
    "random rows": TRAIN[splits.by_row(TABLE.iloc[TRAIN])[0][0]],
    "random songs": TRAIN[splits.by_song(TABLE.iloc[TRAIN])[0][0]],
}


@lru_cache
def fitted(model="svm", rows="fit"):
    rows = ROWS[rows]
    return clone(MODELS[model]).fit(X[rows], y[rows])


def vote(said, rows):
    windows = pd.Series(said).groupby(TABLE.song_id.iloc[rows].to_numpy())
    return windows.agg(lambda named: named.mode()[0])


def two(rows=HELD, fit="fit", **columns):
    """What two models say of songs; with `columns`, something else in their place."""
    said = {
        "classical": vote(fitted("svm", fit).predict(X[rows]), rows),
        "network": vote(fitted("regression", fit).predict(X[rows]), rows),
    }
    return pd.DataFrame({**said, **columns})


def windows():
    said = fitted().predict(X[HELD])
    return pd.DataFrame({"classical": said, "network": said}, TABLE.song_id.iloc[HELD])


def numbers():
    table = two()
    return table.assign(network=np.unique(table.network, return_inverse=True)[1])


def shifted():
    """The names belong to other numbers."""
    table, genres = two(), list(datasets.GENRES)
    return table.assign(network=[genres[genres.index(g) - 3] for g in table.network])


@lru_cache
def voted(rows="held"):
    rows = HELD if rows == "held" else TEST
    songs = TABLE.groupby("song_id")[["genre", "artist", "artist_group"]].first()
    return two(rows).join(songs).rename(columns={"classical": "predicted"})


def scored():
    return voted().drop(columns="artist")


def ends(groups, rows=None, **options):
    return lesson_11._ends(groups, voted() if rows is None else rows, **options)


def right_ends():
    return ends(voted().artist_group)


def without_unknown(songs):
    """Drawn by the column `artist`, whatever stands in it."""
    return songs.drop(columns="artist_group"), ends(songs.artist, songs)


def with_unknown_left_out():
    """All songs in the table, but `groupby` leaves out those by nobody knows whom."""
    return voted().drop(columns="artist_group"), without_unknown(voted().dropna(subset="artist"))[1]


def few_draws():
    """Twelve draws of artists: the ends are the least and the most."""
    right = (voted().predicted == voted().genre).groupby(voted().artist_group)
    right = right.agg(["sum", "size"]).to_numpy()
    sums, n = right[np.random.default_rng(0).choice(len(right), (12, len(right)))].sum(axis=1).T
    return min(sums / n), max(sums / n)


def after_the_pipeline(wrong):
    """A wrong answer to 11.3 of somebody who has got 11.2 right."""

    def answer():
        assert lesson_11._pipeline((fitted(), X, FIT, TEST)).right
        return wrong()

    return answer


def held_and_learned():
    """Half of the artists held back, and others whom the models have learned from."""
    half = sorted(set(TABLE.artist_group.iloc[HELD]))[::2]
    some = sorted(set(TABLE.artist_group.iloc[FIT]))[::8]
    return two(TRAIN[TABLE.artist_group.iloc[TRAIN].isin(half + some)])


def only(count, rows=TRAIN):
    """Rows of the training part by so many of the artists held back."""
    few = TABLE.artist_group.iloc[HELD].unique()[-count:]
    return rows[TABLE.artist_group.iloc[rows].isin(few)]


def all_but(count):
    """Nearly everybody was learned from."""
    rows = np.setdiff1d(TRAIN, only(count))
    return clone(SVM).fit(X[rows], y[rows]), X, rows, TEST


def with_a_code(code):
    wider = np.column_stack([code, X])
    return clone(SVM).fit(wider[FIT], y[FIT]), wider, FIT, TEST


def within():
    """Positions within the training part, taken for rows of the table."""
    rows = np.flatnonzero(np.isin(TRAIN, FIT))
    return clone(SVM).fit(X[rows], y[rows]), rows


def after_the_choice(wrong):
    """A wrong answer to 11.4 of somebody who has got 11.3 right."""

    def answer():
        assert lesson_11._two_models(two()).right
        return wrong()

    return answer


def said_by_windows():
    rows = pd.DataFrame({"genre": y[HELD], "predicted": fitted().predict(X[HELD])},
                        TABLE.song_id.iloc[HELD])  # fmt: skip
    return rows, ends(TABLE.artist_group.iloc[HELD], rows)


def windows_drawn():
    rows = said_by_windows()[0].reset_index()
    return ends(rows.index.to_series(), rows)


def report(**changes):
    """An honest paragraph about an envelope opened once, but for the changes."""
    opened = envelope.open_with(two(TEST).classical)
    parts = {
        "protocol": "Fault-filtered split, no artist on both sides.",
        "accuracy": f"Accuracy {opened.accuracy:.2f},",
        "interval": f"95 % interval [{opened.low:.2f}, {opened.high:.2f}],",
        "n": f"n = {opened.n} songs",
        "artists": f"by {opened.artists} artists.",
        "guessing": f"Guessing: {opened.guessing:.2f}.",
        "looks": "The envelope was opened once.",
    }
    return " ".join({**parts, **changes}.values())


WRONG = {
    "11.1": [
        lambda: (TRAIN, TEST),
        lambda: (X, TRAIN, TEST),
        lambda: split(PART.isin(["train", "valid"]), PART == "test"),
        lambda: split([], TEST),
        lambda: split(TRAIN, TEST + 1000),
        lambda: split([*TRAIN, *TRAIN[:3]], TEST),
        lambda: split(np.arange(len(TABLE)), TEST),
        lambda: deal(splits.by_row(TABLE)),
        lambda: deal(splits.by_song(TABLE)),
        lambda: deal(splits.by_artist(TABLE)),
        lambda: split(TRAIN, np.flatnonzero(PART.isna() & ~TABLE.artist_group.isin(HEARD))),
        lambda: split(TRAIN, TEST[10:]),
        lambda: split(np.flatnonzero(PART != "test"), TEST),
        lambda: split(np.flatnonzero(PART == "train"), TEST),
        lambda: split(np.flatnonzero(PART == "train"), np.flatnonzero(PART == "valid")),
        lambda: split(TRAIN, TEST[~TABLE.song_id.iloc[TEST].duplicated()]),
        without_unknown_rows,
        lambda: split(TRAIN, TEST, TABLE.drop(columns="artist_group")),
        lambda: split(TRAIN, TEST, TABLE.drop(columns=["artist", "artist_group"])),
        lambda: split(TRAIN, TEST, TABLE.assign(artist_group=TABLE.artist.fillna("unknown"))),
        lambda: split(TRAIN, TEST, TABLE.assign(artist_group=TABLE.song_id)),
        lambda: split(TRAIN, TEST, TABLE.assign(genre="rock")),
        lambda: deal(splits.by_artist(OWN), OWN.drop(columns=["artist", "artist_group"])),
        lambda: split(FIT, HELD, OWN.drop(columns="genre")),
        lambda: split(
            np.flatnonzero(y != "pop"),
            np.flatnonzero(y == "pop"),
            OWN.assign(artist_group=OWN.genre),
        ),
    ],
    "11.2": [
        fitted,
        lambda: (fitted("bare"), X, FIT, TEST),
        lambda: (fitted("forest"), X, FIT, TEST),
        lambda: (SVM, X, FIT, TEST),
        lambda: (fitted(), TABLE.drop(columns=["song_id", "genre"]), FIT, TEST),
        lambda: (clone(SVM).fit(TIMED[FIT], y[FIT]), TIMED, FIT, TEST),
        lambda: (fitted(rows="train"), X, TRAIN, TEST),
        lambda: (fitted(rows="not test"), X, ROWS["not test"], TEST),
        lambda: (fitted(rows="random rows"), X, ROWS["random rows"], TEST),
        lambda: (fitted(rows="random songs"), X, ROWS["random songs"], TEST),
        lambda: (fitted(rows="published"), X, ROWS["published"], np.flatnonzero(PART == "valid")),
        lambda: (fitted(), X, FIT, TEST[::2]),
        lambda: (
            clone(SVM).fit(X[FIT], np.random.default_rng(0).permutation(y[FIT])),
            X,
            FIT,
            TEST,
        ),
        lambda: (fitted(), X[:, :26], FIT, TEST),
        lambda: (fitted(rows="all"), X, FIT, TEST),
        lambda: (fitted(rows="both"), X, FIT, TEST),
        lambda: (fitted(rows="test"), X, FIT, TEST),
        lambda: (fitted(rows="half"), X, FIT, TEST),
        lambda: (fitted(), X, FIT, np.union1d(TEST, FIT[:7])),
        lambda: (fitted(), X, np.union1d(FIT, TEST[:9]), TEST[9:]),
        lambda: (fitted(), StandardScaler().fit_transform(X), FIT, TEST),
        lambda: (fitted(), X, FIT, PART == "test"),
        lambda: (make_pipeline(fitted()[0], fitted(rows="all")[-1]), X, FIT, TEST),
        lambda: with_a_code(np.unique(y, return_inverse=True)[1]),
        lambda: all_but(1),
        lambda: all_but(4),
        lambda: (within()[0], X, within()[1], TEST),
        lambda: (within()[0], X, FIT, TEST),
    ],
    "11.3": [
        lambda: two().rename(columns={"network": "keras"}),
        windows,
        lambda: two().reset_index(drop=True),
        numbers,
        lambda: two().assign(network="techno"),
        lambda: two(TEST),
        lambda: two(np.flatnonzero(PART.isna())),
        lambda: two().iloc[::2],
        lambda: two(TRAIN, fit="train"),
        lambda: two(fit="train"),
        lambda: two(np.setdiff1d(TRAIN, ROWS["random rows"]), fit="random rows"),
        lambda: two(np.setdiff1d(TRAIN, ROWS["random songs"]), fit="random songs"),
        shifted,
        lambda: two().assign(network=two().classical),
        lambda: two().assign(network="country"),
        lambda: two().assign(network=np.random.default_rng(0).permutation(two().network)),
        lambda: two(only(1)),
        after_the_pipeline(lambda: two(np.flatnonzero(PART == "valid"))),
        after_the_pipeline(held_and_learned),
    ],
    "11.4": [
        lambda: (scored(), right_ends()),
        *map(
            after_the_choice,
            (
                lambda: right_ends(),
                lambda: (two(), right_ends()),
                said_by_windows,
                lambda: (said_by_windows()[0].reset_index(drop=True), said_by_windows()[1]),
                lambda: (scored(), right_ends()[::-1]),
                lambda: (scored(), tuple(100 * end for end in right_ends())),
                lambda: (scored(), ends(voted().index.to_series())),
                lambda: (scored(), ends(voted().artist_group, each_once=True)),
                lambda: (scored(), ends(voted().artist_group, share=0.9)),
                lambda: (scored(), windows_drawn()),
                lambda: (scored(), few_draws()),
                with_unknown_left_out,
                lambda: without_unknown(voted().dropna(subset="artist")),
                lambda: without_unknown(voted().fillna({"artist": "unknown"})),
                lambda: (scored().iloc[::2], ends(voted().artist_group[::2], voted().iloc[::2])),
                lambda: (scored().assign(predicted=voted().genre), (1.0, 1.0)),
                lambda: (scored().assign(predicted="rock"), (0.0, 0.2)),
                lambda: (scored(), (0.8, 0.9)),
                lambda: (scored(), (0.4, 0.7)),
                lambda: (scored(), (0.0, 1.0)),
                lambda: (voted("test"), ends(voted("test").artist_group, voted("test"))),
                lambda: (scored().rename({scored().index[0]: TABLE.song_id[FIT[0]]}), right_ends()),
                lambda: (scored().assign(genre="jazz"), right_ends()),
                lambda: (scored().drop(columns="artist_group"), right_ends()),
            ),
        ),
    ],
    "11.5": [
        lambda: 0.43,
        lambda: report(accuracy="Quite accurate,"),
        lambda: report(accuracy="Accuracy 0.77,"),
        lambda: report(accuracy="Accuracy 0,44"),
        lambda: report(accuracy="Accuracy 0.89, and 0.44"),
        lambda: report(interval=""),
        lambda: report(n="n = 166 windows"),
        lambda: report(n="n = 130"),
        lambda: report(artists="by many people."),
        lambda: report(protocol="Honestly tested."),
        lambda: report(guessing=""),
        lambda: report(looks=""),
        lambda: report(looks="The envelope was opened 3 times."),
    ],
}
