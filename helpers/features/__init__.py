"""What does a song look like as numbers?

`frames` and `describe` are the readable reference, in librosa's own calls: lesson 03 teaches them.
`extract` makes the same numbers for whole collections, several times faster (`features.fused`), and
keeps them safe in a CSV while it works (`features.table`). Here `y` are samples, shape (n,), `sr`
is their rate in Hz, and `feature_set` is one of `FEATURE_SETS`.
"""

import warnings
from functools import lru_cache
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import audio
from helpers.audio import collection
from helpers.features import filters, fused
from helpers.features.table import FeatureTable, legible

# The names of the script's table, with its 'rmse': librosa has called it rms since 0.7.
SCRIPT_FEATURES = (
    "chroma_stft",
    "rmse",
    "spectral_centroid",
    "spectral_bandwidth",
    "rolloff",
    "zero_crossing_rate",
    *(f"mfcc{i}" for i in range(1, filters.N_MFCC + 1)),
)
FRAME_FEATURES = (
    *SCRIPT_FEATURES,
    *(f"contrast{i}" for i in range(1, filters.CONTRAST_BANDS + 2)),
    "flatness",
    "onset_strength",
)
# What each set measures of a song; `names` lists the columns it fills.
FEATURE_SETS = ("script", "full")
# Another version means other numbers: a saved model refuses features it was not trained on.
FEATURE_VERSION = "1"


def names(feature_set="full"):
    """Column names of a feature set: the script's 26 means, or 35 means and 35 deviations.

    ValueError if there is no such set.
    """
    if feature_set == "script":
        return SCRIPT_FEATURES
    if feature_set == "full":
        return tuple(f"{name}_{stat}" for stat in ("mean", "std") for name in FRAME_FEATURES)
    raise ValueError(f"there is no feature set {feature_set!r}: choose one of {FEATURE_SETS}")


def frames(y, sr=audio.SAMPLE_RATE, n_fft=2048, hop_length=512, pictures=None):
    """Features of every frame, by default of 2048 samples (93 ms), one each 512 samples (23 ms).

    The signal is mirrored at its ends (``pad_mode="reflect"``, librosa's default when the script's
    table was published), so that the numbers are interchangeable with that table.

    Parameters
    ----------
    n_fft, hop_length : int
        Length of a frame and the way to the next, in samples. The course's tables have 2048 and
        512: numbers from other frames are not comparable with them.
    pictures : tuple, optional
        What `spectrograms` gives for this sound and these frames, if it is at hand.

    Returns
    -------
    pd.DataFrame, shape (1 + n // hop_length, 35)
        Indexed by time in seconds. Chroma is the mean over the twelve pitch classes, centroid,
        bandwidth and roll-off are in Hz, contrast and onset strength (by how much the mel bands
        grow from one frame to the next) in dB; the other columns have no unit.

    Raises
    ------
    ValueError
        If the rate is too low for spectral contrast, or as `spectrograms` does.

    Notes
    -----
    Centroid, bandwidth, roll-off, contrast (Jiang et al. 2002) and flatness (Dubnov 2004) describe
    the magnitude spectrum; MFCCs follow Slaney's mel scale with 128 bands; see librosa.feature.
    """
    import librosa

    _check_rate(sr)
    S, log_mel, chroma = pictures or spectrograms(y, sr, n_fft, hop_length)
    centroid = librosa.feature.spectral_centroid(S=S, sr=sr)
    onsets = librosa.onset.onset_strength(S=log_mel, sr=sr, n_fft=n_fft, hop_length=hop_length)
    rows = [
        chroma.mean(axis=0, keepdims=True),
        librosa.feature.rms(y=y, frame_length=n_fft, hop_length=hop_length, pad_mode="reflect"),
        centroid,
        librosa.feature.spectral_bandwidth(S=S, sr=sr, centroid=centroid),
        librosa.feature.spectral_rolloff(S=S, sr=sr),
        librosa.feature.zero_crossing_rate(y, frame_length=n_fft, hop_length=hop_length),
        librosa.feature.mfcc(S=log_mel, n_mfcc=20),
        librosa.feature.spectral_contrast(S=S, sr=sr),
        librosa.feature.spectral_flatness(S=S),
        onsets[np.newaxis],
    ]
    time = pd.Index(np.arange(S.shape[1]) * hop_length / sr, name="time")
    return pd.DataFrame(np.concatenate(rows).T, index=time, columns=FRAME_FEATURES, dtype=float)


def spectrograms(y, sr=audio.SAMPLE_RATE, n_fft=2048, hop_length=512, tuning=None):
    """The three pictures of a sound from which `frames` takes most of its numbers.

    Parameters
    ----------
    n_fft, hop_length
        As for `frames`.
    tuning : float, optional
        By how many semitones the music's A lies above 440 Hz; estimated by default.

    Returns
    -------
    S : np.ndarray, shape (1 + n_fft // 2, n_frames)
        Magnitudes.
    log_mel : np.ndarray, shape (128, n_frames)
        Energy of the mel bands in dB.
    chroma : np.ndarray, shape (12, n_frames)
        Strength of each pitch class, from C to B; the strongest of each frame has 1.

    Raises
    ------
    ValueError
        If the frame is longer than the clip, or the hop longer than the frame.
    """
    import librosa

    # Sounds that are shorter than the table's frame are mirrored until they fill one.
    if n_fft > max(len(y), filters.N_FFT):
        raise ValueError(
            f"a frame of {n_fft:,} samples does not fit into a clip of {len(y):,}: choose a "
            "shorter one"
        )
    if hop_length > n_fft:
        raise ValueError(
            f"a hop of {hop_length:,} samples is longer than the frame of {n_fft:,}, and what "
            "lies between two frames would be seen by none: choose a shorter hop"
        )
    with warnings.catch_warnings():
        # Shorter than a frame, or without any pitch: librosa warns, and answers all the same.
        warnings.filterwarnings("ignore", "n_fft=|Trying to estimate tuning")
        S = np.abs(librosa.stft(y, n_fft=n_fft, hop_length=hop_length, pad_mode="reflect"))
        chroma = librosa.feature.chroma_stft(S=S**2, sr=sr, tuning=tuning)
    return S, librosa.power_to_db(_mel_filter(sr, n_fft) @ S**2), chroma


@lru_cache(maxsize=8)
def _mel_filter(sr, n_fft):
    """Mel bands as librosa has them; one that has no row of a short window takes the nearest."""
    import librosa

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Empty filters")
        bank = librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=filters.N_MELS)
    if n_fft >= filters.N_FFT:
        return bank
    centers = librosa.mel_frequencies(filters.N_MELS + 2, fmax=sr / 2)[1:-1]
    for band in np.flatnonzero(bank.sum(axis=1) == 0):
        bank[band, round(centers[band] * n_fft / sr)] = 1
    # A triangle's area is 1; sampled at a row or two, it may be anything.
    return bank * (n_fft / sr / bank.sum(axis=1, keepdims=True))


def describe(y, sr=audio.SAMPLE_RATE, feature_set="full"):
    """A clip as one row of numbers: mean (and standard deviation) of each feature over its frames.

    It may be samples of any kind that `audio.samples` takes; a pd.Series, indexed by
    `names(feature_set)`, comes out.
    """
    index = pd.Index(names(feature_set))
    y = audio.samples(y)
    return pd.Series(_summarize(frames(y, sr).to_numpy().T, feature_set), index=index)


def describe_fast(y, sr=audio.SAMPLE_RATE, feature_set="full"):
    """The numbers of `describe`, as an array, several times faster."""
    _check_rate(sr)
    y = audio.samples(y)
    return _summarize(fused.frames(y, sr, full=feature_set == "full"), feature_set)


def _check_rate(sr):
    # All edges of spectral contrast's bands but the topmost must lie below half the rate.
    lowest = 2 * filters.CONTRAST_FMIN * 2 ** (filters.CONTRAST_BANDS - 1)
    if sr <= lowest:
        raise ValueError(
            f"{sr} samples a second are too few for spectral contrast, which needs more than "
            f"{lowest:,.0f}: resample first, as audio.load does"
        )


def _summarize(matrix, feature_set):
    if feature_set == "script":
        return matrix[: len(SCRIPT_FEATURES)].mean(axis=1)
    return np.concatenate([matrix.mean(axis=1), matrix.std(axis=1)])


# One step of an 8-bit patch is 1.5 dB, half of what a listener just notices in music.
PATCH_FLOOR_DB, PATCH_STEP_DB, PATCH_HOP = -90.0, 1.5, 345


def log_mel(y, sr=audio.SAMPLE_RATE):
    """Log-mel spectrogram: what the convolutional network of lesson 06 looks at.

    Returns
    -------
    np.ndarray, shape (64, 1 + n // 345), float32
        Energy of 64 mel bands in dB (0 dB: power 1), one frame each 345 samples (16 ms): two
        seconds make 128 frames.
    """
    import librosa

    mel = librosa.feature.melspectrogram(y=y, sr=sr, n_fft=2048, hop_length=PATCH_HOP, n_mels=64)
    return librosa.power_to_db(mel, top_db=None).astype(np.float32)


def to_bytes(db):
    """Decibels in steps of 1.5 dB from -90 dB up, as unsigned 8-bit integers."""
    return np.clip(np.round((db - PATCH_FLOOR_DB) / PATCH_STEP_DB), 0, 255).astype(np.uint8)


def from_bytes(patches):
    """The decibels (float32) that `to_bytes` kept."""
    return patches.astype(np.float32) * np.float32(PATCH_STEP_DB) + np.float32(PATCH_FLOOR_DB)


def extract(files, *, out=None, feature_set="full", jobs=None, duration=30.0):
    """Turn sound files into a feature table.

    Parameters
    ----------
    files : pd.DataFrame, path-like or iterable of path-like
        As `datasets.from_folder` returns them (path, filename, genre); a folder for it; or a song
        or several, whose genre is then the name of their folder.
    out : path-like, optional
        CSV to which each song's row is added as soon as it is known. Killed at any moment and
        started again, only the songs in flight are done again. Files that failed are tried again.
    jobs : int, optional
        Threads (the work releases Python's lock, so threads need no warm-up); all cores by default.
        Inside ``joblib.parallel_config(backend="dask")`` the songs go to a Dask cluster instead.
    duration : float
        Seconds to read from the start of each file.

    Returns
    -------
    table : pd.DataFrame
        Columns filename, the features, label; in the order of `files`, however many jobs there are.
    failures : pd.DataFrame
        Columns file, reason, advice; also kept beside `out` as ``<out>.failures.csv``.

    Raises
    ------
    ValueError
        If the feature set is unknown, two files share genre and name, or `out` is something else
        than such a table.
    OSError
        If `out` cannot be written; what was written before stays.
    """
    from tqdm import tqdm

    columns = ("filename", *names(feature_set), "label")
    files = _as_files(files)
    with FeatureTable(out, columns) as table:
        todo = files[[key not in table for key in zip(files.genre, files.filename, strict=True)]]
        rows = _rows(todo, feature_set, duration, jobs)
        rows = tqdm(rows, "extracting", len(todo), unit="song")
        for (path, filename, genre), result in rows:
            if isinstance(result, audio.AudioError):
                table.add_failure(path, result.reason, result.advice)
            else:
                table.add(genre, filename, result)
        return table.finish(zip(files.genre, files.filename, strict=True))


def _rows(files, feature_set, duration, jobs):
    import joblib
    from threadpoolctl import threadpool_limits

    # One song a task: a batch would be lost or repeated as a whole.
    workers = joblib.Parallel(
        n_jobs=jobs or -1, prefer="threads", return_as="generator_unordered", batch_size=1
    )
    tasks = (
        joblib.delayed(_describe_file)(song, feature_set, duration)
        for song in files.itertuples(index=False, name="Song")
    )
    # Songs share the cores; letting BLAS start threads of its own would only make them queue.
    with threadpool_limits(1, user_api="blas"):
        yield from workers(tasks)


def _describe_file(song, feature_set, duration):
    try:
        y, sr = audio.load(song.path, duration=duration)
        return tuple(song), describe_fast(y, sr, feature_set)
    except audio.AudioError as error:
        return tuple(song), error
    except Exception as error:  # a bad file must never cost the run
        advice = "leave the file out, and please report this with the file"
        return tuple(song), audio.AudioError(f"{type(error).__name__}: {error}", advice)


def _as_files(files):
    if isinstance(files, str | PathLike):
        files = collection.from_folder(files) if Path(files).is_dir() else [files]
    if not isinstance(files, pd.DataFrame):
        songs = [(path, path.name, path.resolve().parent.name) for path in map(Path, files)]
        files = pd.DataFrame(songs, columns=["path", "filename", "genre"])
    # Resuming compares them with what stands in the CSV.
    files = files.assign(
        filename=[legible(name) for name in files.filename],
        genre=[legible(name) for name in files.genre],
    )
    twice = files[files.duplicated(["genre", "filename"])]
    if len(twice):
        raise ValueError(
            f"some files share genre and name with another ({len(twice)}, the first is "
            f"{twice.path.iloc[0]}): rename them, or extract them into tables of their own"
        )
    return files[["path", "filename", "genre"]]
