"""What does a song classifier learn from, and how good is it then?

A training set is everything that fitting needs: rows with their genres and artists, a model that
suits them, and the folds under which it may be scored.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import datasets, evaluation, features, models, splits
from helpers.evaluation import calibration
from helpers.song import bundle
from helpers.song.bundle import NOT_SURE, is_name
from helpers.song.inputs import EMBEDDINGS, KNOWN, ears, inputs

# C of what is learned from the sampler, and how many of its sure answers should be right.
RECIPES = {name: (how["C"], how["target"]) for name, how in KNOWN.items() if "C" in how}
RANDOM, HONEST, FILTERED = "random split", "artists kept whole", "fault-filtered split"
PROTOCOLS = {
    RANDOM: "songs dealt at random, an artist may be on both sides",
    # A folder of other music may use GTZAN's names; only its owner can know.
    HONEST: "no artist in both training and test, going by GTZAN's file names or the table's "
    "artist column",
    FILTERED: "the published one of Kereliuk et al. (2015), no artist in both parts",
}


class TrainingSet(NamedTuple):
    """What a classifier learns from."""

    table: pd.DataFrame  # with columns song_id, genre and artist_group
    X: np.ndarray  # a row for each row of the table
    model: object  # a scikit-learn pipeline, unfitted
    balanced: bool  # weigh the rows, so that each song counts the same?
    folds: dict  # lists of (train, test), by the names of `PROTOCOLS`
    target: float  # of the songs that it is sure about, so many should be right
    facts: dict  # what the card says of all this
    elsewhere: object = None  # `outside`, if it can be judged on another collection, too


def classifier(embedding):
    """The unfitted pipeline of one of `RECIPES`; a ValueError if there is none."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if embedding not in RECIPES:
        choice = ", ".join(map(repr, RECIPES))
        raise ValueError(f"the sampler has no embedding {embedding!r}: choose one of {choice}")
    C, _ = RECIPES[embedding]
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=1000))


def from_sampler(embedding):
    """The sampler by one of `RECIPES`: by hand-made features, or with ears; else a ValueError."""
    model, table = classifier(embedding), datasets.sampler()
    X = shipped(embedding, table, "sampler")
    text = "\n".join(f"{row.song_id} {row.artist_group} {row.genre}" for row in table.itertuples())
    facts = {
        "training_data": "the sampler: windows of two seconds of GTZAN songs",
        "training_data_sha256": hashlib.sha256(X.tobytes() + text.encode()).hexdigest(),
        "songs": int(table.song_id.nunique()),
        "counted": "songs of GTZAN",
        "embedding": embedding,
        "embedding_version": EMBEDDINGS[embedding][0],
        # As the sampler was cut: the first two of every three seconds.
        "window_seconds": 2.0,
        "hop_seconds": 3.0,
    }
    folds = {
        RANDOM: splits.by_song(table),
        HONEST: splits.by_artist(table),
        FILTERED: splits.fault_filtered(table),
    }
    return TrainingSet(table, X, model, True, folds, RECIPES[embedding][1], facts, outside)


def shipped(embedding, table, of):
    """Inputs of the windows of a table that ships (`datasets.embeddings`), shape (n, n_inputs)."""
    heard = {ear: datasets.embeddings(ear, of) for ear in ears(embedding)}
    return inputs(embedding, table[list(features.names("full"))], **heard)


def from_table(csv):
    """A feature table and the script's network; a ValueError as `datasets.read_table` raises it.

    `features.extract` writes such tables; the script's published one is another.
    """
    table, feature_set, about = datasets.read_table(csv)
    if odd := [genre for genre in sorted(set(table.genre)) if not is_name(genre)]:
        raise ValueError(f"{csv}: no model may call a genre {odd[0][:40]!r}: rename it")
    X = table[list(features.names(feature_set))].to_numpy()
    facts = {
        "training_data": Path(csv).name,
        "training_data_sha256": hashlib.sha256(Path(csv).read_bytes()).hexdigest(),
        "songs": int(table.song_id.nunique()),
        "embedding": feature_set,
        "embedding_version": EMBEDDINGS[feature_set][0],
        "hop_seconds": about["window_seconds"],
        **about,
    }
    n_splits = min(splits.N_SPLITS, int(table.groupby("genre").song_id.nunique().min()))
    known = table.artist_group.notna().all()
    table = table.assign(artist_group=table.artist_group.fillna(table.song_id))
    folds = {RANDOM: splits.by_song(table, n_splits)}
    # Whoever doesn't know the artists can't keep them whole; and one may play all of a genre.
    if known and table.artist_group.nunique() >= n_splits:
        pairs = splits.by_artist(table, n_splits)
        if all(table.genre.iloc[train].nunique() == table.genre.nunique() for train, _ in pairs):
            folds[HONEST] = pairs
    return TrainingSet(table, X, models.script_network(), False, folds, 0.8, facts)


def overview(learned):
    """What a table holds, in lines: songs and artists of each genre, and what is odd about it."""
    for genre, rows in learned.table.groupby("genre"):
        n = rows.song_id.nunique()
        artists = rows.artist_group.nunique() if HONEST in learned.folds else "unknown or too few"
        small = "; a small genre" * (n < splits.N_SPLITS)
        yield f"{genre!r}: {n} {learned.facts['counted']}, artists: {artists}{small}"
    yield from learned.facts["notes"]


def card(learned):
    """What is known of a classifier that learns from a `TrainingSet`, cross-validated, as a dict.

    Its facts, accuracy under each protocol, temperature, threshold, and what these are worth.
    """
    from importlib.metadata import version

    songs = {
        protocol: calibration.by_song(
            evaluation.cross_val_predict(
                learned.model, learned.X, learned.table, folds, balanced=learned.balanced
            )
        )
        for protocol, folds in learned.folds.items()
    }
    accuracy = {
        protocol: _plain(evaluation.accuracy(rows)) | {"protocol": _in_words(protocol, learned)}
        for protocol, rows in songs.items()
    }
    honest = most_honest(songs)
    libraries = ("keras", "librosa", "numpy", "scikit-learn")
    return learned.facts | {
        "labels": sorted(map(str, learned.table.genre.unique())),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {name: version(name) for name in libraries},
        "accuracy": accuracy,
        **_calibrate(songs[honest], _in_words(honest, learned), learned.target),
    }


def outside(weights, card):
    """What becomes of a classifier of the sampler on another collection, for its card (lesson 08).

    On clips of genres that it knows, by artists who aren't in GTZAN; and of how many clips of other
    genres it is sure all the same.
    """
    table = datasets.outside()
    X = shipped(card["embedding"], table, "outside")
    p = pd.DataFrame(bundle.predict_proba(weights, X)).set_axis(card["labels"], axis=1)
    songs = calibration.by_song(table.assign(fold=0).join(p.add_prefix("p_")))
    songs = calibration.apply_temperature(songs, card["temperature"])
    sure, known = songs.confidence > card["threshold"], songs.genre.isin(card["labels"])
    new = known & ~songs.song_id.map(table.groupby("song_id").in_gtzan.first())
    return {
        "collection": "MUSIFEAST-17",
        "accuracy": _plain(evaluation.accuracy(songs[new])),
        "when_sure": _when_sure(songs[new], sure[new]),
        "other_genres": {"n": int((~known).sum()), "sure": int(sure[~known].sum())},
    }


def trust(card):
    """How far a classifier may be trusted, in three sentences from its card."""
    protocol, there = most_honest(card["accuracy"]), card.get("outside")
    score, whens = card["accuracy"][protocol], [card["when_sure"]]
    n = f"{score['n']} {card.get('counted', 'songs')}"
    text = f"Right for {_share(score)} of {n} that it had not learned from"
    text += " (by artists that it had never heard)" * (protocol == HONEST)
    if there:
        text += f", and for {_share(there['accuracy'])} of {there['accuracy']['n']} clips of other "
        text += f"music ({there['collection']})"
        whens.append(there["when_sure"])
    if all(when["accuracy"] for when in whens):
        sure, right = (" and ".join(_share(when[key]) for when in whens)
                       for key in ("coverage", "accuracy"))  # fmt: skip
        text += f". Sure about {sure}, and then right for {right}"
    text += f". It knows {len(card['labels'])} genres and takes whatever it is given for one of "
    text += "them, speech and rain included"
    if there:
        text += ": of {n} clips of other genres it is sure of {sure}".format(
            **there["other_genres"]
        )
    return f"{text}."


def _share(score):
    # One artist has no interval.
    ends = "" if score["low"] is None else f" [{score['low']:.0%}, {score['high']:.0%}]"
    return f"{score['value']:.0%}{ends}"


def most_honest(protocols):
    """The protocol whose accuracy may be promised: artists kept whole, where they are known."""
    return HONEST if HONEST in protocols else RANDOM


def _in_words(protocol, learned):
    n = len(learned.folds[protocol])
    dealt = PROTOCOLS[protocol].replace("songs", learned.facts.get("counted", "songs"))
    return f"{n} fold{'s' if n > 1 else ''}, {dealt}"


def _calibrate(songs, protocol, target):
    """Temperature and threshold for new songs, and how well such ones do on other folds' songs."""
    temperature, judged = calibration.fit_temperature(songs), calibration.cross_fit(songs, target)
    tempered = calibration.apply_temperature(songs, temperature)
    return {
        "temperature": temperature,
        "threshold": calibration.fit_threshold(tempered, target),
        "calibration_error": calibration.calibration_error(judged),
        "when_sure": {
            "target": target,
            **_when_sure(judged, judged.sure),
            "protocol": f"{protocol}; temperature and threshold chosen on the other folds",
        },
    }


def _when_sure(songs, sure):
    answered = songs.assign(predicted=songs.genre.where(sure, NOT_SURE))
    right = _plain(evaluation.accuracy(songs[sure])) if sure.any() else None
    return {"coverage": _plain(evaluation.accuracy(answered)), "accuracy": right}


def _plain(score):
    """A score as JSON can hold it: it knows no "not a number"."""
    return {key: None if np.isnan(value) else value for key, value in score._asdict().items()}
