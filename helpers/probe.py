"""What did it really learn? Changes that leave the genre alone, and what a model makes of them.

Whoever knows a genre knows it at any volume, on any loudspeaker. A model that changes its mind when
nothing but the recording changes has learned something about recordings: a "horse", after Clever
Hans, who could not count but could read his master's face (Sturm 2014, "A simple method to
determine if a music information retrieval system is a 'horse'").
"""

import io

import librosa
import numpy as np
import pandas as pd
import soundfile as sf
from scipy import signal

from helpers import audio, evaluation, features, models, shipped

SEED, REPEATS = 0, 3
NOISY_COPIES, NOISE_DB = 16, 3.0
WINDOW_SECONDS = 2.0
# A faster song needs more than two seconds to fill a window of two.
NEEDED_SECONDS = 3.0
ORIGINAL = "original"


def gain(y, sr, db):
    """Turn the volume up or down by so many decibels."""
    return y * 10 ** (db / 20)


def tilt(y, sr, db_per_octave):
    """Brighten (or darken) by so many decibels an octave, from 50 Hz up; as loud as before."""
    frequencies = np.array([0, *np.geomspace(50, sr / 2, 60)])
    octaves = np.log2(np.maximum(frequencies, 50) / 1000)
    taps = signal.firwin2(2047, frequencies, 10 ** (db_per_octave * octaves / 20), fs=sr)
    tilted = signal.oaconvolve(y, taps, mode="same")
    return tilted * np.sqrt(np.mean(y**2) / max(np.mean(tilted**2), 1e-20))


def cut(y, sr, hz, side):
    """Take away what lies above ("lowpass") or below ("highpass") a frequency: 48 dB an octave."""
    return signal.sosfiltfilt(signal.butter(4, hz, side, fs=sr, output="sos"), y)


def tempo(y, sr, factor):
    """Play faster or slower at the same pitch (phase vocoder)."""
    return librosa.effects.time_stretch(y, rate=factor)


def pitch(y, sr, semitones):
    """Play higher or lower at the same tempo."""
    return librosa.effects.pitch_shift(y, sr=sr, n_steps=semitones)


def noise(y, sr, snr_db):
    """Add white noise, so many decibels below the music; the same noise every time."""
    hiss = np.random.default_rng(SEED).standard_normal(len(y))
    return y + hiss * np.sqrt(np.mean(y**2)) * 10 ** (-snr_db / 20)


def mp3(y, sr, compression_level):
    """There and back through MP3 at a constant bit rate."""
    file = io.BytesIO()
    sf.write(file, y, sr, format="MP3", subtype="MPEG_LAYER_III",
             compression_level=compression_level, bitrate_mode="CONSTANT")  # fmt: skip
    file.seek(0)
    return sf.read(file, dtype="float32")[0]


def silence(y, sr, seconds):
    """Wait before the music starts."""
    return np.concatenate([np.zeros(round(seconds * sr)), y])


def later(y, sr, seconds):
    """Start listening later."""
    return y[round(seconds * sr) :]


# What changes the sound and not the genre: how, and who would do such a thing.
TRANSFORMATIONS = {
    "0.5 s later": (later, {"seconds": 0.5}, "the same recording, half a second on"),
    "silence 0.5 s": (silence, {"seconds": 0.5}, "a pause before the music starts"),
    "gain -12 dB": (gain, {"db": -12}, "the volume turned down"),
    "tilt +3 dB/octave": (tilt, {"db_per_octave": 3}, "thin, bright loudspeakers"),
    "tilt -3 dB/octave": (tilt, {"db_per_octave": -3}, "heard through a curtain"),
    "low-pass 4 kHz": (cut, {"hz": 4000, "side": "lowpass"}, "an old radio"),
    "high-pass 200 Hz": (cut, {"hz": 200, "side": "highpass"}, "a telephone's bass"),
    "tempo +10 %": (tempo, {"factor": 1.1}, "the band plays faster"),
    "tempo -10 %": (tempo, {"factor": 0.9}, "the band plays slower"),
    "pitch +1 semitone": (pitch, {"semitones": 1}, "one key up"),
    "pitch -1 semitone": (pitch, {"semitones": -1}, "one key down"),
    "noise 30 dB below": (noise, {"snr_db": 30}, "a soft hiss"),
    "MP3 64 kb/s": (mp3, {"compression_level": 0.63}, "sent as a small file"),
}


def transform(y, name, sr=audio.SAMPLE_RATE):
    """The first two seconds of a sound after a transformation.

    Parameters
    ----------
    y : np.ndarray, shape (n,)
        Three seconds or more.
    name : str
        One of `TRANSFORMATIONS`, or "original".
    sr : int
        Sample rate in Hz.

    Returns
    -------
    np.ndarray, shape (2 * sr,), float32

    Raises
    ------
    ValueError
        If there is no such transformation, or the sound is too short.
    """
    if name != ORIGINAL and name not in TRANSFORMATIONS:
        known = ", ".join(TRANSFORMATIONS)
        raise ValueError(f"there is no transformation {name!r}: choose one of {known}")
    y = y[: round(NEEDED_SECONDS * sr)]
    if len(y) < round(NEEDED_SECONDS * sr):
        raise ValueError(f"{len(y) / sr:.2f} s are too short: bring {NEEDED_SECONDS:.0f} s")
    if name != ORIGINAL:
        change, options, _ = TRANSFORMATIONS[name]
        y = change(y, sr, **options)
    return y[: round(WINDOW_SECONDS * sr)].astype(np.float32)


def examine(model, X, table, folds, changed, rows=None, *, balanced=False):
    """Fit on each fold's training rows, and predict its test rows before and after each change.

    Parameters
    ----------
    model, X, table, folds, balanced
        As for `evaluation.cross_validate`.
    changed : dict of str to np.ndarray, shape (len(rows), ...)
        By the name of the change, what became of the rows.
    rows : np.ndarray of int, optional
        Positions of those rows in the table; all of them by default.

    Returns
    -------
    dict of str to pd.DataFrame
        Predictions for `rows`, under "original" and under each change; all have the same index.
    """
    rows = np.arange(len(table)) if rows is None else np.asarray(rows)
    changed = {ORIGINAL: np.asarray(X)[rows], **changed}
    everything = np.concatenate([X, *changed.values()])
    tables = pd.concat([table, *[table.iloc[rows]] * len(changed)], ignore_index=True)
    starts = len(table) + len(rows) * np.arange(len(changed))[:, None]
    asked = [(train, starts + np.flatnonzero(np.isin(rows, test))) for train, test in folds]
    asked = [(train, test.ravel()) for train, test in asked if test.size]
    predictions = evaluation.cross_validate(model, everything, tables, asked, balanced=balanced)
    predictions = predictions.sort_index()
    number, row = divmod(predictions.index.to_numpy() - len(table), len(rows))
    return {
        name: predictions[number == i].set_index(table.index[rows[row[number == i]]])
        for i, name in enumerate(changed)
    }


def flip_rate(before, after):
    """Share of windows whose predicted genre changes, with a 95 % interval from drawing artists.

    Parameters
    ----------
    before, after : pd.DataFrame
        Predictions of the same rows, from `examine`.

    Returns
    -------
    evaluation.Score
        Right or wrong doesn't matter. Where nothing flipped the interval is empty: what didn't
        happen once among so few artists can't be drawn from them.

    Raises
    ------
    ValueError
        If the two are not of the same rows.
    """
    if list(before.song_id) != list(after.song_id):
        raise ValueError("before and after hold different songs: take both from one examination")
    # Who keeps to the first answer is "right": then accuracy does the counting.
    kept = evaluation.accuracy(after.assign(genre=before.predicted.to_numpy()))
    return kept._replace(value=1 - kept.value, low=1 - kept.high, high=1 - kept.low)


def answers():
    """What the networks, which take minutes, said of the windows of the horse test.

    Returns
    -------
    pd.DataFrame
        song_id, artist_group, genre, transformation, and a column for each model: the genre that it
        named. No model had heard the artist before (five folds by artist).
    """
    return shipped.songs().merge(pd.read_csv(shipped.DATA / "probe.csv"), on="song_id", how="right")


def transformed():
    """The windows of the horse test as numbers, for models that are trained while you wait.

    Returns
    -------
    rows : np.ndarray, shape (100,)
        Which rows of the sampler they are: the window at 12 s of each song of GTZAN mini.
    described, spectra : dict of str to np.ndarray, shapes (100, 70) and (100, 128)
        By transformation, the full feature set and what `bands` makes of the log-mel patches.
    """
    with np.load(shipped.DATA / "probe.npz", allow_pickle=False) as stored:
        names = [str(name) for name in stored["names"]]
        described = dict(zip(names, stored["described"].astype(float), strict=True))
        spectra = dict(zip(names, stored["spectra"].astype(float), strict=True))
        return stored["rows"], described, spectra


def bands(patches):
    """Level of each mel band over a window, and how much it moves: blind to all order in time.

    Parameters
    ----------
    patches : np.ndarray, shape (n, 64, frames)
        Log-mel patches in dB.

    Returns
    -------
    np.ndarray, shape (n, 128)
        64 means (the long-term average spectrum), then 64 standard deviations.
    """
    return np.hstack([patches.mean(axis=2), patches.std(axis=2)])


FAMILIES = {
    # The first MFCC is the mean level of all bands.
    "loudness": ("rmse", "mfcc1"),
    "spectral shape": ("spectral_centroid", "spectral_bandwidth", "rolloff", "zero_crossing_rate",
                       "flatness"),
    "MFCC 2 to 20": tuple(f"mfcc{i}" for i in range(2, 21)),
    "contrast": tuple(f"contrast{i}" for i in range(1, 8)),
    "chroma": ("chroma_stft",),
    "onsets": ("onset_strength",),
}  # fmt: skip


def columns(family):
    """Positions of a family's means and deviations among the 70 features."""
    owned = [f"{name}_{stat}" for name in FAMILIES[family] for stat in ("mean", "std")]
    return np.flatnonzero(np.isin(features.names("full"), owned))


def importance(model, X, table, folds):
    """What each family of features is worth to a fitted model (permutation importance).

    Parameters
    ----------
    model, X, table, folds
        As for `evaluation.cross_validate`; X holds the full feature set.

    Returns
    -------
    dict of str to evaluation.Comparison
        By family, accuracy with the right values minus accuracy where all columns of the family
        were dealt anew among the windows of each test fold, three times.

    Notes
    -----
    Breiman (2001), "Random forests". What another family also knows isn't missed, so the drops
    need not add up to anything.
    """
    rng, dealt = np.random.default_rng(SEED), {}
    for family in FAMILIES:
        for repeat in range(REPEATS):
            dealt[family, repeat] = np.array(X, dtype=float)
            for _, test in folds:
                cells = np.ix_(rng.permutation(test), columns(family))
                dealt[family, repeat][np.ix_(test, columns(family))] = np.asarray(X)[cells]
    found = examine(model, X, table, folds, dealt)
    right = pd.concat([found[ORIGINAL]] * REPEATS)
    return {
        family: evaluation.compare(right, pd.concat([found[family, i] for i in range(REPEATS)]))
        for family in FAMILIES
    }


def saliency(classifier, patches):
    """Which points of a patch would change the answer most, were they louder or softer?

    Parameters
    ----------
    classifier : fitted models.NetworkClassifier
    patches : np.ndarray, shape (n, 64, frames)
        In dB.

    Returns
    -------
    np.ndarray, shape (n, 64, frames)
        Size of the gradient of the log probability of the predicted genre (Simonyan et al. 2014),
        averaged over noisy copies (SmoothGrad, Smilkov et al. 2017); each map's largest value is 1.
    """
    models._keras()
    import tensorflow as tf

    patches = np.asarray(patches, dtype=np.float32)
    genres, rng = classifier.predict_proba(patches).argmax(axis=1), np.random.default_rng(SEED)
    total = np.zeros_like(patches)
    for _ in range(NOISY_COPIES):
        noise_db = np.float32(NOISE_DB) * rng.standard_normal(patches.shape, np.float32)
        noisy = tf.constant(patches + noise_db)
        with tf.GradientTape() as tape:
            tape.watch(noisy)
            answered = tf.gather(classifier.network_(noisy), genres, axis=1, batch_dims=1)
            score = tf.math.log(answered + 1e-12)
        total += np.asarray(tape.gradient(score, noisy))
    size = np.abs(total)
    return size / np.maximum(size.max(axis=(1, 2), keepdims=True), 1e-20)
