"""What ships with the course: the song list, the sampler and another collection; numbers only."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.features import names

DATA = Path(__file__).resolve().parents[2] / "data"
if not (DATA / "songs.csv").exists():
    raise ImportError("the data don't lie beside the code: install in place, with pip install -e .")
GENRES = tuple(tomllib.loads((DATA / "genres.toml").read_text(encoding="utf-8")))


def songs():
    """The 1,000 songs of GTZAN: who plays what, and the published fault-filtered split.

    Returns
    -------
    pd.DataFrame
        song_id, genre, artist, title, fault_filtered_split (missing values where unknown, or where
        the filter threw the song out), and artist_group: the artist, or the song_id of the 81 songs
        whose artist nobody knows; each of them counts as an artist of its own.

    Notes
    -----
    Facts from Sturm (2012, 2013) and Kereliuk, Sturm & Larsen (2015).
    """
    # "None" and "NA" can be names: only an empty cell is a missing value.
    table = pd.read_csv(DATA / "songs.csv", keep_default_na=False, na_values=[""])
    return table.assign(artist_group=table.artist.fillna(table.song_id))


def sampler():
    """The sampler: 1,409 windows of two seconds, of 509 real songs, as features.

    Returns
    -------
    pd.DataFrame, 1,409 rows
        The columns of `songs`, start (seconds into the clip), and the 70 features of
        ``features.names("full")``. Its rows go with those of `patches`.
    """
    table = pd.read_csv(DATA / "sampler_features.csv")
    return songs().merge(table, on="song_id", how="right", validate="one_to_many")


def patches():
    """Log-mel patches of the sampler's windows, as they are stored.

    Returns
    -------
    np.ndarray, shape (1409, 64, 128), uint8
        64 mel bands by 128 frames; `features.from_bytes` turns them into decibels.
    """
    return _stored("sampler_patches", "patches")


def outside():
    """Another collection than GTZAN: 1,304 windows of two seconds, of 179 clips (lesson 08).

    Returns
    -------
    pd.DataFrame, 1,304 rows
        song_id (the clip), genre, known (is it one of GTZAN's?), artist, artist_group (spelt as in
        GTZAN where they play there, too), in_gtzan (do they?), title, year, what listeners said of
        the clip (columns in data/README.md), start (seconds into the clip), and the 70 features.

    Notes
    -----
    MUSIFEAST-17: van der Walle, Wu, Margulis & Jakubowski (2025).
    """
    table = pd.read_csv(DATA / "outside.csv", keep_default_na=False, na_values=[""])
    table = table.loc[table.index.repeat(np.where(table.known, 8, 4))]
    table = table.assign(
        in_gtzan=table.artist_group.isin(songs().artist_group),
        start=3 * table.groupby("song_id").cumcount(),
    ).reset_index(drop=True)
    return table.join(pd.DataFrame(_stored("outside", "described"), columns=names("full")))


def embeddings(ear="musicnn", of="sampler"):
    """What a borrowed ear hears in windows that ship.

    Parameters
    ----------
    ear : {"musicnn", "yamnet"}
    of : {"sampler", "outside"}

    Returns
    -------
    np.ndarray, shape (n, 300) or (n, 1545), float32
        Columns as in ``musicnn.LAYOUT`` or ``yamnet.LAYOUT``, kept with 11 bits of precision. Its
        rows go with those of `sampler` or `outside`.
    """
    if of == "outside":
        return _stored("outside", ear).astype(np.float32)
    return _stored(f"sampler_{ear}", "embeddings").astype(np.float32)


def _stored(file, name):
    with np.load(DATA / f"{file}.npz", allow_pickle=False) as stored:
        return stored[name]
