"""Exercises that help: what they say of no answer, of wrong ones, and of the strangest.

That every solution passes its own check is tested where it is shown, in the lesson's kernel (see
``conftest.py`` at the top).
"""

import importlib
import math
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest

from helpers import datasets, exercises
from helpers.exercises import lesson_04

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]*_*.ipynb"))
LESSONS = {path.stem.partition("_")[0]: path for path in NOTEBOOKS}
NAMES = [name for lesson in LESSONS for name in exercises.names(lesson)]
STRANGE = [None, True, -1, math.nan, math.inf, "forty-two", b"x", [], {}, object(), print,
           np.zeros((3, 2)), pd.DataFrame(), pd.Series(["a"]), lambda *_: 1 / 0]  # fmt: skip

# The checks of these lessons train models.
SLOW = ("03", "04", "05", "06", "07", "08", "09", "10", "11")

every_exercise = pytest.mark.parametrize("name", NAMES)
every_check = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * name.startswith(SLOW)) for name in NAMES],
)


@pytest.fixture(scope="module", autouse=True)
def _fewer_windows():
    """Lesson 04's checks train hundreds of SVMs: on fewer windows they say the same, sooner.

    (Its solutions run on all of them, in the lesson.)
    """
    few = datasets.sampler().groupby("song_id").head(2).reset_index(drop=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lesson_04, "datasets", SimpleNamespace(sampler=lambda: few))
        patch.setattr(lesson_04, "GRID", {"svc__C": [1, 100], "svc__gamma": [0.001, 0.1]})
        yield


@pytest.fixture(autouse=True)
def _no_help_yet(monkeypatch, tmp_path):
    monkeypatch.setattr(exercises, "_helped", exercises.Counter())
    monkeypatch.setenv("GENRE_ENVELOPE", str(tmp_path))  # nobody's own count


def wrong_answers(name):
    return importlib.import_module(f"wrong_answers.lesson_{name.partition('.')[0]}").WRONG[name]


@pytest.mark.parametrize("lesson", LESSONS)
def test_two_to_five_in_each_lesson_with_a_cell_to_answer_in(lesson):
    names = exercises.names(lesson)
    assert names == [f"{lesson}.{n + 1}" for n in range(len(names))]
    assert len(names) in (2, 3, 4, 5)
    cells = nbformat.read(LESSONS[lesson], as_version=4).cells
    minutes = sum(exercises.find(name).minutes for name in names)
    assert f"the exercises about {minutes} more" in cells[0].source
    for name in names:
        (place,) = (
            n for n, c in enumerate(cells) if f'exercises.check("{name}", answer)' in c.source
        )
        assert cells[place].source.startswith("answer = ..."), name
        assert re.search(
            rf"\*\*{name} · .+ \({exercises.find(name).minutes} minutes\)", cells[place - 1].source
        ), name


@every_exercise
def test_takes_five_minutes_to_half_an_hour_and_is_explained(name):
    exercise = exercises.find(name)
    assert exercise.name == name
    assert 5 <= exercise.minutes <= 30
    helps = (exercise.wanted, exercise.nudge, exercise.partial, exercise.reasoning)
    assert all(helps)
    assert len(set(helps)) == len(helps)
    compile(exercise.solution, name, "exec")
    assert re.search(r"^answer = (?!\.\.\.)|^def answer\(", exercise.solution, re.M)


@every_exercise
def test_waits_without_an_answer(name):
    verdict = exercises.check(name, ...)
    assert not verdict.right
    assert "waits for your answer" in verdict.sentence
    assert exercises.check(name) == verdict


@every_check
def test_wrong_answers_get_advice_of_their_own(name):
    advice = []
    for wrong in wrong_answers(name):
        exercises._helped.clear()
        verdict = exercises.check(name, wrong())
        assert not verdict.right, verdict
        advice.append(verdict.sentence)
    assert len(advice) >= 2
    assert len(set(advice)) == len(advice)
    assert not [text for text in advice if "I could not read" in text]


@every_check
def test_slips_that_were_once_taken_for_another_get_their_own_sentence(name):
    module = importlib.import_module(f"wrong_answers.lesson_{name.partition('.')[0]}")
    for wrong, sentence in getattr(module, "SENTENCES", {}).get(name, []):
        assert sentence in exercises.check(name, wrong).sentence, wrong


@every_check
def test_the_strangest_answers_raise_nothing_and_are_wrong(name):
    for answer in STRANGE:
        verdict = exercises.check(name, answer)
        assert not verdict.right, answer
        assert verdict.sentence.startswith(f"✘ **{name}**")


def test_help_grows_from_a_nudge_to_the_solution():
    exercise = exercises.find("00.1")
    said = [exercises.check("00.1", 100).sentence for _ in range(4)]
    assert exercise.nudge in said[0]
    assert exercise.partial in said[1]
    assert 'exercises.solution("00.1")' in said[2]
    assert said[3] == said[2]
    exercises._helped.clear()
    assert [exercises.hint("00.1").sentence for _ in range(2)] == [exercise.nudge, exercise.partial]


def test_the_solution_shows_code_and_reasoning():
    exercise = exercises.find("00.1")
    shown = exercises.solution("00.1").data
    assert exercise.solution.strip() in shown
    assert exercise.reasoning in shown


@pytest.mark.parametrize("name", ["00.9", "99.1", "", 4, None])
def test_an_unknown_exercise_is_named(name):
    with pytest.raises(ValueError, match="there is no"):
        exercises.check(name, 1)


@pytest.mark.slow
def test_a_guard_that_refuses_no_real_window_at_all_is_suspected():
    by_heart = importlib.import_module("wrong_answers.lesson_10").by_heart
    verdict = exercises.check("10.3", by_heart(8.0))
    assert verdict.right
    assert "0.0% are refused. None at all? That is suspicious" in verdict.sentence


@pytest.mark.slow
def test_a_fair_guard_is_told_what_it_refuses_of_another_collection():
    close = importlib.import_module("wrong_answers.lesson_10").close
    verdict = exercises.check("10.3", close(0.99))
    assert verdict.right
    assert "3.3% are refused. Compare" in verdict.sentence
    assert "refuses 12.2% where the genre is one of the ten, and 45.3%" in verdict.sentence


@pytest.mark.slow
def test_a_guard_that_knows_the_three_sounds_only_is_told_which_others_get_in():
    wrong = importlib.import_module("wrong_answers.lesson_10")
    for guard, others in {
        wrong.strange: "clicks, noise, one tone",
        wrong.taught(): "one tone",
    }.items():
        verdict = exercises.check("10.3", guard)
        assert not verdict.right
        assert f"(another seed, other pitches): {others}. " in verdict.sentence


@pytest.mark.slow
def test_a_feature_that_does_not_come_from_the_sound_is_refused_whatever_it_is():
    for name, feature in importlib.import_module("wrong_answers.lesson_03").UNSOUND.items():
        verdict = exercises.check("03.3", (feature(), -0.02, 0.03))
        assert not verdict.right, name
        assert "could not read" not in verdict.sentence, name


@pytest.mark.slow
def test_an_honest_feature_is_taken_and_held_against_the_guess():
    for name, feature in importlib.import_module("wrong_answers.lesson_03").HONEST.items():
        verdict = exercises.check("03.3", (feature, 0.2, 0.3))
        assert verdict.right, (name, verdict.sentence)
        assert "is outside of it" in verdict.sentence
