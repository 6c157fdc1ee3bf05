"""Nobody sits in both rooms: the splits keep what they promise, on any table."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import datasets, splits

ALL = [splits.by_row, splits.by_song, splits.by_artist]


def song_ids(*names, genre="rock"):
    return splits.songs_by_name(pd.DataFrame({"filename": names, "genre": genre}))[0].tolist()


@pytest.mark.parametrize(
    "form",
    ["{}.{}.wav", "{}_{}", "{}-0{}.FLAC", "{} ({}).mp3", "{} part {}", "{} [{} of 8]", "{}_chunk{}",
     "{}#{}", "{} pt. {}.ogg", "{}_seg00{}", "{}_{}s.wav", "{}_{}_3.wav"],
)  # fmt: skip
def test_a_last_number_marks_pieces_where_several_names_remain(form):
    names = [form.format(song, i) for song in ("Yes 90125", "one.00001", "ü") for i in range(3)]
    assert song_ids(*names) == ["Yes 90125"] * 3 + ["one.00001"] * 3 + ["ü"] * 3


@pytest.mark.parametrize(
    "form",
    ["rock_{:02d}.wav", "rock.{:05d}.wav", "Rock ({}).mp3", "track {}", "{:02d} - Title {}",
     "{:06d}.mp3", "album/{:02d}.wav", "title{}"],
)  # fmt: skip
def test_a_last_number_counts_songs_where_one_name_remains(form):
    names = [form.format(i, chr(65 + i)) for i in range(20)]
    assert len(set(song_ids(*names))) == 20


def test_songs_that_are_numbered_stand_beside_others():
    rock = [f"rock.{i:05d}.wav" for i in range(9)]
    assert len(set(song_ids(*rock, "Song 2.wav", "Smells Like Teen Spirit.wav"))) == 11
    assert len(set(song_ids("take 0.wav", "take 1, live.wav", "take 2.wav"))) == 3
    names = ["a.mp3", "a (1).mp3", "b.mp3", "b (1).mp3", "a.wav"]
    assert song_ids(*names) == ["a", "a", "b", "b", "a"]


def test_the_songs_of_gtzan_are_a_thousand_whole_or_in_pieces():
    songs = datasets.songs()
    whole = songs.assign(filename=songs.song_id + ".wav")
    pieces = pd.concat([songs.assign(filename=songs.song_id + f".{i}.wav") for i in range(10)])
    for table in (whole, pieces.reset_index(drop=True)):
        song_id, doubtful = splits.songs_by_name(table)
        assert (song_id == table.song_id).all()
        assert doubtful == []


def test_one_name_alone_is_doubtful_beside_pieces():
    names = [*(f"a_{i}" for i in range(4)), "b_0", "b_1", "c_0", "c_1"]
    table = pd.DataFrame({"filename": names, "genre": ["jazz"] * 4 + ["rock"] * 4})
    song_id, doubtful = splits.songs_by_name(table)
    assert (song_id.nunique(), doubtful) == (6, ["jazz"])


def test_a_name_as_long_as_a_book_is_no_trap():
    song_ids("a_" * 50_000 + "x", "a part" + "_" * 100_000 + "x")


@st.composite
def tables(draw):
    """Windows of songs of artists, at least five artists a genre, in any order."""
    rows = []
    for genre in ("blues", "jazz", "rock")[: draw(st.integers(2, 3))]:
        for artist in range(draw(st.integers(5, 9))):
            for song in range(draw(st.integers(1, 4))):
                name = f"{genre} artist {artist}"
                rows += [(genre, name, f"{name} song {song}")] * draw(st.integers(1, 4))
    rows = draw(st.permutations(rows))
    return pd.DataFrame(rows, columns=["genre", "artist_group", "song_id"])


def shared(table, column, one, other):
    return set(table[column].iloc[one]) & set(table[column].iloc[other])


@pytest.mark.parametrize("split", ALL)
@settings(max_examples=15)
@given(table=tables(), seed=st.integers(0, 99))
def test_every_row_is_tested_once_by_a_model_that_did_not_hear_it(split, table, seed):
    folds = split(table, seed=seed)
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested) == list(range(len(table)))
    for train, test in folds:
        assert not set(train) & set(test)
        assert sorted([*train, *test]) == list(range(len(table)))
        assert len(train)
        assert len(test)
        if split != splits.by_row:
            assert not shared(table, "song_id", train, test)
        if split == splits.by_artist:
            assert not shared(table, "artist_group", train, test)


@settings(max_examples=15)
@given(table=tables(), seed=st.integers(0, 99), data=st.data())
def test_validation_artists_stay_apart_and_inside_the_training_part(table, seed, data):
    train, test = data.draw(st.sampled_from(splits.by_artist(table, seed=seed)))
    fit, valid = splits.validation_artists(table, train, share=0.25, seed=seed)
    assert len(fit)
    assert len(valid)
    assert sorted([*fit, *valid]) == sorted(train)
    assert not shared(table, "artist_group", fit, valid)
    assert not shared(table, "artist_group", test, valid)


def test_an_artist_who_plays_half_of_all_leaves_no_empty_fold():
    plays = {
        "a": ("rock", 2),
        "b": ("jazz", 5),
        "c": ("pop", 1),
        "d": ("jazz", 7),
        "e": ("jazz", 3),
    }
    table = pd.DataFrame(
        [(genre, artist) for artist, (genre, n) in plays.items() for _ in range(n)],
        columns=["genre", "artist_group"],
    )
    with pytest.warns(UserWarning, match="least populated"):
        folds = splits.by_artist(table)
    assert all(len(train) and len(test) for train, test in folds)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(table)))


def test_shuffled_windows_do_put_songs_on_both_sides():
    # The trap has to be one, or the ladder would show nothing.
    sampler = datasets.sampler()
    train, test = splits.by_row(sampler)[0]
    assert len(shared(sampler, "song_id", train, test)) > 50


@pytest.mark.parametrize("split", [*ALL, splits.fault_filtered])
def test_the_same_table_gives_the_same_folds(split):
    sampler = datasets.sampler()
    for (train, test), (again_train, again_test) in zip(
        split(sampler), split(sampler), strict=True
    ):
        np.testing.assert_array_equal(train, again_train)
        np.testing.assert_array_equal(test, again_test)


@pytest.mark.parametrize("split", ALL)
def test_another_seed_gives_other_folds(split):
    sampler = datasets.sampler()
    assert list(split(sampler)[0][1]) != list(split(sampler, seed=1)[0][1])


@pytest.mark.parametrize("split", ALL)
def test_each_fold_tests_every_genre_of_the_sampler(split):
    sampler = datasets.sampler()
    for _, test in split(sampler):
        assert set(sampler.genre.iloc[test]) == set(datasets.GENRES)


def test_the_fault_filtered_split_of_the_sampler():
    sampler = datasets.sampler()
    [(train, test)] = splits.fault_filtered(sampler)
    part = sampler.drop_duplicates("song_id").fault_filtered_split.value_counts()
    assert part.to_dict() == {"train": 233, "valid": 98, "test": 130}
    assert sampler.song_id.iloc[train].nunique() == 233 + 98
    assert sampler.song_id.iloc[test].nunique() == 130
    assert not shared(sampler, "artist_group", train, test)


def test_the_fault_filtered_split_of_all_songs_is_the_published_one():
    songs = datasets.songs()
    [(train, test)] = splits.fault_filtered(songs)
    assert songs.fault_filtered_split.value_counts().to_dict() == {
        "train": 443,
        "test": 290,
        "valid": 197,
    }
    assert (len(train), len(test)) == (443 + 197, 290)
    assert not shared(songs, "artist_group", train, test)
    thrown_out = set(songs.index) - set(train) - set(test)
    assert songs.fault_filtered_split.iloc[sorted(thrown_out)].isna().all()
