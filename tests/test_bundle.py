"""A folder that anybody may have written: what fits is read, the rest is refused, no code runs."""

import hashlib
import json
import os
import pickle
import shutil
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from helpers import bundle, models
from helpers.bundle import CARD, NETWORK, PIPELINE

LABELS = ["blues", "jazz", "rock"]
EARS = {"script": ("1", 26), "full": ("1", 70)}
X = np.random.default_rng(0).normal(size=(30, 26))
Y = np.array(LABELS * 10, dtype=object)
FACTS = {
    "labels": LABELS,
    "ear": "script",
    "ear_version": "1",
    "window_seconds": 2.0,
    "hop_seconds": 3,
    "temperature": 1.5,
    "threshold": 0.6,
    "versions": {"scikit-learn": bundle.version("scikit-learn")},
}


@pytest.fixture(scope="module")
def pipelines():
    return {
        NETWORK: models.script_network(epochs=1).fit(X, Y),
        PIPELINE: make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y),
    }


@pytest.fixture(scope="module")
def saved(pipelines, tmp_path_factory):
    root = tmp_path_factory.mktemp("saved")
    for name, pipeline in pipelines.items():
        bundle.save(root / "new" / name, pipeline, FACTS)
    return root / "new"


@pytest.fixture(params=[NETWORK, PIPELINE])
def both(request, saved, tmp_path):
    """A copy of each bundle, to be spoiled, and the name of its weights."""
    return shutil.copytree(saved / request.param, tmp_path / "model"), request.param


@pytest.fixture
def network(saved, tmp_path):
    return shutil.copytree(saved / NETWORK, tmp_path / "model")


@pytest.fixture
def pipeline(saved, tmp_path):
    return shutil.copytree(saved / PIPELINE, tmp_path / "model")


def change_card(folder, **changes):
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    (folder / CARD).write_text(json.dumps(card | changes), encoding="utf-8")


def vouch(folder, name):
    """Make the card describe the weights as they are now, as whoever planted them would."""
    sha256 = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    change_card(folder, weights={"file": name, "sha256": sha256})


def refusal(folder):
    """The sentence with which a folder is refused."""
    with pytest.raises(ValueError, match="train one with 'python -m helpers train'") as caught:
        bundle.load(folder, EARS)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.startswith(f"{folder} holds no classifier that can be used (")
    return sentence


def test_what_was_saved_answers_as_before(both, pipelines):
    folder, name = both
    loaded, card = bundle.load(folder, EARS)
    np.testing.assert_array_equal(
        loaded.predict_proba(X), pipelines[name].predict_proba(X.astype(float))
    )
    assert sorted(path.name for path in folder.iterdir()) == sorted([CARD, name])
    assert card["labels"] == LABELS
    assert card.items() >= FACTS.items()
    bundle.save(folder.parent / "again", loaded, card)
    again = json.loads((folder.parent / "again" / CARD).read_text(encoding="utf-8"))
    assert {**again, "weights": 0} == {**card, "weights": 0}


def test_a_missing_folder_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "nowhere")


def test_missing_weights_are_refused(both):
    folder, name = both
    (folder / name).unlink()
    assert f"{name} is missing" in refusal(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "7", "null", '{"labels": []}', "[" * 100_000])
def test_a_broken_card_is_refused(pipeline, content):
    (pipeline / CARD).write_text(content)
    refusal(pipeline)


def test_a_card_cut_short_is_refused(both):
    content = (both[0] / CARD).read_bytes()
    (both[0] / CARD).write_bytes(content[: len(content) // 2])
    refusal(both[0])


@pytest.mark.parametrize("vouched", [True, False])
def test_weights_cut_short_are_refused(both, vouched):
    folder, name = both
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    if vouched:
        vouch(folder, name)
    reason = "is no safe" if vouched else f"{name} is not the file that {CARD} describes"
    assert reason in refusal(folder)


def test_weights_of_another_bundle_are_refused(pipeline, pipelines):
    other = make_pipeline(StandardScaler(), LogisticRegression()).fit(-X, Y)
    skops.io.dump(other, pipeline / PIPELINE)
    assert "not the file that" in refusal(pipeline)


def test_features_of_another_version_are_refused(both):
    change_card(both[0], ear_version="0")
    assert "version 0 of the features, and this is version 1" in refusal(both[0])


def test_a_pipeline_of_another_scikit_learn_is_refused(pipeline):
    change_card(pipeline, versions={"scikit-learn": "0.24.1"})
    assert "made with scikit-learn 0.24, and this is" in refusal(pipeline)
    change_card(pipeline, versions=None)
    refusal(pipeline)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": ["blues", "jazz"]},
        {"labels": ["blues", "rock", "jazz", "pop"]},
        {"labels": 3},
        {"labels": [1, 2, 3]},
        {"ear": "full"},
        {"ear": "none such"},
        {"ear": ["script"]},
        {"window_seconds": 0},
        {"window_seconds": 5},
        {"window_seconds": "2"},
        {"hop_seconds": 1e12},
        {"hop_seconds": float("nan")},
        {"temperature": 0},
        {"temperature": None},
        {"temperature": float("nan")},
        {"threshold": 2},
        {"threshold": True},
        {"weights": None},
        {"weights": {"file": "../card.json"}},
        {"weights": {"file": "weights.pkl"}},
        {"weights": {"file": ["network.keras"]}},
    ],
)
def test_a_card_that_makes_no_sense_is_refused(both, changes):
    change_card(both[0], **changes)
    refusal(both[0])


@pytest.mark.parametrize(
    "scaler",
    [
        {"mean": [0.0], "scale": [1.0]},
        {"mean": ["a"] * 26, "scale": [1.0] * 26},
        {"mean": [float("nan")] * 26, "scale": [1.0] * 26},
        {},
        None,
    ],
)
def test_a_scaler_that_does_not_fit_its_network_is_refused(network, scaler):
    change_card(network, scaler=scaler)
    assert "do not belong together" in refusal(network)


class Bomb:
    """What a pickle can do to whoever opens it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("target", ["weights", CARD])
def test_a_pickle_is_never_opened(both, tmp_path, target):
    folder, name = both
    mark = tmp_path / "the pickle was opened"
    bomb = pickle.dumps(Bomb(str(mark)))
    pickle.loads(bomb).close()
    assert mark.exists(), "the bomb is a dud"
    mark.unlink()
    (folder / (name if target == "weights" else CARD)).write_bytes(bomb)
    if target == "weights":
        vouch(folder, name)
    refusal(folder)
    assert not mark.exists()


def test_an_array_that_is_a_pickle_is_never_opened(pipeline, tmp_path):
    mark = tmp_path / "the pickle was opened"
    with zipfile.ZipFile(pipeline / PIPELINE) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(pipeline / PIPELINE, "w") as archive:
        for name, content in parts.items():
            bomb = pickle.dumps(Bomb(str(mark))) if name.endswith(".npy") else content
            archive.writestr(name, bomb)
    vouch(pipeline, PIPELINE)
    assert f"{PIPELINE} is no safe pipeline" in refusal(pipeline)
    assert not mark.exists()


def test_a_pipeline_that_calls_the_shell_is_refused(pipeline):
    planted = make_pipeline(FunctionTransformer(os.system), LogisticRegression())
    skops.io.dump(planted, pipeline / PIPELINE)
    vouch(pipeline, PIPELINE)
    assert f"{PIPELINE} is no safe pipeline: Untrusted types" in refusal(pipeline)


@pytest.mark.parametrize(
    "planted",
    [
        make_pipeline(MinMaxScaler(), LogisticRegression()),
        make_pipeline(FunctionTransformer(np.exp), LogisticRegression()),
        LogisticRegression(),
    ],
    ids=["scaler", "function", "no pipeline"],
)
def test_steps_that_nobody_expects_are_refused(pipeline, planted):
    skops.io.dump(planted.fit(X, Y), pipeline / PIPELINE)
    vouch(pipeline, PIPELINE)
    assert "other steps than expected" in refusal(pipeline)


def test_a_network_that_carries_code_is_refused(network, tmp_path):
    import keras

    mark = tmp_path / "the code ran"
    planted = keras.Sequential(
        [
            keras.Input((26,)),
            keras.layers.Lambda(lambda x, path=str(mark): (open(path, "w").close(), x)[1]),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    planted.save(network / NETWORK)
    mark.unlink(missing_ok=True)
    vouch(network, NETWORK)
    sentence = refusal(network)
    assert f"{NETWORK} is no safe network: it holds" in sentence
    assert "keras.layers.Lambda" in sentence
    assert not mark.exists()


@pytest.mark.parametrize(
    "planted",
    [
        {"module": "os", "class_name": "Dense"},
        {"module": "keras.layers", "class_name": "Lambda"},
        {"module": "keras.layers", "class_name": "Dense", "registered_name": "mine>Dense"},
        {"module": "keras.layers", "class_name": {"nested": []}},
    ],
    ids=str,
)
def test_a_network_with_strange_parts_is_refused_before_keras_sees_it(
    network, monkeypatch, planted
):
    def never(path):
        raise AssertionError("Keras was asked")

    monkeypatch.setattr(models, "load_network", never)
    with zipfile.ZipFile(network / NETWORK) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"][1]["config"]["kernel_constraint"] = planted
    with zipfile.ZipFile(network / NETWORK, "w") as archive:
        for name, content in (parts | {"config.json": json.dumps(config)}).items():
            archive.writestr(name, content)
    vouch(network, NETWORK)
    assert "is no safe network: it holds" in refusal(network)
