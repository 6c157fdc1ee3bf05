"""Feature tables: the script's, which ships, and those that people hand in."""

from pathlib import Path

import pandas as pd

from helpers import features
from helpers.datasets import shipped


def script_table():
    """The script's own table: 1,000 songs of GTZAN as 26 features of 30 seconds each.

    Returns
    -------
    pd.DataFrame, 1,000 rows
        As from `read_table`; data/README.md says where it comes from.
    """
    return read_table(shipped.DATA / "script_features.csv")[0]


def read_table(csv):
    """Read a feature table and join what is known of its songs.

    Parameters
    ----------
    csv : path-like

    Returns
    -------
    table : pd.DataFrame
        With columns song_id, genre, artist_group (missing where unknown) and the features; for
        songs of GTZAN also fault_filtered_split.
    feature_set : str
    """
    try:
        # A genre may be called "None"; an empty cell is a missing value, and so is "nan".
        text = {"filename": str, "label": str}
        table = pd.read_csv(csv, dtype=text, keep_default_na=False, na_values=["", "nan"])
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise ValueError(f"{csv} cannot be read as a table ({reason})") from None
    for feature_set in features.FEATURE_SETS:
        columns = features.names(feature_set)
        if {"filename", "label", *columns} <= set(table):
            break
    else:
        raise ValueError(
            f"{csv} is no feature table: make one with 'python -m helpers extract FOLDER --out "
            f"{csv}'"
        )
    table = table.filter(["filename", "artist", "label", *columns])
    table = table.dropna(subset=["filename", "label", *columns]).rename(columns={"label": "genre"})
    if table.genre.nunique() < 2 or table.genre.value_counts().min() < 2:
        raise ValueError(f"{csv} is too small: at least two genres with two songs each are needed")
    table["song_id"] = [Path(name).stem for name in table.filename]
    if "artist" in table:
        table["artist_group"] = table.artist.fillna(table.song_id)
        return table, feature_set
    known = shipped.songs().drop(columns=["artist", "title"])
    return table.merge(known, on=["song_id", "genre"], how="left"), feature_set
