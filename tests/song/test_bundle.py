"""A folder that anybody may have written: what fits is read, and the rest is refused unopened."""

import io
import json
import os
import pickle
import shutil
import zipfile

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import models
from helpers.song import bundle
from helpers.song.bundle import CARD, WEIGHTS

LABELS = ["blues", "jazz", "rock"]
EMBEDDINGS = {"script": ("1", 26), "full": ("1", 70)}
X = np.random.default_rng(0).normal(size=(30, 26))
Y = np.array(LABELS * 10, dtype=object)
FACTS = {
    "labels": LABELS,
    "embedding": "script",
    "embedding_version": "1",
    "window_seconds": 2.0,
    "hop_seconds": 3,
    "temperature": 1.5,
    "threshold": 0.6,
}


@pytest.fixture(scope="module")
def linear():
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)


@pytest.fixture
def model(linear, tmp_path):
    """A folder that holds a good bundle, to be spoiled."""
    bundle.save(tmp_path / "model", bundle.numbers(linear), FACTS)
    return tmp_path / "model"


def change_card(folder, **changes):
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    (folder / CARD).write_text(json.dumps(card | changes), encoding="utf-8")


def plant(folder, content=None, **arrays):
    """Other weights, with a card that vouches for them, as whoever planted them would write it."""
    if content is None:
        with np.load(folder / WEIGHTS) as stored:
            arrays = {name: stored[name] for name in stored.files} | arrays
        arrays = {name: array for name, array in arrays.items() if array is not None}
        np.savez(file := io.BytesIO(), **arrays)
        content = file.getvalue()
    (folder / WEIGHTS).write_bytes(content)
    change_card(folder, sha256=bundle._sha256(folder / WEIGHTS))


def refusal(folder):
    """The sentence with which a folder is refused."""
    with pytest.raises(ValueError, match="train one with 'python -m helpers train'") as caught:
        bundle.load(folder, EMBEDDINGS)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.startswith(f"{folder} holds no classifier that can be used (")
    return sentence


def test_what_was_saved_answers_as_before(model, linear):
    weights, card = bundle.load(model, EMBEDDINGS)
    expected = linear.predict_proba(X)
    np.testing.assert_allclose(bundle.predict_proba(weights, X), expected, rtol=0, atol=1e-12)
    assert sorted(path.name for path in model.iterdir()) == [CARD, WEIGHTS]
    assert card.items() >= FACTS.items()
    assert card["hidden"] == []
    bundle.save(model.parent / "again", weights, card)
    again, same = bundle.load(model.parent / "again", EMBEDDINGS)
    assert {**same, "sha256": 0} == {**card, "sha256": 0}
    for name, array in weights.items():
        np.testing.assert_array_equal(again[name], array)


@pytest.mark.slow
def test_a_network_is_rebuilt_from_its_numbers(tmp_path):
    network = models.NetworkClassifier(options={"hidden": (8, 4), "dropout": 0.3}, epochs=2)
    pipeline = make_pipeline(StandardScaler(), network).fit(X, Y)
    bundle.save(tmp_path, bundle.numbers(pipeline), FACTS)
    weights, card = bundle.load(tmp_path, EMBEDDINGS)
    assert card["hidden"] == [8, 4]
    expected = pipeline.predict_proba(X)
    np.testing.assert_allclose(bundle.predict_proba(weights, X), expected, rtol=0, atol=1e-6)


def test_two_genres_have_one_column_in_scikit_learn_and_two_here(tmp_path):
    y = np.where(X[:, 0] > 0, "rock", "blues").astype(object)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    bundle.save(tmp_path, bundle.numbers(pipeline), FACTS | {"labels": ["blues", "rock"]})
    weights, _ = bundle.load(tmp_path, EMBEDDINGS)
    np.testing.assert_allclose(
        bundle.predict_proba(weights, X), pipeline.predict_proba(X), rtol=0, atol=1e-12
    )


def test_a_missing_folder_and_missing_files_are_refused(model):
    assert "No such file" in refusal(model / "nowhere")
    (model / WEIGHTS).unlink()
    assert "No such file" in refusal(model)


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"labels": []}', "[" * 100_000])
def test_a_broken_card_is_refused(model, content):
    (model / CARD).write_text(content)
    refusal(model)


def test_a_card_that_is_no_utf_8_is_refused_in_plain_words(model):
    (model / CARD).write_bytes((model / CARD).read_bytes().replace(b"jazz", b"j\xe4zz"))
    assert f"({CARD} is no text)" in refusal(model)


@pytest.mark.parametrize("name", [CARD, WEIGHTS])
def test_a_file_cut_short_is_refused(model, name):
    content = (model / name).read_bytes()
    (model / name).write_bytes(content[: len(content) // 2])
    sentence = refusal(model)
    assert name == CARD or f"{WEIGHTS} is not the file that {CARD} describes" in sentence


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": ["blues", "jazz"]},
        {"labels": ["blues", "rock", "jazz", "pop"]},
        {"labels": ["blues", "blues", "jazz"]},
        {"labels": ["blues", "jazz", "not sure"]},
        {"labels": ["blues", "jazz", "ro\x1b[2Jck"]},
        {"labels": ["blues", "jazz", " "]},
        {"labels": ["blues", "jazz", "x" * 1_000]},
        {"labels": 3},
        {"labels": [1, 2, 3]},
        {"embedding": "full"},
        {"embedding": "none such"},
        {"embedding": ["script"]},
        {"embedding_version": "0"},
        {"hidden": [5]},
        {"hidden": [True]},
        {"hidden": "none"},
        {"window_seconds": 0},
        {"window_seconds": 5},
        {"window_seconds": "2"},
        {"hop_seconds": 1e12},
        {"hop_seconds": float("nan")},
        {"temperature": 0},
        {"temperature": None},
        {"threshold": 2},
        {"threshold": True},
        {"sha256": None},
    ],
    ids=str,
)
def test_a_card_that_makes_no_sense_is_refused(model, changes):
    change_card(model, **changes)
    refusal(model)


def test_features_of_another_version_are_named(model):
    change_card(model, embedding_version="0")
    assert "version 0 of the features, and here that is version 1" in refusal(model)


@pytest.mark.parametrize(
    ("planted", "reason"),
    [
        ({"scale": np.zeros(26)}, "a scale that is not positive"),
        ({"scale": np.full(26, np.inf)}, "values that are not finite"),
        ({"bias_0": np.array([0.0, np.nan, 0.0])}, "values that are not finite"),
        ({"mean": np.zeros(25)}, r"mean has the shape (25,) instead of (26,)"),
        ({"mean": np.zeros(26, int)}, "mean holds int64 instead of floating-point numbers"),
        ({"mean": np.array(["a"] * 26)}, "mean holds <U1 instead of floating-point numbers"),
        ({"kernel_0": None}, "other arrays than the card promises"),
        ({"kernel_1": np.zeros((3, 3))}, "other arrays than the card promises"),
    ],
    ids=lambda value: str(list(value)) if isinstance(value, dict) else "",
)
def test_weights_that_do_not_fit_are_refused(model, planted, reason):
    plant(model, **planted)
    assert reason in refusal(model)


def test_weights_that_are_no_weights_are_refused(model):
    plant(model, b"Shall I compare thee to a summer's day?")
    assert f"{WEIGHTS} can't be used" in refusal(model)


class Bomb:
    """What a pickle can do to whoever opens it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_an_object_array_is_refused_unopened(model, tmp_path):
    mark = tmp_path / "the pickle was opened"
    pickle.loads(pickle.dumps(Bomb(str(mark)))).close()
    assert mark.exists(), "the bomb is a dud"
    mark.unlink()
    plant(model, mean=np.array([Bomb(str(mark))] * 26, dtype=object))
    assert "mean holds object instead of floating-point numbers" in refusal(model)
    assert not mark.exists()


def test_packed_arrays_are_refused_before_they_are_unpacked(model):
    """What is packed may unpack to anything: a zip bomb is small on the disk."""
    with np.load(model / WEIGHTS) as stored:
        np.savez_compressed(file := io.BytesIO(), **dict(stored))
    plant(model, file.getvalue())
    assert "its arrays are packed" in refusal(model)


def test_sizes_are_checked_before_anything_is_allocated(model):
    """A card and a header that agree on a terabyte are refused for what lies on the disk."""
    units = 10**10
    header = {"descr": "<f8", "fortran_order": False}
    shapes = {"mean": (26,), "scale": (26,), "kernel_0": (26, units), "bias_0": (units,),
              "kernel_1": (units, 3), "bias_1": (3,)}  # fmt: skip
    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        for name, shape in shapes.items():
            np.lib.format.write_array_header_1_0(member := io.BytesIO(), header | {"shape": shape})
            archive.writestr(f"{name}.npy", member.getvalue())
    plant(model, file.getvalue())
    change_card(model, hidden=[units])
    assert "it is smaller than the card promises" in refusal(model)


@pytest.mark.parametrize(("name", "most"), [(CARD, "CARD_BYTES"), (WEIGHTS, "WEIGHTS_BYTES")])
def test_a_file_that_is_too_large_is_not_read(model, name, most, monkeypatch):
    monkeypatch.setattr(bundle, most, 100)
    assert f"{name} has" in refusal(model)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="skipped, because there are no pipes here")
@pytest.mark.parametrize("name", [CARD, WEIGHTS])
def test_a_pipe_is_refused_and_nobody_waits_for_it(model, name):
    (model / name).unlink()
    os.mkfifo(model / name)
    assert f"{name} is no regular file" in refusal(model)


def test_a_folder_in_a_files_place_is_refused(model):
    shutil.rmtree(model / CARD, ignore_errors=True)
    (model / CARD).unlink(missing_ok=True)
    (model / CARD).mkdir()
    assert f"{CARD} is no regular file" in refusal(model)
