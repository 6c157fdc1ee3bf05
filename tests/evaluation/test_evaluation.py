"""Scores agree with scikit-learn's, intervals are honest, and the ladder falls."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from helpers import evaluation, splits

GENRES = ("blues", "jazz", "rock")


def predictions(genre, predicted, artist=None):
    """One song a row; by default each artist plays one."""
    n = len(genre)
    return pd.DataFrame(
        {
            "song_id": [f"song {i:03d}" for i in range(n)],
            "artist_group": [f"artist {i}" for i in (range(n) if artist is None else artist)],
            "genre": list(genre),
            "fold": 0,
            "predicted": list(predicted),
        }
    )


@pytest.fixture
def table():
    """Twelve songs of two windows; blue, jazzy and rocking features that nearly tell them apart."""
    rng = np.random.default_rng(0)
    songs = pd.DataFrame(
        [
            (f"{genre} {artist} {song}", f"{genre} {artist}", genre, code)
            for code, genre in enumerate(GENRES)
            for artist in range(6)
            for song in range(2)
        ],
        columns=["song_id", "artist_group", "genre", "code"],
    )
    table = pd.concat([songs, songs], ignore_index=True)
    X = table.code.to_numpy()[:, np.newaxis] + rng.normal(0, 0.3, (len(table), 3))
    return table.drop(columns="code"), X


pairs = st.lists(
    st.tuples(st.sampled_from(GENRES), st.sampled_from(GENRES), st.integers(0, 5)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=25)
@given(pairs)
def test_scores_are_those_of_scikit_learn(rows):
    genre, predicted, artist = zip(*rows, strict=True)
    p = predictions(genre, predicted, artist)
    accuracy, f1 = evaluation.accuracy(p), evaluation.macro_f1(p)
    assert accuracy.value == pytest.approx(accuracy_score(genre, predicted))
    assert f1.value == pytest.approx(f1_score(genre, predicted, average="macro", zero_division=0))
    assert (accuracy.n, accuracy.artists) == (len(rows), len(set(artist)))
    if len(set(artist)) > 1:
        assert accuracy.low <= accuracy.value + 1e-9
        assert accuracy.high >= accuracy.value - 1e-9


@settings(max_examples=25)
@given(pairs)
def test_confusion_counts_every_row_once(rows):
    genre, predicted, _ = zip(*rows, strict=True)
    counts = evaluation.confusion(predictions(genre, predicted), labels=GENRES)
    assert list(counts.index) == list(counts.columns) == list(GENRES)
    for true in GENRES:
        for taken_for in GENRES:
            expected = sum(row[:2] == (true, taken_for) for row in rows)
            assert counts.loc[true, taken_for] == expected


def test_confusion_loses_no_song_that_is_taken_for_a_genre_nobody_plays():
    counts = evaluation.confusion(predictions(["blues", "blues"], ["blues", "jazz"]))
    assert list(counts.columns) == ["blues", "jazz"]
    assert counts.to_numpy().tolist() == [[1, 1], [0, 0]]


def test_artists_who_fail_together_widen_the_interval():
    # Ten artists with ten songs each: all of a song right, or all wrong.
    artist = np.repeat(range(10), 10)
    together = np.where(artist < 6, "rock", "jazz")
    scattered = np.where(np.arange(100) % 10 < 6, "rock", "jazz")
    rock = ["rock"] * 100
    by_artist = evaluation.accuracy(predictions(rock, together, artist))
    by_song = evaluation.accuracy(predictions(rock, scattered))
    assert by_artist.value == by_song.value == pytest.approx(0.6)
    binomial = 2 * 1.96 * np.sqrt(0.6 * 0.4 / 100)
    assert by_song.high - by_song.low == pytest.approx(binomial, rel=0.1)
    assert by_artist.high - by_artist.low > 2.5 * binomial
    # Artists who all do equally well teach nothing new when drawn again.
    even = evaluation.accuracy(predictions(rock, scattered, artist))
    assert even.low == even.high == pytest.approx(0.6)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng, covered = np.random.default_rng(0), 0
    for _ in range(60):
        skill = rng.beta(2, 2, 40)  # of each artist; 0.5 on average
        artist = np.repeat(range(40), 4)
        right = rng.random(160) < skill[artist]
        score = evaluation.accuracy(
            predictions(["rock"] * 160, np.where(right, "rock", "jazz"), artist)
        )
        covered += score.low <= 0.5 <= score.high
    assert covered >= 52


def test_one_artist_alone_gives_no_interval():
    score = evaluation.accuracy(predictions(["rock"] * 3, ["rock", "rock", "jazz"], [0, 0, 0]))
    assert score.value == pytest.approx(2 / 3)
    assert np.isnan([score.low, score.high]).all()
    assert (score.n, score.artists) == (3, 1)


def test_a_score_prints_its_interval():
    assert str(evaluation.Score(0.5123, 0.4049, 0.6, 197, 20)) == "0.51 [0.40, 0.60]"


def test_votes_average_probabilities():
    windows = pd.DataFrame(
        {
            "song_id": ["a", "a", "a", "b"],
            "artist_group": ["x", "x", "x", "y"],
            "genre": ["jazz", "jazz", "jazz", "rock"],
            "fold": 0,
            "predicted": ["jazz", "jazz", "rock", "rock"],
            "p_jazz": [0.51, 0.51, 0.0, 0.2],
            "p_rock": [0.49, 0.49, 1.0, 0.8],
        }
    )
    songs = evaluation.vote(windows).set_index("song_id")
    # Two windows say jazz, hardly; one says rock, for sure.
    assert songs.predicted.to_dict() == {"a": "rock", "b": "rock"}
    assert songs.p_jazz["a"] == pytest.approx(1.02 / 3)
    assert songs.genre.to_dict() == {"a": "jazz", "b": "rock"}
    without = evaluation.vote(windows.drop(columns=["p_jazz", "p_rock"])).set_index("song_id")
    assert without.predicted.to_dict() == {"a": "jazz", "b": "rock"}


@pytest.mark.parametrize("order", [["rock", "jazz"], ["jazz", "rock"]])
def test_equal_votes_go_to_the_first_in_the_alphabet(order):
    windows = predictions(["rock", "rock"], order, [0, 0]).assign(song_id="the same")
    assert evaluation.vote(windows).predicted.tolist() == ["jazz"]
    sure = windows.assign(p_rock=[0.5, 0.5], p_jazz=[0.5, 0.5])[
        [*windows.columns, "p_jazz", "p_rock"]
    ]
    assert evaluation.vote(sure).predicted.tolist() == ["jazz"]


def test_a_genre_that_one_fold_never_saw_still_gets_its_vote():
    windows = predictions(["rock", "jazz"], ["rock", "jazz"])
    windows["p_jazz"], windows["p_rock"] = [np.nan, 0.9], [1.0, 0.1]
    assert evaluation.vote(windows).predicted.tolist() == ["rock", "jazz"]


def test_a_model_is_no_better_than_itself():
    p = predictions(["rock", "jazz"] * 20, ["rock"] * 40)
    result = evaluation.compare(p, p)
    assert result[:3] == (0, 0, 0)
    assert result.p == 1
    assert (result.n, result.only_a, result.only_b) == (40, 0, 0)


def test_a_model_that_is_always_better_is_found_better():
    genre = ["rock", "jazz"] * 20
    better = predictions(genre, genre)
    worse = predictions(genre, ["rock"] * 40).sample(frac=1, random_state=0)
    result = evaluation.compare(better, worse)
    assert result.difference == pytest.approx(0.5)
    assert 0 < result.low < 0.5 < result.high
    assert result.p < 0.01
    assert (result.only_a, result.only_b) == (20, 0)
    assert evaluation.compare(worse, better).difference == pytest.approx(-0.5)
    assert evaluation.compare(worse, better).p == pytest.approx(result.p)
    assert str(result).startswith("+0.50 [+0.")
    assert str(result).endswith("of 40, 20 right by A alone and 0 by B alone")


def test_forty_songs_of_two_artists_prove_little():
    # Song by song this would look as sure as it gets.
    genre, artist = ["rock", "jazz"] * 20, [0, 1] * 20
    worse = predictions(genre, ["blues"] * 40, artist)
    assert evaluation.compare(predictions(genre, genre, artist), worse).p >= 0.5


def test_luck_alone_is_seldom_called_better():
    rng, small = np.random.default_rng(1), 0
    for _ in range(60):
        a, b = (predictions(["rock"] * 30, rng.choice(["rock", "jazz"], 30)) for _ in "ab")
        small += evaluation.compare(a, b).p < 0.05
    assert small <= 8


def test_other_songs_cannot_be_compared():
    p = predictions(["rock", "jazz"], ["rock", "rock"])
    with pytest.raises(ValueError, match="different songs: use the same folds"):
        evaluation.compare(p, p.assign(song_id=["song 000", "song 007"]))
    with pytest.raises(ValueError, match="different songs"):
        evaluation.compare(p, p.iloc[:1])


class Spy(TransformerMixin, BaseEstimator):
    """Remembers which rows it was fitted on."""

    seen = ()

    def fit(self, X, y=None):
        Spy.seen = (*Spy.seen, set(X[:, 0]))
        return self

    def transform(self, X):
        return X


def test_whatever_is_fitted_never_sees_a_test_row(table):
    songs, X = table
    X = np.column_stack([np.arange(len(X)), X])
    folds = splits.by_artist(songs)
    Spy.seen = ()
    spy = Spy()
    evaluation.cross_val_predict(make_pipeline(spy, KNeighborsClassifier(1)), X, songs, folds)
    assert len(Spy.seen) == len(folds)
    for seen, (train, test) in zip(Spy.seen, folds, strict=True):
        assert seen == set(train)
        assert not seen & set(test)


@pytest.mark.parametrize("model", [KNeighborsClassifier(3), LinearSVC()])
def test_every_test_row_gets_its_prediction(table, model):
    songs, X = table
    folds = splits.by_song(songs)
    result = evaluation.cross_val_predict(model, X, songs, folds)
    assert sorted(result.index) == list(songs.index)
    for column in ("song_id", "artist_group", "genre"):
        assert result[column].equals(songs[column].loc[result.index])
    for fold, (train, test) in enumerate(folds):
        assert set(result.index[result.fold == fold]) == set(test)
        expected = model.fit(X[train], songs.genre.iloc[train].to_numpy(object)).predict(X[test])
        assert result.predicted.loc[test].tolist() == expected.tolist()
    if hasattr(model, "predict_proba"):
        chances = result[[f"p_{genre}" for genre in GENRES]]
        assert np.allclose(chances.sum(axis=1), 1)
    else:
        assert not [name for name in result if name.startswith("p_")]
    assert not hasattr(model, "n_features_in_") or model.n_features_in_ == 3


def test_a_model_is_left_as_it_was(table):
    songs, X = table
    model = KNeighborsClassifier(3)
    evaluation.cross_val_predict(model, X, songs, splits.by_song(songs))
    assert not hasattr(model, "classes_")


def test_a_fold_is_what_fit_and_predict_make_of_it(table):
    songs, X = table
    folds = splits.by_song(songs)
    train, test = folds[3]
    fitted = evaluation.fit(KNeighborsClassifier(3), X[train], songs.iloc[train])
    alone = evaluation.predict(fitted, X[test], songs.iloc[test], fold=3)
    together = evaluation.cross_val_predict(KNeighborsClassifier(3), X, songs, folds)
    pd.testing.assert_frame_equal(alone, together[together.fold == 3])
    assert (evaluation.predict(fitted, X[test], songs.iloc[test]).fold == 0).all()


def test_the_leaderboard_puts_the_best_first_and_says_how_it_was_won():
    genre = ["rock", "jazz"] * 10
    board = evaluation.leaderboard(
        {
            ("guessing", "by artist"): predictions(genre, ["rock"] * 20, [0, 1, 2, 3] * 5),
            ("knowing", "by song"): predictions(genre, genre),
        }
    )
    assert list(board.model) == ["knowing", "guessing"]
    assert list(board.protocol) == ["by song", "by artist"]
    assert list(board.n) == [20, 20]
    assert list(board.artists) == [20, 4]
    assert board["accuracy [95 %]"].str.fullmatch(r"\d\.\d\d \[\d\.\d\d, \d\.\d\d\]").all()
    assert board["macro F1 [95 %]"].str.fullmatch(r"\d\.\d\d \[\d\.\d\d, \d\.\d\d\]").all()


def test_balanced_weights_count_each_song_once_and_each_genre_the_same():
    table = pd.DataFrame(
        {"song_id": ["a"] * 10 + ["b", "c", "d"], "genre": ["rock"] * 11 + ["jazz", "jazz"]}
    )
    weights = pd.Series(evaluation.balanced_weights(table))
    by_song = weights.groupby(table.song_id).sum()
    assert by_song.to_numpy() == pytest.approx(by_song.mean())
    by_genre = weights.groupby(table.genre).sum()
    assert by_genre.jazz == pytest.approx(by_genre.rock)
    assert weights.mean() == pytest.approx(1)


def test_balanced_cross_validation_hands_the_weights_to_the_last_step():
    rng = np.random.default_rng(0)
    n = 40
    table = pd.DataFrame(
        {
            "song_id": ["one"] * 30 + [f"s{i}" for i in range(n - 30)],
            "artist_group": [f"a{i}" for i in range(n)],
            "genre": ["rock"] * 30 + ["jazz"] * 10,
        }
    )
    X = rng.normal(size=(n, 2))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-6))
    train = np.arange(n)
    plain, balanced = (
        evaluation.cross_val_predict(model, X, table, [(train, train)], balanced=balanced)
        for balanced in (False, True)
    )
    assert plain.p_rock.mean() == pytest.approx(0.75, abs=0.01)
    assert balanced.p_rock.mean() == pytest.approx(0.5, abs=0.01)
