"""A knob has been turned, and nobody says which: the riddle of lesson 02b."""

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


def farthest(genre, knob, way):
    """Where a style's knob is turned, "up" or "down": its own value if it is at that end."""
    value, (low, high, _) = jukebox.knobs_for(genre)[knob], jukebox.KNOBS[knob]
    ends = {"tempo": (value / 1.3, 1.3 * value), "key": (value - 3, value + 3)}
    return min(max(ends.get(knob, (low, high))[way == "up"], low), high)


def turns(genre):
    """How each knob of a style can be turned so far that one surely hears it.

    Returns
    -------
    dict
        From (knob, "up" or "down") to the knob's new value.
    """
    found = {}
    for knob, value in jukebox.knobs_for(genre).items():
        enough = {"tempo": 1, "key": 3}.get(knob, 0.4)
        for way in ("up", "down"):
            end = farthest(genre, knob, way)
            if abs(end - value) >= enough:
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
