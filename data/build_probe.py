"""Make what lesson 09's horse test needs: windows of real songs, changed, and what models say.

    python data/build_probe.py                  fetches GTZAN mini and the ears' weights first
    python data/build_probe.py --source FOLDER  uses a copy of the songs: FOLDER/<genre>/<song>.wav

The window at 12 s of each song is changed in each way of `sounds.TRANSFORMATIONS`. ``probe.npz``
keeps what hand-made features make of it, ``probe.csv`` what the CNN and the borrowed ears answer,
each trained on five folds by artist, so that none had heard the artist.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from helpers import audio, datasets, features, models, splits
from helpers.evaluation import robustness, sounds
from helpers.models import musicnn, yamnet
from helpers.song import inputs, training

START = 12
HERE = Path(__file__).resolve().parent


def change_windows(folder, songs):
    """The window of each song after each transformation.

    Parameters
    ----------
    folder : path-like
        Holds ``<genre>/<song_id>.wav``.
    songs : list of str

    Returns
    -------
    dict of str to np.ndarray, shape (n_songs, 44100)
        By transformation.
    """
    paths = [Path(folder) / song.partition(".")[0] / f"{song}.wav" for song in songs]
    music = [audio.load(path, offset=START, duration=sounds.NEEDED_SECONDS)[0] for path in paths]
    return {
        name: np.stack([sounds.transform(y, name) for y in music])
        for name in sounds.TRANSFORMATIONS
    }


def describe(windows):
    """Hand-made features (n, 70) and log-mel patches (n, 64, 128), rounded as those that ship."""
    with threadpool_limits(1, user_api="blas"):
        described = np.stack([features.describe_fast(y) for y in windows])
        patches = np.stack([features.to_bytes(features.log_mel(y)) for y in windows])
    return described.astype(np.float16), features.from_bytes(patches)


def hear(windows):
    """What each borrowed ear makes of windows, rounded as what ships."""
    datasets.fetch("embeddings")
    ears = {"musicnn": musicnn, "yamnet": yamnet}
    return {name: ear.embed(windows).astype(np.float16) for name, ear in ears.items()}


def ask_ears(embedding, rows, described, heard):
    """What the linear classifier of lesson 07 answers.

    Parameters
    ----------
    embedding : str
        One of `inputs.EMBEDDINGS`, with one ear or with both.
    rows : np.ndarray, shape (n,)
        Which rows of the sampler the windows are.
    described : dict of str to np.ndarray, shape (n, 70)
        By transformation, hand-made features; the untouched windows are not asked for.
    heard : dict of str to dict
        By transformation, what each ear makes of the windows.

    Returns
    -------
    dict of str to pd.DataFrame
        From `robustness.examine`.
    """
    known = training.from_sampler(embedding)
    changed = {
        name: inputs.inputs(embedding, described[name], **ears) for name, ears in heard.items()
    }
    folds = known.folds[training.HONEST]
    return robustness.examine(
        known.model, known.X, known.table, folds, changed, rows, balanced=True
    )


def ask_cnn(rows, patches):
    """What the network of lesson 06 answers to log-mel patches, by transformation."""
    sampler = datasets.sampler()
    known = features.from_bytes(datasets.patches())
    return robustness.examine(
        models.small_cnn(), known, sampler, splits.by_artist(sampler), patches, rows
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, help="folder that holds <genre>/<song>.wav")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write (default: data/)")
    args = parser.parse_args()
    folder = args.source or datasets.fetch("gtzan-mini")
    sampler = datasets.sampler()
    rows = np.flatnonzero(sampler.start == START)
    songs = sampler.song_id.iloc[rows].tolist()
    windows = change_windows(folder, songs)
    described, patches = zip(*map(describe, windows.values()), strict=True)
    np.savez_compressed(
        args.out / "probe.npz",
        names=list(windows),
        rows=rows,
        described=np.stack(described),
        spectra=np.stack([robustness.bands(patch) for patch in patches]).astype(np.float16),
    )
    described, patches = (dict(zip(windows, part, strict=True)) for part in (described, patches))
    heard = {name: hear(y) for name, y in windows.items()}
    said = {"CNN": ask_cnn(rows, patches)}
    for model, embedding in (("MusiCNN", "musicnn"), ("both ears", "musicnn-yamnet")):
        said[model] = ask_ears(embedding, rows, described, heard)
    parts = [
        pd.DataFrame(
            {"song_id": songs, "transformation": name}
            | {model: answers[name].predicted.to_numpy() for model, answers in said.items()}
        )
        for name in (sounds.ORIGINAL, *windows)
    ]
    pd.concat(parts).to_csv(args.out / "probe.csv", index=False)
    print(f"{len(rows)} windows, changed in {len(windows)} ways, written to {args.out}")


if __name__ == "__main__":
    main()
