"""The lessons' words: pictures, guesses and questions in ``notebooks/words``, and who uses them."""

import ast
import io
import re
import string
import tokenize
import tomllib
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "notebooks/words").glob("[0-9]*.toml"))
KIND_OF = {
    "show": "pictures", "playhead": "pictures", "listen": "pictures",
    "guess": "guesses", "guessed": "guesses", "ask": "questions",
}  # fmt: skip
ASKS = ("**Guess first", "**Work it out")

lessons = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


class Use(NamedTuple):
    """A key of the words in a call, and where: the cell's number, and the figures handed over."""

    cell: int
    function: str
    key: str
    values: int
    figures: frozenset


def words(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


def lesson(path):
    (notebook,) = (ROOT / "notebooks").glob(f"{path.stem}[_.]*ipynb")
    return nbformat.read(notebook, as_version=4).cells


def uses(cells):
    """Each key of a lesson's words in its code cells, in order."""
    for number, cell in enumerate(cells):
        calls = ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ()
        for call in (node for node in calls if isinstance(node, ast.Call)):
            function = getattr(call.func, "attr", "")
            handed = [*call.args, *(word.value for word in call.keywords if word.arg == "key")]
            named = frozenset(word.arg for word in call.keywords) - {"key", "marks", "value"}
            keys = [arg.value for arg in handed if isinstance(arg, ast.Constant)]
            for key in (key for key in keys if re.match(r"\d\db?\.", str(key))):
                if function in KIND_OF:
                    yield Use(number, function, key, len(handed) - len(keys), named)


def fields(*texts):
    """What `str.format` asks for."""
    found = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
    return {re.split(r"[.[]", name)[0] for name in found}


def said_in_code(source):
    """Comments and string constants of a cell, as they will be read."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def titles(source):
    """String constants that become titles."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        given = [word.value for word in call.keywords if word.arg == "title"]
        if getattr(call.func, "attr", "") in ("set_title", "suptitle"):
            given += call.args[:1]
        yield from (node.value for node in given if isinstance(node, ast.Constant))


def tells(option, text):
    """Whether a text holds an option's very words; a single word may stand in any sentence."""
    if " " not in option:
        return text.strip().lower() == option.lower()
    return re.search(rf"(?<!\w){re.escape(option)}(?!\w)", text, re.I) is not None


@lessons
def test_every_key_is_used_and_every_use_has_its_words(path):
    used = {"pictures": set(), "guesses": set(), "questions": set()}
    for use in uses(lesson(path)):
        used[KIND_OF[use.function]].add(use.key)
    there = words(path)
    assert set(there) <= set(used)
    for kind, keys in used.items():
        assert keys == {f"{path.stem}.{name}" for name in there.get(kind, {})}, kind
        assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in there.get(kind, {}))


@lessons
def test_every_figure_that_words_ask_for_is_handed_over(path):
    there = words(path)
    for use in uses(lesson(path)):
        entry = there[KIND_OF[use.function]][use.key.partition(".")[2]]
        if None in use.figures:
            continue  # handed over as **figures: they come from the lesson's own run
        if use.function == "guessed":
            assert fields(entry.get("why", "")) == use.figures, use.key
        elif use.function in ("show", "playhead"):
            assert fields(entry.get("title", ""), entry["alt"]) <= use.figures, use.key


@lessons
def test_pictures_of_the_page_have_the_words_of_the_file(path):
    cells, there = lesson(path), words(path).get("pictures", {})
    for use in uses(cells):
        if use.function != "show" or fields(there[use.key.partition(".")[2]]["alt"]):
            continue
        alts = [
            output.metadata["image/png"]["alt"]
            for output in cells[use.cell].outputs
            if "image/png" in output.get("data", {})
        ]
        if alts:  # a figure that a slider draws is on no page
            assert there[use.key.partition(".")[2]]["alt"] in alts, use.key


@lessons
def test_a_guess_is_asked_alone_and_answered_once_further_down(path):
    cells = lesson(path)
    asked = {use.key: use.cell for use in uses(cells) if use.function == "guess"}
    answered = [use for use in uses(cells) if use.function == "guessed"]
    assert sorted(use.key for use in answered) == sorted(asked)
    for use in answered:
        assert asked[use.key] < use.cell, use.key
    for key, number in asked.items():
        assert cells[number].source == f'exercises.guess("{key}")'
        before = [cell.source for cell in cells[max(number - 2, 0) : number]]
        assert any("?" in source for source in before), "a guess follows its question"


@lessons
def test_whoever_is_told_to_guess_can(path):
    """No guess is announced without something to click."""
    cells = lesson(path)
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown" and any(word in cell.source for word in ASKS):
            after = [
                later.source for later in cells[number + 1 : number + 3]
            ]  # perhaps a sound first
            assert any(source.startswith("exercises.guess(") for source in after), cell.source


@lessons
def test_a_guess_has_short_choices_or_a_number_and_an_answer_among_them(path):
    handed = {use.key: use.values for use in uses(lesson(path)) if use.function == "guessed"}
    for name, entry in words(path).get("guesses", {}).items():
        assert ("options" in entry) != ("number" in entry), name
        answer = entry.get("answer")
        assert (answer is None) == (handed[f"{path.stem}.{name}"] > 0), name
        if "number" in entry:
            assert entry["near"] >= 0
            continue
        options = entry["options"]
        assert 2 <= len(options) == len(set(options)) <= 4, name
        assert max(map(len, options)) <= 40, name
        if answer is not None:
            assert set([answer] if isinstance(answer, str) else answer) < set(options), name


@lessons
def test_no_code_says_an_option_before_the_result(path):
    """Titles that tell lie in the words, and appear with the result."""
    cells, guesses = lesson(path), words(path).get("guesses", {})
    for use in (use for use in uses(cells) if use.function == "guessed"):
        options = guesses[use.key.partition(".")[2]].get("options", [])
        code = [cell.source for cell in cells[: use.cell + 1] if cell.cell_type == "code"]
        for given in (titles, said_in_code):
            texts = [text for source in code for text in given(source)]
            # A genre stands in much code, and tells nothing there.
            asked = [option for option in options if given is titles or " " in option]
            told = [option for option in asked if any(tells(option, text) for text in texts)]
            # Things that have names may be called by them, if it is all of them.
            assert not told or (told == asked and len(asked) > 1), (use.key, told)


@lessons
def test_the_count_of_guesses_stands_right_before_the_exercises(path):
    cells = lesson(path)
    (place,) = (n for n, cell in enumerate(cells) if cell.source.startswith("## Exercises"))
    if words(path).get("guesses"):
        assert cells[place - 1].source == f'exercises.guesses("{path.stem}")'
        assert "## Recap" in cells[place - 2].source


@lessons
def test_each_choice_of_a_question_gets_a_sentence_of_its_own(path):
    for name, entry in words(path).get("questions", {}).items():
        assert set(entry) == {"ask", "right", "because", "wrong"}, name
        assert entry["ask"].rstrip("*\"”'").endswith(("?", ".")), name
        choices, heard = (
            [entry["right"], *entry["wrong"]],
            [entry["because"], *entry["wrong"].values()],
        )
        assert len({choice.lower() for choice in choices}) == len(choices), name
        assert max(map(len, choices)) <= 80, name
        assert len({" ".join(sentence.split()) for sentence in heard}) == len(choices), name
        for sentence in heard:
            assert len(sentence) >= 30, sentence
            assert re.search(r"[.!?][)*\"”]*$", sentence.strip()), sentence
        assert len(entry["wrong"]) >= (2 if name.startswith("quiz") else 1), name


@lessons
def test_the_quiz_is_asked_in_one_cell_after_its_heading(path):
    cells = lesson(path)
    (place,) = (n for n, cell in enumerate(cells) if cell.source.startswith("## Quiz"))
    keys = [use.key for use in uses(cells) if use.function == "ask" and use.cell == place + 1]
    quiz = [f"{path.stem}.{name}" for name in words(path)["questions"] if name.startswith("quiz")]
    assert keys == quiz
    assert 3 <= len(keys) <= 4
    assert "Our answer" not in cells[place].source


@pytest.mark.parametrize(
    ("option", "text", "told"),
    [
        ("more often", "# the teeth cross more often", True),
        ("more often", "somewhat more oftener", False),
        ("rock", "rock", True),
        ("rock", "rock and pop", False),
    ],
)
def test_what_tells(option, text, told):
    assert tells(option, text) is told
