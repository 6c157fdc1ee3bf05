"""Classical models and networks: everything that learns here, as scikit-learn's estimators.

TensorFlow is imported inside the functions that need it: lessons without a network never wait
for it.
"""

import os
from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

SEED = 0


def baselines():
    """The classical models of lesson 04 by name, from guessing to a random forest, unfitted.

    Each scales its features itself where it needs to, so that nothing outside the training fold is
    ever seen.
    """
    return {
        "most frequent genre": DummyClassifier(strategy="most_frequent"),
        "5 nearest neighbors": make_pipeline(StandardScaler(), KNeighborsClassifier(5)),
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
        "RBF SVM": make_pipeline(StandardScaler(), SVC(C=10)),
        "random forest": RandomForestClassifier(300, random_state=SEED, n_jobs=-1),
    }


def dense_network(
    n_features=26, n_genres=10, *, hidden=(256, 128, 64), dropout=0.0, learning_rate=0.001
):
    """The script's network: three dense layers with ReLU, softmax over the genres.

    Parameters
    ----------
    n_features, n_genres : int
    hidden : sequence of int
        Units of each hidden layer; with 26 features and ten genres, (256, 128, 64) has
        6,912 + 32,896 + 8,256 + 650 = 48,714 parameters.
    dropout : float
        Share of each hidden layer's outputs that is silenced at random in training.
    learning_rate : float
        Step size of Adam (Kingma & Ba 2015).

    Returns
    -------
    keras.Sequential
        Compiled for integer labels, with accuracy as its metric.
    """
    keras = import_keras()
    network = keras.Sequential([keras.Input((n_features,))])
    for units in hidden:
        network.add(keras.layers.Dense(units, activation="relu"))
        if dropout:
            network.add(keras.layers.Dropout(dropout))
    network.add(keras.layers.Dense(n_genres, activation="softmax"))
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return network


def cnn(shape=(64, 128), n_genres=10, *, filters=(16, 32, 64), dropout=0.3, learning_rate=0.002):
    """A small convolutional network for log-mel patches in decibels.

    Each patch is first brought to mean 0 and deviation 1 over all its points, which makes the
    network deaf to the volume. Three convolutions follow, and an average over what they find.

    Parameters
    ----------
    shape : (int, int)
        Mel bands and frames of a patch.
    n_genres : int
    filters : sequence of int
        Of each convolution: the first is 4 x 4 and strides 4 (a large first stride is what makes it
        quick on a laptop), the others are 3 x 3 and stride 2.
    dropout : float
        Share of the averages that is silenced at random in training.
    learning_rate : float

    Returns
    -------
    keras.Sequential
        Compiled for one-hot labels, with accuracy as its metric; 24,394 parameters by default.
    """
    keras = import_keras()
    layers = keras.layers
    network = keras.Sequential([keras.Input(shape), layers.LayerNormalization(
        axis=[1, 2], center=False, scale=False), layers.Reshape((*shape, 1))])  # fmt: skip
    for number, count in enumerate(filters):
        size, stride = (4, 4) if number == 0 else (3, 2)
        network.add(layers.Conv2D(count, size, stride, padding="same", use_bias=False))
        # Keras' default momentum of 0.99 would need thousands of batches to settle.
        network.add(layers.BatchNormalization(momentum=0.9))
        network.add(layers.ReLU())
    network.add(layers.GlobalAveragePooling2D())
    network.add(layers.Dropout(dropout))
    network.add(layers.Dense(n_genres, activation="softmax"))
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return network


class NetworkClassifier(ClassifierMixin, BaseEstimator):
    """A Keras network that behaves like any scikit-learn classifier.

    (Keras' own wrapper forgets its training options when cloned and gives no probabilities.)

    Parameters
    ----------
    build : callable(shape, n_genres, **options) -> compiled Keras model
        `dense_network` (whose shape is the number of features) or `cnn`.
    options : dict, optional
        Passed on to `build`: for `dense_network` hidden (a tuple), dropout, learning_rate.
    epochs, batch_size, seed : int
    look_every : int
        Epochs from one entry in the history to the next, a divisor of `epochs`; fewer looks are
        several times quicker.
    augment : callable(X, y) -> (X, y), optional
        Changes each training batch: one of `helpers.models.augment`, for networks with one-hot
        labels.
    patience : int, optional
        Stop when the loss on validation data has not fallen for so many looks, and go back to the
        best; needs validation data in `fit`.

    Attributes
    ----------
    classes_ : np.ndarray of str
    history_ : pd.DataFrame
        Loss and accuracy at each look, with ``val_`` columns if there was validation data. Those
        of the training rows are means over the epochs since the look before.
    network_ : keras.Model
    """

    def __init__(
        self,
        build=dense_network,
        options=None,
        *,
        epochs=20,
        batch_size=128,
        seed=SEED,
        look_every=1,
        augment=None,
        patience=None,
    ):
        self.build = build
        self.options = options
        self.epochs = epochs
        self.batch_size = batch_size
        self.seed = seed
        self.look_every = look_every
        self.augment = augment
        self.patience = patience

    def fit(self, X, y, validation=None, callbacks=(), sample_weight=None):
        """Train from scratch; `validation` is a pair (X, y) that is watched but never learned.

        `callbacks` are Keras' own, which a playground's bar of progress needs. Weights count in
        the loss of the training rows: those of `evaluation.balanced_weights`, for example.

        Raises
        ------
        ValueError
            If `epochs` is no multiple of `look_every`, or a genre is watched that isn't learned.
        """
        if self.epochs % self.look_every:
            raise ValueError(
                f"{self.epochs} epochs can't be looked at every {self.look_every}: choose a divisor"
            )
        keras, X = import_keras(), np.asarray(X, np.float32)
        self.classes_, codes = np.unique(np.asarray(y, dtype=object), return_inverse=True)
        shape = X.shape[1] if X.ndim == 2 else X.shape[1:]
        trained, self.network_ = _fresh(
            self.build, shape, len(self.classes_), self.options or {}, self.seed
        )
        callbacks = list(callbacks)
        if self.patience is not None:
            stop = keras.callbacks.EarlyStopping(patience=self.patience, restore_best_weights=True)
            callbacks.append(stop)
        history = trained.fit(
            self._batches(X, self._labels(codes), sample_weight),
            epochs=self.epochs // self.look_every,
            shuffle=False,  # the batches are shuffled already
            validation_data=None if validation is None else self._watched(*validation),
            callbacks=callbacks,
            verbose=0,
        )
        self.network_.set_weights(trained.get_weights())
        self.history_ = pd.DataFrame(history.history).rename_axis("epoch")
        self.history_.index = (self.history_.index + 1) * self.look_every
        return self

    def _batches(self, X, labels, weights):
        """Shuffled batches of some epochs in a row: Keras starts its loop anew less often."""
        import tensorflow as tf

        weighed = () if weights is None else (np.asarray(weights, np.float32),)
        rows = tf.data.Dataset.from_tensor_slices((X, labels, *weighed)).cache()
        batches = rows.shuffle(len(X)).batch(self.batch_size).repeat(self.look_every)
        if self.augment:
            return batches.map(lambda X, y, *weights: (*self.augment(X, y), *weights))
        return batches

    def _labels(self, codes):
        if self.network_.loss != "categorical_crossentropy":
            return codes
        return np.eye(len(self.classes_), dtype=np.float32)[codes]

    def _watched(self, X, y):
        if unknown := set(y) - set(self.classes_):
            raise ValueError(f"no training song plays {', '.join(map(str, unknown))}")
        return np.asarray(X, np.float32), self._labels(np.searchsorted(self.classes_, y))

    def predict_proba(self, X):
        """Probabilities, shape (n, n_genres), in the order of `classes_`."""
        # Calling the network is much quicker than its predict(), which compiles itself first.
        chunks = np.array_split(np.asarray(X, np.float32), max(len(X) // 256, 1))
        return np.concatenate([np.asarray(self.network_(chunk)) for chunk in chunks])

    def predict(self, X):
        """The most probable genre of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def script_network(seed=SEED, epochs=20):
    """The script's scaler and network as one estimator: 20 epochs, batches of 128, no curves."""
    network = NetworkClassifier(epochs=epochs, seed=seed, look_every=epochs)
    return make_pipeline(StandardScaler(), network)


def small_cnn(seed=SEED, epochs=12):
    """The `cnn` that lesson 09 probes: 12 epochs, batches of 32, no weights, no curves."""
    return NetworkClassifier(cnn, epochs=epochs, batch_size=32, seed=seed, look_every=epochs)


def _fresh(build, shape, n_genres, options, seed):
    """A network to train and one to keep, both as they are before the first batch."""
    # The one to train is kept by its options, and lists can't be.
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    trained = _compiled(build, shape, n_genres, tuple(sorted(options.items())))
    import_keras().utils.set_random_seed(seed)
    fresh = build(shape, n_genres, **options)
    # Weights, dropout's random state and the optimizer's memory.
    for network in (fresh, trained):
        network.optimizer.build(network.trainable_variables)
    everything = ([*net.variables, *net.optimizer.variables] for net in (trained, fresh))
    for old, new in zip(*everything, strict=True):
        old.assign(new)
    return trained, fresh


# Keras takes longer to compile a small network than to train it, so one is trained again and again.
@lru_cache(maxsize=8)
def _compiled(build, shape, n_genres, options):
    return build(shape, n_genres, **dict(options))


def import_keras():
    """Keras on TensorFlow, set up so that it trains quickly, quietly, and the same everywhere."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # TensorFlow's C++ side logs to stderr as it starts, into every lesson's output.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Layers this small are done before a second thread has woken up: one trains twice as fast, and
    # gives the same figures whatever the number of cores.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    # oneDNN is switched on by processor: it rounds otherwise, and announces itself in the output.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    import keras
    import tensorflow as tf

    if (other := keras.backend.backend()) != "tensorflow":  # somebody had imported it before us
        raise ValueError(
            f"Keras runs on {other} here, and the course needs TensorFlow: set KERAS_BACKEND to "
            "tensorflow and start Python again"
        )
    tf.config.experimental.enable_op_determinism()
    return keras
