"""What the README promises of the lessons, for the tests that hold them to it."""

import re
from pathlib import Path

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def without_tensorflow():
    """Numbers of the lessons that never load TensorFlow."""
    first, last = re.search(r"(\d\d) to\s+(\d\d)\s+never load TensorFlow", README).groups()
    return {f"{number:02}" for number in range(int(first), int(last) + 1)}
