"""What genre is my song? A classifier that names it, or says that it isn't sure.

It goes through a song window by window, whatever the song's length, rate and channels, and combines
what it makes of each. It learns from the sampler that ships with the course, or from a feature
table of one's own: see `training`. What is kept of it are numbers: see `bundle`.
"""

import io
import sys
from typing import NamedTuple

import numpy as np
import pandas as pd
import soundfile as sf

from helpers import audio, datasets, evaluation
from helpers.evaluation import calibration
from helpers.song import bundle, inputs
from helpers.song.bundle import NOT_SURE

__all__ = ["NOT_SURE", "Prediction", "SongClassifier"]

PRETRAINED = datasets.DATA / "pretrained"
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
    whole : bool
        Was all of the song heard, or did it go on?
    """

    genre: str
    probabilities: pd.Series
    timeline: pd.DataFrame
    whole: bool = True

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
    weights : dict of str to np.ndarray
        Scaler and layers, as `bundle.numbers` lays them out.
    card : dict
        What it was trained on, what it makes of a window, and how good it is.
    """

    def __init__(self, weights, card):
        self.weights = weights
        self.card = card

    @classmethod
    def fit(cls, learned):
        """Learn from a training set, and count by cross-validation how good that is.

        Parameters
        ----------
        learned : training.TrainingSet
            `training.from_sampler` makes it of the sampler, which takes seconds to learn from, and
            `training.from_table` of a feature table, for which the script's network is trained.
        """
        from helpers.song import training

        card = training.card(learned)
        pipeline = evaluation.fit(
            learned.model, learned.X, learned.table, balanced=learned.balanced
        )
        weights = bundle.numbers(pipeline)
        if learned.elsewhere:
            card["outside"] = learned.elsewhere(weights, card)
        return cls(weights, card)

    @classmethod
    def default(cls):
        """The best classifier that this machine can have without a download; it ships trained.

        It asks the ears whose weights are at hand (``datasets.fetch("embeddings")`` gets both).
        """
        here = [ear for ear in inputs.EARS if datasets.local_path(ear)]
        return cls.load(PRETRAINED / ("-".join(here) or "hand-made"))

    @property
    def labels(self):
        """The genres, in alphabetical order."""
        return self.card["labels"]

    def predict_proba(self, X):
        """Probabilities as they come, shape (n, n_genres), for embedded windows."""
        return bundle.predict_proba(self.weights, X)

    def predict(self, song, sr=None, seconds=None):
        """What genre is it?

        Parameters
        ----------
        song : path-like, binary file or np.ndarray
            A sound file of any length, rate and number of channels, or samples of any kind that
            `audio.samples` takes. Files are read block by block: a long one needs no more memory.
        sr : int, optional
            Sample rate of samples, in Hz.
        seconds : float, optional
            How much of it to hear from its start, and to decode; all of it by default.

        Returns
        -------
        Prediction

        Raises
        ------
        audio.AudioError
            If the song cannot be used.
        datasets.FetchError
            If it embeds with weights that aren't here.
        """
        if isinstance(song, np.ndarray):
            song = as_file(song, sr)
        window, hop = self.card["window_seconds"], self.card["hop_seconds"]
        limit = sys.maxsize if seconds is None else round(seconds * audio.SAMPLE_RATE)
        # A little more than is heard tells whether the song goes on.
        more = seconds and seconds + audio.SHORTEST
        length = hop * max(round(BLOCK_SECONDS / hop), 1)
        parts, end = [], 0
        for block in audio.stream(song, seconds=length, duration=more):
            block, end = block[: max(limit - end, 0)], end + len(block)
            windows = audio.windows(block, seconds=window, hop_seconds=hop)
            if not len(windows) and not parts:
                windows = block[np.newaxis]  # a song shorter than a window
            parts.append(self._judge(windows))
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
        genre = answer.index[0] if sure else NOT_SURE
        return Prediction(genre, answer, timeline, whole=end <= limit)

    def _judge(self, windows):
        """Probabilities for each window; missing values for the silent ones."""
        p = np.full((len(windows), len(self.labels)), np.nan)
        loud = np.abs(windows).max(axis=1, initial=0) >= audio.SILENCE_PEAK
        if loud.any():
            embedded = inputs.embed(windows[loud], self.card["embedding"])
            p[loud] = self.predict_proba(embedded)
        return p

    def save(self, folder):
        """Write the classifier into a folder, which is made if need be."""
        bundle.save(folder, self.weights, self.card)

    @classmethod
    def load(cls, folder):
        """Read a classifier that `save` wrote; there is nothing in it that could run.

        Raises
        ------
        ValueError
            If the folder holds no such classifier, or one made for other features.
        """
        return cls(*bundle.load(folder, inputs.EMBEDDINGS))


def as_file(samples, sr):
    """Samples as an open file of 32-bit floats; a ValueError without their rate."""
    if sr is None:
        raise ValueError("samples say nothing without their rate: predict(y, sr)")
    file = io.BytesIO()
    sf.write(file, audio.samples(samples), int(sr), format="WAV", subtype="FLOAT")
    return file
