"""What genre is *my* song? A classifier that names it, or says that it isn't sure.

It listens to a song window by window, whatever the song's length, rate and channels, and combines
what it heard. Two teachers: the sampler that ships with the course (`SongClassifier.fit()`), or a
feature table of one's own, for which the script's network is trained. What is kept of it, and how
safely, is `helpers.bundle`'s business.
"""

import hashlib
import io
import os
import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pooch
import soundfile as sf

from helpers import audio, bundle, calibration, datasets, evaluation, training
from helpers.training import read_table

__all__ = ["NOT_SURE", "Prediction", "SongClassifier", "read_table"]

NOT_SURE = "not sure"
# Of the songs that it is sure about, so many should be right.
TARGET = 0.8
BLOCK_SECONDS = 30.0


class Prediction(NamedTuple):
    """What a classifier says of a song.

    Attributes
    ----------
    genre : str
        The most probable genre, or "not sure".
    probabilities : pd.Series
        Calibrated, by genre, the most probable first.
    timeline : pd.DataFrame
        The same for each window: a row by its start in seconds, a column for each genre. Silent
        windows are missing values, and count for nothing.
    """

    genre: str
    probabilities: pd.Series
    timeline: pd.DataFrame

    @property
    def silent(self):
        """How many windows were silent."""
        return int(self.timeline.isna().all(axis=1).sum())

    def __str__(self):
        top = ", ".join(f"{genre} {p:.0%}" for genre, p in self.probabilities.head(3).items())
        return f"{NOT_SURE} ({top})" if self.genre == NOT_SURE else top


class SongClassifier:
    """A genre classifier for songs.

    Attributes
    ----------
    pipeline : fitted scikit-learn pipeline
    card : dict
        What it was trained on, how it listens, and how good it is.
    """

    def __init__(self, pipeline, card):
        self.pipeline = pipeline
        self.card = card

    @classmethod
    def fit(cls, csv=None, *, ear="full"):
        """Learn from the sampler, in seconds, or train the script's network on a feature table.

        Parameters
        ----------
        csv : path-like, optional
            As `features.extract` writes it; the script's published table is one.
        ear : {"full", "musicnn"}
            For the sampler: 70 hand-made features of each window, or MusiCNN's embedding of it.

        Raises
        ------
        ValueError
            If the file is no feature table, or holds too few songs.
        """
        return cls._learn(training.from_sampler(ear) if csv is None else training.from_table(csv))

    @classmethod
    def default(cls):
        """The best classifier that this machine can have without a download.

        It learns from the sampler when it is first asked for, and is kept in the user's cache
        folder from then on (if that can't be written, it learns anew each time). With MusiCNN's
        weights at hand (``datasets.fetch("musicnn")``) it listens with those.
        """
        ear = "musicnn" if datasets.held("musicnn") else "full"
        lesson = training.from_sampler(ear)
        recipe = repr((lesson.model, training.EARS[ear], lesson.facts["training_data_sha256"]))
        name = f"song-classifier-{ear}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
        folder = Path(pooch.os_cache("hear-the-genre"), name)
        try:
            return cls.load(folder)
        except ValueError:  # not there yet, spoiled, or of another scikit-learn
            classifier = cls._learn(lesson)
            classifier._keep(folder)
            return classifier

    @classmethod
    def _learn(cls, lesson):
        card = lesson.facts | {
            "date": datetime.now(UTC).date().isoformat(),
            "versions": {
                name: version(name) for name in ("keras", "librosa", "numpy", "scikit-learn")
            },
            **_scores(lesson),
        }
        weights = {}
        if lesson.balanced:
            name = f"{lesson.model.steps[-1][0]}__sample_weight"
            weights[name] = evaluation.balanced_weights(lesson.table)
        pipeline = lesson.model.fit(lesson.X, lesson.table.genre.to_numpy(dtype=object), **weights)
        return cls(pipeline, {"labels": [str(label) for label in pipeline[-1].classes_]} | card)

    @property
    def labels(self):
        """The genres, in alphabetical order."""
        return self.card["labels"]

    def predict(self, song, sr=None):
        """What genre is it?

        Parameters
        ----------
        song : path-like, binary file or np.ndarray
            A sound file of any length, rate and number of channels, or samples: shape (n,) or
            (n, channels). Files are read block by block, so that a long one needs no more memory.
        sr : int, optional
            Sample rate of samples, in Hz.

        Returns
        -------
        Prediction

        Raises
        ------
        audio.AudioError
            If the song cannot be used.
        datasets.FetchError
            If the classifier listens with weights that aren't here.
        """
        if isinstance(song, np.ndarray):
            song = _as_file(song, sr)
        window, hop = self.card["window_seconds"], self.card["hop_seconds"]
        parts = []
        for block in audio.stream(song, seconds=hop * max(round(BLOCK_SECONDS / hop), 1)):
            windows = audio.windows(block, seconds=window, hop_seconds=hop)
            if not len(windows) and not parts:
                windows = block[np.newaxis]  # a song shorter than a window
            parts.append(self._hear(windows))
        p = np.concatenate(parts)
        heard = ~np.isnan(p[:, 0])
        if not heard.any():
            raise audio.AudioError("is silent wherever it was listened to", "leave it out")
        # The temperature was fitted on songs of one window as well as of ten.
        p[heard] = calibration.combine(p[heard][:, np.newaxis], self.card["temperature"])
        start = pd.Index(np.arange(len(p)) * hop, name="seconds")
        answer = calibration.combine(p[heard])
        answer = pd.Series(answer, self.labels).sort_values(ascending=False, kind="stable")
        sure = answer.iloc[0] > self.card["threshold"]
        timeline = pd.DataFrame(p, index=start, columns=self.labels)
        return Prediction(answer.index[0] if sure else NOT_SURE, answer, timeline)

    def _hear(self, windows):
        """Probabilities for each window; missing values for the silent ones."""
        p = np.full((len(windows), len(self.labels)), np.nan)
        loud = np.abs(windows).max(axis=1, initial=0) >= audio.SILENCE_PEAK
        if loud.any():
            p[loud] = self.pipeline.predict_proba(training.listen(windows[loud], self.card["ear"]))
        return p

    def save(self, folder):
        """Write the classifier into a folder, which is made if need be."""
        bundle.save(folder, self.pipeline, self.card)

    def _keep(self, folder):
        """Save it as if at one stroke, so that nobody ever loads a half."""
        # Who can't write the folder, or comes second, goes on without.
        with suppress(OSError):
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
                self.save(Path(draft, "new"))
                shutil.rmtree(folder, ignore_errors=True)
                os.replace(Path(draft, "new"), folder)

    @classmethod
    def load(cls, folder):
        """Read a classifier that `save` wrote; never runs code that lies in the folder.

        Raises
        ------
        ValueError
            If the folder holds no such classifier, or one made for other features.
        """
        return cls(*bundle.load(folder, training.EARS))


def _as_file(samples, sr):
    if sr is None:
        raise ValueError("samples say nothing without their rate: predict(y, sr)")
    if samples.ndim == 2 and len(samples) < samples.shape[1]:
        samples = samples.T  # librosa puts the channels first
    if samples.dtype.kind == "i":
        samples = samples / -float(np.iinfo(samples.dtype).min)  # full scale is 1
    file = io.BytesIO()
    sf.write(file, samples.astype(np.float32), int(sr), format="WAV", subtype="FLOAT")
    file.seek(0)
    return file


def _scores(lesson):
    """Accuracy under each protocol; temperature and threshold from the most honest folds."""
    songs, accuracy = {}, {}
    for protocol, pairs in lesson.folds.items():
        songs[protocol] = calibration.by_song(
            evaluation.cross_validate(
                lesson.model, lesson.X, lesson.table, pairs, balanced=lesson.balanced
            )
        )
        folds = "1 fold" if len(pairs) == 1 else f"{len(pairs)} folds"
        how = f"{folds}, {training.PROTOCOLS[protocol]}"
        accuracy[protocol] = _plain(evaluation.accuracy(songs[protocol])) | {"protocol": how}
    protocol = "artist-safe split" if "artist-safe split" in songs else "random split"
    temperature = calibration.fit_temperature(songs[protocol])
    tempered = calibration.temper(songs[protocol], temperature)
    judged = calibration.cross_fit(songs[protocol], TARGET)
    answered = judged.assign(predicted=judged.genre.where(judged.sure, NOT_SURE))
    right = _plain(evaluation.accuracy(judged[judged.sure])) if judged.sure.any() else None
    return {
        "accuracy": accuracy,
        "temperature": temperature,
        "threshold": calibration.fit_threshold(tempered, TARGET),
        "calibration_error": calibration.calibration_error(judged),
        "when_sure": {
            "target": TARGET,
            "coverage": _plain(evaluation.accuracy(answered)),
            "accuracy": right,
            "protocol": f"{accuracy[protocol]['protocol']}; temperature and threshold chosen on "
            "the other folds",
        },
    }


def _plain(score):
    """A score as JSON can hold it: it knows no "not a number"."""
    return {key: None if np.isnan(value) else value for key, value in score._asdict().items()}
