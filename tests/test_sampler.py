"""The sampler is what it says it is, and can be made again."""

import hashlib
import importlib.util
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import datasets, features, shipped

DATA = Path(__file__).resolve().parents[1] / "data"
SHA256 = {
    "sampler_features.csv": "bf70bf67dd8d8ebcee234408a132c94b9df76a0d38575e509c3af2f0ff734c7e",
    "sampler_patches.npz": "e700b04443c5cf5b1822516b9fda475e62458ec5c3b2742256f0794801fb2afa",
    "sampler_musicnn.npz": "ddf666a2ca54c58b5ee492b24b0c301857395ce261e319d553a4921ffae46097",
    "songs.csv": "a01e24f39172ba515571839eb9a5c84977e207d1f4a19dd9a1c9637d102923e6",
    "gtzan-clips.sha256": "ecbeef26a7966f8627ccf6bbae920d87dd81a77f692367f9e54f2fc5eec4582d",
    "gtzan-mini.sha256": "f73503ea0f5d687db8863c52363eee0c5ddc671550a11bc91d9bfef48caeb2d9",
}
# How the first bytes of WAV, AIFF, FLAC, OGG, AU, MP3 (with and without a title) and MP4 read.
AUDIO = (b"RIFF", b"FORM", b"fLaC", b"OggS", b".snd", b"ID3", b"\xff\xfb", b"\xff\xf3")


@pytest.fixture(scope="module")
def sampler():
    return datasets.sampler()


@pytest.fixture(scope="module")
def patches():
    return datasets.patches()


@pytest.fixture(scope="module")
def builder():
    """data/build_sampler.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("build_sampler", DATA / "build_sampler.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sources(shared_data):
    return shared_data / "audio" / "gtzan_mini", shared_data / "audio" / "gtzan_clips"


@pytest.mark.parametrize("name", SHA256)
def test_what_ships_is_what_was_measured(name):
    assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == SHA256[name]


def test_what_ships_is_small_and_holds_no_audio():
    files = [path for path in DATA.iterdir() if path.is_file()]
    assert {path.name for path in files} >= set(SHA256)
    assert sum(path.stat().st_size for path in files) < 10_000_000
    for path in files:
        head = path.read_bytes()[:12]
        assert not head.startswith(AUDIO), path.name
        assert head[4:8] != b"ftyp", path.name
    with zipfile.ZipFile(DATA / "sampler_patches.npz") as archive:
        assert archive.namelist() == ["patches.npy"]


def test_as_many_windows_songs_and_artists_as_promised(sampler):
    songs = sampler.drop_duplicates("song_id")
    assert len(sampler) == 1409
    assert len(songs) == 509
    assert sampler.artist_group.nunique() == 197
    assert songs.artist.nunique() == 154
    assert songs.artist.isna().sum() == 43
    parts = songs.fault_filtered_split.value_counts()
    assert parts.to_dict() == {"train": 233, "valid": 98, "test": 130}
    assert set(songs.genre) == set(datasets.GENRES)


def test_ten_windows_of_a_hundred_songs_and_one_of_the_others(sampler):
    starts = sampler.groupby("song_id").start.apply(list)
    assert [s for s in starts if len(s) > 1] == [list(range(0, 30, 3))] * 100
    assert [s for s in starts if len(s) == 1] == [[0]] * 409
    assert not sampler.duplicated(["song_id", "start"]).any()


def test_songs_are_those_of_the_song_list(sampler):
    songs = datasets.songs()
    pd.testing.assert_frame_equal(shipped.songs(), songs)
    columns = list(songs.columns)
    known = sampler[columns].drop_duplicates().set_index("song_id")
    pd.testing.assert_frame_equal(known, songs.set_index("song_id").loc[known.index])


def test_the_81_songs_that_nobody_knows_are_artists_of_their_own():
    songs = datasets.songs()
    assert len(songs) == 1000
    assert (songs.genre.value_counts() == 100).all()
    assert (songs.song_id.str.split(".").str[0] == songs.genre).all()
    unknown = songs.artist.isna()
    assert unknown.sum() == 81
    assert songs.artist_group[unknown].tolist() == songs.song_id[unknown].tolist()
    assert songs.artist_group[~unknown].tolist() == songs.artist[~unknown].tolist()


NYQUIST = 22_050 / 2
RANGES = {
    "chroma_stft": (0, 1),
    "rmse": (0, 1),
    "spectral_centroid": (0, NYQUIST),
    "spectral_bandwidth": (0, NYQUIST),
    "rolloff": (0, NYQUIST),
    "zero_crossing_rate": (0, 1),
    "flatness": (0, 1),
    "onset_strength": (0, 80),
    **{f"mfcc{i}": (-1200, 1200) for i in range(1, 21)},
    **{f"contrast{i}": (0, 100) for i in range(1, 8)},
}


@pytest.mark.parametrize("name", features.FRAME_FEATURES)
def test_features_lie_in_their_ranges(sampler, name):
    low, high = RANGES[name]
    mean, std = sampler[f"{name}_mean"], sampler[f"{name}_std"]
    assert mean.between(low, high).all()
    # No spread is wider than half of its range.
    assert std.between(0, (high - low) / 2).all()
    # A feature that hardly differs from window to window would be broken.
    assert mean.nunique() > 700
    assert (std > 0).all()


def test_nothing_is_missing(sampler):
    numbers = sampler[["start", *features.names("full")]].to_numpy(float)
    assert np.isfinite(numbers).all()
    assert numbers.shape == (1409, 71)


def test_patches_are_quiet_and_loud_in_reason(patches):
    assert patches.dtype == np.uint8
    assert patches.shape == (1409, 64, 128)
    assert 0 < patches.min() < 10
    assert 70 < patches.max() < 100  # far from 255, where it would clip
    db = features.from_bytes(patches)
    assert db.dtype == np.float32
    assert -20 < db.mean() < 0
    # No patch is empty or stuck.
    assert (patches.reshape(1409, -1).std(axis=1) > 2).all()


def test_patches_go_with_the_rows_of_the_table(sampler, patches):
    # MFCC 1 is the mean level in dB (times a constant): the two must rise and fall together.
    level = features.from_bytes(patches).mean(axis=(1, 2))
    assert np.corrcoef(level, sampler.mfcc1_mean)[0, 1] > 0.98
    brightness = patches.astype(float)[:, 32:].mean((1, 2)) - patches[:, :32].mean((1, 2))
    assert np.corrcoef(brightness, sampler.mfcc2_mean)[0, 1] < -0.9


def test_the_builder_lists_the_windows_of_the_sampler(builder, sources, sampler):
    windows = builder.window_list(*sources)
    assert windows.song_id.tolist() == sampler.song_id.tolist()
    assert windows.start.tolist() == sampler.start.tolist()


def test_rows_made_again_are_those_that_ship(builder, sources, sampler, patches):
    windows = builder.window_list(*sources)
    rng = np.random.default_rng(0)
    mini, clips = rng.choice(1000, 10, replace=False), rng.choice(range(1000, 1409), 10)
    for i in [*mini, *clips]:
        row, patch = builder.describe_window(windows.path[i], windows.start[i])
        shipped_row = sampler.loc[i, list(features.names("full"))].to_numpy(float)
        np.testing.assert_allclose(row, shipped_row, rtol=1e-4, atol=1e-6)
        steps = np.abs(patch.astype(int) - patches[i])
        # Rounding to 1.5 dB may go the other way on another processor.
        assert steps.max() <= 1
        assert np.count_nonzero(steps) <= 10


def test_build_writes_the_windows_in_that_form(builder, sources, sampler, patches, tmp_path):
    mini, clips = tmp_path / "mini", tmp_path / "clips"
    songs = ("blues.00000", "jazz.00001")
    for folder, source, song in zip((mini, clips), sources, songs, strict=True):
        folder.mkdir()
        [path] = source.rglob(f"{song}.wav")
        (folder / path.name).symlink_to(path)
        (folder / f"._{path.name}").write_bytes(b"a macOS side file")
    table, made = builder.build(mini, clips)
    assert table.song_id.tolist() == ["blues.00000"] * 10 + ["jazz.00001"]
    assert list(table.columns) == ["song_id", "start", *features.names("full")]
    assert made.shape == (11, 64, 128)
    ours = np.flatnonzero(sampler.song_id == "blues.00000")
    assert np.abs(made[:10].astype(int) - patches[ours]).max() <= 1
