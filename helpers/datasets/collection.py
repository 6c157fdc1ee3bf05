"""Which songs lie in a folder?"""

import os
from pathlib import Path, PurePath

import pandas as pd

AUDIO_SUFFIXES = {".wav", ".flac", ".mp3", ".ogg", ".aiff", ".aif", ".au"}
NO_AUDIO = "holds no WAV, FLAC, MP3, OGG, AIFF or AU files"


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
    songs, _ = list_audio(path)
    if not songs:
        raise ValueError(f"{path} {NO_AUDIO}; {layout}.")
    if stray := [song.name for song in songs if len(song.parts) == 1]:
        count = "1 sound file lies" if len(stray) == 1 else f"{len(stray)} sound files lie"
        raise ValueError(f"{count} outside the genres' folders ({stray[0]}); {layout}.")
    rows = [(str(path / song), "/".join(song.parts[1:]), song.parts[0]) for song in songs]
    table = pd.DataFrame(rows, columns=["path", "filename", "genre"])
    return table.sort_values(["genre", "filename"], ignore_index=True)


def list_audio(folder):
    """Sound files under a folder, by the endings of their names.

    Hidden files and folders are left out; links are followed, each folder is visited once.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    songs, side_files : list of PurePath
        Relative to `folder`, sorted; side files are what macOS leaves beside the sound (``._*``).
    """
    found, visited = [], set()
    for where, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(where)) in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = PurePath(os.path.relpath(where, folder))
        found += [here / name for name in names if PurePath(name).suffix.lower() in AUDIO_SUFFIXES]
    songs = sorted(file for file in found if not file.name.startswith("."))
    return songs, sorted(file for file in found if file.name.startswith("._"))
