"""Text that differs only by a little in its numbers counts as the same."""

import re

import pytest

NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def snap(new, old, tolerance):
    """A copy of the output `new` in which each number close to its counterpart in `old` is that.

    Works on text, however deep in lists and dictionaries; whatever else differs stays different.
    """
    if isinstance(new, dict) and isinstance(old, dict):
        return type(new)({key: snap(value, old.get(key), tolerance) for key, value in new.items()})
    if not isinstance(new, str) or not isinstance(old, str):
        return new
    numbers, wanted = NUMBER.findall(new), NUMBER.findall(old)
    near = len(numbers) == len(wanted) and all(
        float(a) == pytest.approx(float(b), abs=tolerance)
        for a, b in zip(numbers, wanted, strict=True)
    )
    same_words = NUMBER.sub("", new).split() == NUMBER.sub("", old).split()
    return old if near and same_words else new
