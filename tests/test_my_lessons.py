"""The learner's own copies: there at once, up to date, and never overwritten once worked in."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import my_lessons
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
LESSON = "04_first_classifiers.ipynb"


@pytest.fixture
def lessons(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in (LESSON, "02b_what_the_ear_keeps.ipynb", "glossary.ipynb"):
        lesson = nbformat.v4.new_notebook()
        ran = nbformat.v4.new_output("stream", text="2\n")
        lesson.cells = [
            nbformat.v4.new_markdown_cell(f"# {name}"),
            nbformat.v4.new_code_cell("answer = ...", metadata={"tags": ["close-0.03"]}),
            nbformat.v4.new_code_cell("print(1 + 1)", outputs=[ran], execution_count=2),
        ]
        nbformat.write(lesson, folder / name)
    return folder


@pytest.fixture
def own(lessons):
    folder = lessons.parent / "my-lessons"
    assert my_lessons.lay_out(lessons, folder) == []
    return folder


def edit(path, source, cell=1, **more):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[cell].update(source=source, **more)
    nbformat.write(notebook, path)


def sources(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_each_lesson_is_copied_without_outputs_and_looks_the_same(lessons, own):
    assert sorted(contents(own)) == sorted(contents(lessons))
    for path in own.iterdir():
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert sources(path) == sources(lessons / path.name)
        ids = [cell.id for cell in notebook.cells]
        assert ids == [cell.id for cell in nbformat.read(lessons / path.name, as_version=4).cells]
        outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
        # The glossary is there to be looked up, not to be run.
        assert bool(outputs[-1]) is (path.name == "glossary.ipynb")


def test_a_second_time_changes_nothing(lessons, own):
    before = contents(own)
    assert my_lessons.lay_out(lessons, own) == []
    assert contents(own) == before


def test_work_is_never_overwritten_and_one_line_says_that_the_lesson_changed(lessons, own):
    edit(own / LESSON, "answer = 42")
    before = contents(own)
    assert my_lessons.lay_out(lessons, own) == []
    edit(lessons / LESSON, "answer = ...  # now with a hint")
    for _ in range(2):
        [said] = my_lessons.lay_out(lessons, own)
        assert LESSON in said
        assert "make fresh LESSON=04" in said
    assert contents(own) == before


def test_having_run_a_lesson_is_work_too(lessons, own):
    edit(own / LESSON, "print(1 + 1)", 2, execution_count=1)
    edit(lessons / LESSON, "answer = ...  # now with a hint")
    before = contents(own)
    assert len(my_lessons.lay_out(lessons, own)) == 1
    assert contents(own) == before


def test_a_copy_that_nobody_touched_follows_the_course_in_silence(lessons, own):
    edit(lessons / LESSON, "answer = ...  # now with a hint")
    assert my_lessons.lay_out(lessons, own) == []
    assert sources(own / LESSON) == sources(lessons / LESSON)


def test_new_outputs_or_tags_are_no_change(lessons, own):
    edit(own / LESSON, "answer = 42")
    edit(lessons / LESSON, "answer = ...", outputs=[], metadata={"tags": []}, execution_count=7)
    assert my_lessons.lay_out(lessons, own) == []


def test_whoever_took_over_the_change_by_hand_is_told_nothing(lessons, own):
    for path in (lessons / LESSON, own / LESSON):
        edit(path, "answer = ...  # now with a hint")
        edit(path, "print(1 + 1)", 2, execution_count=1)
    assert my_lessons.lay_out(lessons, own) == []


def test_deleted_and_renamed_copies_and_new_lessons_are_copied(lessons, own):
    edit(own / LESSON, "answer = 42")
    (own / LESSON).rename(own / "mine.ipynb")
    (own / "02b_what_the_ear_keeps.ipynb").unlink()
    shutil.copy(lessons / LESSON, lessons / "05_new.ipynb")
    mine = (own / "mine.ipynb").read_bytes()
    assert my_lessons.lay_out(lessons, own) == []
    assert {path.name for path in lessons.iterdir()} <= set(contents(own))
    assert sources(own / LESSON)[1] == "answer = ..."
    assert (own / "mine.ipynb").read_bytes() == mine


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"cells": []}', b'{"cells": 3, "metadata": {}}', b"\xff\xfe",
                b'{"cells": [{}], "metadata": {}}', b"<<<<<<< HEAD\n{}"],
)  # fmt: skip
def test_a_damaged_copy_is_left_alone_and_named(lessons, own, content):
    (own / LESSON).write_bytes(content)
    [said] = my_lessons.lay_out(lessons, own)
    assert f"my-lessons/{LESSON}" in said
    assert (own / LESSON).read_bytes() == content
    # It doesn't stand in the way of a fresh one.
    assert my_lessons.fresh("04", lessons, own).endswith("04_first_classifiers.new.ipynb")


def test_a_notebook_of_ones_own_in_a_lessons_place_is_left_alone_and_named(lessons, own):
    nbformat.write(nbformat.v4.new_notebook(metadata={my_lessons.KEY: "?"}), own / LESSON)
    before = contents(own)
    assert len(my_lessons.lay_out(lessons, own)) == 1
    assert contents(own) == before


def test_a_damaged_lesson_spares_the_others(lessons):
    (lessons / LESSON).write_text("<<<<<<< HEAD")
    own = lessons.parent / "my-lessons"
    [said] = my_lessons.lay_out(lessons, own)
    assert f"notebooks/{LESSON}" in said
    assert len(contents(own)) == 2


@pytest.mark.parametrize("name", ["04", "4", " 04 ", LESSON, "04_first_classifiers"])
def test_fresh_lays_the_new_one_beside_and_ends_the_line(lessons, own, name):
    edit(own / LESSON, "answer = 42")
    edit(lessons / LESSON, "answer = ...  # now with a hint")
    mine = (own / LESSON).read_bytes()
    said = my_lessons.fresh(name, lessons, own)
    assert said.endswith("my-lessons/04_first_classifiers.new.ipynb")
    assert sources(own / "04_first_classifiers.new.ipynb") == sources(lessons / LESSON)
    assert (own / LESSON).read_bytes() == mine
    assert my_lessons.lay_out(lessons, own) == []


def test_fresh_never_overwrites_what_it_laid_once_somebody_worked_in_it(lessons, own):
    new = own / "04_first_classifiers.new.ipynb"
    my_lessons.fresh("04", lessons, own)
    assert "already" in my_lessons.fresh("04", lessons, own)
    edit(lessons / LESSON, "answer = ...  # a second version")
    my_lessons.fresh("04", lessons, own)  # nobody had touched the first
    assert "second" in sources(new)[1]
    edit(new, "answer = 43")
    assert "you have worked in it" in my_lessons.fresh("04", lessons, own)
    edit(lessons / LESSON, "answer = ...  # a third version")
    assert my_lessons.fresh("04", lessons, own).endswith(".new-2.ipynb")
    assert sources(new)[1] == "answer = 43"
    assert "third" in sources(own / "04_first_classifiers.new-2.ipynb")[1]
    assert "already" in my_lessons.fresh("04", lessons, own)


def test_fresh_copies_what_is_missing_and_knows_every_kind_of_name(lessons, own):
    (own / LESSON).unlink()
    assert my_lessons.fresh("04", lessons, own).endswith(f"my-lessons/{LESSON}")
    assert my_lessons.fresh("2B", lessons, own).endswith("02b_what_the_ear_keeps.new.ipynb")
    assert my_lessons.fresh("glossary", lessons, own).endswith("glossary.new.ipynb")


@pytest.mark.parametrize("name", ["", " ", "17", "first"])
def test_fresh_says_which_lessons_there_are(lessons, own, name):
    before = contents(own)
    with pytest.raises(ValueError, match=r"takes 02b, 04, glossary\.$"):
        my_lessons.fresh(name, lessons, own)
    assert contents(own) == before


def test_nothing_half_written_takes_a_copys_place(lessons, own, monkeypatch):
    edit(lessons / LESSON, "answer = ...  # now with a hint")
    before = (own / LESSON).read_bytes()
    monkeypatch.setattr(my_lessons.os, "replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        my_lessons.lay_out(lessons, own)
    assert (own / LESSON).read_bytes() == before


def test_the_script_needs_no_library_and_says_one_line(lessons):
    tools = lessons.parent / "tools"
    tools.mkdir()
    script = shutil.copy(ROOT / "tools/my_lessons.py", tools)
    command = [sys.executable, "-I", "-S", script]  # -S: nothing that was installed
    for more, code in (([], 0), ([], 0), (["fresh", "04"], 0), (["fresh", "17"], 1)):
        done = subprocess.run([*command, *more], capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        assert len((done.stdout + done.stderr).splitlines()) == 1
    assert "04_first_classifiers.new.ipynb" in {
        path.name for path in (tools.parent / "my-lessons").iterdir()
    }
    (tools.parent / "my-lessons" / LESSON).write_text("{")
    done = subprocess.run(command, capture_output=True, text=True)
    assert len(done.stdout.splitlines()) == 2


def test_git_ignores_the_copies():
    # That `make lab` opens them, test_browser.py sees.
    assert "my-lessons/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_what_a_lesson_reads_beside_itself_lies_beside_the_copies_too():
    """Links to lessons, and to what lies one folder up, lead somewhere from both folders."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                for target in re.findall(r"\]\(([^)#\s]+)", source):
                    assert "://" in target or re.fullmatch(r"\w+\.ipynb|\.\./\S+", target), target
            else:
                assert "__file__" not in source
                assert not re.search(r"[\"'](?:\./)?(?:words|page|notebooks)/", source), source


def test_opening_and_saving_a_lesson_unchanged_is_no_work(tmp_path):
    """Jupyter writes a notebook anew, and notes the kernel's version in it."""
    assert my_lessons.lay_out(ROOT / "notebooks", tmp_path) == []
    for path in tmp_path.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        notebook.metadata.language_info.version = "3.13.0"
        nbformat.write(notebook, path)
        assert my_lessons.untouched(my_lessons.read(path)), path.name
