"""Exercises of lesson 11: can you do it without us?"""

import re
from functools import lru_cache

import numpy as np
import pandas as pd

from helpers import datasets, evaluation
from helpers.exercises import envelope
from helpers.exercises.exercise import Exercise, collect, no, yes

CLOSE = 0.02  # two bootstraps with other random numbers differ by less
BY_HEART = envelope.BY_HEART
FEWEST = 5  # artists to choose on: an interval comes from drawing them
KNOWS_NOTHING = 0.25  # of what it learned from: models with shuffled labels get 0.2 or so
NEAR = 0.015  # as two bootstraps, but a wrong recipe is named only where it fits well
NARROW, NEARBY = 0.75, 0.2  # share of the interval from drawing songs; how far off its ends
FEW = 150  # songs of GTZAN that somebody may have extracted alone; a shipped table has more
NAMES = {"song_id": ("song_id", "filename"), "genre": ("genre", "label"),
         "artist": ("artist_group", "artist")}  # fmt: skip

WITHIN = " They look like positions within `train`: `train[positions]` are the table's (trap 7)."
START = "`start` says where a window was cut, not how it sounds: take it out of `X`."
THREE = (
    "Nobody is left to choose on. Hold some training artists back: three groups are needed, not "
    "two."
)
WHICH = "Which songs are these? Put the song_id in the index."

_learned = []  # songs that the pipeline of 11.2 had learned from, as last accepted
_chosen_on = []  # songs, and what both models said of them, as 11.3 last accepted it

# One way through the whole lesson: public libraries only, and no call that an earlier lesson does
# not show. Its parts are the solutions of the exercises.
SOLUTION = """
import keras
import numpy as np
import pandas as pd
from keras import layers
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

# 11.1 A table, and who may sit where
table = pd.read_csv("../data/sampler_features.csv")
table = table.merge(pd.read_csv("../data/songs.csv"), on="song_id")
table["artist"] = table.artist.fillna(table.song_id)
part = table.fault_filtered_split
train, test = np.flatnonzero(part.isin(["train", "valid"])), np.flatnonzero(part == "test")
answer = (table, train, test)

# 11.2 A pipeline, fitted on most of the training artists; the rest is there to choose with
X = table[[name for name in table if name.endswith(("_mean", "_std"))]].to_numpy()
y = table.genre.to_numpy(dtype=object)
cut = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=0)
folds = list(cut.split(X[train], y[train], groups=table.artist.iloc[train]))
fit, held = train[folds[0][0]], train[folds[0][1]]
svm = make_pipeline(StandardScaler(), SVC(C=10)).fit(X[fit], y[fit])
answer = (svm, X, fit, test)

# 11.3 A network on the same songs, and what both say of the artists held back
genres, labels = np.unique(y, return_inverse=True)
keras.utils.set_random_seed(0)
network = keras.Sequential([keras.Input((70,)), layers.Dense(64, activation="relu"),
                            layers.Dense(10, activation="softmax")])
network.compile(optimizer=keras.optimizers.Adam(), loss="sparse_categorical_crossentropy")
scaled = svm[0].transform(X)  # by the means of the rows in fit
network.fit(scaled[fit], labels[fit], epochs=20, batch_size=128, verbose=0)

def say(name, rows):
    said = svm.predict(X[rows])
    if name == "network":
        said = genres[network.predict(scaled[rows], verbose=0).argmax(axis=1)]
    windows = pd.Series(said).groupby(table.song_id.iloc[rows].to_numpy())
    return windows.agg(lambda named: named.mode()[0])  # a song says what most of its windows say

answer = pd.DataFrame({name: say(name, held) for name in ("classical", "network")})

# 11.4 The better one: where its songs end up, and how sure that is
voted = table.groupby("song_id")[["genre", "artist"]].first().loc[answer.index]
better = max(answer, key=lambda name: np.mean(answer[name] == voted.genre))
voted["predicted"] = answer[better]
ConfusionMatrixDisplay.from_predictions(voted.genre, voted.predicted)
counts = (voted.genre == voted.predicted).groupby(voted.artist).agg(["sum", "size"]).to_numpy()
who = np.random.default_rng(0).choice(len(counts), size=(2000, len(counts)))
drawn = sorted(counts[who].sum(axis=1)[:, 0] / counts[who].sum(axis=1)[:, 1])
answer = (voted, (drawn[50], drawn[-51]))  # the middle 95 % of 2,000

# 11.5 The envelope, once, and the report
opened = exercises.open_envelope(say(better, test))
answer = (f"Fault-filtered split, no artist on both sides: accuracy {opened} (95 %, by artist), "
          f"n = {opened.n} songs by {opened.artists} artists; guessing: {opened.guessing:.2f}. The "
          f"{better} model was chosen on artists held back. Envelope opened: {opened.looks}.")
""".strip()
_IMPORTS, *_PARTS = re.split(r"\n\n(?=# 11\.\d)", SOLUTION)
PARTS = [f"{_IMPORTS}\n\n{_PARTS[0]}", *_PARTS[1:]]


@lru_cache(maxsize=1)
def _gtzan():
    return datasets.songs().set_index("song_id")


@lru_cache(maxsize=1)
def _sampler():
    return datasets.sampler()


def _column(table, role):
    """The first column of a table (or its index) that plays a role, or None."""
    for name in NAMES[role]:
        if name in table:
            return table[name]
        if table.index.name == name:
            return table.index.to_series()
    return None


def _songs_of(table):
    """Song ids of a table's rows, without the ending of a file's name; None if it has none."""
    named = _column(table, "song_id")
    if named is None:
        return None
    return named.astype(str).str.replace(r"\.(wav|mp3|flac|ogg|au)$", "", regex=True).to_numpy()


def _songs_in_rows(table):
    """As `_songs_of`, but an index without a name will do, if it holds names."""
    songs = _songs_of(table)
    if songs is None and not pd.api.types.is_numeric_dtype(table.index):
        songs = _songs_of(table.rename_axis("song_id"))
    return songs


def _is_gtzan(songs):
    return bool(len(songs)) and bool(np.isin(songs, _gtzan().index).all())


def _some(names, limit=3):
    names = sorted(map(str, names))
    return ", ".join(names[:limit]) + (" …" if len(names) > limit else "")


def _positions(rows, length):
    """Row positions, or a sentence on what is wrong with them."""
    rows = np.asarray(rows)
    if rows.dtype == bool:
        return "Those are True and False for each row: `np.flatnonzero` makes positions of them."
    if rows.ndim != 1 or not len(rows) or not np.issubdtype(rows.dtype, np.integer):
        return "Row positions are wanted: whole numbers in one dimension, at least one."
    if rows.min() < 0 or rows.max() >= length:
        return f"There are positions beyond the table's {length} rows."
    if twice := len(rows) - len(set(rows)):
        return f"{twice} of {len(rows)} positions are there more than once. Name each row once."
    return np.sort(rows)


def _misnamed(artist, true):
    """A sentence if a column of artists does not tell apart those who are, or an empty one."""
    if artist is None:
        return "I see no column `artist`: without it nobody can say who plays on both sides."
    if artist.isna().any():
        return (
            f"{int(artist.isna().sum())} rows have no artist, and `groupby` leaves them out. Let "
            "each such song stand for itself: `fillna` with the song_id."
        )
    pairs = pd.DataFrame({"said": artist.astype(str).to_numpy(), "true": true}).drop_duplicates()
    if pairs.said.duplicated().any():
        name = pairs.said.value_counts().index[0]
        return (
            f"The column `artist` says {name!r} of {(pairs.said == name).sum()} artists. A song by "
            "nobody knows whom is an artist of its own: `fillna` with the song_id."
        )
    if pairs.true.duplicated().any():
        name = pairs.true.value_counts().index[0]
        return (
            f"{name} goes by {(pairs.true == name).sum()} names in the column `artist`. The "
            "artists are in `songs.csv`; only where one is missing does the song_id stand in."
        )
    return ""


# 11.1


def _split(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        return no("Three things are wanted: the table, and row positions of train and of test.")
    table, *parts = answer
    if not isinstance(table, pd.DataFrame):
        return no("The first part of the answer is the table, as a DataFrame.")
    parts = [_positions(rows, len(table)) for rows in parts]
    for rows in parts:
        if isinstance(rows, str):
            return no(rows)
    train, test = parts
    songs, genre, artist = _songs_of(table), _column(table, "genre"), _column(table, "artist")
    if songs is None or genre is None:
        return no(
            "The table needs a column `song_id` (or `filename`) and one `genre` (or `label`)."
        )
    known = _gtzan().loc[songs] if _is_gtzan(songs) else None
    if known is not None and (wrong := (genre.to_numpy() != known.genre.to_numpy()).sum()):
        return no(f"The genre of {wrong} rows is not that of their songs in `songs.csv`.")
    if known is not None and artist is None:
        return no("The table has no column `artist`. `songs.csv` has one: join the two.")
    if told := _misnamed(artist, artist if known is None else known.artist_group.to_numpy()):
        return no(told)
    artist = artist.to_numpy()
    told = _on_both_sides(songs, artist, known, train, test)
    if told or (known is not None and (told := _not_the_published(songs, train, test))):
        return no(told)
    if lost := set(genre.iloc[test]) - set(genre.iloc[train]):
        return no(f"Nobody in training plays {_some(lost)}, so no model can learn it.")
    return yes(
        f"{len(set(songs[train]))} songs by {len(set(artist[train]))} artists to learn from, "
        f"{len(set(songs[test]))} songs by {len(set(artist[test]))} others to be tested on. "
        "From now on the test part stays closed."
    )


def _on_both_sides(songs, artist, known, train, test):
    """A sentence on rows, songs or artists in training and in test, or an empty one."""
    if both := set(train) & set(test):
        return f"Rows in training and in test: {len(both)}. Each belongs to one part."
    if both := set(songs[train]) & set(songs[test]):
        return (
            f"Songs with pieces on both sides: {len(both)} ({_some(both)}). The model would "
            "recognize recordings. Keep songs whole, and artists too."
        )
    if known is not None and not (known.fault_filtered_split.iloc[train] == "test").any():
        faulty = known.fault_filtered_split.isna().to_numpy()
        if found := set(songs[train][faulty[train]]) | set(songs[test][faulty[test]]):
            return (
                f"{len(found)} songs have no entry in `fault_filtered_split`, for they have known "
                "faults. Leave them out of both: what is not test is not all training."
            )
    if both := set(artist[train]) & set(artist[test]):
        return (
            f"Artists who play on both sides: {len(both)} ({_some(both)}). The model would "
            "recognize them. Keep artists whole."
        )
    return ""


def _not_the_published(songs, train, test):
    """A sentence if these are not the rows of the published parts, or an empty one."""
    part = _gtzan().fault_filtered_split[songs].to_numpy()
    if sealed := set(songs[train][part[train] == "test"]):
        return (
            f"No artist is on both sides, but {len(sealed)} songs of the published test part are "
            "in training. Take the split from the column `fault_filtered_split`."
        )
    if others := set(songs[test][part[test] != "test"]):
        return (
            f"{len(others)} songs in the test are of the published training and validation parts: "
            'where `fault_filtered_split` says "test" is the test.'
        )
    whole = _shipped_rows(songs)
    for name, rows, parts in (("training", train, ["train", "valid"]), ("test", test, ["test"])):
        wanted = whole.song_id[whole.fault_filtered_split.isin(parts)].value_counts()
        there = pd.Series(songs[rows]).value_counts().reindex(wanted.index, fill_value=0)
        if (there == 0).any():
            return _lost(wanted.index[there == 0], name)
        if (there != wanted).any():
            return (
                f"All songs are there, but in {name} I count {there.sum()} rows where the table "
                f"has {wanted.sum()}. A song brings all its windows, each once."
            )
    return ""


def _shipped_rows(songs):
    """All rows of the table that these songs are from: the sampler's, the script's, or theirs."""
    count = len(set(songs))
    if count > FEW and np.isin(songs, _sampler().song_id).all():
        return _sampler()
    return _gtzan().reset_index() if count > FEW else _gtzan().loc[songs].reset_index()


def _lost(songs, part):
    lost = _gtzan().loc[songs]
    start = f"Songs missing from {part}: {len(lost)}"
    if lost.artist.isna().all():
        return (
            f"{start}, all by unknown artists. Drop none: let each be an artist of its own, by "
            "`fillna` with the song_id."
        )
    if (lost.fault_filtered_split == "valid").all():
        return (
            f'{start}, all of the published part "valid". You need not hold back just those: '
            "they are yours as well, to learn from and to choose on."
        )
    return f"{start} ({_some(lost.index)}). All songs of the published part belong there."


# 11.2


def _pipeline(answer):
    if told := _no_pipeline(answer):
        return no(told)
    model, X, *parts = answer
    model = getattr(model, "best_estimator_", model)
    X = np.asarray(X, dtype=float)
    parts = [_positions(rows, len(X)) for rows in parts]
    for rows in parts:
        if isinstance(rows, str):
            return no(rows)
    fit, test = parts
    known = _shipped(X)
    told = (
        _other_columns(model, X, known)
        or _no_groups(known, len(X), fit, test)
        or _other_means(_scaler(model), X, fit, test)
        or _other_rows(model, fit)
        or (known is not None and _no_idea(model, X[fit], known.genre.to_numpy()[fit]))
    )
    if told:
        return no(told)
    _learned[:] = [] if known is None else sorted(set(known.song_id.iloc[fit]))
    spread = X.std(axis=0)
    gap = np.abs(X.mean(axis=0) - _scaler(model).mean_)[spread > 0] / spread[spread > 0]
    left = "" if known is None else f" {_held(known, fit)}"
    return yes(
        f"The scaler's means are those of your {len(fit)} rows, and nobody else's: over all "
        f"{len(X)} rows a column's mean lies up to {gap.max():.2f} standard deviations away.{left}"
    )


def _scaler(model):
    return next((step for _, step in model.steps if hasattr(step, "with_mean")), None)


def _no_pipeline(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 4:
        return (
            "Four things are wanted: the fitted pipeline, `X`, the rows of it that the pipeline "
            "was fitted on, and the test rows."
        )
    model = getattr(answer[0], "best_estimator_", answer[0])
    if not hasattr(model, "steps"):
        return (
            "That is no pipeline. `make_pipeline` ties the scaler to the model, so that whoever "
            "fits one fits both on the same rows."
        )
    if _scaler(model) is None:
        return "I see no `StandardScaler` in this pipeline."
    if not hasattr(_scaler(model), "mean_"):
        return "This pipeline has not been fitted yet."
    if isinstance(answer[1], pd.DataFrame) and "start" in answer[1]:
        return START
    return ""


def _shipped(X):
    """The shipped table that X is made of, row by row; None if it is of no such table.

    In the order of the features or of the songs, with the songs that have no part or without.
    """
    for table in (
        _sampler(),
        _sampler().sort_values("song_id", kind="stable"),
        datasets.script_table(),
    ):
        for rows in (table, table[table.fault_filtered_split.notna()]):
            numbers = rows.select_dtypes("number").to_numpy(float)
            if len(rows) == len(X):
                pairs = np.argwhere(np.isclose(X[0][:, None], numbers[0]))
                if any(np.allclose(X[:, mine], numbers[:, theirs]) for mine, theirs in pairs):
                    return rows
    return None


def _other_columns(model, X, known):
    learned = _scaler(model).n_features_in_
    if X.shape[1] != learned:
        return f"`X` has {X.shape[1]} columns; the pipeline learned {learned}."
    if known is not None and "start" in known:
        start = known.start.to_numpy(float)[:, None]
        if np.isclose(X, start).all(axis=0).any():
            return f"A column of `X` is `start`. {START}"
    mean, spread = X.mean(axis=0), X.std(axis=0)
    if known is not None:
        groups = known.song_id if known.song_id.duplicated().any() else known.genre
        codes = pd.DataFrame(X).groupby(groups.to_numpy()).nunique().max().to_numpy() == 1
        codes = np.flatnonzero((codes | (np.round(X) == X).all(axis=0)) & (spread > 0))
        if len(codes):
            return (
                f"Column {codes[0]} of `X` (counted from 0) is no sound: it holds whole numbers, "
                f"or one value for each {groups.name.removesuffix('_id')}, as a code for genre, "
                "song or part does. A code can give the answer away: take it out (trap 4)."
            )
    if np.allclose(mean, 0, atol=1e-6) and np.allclose(spread[spread > 0], 1, atol=1e-6):
        return (
            "`X` has been scaled before, all rows at once: each column's mean is 0 over training "
            "*and* test. The pipeline's own scaler comes too late. Hand it the raw columns."
        )
    return ""


def _no_groups(known, length, fit, test):
    """A sentence if the three groups of artists are not kept apart, or an empty one."""
    if known is None:
        if both := set(fit) & set(test):
            return f"Rows among those it learned from *and* among the test rows: {len(both)}."
        whole = len(fit) + len(test) == length
        return f"Every row is either test or learned from. {THREE}" if whole else ""
    part = known.fault_filtered_split.to_numpy()
    within = WITHIN if fit.max() < np.isin(part, ["train", "valid"]).sum() else ""
    if n := (part[fit] == "test").sum():
        return f"{n} of the rows that it learned from belong to the sealed test part.{within}"
    if n := pd.isna(part[fit]).sum():
        return f"{n} of the rows that it learned from have known faults: no part has them.{within}"
    if n := (part[test] != "test").sum():
        return (
            f"{n} of the test rows are not of the published test part. Artists to choose on are "
            'one thing, the test another: it is where `fault_filtered_split` says "test".'
        )
    if n := (part == "test").sum() - len(test):
        return f"{n} rows of the published test part are missing among the test rows."
    learned, others = known.iloc[fit], _held_back(known, fit)
    if not len(others):
        return f"It has learned from all rows of the training part. {THREE}"
    if torn := set(learned.song_id) & set(others.song_id):
        return (
            f"{len(torn)} songs have windows that it learned from, and others held back. Hold "
            "artists back, whole: `StratifiedGroupKFold` with the artists as groups."
        )
    if torn := set(learned.artist_group) & set(others.artist_group):
        return (
            f"The songs are whole, but it has learned from other songs by {len(torn)} artists of "
            f"those held back ({_some(torn)}). Hold whole artists back: they are the groups."
        )
    return _too_few(others.artist_group)


def _too_few(artists, least=FEWEST):
    if (n := len(set(artists))) >= least:
        return ""
    return (
        f"Artists held back: {n}. An interval comes from drawing artists and needs more of them: "
        f"hold back at least {FEWEST}."
    )


def _held_back(known, fit):
    others = known.drop(index=known.index[fit])
    return others[others.fault_filtered_split.isin(["train", "valid"])]


def _held(known, fit):
    songs = _held_back(known, fit).drop_duplicates("song_id")
    return (
        f"Held back: {len(songs)} songs by {songs.artist_group.nunique()} artists."
        f"{_unheard(songs.genre, known.genre.iloc[fit])}"
    )


def _unheard(genre, genres):
    """A remark on genres that hardly anybody plays among the songs to choose on."""
    counts = genre.value_counts()
    none = sorted(set(genres) - set(counts.index))
    return f" No {' and no '.join(none)} among them: there nobody can choose." if none else ""


def _other_means(scaler, X, fit, test):
    """A sentence if the scaler learned from other rows, or an empty one."""
    spread = X.std(axis=0)
    varies = spread > 0

    def learned_from(rows):
        gap = np.abs(scaler.mean_ - X[rows].mean(axis=0))[varies] / spread[varies]
        return np.max(scaler.n_samples_seen_) == len(rows) and gap.max() < 1e-6

    if learned_from(fit):
        return ""
    for rows, whose in (
        (np.arange(len(X)), "of **all rows**, the test included"),
        (np.union1d(fit, test), "of training and test rows **together**"),
        (test, "of the **test rows**"),
    ):
        if learned_from(rows):
            return (
                f"The scaler's means are those {whose}: I computed them again. Fit on training "
                "rows alone."
            )
    if np.max(scaler.n_samples_seen_) == len(fit):
        return (
            f"The scaler has seen as many rows as you name, {len(fit)}, but others: positions "
            "within positions (trap 7)? Fit on `X[fit]`, where `fit` is `train[positions]`."
        )
    return (
        f"The scaler has seen {np.max(scaler.n_samples_seen_):.0f} rows, and its means are not "
        f"those of the {len(fit)} that you name. Which rows did it learn from?"
    )


def _other_rows(model, fit):
    last = model.steps[-1][1]
    shape = getattr(last, "shape_fit_", None)
    seen = shape[0] if shape is not None else getattr(last, "n_samples_fit_", len(fit))
    if seen == len(fit):
        return ""
    return (
        f"The scaler learned from {len(fit)} rows, but the classifier behind it from {seen}. "
        "Fit the pipeline as one."
    )


def _no_idea(model, X, genre):
    """A sentence if a model's answers hang together with no genre, whatever it calls them."""
    share = pd.crosstab(np.asarray(model.predict(X)), genre).max(axis=1).sum() / len(genre)
    if share > KNOWS_NOTHING:
        return ""
    return (
        f"Even of the rows that it learned from it gets {share:.0%} right at best, which is "
        "guessing. Do `X` and `y` go together, row by row?"
    )


# 11.3


def _truth(table, songs):
    """True genre and artist of songs, by song: GTZAN's own, or those of the table."""
    if _is_gtzan(songs):
        known = _gtzan().loc[songs]
        return known.genre.to_numpy(), known.artist_group.to_numpy()
    genre, artist = _column(table, "genre"), _column(table, "artist")
    if genre is None or artist is None:
        return None, None
    return genre.to_numpy(), artist.fillna(pd.Series(songs, artist.index)).to_numpy()


def _closed(songs):
    """A sentence if these songs should not have been asked, or an empty one."""
    if not _is_gtzan(songs):
        return ""
    part = _gtzan().fault_filtered_split[songs]
    if (part == "test").any():
        return (
            f"{int((part == 'test').sum())} of these songs are in the sealed test part. Choose and "
            "practice on songs of training artists that you held back."
        )
    if part.isna().any():
        return f"{int(part.isna().sum())} of these songs have known faults: leave them out."
    if both := set(songs) & set(_learned):
        return (
            f"{len(both)} of these songs are among the {len(_learned)} that the pipeline of 11.2 "
            f"learned from ({_some(both)}). Name the songs held back. (Have you fitted it on other "
            "rows since? Then check 11.2 once more.)"
        )
    return ""


def _two_models(answer):
    _chosen_on.clear()
    if not isinstance(answer, pd.DataFrame) or not {"classical", "network"} <= set(answer):
        return no(
            "A table is wanted with the columns `classical` and `network`, a row for each song "
            "that was held back, and the song_id as its index."
        )
    songs = _songs_in_rows(answer)
    if songs is None:
        return no(f"{WHICH} Where they are GTZAN's, the index must hold ids such as `blues.00000`.")
    if len(set(songs)) < len(songs):
        return no("Some songs have several rows. Let their windows vote: a song counts once.")
    genre, artist = _truth(answer, songs)
    if genre is None:
        return no(
            "I don't know these songs. With a table of your own, add the columns `genre` and "
            "`artist`; with GTZAN the index must hold its song ids, such as `blues.00000`."
        )
    said = answer[["classical", "network"]].set_axis(songs)
    told = (
        _closed(songs)
        or _torn(songs)
        or _too_few(artist, FEWEST if _is_gtzan(songs) else 2)
        or _no_names(said, genre)
        or _too_good_or_bad(said, genre)
    )
    if told:
        return no(told)
    rows = said.assign(artist_group=artist, genre=genre).rename_axis("song_id")
    _chosen_on.append(rows)
    return yes(_compared(rows))


def _no_names(said, genre):
    if any(pd.api.types.is_numeric_dtype(said[name]) for name in said):
        return "There are numbers where genres should be: `genres[numbers]` names them."
    genres = datasets.GENRES if _is_gtzan(said.index) else genre
    if unknown := set(said.to_numpy(dtype=str).ravel()) - set(map(str, genres)):
        return f"Nobody plays {_some(unknown)} here. Are the names spelled as in the table?"
    if (said.classical == said.network).all():
        return "Both columns say the same of every song: is that one model twice?"
    return ""


def _torn(songs):
    """A sentence if training artists are here with some songs only, or with all that there are."""
    if not _is_gtzan(songs):
        return ""
    in_sampler = np.isin(songs, _sampler().song_id).all()
    everyone = _sampler().drop_duplicates("song_id") if in_sampler else _gtzan().reset_index()
    training = everyone[everyone.fault_filtered_split.isin(["train", "valid"])]
    here = training.song_id.isin(songs)
    if here.all():
        return f"These are all {len(training)} songs of the training part. {THREE}"
    rest = training[~here & training.artist_group.isin(training.artist_group[here])]
    if not len(rest):
        return ""
    return (
        f"Artists torn apart ({_some(rest.artist_group.unique())}): {len(rest)} more training "
        "songs of theirs are not here. Hold whole artists back, and name all their songs."
    )


def _too_good_or_bad(said, genre):
    counts = pd.Series(genre).value_counts()
    for name in said:
        right = np.sum(said[name].to_numpy() == genre)
        share = right / len(genre)
        if share >= BY_HEART and _is_gtzan(said.index):
            return (
                f"`{name}` gets {share:.0%} of these songs right. On new artists that does not "
                "happen here: it has learned from these very songs."
            )
        if said[name].nunique() == 1:
            return f"`{name}` says {said[name].iloc[0]} of every song. Are its inputs scaled?"
        if right <= counts.iloc[0]:
            return (
                f"`{name}` gets {share:.0%} of these songs right, and always saying "
                f"{counts.index[0]} gets {counts.iloc[0] / len(genre):.0%}. Are its inputs scaled, "
                "and do its numbers and names belong together?"
            )
    return ""


def _compared(rows):
    tables = [rows.assign(predicted=rows[name]).reset_index() for name in ("classical", "network")]
    difference = evaluation.compare(*tables)
    clear = difference.low > 0 or difference.high < 0
    counts = rows.genre.value_counts()
    guess = f"Always saying {counts.index[0]} would get {counts.iloc[0] / len(rows):.2f} here."
    if _is_gtzan(rows.index):
        guess += _unheard(rows.genre, datasets.GENRES)
    if _learned and _is_gtzan(rows.index):
        guess += f" None is among the {len(_learned)} songs that 11.2 learned from."
    return (
        f"On {len(rows)} songs by {rows.artist_group.nunique()} artists: classical "
        f"{evaluation.accuracy(tables[0])}, network {evaluation.accuracy(tables[1])}, difference "
        f"{difference.difference:+z.2f} [{difference.low:+z.2f}, {difference.high:+z.2f}]. "
        f"{'' if clear else 'The interval holds zero: these songs cannot tell which is better. '}"
        f"({guess}) Choose one now. These songs have then done their work, and their figure is no "
        "test."
    )


# 11.4


def _interval(answer):
    if told := _no_table_of_songs(answer):
        return no(told)
    table, *ends = answer
    low, high = (float(end) for end in (ends[0] if len(ends) == 1 else ends))
    if not _chosen_on:
        return no("Hand in 11.3 first, and get it right: this is about the same songs.")
    rows = _chosen_on[-1]
    songs = _songs_in_rows(table)
    if told := _closed(songs) or _other_songs(songs, rows.index):
        return no(told)
    rows = rows.loc[songs].assign(predicted=table.predicted.to_numpy())
    told = _other_answers(rows, table.genre.to_numpy()) or _misnamed(
        _column(table, "artist"), rows.artist_group.to_numpy()
    )
    if told:
        return no(told)
    if low > high:
        return no("The lower end comes first.")
    if high > 1:
        return no("Accuracies are shares from 0 to 1, not percent.")
    return _on_ends((low, high), rows.reset_index())


def _no_table_of_songs(answer):
    if not isinstance(answer, tuple | list) or len(answer) not in (2, 3):
        return "Wanted are a table with a row for each song, and the pair (low, high)."
    table = answer[0]
    if np.isscalar(table):
        return "From the two ends alone I can't count again: put the table of songs before them."
    if not isinstance(table, pd.DataFrame) or not {"genre", "predicted"} <= set(table):
        return "The first part is a table with the columns `genre`, `artist` and `predicted`."
    songs = _songs_in_rows(table)
    if songs is None:
        return f"{WHICH} Without it {len(table)} rows could be windows as well."
    if len(set(songs)) < len(songs):
        return (
            f"{len(songs)} rows, but {len(set(songs))} songs: those are windows. Let them vote, "
            "and count songs."
        )
    return ""


def _other_songs(songs, asked):
    """A sentence if these are not the songs of 11.3, or an empty one."""
    if others := set(songs) - set(asked):
        return (
            f"{len(others)} of these songs were not in the table of 11.3 ({_some(others)}). Have "
            "you held others back since? Then check 11.3 once more."
        )
    lost = set(asked) - set(songs)
    if lost and _is_gtzan(asked) and _gtzan().artist[sorted(lost)].isna().all():
        return (
            f"{len(lost)} songs of 11.3 are missing, all by unknown artists: `groupby` and "
            "`dropna` leave them out. Let each stand for itself: `fillna` with the song_id."
        )
    if lost:
        return f"Of the {len(asked)} songs of 11.3, {len(lost)} are missing here ({_some(lost)})."
    return ""


def _other_answers(rows, genre):
    if (genre != rows.genre).any():
        return "Some genres in the column `genre` are not those of the songs."
    differ = {name: (rows.predicted != rows[name]).sum() for name in ("classical", "network")}
    if min(differ.values()):
        return (
            "`predicted` is what neither model said in 11.3: it differs from "
            f"`classical` in {differ['classical']} songs, from `network` in {differ['network']}."
        )
    return ""


def _on_ends(ends, rows):
    """The verdict on an interval: what was drawn is told by the recipe that gives the same."""
    score = evaluation.accuracy(rows)
    by_song = _ends(rows.song_id, rows)
    if _distance(ends, (score.low, score.high)) <= CLOSE:
        return yes(
            f"{score}, n = {score.n} songs by {score.artists} artists. Had songs been drawn, it "
            f"would look like [{', '.join(f'{end:.2f}' for end in by_song)}]."
        )
    recipes = {
        "That interval comes from drawing **songs**. The songs of an artist succeed and fail "
        "together: draw artists, each with all of their songs.": by_song,
        "There each artist counts the same, with one song or with twenty. The accuracy counts "
        "songs: sum the right ones and the songs of the artists drawn, then divide.": _ends(
            rows.artist_group, rows, each_once=True
        ),
        "That looks like the middle 90 %. Leave out 2.5 % at each end, not 5 %.": _ends(
            rows.artist_group, rows, share=0.9
        ),
    }
    said = min(recipes, key=lambda recipe: _distance(ends, recipes[recipe]))
    if _distance(ends, recipes[said]) <= NEAR:
        return no(said)
    low, high = ends
    drawn = by_song[1] - by_song[0]
    if high - low < NARROW * drawn and _distance(ends, by_song) < NEARBY:
        return no(
            f"An interval {high - low:.2f} wide is narrower than drawing single songs would give, "
            f"which is {drawn:.2f}. Were **windows** drawn? Those of a song are no independent "
            "evidence: draw artists, each with all of their songs."
        )
    return no(
        f"The accuracy is {score.value:.2f}, but your ends are up to "
        f"{_distance(ends, (score.low, score.high)):.2f} away from those that I find. Did you draw "
        "as many artists as there are, with replacement, 2,000 times? (Few draws give rough ends.)"
    )


def _distance(ends, others):
    return float(np.max(np.abs(np.subtract(ends, others))))


def _ends(groups, rows, *, each_once=False, share=0.95):
    """An interval from drawing groups: of songs' accuracy, or of the mean over groups."""
    right = (rows.predicted == rows.genre).groupby(groups.to_numpy()).agg(["sum", "size"])
    right = right.to_numpy(float)
    if each_once:
        right = np.column_stack([right[:, 0] / right[:, 1], np.ones(len(right))])
    who = np.random.default_rng(1).choice(len(right), size=(2000, len(right)))
    sums, n = right[who].sum(axis=1).T
    return tuple(np.quantile(sums / n, [(1 - share) / 2, (1 + share) / 2]))


WORDS = {"once": 1, "twice": 2, "thrice": 3, "one": 1, "first": 1, "two": 2, "second": 2,
         "three": 3, "third": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
         "ten": 10}  # fmt: skip
COUNT = rf"(\d+|{'|'.join(WORDS)})\b(?!\.\d|\s*%)"
NEAR_OPEN = (
    re.compile(rf"\b(?:open\w*|look\w*)\b[^.;]{{0,30}}?(?<![\d.])\b{COUNT}", re.I),
    re.compile(rf"(?<![\d.])\b{COUNT}[^.;]{{0,15}}?\b(?:open\w*|look\w*)", re.I),
)
PROTOCOL = re.compile(
    r"fault.?filtered|artists?\s+(?:were\s+|are\s+)?kept\s+whole|(?:new|unseen|unheard|other)\s+"
    r"artists|no\s+artist|never\s+heard|by\s+artist",
    re.I,
)

FIGURE = r"(?:\d+(?:\.\d+)?\s*%|\d+\.\d+)"
NAMED = re.compile(rf"accurac\D{{0,12}}({FIGURE}(?:[\s,;]*(?:and|or)?[\s,;]*{FIGURE})*)", re.I)
COMMA = re.compile(r"(?<![\d.,])(?:0,\d+|\d+,\d{1,2}(?=\s*%))")
GUESS = re.compile(r"\bguess|\balways\b|\bby chance\b|\bbaseline\b|\bone genre\b", re.I)


# 11.5


def _report(answer):
    if not isinstance(answer, str):
        return no("A paragraph is wanted: text in quotation marks.")
    seen, _ = envelope.looks()
    if not seen:
        return no(
            "The envelope is still sealed. Open it with the predictions of the model that you "
            "chose, then report what it said."
        )
    if comma := COMMA.search(answer):
        return no(f"Write a point, not a comma: {comma[0].replace(',', '.')} for {comma[0]}.")
    shares, guessing = _shares(answer), envelope.guessing()[0]
    said = [look for look in seen if _near(shares, look["accuracy"], 0.006)]
    listed = ", ".join(f"{look['accuracy']:.2f}" for look in seen)
    known = [0.95, guessing, *(look[key] for look in seen for key in ("accuracy", "low", "high"))]
    strange = [[share for share in _shares(figures) if not _near(known, share, 0.006)]
               for figures in NAMED.findall(answer)]  # fmt: skip
    if other := min(strange, key=len, default=[]):
        return no(
            f"As accuracy you write {other[0]:.2f}; the envelope said {listed}. Which is meant?"
        )
    if not said:
        return no(f"I miss the **accuracy**: the envelope said {listed}.")
    songs = envelope.sealed()
    artists = songs.artist_group.nunique()
    ends = f"[{said[0]['low']:.2f}, {said[0]['high']:.2f}]"
    needed = {
        f"the **interval**, both its ends: {ends} in the envelope": any(
            _near(shares, look["low"], CLOSE) and _near(shares, look["high"], CLOSE)
            for look in said
        ),
        "the **n**: how many songs the accuracy was counted on": _says(len(songs), answer),
        f"what n **counts**: {len(songs)} windows, songs or artists": re.search(
            r"\bsongs?\b", answer, re.I
        ),
        "how many **artists** are behind it: the interval hangs on them": _says(artists, answer),
        f"what **guessing** gets, {guessing:.2f} in the envelope, by always saying one genre: an "
        "accuracy is good or bad only beside it": GUESS.search(answer)
        and _near(shares, guessing, 0.006),
        "the **protocol**: which split, and had the model heard the artists? "
        '("fault-filtered split", "no artist on both sides")': PROTOCOL.search(answer),
    }
    for part, there in needed.items():
        if not there:
            return no(f"I miss {part}.")
    counts = {number for pattern in NEAR_OPEN for number in pattern.findall(answer)}
    counts = {WORDS.get(number.lower()) or int(number) for number in counts}
    if not counts:
        return no("I miss how often the **envelope was opened**: the count goes with the figure.")
    if len(seen) not in counts:
        return no(f"The envelope has been opened {envelope.times(len(seen))} by now: say so.")
    best = max(seen, key=lambda look: look["accuracy"])
    chosen = (
        " (It is the best of your looks. Say that you chose it on the test, or report the first.)"
        if len(seen) > 1 and said[0] is best and best is not seen[0]
        else ""
    )
    return yes(
        "Accuracy, interval, guessing, n and what it counts, artists, protocol and the count of "
        f"looks are all there.{chosen} I only looked for the parts. Whether it makes sense and "
        "is fair, you must judge: read it aloud to somebody."
    )


def _shares(text):
    """Numbers with decimals or a percent sign, as shares."""
    found = re.findall(r"(\d+\.\d+|\d+)(\s*%)?", text)
    return [float(n) / (100 if percent else 1) for n, percent in found if percent or "." in n]


def _says(number, text):
    return re.search(rf"(?<![\d.]){number}(?![\d.]*\d)", text)


def _near(shares, value, tolerance):
    return any(abs(share - value) <= tolerance for share in shares)


EXERCISES = collect(
    Exercise(
        name="11.1",
        minutes=20,
        wanted="a tuple (table, train, test)",
        nudge="`merge` joins the columns of `songs.csv` to those of the features, by song. One of "
        "them names the part.",
        partial="""The merged table keeps the order of the features' rows:

```python
songs = pd.read_csv("../data/songs.csv")
table = pd.read_csv("../data/sampler_features.csv").merge(songs, on="song_id")
test = np.flatnonzero(table.fault_filtered_split == "test")
```

The published parts `train` and `valid` are both there to learn from. Songs without an entry are in
neither part.""",
        solution=PARTS[0],
        reasoning="Nobody plays in two of the published parts, and songs with known faults are in "
        "none. Each song by nobody knows whom counts as an artist of its own. (With a table of "
        "your own, `StratifiedGroupKFold` with the artists as `groups` makes the parts.)",
        look=_split,
    ),
    Exercise(
        name="11.2",
        minutes=20,
        wanted="a tuple (pipeline, X, rows it was fitted on, test rows)",
        nudge="Lesson 04: `make_pipeline` ties scaler and model together, and `fit` gets training "
        "rows only. Hold some training artists back first: you will choose with them.",
        partial="""The training part is split once more, by artist. What `split` returns counts
within that part, and `train[...]` makes it rows of the table:

```python
cut = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=0)
folds = list(cut.split(X[train], y[train], groups=table.artist.iloc[train]))
fit, held = train[folds[0][0]], train[folds[0][1]]
```

Then `make_pipeline(...).fit(X[fit], y[fit])`.""",
        solution=PARTS[1],
        reasoning="Three groups of artists stay apart: those whom the model learns from, those on "
        "whom you choose, and those in the envelope. Whoever calls the pipeline's `fit` cannot "
        "forget the scaler, nor fit it on others. (It goes on from 11.1.)",
        look=_pipeline,
    ),
    Exercise(
        name="11.3",
        minutes=30,
        wanted="a table with the columns classical and network, indexed by song_id",
        nudge="Lesson 05: whole numbers for the genres, `Sequential`, `compile`, `fit`, and "
        "`argmax` of what `predict` returns. Lesson 04: `groupby` song and take the `mode`.",
        partial="""Windows vote like this:

```python
windows = pd.Series(said).groupby(table.song_id.iloc[held].to_numpy())
windows.agg(lambda named: named.mode()[0])
```

`said` are the names of genres that a model gives to the rows in `held`. The network wants what
`svm[0].transform` makes of them.""",
        solution=PARTS[2],
        reasoning="Both models learned from the same rows and are asked about the same artists, so "
        "they can be compared. The network gets the pipeline's scaler, which has seen those rows "
        "only. (It goes on from 11.2.)",
        look=_two_models,
    ),
    Exercise(
        name="11.4",
        minutes=30,
        wanted="a tuple (table, (low, high)), with a row for each song in the table",
        nudge="Lesson 08: draw artists with replacement, as many as there are; sum their right "
        "songs and their songs; divide. Again and again, then take the middle 95 %.",
        partial="""Two numbers for each artist are enough:

```python
right = voted.genre == voted.predicted
counts = right.groupby(voted.artist).agg(["sum", "size"]).to_numpy()
who = np.random.default_rng(0).choice(len(counts), size=(2000, len(counts)))
```

`counts[who]` holds 2,000 draws of artists, two numbers for each.""",
        solution=PARTS[3],
        reasoning="The unit that is drawn is the unit that varies: other artists would have been "
        "another test. Sums are divided at the end, so that a song counts once whoever plays it. "
        "(It goes on from 11.3.)",
        look=_interval,
    ),
    Exercise(
        name="11.5",
        minutes=15,
        wanted="a paragraph, as a string",
        nudge="What did it learn from, whom was it asked about, how many, how sure, what would "
        "guessing get, how often did you look?",
        partial="""What `open_envelope` returned holds the figures, for an f-string:

```python
f"accuracy {opened}, n = {opened.n} songs by {opened.artists} artists"
```

Add `opened.guessing`, the protocol, and `opened.looks`.""",
        solution=PARTS[4],
        reasoning="Somebody who has never seen this course can tell from the paragraph what was "
        "measured, on whom, how sure it is, and how much of it may be choice. That is all that an "
        "honest figure needs. (It goes on from 11.4.)",
        look=_report,
    ),
)
