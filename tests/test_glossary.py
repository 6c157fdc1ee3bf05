"""The glossary: each term has its words and its section, and the lessons lead to it."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]*_*.ipynb"))
GLOSSARY = ROOT / "notebooks/glossary.ipynb"
# JupyterLab finds a cell by its id, but a heading only in a notebook that is open already.
LINK = r"\[([^\]]+)\]\(([\w-]+\.ipynb|)#cell-id=([\w-]+)\)"
ENTRY = rf"### (.+)\n\n(.+)\n\n`(.+)`\n\nIntroduced in {LINK}(?:; more in {LINK})?"


@cache
def cells(path):
    """Markdown cells by their ids."""
    found = nbformat.read(path, as_version=4).cells
    return {cell.id: cell.source for cell in found if cell.cell_type == "markdown"}


ENTRIES = {name: source for name, source in cells(GLOSSARY).items() if source.startswith("### ")}
entries = pytest.mark.parametrize("name", ENTRIES)


def links_to_terms(path):
    """Terms that a lesson links to, and in which line."""
    for source in cells(path).values():
        for line in source.splitlines():
            for _, file, name in re.findall(LINK, line):
                if file == GLOSSARY.name:
                    yield name, line


@entries
def test_a_term_has_a_few_short_sentences_and_a_formula(name):
    title, text, formula, *_ = re.fullmatch(ENTRY, ENTRIES[name]).groups()
    assert name == re.sub(r"[^\w-]", "", title.lower().replace(" ", "-"))
    sentences = re.split(r"(?<=[.?!]) (?=[A-Z(])", text)
    assert len(sentences) <= 4
    assert max(len(sentence.split()) for sentence in sentences) <= 25
    assert "$" not in formula


@entries
def test_the_section_that_introduces_a_term_is_there(name):
    links = re.findall(LINK, ENTRIES[name])
    assert links
    for said, file, cell in links:
        number, _, title = said.partition(" · ")
        assert file.startswith(f"{number}_")
        headings = re.findall(r"^## \d+\. (.+)$", cells(ROOT / "notebooks" / file)[cell], re.M)
        assert headings[:1] == [title], "the site leads to the first heading of a cell"


@entries
def test_the_lesson_that_introduces_a_term_links_to_it(name):
    file = re.search(LINK, ENTRIES[name])[2]
    assert name in {term for term, _ in links_to_terms(ROOT / "notebooks" / file)}


def test_the_list_of_all_terms_is_complete_and_in_order():
    listed = re.findall(LINK, cells(GLOSSARY)["glossary-index"])
    titles = {name: source.splitlines()[0].removeprefix("### ") for name, source in ENTRIES.items()}
    assert {name: said for said, _, name in listed} == titles
    assert len(listed) == len(titles)
    assert [said for said, *_ in listed] == sorted(titles.values(), key=str.lower)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_links_to_a_term_once_and_only_in_its_prose(path):
    found = list(links_to_terms(path))
    assert {name for name, _ in found} <= set(ENTRIES)
    times = Counter(name for name, _ in found)
    assert not {name: n for name, n in times.items() if n > 1}
    assert not [line for _, line in found if line.startswith(("#", "|", "    "))]


@pytest.mark.parametrize("path", [*LESSONS, GLOSSARY], ids=lambda path: path.stem)
def test_links_into_a_notebook_name_a_cell(path):
    """Elsewhere than at a notebook's top they open in JupyterLab only by a cell's id."""
    for source in cells(path).values():
        for target in re.findall(r"\]\(([\w-]+\.ipynb#[^)]+)\)", source):
            file, _, cell = target.partition("#cell-id=")
            assert cell in cells(ROOT / "notebooks" / file), target
