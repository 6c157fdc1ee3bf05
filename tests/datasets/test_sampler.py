"""The sampler is what it says it is, and can be made again."""

import hashlib
import zipfile

import build_sampler as builder
import numpy as np
import pandas as pd
import pytest

from helpers import datasets, features
from helpers.datasets import DATA

SHA256 = {
    "sampler_features.csv": "bf70bf67dd8d8ebcee234408a132c94b9df76a0d38575e509c3af2f0ff734c7e",
    "sampler_patches.npz": "e700b04443c5cf5b1822516b9fda475e62458ec5c3b2742256f0794801fb2afa",
    "sampler_musicnn.npz": "931465dc0beaeceb8df400a0ef8e299fd568f915ae717a5a2d3a50e458845bd8",
    "sampler_yamnet.npz": "66ea00f0f6193c96ef206a62927368b030cd3c2364cd645c74cbec0d622e2cc4",
    "outside.csv": "9555c51718a43326f3b32636caf32a4bc9481ab0c0123f29eda1aa7cd0dd5ebf",
    "outside.npz": "56ee86aca23704e59220a2736cd946fb7ba4fd39db30ad0d664b8cbfdce8b473",
    "script_features.csv": "1381429bec961f7412e8948c014dd1be140a461239ca76fa35d7956bc89250ca",
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
def sources(shared_data):
    return shared_data / "audio" / "gtzan_mini", shared_data / "audio" / "gtzan_clips"


@pytest.mark.parametrize("name", SHA256)
def test_what_ships_is_what_was_measured(name):
    assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == SHA256[name]


def test_what_ships_is_small_and_holds_no_audio():
    files = [path for path in DATA.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 20_000_000
    for path in files:
        with open(path, "rb") as file:
            head = file.read(12)
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


def test_songs_are_those_of_the_song_list(sampler):
    songs = datasets.songs()
    known = sampler[list(songs.columns)].drop_duplicates().set_index("song_id")
    pd.testing.assert_frame_equal(known, songs.set_index("song_id").loc[known.index])


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


def test_features_lie_in_their_ranges(sampler):
    assert set(RANGES) == set(features.FRAME_FEATURES)
    assert np.isfinite(sampler[list(features.names("full"))]).all(axis=None)
    for name, (low, high) in RANGES.items():
        mean, std = sampler[f"{name}_mean"], sampler[f"{name}_std"]
        assert mean.between(low, high).all(), name
        # No spread is wider than half of its range.
        assert std.between(0, (high - low) / 2, inclusive="right").all(), name
        # A feature that hardly differs from window to window would be broken.
        assert mean.nunique() > 700, name


def test_patches_are_quiet_and_loud_in_reason(patches):
    assert patches.dtype == np.uint8
    assert patches.shape == (1409, 64, 128)
    assert 0 < patches.min() < 10
    assert 70 < patches.max() < 100  # far from 255, where it would clip
    # No patch is empty or stuck.
    assert (np.ptp(patches.reshape(1409, -1), axis=1) > 10).all()


def test_patches_go_with_the_rows_of_the_table(sampler, patches):
    # MFCC 1 is the mean level in dB (times a constant): the two must rise and fall together.
    db = features.from_bytes(patches[::5])
    assert db.dtype == np.float32
    level = db.mean(axis=(1, 2))
    assert -20 < level.mean() < 0
    assert np.corrcoef(level, sampler.mfcc1_mean[::5])[0, 1] > 0.98
    brightness = db[:, 32:].mean(axis=(1, 2)) - db[:, :32].mean(axis=(1, 2))
    assert np.corrcoef(brightness, sampler.mfcc2_mean[::5])[0, 1] < -0.9


def test_the_builder_lists_the_windows_of_the_sampler(sources, sampler):
    windows = builder.window_list(*sources)
    assert windows.song_id.tolist() == sampler.song_id.tolist()
    assert windows.start.tolist() == sampler.start.tolist()


def test_rows_made_again_are_those_that_ship(sources, sampler, patches, tmp_path):
    folders, songs = [], [["blues.00000"], ["jazz.00020", "metal.00030", "pop.00050"]]
    for source, names in zip(sources, songs, strict=True):
        folders.append(tmp_path / source.name)
        folders[-1].mkdir()
        for name in names:
            [path] = source.rglob(f"{name}.wav")
            (folders[-1] / path.name).symlink_to(path)
            (folders[-1] / f"._{path.name}").write_bytes(b"a macOS side file")
    table, made = builder.build(*folders)
    assert list(table.columns) == ["song_id", "start", *features.names("full")]
    assert table.song_id.tolist() == ["blues.00000"] * 10 + songs[1]
    rows = np.flatnonzero(sampler.song_id.isin(table.song_id))
    for column in features.names("full"):
        np.testing.assert_allclose(table[column], sampler[column][rows], rtol=1e-4, atol=1e-6)
    # Rounding to 1.5 dB may go the other way on another processor.
    steps = np.abs(made.astype(int) - patches[rows])
    assert steps.max() <= 1
    assert np.count_nonzero(steps, axis=(1, 2)).max() <= 10


@pytest.mark.usefixtures("yamnet_tflite")
def test_what_yamnet_hears_again_is_what_ships(sources):
    rows = [0, 505, 999, 1400]
    made = builder.embed(builder.window_list(*sources).iloc[rows], "yamnet")
    assert made.dtype == np.float16
    apart = np.abs(made - datasets.embeddings("yamnet")[rows])
    # YAMNet's layers round to 256 steps: a last digit can turn one of them.
    assert apart.mean() < 0.005
    assert apart.max() < 0.3
