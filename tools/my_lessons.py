"""The learner's own copies of the lessons, which nothing ever overwrites.

    python tools/my_lessons.py             # `make lab`: copy what my-lessons/ lacks
    python tools/my_lessons.py fresh 04    # `make fresh`: lay today's lesson 04 beside one's own

A copy has no outputs, and notes in its metadata a fingerprint of what was copied. So three things
can be told apart without a list that somebody could lose:

- a copy that nobody has changed or run. It holds no work, so a new version takes its place;
- a copy with work in it. It stays as it is. Once the lesson has changed, a line says so;
- what is no notebook any more, or never came from here. It stays, too, and a line says so.

What was deleted or renamed is copied again. Pages without a number, such as the glossary, are there
to be looked up and keep their outputs.

The standard library alone: this also has to run where nothing is installed yet.
"""

import argparse
import hashlib
import itertools
import json
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LESSONS, OWN = ROOT / "notebooks", ROOT / "my-lessons"
KEY = "hear_the_genre"  # of the fingerprint, in a copy's metadata
# What `make badges` adds to a lesson: a cell of this id, and a last paragraph that begins so.
INSTALL, OFFER = "install", "\n\nNothing installed? "


def read(path):
    """A notebook's JSON.

    Raises
    ------
    ValueError
        If the file holds none, in a sentence's last words.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        fingerprint(notebook)
        notebook["metadata"].get(KEY)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.parent.name}/{path.name} can't be read as a notebook") from error
    return notebook


def opened(path):
    """A notebook's JSON, or None."""
    try:
        return read(path)
    except ValueError:
        return None


def fingerprint(notebook):
    """Two short checksums: of what stands in the cells, and of what came out of them."""
    cells = notebook["cells"]
    parts = {
        "sources": [(cell["cell_type"], "".join(cell["source"])) for cell in cells],
        "outputs": [(cell.get("execution_count"), cell.get("outputs")) for cell in cells],
    }
    return {
        name: hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:16]
        for name, part in parts.items()
    }


def plain(notebook):
    """Take off what ``make badges`` added; the numbers of the other cells close up."""
    there = len(notebook["cells"])
    notebook["cells"] = [cell for cell in notebook["cells"] if cell.get("id") != INSTALL]
    if len(notebook["cells"]) < there:
        first = notebook["cells"][0]
        first["source"] = "".join(first["source"]).partition(OFFER)[0].splitlines(keepends=True)
        renumber(notebook["cells"], -1)
    return notebook


def renumber(cells, by):
    """Add to the numbers in which cells were run."""
    for cell in cells:
        for counted in (cell, *cell.get("outputs", [])):
            if counted.get("execution_count"):
                counted["execution_count"] += by


def blank(lesson):
    """The lesson at this path as it is copied: plain, without outputs, with its fingerprint."""
    notebook = plain(read(lesson))
    if lesson.name[:1].isdigit():
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell.update(execution_count=None, outputs=[])
    notebook["metadata"][KEY] = fingerprint(notebook)
    return notebook


def write(notebook, path):
    """Write a notebook as a whole: who is interrupted finds the old file, or the new one."""
    half = path.with_name(f".{path.name}.half")
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    half.write_text(text, encoding="utf-8", newline="\n")
    os.replace(half, path)


def version(notebook):
    """Which sources a copy was made from; None if it wasn't made here, or is no notebook."""
    noted = notebook and notebook["metadata"].get(KEY)
    return noted.get("sources") if isinstance(noted, dict) else None


def untouched(notebook):
    """Whether a copy is still as it was laid down."""
    return notebook["metadata"].get(KEY) == fingerprint(notebook)


def lay_out(lessons=LESSONS, own=OWN):
    """Copy each lesson that is missing, and bring up to date what nobody has worked in.

    Parameters
    ----------
    lessons, own : pathlib.Path
        Folders. Whatever a notebook is written for, both must lie side by side: lessons read
        ``../data``.

    Returns
    -------
    list of str
        A sentence for each lesson that the learner should know something about.
    """
    own.mkdir(exist_ok=True)
    return [said for lesson in sorted(lessons.glob("*.ipynb")) if (said := bring(lesson, own))]


def bring(lesson, own):
    """Bring one lesson into the learner's folder, as far as that destroys nothing."""
    copy = own / lesson.name
    try:
        new = blank(lesson)
    except ValueError as error:
        return f"{error}, so it isn't copied."
    try:
        old = read(copy) if os.path.lexists(copy) else None
    except ValueError as error:
        return f"{error}. It stays as it is; delete it, and the lesson is copied again."
    if old is None or (untouched(old) and old["metadata"][KEY] != new["metadata"][KEY]):
        write(new, copy)
        return None
    laid = map(opened, copy.parent.glob(f"{copy.stem}.new*.ipynb"))
    if version(new) in (version(old), fingerprint(old)["sources"], *map(version, laid)):
        return None
    return (
        f"The course has another {lesson.name} than the one that you copied. Yours stays as it is; "
        f"make fresh LESSON={number(lesson)} lays the new one beside it."
    )


def number(lesson):
    """What a lesson is called in ``make fresh LESSON=``: "04", "02b", or "glossary"."""
    return re.match(r"\d+[a-z]?(?=_)|.*", lesson.stem)[0]


def fresh(name, lessons=LESSONS, own=OWN):
    """Lay today's version of a lesson beside the learner's own.

    Parameters
    ----------
    name : str
        The lesson's number, such as "04", "4" or "02b", or its file name.
    lessons, own : pathlib.Path
        As for `lay_out`.

    Returns
    -------
    str
        A sentence that says where it lies.

    Raises
    ------
    ValueError
        If there is no such lesson, in a sentence.
    """
    wanted = Path(name.strip().lower()).name.removesuffix(".ipynb")
    known = {number(lesson): lesson for lesson in sorted(lessons.glob("*.ipynb"))}
    found = [
        lesson
        for short, lesson in known.items()
        if wanted in (short, short.lstrip("0") or "0", lesson.stem)
    ]
    if not found:
        asked = f"There is no lesson {name!r}" if wanted else "Say which lesson"
        raise ValueError(f"{asked}: make fresh LESSON=… takes {', '.join(known)}.")
    [lesson] = found
    new, copy = blank(lesson), own / lesson.name
    own.mkdir(exist_ok=True)
    if not os.path.lexists(copy):
        write(new, copy)
        return f"It was missing, and is there now: {own.name}/{copy.name}"
    for n in itertools.count(1):
        path = own / f"{copy.stem}.new{f'-{n}' if n > 1 else ''}.ipynb"
        laid = opened(path)
        if laid and version(laid) == version(new):
            worked = "" if untouched(laid) else ", and you have worked in it"
            return f"It lies beside yours already{worked}: {own.name}/{path.name}"
        if not os.path.lexists(path) or (laid and untouched(laid)):
            write(new, path)
            return f"The new one lies beside yours: {own.name}/{path.name}"


def main(arguments=None):
    """Copy, or lay beside, and say what there is to say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="?", choices=["copy", "fresh"], default="copy")
    parser.add_argument("lesson", nargs="?", default="", help="its number, such as 04")
    asked = parser.parse_args(arguments)
    try:
        if asked.what == "fresh":
            print(fresh(asked.lesson))
        else:
            for said in lay_out():
                print(said)
            print(f"The lessons in {OWN.name} are your own copies: nothing overwrites them.")
    except (OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
