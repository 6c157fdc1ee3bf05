"""How is a trained classifier kept? As numbers: there is nothing in them that could run.

A bundle is a folder of two files. ``card.json`` says what is known of the classifier, and
``weights.npz`` holds arrays: mean and scale of each input, and a kernel and a bias for each layer.
A logistic regression is a single layer, the script's network four of them. Whoever wrote the folder
may be a stranger, so sizes are checked against the card before anything is allocated, and what
doesn't fit is refused in a sentence.
"""

import hashlib
import json
import math
import os
import stat
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np

from helpers.evaluation.calibration import softmax

CARD, WEIGHTS = "card.json", "weights.npz"
CARD_BYTES, WEIGHTS_BYTES = 1_000_000, 64_000_000  # nothing of ours comes near
NEEDED = {"labels", "embedding", "embedding_version", "hidden", "window_seconds", "hop_seconds",
          "temperature", "threshold", "sha256"}  # fmt: skip
RANGES = {"window_seconds": (0.05, 60), "hop_seconds": (0.05, 60), "temperature": (1e-3, 1e3),
          "threshold": (0, 1)}  # fmt: skip
NOT_SURE = "not sure"


def numbers(pipeline):
    """A fitted pipeline of a standard scaler and logistic regression or a dense network as arrays.

    Returns
    -------
    dict of str to np.ndarray
        mean and scale, shape (n_features,); for each layer ``kernel_<i>``, shape (n_in, n_out), and
        ``bias_<i>``, shape (n_out,). Between layers stands a ReLU, at the end a softmax.
    """
    scaler, model = pipeline
    if hasattr(model, "network_"):
        arrays = model.network_.get_weights()
    elif len(model.classes_) == 2:  # one column of logits; the other genre's are zero
        zero = np.zeros_like(model.coef_)
        arrays = [np.vstack([zero, model.coef_]).T, np.append(0.0, model.intercept_)]
    else:
        arrays = [model.coef_.T, model.intercept_]
    weights = {"mean": scaler.mean_, "scale": scaler.scale_}
    for layer in range(len(arrays) // 2):
        weights[f"kernel_{layer}"], weights[f"bias_{layer}"] = arrays[2 * layer : 2 * layer + 2]
    return weights


def hidden(weights):
    """Units of each hidden layer."""
    return [len(bias) for name, bias in weights.items() if name.startswith("bias_")][:-1]


def predict_proba(weights, X):
    """Probabilities, shape (n, n_genres), for inputs, shape (n, n_features)."""
    X, last = (np.asarray(X, float) - weights["mean"]) / weights["scale"], len(hidden(weights))
    for layer in range(last):
        X = np.maximum(X @ weights[f"kernel_{layer}"] + weights[f"bias_{layer}"], 0)
    return softmax(X @ weights[f"kernel_{last}"] + weights[f"bias_{last}"])


def save(folder, weights, card):
    """Write weights, from `numbers`, and a card into a folder, which is made if need be.

    The card is plain enough for JSON, and holds what is `NEEDED` but hidden and sha256.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{WEIGHTS}.draft"
    with open(draft, "wb") as file:
        np.savez(file, **weights)
    card = card | {"hidden": hidden(weights), "sha256": _sha256(draft)}
    # Killed between the two, the checksum tells.
    os.replace(draft, folder / WEIGHTS)
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def load(folder, embeddings):
    """Read what `save` wrote.

    Parameters
    ----------
    folder : path-like
    embeddings : mapping of str to (str, int)
        By the name of each embedding there is: its version, and how many numbers it has.

    Returns
    -------
    weights, card

    Raises
    ------
    ValueError
        If the folder holds no such bundle, or one made for something else.
    """
    folder = Path(folder)
    try:
        _check_file(folder / CARD, CARD_BYTES)
        text = (folder / CARD).read_text(encoding="utf-8", errors="replace")
        if "\ufffd" in text:
            raise ValueError(f"{CARD} is no text")
        card = json.loads(text)
        _check_card(card, embeddings)
        _check_file(folder / WEIGHTS, WEIGHTS_BYTES)
        if _sha256(folder / WEIGHTS) != card["sha256"]:
            raise ValueError(f"{WEIGHTS} is not the file that {CARD} describes: copy both again")
        weights = _read(folder / WEIGHTS, _shapes(card, embeddings[card["embedding"]][1]))
    except (OSError, ValueError, RecursionError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise ValueError(
            f"{folder} holds no classifier that can be used ({reason}): "
            "train one with 'python -m helpers train'"
        ) from None
    return weights, card


def _check_file(path, most):
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise ValueError(f"{path.name} is no regular file")
    if about.st_size > most:
        raise ValueError(f"{path.name} has {about.st_size:,} bytes, and {most:,} is the most")


def _check_card(card, embeddings):
    if not isinstance(card, dict) or not card.keys() >= NEEDED:
        raise ValueError(f"{CARD} lacks one of {', '.join(sorted(NEEDED))}")
    known = {str(name): version for name, (version, _) in embeddings.items()}
    if (here := known.get(str(card["embedding"]))) != card["embedding_version"]:
        raise ValueError(
            f"it was made for {card['embedding']!r}, version {card['embedding_version']} of the "
            f"features, and here that is version {here}"
        )
    for key, (low, high) in RANGES.items():
        # A "not a number" is in no range; to Python, True is a number.
        if type(card[key]) not in (int, float) or not low <= card[key] <= high:
            raise ValueError(f"{CARD} says {key} = {card[key]!r}, which makes no sense")
    if card["hop_seconds"] < card["window_seconds"]:
        raise ValueError(f"{CARD} holds windows that overlap")
    units, labels = card["hidden"], card["labels"]
    if not isinstance(units, list) or not all(type(n) is int and n > 0 for n in units):
        raise ValueError(f"{CARD} holds hidden layers that are no list of sizes")
    if not isinstance(labels, list) or not all(map(is_name, labels)):
        raise ValueError(f"{CARD} holds labels that are no list of names")
    if len(set(labels)) < max(len(labels), 2):
        raise ValueError(f"{CARD} holds fewer than two labels, or one of them twice")


def is_name(label):
    """May a genre be called so?"""
    plain = isinstance(label, str) and label.isprintable() and 0 < len(label.strip()) <= 100
    return plain and label != NOT_SURE


def _shapes(card, n_features):
    """The shape of each array that the card promises."""
    sizes = [n_features, *card["hidden"], len(card["labels"])]
    shapes = {"mean": (n_features,), "scale": (n_features,)}
    for layer, (n_in, n_out) in enumerate(pairwise(sizes)):
        shapes |= {f"kernel_{layer}": (n_in, n_out), f"bias_{layer}": (n_out,)}
    return shapes


def _read(path, shapes):
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sorted(member.filename for member in members) != sorted(
                map("{}.npy".format, shapes)
            ):
                raise ValueError("it holds other arrays than the card promises")
            # Nothing is packed, so nothing unpacks to more than lies on the disk.
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise ValueError("its arrays are packed")
            if 4 * sum(map(math.prod, shapes.values())) > path.stat().st_size:
                raise ValueError("it is smaller than the card promises")
            weights = {name: _array(archive, name, shape) for name, shape in shapes.items()}
    except Exception as error:  # a dozen kinds for a file that is not its own
        raise ValueError(f"{WEIGHTS} can't be used: {error}") from None
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise ValueError(f"{WEIGHTS} holds values that are not finite")
    if not (weights["scale"] > 0).all():
        raise ValueError(f"{WEIGHTS} holds a scale that is not positive")
    return weights


def _array(archive, name, shape):
    with archive.open(f"{name}.npy") as file:
        np.lib.format.read_magic(file)
        found, _, dtype = np.lib.format.read_array_header_1_0(file)
        if dtype not in (np.float32, np.float64):
            raise ValueError(f"{name} holds {dtype} instead of floating-point numbers")
        if found != shape:
            raise ValueError(f"{name} has the shape {found} instead of {shape}")
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
