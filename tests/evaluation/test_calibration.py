"""Probabilities that mean what they say, and a threshold that keeps its promise."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from helpers.evaluation import calibration

GENRES = ["blues", "jazz", "rock"]
COLUMNS = [f"p_{genre}" for genre in GENRES]


def judged(confidence, right):
    """Songs of which only confidence and rightness matter."""
    genre = np.where(right, "jazz", "blues")
    return pd.DataFrame({"confidence": confidence, "predicted": "jazz", "genre": genre})


def overconfident(n=3000, factor=2.0, seed=0):
    """Songs whose genres are drawn from known probabilities, and a model that exaggerates those."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 3)) * 1.5
    genre = [GENRES[rng.choice(3, p=p)] for p in softmax(logits, axis=1)]
    table = pd.DataFrame(softmax(factor * logits, axis=1), columns=COLUMNS)
    facts = {"song_id": np.arange(n).astype(str), "artist_group": "a", "fold": np.arange(n) % 5}
    return calibration.by_song(table.assign(**facts, genre=genre))


def test_windows_are_combined_by_their_geometric_mean():
    p = calibration.combine([[0.8, 0.1, 0.1], [0.2, 0.4, 0.4]])
    np.testing.assert_allclose(p, np.array([0.4, 0.2, 0.2]) / 0.8)


def test_no_window_alone_rules_a_genre_out():
    p = calibration.combine([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert 0.9 < p[1] < 1


@given(
    windows=st.lists(st.lists(st.floats(0.001, 1), min_size=3, max_size=3), min_size=1, max_size=6),
    temperature=st.floats(0.1, 10),
)
def test_the_same_music_again_changes_nothing(windows, temperature):
    p = calibration.combine(windows, temperature)
    assert p.sum() == pytest.approx(1)
    np.testing.assert_allclose(calibration.combine(windows * 3, temperature), p, atol=1e-9)
    cooler = calibration.combine(windows, temperature / 2)
    assert cooler.max() >= p.max() - 1e-9
    assert p[cooler.argmax()] == pytest.approx(p.max())


def test_each_song_gets_one_row():
    rows = pd.DataFrame(
        {
            "song_id": ["b", "a", "b"],
            "artist_group": ["y", "x", "y"],
            "genre": ["rock", "jazz", "rock"],
            "fold": [1, 0, 1],
            "p_blues": [0.2, np.nan, 0.2],  # nobody plays blues in the training part of fold 0
            "p_jazz": [0.7, 0.6, 0.1],
            "p_rock": [0.1, 0.4, 0.7],
        },
        index=[7, 3, 7],
    )
    songs = calibration.by_song(rows).set_index("song_id")
    assert songs.windows.to_dict() == {"a": 1, "b": 2}
    assert songs.predicted.to_dict() == {"a": "jazz", "b": "jazz"}
    assert songs.genre.to_dict() == {"a": "jazz", "b": "rock"}
    expected = calibration.combine(rows.loc[7, COLUMNS])
    np.testing.assert_allclose(songs.loc["b", COLUMNS].astype(float), expected)
    assert songs.p_blues["a"] < 1e-5
    assert songs.confidence["b"] == pytest.approx(expected.max())


@pytest.mark.parametrize("factor", [0.5, 1, 3])
def test_the_temperature_undoes_exaggeration(factor):
    songs = overconfident(factor=factor)
    temperature = calibration.fit_temperature(songs)
    assert temperature == pytest.approx(factor, rel=0.1)
    tempered = calibration.apply_temperature(songs, temperature)
    assert calibration.calibration_error(tempered) < 0.03
    if factor != 1:
        assert calibration.calibration_error(songs) > 0.1
    assert (tempered.predicted == songs.predicted).all()


def test_coverage_counts_the_surest_first():
    table = calibration.coverage(judged([0.5, 0.9, 0.7, 0.6], [False, True, True, False]))
    assert table.coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert table.accuracy.tolist() == pytest.approx([1, 1, 2 / 3, 1 / 2])
    assert table.threshold.tolist() == [0.7, 0.6, 0.5, 0]


def test_songs_of_one_probability_are_answered_together():
    table = calibration.coverage(judged([0.9, 0.7, 0.7, 0.5], [True, True, False, True]))
    assert table.coverage.tolist() == [0.25, 0.75, 1]


def test_the_threshold_is_the_lowest_that_keeps_the_promise():
    confidence = np.linspace(0.99, 0.5, 50)
    right = np.r_[np.ones(20, bool), np.zeros(30, bool)]
    threshold = calibration.fit_threshold(judged(confidence, right), 0.8)
    answered = right[confidence > threshold]
    assert len(answered) == 25
    assert answered.mean() == 0.8
    assert calibration.fit_threshold(judged(confidence, ~right), 0.8) == 1
    assert calibration.fit_threshold(judged(confidence, right | True), 0.8) == 0
    # Nine right answers in a row prove nothing.
    assert calibration.fit_threshold(judged(confidence, confidence > 0.905), 0.8) < 1
    assert calibration.fit_threshold(judged(confidence[:9], right[:9]), 0.8) == 1


def test_no_fold_is_judged_by_its_own_songs():
    songs = overconfident(400)
    before = calibration.cross_fit(songs, 0.8)
    mine = songs.fold == 2
    wrong = songs.assign(genre=songs.genre.mask(mine, "blues"))
    after = calibration.cross_fit(wrong, 0.8)
    kept = [*COLUMNS, "sure", "predicted"]
    pd.testing.assert_frame_equal(after.loc[mine, kept], before.loc[mine, kept])
    assert not np.allclose(after.loc[~mine, COLUMNS], before.loc[~mine, COLUMNS])


def test_the_promise_is_kept_on_songs_that_did_not_choose_the_threshold():
    crossed = calibration.cross_fit(overconfident(), 0.8)
    sure = crossed[crossed.sure]
    assert (sure.predicted == sure.genre).mean() == pytest.approx(0.8, abs=0.03)
    assert 0.2 < crossed.sure.mean() < 0.9
    assert calibration.calibration_error(crossed) < 0.03


def test_the_calibration_error_is_a_mean_over_groups_of_equal_size():
    songs = judged(np.linspace(0, 1, 20), np.arange(20) >= 10)
    sure = np.linspace(0, 1, 20).reshape(4, 5).mean(axis=1)
    wanted = np.abs(sure - [0, 0, 1, 1]).mean()
    assert calibration.calibration_error(songs, bins=4) == pytest.approx(wanted)
    assert calibration.calibration_error(songs[:3], bins=8) == pytest.approx(1 / 19)
