"""The script's network, to the last parameter, and classical models that never wait for it."""

import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from helpers import models
from helpers.models import augment, networks


@pytest.fixture(scope="module")
def data():
    """Three genres that 26 features tell apart, more or less."""
    rng = np.random.default_rng(0)
    y = np.array(["rock", "blues", "jazz"] * 40, dtype=object)
    X = rng.normal(size=(120, 26)) + np.searchsorted(["blues", "jazz", "rock"], y)[:, np.newaxis]
    return X, y


def small(**options):
    network = {"hidden": (8,), "dropout": 0.1, "learning_rate": 0.02}
    return models.NetworkClassifier(options=network, **options)


@pytest.fixture(scope="module")
def trained(data):
    return small(epochs=30, look_every=30, batch_size=32).fit(*data)


def test_an_ear_waits_neither_for_scikit_learn_nor_for_tensorflow():
    script = (
        "import sys\nfrom helpers import models\nfrom helpers.models import musicnn, yamnet\n"
        "print(*sys.modules)\nprint(models.baselines.__module__, models.NetworkClassifier)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    first, then = done.stdout.splitlines()
    assert not {"librosa", "sklearn", "tensorflow", "keras"} & set(first.split())
    assert then == "helpers.models.networks <class 'helpers.models.networks.NetworkClassifier'>"


def test_what_the_room_promises_is_there():
    for name in models.__all__:
        assert getattr(models, name) is getattr(networks, name)
    with pytest.raises(AttributeError, match="no attribute 'baseline'"):
        models.baseline  # noqa: B018


def test_baselines_are_unfitted_and_scale_where_distance_matters():
    ladder = models.baselines()
    assert {"most frequent genre", "logistic regression", "RBF SVM"} <= set(ladder)
    for name, model in ladder.items():
        assert not hasattr(model, "classes_"), name
        scaled = isinstance(model, Pipeline) and isinstance(model[0], StandardScaler)
        assert scaled == (name not in ("most frequent genre", "random forest"))


def test_every_baseline_but_guessing_learns_and_none_waits_for_tensorflow(data, monkeypatch):
    monkeypatch.setattr(networks, "import_keras", None)
    X, y = data
    for name, model in models.baselines().items():
        right = np.mean(model.fit(X[:90], y[:90]).predict(X[90:]) == y[90:])
        assert right == pytest.approx(1 / 3) if name == "most frequent genre" else right > 0.8


def test_the_scripts_network_has_48714_parameters():
    network = models.dense_network()
    assert [layer.count_params() for layer in network.layers] == [6_912, 32_896, 8_256, 650]
    assert network.count_params() == 48_714
    activations = [layer.activation.__name__ for layer in network.layers]
    assert activations == ["relu", "relu", "relu", "softmax"]
    assert network.loss == "sparse_categorical_crossentropy"
    assert float(network.optimizer.learning_rate) == pytest.approx(0.001)


def test_the_knobs_of_the_network_turn():
    network = models.dense_network(70, 4, hidden=(32, 16), dropout=0.5, learning_rate=0.01)
    dense = [layer for layer in network.layers if hasattr(layer, "units")]
    dropped = [layer.rate for layer in network.layers if hasattr(layer, "rate")]
    assert [layer.units for layer in dense] == [32, 16, 4]
    assert dropped == [0.5, 0.5]
    assert network.input_shape == (None, 70)
    assert float(network.optimizer.learning_rate) == pytest.approx(0.01)


def test_the_script_network_trains_as_the_script_did():
    scaler, network = models.script_network()
    assert isinstance(scaler, StandardScaler)
    assert (network.epochs, network.batch_size) == (20, 128)
    assert network.options is None


def test_the_small_cnn_is_lesson_06s():
    network = models.small_cnn()
    assert network.build is models.cnn
    assert (network.epochs, network.batch_size, network.options) == (12, 32, None)
    assert (network.augment, network.patience) == (None, None)


@pytest.mark.slow
def test_a_clone_has_every_parameter_and_nothing_learned(data):
    params = {"epochs": 2, "batch_size": 7, "seed": 5, "look_every": 2, "patience": 1}
    params |= {"build": models.dense_network, "options": {"hidden": [4]}, "augment": None}
    model = models.NetworkClassifier(**params).fit(*data, validation=data)
    copy = clone(model)
    assert copy.get_params() == params
    assert not [name for name in vars(copy) if name.endswith("_")]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_probabilities(data):
    X, y = data
    options = {"epochs": 4, "look_every": 4, "batch_size": 32}
    first = small(**options).fit(X, y).predict_proba(X)
    other = small(**options, seed=1).fit(X, y).predict_proba(X)
    again = small(**options).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


@pytest.mark.parametrize("n", [1, 2, 255, 700])
def test_probabilities_are_in_the_order_of_the_classes(trained, data, n):
    X, y = (np.resize(part, (n, *part.shape[1:])) for part in data)
    probabilities = trained.predict_proba(X)
    assert trained.classes_.tolist() == ["blues", "jazz", "rock"]
    assert probabilities.shape == (n, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(
        trained.predict(X), trained.classes_[probabilities.argmax(axis=1)]
    )
    assert np.mean(trained.predict(X) == y) > 0.85


@pytest.mark.slow
def test_the_history_is_numbered_by_epochs(data):
    often = small(epochs=6).fit(*data)
    twice = small(epochs=6, look_every=3).fit(*data)
    assert often.history_.index.tolist() == [1, 2, 3, 4, 5, 6]
    assert twice.history_.index.tolist() == [3, 6]
    assert often.history_.index.name == "epoch"
    assert twice.history_.loss[6] < often.history_.loss[1]


@pytest.mark.slow
def test_early_stopping_goes_back_to_the_best(data):
    # Random genres: there is nothing to learn, and soon only over-fitting is left.
    X, _ = data
    y = np.random.default_rng(1).choice(["blues", "jazz"], len(X)).astype(object)
    fit, valid = slice(0, 60), slice(60, None)
    model = small(epochs=60, batch_size=16, patience=3)
    model.fit(X[fit], y[fit], validation=(X[valid], y[valid]))
    losses = model.history_.val_loss
    assert len(losses) < 60
    assert losses.idxmin() == len(losses) - 3
    codes = np.searchsorted(model.classes_, y[valid])
    right = model.predict_proba(X[valid])[np.arange(len(codes)), codes]
    assert -np.log(right).mean() == pytest.approx(losses.min(), rel=1e-4)


@pytest.mark.slow
def test_validation_rows_are_watched_but_never_learned(data):
    X, y = data
    alone = small(epochs=2).fit(X[:90], y[:90])
    watched = small(epochs=2).fit(X[:90], y[:90], (X[90:], y[90:]))
    assert set(watched.history_) == {"accuracy", "loss", "val_accuracy", "val_loss"}
    assert set(alone.history_) == {"accuracy", "loss"}
    np.testing.assert_array_equal(alone.predict_proba(X), watched.predict_proba(X))


@pytest.mark.slow
def test_rows_without_weight_are_not_learned_and_callbacks_hear_of_each_epoch(data):
    X, y = data
    epochs = []
    tick = models.import_keras().callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: epochs.append(epoch)
    )
    model = small(epochs=8).fit(X, y, callbacks=[tick], sample_weight=(y != "rock").astype(float))
    assert epochs == list(range(8))
    said = model.predict(X)
    assert "rock" not in said
    assert np.mean((said == y)[y != "rock"]) > 0.8


def test_looks_that_miss_the_last_epochs_are_refused(data):
    with pytest.raises(ValueError, match="20 epochs can't be looked at every 3: choose a divisor"):
        small(epochs=20, look_every=3).fit(*data)


def test_a_genre_that_only_validation_knows_is_refused(data):
    X, y = data
    with pytest.raises(ValueError, match="no training song plays polka"):
        small(epochs=1).fit(X, y, validation=(X[:2], np.array(["rock", "polka"], dtype=object)))


@pytest.fixture(scope="module")
def few_patches():
    rng = np.random.default_rng(0)
    return rng.normal(-40, 15, (40, 64, 128)).astype(np.float32), np.repeat(["jazz", "rock"], 20)


def test_the_cnn_is_small_and_compiled():
    network = models.cnn()
    assert network.count_params() == 24_394
    assert network.output_shape == (None, 10)
    assert network.loss == "categorical_crossentropy"


@pytest.fixture(scope="module")
def trained_cnn(few_patches):
    return models.NetworkClassifier(models.cnn, epochs=1, batch_size=16).fit(*few_patches)


@pytest.mark.slow
def test_the_cnn_is_deaf_to_the_volume(few_patches, trained_cnn):
    X, _ = few_patches
    louder = trained_cnn.predict_proba(X + 12)
    np.testing.assert_allclose(louder, trained_cnn.predict_proba(X), atol=1e-3)


@pytest.mark.slow
def test_augmented_training_is_the_same_every_time(few_patches, trained_cnn):
    X, y = few_patches
    model = clone(trained_cnn).set_params(augment=lambda X, y: augment.mixup(*augment.mask(X, y)))
    first = model.fit(X, y, validation=(X, y)).predict_proba(X)
    assert np.array_equal(model.fit(X, y).predict_proba(X), first)
    assert not np.array_equal(trained_cnn.predict_proba(X), first)


def test_masks_cover_bands_and_frames_with_the_mean(few_patches):
    X, y = few_patches[0], np.eye(10)[np.zeros(40, int)]
    changed, labels = augment.mask(X, y, bands=10, frames=20)
    hidden = np.asarray(changed) != X
    assert hidden.any()
    assert np.array_equal(labels, y)
    assert hidden.all(axis=2).sum(axis=1).max() <= 10, "whole bands"
    assert hidden.all(axis=1).sum(axis=1).max() <= 20, "whole frames"
    means = np.broadcast_to(X.mean(axis=(1, 2), keepdims=True), X.shape)
    np.testing.assert_allclose(np.asarray(changed)[hidden], means[hidden], rtol=1e-4)


def test_mixup_blends_patches_and_labels_alike():
    X = np.arange(8, dtype=np.float32)[:, np.newaxis, np.newaxis] * np.ones((8, 4, 6), np.float32)
    labels = np.eye(8, dtype=np.float32)
    blended, shares = (np.asarray(part) for part in augment.mixup(X, labels))
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(blended[:, 0, 0], shares @ np.arange(8), atol=1e-4)
    assert (shares.max(axis=1) < 0.999).any()


@pytest.mark.slow
def test_another_backend_of_keras_is_set_or_said():
    script = "from helpers import models; print(models.import_keras().backend.backend())"
    other = os.environ | {"KERAS_BACKEND": "torch"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=other, capture_output=True, text=True, check=True)
    assert done.stdout == "tensorflow\n"
    script = (
        "import keras; keras.backend.backend = lambda: 'torch'\n"
        "from helpers import models\ntry: models.import_keras()\nexcept ValueError as e: print(e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Keras runs on torch here")
