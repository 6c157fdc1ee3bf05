"""What an exercise is made of."""

import functools
import traceback
from collections.abc import Callable
from typing import NamedTuple


class Faulty(Exception):
    """A learner's function stops with an error or returns nothing: the sentence that says so."""


class Verdict(NamedTuple):
    """Whether an answer is right, and a sentence or two in Markdown."""

    right: bool
    sentence: str

    def __repr__(self):
        return self.sentence

    def _repr_markdown_(self):
        return self.sentence


class Exercise(NamedTuple):
    """One exercise of a lesson.

    Attributes
    ----------
    name : str
        Lesson and number, for example ``"04.1"``.
    minutes : int
        About how long it takes.
    wanted : str
        What kind of thing the answer is, as in "a number from 0 to 1".
    nudge : str
        The first hint: where to look.
    partial : str
        The second hint, in Markdown: a part of the way.
    solution : str
        Code that runs at the end of the lesson and leaves the answer in ``answer``.
    reasoning : str
        Why it is so, in Markdown.
    look : callable
        Takes an answer and returns a `Verdict`; what it raises is told as a misunderstanding.
    """

    name: str
    minutes: int
    wanted: str
    nudge: str
    partial: str
    solution: str
    reasoning: str
    look: Callable


def yes(sentence):
    """The verdict on a right answer: what it means."""
    return Verdict(True, sentence)


def no(sentence):
    """The verdict on a wrong answer: what went wrong, as far as one can tell."""
    return Verdict(False, sentence)


def number(answer):
    """A number out of an answer: a Score counts as its value."""
    return float(getattr(answer, "value", answer))


def watched(answer):
    """A learner's function as it is, but what goes wrong inside of it is told as `Faulty`."""

    @functools.wraps(answer)
    def call(*args, **kwargs):
        try:
            result = answer(*args, **kwargs)
        except Exception as error:
            raise Faulty(f"Your function stops{_where(answer, error)}: {_named(error)}.") from error
        if result is None:
            raise Faulty("Your function returns nothing: is there a `return` at its end?")
        return result

    return call


def _where(answer, error):
    """In which line of the learner's own cell it happened, if it happened there."""
    file = getattr(getattr(answer, "__code__", None), "co_filename", None)
    own = [at for at in traceback.extract_tb(error.__traceback__) if at.filename == file]
    return f" in its cell's line {own[-1].lineno}, `{own[-1].line}`" if own else " at once"


def _named(error):
    return f"{type(error).__name__}: {error}".rstrip(".")


def collect(*exercises):
    """Exercises by their names."""
    return {exercise.name: exercise for exercise in exercises}
