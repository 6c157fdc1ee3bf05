"""Try lesson 06's settings of the CNN on three folds by artist: ``cnn_search.csv``.

    python data/build_cnn_search.py     a quarter of an hour on two cores

Each setting is trained with three seeds inside the training part of the fault-filtered split; the
test part stays closed. Counted are songs by artists that the network had not heard: those that the
lesson's playground shows (``watched``), and the others (``sealed``). In the rows of seed "average"
the three networks' probabilities are averaged.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from helpers import datasets, evaluation, features, models, splits
from helpers.models import augment

SETTINGS = {
    "6 epochs": {"epochs": 6},
    "15 epochs": {},
    "30 epochs": {"epochs": 30},
    "15, no weights": {"weighted": False},
    "15, masking": {"augment": augment.mask},
    "15, mix-up": {"augment": augment.mixup},
    "15, 32 filters": {"options": {"filters": (32, 64, 128)}},
}
SEEDS = (0, 1, 2)


def ask(table, X, inner, seed, *, weighted=True, epochs=15, **options):
    """One answer for each song of the training part, by a network that never heard its artist.

    Parameters
    ----------
    table : pd.DataFrame, n rows
    X : np.ndarray, shape (n, 64, 128), in dB
    inner : list of (train, test)
        The folds, as positions in `table`.
    """
    answers = []
    for fold, (fit, rest) in enumerate(inner):
        rows = table.iloc[fit]
        network = models.NetworkClassifier(
            models.cnn, batch_size=32, epochs=epochs, seed=seed, **options
        )
        weights = evaluation.balanced_weights(rows) if weighted else None
        network.fit(X[fit], rows.genre.to_numpy(dtype=object), sample_weight=weights)
        answers.append(evaluation.predict(network, X[rest], table.iloc[rest], fold))
    return evaluation.vote(pd.concat(answers))


def average(answers):
    """The answers of several networks as one: the mean of their probabilities."""
    columns = [name for name in answers[0] if name.startswith("p_")]
    mean = sum(songs[columns] for songs in answers) / len(answers)
    return answers[0].assign(predicted=mean.idxmax(axis=1).str.removeprefix("p_"))


def main():
    table, X = datasets.sampler(), features.from_bytes(datasets.patches())
    ((train, _),) = splits.fault_filtered(table)
    part = table.iloc[train]
    inner = [(train[fit], train[rest]) for fit, rest in splits.by_artist(part, n_splits=3)]
    watched = set(part.artist_group.iloc[splits.by_artist(part, n_splits=2)[0][1]])
    rows = []
    for name, setting in SETTINGS.items():
        answers = [ask(table, X, inner, seed, **setting) for seed in SEEDS]
        for seed, songs in zip((*SEEDS, "average"), (*answers, average(answers)), strict=True):
            seen, right = songs.artist_group.isin(watched), songs.predicted == songs.genre
            rows.append((name, seed, *np.round([right[seen].mean(), right[~seen].mean()], 4)))
            print(*rows[-1], flush=True)
    search = pd.DataFrame(rows, columns=["setting", "seed", "watched", "sealed"])
    search.to_csv(Path(__file__).with_name("cnn_search.csv"), index=False)


if __name__ == "__main__":
    main()
