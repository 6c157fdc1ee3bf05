"""A second borrowed ear: YAMNet, trained on two million clips of video for 521 kinds of sound.

Plakal & Ellis (2020), "YAMNet", of AudioSet (Gemmeke et al. 2017) and MobileNet (Howard et al.
2017); weights and names of sounds are Google's (Apache 2.0). They are fetched on request, as
somebody converted them for LiteRT. Conversions differ, single tags by up to 0.3: a classifier that
was trained on one and is asked with another names the same genre for 96 in 100 songs.
"""

import json
from functools import lru_cache

import numpy as np
import soxr

from helpers import audio, datasets
from helpers.models import litert

SAMPLE_RATE, FRAME = 16_000, 15_600
# Where YAMNet listens into a window of two seconds: thrice, for 0.975 s.
STARTS = (0, 8_200, 16_400)
TAGS = json.loads((datasets.DATA / "yamnet_tags.json").read_text(encoding="utf-8"))
# What `embed` gives: which columns hold what.
LAYOUT = {"embedding": slice(0, 1024), "tags": slice(1024, 1545)}


def embed(windows, sr=audio.SAMPLE_RATE):
    """Windows as YAMNet's embedding; takes and raises what `musicnn.embed` does.

    What is shorter than 2 s is followed by silence.

    Returns
    -------
    np.ndarray, shape (n, 1545), float32
        Columns as `LAYOUT` says, each the mean of three frames: what the last layer gets, and
        probabilities of tags.
    """
    run = _ready()
    return np.stack([np.mean([run(frame) for frame in _frames(y, sr)], axis=0) for y in windows])


def _frames(y, sr):
    y = soxr.resample(np.asarray(y, np.float32), sr, SAMPLE_RATE, quality="HQ")
    y = np.pad(y, (0, max(0, STARTS[-1] + FRAME - len(y))))
    return [y[start : start + FRAME] for start in STARTS]


@lru_cache
def _ready():
    tflite = datasets.fetch("yamnet")
    try:
        return litert.runner(with_embedding(tflite.read_bytes()))
    except Exception as error:  # whatever a parser says of bytes that are none of its own
        raise ValueError(f"{tflite} holds no YAMNet: delete it, and fetch it again") from error


def with_embedding(tflite):
    """YAMNet's bytes, changed to put out what its last layer gets, too.

    Whoever converts it names the tensors otherwise, so the layer is found by its size.
    """
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(tflite))
    graph = model.subgraphs[0]
    sizes = [np.prod(tensor.shape, dtype=int) for tensor in graph.tensors]
    last = next(op for op in graph.operators if {sizes[i] for i in op.inputs} >= {1024, 1024 * 521})
    embedding = next(i for i in last.inputs if sizes[i] == 1024)
    graph.outputs = [embedding, next(i for i in graph.outputs if sizes[i] == len(TAGS))]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
