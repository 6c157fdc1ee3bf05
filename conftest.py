"""How strictly the lessons' outputs are compared, cell by cell, and their exercises solved.

nbval compares text to the letter and leaves pictures out. Two tags of ours soften that where it
has to be: ``close-0.03`` lets numbers differ by so much (networks trained on another processor do),
and ``needs-NAME`` compares only where that data set is held (the lesson goes on without it).

After a lesson's last cell, the solutions of its exercises run in the same kernel: what a learner
is shown has to work where it is shown, and to pass its own check. At the very end a lesson that the
README calls free of TensorFlow is asked whether it was.

Lessons run with nothing fetched and with the network refused, for what they say has to be true on
every machine; with ``--held`` they find what this machine holds, and skip the solutions.

No limit of time decides which machine is fast enough: see ``tests/patience.py``.
"""

import os
import tempfile
from collections import defaultdict
from itertools import groupby
from pathlib import Path

import matplotlib
import nbformat
import pytest
from patience import patience
from promises import without_tensorflow
from tolerance import snap

SOLVED = """
{code}
from helpers import exercises
verdict = exercises.check("{name}", answer)
assert verdict.right, verdict
"""
FREE_OF_TENSORFLOW = """
import sys
assert not {"tensorflow", "keras"} & set(sys.modules)
"""


OFFLINE = Path(__file__).parent / "tests/offline"
NOTHING = tempfile.TemporaryDirectory()  # holds no data, and nobody's own count of looks


def pytest_addoption(parser):
    parser.addoption("--held", action="store_true", help="lessons find what this machine holds")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    if not _is_cell(item) or item.config.option.held:
        return (yield)
    # A lesson's first cell starts its kernel.
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GENRE_DATA", "GENRE_ENVELOPE", "XDG_CACHE_HOME"):
            patch.setenv(name, NOTHING.name)
        # Matplotlib would build its font cache anew, and say so.
        patch.setenv("MPLCONFIGDIR", matplotlib.get_cachedir())
        patch.setenv("PYTHONPATH", str(OFFLINE), prepend=os.pathsep)
        return (yield)


def pytest_configure(config):
    # Measured here for the first time: the workers of xdist find it in their environment.
    config.option.nbval_cell_timeout = patience(300)
    config.option.nbval_kernel_startup_timeout = patience(180)


def pytest_collection_modifyitems(config, items):
    for item in items:
        cell = getattr(item, "cell", None)
        if cell:
            item.output_timeout = patience(60)  # once a cell has run, for each thing that it shows
        for tag in cell.metadata.get("tags", []) if cell else []:
            kind, _, value = tag.partition("-")
            if kind == "needs" and not (config.option.held and _held(value)):
                item.options["check"] = False
            if kind == "close":
                item.compare_outputs = _compare_loosely(item.compare_outputs, float(value))
    solutions = (lambda lesson: ()) if config.option.held else _solutions
    items[:] = [item for lesson in _by_lesson(items) for item in [*lesson, *solutions(lesson)]]


def _by_lesson(items):
    """Cells of one notebook together; other tests as they come."""
    for _, part in groupby(items, key=lambda item: item.parent if _is_cell(item) else None):
        yield list(part)


def _is_cell(item):
    return hasattr(item, "cell")


def _solutions(cells):
    """A further cell for each exercise of a lesson that is run to its end."""
    from helpers import exercises

    lesson = cells[-1].path.stem.partition("_")[0] if cells and _is_cell(cells[-1]) else ""
    if not lesson[:2].isdigit():
        return
    more = {
        f"Solution {name}": SOLVED.format(code=exercises.find(name).solution, name=name)
        for name in exercises.names(lesson)
    }
    if lesson in without_tensorflow():
        more["Free of TensorFlow"] = FREE_OF_TENSORFLOW
    for number, (name, source) in enumerate(more.items(), cells[-1].cell_num + 1):
        yield type(cells[-1]).from_parent(
            cells[-1].parent,
            name=name,
            cell_num=number,
            cell=nbformat.v4.new_code_cell(source),
            options=defaultdict(bool),
        )


def _held(name):
    from helpers import datasets

    return datasets.local_path(name) is not None


def _compare_loosely(compare, tolerance):
    def compare_outputs(test, ref, skip_compare=None):
        if len(test) == len(ref):
            test = [snap(*outputs, tolerance) for outputs in zip(test, ref, strict=True)]
        return compare(test, ref, skip_compare)

    return compare_outputs
