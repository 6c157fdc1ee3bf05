"""Which models are there?

Those that learn live in `networks` and come when they are asked for: whoever only listens with a
borrowed ear waits neither for scikit-learn nor for TensorFlow.
"""

from importlib import import_module

__all__ = ["SEED", "NetworkClassifier", "baselines", "cnn", "dense_network", "import_keras",
           "script_network", "small_cnn"]  # fmt: skip


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("helpers.models.networks"), name)
