"""The other collection is what it says it is, and can be made again."""

import build_outside as builder
import numpy as np
import pandas as pd
import pytest

from helpers import datasets, features, splits
from helpers.datasets import DATA, GENRES

SHARED = {
    "classical": {"Erik Satie", "Henri Dutilleux", "JS Bach", "Mozart", "Tchaikovsky", "Vivaldi"},
    "country": {"Johnny Cash", "Shania Twain"},
    "jazz": {"Dexter Gordon", "Miles Davis"},
    "metal": {"Iron Maiden", "Metallica", "Rage Against the Machine"},
}
OTHERS = {"ambient", "dance", "electronic", "film", "folk", "funk", "r&b", "video game"}


@pytest.fixture(scope="module")
def outside():
    return datasets.outside()


@pytest.fixture(scope="module")
def clips(outside):
    return outside.drop_duplicates("song_id")


def test_as_many_clips_windows_and_genres_as_promised(outside, clips):
    assert len(outside) == 1304
    known = clips[clips.known]
    assert set(known.genre) < set(GENRES)
    assert known.genre.value_counts().to_dict() == dict.fromkeys(known.genre, 21)
    assert len(known) == 147
    assert clips.genre[~clips.known].value_counts().to_dict() == dict.fromkeys(OTHERS, 4)
    starts = outside.groupby("song_id").start.apply(list)
    eight = clips.set_index("song_id").known
    assert all(starts[eight].map(lambda found: found == list(range(0, 24, 3))))
    assert all(starts[~eight].map(lambda found: found == list(range(0, 12, 3))))


def test_numbers_are_whole_and_go_with_the_rows(outside):
    described = outside[list(features.names("full"))]
    assert np.isfinite(described).all(axis=None)
    for ear, columns in (("musicnn", 300), ("yamnet", 1545)):
        heard = datasets.embeddings(ear, "outside")
        assert heard.shape == (1304, columns)
        assert heard.dtype == np.float32
        assert np.isfinite(heard).all()
        # Windows of a clip sound more alike than windows of two.
        gap = np.linalg.norm(heard - np.roll(heard, 1, axis=0), axis=1)
        first = (outside.start == 0).to_numpy()
        assert np.median(gap[~first]) < 0.8 * np.median(gap[first])


def test_artists_of_both_collections_are_found_however_they_are_spelt(clips):
    """By the aliases that ship; and no other name is the same but for capitals and dots."""
    both = clips[clips.artist_group.isin(datasets.songs().artist_group)]
    assert both.groupby("genre").artist_group.agg(set).to_dict() == SHARED
    assert len(both) == 14
    ours = {splits.plain(name) for name in datasets.songs().artist.dropna()}
    alike = clips.artist.map(splits.plain).isin(ours)
    assert set(clips.song_id[alike]) <= set(both.song_id)


def test_surnames_that_both_collections_have_were_looked_at(clips):
    """An alias is a full name of somebody whom GTZAN calls by less."""
    for full, short in builder.ALIASES.items():
        assert short.split()[-1] in full.split()
        assert (clips.artist == full).any()
        assert (datasets.songs().artist == short).any()


def test_listeners_were_counted_in_two_ways(clips):
    """`genre_match` is a share of listeners, `rated_genre_perc` of answers: some gave two."""
    agree = clips.rated_genre.str.lower() == clips.genre
    ratio = (clips.genre_match / clips.rated_genre_perc)[agree]
    assert len(ratio) > 60
    assert ratio.between(1, 2).all()
    assert clips.genre_match[clips.known].mean() == pytest.approx(48.3, abs=0.05)
    assert clips[["rated_genre", "rated_genre_perc", "genre_match"]].notna().all(axis=None)


def test_checksums_name_every_clip(clips):
    files = datasets.SOURCES["musifeast"].files
    assert {f"{name}.mp3" for name in clips.song_id} == files.keys()
    assert all(len(sha256) == 64 for sha256 in files.values())


def test_the_clips_are_found_where_they_were_fetched_to(tmp_path, monkeypatch):
    monkeypatch.setenv("GENRE_DATA", str(tmp_path))
    monkeypatch.setattr(datasets, "cache", lambda: tmp_path / "nothing")
    folder = tmp_path / "musifeast"
    folder.mkdir()
    for name in list(datasets.SOURCES["musifeast"].files)[1:]:
        (folder / name).touch()
    assert datasets.local_path("musifeast") is None
    for name in datasets.SOURCES["musifeast"].files:
        (folder / name).touch()
    assert datasets.fetch("musifeast") == folder


def test_clips_that_were_cut_are_not_taken_for_the_originals(shared_data, monkeypatch, tmp_path):
    monkeypatch.setenv("GENRE_DATA", str(shared_data))
    monkeypatch.setattr(datasets, "cache", lambda: tmp_path)
    assert datasets.local_path("musifeast") is None


def test_facts_made_again_are_those_that_ship(shared_data):
    shipped = pd.read_csv(DATA / "outside.csv", keep_default_na=False, na_values=[""])
    made = builder.facts(shared_data / "musifeast/MUSIFEAST17_all.csv", shipped.song_id)
    pd.testing.assert_frame_equal(made, shipped, check_dtype=False, rtol=1e-5)


def test_windows_made_again_are_those_that_ship(shared_data, outside, musicnn_wheel, yamnet_tflite):
    names = {"Jazz_LOW_15": True, "VG_LOW_04": False}
    paths = [next((shared_data / "musifeast").rglob(f"{name}.mp3")) for name in names]
    made = builder.describe(paths, names.values())
    rows = np.flatnonzero(outside.song_id.isin(names))
    assert len(rows) == len(made["described"]) == 12
    described = outside[list(features.names("full"))].to_numpy()[rows]
    np.testing.assert_allclose(made["described"], described, rtol=1e-3, atol=1e-5)
    for ear in ("musicnn", "yamnet"):
        heard = datasets.embeddings(ear, "outside")[rows]
        np.testing.assert_allclose(made[ear], heard, rtol=0.01, atol=0.005)
