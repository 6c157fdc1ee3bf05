"""Did I get it right?

`guess` notes what a learner expects and `guessed` comes back to it; `ask` puts a question to click.
`check` looks at an answer and says something that helps; `hint` and `solution` help without one.
`open_envelope` marks the predictions of the last lesson, and counts how often it was asked. The
exercises of lesson 04 are in ``lesson_04.py`` beside this file, each with its check.
"""

import importlib
import inspect
from collections import Counter

from helpers.exercises.exercise import Faulty, Verdict, no, watched

__all__ = [
    "ask", "check", "find", "guess", "guessed", "guesses", "hint", "names", "open_envelope",
    "solution",
]  # fmt: skip

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
    function = inspect.isroutine(answer) and "function" in exercise.wanted
    try:
        verdict = exercise.look(watched(answer) if inspect.isroutine(answer) else answer)
    except Faulty as fault:
        verdict = no(str(fault))
    except Exception as error:  # whatever a learner hands in, the notebook runs on
        what = "what your function returns" if function else "this answer"
        yours = "" if function else f"; yours is of type {type(answer).__name__}"
        verdict = no(
            f"I could not read {what} ({type(error).__name__}: {error}). "
            f"Wanted is {exercise.wanted}{yours}."
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


def guess(key):
    """Buttons (or a field for a number) for a guess; it is remembered as long as the kernel runs.

    Parameters
    ----------
    key : str
        Of the guess in the lesson's words, ``notebooks/words/02.toml``: ``"02.rooms"``.

    Raises
    ------
    KeyError
        If the words have no such guess.
    """
    from helpers.exercises import clicks

    clicks.guess(key)


def guessed(key, value=None, **figures):
    """Say what was guessed, what the answer is, and why.

    Parameters
    ----------
    key : str
    value : str, list of str or number, optional
        The answer, where a cell has computed it; otherwise the words have it.
    **figures
        What the words ask for in their "why".
    """
    from helpers.exercises import clicks

    clicks.guessed(key, value, **figures)


def guesses(lesson):
    """Say how many guesses of a lesson, such as ``"02"``, were made and came out; it is no mark."""
    from helpers.exercises import clicks

    clicks.guesses(lesson)


def ask(*keys):
    """Put questions to click, by their keys in the lesson's words; each choice gets a sentence."""
    from helpers.exercises import clicks

    clicks.ask(*keys)


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
    both = f"{exercise.nudge}\n\n{exercise.partial}"
    fold = f"<details><summary>Both hints once more</summary>\n\n{both}\n\n</details>\n\n{show}"
    steps = [exercise.nudge, exercise.partial, fold]
    return steps[min(_helped[exercise.name], len(steps)) - 1]
