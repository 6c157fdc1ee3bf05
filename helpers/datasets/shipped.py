"""What ships with the course: the song list and the sampler, numbers only."""

from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).resolve().parents[2] / "data"
if not (DATA / "songs.csv").exists():
    raise ImportError("the data don't lie beside the code: install in place, with pip install -e .")
GENRES = ("blues", "classical", "country", "disco", "hiphop",
          "jazz", "metal", "pop", "reggae", "rock")  # fmt: skip


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
    with np.load(DATA / "sampler_patches.npz", allow_pickle=False) as stored:
        return stored["patches"]


def embeddings(ear="musicnn"):
    """What a borrowed ear hears in the sampler's windows.

    Parameters
    ----------
    ear : {"musicnn", "yamnet"}

    Returns
    -------
    np.ndarray, shape (1409, 300) or (1409, 1545), float32
        Columns as in ``musicnn.LAYOUT`` or ``yamnet.LAYOUT``, kept with 11 bits of precision. Its
        rows go with those of `sampler`.
    """
    with np.load(DATA / f"sampler_{ear}.npz", allow_pickle=False) as stored:
        return stored["embeddings"].astype(np.float32)
