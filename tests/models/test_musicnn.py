"""The borrowed ear is the published one, and hears what it should."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from helpers import audio, datasets, jukebox
from helpers.models import musicnn


@pytest.fixture(scope="module")
def networks(musicnn_wheel):
    return {variant: musicnn.network(musicnn.weights(variant)) for variant in musicnn.TAGS}


@pytest.fixture(scope="module")
def patches():
    """Three windows of three seconds, of another loudness each."""
    y = np.concatenate([jukebox.play(style, seconds=3) for style in ("metal", "jazz", "blues")])
    frames = musicnn.log_mel(y)[: 3 * 187].reshape(3, 187, 96)
    return frames * np.array([1, 0.5, 0.1], np.float32)[:, np.newaxis, np.newaxis]


def published_tags(wheel, variant, patches):
    """What the graph in the published checkpoint says of patches of 187 frames."""
    import tensorflow as tf

    v1, last = tf.compat.v1, "model/Sigmoid"
    with zipfile.ZipFile(wheel) as package:
        meta = v1.MetaGraphDef.FromString(package.read(f"musicnn/{variant}_musicnn/.meta"))
    # Some nodes of the training part no longer load in today's TensorFlow: take what `last` needs.
    part = v1.graph_util.extract_sub_graph(meta.graph_def, [last])
    for node in part.node:
        node.attr.pop("_output_shapes", None)
        node.device = ""
        if node.op == "RandomUniform":  # dropout, which is switched off
            node.attr["seed"].i = 1
    weights, feed = musicnn.weights(variant), {}
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(part, name="")
        for operation in graph.get_operations():
            if operation.type == "VariableV2":
                feed[operation.outputs[0]] = weights[operation.name]
            elif operation.type == "Placeholder":
                (tensor,) = operation.outputs
                feed[tensor] = False if tensor.dtype == tf.bool else patches
        with v1.Session() as session:
            return session.run(f"{last}:0", feed)


@pytest.mark.slow
@pytest.mark.parametrize("variant", musicnn.TAGS)
def test_it_is_the_same_network_as_the_checkpoints_own_graph(
    networks, musicnn_wheel, patches, variant
):
    ours = np.asarray(networks[variant](patches)["tags"])
    theirs = published_tags(musicnn_wheel, variant, patches)
    np.testing.assert_allclose(ours, theirs, atol=2e-6)
    assert np.ptp(ours, axis=0).max() > 0.1, "three windows of three kinds of music differ"


@pytest.mark.slow
def test_weights_are_read_from_the_published_wheel(musicnn_wheel, tmp_path):
    musicnn.convert(musicnn_wheel, tmp_path / "musicnn.npz")
    with np.load(tmp_path / "musicnn.npz", allow_pickle=False) as stored:
        sizes = [stored[name].size for name in stored.files]
    assert sum(sizes) == 2 * musicnn.N_PARAMETERS


def test_the_wheel_is_converted_once_and_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(musicnn, "convert", lambda wheel, npz: npz.write_bytes(wheel.read_bytes()))
    (tmp_path / "musicnn.whl").write_bytes(b"numbers")
    made = musicnn._converted(tmp_path / "musicnn.whl")
    assert made == tmp_path / "musicnn.npz"
    assert made.read_bytes() == b"numbers"
    monkeypatch.setattr(musicnn, "convert", None)
    assert musicnn._converted(tmp_path / "musicnn.whl") == made


def test_where_nothing_can_be_written_the_users_cache_keeps_the_weights(tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    monkeypatch.setattr(datasets, "cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(musicnn, "convert", lambda wheel, npz: npz.touch())
    # To root, everything is writable.
    monkeypatch.setattr(musicnn.os, "access", lambda folder, mode: folder != tmp_path)
    made = musicnn._converted(tmp_path / "musicnn.whl")
    assert made == tmp_path / "cache" / "musicnn.npz"
    assert list((tmp_path / "cache").iterdir()) == [made]


@pytest.mark.slow
def test_a_front_end_filter_is_what_numpy_makes_of_it(networks, patches):
    """One layer stack, convolved by hand: normalization, 7 x 38 filters, ReLU, maximum."""
    w = musicnn.weights("MSD")

    def normalize(x, name):
        scale = w[f"{name}/gamma"] / np.sqrt(w[f"{name}/moving_variance"] + 1e-3)
        return (x - w[f"{name}/moving_mean"]) * scale + w[f"{name}/beta"]

    x = np.pad(normalize(patches[0], "batch_normalization"), ((3, 3), (0, 0)))
    views = np.lib.stride_tricks.sliding_window_view(x, (7, 38))
    y = np.einsum("tfab,abc->tfc", views, w["conv2d/kernel"][:, :, 0], optimize=True)
    y = normalize(np.maximum(y + w["conv2d/bias"], 0), "batch_normalization_1").max(axis=1)
    ours = np.asarray(networks["MSD"](patches)["max_pool"])[0, :204]
    np.testing.assert_allclose(ours, y.max(axis=0), atol=1e-4)


@pytest.mark.slow
def test_shape_and_parameters(networks):
    for network in networks.values():
        assert network.count_params() == musicnn.N_PARAMETERS
        outputs = network(np.zeros((2, 60, 96), np.float32))
        sizes = {name: output.shape for name, output in outputs.items()}
        assert sizes == {"max_pool": (2, 753), "mean_pool": (2, 753), "penultimate": (2, 200),
                         "tags": (2, 50)}  # fmt: skip


def test_tags_of_known_genres_are_sensible():
    """Averaged over a genre's windows, the tag of that name is heard there more than anywhere."""
    tags = pd.DataFrame(datasets.embeddings()[:, musicnn.LAYOUT["MSD tags"]])
    tags.columns = musicnn.TAGS["MSD"]
    by_genre = tags.groupby(datasets.sampler().genre.to_numpy()).mean()
    same = {"blues": "blues", "country": "country", "hiphop": "Hip-Hop", "jazz": "jazz",
            "metal": "metal", "pop": "pop"}  # fmt: skip
    for genre, tag in same.items():
        assert by_genre[tag].idxmax() == genre
    mtt = pd.DataFrame(datasets.embeddings()[:, musicnn.LAYOUT["MTT tags"]])
    mtt.columns = musicnn.TAGS["MTT"]
    classical = mtt.groupby(datasets.sampler().genre.to_numpy()).mean().classical
    assert classical.idxmax() == "classical"


@pytest.mark.slow
@pytest.mark.usefixtures("musicnn_wheel")
def test_what_ships_can_be_made_again(shared_data):
    rows, windows = [0, 505, 999], []
    for row in datasets.sampler().iloc[rows].itertuples():
        path = shared_data / "audio/gtzan_mini/genres" / row.genre / f"{row.song_id}.wav"
        windows.append(audio.load(path, offset=row.start, duration=2.0)[0])
    heard = musicnn.embed(windows)
    np.testing.assert_allclose(heard, datasets.embeddings()[rows], atol=2e-3, rtol=2e-3)


@pytest.mark.slow
@pytest.mark.usefixtures("musicnn_wheel")
def test_windows_of_any_length_and_rate_are_heard():
    y = jukebox.play("rock", seconds=4)
    assert musicnn.embed([y[:4410]]).shape == (1, 300)
    cut, whole = musicnn.embed([y[:44_100], y])
    np.testing.assert_allclose(cut, whole, atol=0.05)
    assert np.isfinite(musicnn.embed([y[::2]], sr=11_025)).all()


def test_inputs_are_tags_as_logits_beside_hand_made_features():
    heard = np.full((2, 300), 0.5)
    heard[1, 200:] = 0
    X = musicnn.inputs(heard, np.ones((2, 70)))
    assert X.shape == (2, 370)
    assert (X[0, 200:300] == 0).all()
    np.testing.assert_allclose(X[1, 200:300], np.log(1e-4 / (1 - 1e-4)))
    assert (heard[0] == 0.5).all(), "what was given stays as it was"
