"""A slip is told in the same words, whichever way it is made."""

import warnings

import pytest
from wrong_answers import lesson_02b

from helpers import exercises


@pytest.mark.parametrize("made", lesson_02b.WITHOUT_ABS)
def test_strengths_without_abs_are_called_complex(made):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # numpy's would leak into the notebook
        verdict = exercises.check("02b.1", lesson_02b.WITHOUT_ABS[made])
    assert not verdict.right
    assert "Your strengths are complex" in verdict.sentence
    assert "`np.abs`" in verdict.sentence


@pytest.mark.parametrize("name", ["A#", "A♯", "Bb", " B♭ "])
def test_a_pitch_class_may_be_spelled_as_one_likes(name):
    right = exercises.find("02b.3").solution
    exec("import numpy as np\nfrom helpers.jukebox import board\n" + right, space := {})

    def spelled(hz):
        return name if space["answer"](hz) == "A♯" else space["answer"](hz)

    assert exercises.check("02b.3", spelled).right
