"""The borrowed ear is the published one, and hears what it should."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from helpers import audio, datasets, jukebox
from helpers.features import filters
from helpers.models import frozen, litert, musicnn


@pytest.fixture(scope="module")
def clips():
    """Three windows of two seconds, of another loudness each."""
    styles = {"metal": 1, "jazz": 0.5, "blues": 0.1}
    return [gain * jukebox.play(style, seconds=2) for style, gain in styles.items()]


def published(wheel, variant, patches):
    """What the graph in the published checkpoint says of patches, as TensorFlow 1 would run it."""
    import tensorflow as tf

    v1, outputs = tf.compat.v1, [frozen.PENULTIMATE, frozen.TAGS]
    with zipfile.ZipFile(wheel) as package:
        meta = v1.MetaGraphDef.FromString(package.read(f"musicnn/{variant}_musicnn/.meta"))
        weights = frozen.variables(package, variant)
    assert sum(array.size for array in weights.values()) == 792_079
    front = [weights[f"conv2d{number}/kernel"].shape for number in ("", "_1", "_2", "_3", "_4")]
    tall, long = [(7, 38, 1, 204), (7, 67, 1, 204)], [(n, 1, 1, 51) for n in (128, 64, 32)]
    assert front == tall + long  # as lesson 07 draws them
    # Some nodes of the training part no longer load in today's TensorFlow: take what is needed.
    part = v1.graph_util.extract_sub_graph(meta.graph_def, outputs)
    for node in part.node:
        node.attr.pop("_output_shapes", None)
        node.device = ""
        if node.op == "RandomUniform":  # dropout, which is switched off
            node.attr["seed"].i = 1
    with tf.Graph().as_default() as graph:
        patch = v1.placeholder(tf.float32, (None, musicnn.N_FRAMES, musicnn.N_MELS))
        tf.import_graph_def(part, {"model/Placeholder": patch}, name="")
        feed = {patch: patches}
        for operation in graph.get_operations():
            if operation.type == "VariableV2":
                feed[operation.outputs[0]] = weights[operation.name]
            elif operation.type == "Placeholder" and operation.outputs[0].dtype == tf.bool:
                feed[operation.outputs[0]] = False  # in training?
        with v1.Session() as session:
            return session.run([f"{name}:0" for name in outputs], feed)


@pytest.mark.slow
def test_it_hears_what_the_checkpoints_own_graphs_hear(musicnn_wheel, tmp_path, clips):
    frozen.freeze(musicnn_wheel, tmp_path / "musicnn.tflite")
    assert [path.name for path in tmp_path.iterdir()] == ["musicnn.tflite"]
    run = litert.runner((tmp_path / "musicnn.tflite").read_bytes())
    patches = np.stack([musicnn.log_mel(y)[: musicnn.N_FRAMES] for y in clips])
    ours = np.stack([run(patch) for patch in patches])
    (units, msd), (_, mtt) = (published(musicnn_wheel, name, patches) for name in musicnn.TAGS)
    theirs = dict(zip(musicnn.LAYOUT, (units, msd, mtt), strict=True))
    for name, columns in musicnn.LAYOUT.items():
        np.testing.assert_allclose(ours[:, columns], theirs[name], atol=2e-5)
        assert np.ptp(ours[:, columns], axis=0).max() > 0.1, "three kinds of music differ"
    np.testing.assert_allclose(musicnn.embed(clips), ours, atol=1e-6)


def test_what_cannot_be_converted_is_one_sentence(tmp_path):
    (tmp_path / "musicnn.whl").write_bytes(b"no wheel")
    with pytest.raises(ValueError, match=r"could not be converted \(.*not a zip") as caught:
        frozen.freeze(tmp_path / "musicnn.whl", tmp_path / "musicnn.tflite")
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["musicnn.whl"]


def test_its_picture_is_librosas(clips):
    import librosa

    y = clips[0]
    at_16k = librosa.resample(y, orig_sr=audio.SAMPLE_RATE, target_sr=16_000)
    sizes = {"n_fft": 512, "hop_length": 256, "n_mels": 96}
    power = librosa.feature.melspectrogram(y=at_16k, sr=16_000, **sizes)
    ours = musicnn.log_mel(y)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, np.log10(10_000 * power.T + 1), atol=2e-6)


def test_its_mel_filters_are_librosas():
    import librosa

    bank = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=96)
    np.testing.assert_allclose(filters.mel(16_000, 512, 96), bank, rtol=1e-6, atol=1e-9)


@pytest.fixture
def a_wheel(tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    monkeypatch.setattr(datasets, "cache", lambda: tmp_path / "cache")
    monkeypatch.setenv("GENRE_DATA", str(tmp_path))
    (tmp_path / "musicnn.whl").write_bytes(b"numbers")
    monkeypatch.setattr(frozen, "freeze", lambda wheel, out: out.write_bytes(wheel.read_bytes()))


@pytest.mark.usefixtures("a_wheel")
def test_the_wheel_is_converted_once_and_beside_it(tmp_path, monkeypatch):
    made = musicnn.prepare()
    assert made == tmp_path / "musicnn.tflite"
    assert made.read_bytes() == b"numbers"
    monkeypatch.setattr(frozen, "freeze", None)
    assert musicnn.prepare() == made


@pytest.mark.usefixtures("a_wheel")
def test_where_nothing_can_be_written_the_users_cache_keeps_the_networks(tmp_path, monkeypatch):
    # To root, everything is writable.
    monkeypatch.setattr(musicnn.os, "access", lambda folder, mode: folder != tmp_path)
    assert musicnn.prepare() == tmp_path / "cache" / "musicnn.tflite"


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
