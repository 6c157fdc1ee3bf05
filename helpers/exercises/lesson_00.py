"""Exercises of lesson 00: where are we going?"""

from functools import lru_cache

from helpers import audio, datasets, features, jukebox, models
from helpers.exercises.exercise import Exercise, collect, no, yes

SEEDS = range(10)


@lru_cache
def _guesses(style, seeds=SEEDS, heard=2):
    """What lesson 00's model says of songs in a style, by their first seconds."""
    windows = datasets.sampler()
    model = models.baselines()["RBF SVM"]
    model.fit(windows[list(features.names())].to_numpy(), windows.genre)
    clips = [jukebox.play(style, seconds=5, seed=seed) for seed in seeds]
    said = model.predict([features.describe(y[: heard * audio.SAMPLE_RATE]) for y in clips])
    return list(said)


def _count_rock(answer):
    if isinstance(answer, bool) or int(answer) != answer:
        return no("A whole number is wanted: how many of the ten songs are called rock.")
    answer = int(answer)
    if not 0 <= answer <= len(SEEDS):
        return no("There are only ten songs, with the seeds 0 to 9.")
    said = _guesses("country")
    if answer == said.count("rock"):
        return yes(
            f"{answer} of 10. So section 4 was no accident: to this model the band's country is "
            "close to rock. About real country that says nothing."
        )
    if answer == _guesses("country", range(1, 11)).count("rock"):
        return no("The seeds 1 to 10 (or 1 to 9) give this number. The first seed is 0.")
    if answer == _guesses("country", heard=5).count("rock"):
        return no(
            "You described all five seconds. The model hears the first two, as in section 4: "
            "`says` cuts them out for you."
        )
    if answer == len(said) - said.count("rock"):
        return no("That is how many songs it does *not* call rock: count the others.")
    return no("I count another number. Ten songs in the style country, the seeds 0 to 9?")


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
        nudge="`jukebox.play` takes a `seed`, and `says` (section 4) takes what it returns.",
        partial="""The fourth song and what the model says of it:

```python
says(jukebox.play("country", seconds=5, seed=3))
```

Do it for all of `range(10)`, and count how often the answer is `"rock"`.""",
        solution="""
said = [says(jukebox.play("country", seconds=5, seed=seed)) for seed in range(10)]
answer = said.count("rock")
""",
        reasoning="The seed changes the song, and the model mostly says the same: what misleads it "
        "is how this band plays country, not one song. Ten songs by one synthetic band tell you "
        "about the jukebox, and nothing about real country.",
        look=_count_rock,
    ),
    Exercise(
        name="00.2",
        minutes=5,
        wanted="the name of one of the three ways, as a string",
        nudge="What has the model heard of your cousin's band before you ask it?",
        partial="Ask for each way: could the model have heard *this song* before? *This band?* "
        "Choose the way whose hidden windows were just as new to it.",
        solution="""
answer = "artists kept whole"
""",
        reasoning="The model has never heard your cousin's band, so the figure to quote is the one "
        "for which whole artists were hidden. And even that one speaks of songs like GTZAN's: ten "
        "genres, recorded before 2002.",
        look=_which_score,
    ),
)
