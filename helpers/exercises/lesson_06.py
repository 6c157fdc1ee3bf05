"""Exercises of lesson 06: can a network find its own features?"""

import math
from functools import lru_cache

import numpy as np
import pandas as pd

from helpers import audio, datasets, evaluation, features, models, splits
from helpers.exercises.exercise import Exercise, collect, no, number, yes
from helpers.exercises.runs import look_at_runs

CONVOLUTIONS = ((4, 4), (3, 2), (3, 2))  # size and step of each
FRAME = 345 / audio.SAMPLE_RATE  # seconds
CHANGES = ("louder", "contrast", "treble")
STRAY = 0.02  # rounding may tip a patch or two that stood on the edge
TWO = 2  # so many windows may be tipped by rounding; the check runs where the answer was made
EPOCHS = 10
CHECKED = (0, 2)  # the seeds that the check trains, too
FILTERS = {"full": (16, 32, 64), "half": (8, 16, 32)}
OTHER = {"full": "half", "half": "full"}


def field(convolutions=CONVOLUTIONS):
    """How many frames a point of the last map sees."""
    seen, step = 1, 1
    for size, stride in convolutions:
        seen += (size - 1) * step
        step *= stride
    return seen


def _look_at_field(answer):
    frames = float(answer)
    if frames == field():
        return yes(
            f"{field()} frames, {field() * FRAME:.2f} s: about one beat. What is further apart "
            "meets only in the average at the end, where its order is lost."
        )
    sizes, steps = zip(*CONVOLUTIONS, strict=True)
    advice = {
        field((size, 1) for size in sizes): "You let every filter move by one. After the first "
        "step of 4, neighbors in a map are 4 frames apart.",
        math.prod(sizes): "The sizes multiply only if each step is as large as its filter. In the "
        "second and the third layer the filters overlap.",
        math.prod(steps): "That is how far two neighbors in the last map are apart. How much "
        "does each of them see?",
        field(CONVOLUTIONS[:2]): "So much sees a point of the second map. One layer more.",
        sum(sizes): "The sizes don't simply add up: 3 places of a map are not 3 frames.",
    }
    if frames in advice:
        return no(advice[frames])
    if any(math.isclose(frames, field() * unit, rel_tol=0.02) for unit in (FRAME, 1000 * FRAME)):
        return no("The right stretch of time. Say it in frames.")
    return no("I count otherwise. Begin at the last map and go back: 3 places of the map before …")


@lru_cache(maxsize=1)
def _lesson():
    """Table, patches, genres, and the rows of the lesson: fit, valid, train and test."""
    table = datasets.sampler()
    ((train, test),) = splits.fault_filtered(table)
    fit, valid = splits.by_artist(table.iloc[train], n_splits=3)[0]
    rows = {"fit": train[fit], "valid": train[valid], "train": train, "test": test}
    return table, features.from_bytes(datasets.patches()), table.genre.to_numpy(dtype=object), rows


@lru_cache(maxsize=1)
def changed():
    """Share of the watched patches that `first` calls something else, for each kind of change."""
    table, X, y, rows = _lesson()
    keras, fit = models.import_keras(), rows["fit"]
    keras.utils.set_random_seed(0)
    first = models.cnn()
    labels = np.eye(len(set(y)), dtype=np.float32)[np.unique(y, return_inverse=True)[1]]
    first.fit(
        X[fit], labels[fit], sample_weight=evaluation.balanced_weights(table.iloc[fit]),
        epochs=EPOCHS, batch_size=32, verbose=0,
    )  # fmt: skip
    X = X[rows["valid"]]
    slope = np.linspace(-6, 6, X.shape[1])[:, np.newaxis]
    changes = {"treble": X + slope, "bass": X - slope, "time": X + np.linspace(-6, 6, X.shape[2]),
               "half": X + slope / 2, "twice": X + 2 * slope}  # fmt: skip
    before = np.asarray(first(X)).argmax(axis=1)
    return {name: np.mean(np.asarray(first(patches)).argmax(axis=1) != before)
            for name, patches in changes.items()}  # fmt: skip


def _look_at_changes(answer):
    shares = pd.Series(answer, dtype=float)
    if set(shares.index) != set(CHANGES):
        return no(f"A dictionary with the keys {', '.join(map(repr, CHANGES))} is wanted.")
    if shares.isna().any():
        return no("One of your shares is no number (NaN). Is something divided by zero?")
    if not shares.between(0, 1).all():
        return no("Shares from 0 to 1 are wanted: divide by the number of patches.")
    louder, contrast, treble = shares[list(CHANGES)]
    if min(louder, contrast) > 1 - STRAY:
        return no("Is that the share of answers that *stay* as they are? Count those that change.")
    for name, share in (("louder", louder), ("contrast", contrast)):
        if share > STRAY:
            return no(
                f"{name!r} should change next to nothing. Do you change the decibels in "
                "`X[valid]`, and compare with the answers to `X[valid]`, genre by genre?"
            )
    if treble <= STRAY:
        return no(
            "The treble changes nothing with you. A slope that the network can see differs from "
            "band to band: its shape is (64, 1)."
        )
    ours, window = changed(), 1 / rows_of_the_lesson()["valid"]
    # Two windows, and what rounding to two digits takes.
    if abs(treble - ours["treble"]) <= TWO * window + 0.005:
        return yes(
            "Volume and contrast leave the answers alone, the treble changes "
            f"{ours['treble']:.0%} of them. Would you call it another genre?"
        )
    advice = {
        "time": "So many change if the slope runs over *time*: 128 numbers, from the first frame "
        "to the last. Treble is a matter of bands: give the slope the shape (64, 1).",
        "bass": "So many change if the *bass* is raised. The lowest band comes first: it gets −6.",
        "half": "So many change with 6 dB in all. From −6 to +6 it is 12.",
        "twice": "So many change with 24 dB in all. From −6 to +6 it is 12.",
    }
    nearest = min(advice, key=lambda name: abs(treble - ours[name]))
    # An invented number shall not be told how it was computed.
    if abs(treble - ours[nearest]) <= 1.5 * window:
        return no(advice[nearest])
    return no(
        f"With my patches another share than {treble:.3f} changes. Are yours the patches "
        "`X[valid]` of section 4, and is the network `first`?"
    )


@lru_cache(maxsize=1)
def rows_of_the_lesson():
    """How many windows the lesson learns from, watches and tests on."""
    rows = _lesson()[-1]
    return {part: len(rows[part]) for part in ("fit", "valid", "test")}


@lru_cache(maxsize=16)
def trained(name, seed, weighted=True):
    """Accuracy by window and by song of the full or half network, trained as the lesson says."""
    table, X, y, rows = _lesson()
    fit, valid = rows["fit"], rows["valid"]
    model = models.NetworkClassifier(
        models.cnn, {"filters": FILTERS[name]}, epochs=EPOCHS, batch_size=32, look_every=EPOCHS,
        seed=seed,
    )  # fmt: skip
    weights = evaluation.balanced_weights(table.iloc[fit]) if weighted else None
    model.fit(X[fit], y[fit], sample_weight=weights)
    windows = evaluation.predict(model, X[valid], table.iloc[valid])
    songs = evaluation.vote(windows)
    return tuple(np.mean(part.predicted == part.genre) for part in (windows, songs))


def _other_route(runs, name, seed, close):
    """What else may have led to a figure that isn't ours, as advice; else None."""
    said = runs[name].iloc[seed]
    if np.abs(runs[name].drop(index=seed) - trained(name, seed)[0]).min() <= close:
        return "It stands in another row: put the seeds 0, 1 and 2 in order."
    if abs(said - trained(OTHER[name], seed)[0]) <= close:
        return "It is that of the other width: are the columns swapped?"
    if abs(said - trained(name, seed, weighted=False)[0]) <= close:
        return "It comes out without weights: hand them to `fit` as `sample_weight`."
    return None


def _look_at_half(answer):
    luck = (
        "But three seeds are few: if nothing but luck were at work, they would part like this in "
        "2 of 20 cases."
    )
    verdict = look_at_runs(answer, tuple(FILTERS), 3, rows_of_the_lesson(), luck)
    if not verdict.right:
        return verdict
    runs = pd.DataFrame(answer[0]).astype(float).reset_index(drop=True)
    if len(runs) != 3:
        return no(f"Three rows are wanted, for the seeds 0, 1 and 2. I see {len(runs)}.")
    runs.columns = list(FILTERS) if set(runs) != set(FILTERS) else runs.columns
    table, *_, rows = _lesson()
    songs = table.song_id.iloc[rows["valid"]].nunique() * runs[list(FILTERS)].to_numpy()
    windows = len(rows["valid"]) * runs[list(FILTERS)].to_numpy()
    whole = [np.allclose(n, np.round(n), rtol=0, atol=1e-3) for n in (songs, windows)]
    if whole == [True, False]:
        return no("These were counted on *songs*: the windows have voted. Count window by window.")
    if not whole[1]:
        return no(
            f"No count of {len(rows['valid'])} windows gives these shares exactly. Count on "
            "`valid`, and don't round."
        )
    close = TWO / len(rows["valid"])
    for name in FILTERS:
        for seed in CHECKED:
            if abs(runs[name].iloc[seed] - trained(name, seed)[0]) <= close:
                continue
            advice = _other_route(runs, name, seed, close) or (
                "Is it the wrapper, with the options of the text, ten epochs and the weights? "
                "(`first.fit` puts the songs into batches in another order.)"
            )
            return no(
                f"I trained {name!r} with seed {seed} and don't get your "
                f"{runs[name].iloc[seed]:.3f}. {advice}"
            )
    return verdict


@lru_cache(maxsize=1)
def svm_votes():
    """What the SVM of section 7 says of the test part: windows and songs."""
    table, *_, rows = _lesson()
    described = table[list(features.names("full"))].to_numpy()
    svm, fold = models.baselines()["RBF SVM"], [(rows["train"], rows["test"])]
    windows = evaluation.cross_val_predict(svm, described, table, fold, balanced=True)
    return windows, evaluation.vote(windows)


def mean_recall(said):
    """Mean over the genres that are played: which share of their songs (or windows) was found."""
    return (said.predicted == said.genre).groupby(said.genre).mean().mean()


def other_means():
    """What else one may compute from the matrix of section 7, with advice."""
    windows, songs = svm_votes()
    counts = evaluation.confusion(songs, labels=list(datasets.GENRES))
    found, called, size = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    return {
        "That is the accuracy: there each *song* counts the same.": found.sum() / size.sum(),
        "You divide by ten genres, but jazz isn't played in the test part: it has no songs to be "
        "found. Take the mean of nine.": (found / size.clip(lower=1)).mean(),
        "There you went down the columns: of the songs that are called so, which share is so? Here "
        "each *true* genre shall count the same: divide by the sums of the rows. "
        "(Or is it the network's matrix? Its mean is much the same.)": np.mean(
            (found / called.clip(lower=1))[size > 0]
        ),
        "That is the macro F1. It counts precision, too, and jazz as zero.": evaluation.macro_f1(
            songs
        ).value,
        "That is counted on windows. The matrix counts songs, which have voted.": mean_recall(
            windows
        ),
    }


def _look_at_mean_recall(answer):
    share = number(answer)
    if not 0 <= share <= 1:
        return no("A share from 0 to 1 is wanted.")
    songs = svm_votes()[1]
    truth, plain = mean_recall(songs), np.mean(songs.predicted == songs.genre)
    # Rounded to two digits, and a song or two may fall otherwise on another processor.
    if abs(share - truth) <= 0.006:
        than = "above" if truth > plain else "below"
        found = (songs.predicted == songs.genre).groupby(songs.genre).agg(["mean", "size"])
        large = found[found["size"] > found["size"].median()].sort_values("mean")["mean"]
        each = ", ".join(f"{genre} {share:.2f}" for genre, share in large.items())
        return yes(
            f"{truth:.2f}, {than} the accuracy of {plain:.2f}. Of the genres with most songs it "
            f"finds {each}: how frequent a genre is doesn't explain that. scikit-learn calls this "
            "mean `balanced_accuracy_score`."
        )
    for advice, value in other_means().items():
        if abs(share - value) <= 0.006:
            return no(advice)
    return no(
        'I get another number from `votes["SVM, hand-made"]`. For each row of the matrix: the '
        "count on the diagonal, divided by the row's sum. Then the mean of these shares, over the "
        "rows that have songs."
    )


EXERCISES = collect(
    Exercise(
        name="06.1",
        minutes=10,
        wanted="a number of frames",
        nudge="Draw it: a row of dots for the frames and for each map. Which dots of the row below "
        "does one dot see?",
        partial="Go through the layers from the first. A point of the first map sees 4 frames, and "
        "its neighbor begins 4 frames later. A point of the second map sees 3 such points: "
        "4 + 2 × 4 frames. How far apart are *its* neighbors?",
        solution="""
seen, step = 1, 1  # a frame sees itself, and its neighbor is one frame away
for size, stride in [(4, 4), (3, 2), (3, 2)]:
    seen += (size - 1) * step
    step *= stride
answer = seen
""",
        reasoning="This is the *receptive field*. (Each frame is itself computed from 93 ms of "
        "sound, so a little more goes in at the edges.) A note or a drum stroke fits into it, a "
        "bar of music does not: of longer rhythms this network knows only what the average over "
        "the patch tells. More layers or larger steps would widen the view.",
        look=_look_at_field,
    ),
    Exercise(
        name="06.2",
        minutes=15,
        wanted='a dictionary of shares, with the keys "louder", "contrast" and "treble"',
        nudge="`first.predict(X[valid] + 12, verbose=0).argmax(axis=1)` gives the number of the "
        "most probable genre for each louder patch. Compare it with that for `X[valid]`.",
        partial="""The slope is a column, one number for each band:

```python
slope = np.linspace(-6, 6, 64)[:, np.newaxis]
```

`np.mean(a != b)` is the share of places at which two arrays differ.""",
        solution="""
def said(patches):
    return first.predict(patches, verbose=0).argmax(axis=1)


fit, valid = inner[0]
slope = np.linspace(-6, 6, 64)[:, np.newaxis]
changed = {"louder": X[valid] + 12, "contrast": 2 * X[valid], "treble": X[valid] + slope}
before = said(X[valid])
answer = {name: np.mean(said(patches) != before) for name, patches in changed.items()}
print(answer)
""",
        reasoning="Each patch is brought to mean 0 and deviation 1. That takes away what was added "
        "to all points and what they were multiplied by, so the network *can't* notice the first "
        "two. A slope over the bands survives. No listener would change the genre because somebody "
        "turned the treble up; the network does, for a part of the patches. Lesson 09 asks what "
        "that means.",
        look=_look_at_changes,
    ),
    Exercise(
        name="06.3",
        minutes=20,
        wanted='a pair: a table of three seeds × two widths, and "full", "half" or "can\'t say"',
        nudge='Hand `{"filters": (8, 16, 32)}` to `models.NetworkClassifier` as its options. Its '
        "`fit` takes the weights as `sample_weight`.",
        partial="""A network with half the filters, and seed 0:

```python
weights = evaluation.balanced_weights(table.iloc[fit])
half = models.NetworkClassifier(
    models.cnn, {"filters": (8, 16, 32)}, epochs=10, batch_size=32, look_every=10, seed=0
)
half.fit(X[fit], y[fit], sample_weight=weights)
```

`np.mean(half.predict(X[valid]) == y[valid])` is its accuracy on the watched patches.""",
        solution="""
fit, valid = inner[0]


def accuracy(filters, seed):
    model = models.NetworkClassifier(
        models.cnn, {"filters": filters}, epochs=10, batch_size=32, look_every=10, seed=seed
    )
    model.fit(X[fit], y[fit], sample_weight=evaluation.balanced_weights(table.iloc[fit]))
    return np.mean(model.predict(X[valid]) == y[valid])


runs = pd.DataFrame(
    {name: [accuracy(filters, seed) for seed in range(3)]
     for name, filters in {"full": (16, 32, 64), "half": (8, 16, 32)}.items()}
)
low, high = runs.min(), runs.max()
clear = [name for name, other in (("full", "half"), ("half", "full")) if low[name] > high[other]]
answer = (runs, clear[0] if clear else "can't say")
""",
        reasoning="Halving the filters leaves a quarter of the weights in the large layers, and "
        "still the network learns far more about its songs than about those of others. What it "
        "lacks is songs. And three seeds tell apart only what is very different: luck alone keeps "
        "two ranges apart in one case of ten. Had you tried ten widths, one would have won.",
        look=_look_at_half,
    ),
    Exercise(
        name="06.4",
        minutes=15,
        wanted="a number from 0 to 1",
        nudge="In which rows of the matrix do songs stand? And which share of each row is on the "
        "diagonal?",
        partial="""`evaluation.confusion` makes the matrix, true genres in rows:

```python
counts = evaluation.confusion(votes["SVM, hand-made"], labels=list(genres))
found = pd.Series(np.diag(counts), counts.index) / counts.sum(axis=1)
```

One of these ten shares does not exist.""",
        solution="""
counts = evaluation.confusion(votes["SVM, hand-made"], labels=list(genres))
size = counts.sum(axis=1)
found = pd.Series(np.diag(counts), counts.index)[size > 0] / size[size > 0]
print(found.sort_values().round(2).to_string())
answer = found.mean()
""",
        reasoning="The share of a row that lies on the diagonal is the recall of that genre, and "
        "the mean of the recalls is the accuracy on a collection in which all genres are equally "
        "large. It belongs beside the accuracy as macro F1 does. But mind the small rows: with two "
        "songs of disco, one song more or less moves the mean by more than five hundredths, so "
        "this number is even less certain than the accuracy.",
        look=_look_at_mean_recall,
    ),
)
