"""The lessons' form: what a reader of the committed pages meets, without running them."""

import base64
import io
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import tidy
from PIL import Image
from tolerance import snap

from helpers import plots

ROOT = Path(__file__).resolve().parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]*_*.ipynb"))
GLOSSARY = ROOT / "notebooks/glossary.ipynb"  # no lesson: see test_glossary.py
HEADINGS = ["## Recap", "## Exercises", "## Quiz", "## The way on"]
FURTHER = "## Going further (if you like)"  # between quiz and way on, where a lesson has it

lessons = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
pages = pytest.mark.parametrize("path", [*LESSONS, GLOSSARY], ids=lambda path: path.stem)


def number_of(path):
    return path.stem.partition("_")[0]


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def text(path):
    return "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def test_lessons_are_numbered_without_a_gap():
    numbers = [number_of(path) for path in LESSONS]
    whole = [number for number in numbers if number.isdigit()]
    assert whole == [f"{number:02}" for number in range(len(whole))]
    # A lesson that was split in two keeps its number, and the second half gets a letter.
    assert {number[:2] for number in numbers} == set(whole)
    assert sorted((ROOT / "notebooks").glob("*.ipynb")) == [*LESSONS, GLOSSARY]


@lessons
def test_no_table_is_printed(path):
    assert not [cell.source for cell in code_cells(path) if ".to_string(" in cell.source]


@lessons
def test_pictures_are_as_wide_as_the_text_or_half_as_wide(path):
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    looks = [output.get("metadata", {}).get("image/png", {}) for output in outputs]
    assert {look["width"] for look in looks if look} <= {640, 320}


@lessons
def test_no_picture_is_cut_at_its_edges(path):
    """A title that is too long runs into the right edge, where a margin should be."""
    for cell in code_cells(path):
        for output in cell.outputs:
            data = output.get("data", {})
            found = re.findall(r'src="data:image/png;base64,([^"]+)"', data.get("text/html", ""))
            for picture in [*found, *filter(None, [data.get("image/png")])]:
                gray = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("L"))
                edges = gray[:, :3], gray[:, -6:], gray[:2], gray[-2:]
                assert min(edge.min() for edge in edges) >= 250, cell.id


@lessons
def test_has_exercises_and_wrong_answers_to_them(path):
    for folder in ("helpers/exercises", "tests/wrong_answers"):
        assert (ROOT / folder / f"lesson_{number_of(path)}.py").is_file()


def test_the_map_of_the_first_lesson_names_each_lesson_once():
    row = r"^\| \[?(\d\db?) · [^]|]+?(?:\]\((\S+)\))? \| .+\? \|"
    rows = re.findall(row, text(LESSONS[0]), re.M)
    assert [number for number, _ in rows] == [number_of(path) for path in LESSONS]
    # It has no link to itself.
    assert [link for _, link in rows] == ["", *(path.name for path in LESSONS[1:])]


@lessons
def test_opens_with_title_question_and_what_to_expect(path):
    first = read(path).cells[0].source
    assert re.match(rf"# {number_of(path)} · \S", first)
    assert re.search(r"^\*\*.*\?\*\*$", first, re.M), "one bold question"
    for promise in ("**You will learn**", "**You need**", "**It takes**"):
        assert promise in first


@lessons
def test_headings_are_in_order_and_end_with_recap_exercises_and_the_way_on(path):
    headings = re.findall(r"^#+ .*$", re.sub(r"```.*?```", "", text(path), flags=re.S), re.M)
    assert sum(heading.startswith("# ") for heading in headings) == 1
    assert [heading for heading in headings if heading != FURTHER][-4:] == HEADINGS
    assert FURTHER not in headings or headings[-2] == FURTHER
    levels = [len(heading.partition(" ")[0]) for heading in headings]
    assert max(np.diff(levels)) <= 1, headings
    numbers = [int(n) for n in re.findall(r"^## (\d+)\. ", text(path), re.M)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 3


@lessons
def test_closes_with_a_quiz_of_three_or_four_questions_to_click(path):
    cells = read(path).cells
    (quiz,) = (number for number, cell in enumerate(cells) if cell.source.startswith("## Quiz"))
    keys = re.findall(r'"([\w.-]+)"', cells[quiz + 1].source)
    assert cells[quiz + 1].source.startswith("exercises.ask(")
    assert keys == [f"{number_of(path)}.quiz-{n}" for n in range(1, len(keys) + 1)]
    assert len(keys) in (3, 4)
    for key in keys:
        question = plots.lookup("questions", key)
        assert question["ask"].endswith("?")
        assert len(question["because"]) >= 60
        assert len(question["wrong"]) >= 2


@pages
def test_every_figure_has_words_for_those_who_cannot_see_it(path):
    for cell in code_cells(path):
        assert "plt.show" not in cell.source
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                assert len(alt) > 40, cell.source


@pages
def test_cells_were_run_in_order_and_hide_nothing(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    for cell in code_cells(path):
        assert not cell.source.rstrip().endswith(";"), cell.source


@pages
def test_outputs_hold_no_errors_warnings_or_widget_state(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source
            assert "Warning" not in str(output.get("text", "")), cell.source
            assert "(children=" not in str(output.get("data", "")), "make outputs tidies it"
    assert "widgets" not in read(path).metadata


@pages
def test_is_small_and_names_no_folder_of_any_machine(path):
    content = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 1_500_000
    assert not re.search(r"(?<![\w:/])/(home|root|Users|tmp|work|private|var)/\w", content)
    assert "pip install" not in content
    assert "ipykernel_" not in content


@pages
def test_markdown_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)", text(path)):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@lessons
def test_code_is_compared_unless_it_says_why_not(path):
    """A lesson compares most of its cells: a tag is an exception, never the habit."""
    loose = [
        cell for cell in code_cells(path) if "nbval-ignore-output" in cell.metadata.get("tags", [])
    ]
    assert len(loose) <= len(code_cells(path)) / 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("interactive(children=(IntSlider(value=1", "Sliders"),
        ("interactive(children=(Dropdown(description='song'", "A menu"),
        ("VBox(children=(GridBox(children=(Dropdown(description='style'", "Sliders"),
    ],
)
def test_a_widget_says_what_it_is_where_nobody_runs_it(text, said, tmp_path):
    data = {tidy.WIDGET: {}, "text/plain": text}
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data)])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "one.ipynb")
    tidy.tidy(tmp_path / "one.ipynb")
    (output,) = code_cells(tmp_path / "one.ipynb")[0].outputs
    assert output.data["text/plain"] == f"{said}: run this cell"


def test_committed_notebooks_are_stripped_of_timing():
    for path in [*LESSONS, GLOSSARY]:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert "execution" not in cell["metadata"], path.name


@pytest.mark.parametrize(
    ("new", "accepted"),
    [
        ("accuracy 0.52 [0.41, 0.60]", True),
        ("accuracy  0.52 [0.41, 0.60]", True),
        ("accuracy 0.56 [0.41, 0.60]", False),
        ("precision 0.52 [0.41, 0.60]", False),
        ("accuracy 0.52", False),
    ],
)
def test_a_close_figure_passes_and_a_changed_one_does_not(new, accepted):
    old = {"output_type": "stream", "text": "accuracy 0.51 [0.42, 0.60]"}
    assert (snap({"output_type": "stream", "text": new}, old, 0.03) == old) is accepted
