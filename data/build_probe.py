"""Make what lesson 09's horse test needs: windows of real songs, changed, and what models say.

    python data/build_probe.py                  fetches GTZAN mini and the ears' weights first
    python data/build_probe.py --source FOLDER  uses a copy of the songs: FOLDER/<genre>/<song>.wav

The window at 12 s of each song is changed in each way of `sounds.TRANSFORMATIONS`. ``probe.npz``
keeps what hand-made features make of it, ``probe.csv`` what the CNN and the borrowed ears answer,
each trained on five folds by artist, so that none had heard the artist. What the CNN answers to all
windows of the sampler with a part of each covered is in ``probe.npz``, too, and so are the levels
of the mel bands in clips of another collection, which are fetched as well.
"""

import argparse
from pathlib import Path

import build_outside
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from helpers import audio, datasets, evaluation, features, models, splits
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


def parts():
    """What is covered of a patch in turn: eight bands (of 64), eight times; four half seconds."""
    everything = slice(None)
    bands = [(slice(first, first + 8), everything) for first in range(0, 64, 8)]
    return bands + [(everything, slice(first, first + 32)) for first in range(0, 128, 32)]


def cover(patches, folds, part, silent=False):
    """Patches with a part covered by each band's mean level in the fold's training windows.

    Or by silence, which is the lowest level that a patch can hold.
    """
    bands, frames = part
    covered = patches.copy()
    for train, test in folds:
        level = patches[train].mean(axis=(0, 2))[:, None]
        covered[test, bands, frames] = features.PATCH_FLOOR_DB if silent else level[bands]
    return covered


def ask_cnn_under_cover():
    """Its answers to the sampler's windows, as positions in `datasets.GENRES`.

    Returns
    -------
    np.ndarray of np.uint8, shape (25, n_windows)
        Of untouched patches, with each of the twelve parts covered by its mean, and by silence.
    """
    sampler, patches = datasets.sampler(), features.from_bytes(datasets.patches())
    folds, said = splits.by_artist(sampler), np.zeros((25, len(sampler)), object)
    covers = [{"part": part, "silent": silent} for silent in (False, True) for part in parts()]
    for train, test in folds:
        fitted = evaluation.fit(models.small_cnn(), patches[train], sampler.iloc[train])
        said[0, test] = fitted.predict(patches[test])
        for answers, how in zip(said[1:], covers, strict=True):
            answers[test] = fitted.predict(cover(patches, [(train, test)], **how)[test])
    return np.searchsorted(datasets.GENRES, said.astype(str)).astype(np.uint8)


def outside_levels(folder, clips):
    """Mean level in dB of each mel band over windows of the outside collection's clips.

    Parameters
    ----------
    folder : path-like
        Holds ``<song_id>.mp3``, at any depth.
    clips : pd.DataFrame
        The rows of ``outside.csv``.

    Returns
    -------
    np.ndarray of np.float16, shape (n_clips, 64)
    """
    paths = {path.stem: path for path in Path(folder).rglob("[!.]*.mp3")}
    levels = []
    for song, known in zip(clips.song_id, clips.known, strict=True):
        windows = build_outside.windows_of(paths[song], 8 if known else 4)
        levels.append(np.mean([features.log_mel(y).mean(axis=1) for y in windows], axis=0))
    return np.stack(levels).astype(np.float16)


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
        covered=ask_cnn_under_cover(),
        outside=outside_levels(datasets.fetch("musifeast"), pd.read_csv(HERE / "outside.csv")),
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
