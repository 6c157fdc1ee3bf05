"""How is a trained classifier kept, so that reading it can't run anybody's code?

A bundle is a folder of two files: the card (JSON: what is known of the classifier, and all numbers
that aren't weights) and the weights, a Keras network or a scikit-learn pipeline as skops writes it.
Neither format needs pickle. Whoever wrote the folder may be a stranger, so each part is checked
before it is used, and what doesn't fit is refused in a sentence.
"""

import hashlib
import json
import zipfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from helpers import models

CARD, NETWORK, PIPELINE = "card.json", "network.keras", "pipeline.skops"
STEPS = (StandardScaler, PCA, LinearDiscriminantAnalysis, LogisticRegression)
# All that the script's network is made of. Keras' safe mode has been outwitted before; a list of
# what may come in is harder to get around.
LAYERS = {"keras.Sequential", "keras.layers.InputLayer", "keras.layers.Dense",
          "keras.layers.Dropout", "keras.DTypePolicy", "keras.initializers.GlorotUniform",
          "keras.initializers.Zeros", "keras.optimizers.Adam"}  # fmt: skip
NEEDED = {"labels", "ear", "ear_version", "window_seconds", "hop_seconds", "temperature",
          "threshold", "weights", "versions"}  # fmt: skip


def save(folder, pipeline, card):
    """Write pipeline and card into a folder, which is made if need be.

    Parameters
    ----------
    folder : path-like
    pipeline : fitted scikit-learn pipeline
        Of a scaler and `models.NetworkClassifier`, or of `STEPS`.
    card : dict
        Plain enough for JSON; with what is `NEEDED`, but the weights.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    card = dict(card)
    if isinstance(pipeline[-1], models.NetworkClassifier):
        weights = folder / NETWORK
        scaler, network = pipeline
        card["scaler"] = {"mean": scaler.mean_.tolist(), "scale": scaler.scale_.tolist()}
        network.network_.save(weights)
    else:
        import skops.io

        weights = folder / PIPELINE
        skops.io.dump(pipeline, weights)
    card["weights"] = {"file": weights.name, "sha256": _sha256(weights)}
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def load(folder, ears):
    """Read what `save` wrote; never runs code that lies in the folder.

    Parameters
    ----------
    folder : path-like
    ears : mapping of str to (str, int)
        By the name of each ear there is: its version, and how many numbers it makes of a window.

    Returns
    -------
    pipeline, card

    Raises
    ------
    ValueError
        If the folder holds no such bundle, one made for something else, or one that isn't safe.
    """
    folder = Path(folder)
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        _check_card(card, ears)
        pipeline = _weights(folder, card)
        _check_fit(pipeline, card, ears[card["ear"]][1])
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{folder} holds no classifier that can be used ({_first_line(error)}): "
            "train one with 'python -m helpers train'"
        ) from None
    return pipeline, card


def _check_card(card, ears):
    if not isinstance(card, dict) or not card.keys() >= NEEDED:
        raise ValueError(f"{CARD} lacks one of {', '.join(sorted(NEEDED))}")
    ear = card["ear"]
    if not isinstance(ear, str) or ear not in ears:
        raise ValueError(f"{CARD} names an ear that is not known here: {ear!r}")
    if card["ear_version"] != (here := ears[ear][0]):
        raise ValueError(
            f"it was made for version {card['ear_version']} of the features, and this is "
            f"version {here}"
        )
    window, hop = _number(card, "window_seconds"), _number(card, "hop_seconds")
    if not 0.05 <= window <= hop <= 60:
        raise ValueError(f"{CARD} holds windows that can't be cut: {window} s, every {hop} s")
    if not 0 < _number(card, "temperature") < 1000 or not 0 <= _number(card, "threshold") <= 1:
        raise ValueError(f"{CARD} holds a temperature or a threshold that makes no sense")
    labels = card["labels"]
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"{CARD} holds labels that are no list of names")


def _number(card, key):
    if isinstance(card[key], bool) or not isinstance(card[key], int | float):
        raise ValueError(f"{CARD} holds no number as {key}: {card[key]!r}")
    return card[key]


def _weights(folder, card):
    described = card["weights"] if isinstance(card["weights"], dict) else {}
    name = described.get("file")
    if name not in (NETWORK, PIPELINE):
        raise ValueError(f"{CARD} names weights of an unknown kind: {name!r}")
    if not (folder / name).is_file():
        raise ValueError(f"{name} is missing")
    if _sha256(folder / name) != described.get("sha256"):
        raise ValueError(f"{name} is not the file that {CARD} describes: copy both again")
    if name == PIPELINE:
        return _load_pipeline(folder / name, card)
    _check_layers(folder / name)
    network = models.load_network(folder / name)
    try:
        return models.restore(network, card["scaler"], card["labels"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{CARD} and {name} do not belong together") from None


def _load_pipeline(path, card):
    import skops.io

    # Estimators are kept as they are inside, and scikit-learn changes that between versions.
    theirs, ours = (str(v).split(".")[:2] for v in (_sklearn(card), version("scikit-learn")))
    if theirs != ours:
        raise ValueError(
            f"it was made with scikit-learn {'.'.join(theirs)}, and this is {'.'.join(ours)}"
        )
    try:
        pipeline = skops.io.load(path, trusted=[])
    except Exception as error:  # a dozen kinds for a file that is not its own
        raise ValueError(f"{path.name} is no safe pipeline: {_first_line(error)}") from None
    known = isinstance(pipeline, Pipeline) and all(type(step) in STEPS for step in pipeline)
    if not known:
        raise ValueError(f"{path.name} is no safe pipeline: it holds other steps than expected")
    return pipeline


def _sklearn(card):
    return card["versions"].get("scikit-learn") if isinstance(card["versions"], dict) else None


def _check_layers(path):
    try:
        with zipfile.ZipFile(path) as archive:
            parts = set(_classes(json.loads(archive.read("config.json"))))
    except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"{path.name} is no safe network: {_first_line(error)}") from None
    if strange := sorted(map(str, parts - LAYERS)):
        raise ValueError(f"{path.name} is no safe network: it holds {', '.join(strange)}")


def _classes(config):
    """Every class or function that a Keras configuration names, however deep."""
    if isinstance(config, dict):
        if "class_name" in config:
            place = config.get("registered_name") or config.get("module") or "nowhere"
            yield f"{place}.{config['class_name']}"
        for value in config.values():
            yield from _classes(value)
    elif isinstance(config, list):
        for value in config:
            yield from _classes(value)


def _check_fit(pipeline, card, n_features):
    try:
        answer = pipeline.predict_proba(np.zeros((1, n_features)))
        labels = [str(label) for label in pipeline[-1].classes_]
        fits = answer.shape == (1, len(labels)) and labels == card["labels"]
        fits = fits and bool(np.isfinite(answer).all())
    except Exception:  # whatever the parts of two classifiers do to each other
        fits = False
    if not fits:
        raise ValueError(f"{CARD} and {card['weights']['file']} do not belong together")


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
