"""A knob has been turned, and nobody says which: the riddle of lesson 02."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from helpers import jukebox
from helpers.jukebox import mixer

# Two mel spectrograms that differ by less (in dB, on average) would make no fair mystery.
AUDIBLE_DB = 2.0


class Mystery(NamedTuple):
    """A clip before and after somebody turned one knob."""

    genre: str
    before: mixer.Clip
    after: mixer.Clip


def turns(genre):
    """How each knob of a style can be turned so far that one hears it.

    Returns
    -------
    dict
        From (knob, "up" or "down") to the knob's new value.
    """
    found = {}
    for knob, value in jukebox.knobs_for(genre).items():
        low, high, _ = jukebox.KNOBS[knob]
        up, down, enough = high, low, 0.4
        if knob == "tempo":
            up, down, enough = min(1.3 * value, high), max(value / 1.3, low), 1
        if knob == "key":
            up, down, enough = value + 3, value - 3, 1
        for way, end in (("up", up), ("down", down)):
            if low <= end <= high and abs(end - value) >= enough:
                found[knob, way] = end
    return found


def pose(seed):
    """A `Mystery`: the seed chooses a style and a knob, and which way it is turned."""
    return _secret(seed)[0]


def reveal(seed):
    """The knob of a `Mystery`, and which way it was turned."""
    return _secret(seed)[1]


@lru_cache(maxsize=16)
def _secret(seed):
    rng = np.random.default_rng(seed)
    genre = str(rng.choice(jukebox.GENRES))
    before, ways = mixer.clip(genre), list(turns(genre).items())
    for place in rng.permutation(len(ways)):
        (knob, way), value = ways[place]
        after = mixer.clip(genre, **{knob: value})
        if np.abs(after.db - before.db).mean() >= AUDIBLE_DB:
            break
    return Mystery(genre, before, after), (knob, way)
