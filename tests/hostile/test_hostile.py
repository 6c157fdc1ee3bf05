"""A tenth of the test bench: `make hostile` runs all of it."""

import os
from importlib import import_module
from pathlib import Path

import pytest

from hostile import bench

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="skipped, because bounds on a process need POSIX")
def test_hostile_input_breaks_nothing():
    rows = bench.run(0.1)
    broken = rows[rows.outcome == "broke"]
    assert set(rows.kind) == set(bench.KINDS)
    assert not len(broken), "\n" + broken.to_string()


def test_the_readme_says_how_many_are_tried():
    for kind in bench.KINDS:
        assert f"| {kind} | {import_module(f'hostile.{kind}').COUNT} |" in README.read_text("utf-8")
