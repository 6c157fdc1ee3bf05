"""What genre is *my* song? The script's classifier, trained on a table and kept in a folder.

A saved classifier is three plain files: the network (Keras' own format, loaded without running any
code), the scaler and labels (JSON) and what is known of it, in the same JSON.
"""

import hashlib
import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import audio, datasets, evaluation, features, models, splits

CARD, NETWORK = "card.json", "network.keras"
PROTOCOLS = {
    "random split": "songs dealt at random, an artist may be on both sides",
    # A folder of other music may use GTZAN's names; only its owner can know.
    "artist-safe split": "no artist in both training and test, going by GTZAN's file names or the "
    "table's artist column",
}


class SongClassifier:
    """A genre classifier for song files.

    Attributes
    ----------
    pipeline : scikit-learn pipeline of scaler and `models.NetworkClassifier`
    card : dict
        What the model was trained on, how, and how good it is.
    """

    def __init__(self, pipeline, card):
        self.pipeline = pipeline
        self.card = card

    @classmethod
    def fit(cls, csv):
        """Train the script's network on a feature table.

        Parameters
        ----------
        csv : path-like
            As `features.extract` writes it; the script's published table is one.

        Raises
        ------
        ValueError
            If the file is no feature table, or holds too few songs.
        """
        table, feature_set = read_table(csv)
        X = table[list(features.names(feature_set))].to_numpy()
        card = {
            "feature_set": feature_set,
            "feature_version": features.FEATURE_VERSION,
            "songs": len(table),
            "training_data_sha256": hashlib.sha256(Path(csv).read_bytes()).hexdigest(),
            "date": datetime.now(UTC).date().isoformat(),
            "versions": {name: version(name) for name in ("keras", "librosa", "numpy")},
            "accuracy": _scores(X, table),
        }
        return cls(models.script_network().fit(X, table.genre.to_numpy(dtype=object)), card)

    @property
    def labels(self):
        """The genres, in the order of the probabilities."""
        return [str(label) for label in self.pipeline[-1].classes_]

    def predict(self, path):
        """Probabilities of the genres for a song's first 30 seconds.

        Parameters
        ----------
        path : path-like

        Returns
        -------
        pd.Series
            Probability by genre, the most probable first.

        Raises
        ------
        audio.AudioError
            If the file cannot be used.
        """
        y, sr = audio.load(path, duration=30.0)
        row = features.describe_fast(y, sr, self.card["feature_set"])
        probabilities = self.pipeline.predict_proba(row[np.newaxis])[0]
        return pd.Series(probabilities, self.labels).sort_values(ascending=False)

    def save(self, folder):
        """Write the classifier into a folder, which is made if need be."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        scaler, network = self.pipeline
        scaling = {"mean": scaler.mean_.tolist(), "scale": scaler.scale_.tolist()}
        card = self.card | {"labels": self.labels, "scaler": scaling}
        network.network_.save(folder / NETWORK)
        (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder):
        """Read a classifier that `save` wrote; never runs code that lies in the folder.

        Raises
        ------
        ValueError
            If the folder holds no such classifier, or one made for other features.
        """
        folder = Path(folder)
        try:
            card = json.loads((folder / CARD).read_text(encoding="utf-8"))
            pipeline = _restore(card, folder / NETWORK)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"{folder} holds no classifier that can be used ({_first_line(error)}): "
                "train one with 'python -m helpers train'"
            ) from None
        return cls(pipeline, card)


def _restore(card, network):
    needed = {"labels", "scaler", "feature_set", "feature_version"}
    if not isinstance(card, dict) or not needed <= card.keys():
        raise ValueError(f"{CARD} lacks one of {', '.join(sorted(needed))}")
    if card["feature_version"] != features.FEATURE_VERSION:
        raise ValueError(
            f"it was made for version {card['feature_version']} of the features, and this is "
            f"version {features.FEATURE_VERSION}"
        )
    network = models.load_network(network)
    try:
        pipeline = models.restore(network, card["scaler"], card["labels"])
        silence = np.zeros((1, len(features.names(card["feature_set"]))))
        fits = pipeline.predict_proba(silence).shape == (1, len(card["labels"]))
    except Exception:  # whatever the parts of two classifiers do to each other
        fits = False
    if not fits:
        raise ValueError(f"{CARD} and {NETWORK} do not belong together")
    return pipeline


def read_table(csv):
    """Read a feature table and join what is known of its songs.

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
        raise ValueError(f"{csv} cannot be read as a table ({_first_line(error)})") from None
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
    known = datasets.songs().drop(columns=["artist", "title"])
    return table.merge(known, on=["song_id", "genre"], how="left"), feature_set


def _scores(X, table):
    """Cross-validated accuracy under each protocol that the table allows."""
    n_splits = min(splits.N_SPLITS, int(table.genre.value_counts().min()))
    songs = table.assign(artist_group=table.artist_group.fillna(table.song_id))
    folds = {"random split": splits.by_window(songs, n_splits)}
    # An artist-safe split of songs whose artists aren't known would be a lie.
    if table.artist_group.notna().all() and table.artist_group.nunique() >= n_splits:
        folds["artist-safe split"] = splits.by_artist(songs, n_splits)
    scores = {}
    for protocol, pairs in folds.items():
        predictions = evaluation.cross_validate(models.script_network(), X, songs, pairs)
        scores[protocol] = evaluation.accuracy(predictions)._asdict() | {
            "protocol": f"{len(pairs)} folds, {PROTOCOLS[protocol]}"
        }
    return scores


def _first_line(error):
    return str(error).strip().splitlines()[0].rstrip(".")
