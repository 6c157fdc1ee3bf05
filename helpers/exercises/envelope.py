"""A test part that counts how often it is asked: the sealed envelope of the last lesson.

It resists nobody who wants to cheat, for the truth ships with the course. It makes each look
deliberate, and counts it.
"""

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import datasets, evaluation

ROUNDS, MODELS, SEED = 2000, 20, 0
BY_HEART = 0.85  # no model of these features gets so many songs of new artists right
NO_LOOK = "That was no look, nothing was counted."

_unsaved = []  # looks that no file keeps: this kernel remembers them


class Opened(NamedTuple):
    """What the envelope said, how often it had been opened by then, and what guessing gets."""

    accuracy: float
    low: float
    high: float
    n: int
    artists: int
    looks: int
    guessing: float

    def __str__(self):
        return f"{self.accuracy:.2f} [{self.low:.2f}, {self.high:.2f}]"


def open_with(predictions=...):
    """What `exercises.open_envelope` does, which says what goes in and comes out."""
    if predictions is ...:
        print("The envelope waits for your answer: a Series with a genre for each song_id.")
        return None
    if fault := what_is_wrong(predictions):
        print(f"{fault} {NO_LOOK}")
        return None
    songs = sealed()
    songs = songs.assign(predicted=predictions.astype(str).reindex(songs.index).to_numpy())
    digest = hashlib.sha256(",".join(songs.predicted).encode()).hexdigest()[:16]
    seen, warning = looks()
    again = [look["answers"] for look in seen].count(digest)
    score = evaluation.accuracy(songs.reset_index())
    if not again:
        look = {"answers": digest, "accuracy": score.value, "low": score.low, "high": score.high}
        seen = [*seen, look]
        warning = _keep(seen, look) or warning
    opened = Opened(*score, looks=len(seen), guessing=guessing()[0])
    for line in _told(opened, seen, digest, bool(again), songs, warning):
        print(line)
    return opened


@lru_cache(maxsize=1)
def sealed():
    """The songs in the envelope: genre and artist_group by song_id, in the order of their ids."""
    table = datasets.sampler()
    songs = table[table.fault_filtered_split == "test"].drop_duplicates("song_id")
    return songs.set_index("song_id")[["genre", "artist_group"]].sort_index()


def guessing():
    """What always saying one genre gets at best, and which genres get that."""
    counts = sealed().genre.value_counts()
    return float(counts.max() / counts.sum()), sorted(counts.index[counts == counts.max()])


def what_is_wrong(predictions):
    """A sentence on why these are no predictions for the envelope, or an empty one."""
    songs = sealed()
    if isinstance(predictions, pd.DataFrame):
        return "That is a table; wanted is one column of it, with the song_id as its index."
    if not isinstance(predictions, pd.Series):
        kind = type(predictions).__name__
        return (
            f"A pandas Series is wanted, with the song_id as its index; a {kind} does not say "
            "which answer goes with which song."
        )
    index = predictions.index
    if not len(index) or not all(isinstance(name, str) for name in index):
        return f'The index must hold each song_id, such as "{songs.index[0]}".'
    if index.has_duplicates:
        twice = index[index.duplicated()].nunique()
        return f"{_songs(twice)} there more than once: let the windows of a song vote."
    others = index.difference(songs.index)
    if len(others):
        return (
            f"{_songs(len(others))} not in the fault-filtered test part, {others[0]} for example: "
            "hand in the test part alone."
        )
    missing = songs.index.difference(index)
    if len(missing):
        return f"{_songs(len(missing))} missing, {missing[0]} for example: answer each once."
    if predictions.isna().any():
        return f"{_songs(int(predictions.isna().sum()))} without an answer: name a genre for each."
    unknown = sorted(set(predictions.astype(str)) - set(datasets.GENRES))
    if unknown:
        return f"{unknown[0]!r} is none of the ten genres: the names are wanted, in small letters."
    return ""


def looks():
    """The looks so far, each with its accuracy and interval, and a warning (mostly empty)."""
    try:
        kept = json.loads(_file().read_text(encoding="utf-8"))["looks"]
        kept = [{key: look[key] for key in ("answers", "accuracy", "low", "high")} for look in kept]
        [float(look["accuracy"]) + float(look["low"]) + float(look["high"]) for look in kept]
        warning = ""
    except (FileNotFoundError, NotADirectoryError):
        kept, warning = [], ""
    except (OSError, ValueError, TypeError, KeyError):
        kept = []
        warning = "(The count of earlier looks could not be read: counting begins anew.)"
    known = {look["answers"] for look in kept}
    return kept + [look for look in _unsaved if look["answers"] not in known], warning


def flattery(right, artists):
    """By how much the best of twenty equal models leads their mean, through luck alone.

    Parameters
    ----------
    right : np.ndarray of bool
        Which songs your model got right: the twenty are exactly as good.
    artists : np.ndarray
        Who plays each song.

    Returns
    -------
    by_song, by_artist : float
        If luck falls song by song (each song is a toss of its own), and if it falls artist by
        artist (each model draws its artists anew, as in the interval). Models that make the same
        mistakes lead each other by less.
    """
    rng = np.random.default_rng(SEED)
    tossed = rng.binomial(len(right), np.mean(right), size=(ROUNDS, MODELS)) / len(right)
    counts = pd.DataFrame({"right": right, "n": 1}).groupby(np.asarray(artists)).sum().to_numpy()
    drawn = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), (ROUNDS, MODELS))
    hits, n = np.moveaxis(drawn @ counts, -1, 0)
    return tuple(
        float(np.mean(shares.max(axis=1) - shares.mean(axis=1))) for shares in (tossed, hits / n)
    )


def times(count):
    """Say "once", "twice" or "3 times"."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _told(opened, seen, digest, again, songs, warning):
    yield (
        f"accuracy {opened}, n = {opened.n} songs by {opened.artists} artists, "
        "fault-filtered test part"
    )
    yield from _made_of()
    if again:
        number = [look["answers"] for look in seen].index(digest) + 1
        yield f"The same answers as at look {number}: nothing new to learn, so it is not counted."
    yield f"Opened {times(opened.looks)} so far. The count goes with every figure from here on."
    if opened.looks > 1:
        listed = ", ".join(f"{look['accuracy']:.2f}" for look in seen)
        yield f"Your looks in order: {listed}. Whoever reports the best of them chose on the test."
    if warning:
        yield warning
    yield ""
    if opened.accuracy >= BY_HEART:
        yield (
            "On new artists so high a figure does not happen here: has the model learned from\n"
            "these very songs? Look at the rows that it was fitted on."
        )
        return
    by_song, by_artist = flattery(songs.predicted == songs.genre, songs.artist_group)
    yield (
        f"What if you had looked with {MODELS} models, each exactly as good as this one? The best\n"
        f"would lead their mean by {by_song:+.2f} if luck fell song by song, and by "
        f"{by_artist:+.2f} if it fell\nartist by artist: a lead without any skill. "
        f"({ROUNDS:,} simulations: each model tosses\nfor every song with your accuracy, or draws "
        "its artists anew from your results. Models\nthat make the same mistakes lead by less.)"
    )


def _made_of():
    """Two lines: how many songs of each genre there are, and what guessing gets."""
    counts = sealed().genre.value_counts()
    none = [genre for genre in datasets.GENRES if genre not in counts]
    listed = [f"{genre} {n}" for genre, n in counts.items()] + [f"no {genre}" for genre in none]
    share, genres = guessing()
    yield f"Its songs: {', '.join(listed)}."
    yield f"Guessing: always saying {' or '.join(genres)} would get {share:.2f}."


def _file():
    folder = os.environ.get("GENRE_ENVELOPE") or datasets.cache()
    return Path(folder).expanduser() / "envelope.json"


def _keep(seen, look):
    """Write the looks down, or remember this one in the kernel: then return a sentence on it."""
    file = _file()
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"looks": seen}, indent=1), encoding="utf-8")
        part.replace(file)
    except OSError as error:
        _unsaved.append(look)
        return f"(The count could not be kept, {error.strerror}: it holds until this kernel ends.)"
    _unsaved.clear()
    return ""


def _songs(count):
    return "1 song is" if count == 1 else f"{count} songs are"
