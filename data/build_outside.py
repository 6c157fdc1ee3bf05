"""Make the outside collection that ships with the course: numbers and facts of 179 clips.

    python data/build_outside.py                  fetches the clips first
    python data/build_outside.py --source FOLDER  uses copies, at any depth
    python data/build_outside.py --table CSV      takes the facts anew from MUSIFEAST17_all.csv

MUSIFEAST-17 (van der Walle et al. 2025) holds 356 clips of released music, with what listeners
said of each. 147 are of genres that GTZAN has, too: their first eight windows ship, the first 2 s
of every 3 s. 32 are of eight other genres: four windows each. The music stays where it is.
"""

import argparse
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from helpers import audio, features

HERE = Path(__file__).resolve().parent
SECONDS, EVERY = 2, 3  # of a window, and from one to the next
GENRES = {"Classical": "classical", "Country": "country", "Hip-hop": "hiphop", "Jazz": "jazz",
          "Metal": "metal", "Pop": "pop", "Rock": "rock"}  # fmt: skip
# As the collection writes who is in GTZAN by another name; found by reading both lists.
ALIASES = {
    "Antonio Vivaldi": "Vivaldi",
    "Johann Sebastian Bach": "JS Bach",
    "Pyotr Ilyich Tchaikovsky": "Tchaikovsky",
    "Wolfgang Amadeus Mozart": "Mozart",
}
# Its columns that ship; data/README.md says what they mean.
COLUMNS = {
    "CLIP_NAME": "song_id",
    "GENRE": "genre",
    "ARTIST": "artist",
    "MEDIA_RELATION_or_PERFORMER": "performer",
    "TRACK_TITLE": "title",
    "RELEASE_DATE": "year",
    "FAMILIARITY": "familiarity",
    "VOCALISATION": "voices",
}
LISTENERS = ["style_familiarity_M", "clip_familiarity_M", "enjoyment_M", "valence_M", "arousal_M",
             "rated_genre", "rated_genre_perc", "genre_match"]  # fmt: skip


def facts(collection, clips):
    """What is known of clips, a row each, from the collection's own table."""
    table = pd.read_csv(collection, keep_default_na=False, na_values=["", "NA"])
    table = table.set_index("CLIP_NAME", drop=False).loc[clips, [*COLUMNS, *LISTENERS]]
    table = table.rename(columns=COLUMNS).reset_index(drop=True)
    table["year"] = table.year.astype(int)
    table.insert(2, "known", table.genre.isin(GENRES))
    table["genre"] = table.genre.map(lambda name: GENRES.get(name, name.lower()))
    table.insert(4, "artist_group", table.artist.replace(ALIASES))
    return table


def windows_of(path, count):
    """The windows of a clip: decoded from its start, since to seek in an MP3 is not exact."""
    y, sr = audio.load(path, duration=EVERY * (count - 1) + SECONDS)
    return [y[EVERY * k * sr : (EVERY * k + SECONDS) * sr] for k in range(count)]


def describe(paths, known):
    """The 70 features of the windows of some clips, and what the borrowed ears make of them.

    Parameters
    ----------
    paths : list of path-like
    known : sequence of bool
        Which of them give eight windows, not four.

    Returns
    -------
    dict of np.ndarray
        described (n, 70), musicnn (n, 300) and yamnet (n, 1545), the last two as 16-bit floats.
    """
    windows = [y for path, eight in zip(paths, known, strict=True)
               for y in windows_of(path, 8 if eight else 4)]  # fmt: skip
    with threadpool_limits(1, user_api="blas"):
        made = {"described": [features.describe_fast(y, audio.SAMPLE_RATE) for y in windows]}
    made = {"described": np.stack(made["described"]).astype(np.float32)}
    for ear in ("musicnn", "yamnet"):
        made[ear] = import_module(f"helpers.models.{ear}").embed(windows).astype(np.float16)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, help="folder with the clips")
    parser.add_argument("--table", type=Path, help="the collection's MUSIFEAST17_all.csv")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write (default: data/)")
    args = parser.parse_args()
    if not args.source:
        from helpers import datasets

        args.source = datasets.fetch("musifeast")
    paths = {path.stem: path for path in sorted(args.source.rglob("[!.]*.mp3"))}
    if args.table:
        table = facts(args.table, sorted(paths))
        table.to_csv(args.out / "outside.csv", index=False, float_format="%.6g")
    table = pd.read_csv(args.out / "outside.csv" if args.table else HERE / "outside.csv")
    made = describe([paths[name] for name in table.song_id], table.known)
    np.savez_compressed(args.out / "outside.npz", **made)
    print(f"{len(made['described'])} windows of {len(table)} clips written to {args.out}")


if __name__ == "__main__":
    main()
