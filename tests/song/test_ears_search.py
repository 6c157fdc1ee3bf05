"""What the ears' classifiers get and how they learn was chosen, and not by the songs that score."""

import build_ears
import numpy as np
import pandas as pd
import pytest

from helpers import datasets, splits
from helpers.song import training

SEARCH = pd.read_csv(datasets.DATA / "ears_search.csv")


@pytest.fixture(scope="module")
def part():
    """The rows that may choose, and their inputs."""
    table, rows = build_ears.training_part()
    return table, {name: X[rows] for name, X in build_ears.blocks(datasets.sampler()).items()}


def test_every_setting_is_published():
    expected = [(recipe, build_ears.in_words(classifiers, special), C)
                for recipe, classifiers, C, special in build_ears.SETTINGS]  # fmt: skip
    assert list(SEARCH[["recipe", "inputs", "C"]].itertuples(index=False, name=None)) == expected
    assert len(set(expected)) == len(expected)
    assert ((SEARCH.low <= SEARCH.accuracy) & (SEARCH.accuracy <= SEARCH.high)).all()


def test_the_simplest_within_one_standard_error_of_the_best_was_taken():
    for recipe, tried in SEARCH.groupby("recipe"):
        more = (tried.loss - tried.loss.min()).to_numpy()
        assert tried["above best"].to_numpy() == pytest.approx(more, abs=2e-4)
        tied = tried[tried["above best"] <= tried["standard error"]]
        assert tried.inputs[tried.chosen].tolist() == [tied.inputs.iloc[0]], recipe
        assert tried.C[tried.chosen].tolist() == [tied.C.iloc[0]]


def test_what_was_chosen_is_what_learns():
    chosen = SEARCH[SEARCH.chosen].set_index("recipe")
    for embedding in ("musicnn", "yamnet", "musicnn-yamnet"):
        assert training.RECIPES[embedding][0] == chosen.C[embedding]
    assert chosen.inputs["yamnet"] == "YAMNet + hand-made"
    assert chosen.inputs["musicnn-yamnet"] == "MusiCNN + YAMNet + hand-made"


def test_songs_that_score_do_not_choose(part):
    table, kinds = part
    tests = set(datasets.sampler().iloc[splits.fault_filtered(datasets.sampler())[0][1]].song_id)
    assert len(set(table.song_id)) == 331
    assert not tests & set(table.song_id)
    assert {len(X) for X in kinds.values()} == {len(table)}
    X = training.from_sampler("musicnn-yamnet").X[build_ears.training_part()[1]]
    np.testing.assert_array_equal(np.hstack([kinds[name] for name in build_ears.BOTH]), X)


@pytest.mark.parametrize(
    ("recipe", "inputs", "C"),
    [
        ("full", "hand-made", 0.01),
        pytest.param("musicnn-yamnet", "MusiCNN + YAMNet + hand-made", 0.0003,
                     marks=pytest.mark.slow),
        pytest.param("musicnn-yamnet", "MusiCNN + hand-made, averaged with YAMNet + hand-made",
                     0.001, marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_a_row_is_counted_again(recipe, inputs, C, part):
    row = SEARCH.query("recipe == @recipe and inputs == @inputs and C == @C").iloc[0]
    setting = next(tuple(setting) for setting in build_ears.SETTINGS
                   if (setting[0], build_ears.in_words(setting[1], setting[3]), setting[2])
                   == (recipe, inputs, C))  # fmt: skip
    for name, value in build_ears.figures(build_ears.examine(*part, *setting[1:])).items():
        assert value == pytest.approx(row[name], abs=0.005), name


def test_weights_make_windows_or_artists_count_alike():
    rows = pd.DataFrame({
        "genre": ["jazz"] * 4 + ["rock"] * 2,
        "artist_group": ["Ella", "Ella", "Ella", "Django", "Queen", "Queen"],
        "song_id": ["a", "a", "b", "c", "d", "e"],
    })  # fmt: skip
    assert (build_ears.by_window(rows) == 1).all()
    weights = build_ears.by_artist(rows)
    assert weights.mean() == pytest.approx(1)
    assert weights[:3].sum() == pytest.approx(weights[3])
    assert weights[:4].sum() == pytest.approx(weights[4:].sum())


def test_a_difference_has_a_standard_error_over_artists():
    judged = pd.DataFrame({"song_id": list("abcd"), "artist_group": ["x", "x", "y", "y"]})
    more = build_ears.above(judged.assign(loss=[1, 1, 2, 2]), judged.assign(loss=1.0))
    # Two artists, 0 and 1 above: half on average, and half of a deviation of 2 x 0.5 each.
    assert more["above best"] == pytest.approx(0.5)
    assert more["standard error"] == pytest.approx(np.sqrt(2) / 4)
    assert build_ears.above(judged.assign(loss=1.0), judged.assign(loss=1.0)) == {
        "above best": 0, "standard error": 0,
    }  # fmt: skip
