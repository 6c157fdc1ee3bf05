"""Exercises of lesson 09: has the model learned the genre, or the recording?"""

from functools import lru_cache

import numpy as np

from helpers import audio, datasets, features, jukebox, models, splits
from helpers.exercises.exercise import Exercise, collect, no, number, yes

BRIGHT, DARK, MUFFLED = "tilt +3 dB/octave", "tilt -3 dB/octave", "low-pass 4 kHz"


@lru_cache
def _sampler():
    table = datasets.sampler()
    return table, table[list(features.names("full"))].to_numpy(), models.baselines()["RBF SVM"]


@lru_cache
def _said():
    """What lesson 09's SVM says of the horse test's windows, by change."""
    from helpers.evaluation import robustness

    table, X, svm = _sampler()
    rows, described, _ = robustness.transformed()
    return robustness.examine(svm, X, table, splits.by_artist(table), described, rows)


def _flight(change):
    """The genre that most flipped answers leave, and the one that most of them go to."""
    before, after = _said()["original"].predicted, _said()[change].predicted
    flipped = (before != after).to_numpy()
    return before[flipped].mode().iloc[0], after[flipped].mode().iloc[0]


def _where_answers_go(answer):
    if isinstance(answer, str) or len(answer) != 2:
        return no("Two genres are wanted: `(left most often, gone to most often)`.")
    answer = tuple(str(genre).strip().lower() for genre in answer)
    if not set(answer) <= set(datasets.GENRES):
        return no("Both should be genres, as strings.")
    right = _flight(BRIGHT)
    if answer == right:
        table, before = datasets.sampler(), _said()["original"]
        gone = (before.predicted == right[0]) & (_said()[BRIGHT].predicted != right[0])
        artists = table.drop_duplicates("song_id").set_index("song_id").artist
        whose = artists.loc[before.song_id[gone]].value_counts()
        return yes(
            f"From {right[0]} to {right[1]}. Not a note was changed. But look whose songs left: "
            f"{whose.iloc[0]} of {gone.sum()} are by {whose.index[0]}. Where answers *arrive* says "
            "more than where they leave."
        )
    if answer == right[::-1]:
        return no("The right two, the wrong way round: first the genre that is left.")
    if answer == _flight(DARK):
        return no("That is what happens in the dark (−3 dB an octave). The treble is to go *up*.")
    flipped = (_said()["original"].predicted != _said()[BRIGHT].predicted).to_numpy()
    if answer[0] == _said()["original"].genre[flipped].mode().iloc[0]:
        return no(
            "The question is about answers: by the *true* genres you count something else. "
            "Compare the two columns `predicted`."
        )
    if answer[1] == right[1]:
        return no("The destination is right. Which answer, among those that flipped, came before?")
    if answer[0] == right[0]:
        return no("The departure is right. Which answer, among those that flipped, came after?")
    return no("I count others. Take only rows where the answers before and after differ.")


def _flips(change, chosen):
    before, after = _said()["original"], _said()[change]
    return float((before.predicted != after.predicted).to_numpy()[chosen].mean())


def _right_before():
    return (_said()["original"].predicted == _said()["original"].genre).to_numpy()


def _right_and_wrong(answer):
    first, second = (number(part) for part in answer)
    right = _right_before()
    rates = _flips(MUFFLED, right), _flips(MUFFLED, ~right)

    def near(a, b):
        return abs(first - a) < 0.006 and abs(second - b) < 0.006

    if near(*rates):
        return yes(
            f"{first:.2f} of the right answers flip, and {second:.2f} of the wrong ones. Being "
            "right protects from nothing here: most of what this model was right about, it was "
            "right about for a reason that an old radio takes away. (The intervals of so few songs "
            "overlap, so don't say that right answers flip *more*.)"
        )
    if max(first, second) > 1:
        return no("Shares between 0 and 1 are wanted, not percent or counts.")
    if near(*rates[::-1]):
        return no("The wrong way round: first the rate among answers that were right.")
    if near(1 - rates[0], 1 - rates[1]):
        return no("These are the shares that *stay*.")
    n = len(right)
    if near(rates[0] * right.mean(), rates[1] * (n - right.sum()) / n):
        return no(
            "You divided by all songs. Divide each count by the answers of its own kind: right "
            "ones, and wrong ones."
        )
    still = (_said()[MUFFLED].predicted == _said()[MUFFLED].genre).to_numpy()
    if near(_flips(MUFFLED, still), _flips(MUFFLED, ~still)):
        return no("You sorted them by who is right *after* the change. Sort by before.")
    return no(f"Other rates come out for the SVM and {MUFFLED!r}. Is it that model and change?")


@lru_cache
def _clips():
    return [jukebox.play(style, seconds=2, seed=1) for style in jukebox.GENRES]


def _attack(answer):
    if not callable(answer):
        return no("A function is wanted, which takes samples and returns as many. No calling yet.")
    clips, changed = _clips(), []
    for clip in clips:
        given = clip.copy()
        y = answer(given)
        if y is None:
            return no("It returns nothing: is there a `return`?")
        y = np.asarray(y, dtype=float)
        if y.shape != clip.shape:
            return no(
                f"{len(clip):,} samples went in, and an array of shape {y.shape} came out. Cut or "
                "fill it, so that it is two seconds again."
            )
        if not np.isfinite(y).all():
            return no("Some samples are no numbers (nan or inf). Was something divided by zero?")
        if np.abs(y).max() < audio.SILENCE_PEAK:
            return no("Only silence comes out. *That* changes the genre.")
        if np.allclose(y, clip):
            return no("What comes out is what went in: nobody would call that an attack.")
        changed.append(y.astype(np.float32))
    if np.allclose(changed[0], changed[1]):
        return no("Two songs went in, and the same came out twice: nothing of the music is left.")
    table, X, svm = _sampler()
    svm.fit(X, table.genre.to_numpy(dtype=object))
    before, after = (
        svm.predict([features.describe_fast(y) for y in some]) for some in (clips, changed)
    )
    return yes(
        f"An attack that runs. On ten toy songs of the jukebox {sum(before != after)} answers of "
        "the SVM flip. That says nothing of real songs: with GTZAN mini, count as the solution "
        "does. And whether the genre is untouched, no test can say. Listen."
    )


EXERCISES = collect(
    Exercise(
        name="09.1",
        minutes=10,
        wanted="a pair of genres, `(left most often, gone to most often)`",
        nudge='`said["SVM, hand-made"]` holds a table for each change, and "original"; their rows '
        "go together, and so do their columns `predicted`.",
        partial="""Answers before and after, the flipped ones off the diagonal:

```python
by = said["SVM, hand-made"]
pd.crosstab(by["original"].predicted, by["tilt +3 dB/octave"].predicted.rename("after"))
```

Keep only rows in which the two differ, and count each column by itself.""",
        solution="""
by = said["SVM, hand-made"]
before, after = by["original"].predicted, by["tilt +3 dB/octave"].predicted
flipped = before != after
answer = before[flipped].mode()[0], after[flipped].mode()[0]
""",
        reasoning="A brighter sound drives the answers towards genres that were recorded bright, "
        "and not a note was changed: a *horse*. Don't read much into the genre that they leave, "
        "though. Most of those songs are by one artist, and another genre loses nearly as many: "
        "section 1 again.",
        look=_where_answers_go,
    ),
    Exercise(
        name="09.2",
        minutes=15,
        wanted="a pair of shares, `(among right answers, among wrong ones)`",
        nudge="An answer is right if `predicted` and `genre` agree *before* the change. That "
        "gives a column of true and false, with which you can pick rows from both tables.",
        partial="""For the right ones:

```python
before, after = said["SVM, hand-made"]["original"], said["SVM, hand-made"]["low-pass 4 kHz"]
right = (before.predicted == before.genre).to_numpy()
robustness.flip_rate(before[right], after[right])
```

`~right` picks the others.""",
        solution="""
rates = {}
for model, by in said.items():
    before, after = by["original"], by["low-pass 4 kHz"]
    right = (before.predicted == before.genre).to_numpy()
    rates[model] = [robustness.flip_rate(before[part], after[part]) for part in (right, ~right)]
    print(f"{model:15} right: {rates[model][0]}   wrong: {rates[model][1]}")
answer = [rate.value for rate in rates["SVM, hand-made"]]
""",
        reasoning="One would hope that a model which is right knows why, and stays. A high flip "
        "rate among the right answers says that many of them hung on a property of the recording. "
        "Compare within each model, and mind the intervals: few songs are left on either side.",
        look=_right_and_wrong,
    ),
    Exercise(
        name="09.3",
        minutes=30,
        wanted="a function that takes samples of two seconds and returns as many",
        nudge="Think of what happens to music between the band and the ear: rooms, loudspeakers, "
        "neighbors. Then write it as a function of an array.",
        partial="""Half of an echo, to be added to the sound itself:

```python
late = np.concatenate([np.zeros(4410), y])[: len(y)]  # 0.2 s later
```

Mind the length: as many samples must come out as go in.""",
        solution="""
def answer(y, delay=0.2, level=0.5, sr=22_050):
    late = np.concatenate([np.zeros(round(delay * sr)), y])[: len(y)]
    return y + level * late


if mini:
    paths = [mini / song.partition(".")[0] / f"{song}.wav" for song in table.song_id.iloc[rows]]
    clips = [audio.load(path, offset=12, duration=2)[0] for path in paths]
    mine = np.stack([features.describe_fast(answer(y).astype(np.float32)) for y in clips])
    by = robustness.examine(svm, X, table, folds, {"echo": mine}, rows)
    print(robustness.flip_rate(by["original"], by["echo"]))
""",
        reasoning="A bathroom is no genre, but the model may think otherwise. An attack of your "
        "own is worth more than ours: a model may have been trained against any list that was "
        "published. Report the change, the number of songs, and the yardstick (half a second "
        "later) beside the flips.",
        look=_attack,
    ),
)
