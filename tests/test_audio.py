"""A file becomes samples, or one sentence says why not."""

import base64
import io
import os
import pickle
import re
import sys
import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from helpers import audio
from helpers.audio import own, reader

SR = audio.SAMPLE_RATE


def noise(seconds, sr=SR, channels=1):
    shape = (round(seconds * sr), channels)
    return np.random.default_rng(0).uniform(-0.5, 0.5, shape).astype(np.float32).squeeze()


def save(path, y, sr=SR, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, y, sr, **options)
    return path


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: round(share * len(data))])
    return path


def refused(path, **options):
    with pytest.raises(audio.AudioError) as caught:
        audio.load(path, **options)
    assert str(caught.value) == f"{caught.value.reason}; {caught.value.advice}"
    assert "\n" not in str(caught.value)
    return caught.value.reason


def test_samples_come_back_as_they_were_written(tmp_path):
    y = noise(1)
    loaded, sr = audio.load(save(tmp_path / "a.wav", y, subtype="FLOAT"))
    assert sr == SR
    assert loaded.dtype == np.float32
    np.testing.assert_array_equal(loaded, y)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff", "a.au"])
def test_every_format_is_read(tmp_path, name):
    t = np.arange(2 * SR) / SR
    y, _ = audio.load(save(tmp_path / name, 0.5 * np.sin(2 * np.pi * 440 * t)))
    assert len(y) == pytest.approx(2 * SR, abs=2500)  # MP3 may pad
    assert np.argmax(np.abs(np.fft.rfft(y[: 2 * SR]))) == pytest.approx(880, abs=1)


def test_offset_and_duration_are_seconds(tmp_path):
    y = noise(2)
    path = save(tmp_path / "a.wav", y, subtype="FLOAT")
    np.testing.assert_array_equal(
        audio.load(path, offset=0.5, duration=1)[0], y[SR // 2 : SR // 2 + SR]
    )
    np.testing.assert_array_equal(audio.load(path, offset=1.5, duration=9)[0], y[SR * 3 // 2 :])


def test_stereo_becomes_the_mean_of_its_channels(tmp_path):
    y = noise(1, channels=2)
    loaded, _ = audio.load(save(tmp_path / "a.wav", y, subtype="FLOAT"))
    np.testing.assert_allclose(loaded, y.mean(axis=1), atol=1e-7)


def test_other_rates_are_resampled(tmp_path):
    t = np.arange(8000) / 8000
    tone = 0.5 * np.sin(2 * np.pi * 1000 * t)
    y, sr = audio.load(save(tmp_path / "a.wav", np.column_stack([tone, tone]), 8000))
    assert (sr, len(y)) == (SR, SR)
    assert np.argmax(np.abs(np.fft.rfft(y))) == 1000
    assert np.abs(y[1000:-1000]).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:audioread")
def test_real_songs_sound_as_librosa_reads_them(shared_data):
    import librosa

    path = shared_data / "audio/gtzan_mini/genres/jazz/jazz.00000.wav"
    expected, _ = librosa.load(path, duration=5)
    np.testing.assert_array_equal(audio.load(path, duration=5)[0], expected)


def test_a_missing_file(tmp_path):
    assert refused(tmp_path / "a.wav") == "is not there"
    assert refused(tmp_path) == "is a folder"
    assert refused(tmp_path / "b.wav" / "a.wav") == "is not there"


def test_an_empty_file(tmp_path):
    (tmp_path / "a.wav").touch()
    assert refused(tmp_path / "a.wav") == "is empty"


def test_text_that_calls_itself_wav(tmp_path):
    (tmp_path / "a.wav").write_text("not music, but poetry\n" * 50)
    assert refused(tmp_path / "a.wav") == "cannot be decoded (Format not recognised)"


def test_a_macos_side_file(tmp_path):
    assert "macOS" in refused(save(tmp_path / "._a.wav", noise(1)))


def test_silence(tmp_path):
    assert refused(save(tmp_path / "a.wav", np.zeros(SR))) == "is silent"
    assert refused(save(tmp_path / "b.wav", np.full(SR, 1e-5), subtype="FLOAT")) == "is silent"
    y = np.r_[np.zeros(SR), noise(1)]
    assert refused(save(tmp_path / "c.wav", y), duration=1) == "is silent"
    assert len(audio.load(tmp_path / "c.wav", offset=1)[0]) == SR


def test_the_quietest_16_bit_sound_is_no_silence(tmp_path):
    path = save(tmp_path / "a.wav", np.tile([2 / 32768, -2 / 32768], SR))
    assert np.abs(audio.load(path)[0]).max() == 2 / 32768


@pytest.mark.parametrize("seconds", [0, 0.02, 0.049])
def test_too_short(tmp_path, seconds):
    assert refused(save(tmp_path / "a.wav", noise(seconds))) == f"lasts only {seconds:.3f} s"


def test_an_offset_behind_the_end(tmp_path):
    assert refused(save(tmp_path / "a.wav", noise(1)), offset=2) == "lasts only 0.000 s"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers(tmp_path, value):
    y = noise(1)
    y[500] = value
    assert "not numbers" in refused(save(tmp_path / "a.wav", y, subtype="FLOAT"))


def test_samples_beyond_all_sound(tmp_path):
    path = save(tmp_path / "a.wav", noise(1) * np.float32(1e30), subtype="FLOAT")
    assert "full scale" in refused(path)


@pytest.mark.parametrize(
    "options",
    [
        {"format": "WAV"},
        {"format": "WAV", "subtype": "FLOAT"},
        {"format": "AIFF"},
        {"format": "AU"},
        {"format": "W64", "subtype": "PCM_24"},
        {"format": "FLAC"},
    ],
    ids=str,
)
def test_a_file_cut_short(tmp_path, options):
    whole = save(tmp_path / "a.x", noise(2), **options)
    audio.load(whole)
    reason = refused(cut(whole, 0.6))
    assert "cut short (60% of the sound" in reason or "damaged or cut short" in reason


def test_a_recorder_that_did_not_know_how_long_it_would_run(tmp_path):
    # ffmpeg writes such headers into a pipe.
    path = save(tmp_path / "a.wav", noise(1))
    data = bytearray(path.read_bytes())
    for unknown in (0x7FFFF000, 0xFFFFFFFF):
        data[40:44] = unknown.to_bytes(4, "little")
        path.write_bytes(data)
        assert len(audio.load(path)[0]) == SR


@pytest.mark.skipif(sys.platform != "linux", reason="skipped, because names are Unicode here")
def test_a_name_that_is_not_utf8(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav")
    assert refused(path) == "has a name that is not UTF-8"


def test_an_error_survives_the_way_back_from_another_process():
    error = pickle.loads(pickle.dumps(audio.AudioError("is silent", "leave it out")))
    assert (error.reason, error.advice, str(error)) == (
        "is silent",
        "leave it out",
        "is silent; leave it out",
    )


@given(
    n=st.integers(0, 500),
    length=st.integers(1, 60),
    hop=st.integers(1, 90),
)
def test_windows_lie_where_they_should(n, length, hop):
    y = np.arange(n, dtype=np.float32)
    cuts = audio.windows(y, sr=10, seconds=length / 10, hop_seconds=hop / 10)
    starts = range(0, n - length + 1, hop)
    assert cuts.shape == (len(starts), length)
    for window, start in zip(cuts, starts, strict=True):
        np.testing.assert_array_equal(window, y[start : start + length])


def test_the_sampler_cuts_ten_windows_from_thirty_seconds():
    assert audio.windows(np.zeros(30 * SR, np.float32)).shape == (10, 2 * SR)


def test_the_player_is_a_small_mp3_and_says_so():
    t = np.arange(5 * SR) / SR
    button = audio.player(0.5 * np.sin(2 * np.pi * 440 * t))
    assert len(button.data) < 40_000
    assert 'type="audio/mpeg"' in button._repr_html_()


def without_count(path):
    """An MP3 loses its first frame, which counts the others."""
    data = path.read_bytes()
    # libsndfile's frame of silence that holds the count is as long as the sound's first.
    second = reader.MP3_FRAME.search(data, 4).start()
    path.write_bytes(data[second:])
    return path


@pytest.mark.parametrize("sr", [8000, 16_000, SR, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_an_mp3_that_does_not_count_its_frames_is_read_to_its_end(tmp_path, sr, channels, mode):
    y = noise(20, sr, channels)
    y[: 10 * sr] *= 0.001  # a guess by size sees few frames
    path = save(tmp_path / "a.mp3", y, sr, bitrate_mode=mode, compression_level=0.5)
    whole = audio.load(path)[0]
    for tags in (b"", b"ID3\4\0\0\0\0\2\0" + bytes(256)):
        path.write_bytes(tags + path.read_bytes())
        bare = audio.load(without_count(path) if not tags else path)[0]
        assert 20 <= len(bare) / SR < 20.4
        loud = slice(15 * SR, 19 * SR)
        assert bare[loud].std() == pytest.approx(whole[loud].std(), rel=0.01)
        np.testing.assert_array_equal(np.concatenate(list(audio.stream(path))), bare)
        uploaded = io.BytesIO(path.read_bytes())
        np.testing.assert_array_equal(np.concatenate(list(audio.stream(uploaded))), bare)


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_half_an_mp3_tells_what_is_missing(tmp_path, mode):
    path = cut(save(tmp_path / "a.mp3", noise(20), bitrate_mode=mode, compression_level=0.5), 0.5)
    reason = refused(path)
    share, lost = map(float, re.search(r"(\d+)% of .* there, ([\d.]+) s are", reason).groups())
    assert lost == pytest.approx(20 * (1 - share / 100), abs=0.2)
    assert 40 < share < 60
    with pytest.raises(audio.AudioError, match="cut short"):
        streamed(path)


@pytest.mark.parametrize("seconds", [5, 20])
def test_a_flac_of_unknown_length_is_read_to_its_end(tmp_path, seconds):
    path = save(tmp_path / "a.flac", noise(seconds))
    expected = audio.load(path)[0]
    data = bytearray(path.read_bytes())
    data[21:26] = bytes([data[21] & 0xF0, 0, 0, 0, 0])
    path.write_bytes(data)
    np.testing.assert_array_equal(audio.load(path)[0], expected)
    np.testing.assert_array_equal(np.concatenate(streamed(path)), expected)
    np.testing.assert_array_equal(audio.load(path, offset=1, duration=2)[0], expected[SR : 3 * SR])
    reason = refused(cut(path, 0.5))
    after = re.fullmatch(r"is damaged .* short after (.*) s \(flac decoder lost sync\)", reason)[1]
    assert float(after) == pytest.approx(seconds / 2, abs=0.2)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_half_an_ogg_is_no_whole_one(tmp_path, subtype):
    path = save(tmp_path / "a.ogg", noise(5, 24_000), 24_000, subtype=subtype)
    assert len(audio.load(path)[0]) == 5 * SR
    assert refused(cut(path, 0.5)) == "is cut short (it stops without a last page)"


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
@pytest.mark.parametrize("between", [b"", b"ID3\4\0\0\0\0\0\12" + bytes(10)])
def test_mp3s_that_were_joined_are_read_to_the_end(tmp_path, mode, between):
    path = save(tmp_path / "a.mp3", noise(3), bitrate_mode=mode)
    data = path.read_bytes()
    path.write_bytes(data + between + data)
    assert 6 <= len(audio.load(path)[0]) / SR < 6.3


def test_a_claimed_length_takes_no_memory(tmp_path):
    path = save(tmp_path / "a.flac", noise(1))
    data = bytearray(path.read_bytes())
    data[21:26] = bytes([data[21] | 0x0F, 255, 255, 255, 255])
    path.write_bytes(data)
    tracemalloc.start()
    assert "cut short" in refused(path)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


@pytest.mark.parametrize("rate", [1, 100, 1999, 400_001, 2**31 - 1])
def test_a_rate_of_no_music_is_refused_before_it_fills_the_memory(tmp_path, rate):
    path = save(tmp_path / "a.wav", noise(1))
    data = bytearray(path.read_bytes())
    data[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(data)
    assert refused(path).startswith(f"has {rate:,} samples a second")


@pytest.mark.parametrize("rate", [2_000, 400_000])
def test_the_rates_at_the_bounds_are_read(tmp_path, rate):
    assert len(audio.load(save(tmp_path / "a.wav", noise(1, rate), rate))[0]) == SR


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"\0\0\0\x20ftypM4A ", "is an MP4 or M4A file"),
        (b"\n<!DOCTYPE html><html>", "is a web page"),
        (b"\x30\x26\xb2\x75\x8e\x66", "is a WMA file"),
        (b"MThd\0\0\0\6", "is a MIDI file"),
        (b"no sound", "cannot be decoded (Format not recognised)"),
    ],
)
@pytest.mark.parametrize("ending", ["mp3", "wav"])
def test_what_only_calls_itself_sound_is_named(tmp_path, head, reason, ending):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(head + bytes(5000))
    assert refused(path) == reason


def test_a_file_that_may_not_be_read_is_no_broken_file(tmp_path, monkeypatch):
    def closed(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    path = save(tmp_path / "a.wav", noise(1))
    monkeypatch.setattr("pathlib.Path.open", closed)
    assert refused(path) == "cannot be opened (Permission denied)"


@pytest.mark.parametrize(
    ("dtype", "zero", "full"),
    [("uint8", 128, 128), ("int16", 0, 2**15), ("int32", 0, 2**31), ("float64", 0, 1)],
)
def test_samples_of_every_type_are_the_same_sound(dtype, zero, full):
    y = noise(1)
    as_stored = (y * full + zero).round(0 if full > 1 else 9).astype(dtype)
    for stored in (as_stored, np.column_stack([as_stored] * 2), np.vstack([as_stored] * 2)):
        heard = audio.samples(stored)
        assert (heard.shape, heard.dtype) == ((SR,), np.float32)
        np.testing.assert_allclose(heard, y, rtol=0, atol=0.6 / min(full, 2**20))


@pytest.mark.parametrize("bad", [np.zeros(9, complex), np.zeros((2, 2, 2)), np.zeros(9, np.int64),
                                 np.array([0.1, np.nan]), np.array([1e30])])  # fmt: skip
def test_samples_of_no_sound_are_refused(bad):
    with pytest.raises(audio.AudioError, match="samples"):
        audio.samples(bad)


def streamed(song, **options):
    return list(audio.stream(song, **options))


@pytest.mark.parametrize(
    ("name", "sr"),
    [
        ("a.wav", 8000),
        ("a.wav", SR),
        ("a.mp3", SR),
        *((f"a.{x}", 48000) for x in ("flac", "ogg", "mp3")),
    ],
)
def test_a_stream_holds_what_load_reads(tmp_path, name, sr):
    path = save(tmp_path / name, noise(5, sr, channels=2), sr)
    whole, _ = audio.load(path)
    blocks = streamed(path, seconds=2)
    assert [len(block) for block in blocks[:-1]] == [2 * SR] * (len(whole) // (2 * SR))
    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-6)
    assert all(block.dtype == np.float32 for block in blocks)


def test_a_stream_is_read_from_an_open_file(tmp_path):
    path = save(tmp_path / "a.mp3", noise(3))
    blocks = streamed(io.BytesIO(path.read_bytes()))
    np.testing.assert_allclose(np.concatenate(blocks), audio.load(path)[0], atol=1e-6)


def test_many_channels_are_read_in_smaller_chunks(tmp_path):
    path = save(tmp_path / "a.wav", noise(2, channels=60), subtype="FLOAT")
    np.testing.assert_array_equal(np.concatenate(streamed(path)), audio.load(path)[0])


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(3 * SR), "is silent"),
        (np.full(200, 0.5), "lasts only 0.009 s"),
        (np.r_[noise(2), np.nan], "holds samples that are not numbers"),
        (np.full(SR, 1e30), "holds samples up to 1e+30, where 1 is full scale"),
    ],
    ids=["silent", "short", "nan", "loud"],
)
def test_a_stream_ends_with_the_sentence_of_load(tmp_path, samples, reason):
    path = save(tmp_path / "a.wav", samples, subtype="FLOAT")
    with pytest.raises(audio.AudioError) as caught:
        streamed(path, seconds=1)
    assert caught.value.reason == refused(path) == reason


def test_a_stream_of_no_music_is_refused(tmp_path):
    (tmp_path / "a.wav").write_text("not music, but poetry\n" * 50)
    for song in (tmp_path / "a.wav", io.BytesIO(b"poetry"), tmp_path / "b.wav", io.BytesIO()):
        with pytest.raises(audio.AudioError, match=r"cannot be decoded|is not there"):
            streamed(song)


def test_half_an_hour_takes_no_more_memory_than_five_minutes(tmp_path):
    def peak(minutes):
        # Cheap to write and to read, and it has to be resampled and mixed all the same.
        path, minute = tmp_path / f"{minutes}.wav", noise(1, 8000, 2).repeat(60, axis=0) * 0.1
        with sf.SoundFile(path, "w", 8000, 2, "PCM_U8") as file:
            for _ in range(minutes):
                file.write(minute)
        tracemalloc.start()
        seconds = sum(len(block) for block in audio.stream(path)) / SR
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seconds == pytest.approx(60 * minutes)
        return peak

    short = peak(5)  # more than one chunk and block
    assert peak(30) < 1.1 * short
    assert short < 20e6


# ---- sounds from outside -------------------------------------------------------------------------


@pytest.fixture
def looks(monkeypatch):
    """What a lesson's look was handed."""
    monkeypatch.setattr(own, "_last", [])
    return []


@pytest.fixture
def look(looks):
    return lambda y, name: looks.append((name, len(y)))


def give(box, name, content):
    """Set what the browser would send of a file."""
    date = datetime(2026, 1, 1, tzinfo=UTC)
    file = {"name": name, "type": "", "size": len(content), "content": content}
    upload = box.children[0].children[0].children[1]
    upload.value = [file | {"last_modified": date}]
    assert upload.value == ()  # so that the same file can be chosen once more


def wav(seconds, sr=44_100):
    sf.write(file := io.BytesIO(), np.sin(np.arange(seconds * sr)) / 2, sr, format="WAV")
    return file.getvalue()


def test_a_file_of_ones_own_is_looked_at_and_still_there_for_the_next_cell(look, looks):
    box = audio.yours(look)
    assert "Choose a sound file" in repr(box)
    assert looks == []
    give(box, "mine.wav", wav(1))
    assert looks == [("mine.wav", 22_050)]
    audio.yours(look)
    assert looks == [("mine.wav", 22_050)] * 2


def test_thirty_seconds_of_a_long_file_are_looked_at(look, looks):
    give(audio.yours(look), "long.wav", wav(40, 8000))
    assert looks == [("long.wav", 30 * 22_050)]


def test_a_recording_is_looked_at_and_not_kept_in_the_page(look, looks):
    recorded = audio.yours(look).children[0].children[2]
    recorded.value = base64.b64encode(wav(5, 22_050)).decode()
    assert looks == [("your recording", 5 * 22_050)]
    assert recorded.value == ""


def test_what_cannot_be_read_gets_a_sentence_and_what_was_seen_stays(look, looks):
    box = audio.yours(look)
    give(box, "mine.wav", wav(1))
    give(box, "<b>poem</b>.wav", b"Shall I compare thee")
    assert "&lt;b&gt;poem&lt;/b&gt;.wav</b> cannot be decoded" in box.children[1].value
    assert looks == [("mine.wav", 22_050)]
    audio.yours(look)
    assert looks[1:] == [("mine.wav", 22_050)]
    give(box, "again.wav", wav(2))
    assert box.children[1].value == ""


def test_what_a_look_returns_is_shown(monkeypatch):
    shown = []
    monkeypatch.setattr(own, "display", shown.append)
    monkeypatch.setattr(own, "_last", ["mine", np.zeros(9, np.float32)])
    audio.yours(lambda y, name: f"{name}: {len(y)}")
    assert shown == ["mine: 9"]


@pytest.fixture
def nothing_held(tmp_path, monkeypatch):
    monkeypatch.setenv("LIBROSA_DATA_DIR", str(tmp_path / "librosa"))
    monkeypatch.setenv("GENRE_DATA", str(tmp_path / "data"))
    return tmp_path


def test_a_piece_is_fetched_by_nobody_but_the_button(nothing_held, look, looks, monkeypatch):
    def refuse(name):
        asked.append(name)
        raise ConnectionError("no network")

    asked = []
    monkeypatch.setattr("librosa.ex", refuse)
    box = audio.examples(look, "vibeace", "brahms")
    assert repr(box) == "Run this cell for buttons that play Vibe Ace, Hungarian Dance No. 5"
    assert asked == []
    first, second = box.children[0].children
    assert first.description == "Fetch Vibe Ace by Kevin MacLeod (0.4 MB, CC BY 3.0)"
    words = "Fetch Hungarian Dance No. 5 by US Army Strings (0.2 MB, public domain)"
    assert second.description == words
    first.click()
    assert asked == ["vibeace"]
    assert box.children[1].value == "It can't be fetched now; the lesson goes on without it."
    assert looks == []


@pytest.mark.parametrize("folder", ["librosa", "data/librosa"])
def test_a_piece_that_is_held_is_found_and_heard(folder, nothing_held, look, looks):
    assert audio.local_path("vibeace") is None
    path = nothing_held / folder / audio.PIECES["vibeace"]["file"]
    path.parent.mkdir(parents=True)
    sf.write(path, np.sin(np.arange(22_050)) / 2, 22_050, format="OGG")
    assert audio.local_path("vibeace") == path
    (button,) = audio.examples(look, "vibeace").children[0].children
    assert button.description == "Hear Vibe Ace by Kevin MacLeod (CC BY 3.0)"
    button.click()
    assert looks == [("Vibe Ace", 22_050)]


def test_pieces_are_those_of_librosa():
    from librosa.util import files

    tracks = vars(files)["__TRACKMAP"]
    for name, piece in audio.PIECES.items():
        assert piece["file"] == tracks[name]["path"] + ".ogg"


def test_sizes_and_licenses_of_pieces_are_right(shared_data):
    for piece in audio.PIECES.values():
        path = shared_data / "librosa" / piece["file"]
        assert piece["megabytes"] == round(path.stat().st_size / 1e6, 1)
        address = piece["license"].removeprefix("CC ").lower().replace(" 3.0", "/3.0")
        said = path.with_suffix(".txt").read_text("utf-8")
        assert f"creativecommons.org/licenses/{address}" in said or address in said.lower()
