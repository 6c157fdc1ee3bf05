"""Exercises of lesson 03: how does a folder become a table?"""

from functools import lru_cache
from itertools import combinations
from numbers import Real

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from helpers import datasets, evaluation, features, jukebox, models, splits
from helpers.exercises.exercise import Exercise, collect, no, yes

COLUMNS = list(features.names("full"))
FIVE, THREE = 5, 3
# Backwards, something changes by more standard deviations than so.
NOTHING = 0.05
# What goes with one feature like this, or with all of them together, says nothing new.
SAME, EXPLAINED = 0.97, 0.98
# And what is a bent sum of them, or comes from two by whatever formula: honest numbers are given
# to 0.98 at most, and a bend or a grid of cells blurs a little.
BENT, FROM_TWO, CELLS = 0.99, 0.985, 20
# How much of an honest number's order is left, at the least, when the picture changes inaudibly.
KEPT = 0.5
# A guess that is wider risks nothing.
WIDEST = 0.2
# A difference that luck alone makes less often than so is worth believing, with an interval.
CLEAR = 0.05
# Songs' genres that one honest number alone can tell: far fewer.
TOO_GOOD = 0.6


def _songs():
    """The sampler's songs, one row each, as in section 6."""
    keys = ["song_id", "genre", "artist_group"]
    return datasets.sampler().groupby(keys, as_index=False)[COLUMNS].mean()


def _gap(table, scaled=True):
    """How far the mean of classical music is from the mean of the others, for each feature."""
    values = table[COLUMNS].to_numpy()
    z = pd.DataFrame(StandardScaler().fit_transform(values) if scaled else values, columns=COLUMNS)
    classical = (table.genre == "classical").to_numpy()
    return z[classical].mean() - z[~classical].mean()


def _gap_to_nearest(songs):
    """The question of section 6: how far classical music is from the genre that comes nearest."""
    means = (songs[COLUMNS] / songs[COLUMNS].std()).groupby(songs.genre).mean()
    return (means.drop("classical") - means.loc["classical"]).abs().min()


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
    if set(names) == set(_gap_to_nearest(songs).nlargest(FIVE).index):
        return no(
            "Those are farthest from the *nearest* genre, as in section 6. Here the mean of all "
            "other songs together is wanted."
        )
    wrong = next(name for name in names if name not in truth)
    return no(
        f"At least `{wrong}` does not belong there. Did you divide by the deviation of *all* songs?"
    )


@lru_cache(maxsize=1)
def _played():
    """The lesson's disco as it is, backwards, and with its halves swapped: a row for each."""
    y = jukebox.play("disco", 10)
    versions = {"as it is": y, "backwards": y[::-1], "swapped": np.roll(y, len(y) // 2)}
    return pd.DataFrame({name: features.describe(np.array(x)) for name, x in versions.items()}).T


def _changes(how="backwards"):
    """By how much each of the 70 numbers changes if the lesson's disco is played otherwise."""
    return (_played().loc[how] - _played().loc["as it is"]).abs()


def _backwards(answer):
    if isinstance(answer, str):
        return no(
            "A name alone may be luck. Hand over the three largest changes with their names, "
            "`change.nlargest(3)`."
        )
    mine = pd.Series(answer)
    if not set(mine.index) <= set(COLUMNS) or len(mine) < THREE:
        return no("Three changes are wanted, in a Series whose index holds the columns' names.")
    mine, change = mine.astype(float), _changes() / _songs()[COLUMNS].std()
    most = change.nlargest(THREE)
    if len(mine) == THREE and set(most.index) == set(mine.index) and _near(mine, change):
        if list(mine.index) != list(most.index):
            return no("The right three. Now put the largest first, as `.nlargest(3)` does.")
        return yes(
            f"`{change.idxmax()}` changes by {most.iloc[0]:.2f} standard deviations. Onset "
            "strength is the only feature that compares a frame with the one before. A stroke "
            "starts at once and dies away slowly; backwards it swells and stops. "
            f"(`{most.index[1]}`, with {most.iloc[1]:.2f}, has no such reason: the reversed frames "
            "only start on other samples.)"
        )
    return no(_slip(mine, change))


def _slip(mine, change):
    """What went wrong with changes that are not the three largest."""
    if _near(mine, change) and len(mine) > THREE:
        return f"Your numbers are right, but they are {len(mine)}. Only the three largest."
    if _near(mine, change) and set(mine.index) == set(change.nsmallest(THREE).index):
        return "Those change least. Which change most?"
    if mine.abs().max() < NOTHING:
        return (
            "Hardly anything has changed. Did you describe the same direction twice, or `-y`? That "
            "turns the wave upside down; `y[::-1]` plays it backwards."
        )
    if _near(mine, change):
        return "Your numbers are right, but others changed more. Sort the sizes of all 70."
    if _near(mine.abs(), change):
        return "A change downwards counts as much as one upwards: take `.abs()` before you sort."
    raw, songs = _changes(), _songs()[COLUMNS]
    slips = {
        "In Hz every change looks large. Divide by how far real songs spread.": raw,
        "You divided by the deviation of windows. Take that of `songs`.": (
            raw / datasets.sampler()[COLUMNS].std()
        ),
        "You divided by the mean of the songs. Divide by their standard deviation.": (
            raw / songs.mean().abs()
        ),
        "You divided by what the number was before. Divide by the standard deviation of `songs`, "
        "so that each change is held against how much songs differ.": (
            raw / _played().loc["as it is"].abs()
        ),
        "Those are the changes with the two halves swapped, and no frame was turned around. "
        "Backwards is `y[::-1]`.": _changes("swapped") / songs.std(),
    }
    for sentence, values in slips.items():
        if _near(mine.abs(), values):
            return sentence
    largest = change.nlargest(len(mine))
    if np.allclose(sorted(mine), sorted(largest), rtol=0.02, atol=0.002):
        wrong = next(name for name in mine.index if not _near(mine[[name]], change))
        return (
            f"These numbers are the largest changes, but they belong to other columns: `{wrong}` "
            f"changes by {change[wrong]:.2f}. Let the Series keep its names."
        )
    wrong = [name for name in mine.index if not _near(mine[[name]], change)]
    if len(wrong) < len(mine):
        return (
            f"Not all of them are right: `{wrong[0]}` changes by {change[wrong[0]]:.2f} standard "
            f"deviations, and you have {mine[wrong[0]]:.2f}. Let `.nlargest(3)` fill in all three."
        )
    return (
        f"With the lesson's `y`, `{wrong[0]}` changes by {change[wrong[0]]:.2f} standard "
        f"deviations, and you have {mine[wrong[0]]:.2f}. Is `y` still "
        '`jukebox.play("disco", 10)`, and is the size divided by `songs[columns].std()`?'
    )


def _near(mine, truth):
    return np.allclose(mine, truth[mine.index], rtol=0.02, atol=0.002)


@lru_cache(maxsize=1)
def _without():
    return _score(datasets.sampler()[COLUMNS].to_numpy(), models.baselines()["RBF SVM"])


def _score(X, model):
    sampler = datasets.sampler()
    folds = splits.by_artist(sampler)
    return evaluation.vote(evaluation.cross_val_predict(model, X, sampler, folds))


def _own_feature(answer):
    if callable(answer):
        return no("Your guess is missing. Put three things into `answer`: feature, from, to.")
    if not isinstance(answer, tuple | list) or len(answer) != THREE or not callable(answer[0]):
        return no(
            "The *function* is wanted, without brackets, and your guess: `answer = feature, from, "
            "to`. Numbers alone can't show where they come from; a function can be tried on others."
        )
    feature, *guess = answer
    if not all(isinstance(end, Real) for end in guess):
        return no("Your guess is missing: two numbers, from and to, in place of the dots.")
    low, high = map(float, guess)
    if high < low:
        return no(f"From {low:g} to {high:g} runs downwards: the smaller number goes first.")
    if low == high:
        return no(f"From {low:g} to {high:g} the range is empty: leave room between its two ends.")
    if not -1 <= low < high <= 1:
        return no(
            f"From {low:g} to {high:g}? Wanted are two shares, from less to more: two points of "
            "accuracy are 0.02."
        )
    if high - low > WIDEST:
        return no(f"Between {low:g} and {high:g} lies everything: a guess has to risk something.")
    db = features.from_bytes(datasets.patches())
    mine = np.asarray(feature(db.copy()), dtype=float)
    if objection := _shape(mine, db) or _unsound(feature, mine, db) or _old_news(mine):
        return no(objection)
    X = np.column_stack([datasets.sampler()[COLUMNS], mine])
    gain = evaluation.compare(_score(X, models.baselines()["RBF SVM"]), _without())
    verdict = "You have not shown that it helps, and most good ideas end like this."
    if gain.p < CLEAR and gain.low > 0:
        verdict = "So it seems to help. Did you try others before? Then wait for lesson 04."
    if gain.p < CLEAR and gain.high < 0:
        verdict = "Your number distracts the model."
    inside = "as you said" if low <= gain.difference <= high else "outside of it"
    return yes(
        f"An honest new number. With it (A) against without (B): {gain}. {verdict} "
        f"You guessed {low:+.2f} to {high:+.2f}: the measured difference is {inside}."
    )


def _shape(mine, db):
    if mine.shape != db.shape[:1]:
        return (
            f"One number for each of the {len(db)} windows is wanted; the shape of yours is "
            f"{mine.shape}. In `db` the axes are windows, bands and frames: the last two must go."
        )
    if not np.isfinite(mine).all():
        return f"{(~np.isfinite(mine)).sum()} of your numbers are NaN or infinite."
    if np.ptp(mine) == 0:
        return "All your numbers are the same, so they tell no window from another."


def _unsound(feature, mine, db):
    """What is wrong with a feature that does not follow the sound, and nothing but the sound."""

    def same(part, expected):
        try:
            got = np.asarray(feature(part), dtype=float)
        except Exception:  # a list that does not fit, a window that it does not know
            return False
        off = 1e-3 * (np.std(mine) + np.abs(expected))
        return got.shape == expected.shape and (np.abs(got - expected) <= off).all()

    rng = np.random.default_rng(0)
    order = rng.permutation(len(db))
    if not same(db.copy(), mine):
        return "Asked twice, your function gives two answers: whatever is drawn by chance is noise."
    if not same(db[order], mine[order]):
        return (
            "I shuffled the windows, and your numbers did not follow them. So they belong to rows "
            "(or songs, or artists), and not to what sounds in the window."
        )
    few = order[: len(db) // 3]
    if not same(db[few], mine[few]):
        return (
            "A window's number changes when other windows are left out. A feature has to be known "
            "from its own window: nothing may be scaled or sorted by all of them."
        )
    # As much as lies between two steps of the picture; nobody could hear it.
    shaken = (db + rng.uniform(-0.75, 0.75, db.shape)).astype(db.dtype)
    try:
        kept = pd.Series(mine).corr(pd.Series(np.asarray(feature(shaken), float)), "spearman")
    except Exception:
        kept = 0
    if not kept >= KEPT:
        return (
            "I changed each cell of the picture by less than one step (1.5 dB), and nothing was "
            "left of your numbers. What depends on so little is noise, or a list of windows."
        )


def _old_news(mine):
    """What is wrong with a feature that the table has already, or that has seen the answer."""
    known = datasets.sampler()[COLUMNS]
    for kind, rise in {"pearson": "nearly in step", "spearman": "up and down, only bent"}.items():
        likeness = known.corrwith(pd.Series(mine), method=kind).abs()
        if likeness.max() > SAME:
            return (
                f"The table has that already: yours goes with `{likeness.idxmax()}` {rise} "
                f"({kind.title()} correlation {likeness.max():.2f}). Ask the picture something "
                "else."
            )
    X = StandardScaler().fit_transform(known)
    explained = LinearRegression().fit(X, mine).score(X, mine)
    if explained > EXPLAINED:
        return (
            f"The table has that already, in parts: a weighted sum of the 70 columns gives "
            f"{explained:.1%} of it. Averages over bands and frames end like this: ask how the "
            "sound *moves*."
        )
    if (bent := _straightened(X, mine)) > BENT:
        return (
            f"The table has that already: a weighted sum of the 70 columns gives {bent:.1%} of it, "
            "once the sum is bent. Ask how the sound *moves*."
        )
    share, pair = _from_two(known, mine)
    if share > FROM_TWO:
        return (
            f"The table has that already: from `{pair[0]}` and `{pair[1]}` one can tell yours, by "
            "some formula. Ask the picture something that isn't in the table."
        )
    alone = _score(mine[:, None], DecisionTreeClassifier(max_leaf_nodes=40, random_state=0))
    if evaluation.accuracy(alone).value > TOO_GOOD:
        return (
            "Too good to be true: this one number tells nearly every genre. Has it seen the answer?"
        )


def _straightened(X, mine):
    """Share of a number that a weighted sum of columns gives, if the number may be bent upwards.

    Sum and bend are fitted in turn (as in ACE: Breiman & Friedman 1985).
    """
    bent, line = rankdata(mine) / len(mine), LinearRegression()
    for _ in range(10):
        bent = IsotonicRegression().fit_transform(mine, line.fit(X, bent).predict(X))
    return line.fit(X, bent).score(X, bent)


def _from_two(known, mine):
    """How much of a number's order two columns give, whatever the formula, and the best two.

    The ranks of two columns make a grid of cells; what differs within a cell they can't give.
    """
    rank = rankdata(mine) / len(mine)
    bins = (rankdata(known, axis=0) - 1).astype(int) * CELLS // len(mine)
    found = []
    for pair in combinations(range(bins.shape[1]), 2):
        cell = bins[:, pair[0]] * CELLS + bins[:, pair[1]]
        size = np.bincount(cell)
        mean = np.bincount(cell, rank) / np.maximum(size, 1)
        within = np.sum((rank - mean[cell]) ** 2) / (len(rank) - np.count_nonzero(size))
        found.append((1 - within / rank.var(), known.columns[list(pair)]))
    return max(found, key=lambda one: one[0])


EXERCISES = collect(
    Exercise(
        name="03.1",
        minutes=10,
        wanted="a list of five column names",
        nudge="`z` (section 6) is in standard deviations already.",
        partial="""Take the mean of the rows that are classical:

```python
classical = songs.genre == "classical"
z[classical].mean()
```

Subtract the mean of the others. Far above and far below count the same.""",
        solution="""
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
        wanted="a Series of three changes, with the columns' names",
        nudge="`y[::-1]` are the same samples from the last to the first.",
        partial="""Describe both, and take the size of the difference:

```python
change = (features.describe(y[::-1].copy(), sr) - features.describe(y, sr)).abs()
```

Some columns are in Hz, others between 0 and 1. `songs[columns].std()` says how far each of them
spreads over real songs: divide by it, then `.nlargest(3)`.""",
        solution="""
change = (features.describe(y[::-1].copy(), sr) - features.describe(y, sr)).abs()
change = change / songs[columns].std()
print((change < 0.05).sum(), "of the 70 change by less than 0.05")
answer = change.nlargest(3)
print(answer.round(2).to_string())
""",
        reasoning="Means and standard deviations do not know which frame came first. Only onset "
        "strength asks what is louder than a moment ago. A stroke starts at once: a few frames "
        "with a large rise. Backwards it swells: many frames with a small one. Their mean stays "
        "nearly the same, but not their spread.\n\nThe others change because the frames of the "
        "reversed sound start on other samples. Take `y[: 430 * 512 + 1]`, and they start on the "
        "same: then everything but onset strength stays, to within 0.001. (Contrast 1 suffers "
        "most: its valley is the weakest of some twenty spectral lines below 200 Hz.)",
        look=_backwards,
    ),
    Exercise(
        name="03.3",
        minutes=30,
        wanted="a function and two numbers, as in `my_feature, from, to`",
        nudge="The lowest six bands are the bass, up to about 350 Hz: `db[:, :6]`. "
        "How much do they move?",
        partial="""`db[:, :6].mean(axis=1)` is the level of the bass in each frame, so its shape is
(windows, frames). One step is left: from the frames to one number, for example with
`.std(axis=1)`.

```python
def bass_moves(db):
    level = db[:, :6].mean(axis=1)
    return ...
```

And what did onset strength add in section 9? Guess an interval around what you expect.""",
        solution="""
def bass_moves(db):
    return db[:, :6].mean(axis=1).std(axis=1)  # how much the bass moves, in dB


db = features.from_bytes(datasets.patches())
with_mine = score(np.column_stack([sampler[columns], bass_moves(db)]))
print("with (A) against without (B):", evaluation.compare(with_mine, with_onsets))
answer = bass_moves, -0.02, 0.03
""",
        reasoning="Where the interval includes zero, you have not shown that it helps, however "
        "good the idea. While writing this exercise we tried nine ideas, and none was clearly "
        "above zero. Had we kept the best of them and its number, that number would be too good: "
        "lesson 04 shows why.\n\nWhy a function? So that it can be asked again: twice, with the "
        "windows shuffled, with some left out, and with the picture changed by less than one can "
        "hear. What knows the row, the artist or chance does not stand that.",
        look=_own_feature,
    ),
)
