"""Exercises of lesson 00: where are we going?"""

from functools import lru_cache

from helpers import audio, datasets, features, jukebox, models
from helpers.exercises.exercise import Exercise, collect, no, yes

SEEDS = range(10)


@lru_cache
def _guesses(style):
    """What lesson 00's model says of ten songs in a style."""
    windows = datasets.sampler()
    model = models.baselines()["RBF SVM"]
    model.fit(windows[list(features.names())].to_numpy(), windows.genre)
    clips = [jukebox.play(style, seconds=5, seed=seed) for seed in SEEDS]
    return model.predict([features.describe(y[: 2 * audio.SAMPLE_RATE]) for y in clips])


def _count_rock(answer):
    if isinstance(answer, bool) or int(answer) != answer:
        return no("A whole number is wanted: how many of the ten songs are called rock.")
    if answer > len(SEEDS):
        return no("There are only ten songs, with the seeds 0 to 9.")
    said = _guesses("rock")
    if answer == (said == "rock").sum():
        return yes(
            f"{answer} of 10. Before you praise or blame it: these are ten songs by one synthetic "
            "band, and they say nothing about real rock."
        )
    if answer == (said != "rock").sum():
        return no("That is how many songs it does *not* call rock: count the others.")
    return no("I count another number. Ten songs of 5 seconds, the seeds 0 to 9, style rock?")


def _which_score(answer):
    answer = str(answer).strip().lower().rstrip(".")
    ways = ("windows shuffled", "songs kept whole", "artists kept whole")
    if answer == ways[2]:
        return yes(
            "Your cousin's band is an artist that the model has never heard. The two other figures "
            "answer questions that nobody asked."
        )
    if answer == ways[1]:
        return no(
            "Nearly. There the songs are new, but other songs by the same people were among the "
            "training examples. Has the model heard other songs by your cousin's band?"
        )
    if answer == ways[0]:
        return no(
            "There the model knows other seconds of the very same song. It has not heard a second "
            "of your cousin's."
        )
    return no(f"Write one of the three ways as a string: {', '.join(map(repr, ways))}.")


EXERCISES = collect(
    Exercise(
        name="00.1",
        minutes=5,
        wanted="a whole number from 0 to 10",
        nudge="`jukebox.play` takes a `seed`, and `guess` (section 4) takes what it returns.",
        partial="""The fourth song and what the model says of it:

```python
guess(jukebox.play("rock", seconds=5, seed=3))
```

Do it for all of `range(10)`, and count how often the answer is `"rock"`.""",
        solution="""
said = [guess(jukebox.play("rock", seconds=5, seed=seed)) for seed in range(10)]
answer = said.count("rock")
""",
        reasoning="A high count would be no praise: look at the table in section 4 and see for how "
        "many other styles the model says rock, too. And whatever the count, these are ten songs "
        "by one synthetic band. They tell you about the jukebox, and nothing about real rock.",
        look=_count_rock,
    ),
    Exercise(
        name="00.2",
        minutes=5,
        wanted="the name of one of the three ways, as a string",
        nudge="Which of the three hides from the model what it has never met of your cousin?",
        partial="Ask for each way: could the model have heard *this song* before? *This band?* "
        "Your cousin's song must be as new to it as the hidden windows were.",
        solution="""
answer = "artists kept whole"
""",
        reasoning="The model has never heard your cousin's band, so the figure to quote is the one "
        "for which whole artists were hidden. And even that one speaks of songs like GTZAN's: ten "
        "genres, recorded before 2002.",
        look=_which_score,
    ),
)
