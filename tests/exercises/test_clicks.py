"""Guesses and questions: what they remember and answer, and what they say without a kernel."""

import pytest

from helpers import exercises, plots
from helpers.exercises import clicks

WORDS = """
[guesses.crossings]
options = ["less often", "as often", "more often"]
answer = "more often"
why = "The teeth cross {n} times."
[guesses.gap]
number = "from 0 to 1"
near = 0.05
[guesses.either]
options = ["jazz", "blues", "rock"]
[questions.twice]
ask = "Is *twice* `x` always 6 dB?"
right = "For amplitudes"
because = "Power is squared."
[questions.twice.wrong]
"Always" = "Not for power."
"Never" = "Try it."
"""


@pytest.fixture(autouse=True)
def shown(tmp_path, monkeypatch):
    """A lesson 99, a kernel that has just started, and what it displays."""
    (tmp_path / "notebooks/words").mkdir(parents=True)
    (tmp_path / "notebooks/words/99.toml").write_text(WORDS, encoding="utf-8")
    monkeypatch.setattr(plots, "ROOT", tmp_path)
    for name in ("_guessed", "_shown", "_out", "_chosen"):
        monkeypatch.setattr(clicks, name, {})
    shown = []

    class Handle:
        def update(self, what):
            shown[-1] = what

    monkeypatch.setattr(clicks, "display", lambda what, **_: shown.append(what) or Handle())
    return shown


def say(shown, key, said):
    """Show the guess and click (or type) what is said."""
    exercises.guess(key)
    field, _ = shown[-1].children
    field.value = said


def test_the_picture_answers_the_guess(shown):
    say(shown, "99.crossings", "as often")
    exercises.guessed("99.crossings", n=7)
    assert repr(shown[-1]) == (
        "You said **as often**. The answer: **more often**. The teeth cross 7 times."
    )
    say(shown, "99.crossings", "more often")
    exercises.guessed("99.crossings", n=7)
    assert repr(shown[-1]) == "You said **more often**. It came out. The teeth cross 7 times."
    exercises.guesses("99")
    assert repr(shown[-1]) == "You guessed 1 times of 3, and 1 came out as you said."


def test_a_cell_that_runs_again_forgets_nothing(shown):
    say(shown, "99.crossings", "as often")
    exercises.guess("99.crossings")
    field, note = shown[-1].children
    assert field.value == "as often"
    assert "Noted: as often" in note.value


def test_who_ran_all_cells_may_still_guess(shown):
    exercises.guess("99.crossings")
    field, _ = shown[-1].children
    exercises.guessed("99.crossings", n=7)
    assert repr(shown[-1]).startswith("You made no guess. The answer: **more often**.")
    field.value = "less often"
    assert repr(shown[-1]).startswith("You said **less often**. The answer")


@pytest.mark.parametrize(
    ("said", "out"),
    [("0.5", True), ("50 %", True), ("about .55", True), ("0,5", True), ("0.6", False)],
)  # fmt: skip
def test_a_number_comes_out_when_it_is_near(shown, said, out):
    say(shown, "99.gap", said)
    exercises.guessed("99.gap", 0.512)
    assert shown[-1].right is out
    assert repr(shown[-1]).endswith("The answer: **0.51**.")


@pytest.mark.parametrize(
    ("said", "heard"),
    [("0.51", "It came out. "), ("51 %", "It came out. "), ("0.55", "Near enough. "), ("0.9", "")],
)
def test_near_is_not_the_same(shown, said, heard):
    say(shown, "99.gap", said)
    exercises.guessed("99.gap", 0.512)
    assert repr(shown[-1]) == f"You said **{said}**. {heard}The answer: **0.51**."


@pytest.mark.parametrize("said", ["-0.5", "half", "1,000", "50", "%"])
def test_what_is_no_number_of_that_kind_is_no_guess(shown, said):
    say(shown, "99.gap", "0.5")
    field, note = shown[-1].children
    exercises.guessed("99.gap", 0.512)
    field.value = said
    assert "I look for a number from 0 to 1." in note.value
    assert repr(shown[-1]) == "You made no guess. The answer: **0.51**."
    exercises.guesses("99")
    assert repr(shown[-1]) == "You made none of this lesson's 3 guesses."
    field.value = "0.5"
    assert "Noted: 0.5." in note.value


def test_the_answer_may_come_from_a_cell_and_be_more_than_one(shown):
    say(shown, "99.either", "blues")
    exercises.guessed("99.either", ["jazz", "blues"])
    assert shown[-1].right


def test_each_choice_gets_its_own_sentence_and_the_last_one_is_kept(shown):
    exercises.ask("99.twice")
    _, choices, said = shown[-1].children[0].children
    heard = {}
    for button in choices.children:
        button.click()
        heard[button.description] = said.value
    assert len(set(heard.values())) == 3
    assert "✔ Power is squared." in heard["For amplitudes"]
    assert "✘ Not for power." in heard["Always"]
    exercises.ask("99.twice")
    assert shown[-1].children[0].children[2].value == said.value


def test_pages_without_a_kernel_say_what_is_there(shown):
    exercises.guess("99.crossings")
    exercises.guess("99.gap")
    exercises.ask("99.twice")
    guess, number, question = (box._repr_mimebundle_()["text/plain"] for box in shown)
    assert guess == "Guess: less often / as often / more often (run this cell to click)"
    assert number == "Guess: from 0 to 1 (run this cell to click)"
    assert question.startswith("Is *twice* `x` always 6 dB?\n  ○ ")


def test_sentences_become_html_and_nothing_else_does():
    assert clicks.to_html("a <b> `x*y` *so* **it** [is](01_listen.ipynb)") == (
        'a &lt;b&gt; <code>x*y</code> <em>so</em> <b>it</b> <a href="01_listen.ipynb">is</a>'
    )


def test_a_guess_that_the_words_do_not_know_is_named():
    with pytest.raises(KeyError, match="no 'tempo' in its guesses"):
        exercises.guess("99.tempo")
