"""Did I get it right?

`check` looks at an answer and says something that helps; `hint` and `solution` help without one.
`open_envelope` marks the predictions of the last lesson, and counts how often it was asked. The
exercises of lesson 04 are in ``lesson_04.py`` beside this file, each with its check.
"""

import importlib
from collections import Counter

from helpers.exercises.exercise import Verdict, no

__all__ = ["check", "find", "hint", "names", "open_envelope", "solution"]

_helped = Counter()  # how often this kernel has helped with which exercise


def names(lesson):
    """The exercises of a lesson, in order: ``names("03")`` is ``["03.1", "03.2", "03.3"]``."""
    return sorted(_lesson(lesson))


def find(name):
    """The `Exercise` of that name.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    known = _lesson(str(name).partition(".")[0])
    if name not in known:
        raise ValueError(f"there is no exercise {name!r}: this lesson has {', '.join(known)}")
    return known[name]


def check(name, answer=...):
    """Look at an answer.

    Parameters
    ----------
    name : str
        Of the exercise, for example ``"04.1"``.
    answer : object
        What the exercise asks for. The three dots that stand there at first are no answer yet.

    Returns
    -------
    Verdict
        True or false, and a sentence. A wrong answer gets advice of its own and, from one attempt
        to the next, a nudge, a part of the way, and the offer of a solution.

    Raises
    ------
    ValueError
        If there is no such exercise. An answer of any kind raises nothing.
    """
    exercise = find(name)
    if answer is ...:
        return no(
            f"**{name}** waits for your answer (about {exercise.minutes} minutes): "
            f'put it in place of the three dots. Stuck? `exercises.hint("{name}")`'
        )
    try:
        verdict = exercise.look(answer)
    except Exception as error:  # whatever a learner hands in, the notebook runs on
        verdict = no(
            f"I could not read this answer ({type(error).__name__}: {error}). "
            f"Wanted is {exercise.wanted}; yours is of type {type(answer).__name__}."
        )
    if verdict.right:
        return Verdict(True, f"✔ **{name}** {verdict.sentence}")
    return no(f"✘ **{name}** {verdict.sentence}\n\n{_help(exercise)}")


def hint(name):
    """The next hint for an exercise: a nudge, then a part of the way, then both once more."""
    return no(_help(find(name)))


def solution(name):
    """One way to solve an exercise, as code that runs at the end of the lesson, and its reasoning.

    Returns
    -------
    IPython.display.Markdown
    """
    from IPython.display import Markdown

    exercise = find(name)
    code = exercise.solution.strip()
    return Markdown(f"**{name}**, one way:\n\n```python\n{code}\n```\n\n{exercise.reasoning}")


def open_envelope(predictions=...):
    """Mark predictions for the sampler's fault-filtered test part, and count the look.

    Prints the accuracy with its interval, how often the envelope has been opened, and how much the
    best of twenty looks would have flattered. The count is kept in ``envelope.json``, in the folder
    that the environment variable GENRE_ENVELOPE names, else in the user's cache folder. The same
    answers once more teach nothing new, and are not counted.

    Parameters
    ----------
    predictions : pd.Series
        A genre for each song of the test part; the index holds the song_id.

    Returns
    -------
    envelope.Opened or None
        accuracy, low, high, n, artists, looks and guessing; None where this was no answer.
    """
    from helpers.exercises import envelope

    return envelope.open_with(predictions)


def _lesson(number):
    try:
        return importlib.import_module(f"helpers.exercises.lesson_{number}").EXERCISES
    except ModuleNotFoundError as error:
        if error.name != f"helpers.exercises.lesson_{number}":
            raise
        raise ValueError(f"there is no lesson {number!r} with exercises: try '04.1'") from None


def _help(exercise):
    _helped[exercise.name] += 1
    show = f'`exercises.solution("{exercise.name}")` shows one way, with its reasoning.'
    steps = [exercise.nudge, exercise.partial, f"{exercise.nudge}\n\n{exercise.partial}\n\n{show}"]
    return steps[min(_helped[exercise.name], len(steps)) - 1]
