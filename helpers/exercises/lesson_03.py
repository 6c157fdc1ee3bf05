"""Exercises of lesson 03: how does a folder become a table?"""

from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from helpers import datasets, evaluation, features, jukebox, models, splits
from helpers.exercises.exercise import Exercise, collect, no, yes

COLUMNS = list(features.names("full"))
FIVE = 5
# A number that goes with a feature like this says nothing new.
SAME = 0.97
# Songs' genres that one honest number alone can tell: far fewer.
TOO_GOOD = 0.6


def _songs():
    """The sampler's songs, one row each, as in section 8."""
    keys = ["song_id", "genre", "artist_group"]
    return datasets.sampler().groupby(keys, as_index=False)[COLUMNS].mean()


def _gap(table, scaled=True):
    """How far the mean of classical music is from the mean of the others, for each feature."""
    values = table[COLUMNS].to_numpy()
    z = pd.DataFrame(StandardScaler().fit_transform(values) if scaled else values, columns=COLUMNS)
    classical = (table.genre == "classical").to_numpy()
    return z[classical].mean() - z[~classical].mean()


def _knows_classical(answer):
    if isinstance(answer, pd.Series) and not set(answer) & set(COLUMNS):
        answer = answer.index
    if isinstance(answer, str) or len(answer) != FIVE:
        return no("Five names of columns are wanted, in a list.")
    names, songs = list(answer), _songs()
    if unknown := [name for name in names if name not in COLUMNS]:
        return no(f"`{unknown[0]}` is not one of the 70 columns.")
    gap = _gap(songs).abs()
    truth = list(gap.nlargest(FIVE).index)
    if names == truth:
        return yes(
            f"Classical music stands out most by `{truth[0]}`: {gap.max():.1f} standard "
            "deviations. So the classical clips differ less in how loud they are than in "
            "how clearly their notes stand out, and in having little treble."
        )
    if set(names) == set(truth):
        return no("The right five. Now put the farthest first, by the deviation of all songs.")
    if set(names) == set(_gap(songs).nlargest(FIVE).index):
        return no(
            "Those are the five by which it lies farthest *above* the others. Far below counts, "
            "too: take the size of the difference, without its sign."
        )
    if set(names) == set(_gap(songs, scaled=False).abs().nlargest(FIVE).index):
        return no("Features in Hz win because their numbers are large. Compare the *scaled* ones.")
    if set(names) == set(_gap(datasets.sampler()).abs().nlargest(FIVE).index):
        return no("You counted windows. Take `songs`, so that each song counts once.")
    if set(names) == set(gap.nsmallest(FIVE).index):
        return no("Those are the five *nearest*. Sort the other way round.")
    wrong = next(name for name in names if name not in truth)
    return no(
        f"At least `{wrong}` does not belong there. Did you divide by the deviation of *all* songs?"
    )


@lru_cache(maxsize=1)
def _changes():
    """By how much each of the 70 numbers changes if a drummed clip is played backwards."""
    y = jukebox.play("disco", seconds=5)
    return (features.describe(np.ascontiguousarray(y[::-1])) - features.describe(y)).abs()


def _backwards(answer):
    changes = _changes() / _songs()[COLUMNS].std()
    if answer == changes.idxmax():
        return yes(
            "Onset strength is the only one of them that compares a frame with the one before. A "
            "stroke starts at once and dies away slowly; backwards it swells and stops."
        )
    if isinstance(answer, str) and answer.removesuffix("_mean") == changes.idxmax()[: -len("_std")]:
        return no(
            "The right feature, but its mean hardly depends on the direction: what rises has to "
            "fall again. Which column is about how *unevenly* it rises?"
        )
    if not isinstance(answer, str) or answer not in COLUMNS:
        return no("The name of one of the 70 columns is wanted, as a string.")
    if answer == _changes().idxmax():
        return no("In Hz every change looks large. Divide by how far real songs spread.")
    if answer == changes.idxmin():
        return no("That one changes least. Which changes most?")
    return no(
        f"With the jukebox's disco, `{answer}` changes by {changes[answer]:.2f} of a standard "
        f"deviation, and another one by {changes.max():.2f}. Which one looks at the order of time?"
    )


@lru_cache(maxsize=1)
def _without():
    return _score(datasets.sampler()[COLUMNS].to_numpy(), models.baselines()["RBF SVM"])


def _score(X, model):
    sampler = datasets.sampler()
    folds = splits.by_artist(sampler)
    return evaluation.vote(evaluation.cross_val_predict(model, X, sampler, folds))


def _own_feature(answer):
    sampler = datasets.sampler()
    values = np.asarray(answer, dtype=float)
    if values.shape not in ((len(sampler),), (len(sampler), 1)):
        return no(
            f"One number for each of the {len(sampler)} windows is wanted; the shape of yours is "
            f"{values.shape}. In `db` the axes are windows, bands and frames: the last two have "
            "to go."
        )
    mine = values.ravel()
    if not np.isfinite(mine).all():
        return no(f"{(~np.isfinite(mine)).sum()} of your numbers are NaN or infinite.")
    if np.ptp(mine) == 0:
        return no("All your numbers are the same, so they tell no window from another.")
    likeness = sampler[COLUMNS].corrwith(pd.Series(mine)).abs()
    if likeness.max() > SAME:
        return no(
            f"The table has that already: yours goes with `{likeness.idxmax()}` nearly in step "
            f"(correlation {likeness.max():.2f}). Ask the picture something else."
        )
    alone = _score(mine[:, None], DecisionTreeClassifier(max_leaf_nodes=40, random_state=0))
    if evaluation.accuracy(alone).value > TOO_GOOD:
        return no(
            "Too good to be true: this one number tells nearly every genre. Has it seen the answer?"
        )
    X = np.column_stack([sampler[COLUMNS], mine])
    difference = evaluation.compare(_score(X, models.baselines()["RBF SVM"]), _without())
    verdict = "includes zero: you have not shown that it helps, and most good ideas end like this"
    if difference.low > 0:
        verdict = "lies above zero. Did you try others before? Then wait for lesson 04"
    if difference.high < 0:
        verdict = "lies below zero: your number distracts the model"
    return yes(
        f"A new number for each window. With it (A) against without (B): {difference}. "
        f"The interval {verdict}."
    )


EXERCISES = collect(
    Exercise(
        name="03.1",
        minutes=15,
        wanted="a list of five column names",
        nudge="`scaled` (section 10) is in standard deviations already.",
        partial="""Put it into a table, and take the mean of the rows that are classical:

```python
z = pd.DataFrame(scaled, columns=columns)
classical = songs.genre == "classical"
z[classical].mean()
```

Subtract the mean of the others. Far above and far below count the same.""",
        solution="""
z = pd.DataFrame(scaled, columns=columns)
classical = songs.genre == "classical"
gap = (z[classical].mean() - z[~classical].mean()).abs().sort_values(ascending=False)
print(gap.head(5).round(2))
answer = list(gap.index[:5])
show(answer[0])
""",
        reasoning="Contrast in the upper bands says how clearly single tones stand out there: "
        "strings and a piano have overtones, drums and distortion fill the gaps between them. The "
        "others say in their own ways that there is less treble. Draw the winner with `show`: even "
        "here the boxes of classical music and jazz are neighbors.",
        look=_knows_classical,
    ),
    Exercise(
        name="03.2",
        minutes=10,
        wanted="the name of one of the 70 columns, as a string",
        nudge="`y[::-1]` are the same samples from the last to the first.",
        partial="""Describe both, and take the size of the difference:

```python
change = (features.describe(y[::-1].copy(), sr) - features.describe(y, sr)).abs()
```

Some columns are in Hz, others between 0 and 1. `songs[columns].std()` says how far each of them
spreads over real songs: divide by it, then `idxmax()`.""",
        solution="""
change = (features.describe(y[::-1].copy(), sr) - features.describe(y, sr)).abs()
change = (change / songs[columns].std()).sort_values(ascending=False)
print(change.head(3).round(2))
answer = change.index[0]
""",
        reasoning="Means and standard deviations do not know which frame came first. Only onset "
        "strength asks what is louder than a moment ago. A stroke starts at once: a few frames "
        "with a large rise. Backwards it swells: many frames with a small one. Their mean stays "
        "nearly the same, but not their spread. That the others change at all is because the "
        "frames of the reversed clip do not start on the same samples.",
        look=_backwards,
    ),
    Exercise(
        name="03.3",
        minutes=30,
        wanted="one number for each window of the sampler",
        nudge="The lowest six bands are the bass: `db[:, :6]`. How much do they move?",
        partial="""`db[:, :6].mean(axis=1)` is the level of the bass in each frame, so its shape is
(windows, frames). One step is left: from the frames to one number, for example with
`.std(axis=1)`. And `np.column_stack([sampler[columns], answer])` adds it as a column for
`score`.""",
        solution="""
db = features.from_bytes(datasets.patches())
answer = db[:, :6].mean(axis=1).std(axis=1)  # how much the bass moves, in dB
with_mine = score(np.column_stack([sampler[columns], answer]))
print("with (A) against without (B):", evaluation.compare(with_mine, with_onsets))
""",
        reasoning="Where the interval includes zero, you have not shown that it helps, however "
        "good the idea. While writing this exercise we tried nine ideas, and none was clearly "
        "above zero. Had we kept the best of them and its number, that number would be too good: "
        "lesson 04 shows why.",
        look=_own_feature,
    ),
)
