"""Feature tables: the script's, which ships, and those that people hand in."""

import csv as cells
import io
import re
from pathlib import Path

import pandas as pd

from helpers import features, splits
from helpers.datasets import shipped

ALIASES = {"genre": "label", "class": "label", "file": "filename", "file_name": "filename"}
MISSING = ["", "nan"]  # a genre may be called "None" or "NA"
NO_GENRE = {*MISSING, "label", *ALIASES}  # a header again
BEYOND = 1e12  # no feature of any sound comes near


def script_table():
    """The script's own table: 1,000 songs of GTZAN as 26 features of 30 seconds each.

    As from `read_table`, but with its 14 copies; data/README.md says where it comes from.
    """
    table = pd.read_csv(shipped.DATA / "script_features.csv").rename(columns={"label": "genre"})
    return _with_artists(table.assign(song_id=table.filename.str.removesuffix(".wav")))


def read_table(csv):
    """Read a feature table as people have them, and join what is known of its songs.

    Commas, semicolons or tabs, UTF-8 or UTF-16, decimal commas, headers whose meaning is plain,
    Kaggle's features_30_sec.csv and features_3_sec.csv (whose means are the script's features).

    Returns
    -------
    table : pd.DataFrame, indexed by the number of the row in the file
        With columns song_id, genre, artist_group (missing where unknown) and the features; for
        songs of GTZAN also fault_filtered_split.
    feature_set : str
    about : dict of counted ("songs", or "songs or rows" where nobody can tell), window_seconds (of
        a row), and notes (what was left out or looks odd)
    """
    try:
        feature_set, table = _columns(_lines(Path(csv).read_bytes()))
    except (OSError, ValueError, cells.Error) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise ValueError(f"{csv} cannot be read as a table ({reason})") from None
    columns, notes = list(features.names(feature_set)), []
    genres = {name for name in table.genre if splits.plain(name) not in NO_GENRE}
    table = _complete(table, columns, notes)
    table = _without(table, table.duplicated(columns), "copies of others", notes)
    table, doubtful = _with_songs(table, notes)
    songs = table.groupby("genre").song_id.nunique().reindex(sorted(genres), fill_value=0)
    if small := songs.index[songs < 2].tolist():
        notes.append(f"genres left out, for they need two songs: {[name[:40] for name in small]}")
    if len(songs) < 2 + len(small):
        few = f"{csv} is too small: at least two genres with two songs each are needed"
        raise ValueError("; ".join([few, *notes]))
    alike = songs.index.to_series().groupby(splits.plain).agg(list)
    notes += [f"genres that look alike count apart: {names}" for names in alike if names[1:]]
    # Kaggle's tables tell how many samples, at 22,050 a second, a row was made from.
    length = pd.to_numeric(table.pop("length"), errors="coerce").median() / 22_050
    about = {"counted": "songs or rows" if doubtful else "songs", "notes": notes,
             "window_seconds": round(float(length), 1) if 1 < length < 60 else 30.0}  # fmt: skip
    return table[~table.genre.isin(small)], feature_set, about


def _lines(data):
    """The cells of a table, as text; the index numbers its rows from 1."""
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # Excel's plain CSV
    if not text.strip(',;" \t\r\n') or "\0" in text:
        raise ValueError("it holds no text: export it as CSV")
    separator = max(",;\t", key=text.lstrip().splitlines()[0].count)
    rows = enumerate(cells.reader(io.StringIO(text, newline=""), delimiter=separator), 1)
    rows = {number: row for number, row in rows if any(map(str.strip, row))}
    return pd.DataFrame.from_dict(rows, orient="index").fillna("")


def _columns(lines):
    """Which features a table holds, and its columns under our names."""
    header = [re.sub(r"[\s-]+", "_", name.strip().casefold()) for name in lines.iloc[0]]
    header = [re.sub("^rms(?=_|$)", "rmse", name) for name in header]
    there = {*header, ""}
    header = [name if ALIASES.get(name, "") in there else ALIASES[name] for name in header]
    layouts = [(name, {column: column for column in features.names(name)})
               for name in features.FEATURE_SETS]  # fmt: skip
    layouts.append(("script", {f"{name}_mean": name for name in features.names("script")}))
    feature_set, named = min(layouts, key=lambda layout: len(layout[1].keys() - set(header)))
    if unclear := [name for name in ("filename", "label", *named) if header.count(name) != 1]:
        raise ValueError(
            f"it is no feature table: row 1 should name {', '.join(unclear[:9])} once each; rename "
            "columns, or make one with 'python -m helpers extract FOLDER --out ANOTHER.csv'"
        )
    table = lines.iloc[1:].set_axis(header, axis=1)
    table = table.loc[:, ~table.columns.duplicated()].assign(length=table.get("length", ""))
    table = table.filter(["filename", "artist", "song", "length", "label", *named])
    return feature_set, table.rename(columns={"label": "genre"} | named)


def _complete(table, columns, notes):
    """The rows with a name, a genre and a number in each of the columns."""
    text = " ".join(table[columns].to_numpy().ravel())
    comma = "," if re.search(r"\d,\d", text) and not re.search(r"\d\.\d", text) else "."
    numbers = table[columns].apply(lambda column: column.str.replace(comma, "."))
    numbers = numbers.apply(pd.to_numeric, errors="coerce").astype(float)
    names = table[["filename", "genre"]].apply(lambda column: column.str.strip().isin(MISSING))
    wrong = pd.concat([names, ~(numbers.abs() < BEYOND)], axis=1)
    bad, first = wrong.any(axis=1), ""
    if bad.any():
        column = wrong.loc[bad.idxmax()].idxmax()
        first = f", {column} is {table[column][bad.idxmax()][:40]!r}"
    return _without(table.assign(**numbers), bad, "values missing or no numbers", notes, first)


def _with_songs(table, notes):
    """Song and artist of each row, and genres whose pieces and songs can't be told apart."""
    table["song_id"], doubtful = splits.songs_by_name(table)
    table = _with_artists(table)
    if "song" in table:
        said = (table.genre + "/" + table.get("artist", "") + "/" + table.song).str.casefold()
        table["song_id"], doubtful = said.where(table.song != "", table.song_id), []
    if "artist" in table:
        artist = table.artist.str.strip().str.casefold().replace(MISSING, None)
        artist = artist.groupby(table.song_id).transform("first")  # one piece may tell of all
        table["artist_group"] = artist.fillna(table.song_id)
    if doubtful:
        notes.append(f"rows that may be pieces of one song are counted as rows in {doubtful}: a "
                     "column 'song' that names each row's song would tell")  # fmt: skip
    if (songs := table.song_id.nunique()) < len(table):
        by = "column song" if "song" in table else "last numbers of the names"
        notes.append(f"{len(table)} rows count as {songs}: pieces stay together, by the {by}")
    return table, doubtful


def _with_artists(table):
    """Join who plays what in GTZAN, and in which part of the fault-filtered split."""
    known = shipped.songs().set_index("song_id")[["fault_filtered_split", "artist_group"]]
    name = table.song_id.str.split("/").str[-1]
    ours = name.str.split(".").str[0] == table.genre.str.strip().str.casefold()
    return table.assign(**known.reindex(name.where(ours)).set_axis(table.index))


def _without(table, rows, why, notes, first=""):
    if n := int(rows.sum()):
        notes.append(f"{n} row{'s' * (n > 1)} left out: {why} (first: row {rows.idxmax()}{first})")
    return table[~rows].copy()
