"""The band is checked without ears: each knob must do what its name says, and nothing else."""

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import jukebox
from helpers.jukebox import GENRES, KNOBS, album, knobs_for, notes, play
from helpers.jukebox.band import DRUMS, VOICES, _cut, _drum, _note, perform
from helpers.jukebox.styles import SCALES, STYLES, changes

SR = 22_050
SEEDS = range(3)
every_genre = pytest.mark.parametrize("genre", GENRES)


def rms(y, length=SR // 10):
    return np.sqrt(np.mean(y[: len(y) // length * length].reshape(-1, length) ** 2, axis=1))


def centroid(y):
    strength = np.abs(np.fft.rfft(y))
    return np.sum(np.fft.rfftfreq(len(y), 1 / SR) * strength) / np.sum(strength)


def zero_crossings(y):
    return np.mean(np.diff(np.signbit(y)))


@cache
def straight(genre, seed=0, bars=12):
    """The notes at a beat a second without swing: start and duration are beats."""
    table = notes(genre, 4.0 * bars, seed, tempo=60, swing=0, drums=1)
    return table.assign(bar=table.start // 4, place=table.start % 4)


def hits(genre, player, seed):
    table = straight(genre, seed)
    return table[table.player == player]


# What comes out


def test_the_ten_genres_of_gtzan():
    names = "blues classical country disco hiphop jazz metal pop reggae rock"
    assert " ".join(GENRES) == names
    names = ["tempo", "key", "drums", "brightness", "distortion", "swing", "room"]
    assert list(KNOBS) == list(knobs_for("rock")) == names


@every_genre
def test_samples_are_sound(genre):
    y = play(genre, 3.0, seed=2, room=0)
    assert y.shape == (3 * SR,)
    assert y.dtype == np.float32
    assert np.isfinite(y).all()
    assert 0.85 < np.max(np.abs(y)) <= 0.9
    assert abs(np.mean(y)) < 0.01
    assert max(abs(y[0]), abs(y[-1])) < 0.001
    assert np.min(rms(y[SR // 20 : -SR // 20], SR // 20)) > 0.01


@settings(max_examples=10, deadline=None)
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
    knobs = dict(zip(KNOBS, (tempo, key, *others), strict=True))
    y = play(genre, seconds, seed, sr, **knobs)
    assert y.shape == (round(seconds * sr),)
    assert np.isfinite(y).all()
    assert 0 < np.max(np.abs(y)) <= 0.9


@every_genre
def test_same_seed_same_song_other_seed_other_tune(genre):
    assert notes(genre, 8.0, seed=3).equals(notes(genre, 8.0, seed=3))
    leads = {part.player for part in STYLES[genre].parts if set(part.pattern) & set("?/yw~P")}
    tunes = set()
    for seed in SEEDS:
        tune = straight(genre, seed, 4)
        tunes.add(tuple(tune[tune.player.isin(leads)][["start", "midi"]].itertuples(index=False)))
    assert len(tunes) == len(SEEDS)
    assert len({tuple(changes(STYLES[genre], seed, 12)) for seed in range(10)}) > 1


def test_nothing_is_left_over_from_what_was_played_before():
    before = play("country", 2.0, seed=6)
    play("country", 2.0, seed=6, tempo=133.3, key=1, swing=0.7)
    assert np.array_equal(play("country", 2.0, seed=6), before)
    _note.cache_clear()
    _drum.cache_clear()
    assert np.array_equal(play("country", 2.0, seed=6), before)
    assert not np.array_equal(play("country", 2.0, seed=7), before)


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


# What the knobs do


@every_genre
def test_brightness_distortion_and_drums_do_what_they_say(genre):
    def turned(**knobs):
        return play(genre, 1.5, seed=1, **{"drums": 0, "room": 0, "distortion": 0} | knobs)

    clean = turned()
    dull, bright = (centroid(turned(brightness=b)) for b in (0.2, 0.8))
    assert bright > dull + 50
    assert zero_crossings(turned(distortion=1)) > zero_crossings(clean)
    half, full = (np.corrcoef(clean, turned(drums=d))[0, 1] for d in (0.5, 1))
    assert 1 > half > full


@every_genre
def test_tempo_key_and_drums_move_the_notes_and_no_other_knob_does(genre):
    knobs = {"key": 0, "tempo": 100, "swing": 0, "drums": 0.5}
    plain = notes(genre, 8.0, seed=4, **knobs)
    assert plain.equals(
        notes(genre, 8.0, seed=4, **knobs, brightness=0.1, distortion=1.0, room=1.0)
    )
    higher = notes(genre, 8.0, seed=4, **knobs | {"key": 5})
    pitched = plain.midi.notna()
    assert ((higher.midi - plain.midi)[pitched] % 12 == 5).all()
    slower = notes(genre, 16.0, seed=4, **knobs | {"tempo": 50})
    assert np.allclose(slower.start, 2 * plain.start)
    assert slower.midi.equals(plain.midi)
    quiet = notes(genre, 8.0, seed=4, **knobs | {"drums": 0})
    assert quiet.equals(plain[pitched].reset_index(drop=True))


@pytest.mark.parametrize(("genre", "off_beat"), [("rock", 0.5), ("jazz", 0.5), ("hiphop", 0.25)])
def test_swing_delays_the_off_beats(genre, off_beat):
    # At 60 BPM a beat lasts a second.
    def shares(swing):
        return set(notes(genre, 20.0, tempo=60, swing=swing).start.mod(1).round(6))

    straight, swung = shares(0), shares(1)
    assert off_beat in straight
    assert off_beat not in swung
    assert round(off_beat * 4 / 3, 6) in swung
    assert 0 in straight & swung


@pytest.mark.parametrize("genre", ["reggae", "metal"])
def test_room_fills_the_gaps(genre):
    dry, wet = (play(genre, 4.0, drums=1.0, room=room) for room in (0, 1))
    floor = [np.percentile(rms(y, 441), 5) / np.mean(rms(y, 441)) for y in (dry, wet)]
    assert floor[1] > floor[0]


# How the notes sound


def test_a_note_sounds_when_the_table_says():
    table = notes("reggae", 2.0)
    note = table[table.player == "skank"].head(1).assign(start=0.7)
    y = perform(note, STYLES["reggae"], knobs_for("reggae") | {"room": 0.0}, 2 * SR, SR)
    assert np.argmax(np.abs(y) > 0.2) / SR == pytest.approx(0.7, abs=0.01)


def test_voices_have_the_pitch_that_they_should():
    # The A of 440 Hz comes back after 100 samples, and not after 50.
    for name, voice in VOICES.items():
        if voice.breath < 1:  # a growl is mostly noise
            y = _note(name, 69, 0.3, 0, 44_000)[1000:9000]
            once, twice = (np.corrcoef(y[lag:], y[:-lag])[0, 1] for lag in (50, 100))
            assert twice > max(0.5, once + 0.1), name


def test_notes_fade_in_and_out_where_they_are_cut():
    for voice in VOICES:
        for midi in (31, 48, 60, 90):
            wave = _cut(voice, SimpleNamespace(midi=midi, duration=0.125, bend=0), SR)
            steps = np.abs(np.diff(wave, prepend=0, append=0))
            assert max(steps[:5].max(), steps[-5:].max()) < 0.15 * steps.max(), voice


# What is played


def test_everybody_has_an_instrument_and_every_instrument_somebody():
    sounds = {part.sound for style in STYLES.values() for part in style.drums + style.parts}
    assert sounds == set(VOICES) | set(DRUMS)


@every_genre
def test_the_table_says_what_is_played(genre):
    table = notes(genre, 10.0, seed=3, drums=0.5)
    columns = ["start", "duration", "player", "midi", "loudness", "bend"]
    assert list(table.columns) == columns
    assert table.start.is_monotonic_increasing
    assert table.start.between(0, 10, inclusive="left").all()
    assert (table.duration > 0).all()
    assert (table.loudness > 0).all()
    assert table.midi.dropna().between(21, 108).all()
    parts = STYLES[genre].drums + STYLES[genre].parts
    drums = {part.player for part in parts if part.lowest is None}
    assert (table.midi.isna() == table.player.isin(drums)).all()
    assert table.player.isin([part.player for part in parts]).all()
    assert table.start.iloc[0] == 0


@every_genre
def test_a_longer_song_begins_the_same_and_its_phrases_vary(genre):
    short, long = straight(genre, 5, 3), straight(genre, 5, 16)
    assert short.equals(long.head(len(short)))
    long = long[long.midi.notna()]
    phrases = [
        tuple(zip(phrase.start - first, phrase.player, phrase.midi, strict=True))
        for first in range(0, 64, 16)
        for phrase in [long[long.start.between(first, first + 16, inclusive="left")]]
    ]
    assert len(set(phrases)) == 4


@every_genre
def test_the_notes_belong_to_the_key_or_the_chord(genre):
    style, key = STYLES[genre], knobs_for(genre)["key"]
    for seed in SEEDS[:2]:
        chords, table = changes(style, seed, 12), straight(genre, seed)
        for part in style.parts:
            if set(part.pattern) & set("wyP"):
                continue  # approach notes, speech and the parallel fifths of power chords
            for note in table[table.player == part.player].itertuples():
                chord = chords[int(note.start // 2)]
                tones = {(chord.root + tone) % 12 for tone in (*chord.tones, 7, 9, 10, 14)}
                scale = SCALES[part.scale or "major"]
                assert (int(note.midi) - key) % 12 in tones | set(scale), part.player


def test_twelve_bar_blues_with_call_and_response():
    for seed in SEEDS:
        chords = changes(STYLES["blues"], seed, 12)
        roots = [chord.root for chord in chords][::2]
        assert roots[0] == roots[6] == 0
        assert roots[4:6] == [5, 5]
        assert all(10 in chord.tones for chord in chords)
        assert set(hits("blues", "voice", seed).bar % 4) == {0, 1}
        assert set(hits("blues", "lead", seed).bar % 4) == {2, 3}


def test_classical_has_an_alberti_bass_and_no_drums():
    for seed in SEEDS:
        piano = hits("classical", "piano", seed)
        low, high, middle, again = piano[piano.bar == 3].midi.to_numpy()[:4]
        assert low < middle < high == again
        assert notes("classical", 10.0, seed).midi.notna().all()


def test_country_alternates_root_and_fifth():
    for seed in SEEDS:
        bass, key = hits("country", "bass", seed), knobs_for("country")["key"]
        chords = changes(STYLES["country"], seed, 12)
        for note in bass[bass.bar % 4 != 3].itertuples():
            above = (note.midi - key - chords[int(note.bar * 2)].root) % 12
            assert above == {0: 0, 2: 7}[note.place]


def test_disco_has_four_on_the_floor_with_open_hats_between():
    for seed in SEEDS:
        assert set(hits("disco", "kick", seed).start) == set(range(48))
        assert set(hits("disco", "open hat", seed).place % 1) == {0.5}
        octaves = hits("disco", "bass", seed).midi.diff().abs()
        assert (octaves == 12).mean() > 0.35


def test_jazz_walks_and_rides():
    for seed in SEEDS:
        bass = hits("jazz", "bass", seed)
        assert list(bass.start) == list(range(48))
        steps = bass.midi.diff().abs().dropna()
        assert (steps <= 4).mean() > 0.6
        assert steps.max() <= 12
        assert {0, 1, 2, 3} <= set(hits("jazz", "ride", seed).place)
        assert set(hits("jazz", "hat", seed).place) == {1, 3}


def test_metal_is_dense_and_low_and_blasts_in_some_songs():
    for seed in SEEDS:
        assert len(hits("metal", "kick", seed)) >= 8 * 12
        assert hits("metal", "chug", seed).groupby("start").midi.min().median() <= 46
    # Kick and snare in turns, sixteenth by sixteenth.
    assert any(len(hits("metal", "snare", seed)) > 60 for seed in range(10))


def test_pop_has_four_chords():
    for seed in SEEDS:
        assert {chord.root for chord in changes(STYLES["pop"], seed, 4)} == {0, 5, 7, 9}


def test_reggae_has_one_drop_and_skank():
    for seed in SEEDS:
        assert set(hits("reggae", "kick", seed).place) == {2}
        assert set(hits("reggae", "skank", seed).place % 1) == {0.5}
        assert len(hits("reggae", "bass", seed)) < 7 * 12


def test_rock_fills_and_crashes():
    for seed in SEEDS:
        assert set(hits("rock", "crash", seed).bar % 4) == {0}
        assert set(hits("rock", "tom", seed).bar % 4) <= {3}
        guitar = hits("rock", "guitar", seed).groupby("start").midi
        assert (guitar.max() - guitar.min() == 12).all()


@pytest.mark.parametrize("genre", ["blues", "disco", "hiphop", "pop", "rock"])
def test_backbeat(genre):
    for seed in SEEDS:
        snare = hits(genre, "snare", seed)
        groove = snare[snare.bar % 4 != 3]
        loud = groove[groove.loudness > 0.6 * groove.loudness.max()]
        assert set(loud.place) == {1, 3}
        assert len(loud) == 2 * 9


# Albums


def test_album_layout_recipes_and_repeats(tmp_path):
    songs = album(tmp_path, songs_per_genre=2, seconds=0.2)
    assert list(songs.columns) == ["path", "filename", "genre"]
    assert songs.genre.value_counts().to_dict() == dict.fromkeys(GENRES, 2)
    assert songs.filename[1] == "blues.00001.wav"
    assert sorted(str(path) for path in tmp_path.rglob("*.*")) == sorted(songs.path)
    folders = [Path(path).relative_to(tmp_path).parent.as_posix() for path in songs.path]
    assert folders == list(songs.genre)
    recipes = set()
    for path in songs.path:
        with sf.SoundFile(path) as file:
            assert (file.samplerate, file.channels, file.subtype) == (SR, 1, "PCM_16")
            assert file.frames == SR // 5
            recipe, y = file.comment, file.read()
            recipes.add(recipe)
    assert len(recipes) == 20
    assert np.max(np.abs(y - eval(recipe, {"play": play}))) < 1e-4

    again = album(tmp_path / "again", songs_per_genre=1, seconds=0.2)
    other = album(tmp_path / "other", songs_per_genre=1, seconds=0.2, seed=8)
    for one, two, three in zip(songs.path[::2], again.path, other.path, strict=True):
        assert Path(one).read_bytes() == Path(two).read_bytes() != Path(three).read_bytes()


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


def test_hits_are_where_the_drums_are_heard():
    y = play("rock", 4.0, seed=3)
    found = jukebox.hits("rock", 4.0, seed=3, sr=SR)
    assert {"kick", "snare", "hat"} <= set(found)
    for second in found["snare"]:
        at = round(second * SR)
        before, after = (np.std(np.diff(y[at + a : at + b])) for a, b in ((-1100, 0), (0, 1100)))
        assert after > 1.5 * before


def test_without_drums_there_are_no_hits():
    assert jukebox.hits("rock", 4.0, drums=0.0) == jukebox.hits("classical", 4.0) == {}
