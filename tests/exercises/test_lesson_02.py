"""Exercises of lesson 02: what they accept, and what they say of functions that don't work."""

import numpy as np
import pytest
from wrong_answers import lesson_02 as wrong

from helpers import exercises
from helpers.exercises import lesson_02


def forgets(*given):
    sum(map(len, map(str, given)))


def divides(*given):
    return len(given) / 0


FUNCTIONS = ["02.1", "02.2", "02.3", "02b.1", "02b.3", "05.2", "09.3", "10.3"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_without_return_or_with_an_error_is_told_so(name):
    assert "Your function returns nothing" in exercises.check(name, forgets).sentence
    said = exercises.check(name, divides).sentence
    assert "`return len(given) / 0`: ZeroDivisionError: division by zero." in said


def test_a_function_that_takes_something_else_stops_at_once():
    said = exercises.check("02.1", lambda: 1.0).sentence
    assert "stops at once: TypeError" in said
    assert "takes 0 positional arguments but 2 were given" in said


@pytest.mark.parametrize("gap", [0.05, 0.0561, 0.0588, 0.0602, 0.062, 0.07, 0.08])
def test_another_gap_than_a_semitone_is_refused(gap):
    assert not exercises.check("02.2", wrong.to_a_power(np.ceil, gap)).right


def test_a_rounded_semitone_is_taken():
    assert exercises.check("02.2", wrong.to_a_power(np.ceil, 0.06)).right


@pytest.mark.parametrize("hz", lesson_02.PLAYED)
def test_two_lines_with_the_frame_and_one_with_half_of_it(hz):
    n_fft = lesson_02._shortest(lesson_02._gap(hz))
    assert lesson_02.apart(hz, n_fft)
    assert not lesson_02.apart(hz, n_fft // 2)


@pytest.mark.parametrize(
    ("case", "held"),
    [((30_000, 2048, 512), [57, 58, 59, 60]), ((9600, 2048, 800), [11, 12, 13]),
     ((20_400, 512, 2048), [10]), ((20_000, 512, 2048), [])],
)  # fmt: skip
def test_the_columns_that_a_click_gets_into(case, held):
    assert case in lesson_02.CLICKS
    assert lesson_02.columns(*case) == held
