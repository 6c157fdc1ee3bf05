"""Exercises of lesson 05: what does training look like?"""

from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from helpers import datasets, evaluation, features, models, splits
from helpers.exercises.exercise import Exercise, collect, no, yes
from helpers.exercises.runs import look_at_runs, parts

INPUTS, GENRES = len(features.SCRIPT_FEATURES), len(datasets.GENRES)
SONGS, TRAINING_SONGS = 1000, 800  # as the script deals them
LOGS = (
    ([2.1, 1.8, 1.9, 1.7], 3),
    ([2.1, 1.8, 1.9, 1.7], 1),
    ([2.0, 2.2, 1.9, 2.3, 1.8, 2.4, 2.5, 1.5], 2),
    ([2.0, 1.6, 1.9, 1.8, 1.7, 1.4], 3),
    ([2.0, 1.5, 1.5, 1.5, 1.2], 2),
    ([1.9, 1.7, 1.6], 5),
    ([1.0, 1.1, 1.2, 0.5], 2),
    ([2.0, 1.5, 1.6, 1.7, 1.8, 1.9, 1.0], 2),
    ([2.6, 2.5, 2.4, 2.45], 1),
)


def widest(songs=TRAINING_SONGS, biases=1, genres=GENRES):
    """Units of the widest hidden layer whose network has no more parameters than songs."""
    return (songs - biases * genres) // (INPUTS + biases + genres)


def _look_at_width(answer):
    if isinstance(answer, str):
        return no("That is text. Take the quotation marks away: a number is wanted.")
    if isinstance(answer, bool) or np.ndim(answer) or answer < 1:
        return no("A number of units is wanted, 1 or more.")
    units = int(answer)
    if units != answer:
        return no("Units come whole. Round down: half a unit more is already too many parameters.")
    count = (INPUTS + 1) * units + (units + 1) * GENRES
    if units == widest():
        return yes(
            f"{units} units make {count} parameters, and one more unit would be one too many. "
            "The script's first layer alone has 256 units."
        )
    if units == (INPUTS + 1 + GENRES) * widest() + GENRES:
        return no("That is how many *parameters* such a network has. How wide is its hidden layer?")
    advice = {
        widest(biases=0): "Does every unit have its bias, in the output layer too?",
        widest(genres=0): "The output layer has weights and biases as well.",
        widest(songs=SONGS): "A fifth of the songs is kept for testing: 800 are left for training.",
    }.get(units, "Count both layers: units × (inputs + 1), and genres × (units + 1).")
    verb = "too many" if units > widest() else "not yet as many as there may be"
    return no(f"With {units} units I count {count:,} parameters: {verb}. {advice}")


def early_stop(losses, patience):
    """The epoch to which early stopping goes back, and the last one that is trained."""
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best - 1]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best, epoch


def _patience_in_all(losses, patience):
    worse = np.flatnonzero(losses[1:] >= np.minimum.accumulate(losses)[:-1]) + 2
    last = worse[patience - 1] if len(worse) >= patience else len(losses)
    return np.argmin(losses[:last]) + 1


MISTAKES = {
    "Your function looks at all epochs. Training that has stopped never sees the later ones.": (
        lambda losses, patience: np.argmin(losses) + 1
    ),
    "That is the epoch in which training stops. Whose weights does it go back to?": (
        lambda losses, patience: early_stop(losses, patience)[1]
    ),
    "Epochs count from 1, and yours from 0.": (
        lambda losses, patience: early_stop(losses, patience)[0] - 1
    ),
    "Your function waits an epoch too long.": (
        lambda losses, patience: early_stop(losses, patience + 1)[0]
    ),
    "Patience is counted *in a row*: with each new lowest loss it starts afresh.": _patience_in_all,
}


def _look_at_stopping(answer):
    if not callable(answer):
        return no("A function is wanted: `def answer(losses, patience): …` in place of the dots.")
    said = [answer(list(losses), patience) for losses, patience in LOGS]
    if not all(isinstance(epoch, (int, np.integer)) for epoch in said):
        return no("Your function must return an epoch, a whole number.")
    right = [early_stop(*log)[0] for log in LOGS]
    if said == right:
        return yes(
            "Your function goes back to the same epochs as ours in all the logs that I tried. "
            "Patience has a price: with too little of it, a second, deeper valley is never seen."
        )
    for advice, mistake in MISTAKES.items():
        if said == [mistake(*log) for log in LOGS]:
            return no(advice)
    log, yours, ours = next(case for case in zip(LOGS, said, right, strict=True)
                            if case[1] != case[2])  # fmt: skip
    return no(
        f"For the losses {log[0]} and a patience of {log[1]}, your function gives {yours}, and I "
        f"get {ours}. Go through them with a pencil, epoch by epoch."
    )


@lru_cache
def rows_of_the_lesson():
    """How many songs the lesson learns from, watches and tests on."""
    return parts(datasets.script_table())


@lru_cache
def default(seed):
    """The default network's accuracy on the lesson's validation artists."""
    table = datasets.script_table()
    X, y = table[list(features.SCRIPT_FEATURES)].to_numpy(), table.genre.to_numpy(dtype=object)
    ((train, _),) = splits.fault_filtered(table)
    fit, valid = splits.validation_artists(table, train)
    scaler = StandardScaler().fit(X[fit])
    model = models.NetworkClassifier(seed=seed, look_every=20).fit(scaler.transform(X[fit]), y[fit])
    return np.mean(model.predict(scaler.transform(X[valid])) == y[valid])


def _look_at_dropout(answer):
    luck = "Luck alone would part two times five seeds like this in 2 of 252 cases."
    rows = rows_of_the_lesson()
    verdict = look_at_runs(answer, ("default", "mine"), 5, rows, luck)
    if not verdict.right:
        return verdict
    runs = pd.DataFrame(answer[0]).astype(float)
    counts = runs.to_numpy() * rows["valid"]
    if np.abs(counts - np.round(counts)).max() > 0.01:
        return no(f"These are no shares of the {rows['valid']} validation songs: don't round them.")
    said = runs["default" if "default" in runs else runs.columns[0]]
    mine = runs.drop(columns=said.name).iloc[:, 0]
    if mine.max() > 0.6 or mine.nunique() == 1:
        return no("Such figures no five seeds give on these artists. Were they learned from?")
    for seed in (1, 3, 5):
        # Another processor, or looking after each epoch, may flip a song or two.
        if abs(said.iloc[seed - 1] - default(seed)) * rows["valid"] > 2.5:
            return no(
                f"I trained the default with seed {seed} and get {default(seed):.2f} on the "
                f"validation artists; your row says {said.iloc[seed - 1]:.2f}. Are your rows the "
                "seeds 1 to 5 in order, with 20 epochs and everything else as it was?"
            )
    return verdict


@lru_cache
def two_seeds():
    """Songs with another answer from seed 1 than from seed 0, and the least that matrices show."""
    table = datasets.script_table()
    X, folds = table[list(features.SCRIPT_FEATURES)].to_numpy(), splits.fault_filtered(table)
    first, second = (
        evaluation.cross_val_predict(models.script_network(seed=seed), X, table, folds)
        for seed in (0, 1)
    )
    labels = list(datasets.GENRES)
    moved = evaluation.confusion(first, labels) - evaluation.confusion(second, labels)
    return (first.predicted != second.predicted).sum(), moved.abs().to_numpy().sum() / 2


def _look_at_two_seeds(answer):
    if isinstance(answer, str) or not np.iterable(answer) or len(answer) != 2:
        return no(
            "Two numbers are wanted: songs with another answer, and songs that must have moved."
        )
    changed, shown = (float(number) for number in answer)
    ours = two_seeds()
    # Another processor may flip a few songs in each of the two trainings.
    near = [abs(changed - ours[0]) <= 6, abs(shown - ours[1]) <= 5]
    if all(near) and changed > shown:
        return yes(
            f"I count {ours[0]} songs with another answer; the matrices show {ours[1]:.0f}. "
            "(On another processor a few may differ.) "
            "When one song leaves a cell and another of its genre enters it, no count changes."
        )
    if changed == shown == 0:
        return no("Nothing changed? Was the second network trained with `seed=1`?")
    if max(changed, shown) <= 1:
        return no("Counts of songs are wanted, not shares.")
    if abs(changed - ours[1]) <= 5 and abs(shown - ours[0]) <= 6:
        return no("The two numbers have changed places.")
    if near[0] and abs(shown / 2 - ours[1]) <= 6:
        return no("A song that moved is missing in one cell and too many in another: take half.")
    if near[0]:
        return no(
            f"{changed:.0f} songs with another answer: so do I. By the matrices I count otherwise: "
            "subtract one from the other, take absolute values, add all cells up, take half."
        )
    return no(
        f"I count {'more' if ours[0] > changed else 'fewer'} songs with another answer than "
        f"{changed:.0f}. Compare `predicted` song by song, whether right or wrong."
    )


EXERCISES = collect(
    Exercise(
        name="05.1",
        minutes=10,
        wanted="a whole number of units",
        nudge="How many parameters does one more hidden unit bring? Count what goes into it and "
        "what comes out of it.",
        partial="A hidden unit has a weight for each of the 26 features, a bias, and a weight in "
        "each of the ten output units. The output units also have a bias each.",
        solution="""
one_unit = 26 + 1 + 10  # weights in, its bias, weights out
answer = (800 - 10) // one_unit  # ten biases belong to the genres
print(models.dense_network(hidden=(answer,)).count_params())
""",
        reasoning="A network with as many parameters as songs is tiny. The script's is far larger, "
        "so it is no wonder that it can learn all its songs by heart. That it learns anything else "
        "is because training starts from small weights and ends early.",
        look=_look_at_width,
    ),
    Exercise(
        name="05.2",
        minutes=15,
        wanted="a function of losses and patience that returns an epoch",
        nudge="Remember the best epoch so far. How far may you walk on from it?",
        partial="""The frame of a solution:

```python
def answer(losses, patience):
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        ...  # a new lowest loss? otherwise: has it been patience epochs since the best?
    return best
```""",
        solution="""
def answer(losses, patience):
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best - 1]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


print(answer(list(stopper.history_.val_loss), stopper.patience))  # the dotted line of section 10
""",
        reasoning="Early stopping decides with what it knows at the time. With little patience a "
        "bump in the curve ends training; with much of it you pay for epochs that are thrown away. "
        "And the epoch that it goes back to was *chosen* on the watched songs, so their loss "
        "flatters the network: a test needs other songs.",
        look=_look_at_stopping,
    ),
    Exercise(
        name="05.3",
        minutes=20,
        wanted='a pair: five seeds × two settings, and "default", "mine" or "can\'t say"',
        nudge="`models.NetworkClassifier(options={…}, seed=seed, look_every=20)` trains for twenty "
        "epochs in about a second.",
        partial="""One accuracy, for any seed and options:

```python
def accuracy(seed, **options):
    model = models.NetworkClassifier(options=options, seed=seed, look_every=20)
    model.fit(fit_scaler.transform(X[fit]), y[fit])
    return np.mean(model.predict(watched[0]) == watched[1])
```

`{"default": [accuracy(seed) for seed in range(1, 6)]}` is half of the table.""",
        solution="""
def accuracy(seed, **options):
    model = models.NetworkClassifier(options=options, seed=seed, look_every=20)
    model.fit(fit_scaler.transform(X[fit]), y[fit])
    return np.mean(model.predict(watched[0]) == watched[1])


settings = {"default": {}, "mine": {"dropout": 0.4}}
runs = pd.DataFrame(
    {name: [accuracy(seed, **options) for seed in range(1, 6)]
     for name, options in settings.items()}
)
low, high = runs.min(), runs.max()
clear = [name for name, other in (("mine", "default"), ("default", "mine"))
         if low[name] > high[other]]
answer = (runs, clear[0] if clear else "can't say")
""",
        reasoning="You chose your setting because it looked good with seed 0, so seed 0 flatters "
        "it: only fresh seeds are a fair test. On so few artists most differences drown among "
        "them. And seeds are only one kind of luck. Other validation artists would move the "
        "figures further, so a win over all seeds is a win on *these* artists.",
        look=_look_at_dropout,
    ),
    Exercise(
        name="05.4",
        minutes=15,
        wanted="two numbers of songs: with another answer, and moved as the matrices show it",
        nudge="`(again.predicted != songs.predicted).sum()` counts the first, if both tables are "
        "in the same order.",
        partial="Two tables of counts can be subtracted, cell by cell. Give both the same genres: "
        "`evaluation.confusion(songs, datasets.GENRES)`.",
        solution="""
again = evaluation.cross_val_predict(models.script_network(seed=1), X, table, folds)
again = evaluation.vote(again)
changed = (again.predicted != songs.predicted).sum()
genres = list(datasets.GENRES)
moved = evaluation.confusion(again, genres) - evaluation.confusion(songs, genres)
answer = (changed, moved.abs().to_numpy().sum() / 2)
""",
        reasoning="A confusion matrix counts; it doesn't say which songs are behind a count. Two "
        "networks with nearly the same matrix may disagree about many songs. That is why models "
        "are compared song by song (lesson 04), and why an average of several networks can be "
        "better than each of them.",
        look=_look_at_two_seeds,
    ),
)
