"""Exercises of lesson 06: can a network find its own features?"""

import math
from functools import lru_cache

import pandas as pd

from helpers import audio, datasets
from helpers.exercises.exercise import Exercise, collect, no, yes
from helpers.exercises.runs import look_at_runs, parts

CONVOLUTIONS = ((4, 4), (3, 2), (3, 2))  # size and step of each
FRAME = 345 / audio.SAMPLE_RATE  # seconds
CHANGES = ("louder", "contrast", "treble")
STRAY = 0.02  # rounding may tip a patch or two that stood on the edge


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


def _look_at_changes(answer):
    shares = pd.Series(answer, dtype=float)
    if set(shares.index) != set(CHANGES):
        return no(f"A dictionary with the keys {', '.join(map(repr, CHANGES))} is wanted.")
    if not shares.between(0, 1).all():
        return no("Shares from 0 to 1 are wanted: divide by the number of test patches.")
    louder, contrast, treble = shares[list(CHANGES)]
    if min(louder, contrast) > 1 - STRAY:
        return no("Is that the share of answers that *stay* as they are? Count those that change.")
    for name, share in (("louder", louder), ("contrast", contrast)):
        if share > STRAY:
            return no(
                f"{name!r} should change next to nothing. Do you change the decibels in "
                "`X[test]`, and compare with `first.predict(X[test])`?"
            )
    if treble <= STRAY:
        return no(
            "The treble changes nothing with you. A slope that the network can see differs from "
            "band to band: its shape is (64, 1)."
        )
    return yes(
        f"Volume and contrast leave the answers alone, the treble changes {treble:.0%} of them. "
        "(How many depends on what your network has learned.) Would you call it another genre?"
    )


@lru_cache
def rows_of_the_lesson():
    """How many windows the lesson learns from, watches and tests on."""
    return parts(datasets.sampler())


def _look_at_half(answer):
    luck = (
        "But three seeds are few: if nothing but luck were at work, they would part like this in "
        "2 of 20 cases."
    )
    return look_at_runs(answer, ("full", "half"), 3, rows_of_the_lesson(), luck)


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
        nudge="`first.predict(X[test] + 12)` names the genres of the louder patches. Compare it "
        "with `first.predict(X[test])`, patch by patch.",
        partial="""The slope is a column, one number for each band:

```python
slope = np.linspace(-6, 6, 64)[:, np.newaxis]
```

`np.mean(a != b)` is the share of places at which two arrays differ.""",
        solution="""
slope = np.linspace(-6, 6, 64)[:, np.newaxis]
changed = {"louder": X[test] + 12, "contrast": 2 * X[test], "treble": X[test] + slope}
before = first.predict(X[test])
answer = {name: np.mean(first.predict(patches) != before) for name, patches in changed.items()}
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
        nudge="The list `networks` of section 5 already holds the full network with three seeds. "
        'For the other, hand `{"filters": (8, 16, 32)}` to the classifier as its options.',
        partial="""A network with half the filters, trained as in section 5:

```python
half = models.NetworkClassifier(
    models.cnn, {"filters": (8, 16, 32)}, epochs=12, batch_size=32, seed=0, patience=4
)
half.fit(X[fit], y[fit], validation=(X[valid], y[valid]))
```

`np.mean(half.predict(X[valid]) == y[valid])` is its accuracy on the validation artists.""",
        solution="""
def train_half(seed):
    half = models.NetworkClassifier(
        models.cnn, {"filters": (8, 16, 32)}, epochs=12, batch_size=32, seed=seed, patience=4
    )
    return half.fit(X[fit], y[fit], validation=(X[valid], y[valid]))


rivals = {"full": networks, "half": [train_half(seed) for seed in range(3)]}
runs = pd.DataFrame(
    {name: [np.mean(model.predict(X[valid]) == y[valid]) for model in rival]
     for name, rival in rivals.items()}
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
)
