"""How strictly the lessons' outputs are compared, cell by cell.

nbval compares text to the letter and leaves pictures out. Two tags of ours soften that where it
has to be: ``close-0.03`` lets numbers differ by so much (networks trained on another processor do),
and ``needs-NAME`` compares only where that data set is held (the lesson goes on without it).
"""

from tolerance import snap


def pytest_collection_modifyitems(items):
    for item in items:
        cell = getattr(item, "cell", None)
        for tag in cell.metadata.get("tags", []) if cell else []:
            kind, _, value = tag.partition("-")
            if kind == "needs" and not _held(value):
                item.options["check"] = False
            if kind == "close":
                item.compare_outputs = _compare_loosely(item.compare_outputs, float(value))


def _held(name):
    from helpers import datasets

    return datasets.held(name) is not None


def _compare_loosely(compare, tolerance):
    def compare_outputs(test, ref, skip_compare=None):
        if len(test) == len(ref):
            test = [snap(*outputs, tolerance) for outputs in zip(test, ref, strict=True)]
        return compare(test, ref, skip_compare)

    return compare_outputs
