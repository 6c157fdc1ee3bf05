"""What is a window turned into before a classifier judges it?

Hand-made features, and what borrowed ears make of it; an ear is imported when it is asked for.
"""

import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import numpy as np
from threadpoolctl import threadpool_limits

from helpers import datasets, features

# By the name of each ear: its version, and how many numbers a classifier takes from it.
EARS = {"musicnn": ("musicnn 0.1.0", 300), "yamnet": ("yamnet 1", 1024)}


def ears(embedding):
    """The ears that an embedding asks, such as both for "musicnn-yamnet"."""
    return [ear for ear in EARS if ear in embedding.split("-")]


def _about(embedding):
    heard = [EARS[ear] for ear in ears(embedding)]
    size = len(features.names("full" if heard else embedding)) + sum(size for _, size in heard)
    return " + ".join([features.FEATURE_VERSION, *(version for version, _ in heard)]), size


KNOWN = tomllib.loads((datasets.DATA / "classifiers.toml").read_text(encoding="utf-8"))
# What a window is turned into: the version of that, and how many numbers come out.
EMBEDDINGS = {name: _about(name) for name in KNOWN}


def embed(windows, embedding):
    """Windows, shape (n, samples) at 22,050 a second, as numbers, shape (n, n_features).

    `embedding` is one of `EMBEDDINGS`: a set of hand-made features, or those and what ears make of
    it, whose weights must be here (or `datasets.FetchError`).
    """
    for ear in ears(embedding):
        if not datasets.local_path(ear):  # an ear would fetch them, and nobody asked it to
            advice = f"fetch them first: python -m helpers fetch {ear}"
            raise datasets.FetchError(f"The weights of {ear} are not here; {advice}.")
    feature_set = "full" if ears(embedding) else embedding
    listen = {ear: import_module(f"helpers.models.{ear}").embed for ear in ears(embedding)}
    # Windows are so short that threads of BLAS would spend their time waiting for each other.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor() as threads:
        heard = {ear: threads.submit(hear, windows) for ear, hear in listen.items()}
        described = [features.describe_fast(y, feature_set=feature_set) for y in windows]
    return inputs(embedding, described, **{ear: made.result() for ear, made in heard.items()})


def inputs(embedding, described, *, musicnn=None, yamnet=None):
    """What a classifier gets: what the ears of an embedding heard, beside hand-made features.

    Parameters
    ----------
    embedding : str
        One of `EMBEDDINGS`; ears that it doesn't ask are left out.
    described : array-like, shape (n, n_described)
        The features of the windows.
    musicnn, yamnet : np.ndarray, shape (n, 300) and (n, 1545)
        From the ears' `embed`, or `datasets.embeddings`.

    Returns
    -------
    np.ndarray, shape (n, n_features)
        MusiCNN's units, its tags as logits, the square roots of YAMNet's embedding, the features
        (lesson 07).
    """
    parts = []
    if "musicnn" in ears(embedding):
        musicnn = np.asarray(musicnn, float)
        tags = np.clip(musicnn[:, 200:], 1e-4, 1 - 1e-4)
        parts += [musicnn[:, :200], np.log(tags / (1 - tags))]
    if "yamnet" in ears(embedding):
        # Units that hardly ever sound have long tails, which the square root makes shorter.
        parts.append(np.sqrt(np.asarray(yamnet, float)[:, :1024]))
    return np.hstack([*parts, described])
