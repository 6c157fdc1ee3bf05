"""How does a network run without TensorFlow? LiteRT reads a .tflite file and does what it says."""

import os
from contextlib import contextmanager
from threading import Lock

import numpy as np


def runner(model):
    """The network in a .tflite file's bytes as a function.

    It takes an array of the input's size, and gives all outputs in one row, float32.
    """
    from ai_edge_litert.interpreter import Interpreter

    with _quiet():
        network = Interpreter(model_content=model, num_threads=2)
        network.allocate_tensors()
    [given] = network.get_input_details()
    outputs = [output["index"] for output in network.get_output_details()]
    alone = Lock()  # a page may ask from two threads, and the interpreter knows one input

    def run(x):
        with alone:
            network.set_tensor(given["index"], x.astype(np.float32).reshape(given["shape"]))
            network.invoke()
            return np.concatenate([network.get_tensor(output).ravel() for output in outputs])

    return run


@contextmanager
def _quiet():
    """LiteRT announces its delegate from C++, past sys.stderr and into every notebook's output."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
