"""How long a test waits before it gives up: a slow or busy machine gets more time.

Nothing here decides whether a test passes on a machine that is merely slow. A limit only ends what
hangs, so each is generous to begin with, and grows with what the machine has to do besides.
"""

import os
import time

FREE_SECONDS = 0.25  # what `_work` takes on a free machine
_MEASURED = "HEAR_THE_GENRE_SLOWNESS"


def patience(seconds):
    """So many seconds on a free machine; more on a slower one, never less."""
    return seconds * slowness()


def slowness():
    """How many times as long as on a free machine a fixed computation takes, 1 at least.

    It is measured once: the processes that a run starts find the figure in their environment.
    """
    if _MEASURED not in os.environ:
        start = time.perf_counter()
        _work()
        seconds = time.perf_counter() - start
        os.environ[_MEASURED] = f"{max(1.0, seconds / FREE_SECONDS):.2f}"
    return float(os.environ[_MEASURED])


def _work():
    return sum(i * i for i in range(3_000_000))
