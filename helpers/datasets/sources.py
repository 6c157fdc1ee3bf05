"""Where is each data set published, and where may it already lie?"""

import tomllib
from typing import NamedTuple

from helpers.datasets.shipped import DATA, GENRES


class Mirror(NamedTuple):
    """An address, and what is known of the file behind it."""

    url: str
    size: int | None = None
    sha256: str | None = None


class Source(NamedTuple):
    """Where a data set is published: what the fields mean stands in ``data/sources.toml``."""

    mirrors: tuple
    places: tuple
    room: int
    holds: str
    files: dict
    may_lack: tuple = ()


def _files(listed):
    """Place of every file of a set to its sha256, or to None where none is published."""
    if listed == "numbered":  # nobody publishes checksums of GTZAN
        return {f"{genre}/{genre}.{i:05d}.wav": None for genre in GENRES for i in range(100)}
    lines = (DATA / listed).read_text(encoding="utf-8").splitlines() if listed else ()
    return {place.removeprefix("genres/"): sha256 for sha256, place in map(str.split, lines)}


def _source(mirrors, files=None, **known):
    return Source(tuple(Mirror(**mirror) for mirror in mirrors), files=_files(files), **known)


PUBLISHED = tomllib.loads((DATA / "sources.toml").read_text(encoding="utf-8"))
SOURCES = {name: _source(**published) for name, published in PUBLISHED.items()}
# Sets that are fetched together: everything for lesson 07's borrowed ears.
GROUPS = {"embeddings": ("musicnn", "yamnet")}
