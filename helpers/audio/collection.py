"""Which songs lie in a folder?"""

import os
import re
from pathlib import Path, PurePath

import pandas as pd

# What has a sound's name is tried, and named if it can't be read: the decoder knows best.
AUDIO_SUFFIXES = re.compile(
    r"\.(wave?|bwf|rf64|w64|flac|mp[234]|og[ga]|opus|aif[fc]?|au|snd|caf|voc|sph|m4[ab]|aac|wma|ape"
    r"|wv|mka|web[ma]|ac3|dts|amr|mpc|ra|ds[fd]|tta|midi?)",
    re.IGNORECASE,
)
NO_AUDIO = "holds no WAV, FLAC, MP3, OGG or other sound files"


def from_folder(path):
    """The songs of anybody's collection: one folder per genre, the files in it.

    Parameters
    ----------
    path : path-like
        Folder that holds ``<genre>/<file>``; what has the ending of a sound file counts, hidden
        files don't. A folder that may not be opened counts as a file of which that can be said.

    Returns
    -------
    pd.DataFrame
        path, filename (relative to the genre's folder, with "/"), genre; sorted by genre and
        filename.

    Raises
    ------
    ValueError
        If the folder is missing, holds no audio, holds audio outside the genres' folders, or if
        the genres' folders lie deeper.
    """
    path = Path(path)
    layout = f"expected {path}/<genre>/<song>.wav, one folder per genre"
    if not path.is_dir():
        raise ValueError(f"There is no folder {path}; {layout}.")
    songs, _ = list_audio(path)
    if not songs:
        raise ValueError(f"{path} {NO_AUDIO}; {layout}.")
    if stray := [s.name for s in songs if len(s.parts) == 1 and not (path / s).is_dir()]:
        count = "1 sound file lies" if len(stray) == 1 else f"{len(stray)} sound files lie"
        raise ValueError(f"{count} outside the genres' folders ({stray[0]}); {layout}.")
    outer, inner = {song.parts[0] for song in songs}, {song.parts[1:2] for song in songs}
    if len(outer) == 1 and len(inner) > 1 and all(len(song.parts) > 2 for song in songs):
        inner = f"{path / outer.pop()}, and in it {len(inner)}: if those are the genres, give it"
        raise ValueError(f"{path} holds one folder, {inner}; {layout}.")
    rows = [(str(path / song), "/".join(song.parts[1:]), song.parts[0]) for song in songs]
    table = pd.DataFrame(rows, columns=["path", "filename", "genre"])
    return table.sort_values(["genre", "filename"], ignore_index=True)


def list_audio(folder):
    """Sound files under a folder, by their endings, and side files of macOS (``._*``).

    Two sorted lists of PurePath, relative to `folder`; links are followed, each folder is visited
    once. Hidden ones are left out, and those that cannot be opened stand among the sound files, so
    that somebody says so; PermissionError if that is `folder` itself.
    """
    found, visited = [], set()

    def closed(error):
        if isinstance(error, PermissionError):
            inner = PurePath(os.path.relpath(error.filename, folder))
            if not inner.parts:
                raise error
            found.append(inner)

    for where, folders, names in os.walk(folder, onerror=closed, followlinks=True):
        if (real := os.path.realpath(where)) in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = PurePath(os.path.relpath(where, folder))
        found += [here / name for name in names if AUDIO_SUFFIXES.fullmatch(PurePath(name).suffix)]
    songs = sorted(file for file in found if not file.name.startswith("."))
    return songs, sorted(file for file in found if file.name.startswith("._"))
