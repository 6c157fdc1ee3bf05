"""A tenth of the test bench: `make hostile` runs all of it."""

import os

import pytest

from hostile import bench


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="skipped, because bounds on a process need POSIX")
def test_hostile_input_breaks_nothing():
    rows = bench.run(0.1)
    broken = rows[rows.outcome == "broke"]
    assert len(rows) >= 100
    assert not len(broken), "\n" + broken.to_string()
