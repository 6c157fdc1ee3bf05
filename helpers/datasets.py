"""Which songs are there, and where do they come from?

The song list ships with the course. Sound never does, for the music is not ours to share: `fetch`
gets it once from where it was published, into a folder that later lessons find again.
"""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pooch

from helpers import download
from helpers.doctor import doctor, list_audio
from helpers.download import Mirror
from helpers.shipped import DATA, GENRES, embeddings, patches, sampler, songs

__all__ = ["GENRES", "FetchError", "doctor", "embeddings", "fetch", "from_folder", "held",
           "patches", "sampler", "songs"]  # fmt: skip

GITHUB = "https://github.com"


class FetchError(RuntimeError):
    """Data could not be fetched; the message says why and what to do."""


class Source(NamedTuple):
    """Where a data set is published, and where under the data folder it may already lie.

    Attributes
    ----------
    mirrors : tuple of download.Mirror
    places : tuple of str
        Folders (or the file) relative to the data folder; the first is where `fetch` puts it.
    registry : Path or None
        sha256 of every file, as `sha256sum` writes it.
    files : tuple of str
        Places of the files, where no registry knows them; empty for a single file.
    may_lack : tuple of str
        Files without which the set still counts as whole.
    room : int
        Bytes that must be free before a download starts, and that no archive may exceed.
    """

    mirrors: tuple
    places: tuple
    registry: Path | None = None
    files: tuple = ()
    may_lack: tuple = ()
    room: int = 0


SOURCES = {
    "gtzan-mini": Source(
        (
            Mirror(
                f"{GITHUB}/TempoBeatDownbeat/gtzan_mini/archive/"
                "a61439e86c13037011fde8e0f0743ec55c50bce3.zip"
            ),
        ),
        ("gtzan-mini", "audio/gtzan_mini/genres", "gtzan_mini/genres", "genres"),
        registry=DATA / "gtzan-mini.sha256",
        room=500_000_000,
    ),
    "gtzan": Source(
        (
            Mirror(
                "https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz",
                size=1_226_192_050,
            ),
            Mirror(
                "https://web.archive.org/web/20211207012050/"
                "http://opihi.cs.uvic.ca/sound/genres.tar.gz",
                size=1_225_571_541,
                sha256="24347e0223d2ba798e0a558c4c172d9d4a19c00bb7963fe055d183dadb4ef2c6",
            ),
        ),
        ("gtzan", "genres", "genres_original", "Data/genres_original"),
        files=tuple(f"{genre}/{genre}.{i:05d}.wav" for genre in GENRES for i in range(100)),
        may_lack=("jazz/jazz.00054.wav",),  # unreadable in some copies, taken out of others
        room=2_700_000_000,
    ),
    "short-clips": Source(
        (
            Mirror(
                f"{GITHUB}/adebnathgit/Curated-audio-dataset-sourced-from-GTZAN-Dataset"
                "---Music-Genre-Classification/archive/99b489526a14a4ef02aaff32e8f4751c59895f7c.zip"
            ),
        ),
        ("short-clips", "audio/gtzan_clips", "gtzan_clips"),
        registry=DATA / "gtzan-clips.sha256",
        room=1_000_000_000,
    ),
    "gtzan-script-table": Source(
        (
            Mirror(
                "https://raw.githubusercontent.com/HarshCasper/Rotten-Scripts/"
                "31fd3fb1233f39ea2252a7a44160ff8a2140f7bd/"
                "Python/Music_Genre_Classification/Features/GTZAN.csv",
                sha256="1381429bec961f7412e8948c014dd1be140a461239ca76fa35d7956bc89250ca",
            ),
        ),
        ("gtzan-script-table.csv", "gtzan/GTZAN.csv", "GTZAN.csv"),
        room=2_000_000,
    ),
    "musicnn": Source(
        (
            Mirror(
                "pip:musicnn==0.1.0",
                sha256="f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa",
            ),
        ),
        ("musicnn.npz",),
        room=100_000_000,
    ),
}


def fetch(name):
    """Path of a data set, downloaded first if it isn't here yet.

    Parameters
    ----------
    name : str
        "gtzan-mini" (100 songs of 30 s, 130 MB), "gtzan" (1,000 songs, 1.2 GB), "short-clips"
        (499 clips of 2 to 3 s, 55 MB), "gtzan-script-table" (a CSV of 26 features, 0.5 MB) or
        "musicnn" (weights of the borrowed networks of lesson 07, 29 MB).

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
    if path := held(name):
        return path
    source, root = SOURCES[name], _root()
    target = root / source.places[0]
    for place, missing in _incomplete(source, root):
        text = f"{place} lacks {missing} of the {len(_files(source))} files: fetching {name} anew."
        pooch.get_logger().info(text)
    try:
        root.mkdir(parents=True, exist_ok=True)
        _check_room(root, name)
        download.first_that_works(source.mirrors, root, name, lambda part: _put(part, name, target))
    except download.BadDownload as error:
        raise FetchError(f"Could not fetch {name} ({error}); {_by_hand(source, target)}.") from None
    except OSError as error:
        raise FetchError(
            f"Could not write {name} into {root} ({error.strerror or error}); make room, or set "
            "GENRE_DATA to a folder with room, and fetch again (what arrived so far is kept)."
        ) from None
    return target


def held(name):
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
    source, files = SOURCES[name], _files(SOURCES[name])
    # What was fetched before GENRE_DATA was set is still good.
    roots = dict.fromkeys([_root(), _cache()])
    for own, path in [(i, root / place) for root in roots for i, place in enumerate(source.places)]:
        if not files and path.is_file():
            return path
        # A folder of another's may hold a bigger set under the same names: it isn't this one.
        if files and path.is_dir():
            missing, more = _compare(path, files)
            if missing <= set(source.may_lack) and (own == 0 or not more):
                return path
    return None


def from_folder(path):
    """The songs of anybody's collection: one folder per genre, the files in it.

    Parameters
    ----------
    path : path-like
        Folder that holds ``<genre>/<file>``; WAV, FLAC, MP3, OGG, AIFF and AU count, hidden files
        don't.

    Returns
    -------
    pd.DataFrame
        path, filename (relative to the genre's folder, with "/"), genre; sorted by genre and
        filename.

    Raises
    ------
    ValueError
        If the folder is missing, holds no audio, or holds audio outside the genres' folders.
    """
    path = Path(path)
    layout = f"expected {path}/<genre>/<song>.wav, one folder per genre"
    if not path.is_dir():
        raise ValueError(f"There is no folder {path}; {layout}.")
    files = [file for file in list_audio(path) if not file.name.startswith(".")]
    if stray := [file.name for file in files if len(file.parts) == 1]:
        count = "1 sound file lies" if len(stray) == 1 else f"{len(stray)} sound files lie"
        raise ValueError(f"{count} outside the genres' folders ({stray[0]}); {layout}.")
    if not files:
        raise ValueError(f"{path} holds no WAV, FLAC, MP3, OGG, AIFF or AU files; {layout}.")
    rows = [(str(path / file), "/".join(file.parts[1:]), file.parts[0]) for file in files]
    table = pd.DataFrame(rows, columns=["path", "filename", "genre"])
    return table.sort_values(["genre", "filename"], ignore_index=True)


def _root():
    return Path(os.environ.get("GENRE_DATA") or _cache()).expanduser().absolute()


def _cache():
    return Path(pooch.os_cache("hear-the-genre"))


def _files(source):
    """Place of every file of a set under its folder, and its sha256 if one is known."""
    if source.registry is None:
        return dict.fromkeys(source.files)
    with open(source.registry, encoding="utf-8") as lines:
        return {place.removeprefix("genres/"): sha256 for sha256, place in map(str.split, lines)}


def _compare(folder, files):
    """Places of `files` that aren't in `folder`, and whether it holds more songs than those."""
    present = {file.as_posix() for file in list_audio(folder) if file.name[0] != "."}
    return set(files) - present, bool(present - set(files))


def _incomplete(source, root):
    """(folder, number of missing files) wherever a part of the set lies."""
    files = _files(source)
    for place in source.places if files else ():
        missing, _ = _compare(root / place, files)
        if 0 < len(missing) < len(files):
            yield root / place, len(missing)


def _put(part, name, target):
    source = SOURCES[name]
    if files := _files(source):
        download.install(part, target, files, source.room, source.may_lack)
    elif name == "musicnn":
        from helpers import musicnn

        converted = part.with_suffix(".npz")
        musicnn.convert(part, converted)
        os.replace(converted, target)
        part.unlink()
    else:
        os.replace(part, target)


def _by_hand(source, target):
    files = _files(source)
    if source.mirrors[0].url.startswith("pip:"):
        return (
            "see that pip reaches its package index, or set GENRE_DATA to a folder that already "
            f"holds {target.name}"
        )
    goal = (
        f"unpack it so that {target / next(iter(files))} is there"
        if files
        else f"save it as {target}"
    )
    return (
        f"download {source.mirrors[0].url} by hand and {goal}, "
        "or set GENRE_DATA to a folder that already holds the files"
    )


def _check_room(root, name):
    free = shutil.disk_usage(root).free + sum(
        part.stat().st_size for part in root.glob(f"{name}-*.part")
    )
    if free < (room := SOURCES[name].room):
        raise FetchError(
            f"Fetching {name} needs {room / 1e9:.1f} GB in {root}, where {free / 1e9:.1f} GB are "
            "free; make room, or set GENRE_DATA to a folder with room."
        )
