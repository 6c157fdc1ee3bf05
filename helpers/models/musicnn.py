"""Can we borrow an ear? MusiCNN, trained on 200,000 songs and more, gives features.

Pons & Serra (2019), "musicnn: pre-trained convolutional neural networks for music audio tagging";
the network is described in Pons et al. (2018), "End-to-end learning for music audio tagging at
scale". The weights are theirs (ISC licence, Music Technology Group, Universitat Pompeu Fabra) and
are fetched on request; the network is written anew here, in Keras 3.
"""

import json
import os
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import audio, datasets, models

SAMPLE_RATE, HOP_LENGTH, N_FFT, N_MELS = 16_000, 256, 512, 96
# The sampler's windows of two seconds. The network was trained on three, and pools over time.
N_FRAMES = 125
# Two networks of one shape: trained on the Million Song Dataset ("MSD"), and on MagnaTagATune
# ("MTT"), with fifty tags each.
TAGS = json.loads((datasets.DATA / "musicnn_tags.json").read_text(encoding="utf-8"))
# What `embed` gives: which columns hold what.
LAYOUT = {
    "MSD penultimate": slice(0, 200),
    "MSD tags": slice(200, 250),
    "MTT tags": slice(250, 300),
}
# Filters of the front end: frames and mel bands that one covers, and how many there are.
TIMBRAL = ((7, 38, 204), (7, 67, 204))
TEMPORAL = ((128, 1, 51), (64, 1, 51), (32, 1, 51))
N_PARAMETERS = 792_079


def log_mel(y, sr=audio.SAMPLE_RATE):
    """What MusiCNN looks at: log10(10000 x + 1) of the power in 96 mel bands, at 16 kHz.

    Parameters
    ----------
    y : np.ndarray, shape (n,)
    sr : int
        Sample rate in Hz.

    Returns
    -------
    np.ndarray, shape (frames, 96), float32
        One frame each 16 ms.
    """
    import librosa

    if sr != SAMPLE_RATE:
        y = librosa.resample(y, orig_sr=sr, target_sr=SAMPLE_RATE)
    mel = librosa.feature.melspectrogram(
        y=y, sr=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=N_MELS
    )
    return np.log10(10_000 * mel.T + 1).astype(np.float32)


def network(weights):
    """MusiCNN as a Keras model: 792,079 parameters.

    Parameters
    ----------
    weights : mapping of str to np.ndarray
        By the names of the published checkpoint: ``conv2d/kernel``, ``batch_normalization/beta`` …

    Returns
    -------
    keras.Model
        From log-mel patches, shape (n, frames, 96), to a dictionary of max_pool and mean_pool
        (n, 753), penultimate (n, 200) and tags (n, 50): probabilities, in the order of `TAGS`.

    Notes
    -----
    A front end of 561 filters (timbral ones reach over many mel bands and few frames, temporal ones
    over one band and many frames), three convolutions over time with shortcuts, and everything
    pooled over time. Its outputs equal those of the checkpoint's own graph (a test compares).
    """
    keras = models.import_keras()
    layers, ops = keras.layers, keras.ops
    numbers = {"conv2d": 0, "batch_normalization": 0, "dense": 0}

    def add(layer, kind, x):
        number = numbers[kind]
        numbers[kind] += 1
        x = layer(x)
        name = f"{kind}_{number}" if number else kind
        parts = ("kernel", "bias")
        if kind == "batch_normalization":
            parts = ("gamma", "beta", "moving_mean", "moving_variance")
        layer.set_weights([weights[f"{name}/{part}"] for part in parts])
        return x

    def conv_block(x, filters, size, padding):
        x = add(layers.Conv2D(filters, size, padding=padding, activation="relu"), "conv2d", x)
        return add(layers.BatchNormalization(epsilon=1e-3), "batch_normalization", x)

    pad = layers.ZeroPadding2D((3, 0))
    inputs = keras.Input((None, N_MELS))
    x = add(layers.BatchNormalization(epsilon=1e-3), "batch_normalization", inputs[..., None])
    heard = [ops.max(conv_block(pad(x), n, (t, f), "valid"), axis=2) for t, f, n in TIMBRAL]
    heard += [ops.max(conv_block(x, n, (t, f), "same"), axis=2) for t, f, n in TEMPORAL]
    levels = [ops.concatenate(heard, axis=-1)]
    for _ in range(3):
        x = levels[-1][..., None]
        # All channels of seven frames at once; what comes out are channels again.
        x = conv_block(pad(x), 64, (7, x.shape[2]), "valid")[:, :, 0, :]
        levels.append(x + levels[-1] if len(levels) > 1 else x)
    x = ops.concatenate(levels, axis=-1)
    max_pool, mean_pool = ops.max(x, axis=1), ops.mean(x, axis=1)
    # The checkpoint's dense layer expects maximum and mean of each channel side by side.
    x = layers.Flatten()(ops.stack([max_pool, mean_pool], axis=-1))
    x = add(layers.BatchNormalization(epsilon=1e-3), "batch_normalization", x)
    x = add(layers.Dense(200, activation="relu"), "dense", x)
    penultimate = add(layers.BatchNormalization(epsilon=1e-3), "batch_normalization", x)
    tags = add(layers.Dense(50, activation="sigmoid"), "dense", penultimate)
    outputs = {"max_pool": max_pool, "mean_pool": mean_pool, "penultimate": penultimate}
    return keras.Model(inputs, outputs | {"tags": tags}, name="musicnn")


def embed(windows, sr=audio.SAMPLE_RATE):
    """Windows of two seconds as MusiCNN's embedding.

    Parameters
    ----------
    windows : np.ndarray, shape (n, samples)
        What is longer than 2 s is cut, what is shorter is repeated.
    sr : int
        Sample rate in Hz.

    Returns
    -------
    np.ndarray, shape (n, 300), float32
        Columns as `LAYOUT` says: activations of the penultimate layer, probabilities of tags.

    Raises
    ------
    datasets.FetchError
        If the weights aren't here and cannot be fetched.
    """
    patches = np.stack([_fit_length(log_mel(window, sr)) for window in windows])
    runs = [_ready(variant) for variant in TAGS]
    # TensorFlow works on one thread (see `network`), so each network gets one of its own.
    with ThreadPoolExecutor(len(runs)) as threads:
        msd, mtt = threads.map(lambda run: run(patches), runs)
    return np.hstack([msd["penultimate"], msd["tags"], mtt["tags"]])


def inputs(embeddings, described):
    """What `classifier` gets: embeddings (tags as logits) beside hand-made features.

    Parameters
    ----------
    embeddings : np.ndarray, shape (n, 300)
        From `embed` or `datasets.embeddings`.
    described : np.ndarray, shape (n, 70)
        The full feature set of the same windows.

    Returns
    -------
    np.ndarray, shape (n, 370)
    """
    units, msd, mtt = (np.asarray(embeddings, float)[:, columns] for columns in LAYOUT.values())
    tags = np.clip(np.hstack([msd, mtt]), 1e-4, 1 - 1e-4)
    return np.hstack([units, np.log(tags / (1 - tags)), described])


def classifier():
    """The linear classifier of lesson 07 on `inputs`, unfitted.

    Inputs and C were chosen on folds by artist of the train and validation parts of the
    fault-filtered split: by accuracy, and by log loss once a temperature was fitted (without one,
    a larger C is less surprised).
    """
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.001, max_iter=1000))


def weights(variant):
    """The published weights, fetched first if need be.

    Parameters
    ----------
    variant : {"MSD", "MTT"}

    Returns
    -------
    dict of str to np.ndarray
        For `network`.
    """
    with np.load(_converted(datasets.fetch("musicnn")), allow_pickle=False) as stored:
        mine = [name for name in stored.files if name.startswith(f"{variant}/")]
        return {name.removeprefix(f"{variant}/"): stored[name] for name in mine}


def _converted(wheel):
    """The weights as arrays: beside the wheel, or in the user's cache if that is read-only."""
    places = [folder / "musicnn.npz" for folder in (wheel.parent, datasets.cache())]
    for npz in places:
        if npz.is_file():
            return npz
    npz = next(npz for npz in places if os.access(npz.parent, os.W_OK))
    with tempfile.TemporaryDirectory(dir=npz.parent) as draft:
        convert(wheel, Path(draft, npz.name))
        os.replace(Path(draft, npz.name), npz)
    return npz


def convert(wheel, npz):
    """Take the weights out of the published package's TensorFlow 1 checkpoints.

    Parameters
    ----------
    wheel, npz : Path
        The wheel of musicnn 0.1.0, and where to write its 2 x 792,079 numbers.
    """
    models.import_keras()
    from tensorflow.compat.v1.train import NewCheckpointReader

    arrays = {}
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as package:
        for variant in TAGS:
            place = f"musicnn/{variant}_musicnn/"
            for part in (".index", ".data-00000-of-00001"):
                package.extract(place + part, folder)
            reader = NewCheckpointReader(str(Path(folder) / place) + "/")
            for name in reader.get_variable_to_shape_map():
                if "Adam" not in name and "power" not in name:  # what the optimizer remembered
                    arrays[f"{variant}/{name}"] = reader.get_tensor(name)
    np.savez(npz, **arrays)


def _fit_length(patch):
    return np.tile(patch, (-(-N_FRAMES // len(patch)), 1))[:N_FRAMES]


@lru_cache
def _ready(variant):
    model = network(weights(variant))
    import tensorflow as tf

    # A compiled graph is nearly twice as fast as calling layer after layer.
    compiled = tf.function(model, input_signature=[tf.TensorSpec((None, N_FRAMES, N_MELS))])

    def run(patches, batch=16):
        parts = [compiled(patches[i : i + batch]) for i in range(0, len(patches), batch)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    return run
