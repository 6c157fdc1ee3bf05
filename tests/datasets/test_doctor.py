"""One file of every kind of trouble, and each is found; nothing else is."""

import os
import shutil
import sys

import numpy as np
import pytest
import soundfile as sf

from helpers import audio
from helpers.audio import reader
from helpers.datasets import doctor

SR = 8000


def noise(seconds=3.0, seed=0):
    return np.random.default_rng(seed).normal(0, 3000, round(seconds * SR)).astype(np.int16)


def write(path, samples, sr=SR, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, samples, sr, **kwargs)
    return path


def found(folder):
    table = doctor(folder)
    assert table["advice"].str.len().gt(20).all()
    return [f"{row.genre}/{row.filename}: {row.problem}" for row in table.itertuples()]


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(reader, "CHUNK", 1000)


@pytest.fixture
def folder(tmp_path):
    """Healthy songs of two genres."""
    for i, genre in enumerate(["jazz", "rock", "rock"]):
        write(tmp_path / genre / f"song{i}.wav", noise(seed=i))
    return tmp_path


def healthy_but_odd(folder):
    """What a doctor in a hurry would report."""
    content = bytearray(write(folder / "piped.wav", noise(seed=10)).read_bytes())
    for at in (4, content.index(b"data") + 4):
        content[at : at + 4] = b"\xff\xff\xff\xff"  # "until the file ends"
    (folder / "piped.wav").write_bytes(content)

    touching = noise(seed=11)
    touching[::2] = 32767
    write(folder / "peaks touch full scale.wav", touching)
    loud = noise(10, seed=12)
    loud[:40] = -32768
    write(folder / "clipped in one sample of 2000.wav", loud)

    for ending in ("mp3", "ogg"):
        write(folder / f"lossy.{ending}", noise(seed=13))

    edited = noise(seed=1)
    edited[100] += 1
    write(folder / "one sample differs.wav", edited)
    write(folder / "faster.wav", noise(seed=1), sr=SR + 1)


def test_a_healthy_folder_has_nothing_to_report(folder):
    healthy_but_odd(folder / "rock")
    table = doctor(folder)
    assert table.empty, table
    assert list(table.columns) == ["filename", "genre", "problem", "advice"]


def test_a_truncated_file_is_found(folder):
    for seed, ending in enumerate(["aiff", "au", "flac", "mp3", "wav"], start=20):
        path = write(folder / f"rock/cut.{ending}", noise(seed=seed))
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
    streamed = bytearray(write(folder / "rock/streamed.flac", noise(seed=25)).read_bytes())
    streamed[21:26] = bytes([streamed[21] & 0xF0, 0, 0, 0, 0])  # of a length that nobody knew
    (folder / "rock/whole.flac").write_bytes(streamed)
    (folder / "rock/streamed.flac").write_bytes(streamed[: len(streamed) // 2])
    cut = [f"rock/cut.{ending}: truncated" for ending in ["aiff", "au", "flac", "mp3", "wav"]]
    assert found(folder) == [*cut, "rock/streamed.flac: truncated"]


def test_a_file_that_breaks_off_after_many_blocks_is_truncated(folder, small_blocks):
    path = write(folder / "rock/cut.flac", noise(seed=20))
    path.write_bytes(path.read_bytes()[:30_000])
    (finding,) = doctor(folder).itertuples()
    assert finding.problem == "truncated"
    assert finding.advice.startswith("the file is damaged or cut short ")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("name", "content", "finding"),
    [
        (
            "zeros.wav",
            bytes(200_000),
            "undecodable: the file cannot be decoded (Format not ",
        ),
        ("text.flac", b"not a song " * 999, "undecodable: "),
        ("nothing.mp3", b"", "undecodable: the file is empty: "),
        (
            "song.m4a",
            b"\0\0\0\x20ftypM4A " + bytes(99),
            "undecodable: the file is an MP4 ",
        ),
        ("zeros.au", bytes(200_000), "headerless: "),
        ("._song0.wav", b"\x00\x05\x16\x07" + bytes(99), "side file: "),
    ],
)
def test_what_is_no_sound_is_found(tmp_path, name, content, finding):
    (tmp_path / name).write_bytes(content)
    (row,) = doctor(tmp_path).itertuples()
    assert (row.genre, row.filename) == ("", name)
    assert f"{row.problem}: {row.advice}".startswith(finding)


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    try:
        (tmp_path / "lost.wav").symlink_to(tmp_path / "gone.wav")
    except OSError:
        pytest.skip("skipped, because this system makes no links")
    assert found(tmp_path) == ["/lost.wav: undecodable"]


def test_unusable_sound_is_found(folder):
    loud = noise(seed=30)
    loud[:16], loud[16:32] = 32767, -32768  # enough only if both count
    write(folder / "rock/a.wav", loud)
    write(folder / "rock/b.wav", np.where(np.arange(3 * SR) == 7, np.nan, 0.1), subtype="FLOAT")
    write(folder / "rock/c.wav", noise(0))
    write(folder / "rock/d.wav", noise(1.2, seed=31))
    write(folder / "rock/e.wav", np.zeros(3 * SR, np.int16))
    write(folder / "rock/f.wav", np.zeros(SR // 2, np.int16))
    write(folder / "rock/g.wav", np.zeros(3 * SR, np.int16))
    assert found(folder) == [
        "rock/a.wav: clipped",
        "rock/b.wav: not numbers",
        "rock/c.wav: too short",
        "rock/d.wav: too short",
        "rock/e.wav: silent",
        "rock/f.wav: silent",
        "rock/f.wav: too short",
        "rock/g.wav: silent",
    ]


def test_everything_below_one_second_is_too_short(tmp_path):
    for i in range(2):
        write(tmp_path / f"rock/{i}.wav", noise(0.9, seed=i))
    assert found(tmp_path) == ["rock/0.wav: too short", "rock/1.wav: too short"]
    assert doctor(tmp_path).advice[0].startswith("lasts 0.90 s, less than a whole second: ")


def test_a_file_that_is_short_beside_the_others_is_compared_with_them(folder):
    write(folder / "rock/d.wav", noise(1.2, seed=31))
    (advice,) = doctor(folder).advice
    assert advice.startswith("lasts 1.20 s where most last about 3.0 s: ")


def test_the_share_that_is_clipped_counts_every_sample_of_a_run(folder):
    loud = noise(1, seed=32)
    for start, length in ((100, 2), (200, 3), (300, 37)):  # two in a row are none
        loud[start : start + length] = 32767
    write(folder / "rock/a.wav", np.tile(loud, 3))
    (advice,) = doctor(folder).advice
    assert advice.startswith("0.5% of its samples are stuck at full scale, three or more in a row")


def the_same_sound(folder):
    for name in ("other name.wav", "song.flac", "song.aiff"):
        write(folder / name, noise(seed=0))
    with sf.SoundFile(folder / "24 bits, and tagged.wav", "w", SR, 1, "PCM_24") as file:
        file.title = "Another title"
        file.write(noise(seed=0) / 32768)


def test_the_same_sound_is_found_under_any_lossless_disguise(folder, small_blocks):
    the_same_sound(folder / "rock")
    table = doctor(folder)
    assert list(table["filename"]) == [
        "24 bits, and tagged.wav", "other name.wav", "song.aiff", "song.flac",
    ]  # fmt: skip
    assert set(table["problem"]) == {"duplicate"}
    assert table["advice"].str.startswith("the same sound as jazz/song0.wav: keep one").all()


@pytest.mark.parametrize("flat", [False, True])
def test_a_gap_in_the_numbers_of_gtzan_is_a_missing_song(tmp_path, flat):
    for seed in range(12):
        genre = ("blues", "rock")[seed % 2]
        place = tmp_path if flat else tmp_path / genre
        write(place / f"{genre}.{seed // 2:05d}.wav", noise(1, seed))
    (place / "rock.00005.wav").unlink()
    assert found(tmp_path) == [f"{'' if flat else 'rock'}/rock.00005.wav: missing"]


@pytest.mark.parametrize("others", [["rock.00041"], ["rock.00002", "live at home"]])
def test_a_selection_of_gtzan_lacks_nothing(tmp_path, others):
    for seed, name in enumerate(["rock.00000", *others]):
        write(tmp_path / f"rock/{name}.wav", noise(1, seed))
    assert found(tmp_path) == []


def test_a_folder_without_sound_is_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="holds no WAV, FLAC"):
        doctor(tmp_path)
    with pytest.raises(ValueError, match="nowhere is no folder"):
        doctor(tmp_path / "nowhere")


def test_the_real_songs_are_healthy(shared_data):
    assert found(shared_data / "audio/gtzan_mini/genres/hiphop") == []


def test_the_real_clips_lack_one_and_three_are_clipped(shared_data, tmp_path):
    clips = shared_data / "audio/gtzan_clips"
    assert found(clips) == [
        "/classical.00041.wav: missing",
        "/hiphop.00019.wav: clipped",
        "/hiphop.00046.wav: clipped",
        "/hiphop.00047.wav: clipped",
    ]
    for name in ("blues.00001.wav", "blues.00002.wav"):
        shutil.copy(clips / name, tmp_path / f"copy of {name}")
        shutil.copy(clips / name, tmp_path)
    assert found(tmp_path) == [
        "/copy of blues.00001.wav: duplicate",
        "/copy of blues.00002.wav: duplicate",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="skipped, because names are Unicode here")
def test_a_name_that_is_not_utf8_is_a_finding_among_others(folder):
    shutil.copy(folder / "jazz/song0.wav", os.fsencode(folder) + b"/rock/Caf\xe9.wav")
    write(folder / "rock/silent.wav", np.zeros(3 * SR, np.int16))
    assert found(folder) == [r"rock/Caf\xe9.wav: undecodable", "rock/silent.wav: silent"]


def test_the_doctor_and_load_agree(folder):
    """Whatever load refuses has a finding."""
    left_right = noise(seed=40) / 32768
    write(folder / "rock/a.wav", np.column_stack([left_right, -left_right]))
    write(folder / "rock/b.wav", noise(seed=41) * 1e30, subtype="FLOAT")
    write(folder / "rock/c.wav", noise(0.01, seed=42))
    for number, ending in enumerate(["flac", "mp3", "ogg", "wav"], start=43):
        path = write(folder / f"rock/{ending}.{ending}", noise(9, number))
        content = bytearray(path.read_bytes())
        for start in range(len(content) // 3, len(content), 5000):
            content[start : start + 300] = bytes(300)
        path.write_bytes(content[: -len(content) // 4])
    findings = doctor(folder)
    for path in folder.rglob("*.*"):
        try:
            audio.load(path)
        except audio.AudioError:
            assert path.name in set(findings.filename)
    assert {"a.wav", "b.wav", "c.wav", "flac.flac", "mp3.mp3"} <= set(findings.filename)
