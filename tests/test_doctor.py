"""One file of every kind of trouble, and each is found."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from helpers import doctor as room
from helpers.datasets import doctor

REAL = Path(__file__).parents[2] / "shared/data/audio"
SR = 8000


def noise(seconds=3.0, seed=0, level=3000):
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(0, level, round(seconds * SR)), -32000, 32000).astype(np.int16)


@pytest.fixture
def folder(tmp_path):
    """Five healthy songs of two genres."""
    for i, genre in enumerate(["rock", "rock", "rock", "jazz", "jazz"]):
        write(tmp_path / genre / f"song{i}.wav", noise(seed=i))
    return tmp_path


def write(path, samples, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, samples, SR, **kwargs)
    return path


def found(folder):
    table = doctor(folder)
    return {(row.genre, row.filename): row.problem for row in table.itertuples()}


def halved(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def test_a_healthy_folder_has_nothing_to_report(folder):
    table = doctor(folder)
    assert table.empty
    assert list(table.columns) == ["filename", "genre", "problem", "advice"]


@pytest.mark.parametrize("ending", ["wav", "aiff", "au", "flac", "mp3"])
def test_a_truncated_file_is_found(folder, ending):
    halved(write(folder / f"rock/cut.{ending}", noise(seed=9)))
    assert found(folder) == {("rock", f"cut.{ending}"): "truncated"}


def test_a_truncated_file_longer_than_a_block_is_found(folder, monkeypatch):
    monkeypatch.setattr(room, "BLOCK_FRAMES", 1000)
    halved(write(folder / "rock/cut.flac", noise(seed=9)))
    table = doctor(folder)
    assert list(table["problem"]) == ["truncated"]
    assert table["advice"][0].startswith("only ")


def test_a_header_of_unknown_length_promises_nothing(folder):
    path = write(folder / "rock/piped.wav", noise(seed=9))
    content = bytearray(path.read_bytes())
    for at in (4, content.index(b"data") + 4):
        content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert found(folder) == {}


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("zeros.wav", bytes(200_000), "undecodable"),
        ("text.flac", b"not a song " * 999, "undecodable"),
        ("nothing.mp3", b"", "undecodable"),
        ("zeros.au", bytes(200_000), "headerless"),
        ("text.au", b"not a song " * 999, "headerless"),
        ("._song0.wav", b"\x00\x05\x16\x07" + bytes(99), "side file"),
    ],
)
def test_what_is_no_sound_is_found(folder, name, content, problem):
    (folder / "jazz" / name).write_bytes(content)
    assert found(folder) == {("jazz", name): problem}


def test_a_link_that_leads_nowhere_is_found(folder):
    try:
        (folder / "jazz/lost.wav").symlink_to(folder / "gone.wav")
    except OSError:
        pytest.skip("skipped, because this system makes no links")
    assert found(folder) == {("jazz", "lost.wav"): "undecodable"}


@pytest.mark.parametrize(
    ("name", "samples", "problem"),
    [
        ("silent.wav", np.zeros(3 * SR, np.int16), "silent"),
        ("short.wav", noise(1.2, seed=9), "too short"),
        ("no samples.wav", noise(0), "too short"),
        ("loud.wav", noise(seed=9, level=1) * 0 + 32767, "clipped"),
        ("nan.wav", np.where(np.arange(3 * SR) == 7, np.nan, 0.1), "not numbers"),
    ],
)
def test_unusable_sound_is_found(folder, name, samples, problem):
    write(folder / "rock" / name, samples, subtype="FLOAT" if name[:3] == "nan" else "PCM_16")
    assert found(folder) == {("rock", name): problem}


def test_loud_music_counts_as_clipped_from_one_sample_in_a_thousand(folder):
    samples = noise(10, seed=9)
    for share, problems in [(0.0005, []), (0.002, ["clipped"])]:
        loud = samples.copy()
        loud[: round(share * len(samples))] = -32768
        write(folder / "rock/loud.wav", loud)
        assert list(doctor(folder)["problem"]) == problems


def test_peaks_that_touch_full_scale_are_not_clipped(folder):
    samples = noise(seed=9)
    samples[::2] = 32767
    write(folder / "rock/peaks.wav", samples)
    assert found(folder) == {}


def test_everything_below_one_second_is_too_short(tmp_path):
    for i in range(3):
        write(tmp_path / f"rock/{i}.wav", noise(0.9, seed=i))
    assert list(doctor(tmp_path)["problem"]) == ["too short"] * 3


@pytest.mark.parametrize("name", ["jazz/other name.wav", "rock/song0.flac", "rock/song0.aiff"])
def test_the_same_sound_is_found_under_any_lossless_disguise(folder, name):
    write(folder / name, noise(seed=0))
    table = doctor(folder)
    assert list(table["problem"]) == ["duplicate"]
    assert "the same sound as " in table["advice"][0]


def test_the_same_samples_at_24_bits_or_with_other_tags_are_the_same_sound(folder):
    with sf.SoundFile(folder / "rock/tagged.wav", "w", SR, 1, "PCM_24") as file:
        file.title = "Another title"
        file.write(noise(seed=0) / 32768)
    assert found(folder) == {("rock", "tagged.wav"): "duplicate"}


def test_a_changed_sample_or_sample_rate_is_another_sound(folder):
    samples = noise(seed=0)
    sf.write(folder / "rock/faster.wav", samples, SR + 1)
    samples[100] += 1
    write(folder / "rock/edited.wav", samples)
    assert found(folder) == {}


def test_blocks_make_no_difference(folder, monkeypatch):
    write(folder / "rock/again.wav", noise(seed=0))
    whole = doctor(folder)
    monkeypatch.setattr(room, "BLOCK_FRAMES", 777)
    assert doctor(folder).equals(whole)


@pytest.mark.parametrize("flat", [False, True])
def test_a_gap_in_the_numbers_of_gtzan_is_a_missing_song(tmp_path, flat):
    for genre in ("blues", "rock"):
        for i in range(20):
            name = f"{genre}.{i:05d}.wav"
            write(
                tmp_path / name if flat else tmp_path / genre / name, noise(seed=len(genre) + 9 * i)
            )
    gone = tmp_path / ("" if flat else "rock") / "rock.00019.wav"
    gone.unlink()
    assert found(tmp_path) == {("" if flat else "rock", "rock.00019.wav"): "missing"}


def test_a_selection_of_gtzan_lacks_nothing(tmp_path):
    for i in (0, 3, 41, 99):
        write(tmp_path / f"rock/rock.{i:05d}.wav", noise(seed=i))
    assert found(tmp_path) == {}


def test_several_findings_are_sorted_and_advised(folder):
    (folder / "rock/broken.wav").write_bytes(b"?")
    write(folder / "jazz/silent.wav", noise(0.5) * 0)
    table = doctor(folder)
    assert list(table["genre"]) == ["jazz", "jazz", "rock"]
    assert list(table["problem"]) == ["silent", "too short", "undecodable"]
    assert table["advice"].str.len().gt(20).all()


def test_a_folder_without_sound_is_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="holds no WAV, FLAC"):
        doctor(tmp_path)
    with pytest.raises(ValueError, match="nowhere is no folder"):
        doctor(tmp_path / "nowhere")


def test_a_folder_of_side_files_only(tmp_path):
    (tmp_path / "._song.wav").write_bytes(b"Mac")
    assert found(tmp_path) == {("", "._song.wav"): "side file"}


def test_the_real_songs_are_healthy():
    if not REAL.is_dir():
        pytest.skip("skipped, because ../shared/data is not here")
    assert doctor(REAL / "gtzan_mini/genres").empty


def test_the_real_clips_lack_one_and_three_are_clipped(tmp_path):
    if not REAL.is_dir():
        pytest.skip("skipped, because ../shared/data is not here")
    assert found(REAL / "gtzan_clips") == {
        ("", "classical.00041.wav"): "missing",
        ("", "hiphop.00019.wav"): "clipped",
        ("", "hiphop.00046.wav"): "clipped",
        ("", "hiphop.00047.wav"): "clipped",
    }
    for name in ("blues.00001.wav", "blues.00002.wav"):
        shutil.copy(REAL / "gtzan_clips" / name, tmp_path / f"copy of {name}")
        shutil.copy(REAL / "gtzan_clips" / name, tmp_path)
    assert list(doctor(tmp_path)["problem"]) == ["duplicate"] * 2
