"""Can we borrow an ear? MusiCNN, trained on 200,000 songs and more, gives features.

Pons & Serra (2019), "musicnn: pre-trained convolutional neural networks for music audio tagging";
the network is described in Pons et al. (2018), "End-to-end learning for music audio tagging at
scale". The weights are theirs (ISC licence, Music Technology Group, Universitat Pompeu Fabra) and
are fetched on request, and the published networks themselves run, on LiteRT.
"""

import json
import os
from functools import lru_cache

import numpy as np
import soxr

from helpers import audio, datasets
from helpers.features import filters
from helpers.models import frozen, litert
from helpers.models.frozen import N_FRAMES, N_MELS

SAMPLE_RATE, HOP_LENGTH, N_FFT = 16_000, 256, 512
# Two networks of one shape: trained on the Million Song Dataset ("MSD"), and on MagnaTagATune
# ("MTT"), with fifty tags each.
TAGS = json.loads((datasets.DATA / "musicnn_tags.json").read_text(encoding="utf-8"))
# What `embed` gives: which columns hold what.
LAYOUT = {
    "MSD penultimate": slice(0, 200),
    "MSD tags": slice(200, 250),
    "MTT tags": slice(250, 300),
}


def log_mel(y, sr=audio.SAMPLE_RATE):
    """What MusiCNN looks at: log10(10000 x + 1) of the power in 96 mel bands, at 16 kHz.

    Of samples `y`, shape (n,), `sr` a second; shape (frames, 96), float32, a frame each 16 ms.
    """
    y = soxr.resample(np.asarray(y, np.float32), sr, SAMPLE_RATE, quality="HQ")
    # As librosa has it: frames are centered, and silence stands before and after.
    y = np.pad(y, N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(y, N_FFT)[::HOP_LENGTH]
    hann = filters.hann(N_FFT).astype(np.float32)
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    return np.log10(10_000 * power @ filters.mel(SAMPLE_RATE, N_FFT, N_MELS).T + 1)


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
    ValueError
        If they cannot be used.
    """
    run = _ready()
    return np.stack([run(np.resize(log_mel(y, sr), (N_FRAMES, N_MELS))) for y in windows])


def prepare():
    """Fetch and convert the networks if need be, and say where they are (raises as `embed`)."""
    wheel = datasets.fetch("musicnn")
    # Beside the wheel, or in the user's cache if that is read-only.
    places = [folder / "musicnn.tflite" for folder in (wheel.parent, datasets.cache())]
    for tflite in places:
        if tflite.is_file():
            return tflite
    tflite = next(tflite for tflite in places if os.access(tflite.parent, os.W_OK))
    frozen.freeze(wheel, tflite)
    return tflite


@lru_cache
def _ready():
    return litert.runner(prepare().read_bytes())
