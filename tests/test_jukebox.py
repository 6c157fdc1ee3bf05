"""The band is checked without ears: each knob must do what its name says, and nothing else."""

import re
from dataclasses import asdict, fields
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.jukebox import GENRES, STYLES, VOICES, Knobs, _note, album, knobs_for, play

SR = 22_050
every_genre = pytest.mark.parametrize("genre", GENRES)


def rms(y, length=SR // 10):
    return np.sqrt(np.mean(y[: len(y) // length * length].reshape(-1, length) ** 2, axis=1))


def test_the_ten_genres_of_gtzan():
    names = "blues classical country disco hiphop jazz metal pop reggae rock"
    assert " ".join(GENRES) == names
    assert tuple(STYLES) == GENRES
    names = ["tempo", "key", "drums", "brightness", "distortion", "swing", "room"]
    assert [field.name for field in fields(Knobs)] == names
    assert len({knobs_for(genre) for genre in GENRES}) == 10


@every_genre
def test_samples_are_sound(genre):
    y = play(genre, 2.0, seed=1)
    assert y.shape == (2 * SR,)
    assert y.dtype == np.float32
    assert np.isfinite(y).all()
    assert 0.85 < np.max(np.abs(y)) <= 0.9
    assert abs(np.mean(y)) < 0.01
    assert abs(y[0]) < 0.001
    assert abs(y[-1]) < 0.001


@every_genre
def test_never_silent_even_without_a_room(genre):
    y = play(genre, 6.0, seed=2, room=0)
    assert np.min(rms(y[SR // 20 : -SR // 20], SR // 20)) > 0.01


@every_genre
def test_same_seed_same_samples_other_seed_other_notes(genre):
    # Drums off: another seed has to change the notes, not only how hard a drum is hit.
    songs = [play(genre, 4.0, seed=seed, drums=0.0) for seed in (3, 3, 4, 5)]
    assert np.array_equal(songs[0], songs[1])
    likeness = np.corrcoef(songs[1:]) - np.eye(3)
    assert np.max(likeness) < 0.99


def test_the_notes_stay_when_other_knobs_turn():
    chroma = [
        np.argmax(librosa.feature.chroma_stft(y=play("pop", 5.0, drums=0, **knobs), sr=SR), axis=0)
        for knobs in ({"brightness": 0.5}, {"brightness": 0.7})
    ]
    assert np.mean(chroma[0] == chroma[1]) > 0.9


@settings(max_examples=15, deadline=None)
@given(
    genre=st.sampled_from(GENRES),
    seconds=st.floats(0.1, 2.0),
    seed=st.integers(0, 2**63 - 1),
    sr=st.sampled_from([8_000, 16_000, 22_050, 44_100]),
    tempo=st.floats(40, 240),
    key=st.integers(0, 11),
    others=st.lists(st.floats(0, 1), min_size=5, max_size=5),
)
def test_any_allowed_knobs_give_sound(genre, seconds, seed, sr, tempo, key, others):
    knobs = Knobs(tempo, key, *others)
    y = play(genre, seconds, seed, sr, **asdict(knobs))
    assert y.shape == (round(seconds * sr),)
    assert np.isfinite(y).all()
    assert 0 < np.max(np.abs(y)) <= 0.9


@every_genre
@pytest.mark.parametrize("faster", [1.0, 1.08])
def test_tempo(genre, faster):
    tempo = knobs_for(genre).tempo * faster
    found = librosa.feature.tempo(y=play(genre, 10.0, tempo=tempo), sr=SR)[0]
    ratios = np.array([1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3])
    assert np.min(np.abs(found / tempo / ratios - 1)) < 0.04, f"{found:.1f} of {tempo:.1f} BPM"


@every_genre
@pytest.mark.parametrize("key", [2, 9])
def test_key_is_the_strongest_pitch_class(genre, key):
    y = play(genre, 9.0, seed=key, key=key, drums=0.0)
    chroma = librosa.feature.chroma_cqt(y=y, sr=SR, hop_length=4096, tuning=0)
    assert np.argmax(chroma.mean(axis=1)) == key


@every_genre
def test_brightness_raises_the_spectral_centroid(genre):
    centroids = [
        np.mean(librosa.feature.spectral_centroid(y=play(genre, 3.0, brightness=b), sr=SR))
        for b in (0, 0.3, 0.6, 1)
    ]
    assert np.all(np.diff(centroids) > 20)


@every_genre
def test_distortion_makes_it_noisier(genre):
    songs = [play(genre, 3.0, seed=1, drums=0, room=0, distortion=d) for d in (0, 0.4, 1)]
    for measure in (librosa.feature.spectral_flatness, librosa.feature.zero_crossing_rate):
        assert np.all(np.diff([np.mean(measure(y=y)) for y in songs]) > 0)


@every_genre
def test_drums_get_louder(genre):
    band = play(genre, 3.0, drums=0)
    likeness = [np.corrcoef(band, play(genre, 3.0, drums=d))[0, 1] for d in (0, 0.5, 1)]
    assert likeness[0] == pytest.approx(1)
    assert np.all(np.diff(likeness) < 0)


def test_swing_delays_the_off_beat_eighths():
    # Reggae's guitar plays off-beats only; its first one comes half a beat in: 0.5 s at 60 BPM.
    def first_off_beat(swing):
        y = play("reggae", 2.0, tempo=60, swing=swing, drums=0, room=0)
        bright = librosa.effects.preemphasis(y, coef=0.97)
        start = int(0.42 * SR)
        return 0.42 + np.argmax(np.diff(rms(bright[start : int(0.75 * SR)], 221))) * 221 / SR

    straight, swung = first_off_beat(0), first_off_beat(1)
    assert straight == pytest.approx(0.5, abs=0.03)
    assert swung == pytest.approx(2 / 3, abs=0.03)


@pytest.mark.parametrize("genre", ["reggae", "country", "metal"])
def test_room_fills_the_gaps(genre):
    dry, wet = (play(genre, 6.0, drums=1.0, room=room) for room in (0, 1))
    floor = [np.percentile(rms(y, 441), 5) / np.mean(rms(y, 441)) for y in (dry, wet)]
    assert floor[1] > floor[0]


@every_genre
def test_no_clicks_where_notes_meet(genre):
    tempo = knobs_for(genre).tempo
    y = play(genre, 5.0, drums=0, distortion=0, swing=0, room=0)
    # A step in the wave or in its slope stands out in the second difference.
    jumps = np.abs(np.diff(y, n=2))
    beats = np.arange(1, 5 * tempo / 60) * 60 / tempo * SR
    near = np.zeros(len(jumps), dtype=bool)
    for beat in beats:
        near[int(beat) - 60 : int(beat) + 60] = True
    assert jumps[near].max() < 1.6 * jumps[~near].max()


@pytest.mark.parametrize("voice", VOICES)
def test_notes_fade_in_and_out(voice):
    for midi in (31, 48, 60, 90):
        steps = np.abs(np.diff(_note(voice, midi, SR // 8, SR), prepend=0, append=0))
        assert max(steps[:5].max(), steps[-5:].max()) < 0.15 * steps.max()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"genre": "polka"}, "cannot play 'polka'; choose one of blues, classical"),
        ({"volume": 1}, "no knob 'volume'; choose from tempo, key"),
        ({"tempo": 10}, "tempo must be a number from 40 to 240, not 10"),
        ({"key": 12}, "key must be a whole number from 0 to 11"),
        ({"key": 1.5}, "key must be a whole number"),
        ({"room": float("nan")}, "room must be a number from 0 to 1, not nan"),
        ({"drums": "loud"}, "drums must be a number from 0 to 1, not 'loud'"),
        ({"seconds": 0}, "seconds must be a number from 0.1"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"sr": 100}, "sr must be a whole number from 8000"),
    ],
)
def test_bad_arguments_are_named(arguments, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as error:
        play(**arguments)
    assert "\n" not in str(error.value)


def test_album_layout_and_repeats(tmp_path):
    songs = album(tmp_path / "a", songs_per_genre=2, seconds=0.5, seed=7)
    assert list(songs.columns) == ["path", "filename", "genre"]
    assert songs.genre.value_counts().to_dict() == dict.fromkeys(GENRES, 2)
    assert songs.filename[1] == "blues.00001.wav"
    found = sorted(str(path) for path in (tmp_path / "a").rglob("*.*"))
    assert found == sorted(songs.path)
    folders = [Path(path).relative_to(tmp_path / "a").parent.as_posix() for path in songs.path]
    assert folders == list(songs.genre)
    info = sf.info(songs.path[0])
    assert (info.samplerate, info.channels, info.subtype) == (SR, 1, "PCM_16")
    assert info.frames == SR // 2

    again = album(tmp_path / "b", songs_per_genre=2, seconds=0.5, seed=7)
    other = album(tmp_path / "c", songs_per_genre=2, seconds=0.5, seed=8)
    for one, two, three in zip(songs.path, again.path, other.path, strict=True):
        assert Path(one).read_bytes() == Path(two).read_bytes() != Path(three).read_bytes()


def test_songs_of_an_album_differ_and_carry_their_recipe(tmp_path):
    songs = album(tmp_path, songs_per_genre=2, seconds=0.5)
    recipes = set()
    for path in songs.path:
        with sf.SoundFile(path) as file:
            recipes.add(file.comment)
            y = eval(file.comment, {"play": play})
            assert np.max(np.abs(file.read() - y)) < 1e-4
    assert len(recipes) == 20


def test_album_writes_only_what_is_missing_or_wrong(tmp_path):
    def contents_and_times():
        return [(path.read_bytes(), path.stat().st_mtime_ns) for path in paths]

    paths = [Path(path) for path in album(tmp_path, songs_per_genre=1, seconds=0.5).path]
    before = contents_and_times()
    paths[0].write_bytes(before[0][0][:5000])
    paths[1].unlink()
    album(tmp_path, songs_per_genre=1, seconds=0.5)
    after = contents_and_times()
    assert [content for content, _ in after] == [content for content, _ in before]
    assert after[2:] == before[2:]


def test_album_leaves_other_music_alone(tmp_path):
    theirs = tmp_path / "blues" / "blues.00000.wav"
    theirs.parent.mkdir()
    sf.write(theirs, np.zeros(100), SR)
    before = theirs.read_bytes()
    with pytest.raises(OSError, match="other music has that name"):
        album(tmp_path, songs_per_genre=1, seconds=0.5)
    assert theirs.read_bytes() == before


def test_album_says_when_a_folder_cannot_be_written(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    with pytest.raises(OSError, match=r"cannot write .*; choose another folder"):
        album(file, songs_per_genre=1, seconds=0.5)
    with pytest.raises(ValueError, match="songs_per_genre must be a whole number from 1"):
        album(tmp_path, songs_per_genre=0)
