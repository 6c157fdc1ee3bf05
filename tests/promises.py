"""What the README promises of the lessons, for the tests that hold them to it."""

import re
from pathlib import Path

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def without_tensorflow():
    """Numbers of the lessons that never load TensorFlow, such as 02 and 02b."""
    said = re.search(r"(\d\d) to (\d\d) and (\d\d)\s+never load\s+TensorFlow", README)
    first, last, alone = map(int, said.groups())
    free = {*range(first, last + 1), alone}
    files = (Path(__file__).resolve().parents[1] / "notebooks").glob("[0-9]*.ipynb")
    numbers = {path.stem.partition("_")[0] for path in files}
    return {number for number in numbers if int(number[:2]) in free}
