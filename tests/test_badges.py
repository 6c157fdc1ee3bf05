"""`make badges`: links to Colab and Binder, and a cell that installs the course where it isn't."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import my_lessons
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMES = [path.name for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]
COLAB = "https://colab.research.google.com/github/ann/genre/blob/main/notebooks/"
BINDER = "https://mybinder.org/v2/gh/ann/genre/main?urlpath=lab/tree/notebooks/"


@pytest.fixture
def course(tmp_path):
    """A copy of the course as it is committed, without its tests."""
    for name in ("README.md", "Makefile"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("notebooks", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name)
    make(tmp_path, "REPO=")  # whoever has badges of their own may run the tests, too
    return tmp_path


def run(command, folder, **environment):
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment},
        capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip


def make(folder, *settings, succeeds=True):
    """Run `make badges` there; what it said."""
    command = ["make", "--no-print-directory", "badges", f"PYTHON={sys.executable}"]
    done = run([*command, *settings], folder)
    assert (done.returncode == 0) is succeeds, done.stderr
    said = [line for line in (done.stdout + done.stderr).splitlines() if "***" not in line]
    assert len(said) == 1, said
    return said[0]


def contents(folder):
    paths = [folder / "README.md", *sorted((folder / "notebooks").glob("*.ipynb"))]
    return {path.name: path.read_bytes() for path in paths}


def cells(folder, name):
    return nbformat.read(folder / "notebooks" / name, as_version=4).cells


def test_the_course_itself_says_nowhere_where_it_lives():
    for name, content in contents(ROOT).items():
        assert not re.search(rb"colab\.research|mybinder\.org", content), name


def test_every_lesson_and_the_readme_get_both_links(course):
    assert "ann/genre" in make(course, "REPO=ann/genre")
    readme = (course / "README.md").read_text(encoding="utf-8")
    for name in NAMES:
        first, install = cells(course, name)[:2]
        for text in (first.source, *([readme] if name == NAMES[0] else [])):
            assert f"[Colab]({COLAB}{name})" in text
            assert f"[Binder]({BINDER}{name})" in text
        assert 'repo, name, branch = "ann/genre", "genre", "main"\n' in install.source
        assert max(map(len, install.source.splitlines())) <= 80
        assert len(install.source.splitlines()) <= 20


def test_nothing_else_changes_and_the_notebooks_stay_valid(course):
    before = {name: cells(course, name) for name in NAMES}
    glossary = (course / "notebooks/glossary.ipynb").read_bytes()
    make(course, "REPO=ann/genre")
    assert (course / "notebooks/glossary.ipynb").read_bytes() == glossary
    for name in NAMES:
        nbformat.validate(nbformat.read(course / "notebooks" / name, as_version=4))
        first, install, *others = cells(course, name)
        assert first.source.startswith(before[name][0].source)
        assert install.outputs == []
        counted = [cell for cell in [install, *others] if cell.cell_type == "code"]
        assert [cell.execution_count for cell in counted] == list(range(1, len(counted) + 1))
        my_lessons.renumber(others, -1)
        assert others == before[name][1:]


def test_twice_is_once_another_address_replaces_and_none_leaves_no_trace(course):
    before = contents(course)
    make(course, "REPO=ann/genre")
    once = contents(course)
    assert once != before
    make(course, "REPO=ann/genre")
    assert contents(course) == once
    make(course, "REPO=bob-2/my.course", "BRANCH=v1.0")
    for name, content in contents(course).items():
        assert b"ann/genre" not in content, name
        assert (b"bob-2/my.course/blob/v1.0/" in content) is (name != "glossary.ipynb"), name
    assert "gone" in make(course, "REPO=")
    assert contents(course) == before


def test_what_is_no_address_gets_one_sentence_and_changes_nothing(course):
    before = contents(course)
    for settings in (
        [],
        ["REPO=genre"],
        ["REPO=ann/genre/tree"],
        ["REPO=https://github.com/ann/genre"],
        ["REPO=ann/genre.git"],
        ["REPO=ann/a genre"],
        ["REPO=ann/genre", "BRANCH=a/b"],
    ):
        said = make(course, *settings, succeeds=False)
        assert re.search("owner/name|without slashes", said), settings
    assert contents(course) == before


def test_who_has_a_copy_in_my_lessons_has_installed_the_course(course):
    lessons, own = course / "notebooks", course / "my-lessons"
    my_lessons.lay_out(lessons, own)
    worked = own / NAMES[4]
    lesson = json.loads(worked.read_text(encoding="utf-8"))
    lesson["cells"][2]["source"] = ["mine"]
    worked.write_text(json.dumps(lesson), encoding="utf-8")
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    make(course, "REPO=ann/genre")
    assert my_lessons.lay_out(lessons, own) == []
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The whole course with badges, as somebody would publish it."""
    folder = tmp_path_factory.mktemp("published") / "genre"
    ours = (".*", "build", "my-lessons", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*ours))
    make(folder, "REPO=ann/genre")
    return folder


@pytest.mark.slow
def test_lessons_with_badges_keep_the_lessons_form(published):
    for command in (
        ["pytest", "-q", "tests/test_notebooks.py", "tests/test_words.py"],
        ["ruff", "check", "notebooks", "--no-cache"],
        ["ruff", "format", "--check", "notebooks", "--no-cache"],
    ):
        done = run([sys.executable, "-m", *command], published, PYTHONPATH=str(published))
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.fixture
def elsewhere(tmp_path):
    """A Python that has what the course needs, but not the course."""
    venv.create(tmp_path / "venv")
    (python,) = {*tmp_path.glob("venv/bin/python"), *tmp_path.glob("venv/Scripts/python.exe")}
    place = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], tmp_path)
    # A course that is installed there is not found on this way.
    here = Path(nbformat.__file__).parents[1]
    Path(place.stdout.strip(), "libraries.pth").write_text(f"{here}\n", encoding="utf-8")
    return python


@pytest.mark.slow
def test_the_cell_installs_the_course_where_it_is_missing(published, elsewhere, tmp_path):
    """A local repository stands for the one on GitHub, and no package comes from a network."""
    if shutil.which("git") is None:
        pytest.skip("skipped, because git is not installed")
    for command in ("init --quiet --initial-branch main", "add --all", "commit --quiet -m all"):
        known = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        assert run(["git", *known, *command.split()], published).returncode == 0
    settings = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{published.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/ann/genre",
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "false",  # which is how pip spells it
        "PYTHONPATH": "",
    }
    cell = cells(published, NAMES[6])[1].source
    where = "import os, helpers\nprint(os.getcwd(), helpers.__file__, sep='\\n')"
    (tmp_path / "cell.ipy").write_text(f"{cell}\n{where}", encoding="utf-8")
    ask = [elsewhere, "-m", "IPython", tmp_path / "cell.ipy"]
    clone, said = tmp_path / "genre", []
    # Where it is missing; once more, as after a restart of the kernel; and in the course's folder.
    for folder in (tmp_path, tmp_path, clone / "notebooks"):
        done = run(ask, folder, **settings)
        *more, place, file = done.stdout.splitlines()
        assert Path(place) == clone / "notebooks", done.stdout + done.stderr
        assert Path(file) == clone / "helpers/__init__.py"
        said.append(more)
    assert "Installed" in said[0][-1]
    assert said[1:] == [[], []]
