"""Workers import helpers once, and fork a process with bounds for each case: it may well die."""

import contextlib
import io
import json
import math
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from patience import patience

KINDS = ("sounds", "tables", "archives", "bundles")
JOBS = int(os.environ.get("JOBS", 2))
MEMORY, FILE_SIZE, SECONDS = 2**30, 2**23, 60  # beyond what the libraries take; per file; per case
MAC = sys.platform == "darwin"


def run(share=1.0):
    """All cases, or the first of each kind; a row each."""
    os.environ["TQDM_DISABLE"] = "1"
    patience(1)  # measured now, for all workers
    with tempfile.TemporaryDirectory(prefix="hostile-") as root:
        cases = [
            (kind, number, root)
            for kind in KINDS
            for number in range(math.ceil(share * import_module(f"hostile.{kind}").COUNT))
        ]
        with get_context("spawn").Pool(JOBS, _warm_up) as pool:
            rows = list(pool.imap_unordered(_alone, cases))
            pool.close()
            pool.join()
    columns = ["kind", "number", "what", "outcome", "words", "MB", "seconds"]
    return pd.DataFrame(rows, columns=columns).sort_values(["kind", "number"])


def figures(rows):
    """For each kind: tried, refused, used, broke, the highest peak of memory and the longest."""
    table = pd.crosstab(rows.kind, rows.outcome)
    table = table.reindex(KINDS).reindex(columns=["refused", "used", "broke"], fill_value=0)
    table.insert(0, "tried", table.sum(axis=1))
    return table.join(rows.groupby("kind")[["MB", "seconds"]].max()).rename_axis(columns=None)


def _warm_up():
    import tqdm

    from helpers import features

    tqdm.tqdm.get_lock()  # made once, or each case would leave one behind
    for feature_set in features.FEATURE_SETS:
        features.describe_fast(np.sin(np.arange(44_100.0)), 22_050, feature_set)
    for kind in KINDS:
        import_module(f"hostile.{kind}").prepare()


def _alone(case):
    kind, number, root = case
    folder, report = Path(root, f"{kind}-{number}"), Path(root, f"{kind}-{number}.json")
    folder.mkdir()
    start = time.perf_counter()
    if (child := os.fork()) == 0:
        try:
            report.write_text(json.dumps(_bounded(kind, number, folder)))
        finally:
            os._exit(0)
    _, status, usage = os.wait4(child, 0)
    seconds, peak = time.perf_counter() - start, usage.ru_maxrss / (2**20 if MAC else 2**10)
    shutil.rmtree(folder)
    try:
        what, outcome, words = json.loads(report.read_text())
    except (OSError, ValueError):
        died = signal.strsignal(status & 127) if status & 127 else "no report"
        what, outcome, words = "?", "broke", f"{died} after {seconds:.0f} s"
    return kind, number, what, outcome, words, round(peak), round(seconds, 1)


def _bounded(kind, number, folder):
    import resource

    # Neither the user's folders nor the terminal: all that happens happens in the folder.
    tempfile.tempdir = str(folder)
    os.environ |= {"HOME": str(folder), "GENRE_DATA": str(folder / "data"), "NO_PROXY": "*"}
    os.dup2(os.open(folder / "output", os.O_WRONLY | os.O_CREAT), 2)
    signal.alarm(math.ceil(patience(SECONDS)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if (pages := Path("/proc/self/statm")).exists():
        most = int(pages.read_text().split()[0]) * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        return import_module(f"hostile.{kind}").try_one(number, folder)
    except BaseException as error:
        place = traceback.format_tb(error.__traceback__)[-1].partition(", in")[0].strip()
        return (
            str(error).partition("|")[0][:60],
            "broke",
            f"{type(error).__name__} {error}, {place}",
        )


def flips(rng, data, start=0, stop=None):
    """A few bits of bytes turned over."""
    data = bytearray(data)
    for at in rng.integers(start, stop or len(data), rng.integers(1, 20)):
        data[at] ^= 1 << rng.integers(8)
    return bytes(data)


def cut(rng, data, share=1.0):
    """The beginning of bytes, or of text."""
    return data[: rng.integers(1, max(2, int(share * len(data))))]


def one_of(rng, *choices):
    """Any of them, of whatever types."""
    return choices[rng.integers(len(choices))]


def sentence(text):
    """One line that somebody can read, and no cry of a library's."""
    text = str(text).strip()
    assert 10 < len(text) < 600, f"no sentence: {text[:700]!r}"
    assert text.isprintable(), f"more than a line: {text!r}"
    wild = re.search(r"Traceback|MemoryError|Unable to allocate|please report|too big|codec", text)
    assert not wild, f"no sentence: {text!r}"
    return text


def command(*arguments):
    """Exit code, standard output and the sentences on standard error of ``python -m helpers``."""
    from helpers.__main__ import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    said = [sentence(line) for line in err.getvalue().splitlines()]
    assert code in (0, 2), f"exit code {code}"
    assert said or code == 0, "failed without a word"
    return code, out.getvalue(), said
