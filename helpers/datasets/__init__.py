"""Which songs are there, and from where?

The song list ships with the course. Sound never does, for the music is not ours to share: `fetch`
gets it once from where it was published, into a folder that later lessons find again.
"""

import os
from pathlib import Path

import pooch

from helpers.audio.collection import from_folder, list_audio
from helpers.datasets import download
from helpers.datasets.doctor import doctor
from helpers.datasets.download import Mirror, Source
from helpers.datasets.shipped import DATA, GENRES, embeddings, patches, sampler, songs
from helpers.datasets.tables import read_table, script_table
from helpers.features.alone import alone

__all__ = ["DATA", "GENRES", "FetchError", "cache", "doctor", "embeddings", "fetch", "from_folder",
           "local_path", "patches", "read_table", "sampler", "script_table", "songs"]  # fmt: skip


class FetchError(RuntimeError):
    """Data could not be fetched; the message says why and what to do."""


def _checksums(registry):
    """Place of every file of a set to its sha256, from a list as `sha256sum` writes it."""
    with open(DATA / registry, encoding="utf-8") as lines:
        return {place.removeprefix("genres/"): sha256 for sha256, place in map(str.split, lines)}


GITHUB = "https://github.com"
MINI = f"{GITHUB}/TempoBeatDownbeat/gtzan_mini/archive/a61439e86c13037011fde8e0f0743ec55c50bce3.zip"
CLIPS = (
    f"{GITHUB}/adebnathgit/Curated-audio-dataset-sourced-from-GTZAN-Dataset---Music-Genre-"
    "Classification/archive/99b489526a14a4ef02aaff32e8f4751c59895f7c.zip"
)
HUGGING_FACE = "https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz"
ARCHIVED = "https://web.archive.org/web/20211207012050/http://opihi.cs.uvic.ca/sound/genres.tar.gz"
ARCHIVED_SHA256 = "24347e0223d2ba798e0a558c4c172d9d4a19c00bb7963fe055d183dadb4ef2c6"
WHEEL_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"

SOURCES = {
    "gtzan-mini": Source(
        (Mirror(MINI),),
        ("gtzan-mini", "audio/gtzan_mini/genres", "gtzan_mini/genres", "genres"),
        room=500_000_000,
        files=_checksums("gtzan-mini.sha256"),
    ),
    "gtzan": Source(
        (
            Mirror(HUGGING_FACE, size=1_226_192_050),
            Mirror(ARCHIVED, size=1_225_571_541, sha256=ARCHIVED_SHA256),
        ),
        ("gtzan", "genres", "genres_original", "Data/genres_original"),
        room=2_700_000_000,
        files={f"{genre}/{genre}.{i:05d}.wav": None for genre in GENRES for i in range(100)},
        may_lack=("jazz/jazz.00054.wav",),  # unreadable in some copies, taken out of others
    ),
    "short-clips": Source(
        (Mirror(CLIPS),),
        ("short-clips", "audio/gtzan_clips", "gtzan_clips"),
        room=1_000_000_000,
        files=_checksums("gtzan-clips.sha256"),
    ),
    "musicnn": Source(
        (Mirror("pip:musicnn==0.1.0", sha256=WHEEL_SHA256),),
        ("musicnn.whl",),
        room=100_000_000,
    ),
}


def fetch(name):
    """Path of a data set, downloaded first if it isn't here yet.

    Parameters
    ----------
    name : str
        "gtzan-mini" (100 songs of 30 s, 130 MB), "gtzan" (1,000 songs, 1.2 GB), "short-clips"
        (499 clips of 2 to 3 s, 55 MB) or "musicnn" (the package that holds the weights of lesson
        07's borrowed networks, 29 MB).

    Returns
    -------
    Path
        For GTZAN the folder that holds ``<genre>/<genre>.NNNNN.wav``, for the clips the folder
        with all of them, otherwise the file. It lies in the folder that the environment variable
        GENRE_DATA names, else in the user's cache folder.

    Raises
    ------
    FetchError
        If no mirror gives a good copy, or the disk has no room; the message says what to do.
    """
    if path := local_path(name):
        return path
    source, root = SOURCES[name], _root()
    target = root / source.places[0]
    try:
        root.mkdir(parents=True, exist_ok=True)
        with alone(target):
            if path := local_path(name):  # another run has fetched it meanwhile
                return path
            _mention_incomplete(name, root)
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
    Path or None
    """
    if name not in SOURCES:
        raise ValueError(f"There is no data set {name!r}; choose from {', '.join(SOURCES)}.")
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
    return Path(pooch.os_cache("hear-the-genre"))


def _mention_incomplete(name, root):
    wanted = SOURCES[name].files.keys()
    for folder in (root / place for place in SOURCES[name].places):
        if 0 < (lacking := len(wanted - _songs_in(folder))) < len(wanted):
            text = f"{folder} lacks {lacking} of the {len(wanted)} files: fetching {name} anew."
            pooch.get_logger().info(text)


def _by_hand(source, target):
    holds = "set GENRE_DATA to a folder that already holds"
    if not source.files:
        return f"see that pip reaches its package index, or {holds} {target.name}"
    goal = f"unpack it so that {target / next(iter(source.files))} is there"
    return f"download {source.mirrors[0].url} by hand and {goal}, or {holds} the files"
