"""The band is checked without ears: each knob must do what its name says, and nothing else."""

import re
from dataclasses import asdict, fields, replace
from functools import cache
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.band import DRUMS, VOICES, _drum, _note, perform
from helpers.jukebox import GENRES, Knobs, album, knobs_for, play, score
from helpers.styles import SCALES, STYLES, changes

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


def test_nothing_is_left_over_from_what_was_played_before():
    before = play("country", 2.0, seed=6)
    play("country", 2.0, seed=6, tempo=133.3, key=1, swing=0.7)
    assert np.array_equal(play("country", 2.0, seed=6), before)
    _note.cache_clear()
    _drum.cache_clear()
    assert np.array_equal(play("country", 2.0, seed=6), before)


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
def test_key_moves_all_pitches(genre):
    # A song has its fifth and its third, too: the tonic is among the strongest, not always first.
    def chroma(key):
        y = play(genre, 18.0, seed=2, key=key, drums=0.0)
        bins = librosa.feature.chroma_cqt(y=y, sr=SR, hop_length=4096, tuning=0).mean(axis=1)
        return np.roll(bins, -key)

    low, high = chroma(2), chroma(9)
    assert np.argsort(-low).tolist().index(0) < 3
    assert np.corrcoef(low, high)[0, 1] > 0.7


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


@pytest.mark.parametrize(("genre", "off_beat"), [("rock", 0.5), ("jazz", 0.5), ("hiphop", 0.25)])
def test_swing_delays_the_off_beats(genre, off_beat):
    # At 60 BPM a beat lasts a second.
    def shares(swing):
        return set(score(genre, 20.0, tempo=60, swing=swing).start.mod(1).round(6))

    straight, swung = shares(0), shares(1)
    assert off_beat in straight
    assert off_beat not in swung
    assert round(off_beat * 4 / 3, 6) in swung
    assert 0 in straight & swung


def test_a_note_sounds_when_the_score_says():
    notes = score("reggae", 2.0)
    note = notes[notes.player == "skank"].head(1).assign(start=0.7)
    y = perform(note, STYLES["reggae"], replace(knobs_for("reggae"), room=0.0), 2 * SR, SR)
    assert np.argmax(np.abs(y) > 0.2) / SR == pytest.approx(0.7, abs=0.01)


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
        steps = np.abs(np.diff(_note(voice, midi, 0.125, 0, SR), prepend=0, append=0))
        assert max(steps[:5].max(), steps[-5:].max()) < 0.15 * steps.max()


SEEDS = range(100)
TEMPOS = {
    "blues": (70, 116), "classical": (90, 140), "country": (90, 130), "disco": (110, 132),
    "hiphop": (80, 104), "jazz": (120, 220), "metal": (150, 220), "pop": (96, 130),
    "reggae": (60, 90), "rock": (108, 150),
}  # fmt: skip


@cache
def straight(genre, seed=0, bars=12):
    """The score at a beat a second without swing: start and duration are beats."""
    table = score(genre, 4.0 * bars, seed, tempo=60, swing=0, drums=1)
    return table.assign(bar=table.start // 4, place=table.start % 4)


def hits(genre, player, seed):
    table = straight(genre, seed)
    return table[table.player == player]


def test_everybody_has_an_instrument():
    sounds = {part.sound for style in STYLES.values() for part in style.drums + style.parts}
    assert sounds == set(VOICES) | set(DRUMS)


@every_genre
def test_score_says_what_is_played(genre):
    notes = score(genre, 10.0, seed=3, drums=0.5)
    columns = ["start", "duration", "player", "midi", "loudness", "bend"]
    assert list(notes.columns) == columns
    assert notes.start.is_monotonic_increasing
    assert notes.start.between(0, 10, inclusive="left").all()
    assert (notes.duration > 0).all()
    assert (notes.loudness > 0).all()
    assert notes.midi.dropna().between(21, 108).all()
    parts = STYLES[genre].drums + STYLES[genre].parts
    drums = {part.player for part in parts if part.lowest is None}
    assert (notes.midi.isna() == notes.player.isin(drums)).all()
    assert notes.player.isin([part.player for part in parts]).all()
    assert notes.start.iloc[0] == 0


@every_genre
def test_no_two_songs_share_a_tune(genre):
    leads = {part.player for part in STYLES[genre].parts if set(part.pattern) & set("?/yw~P")}
    songs = set()
    for seed in SEEDS:
        notes = straight(genre, seed, 4)
        songs.add(tuple(notes[notes.player.isin(leads)][["start", "midi"]].itertuples(index=False)))
    assert len(songs) == len(SEEDS)


@every_genre
def test_choruses_vary_within_a_song(genre):
    bars = straight(genre, 5, 32)
    bars = bars[bars.midi.notna()]
    phrases = [
        tuple(zip(phrase.start - first, phrase.player, phrase.midi, strict=True))
        for first in range(0, 128, 16)
        for phrase in [bars[bars.start.between(first, first + 16, inclusive="left")]]
    ]
    assert len(set(phrases)) == 8


@every_genre
def test_a_longer_song_begins_the_same(genre):
    short, long = score(genre, 5.0, seed=8), score(genre, 12.0, seed=8)
    assert short.equals(long.head(len(short)))


@every_genre
def test_other_knobs_leave_the_notes_alone(genre):
    plain, turned = (
        score(genre, 8.0, seed=4, key=0, tempo=100, swing=0, drums=0.5, **others)
        for others in ({}, {"brightness": 0.1, "distortion": 1.0, "room": 1.0})
    )
    assert plain.equals(turned)
    higher = score(genre, 8.0, seed=4, key=5, tempo=100, swing=0, drums=0.5)
    pitched = plain.midi.notna()
    assert ((higher.midi - plain.midi)[pitched] % 12 == 5).all()
    slower = score(genre, 16.0, seed=4, key=0, tempo=50, swing=0, drums=0.5)
    assert np.allclose(slower.start, 2 * plain.start)
    assert slower.midi.equals(plain.midi)
    quiet = score(genre, 8.0, seed=4, key=0, tempo=100, swing=0, drums=0)
    assert quiet.equals(plain[pitched].reset_index(drop=True))


@every_genre
def test_tempo_is_in_the_styles_range(genre):
    slowest, fastest = TEMPOS[genre]
    assert slowest <= knobs_for(genre).tempo <= fastest


@every_genre
@pytest.mark.parametrize("seed", range(10))
def test_the_notes_belong_to_the_key_or_the_chord(genre, seed):
    style = STYLES[genre]
    notes = straight(genre, seed)
    chords = changes(style, seed, 12)
    for part in style.parts:
        if set(part.pattern) & set("wyP"):
            continue  # approach notes, speech and the parallel fifths of power chords
        mine = notes[notes.player == part.player]
        for note in mine.itertuples():
            chord = chords[int(note.start // 2)]
            above_tonic = (int(note.midi) - knobs_for(genre).key) % 12
            tones = {(chord.root + tone) % 12 for tone in (*chord.tones, 7, 9, 10, 14)}
            assert above_tonic in tones | set(SCALES[part.scale or "major"])


@pytest.mark.parametrize("seed", range(10))
def test_four_on_the_floor_with_open_hats_between(seed):
    assert set(hits("disco", "kick", seed).start) == set(range(48))
    assert set(hits("disco", "open hat", seed).place % 1) == {0.5}
    octaves = hits("disco", "bass", seed).midi.diff().abs()
    assert (octaves == 12).mean() > 0.35


@pytest.mark.parametrize("seed", range(10))
def test_one_drop_and_skank(seed):
    assert set(hits("reggae", "kick", seed).place) == {2}
    assert set(hits("reggae", "skank", seed).place % 1) == {0.5}
    assert len(hits("reggae", "bass", seed)) < 7 * 12


@pytest.mark.parametrize("seed", range(10))
def test_walking_bass_and_ride(seed):
    bass = hits("jazz", "bass", seed)
    assert list(bass.start) == list(range(48))
    steps = bass.midi.diff().abs().dropna()
    assert (steps <= 4).mean() > 0.6
    assert steps.max() <= 12
    assert {0, 1, 2, 3} <= set(hits("jazz", "ride", seed).place)
    assert set(hits("jazz", "hat", seed).place) == {1, 3}
    assert knobs_for("jazz").swing > 0.5


@pytest.mark.parametrize("seed", range(10))
def test_alberti_bass_and_no_drums(seed):
    piano = hits("classical", "piano", seed)
    bar = piano[piano.bar == 3].midi.to_numpy()[:4]
    low, high, middle, again = bar
    assert low < middle < high == again
    assert knobs_for("classical").drums == 0
    assert score("classical", 10.0, seed).midi.notna().all()


@pytest.mark.parametrize("genre", ["blues", "disco", "hiphop", "pop", "rock"])
@pytest.mark.parametrize("seed", range(5))
def test_backbeat(genre, seed):
    snare = hits(genre, "snare", seed)
    groove = snare[snare.bar % 4 != 3]
    loud = groove[groove.loudness > 0.6 * groove.loudness.max()]
    assert set(loud.place) == {1, 3}
    assert len(loud) == 2 * 9


@pytest.mark.parametrize("seed", range(10))
def test_metal_is_dense_and_low(seed):
    kicks = hits("metal", "kick", seed)
    assert len(kicks) >= 8 * 12
    chug = hits("metal", "chug", seed).groupby("start").midi.min()
    assert chug.median() <= 46
    assert SCALES["phrygian"][1] == 1


def test_metal_blasts():
    # Kick and snare in turns, sixteenth by sixteenth, in some songs.
    assert any(len(hits("metal", "snare", seed)) > 60 for seed in range(10))


@pytest.mark.parametrize("seed", range(5))
def test_twelve_bar_blues(seed):
    roots = [chord.root for chord in changes(STYLES["blues"], seed, 12)][::2]
    assert roots[0] == 0
    assert roots[4:6] == [5, 5]
    assert roots[6] == 0
    assert all(10 in chord.tones for chord in changes(STYLES["blues"], seed, 12))
    # Call and response: the voice has the first half of a phrase, the guitar the second.
    assert set(hits("blues", "voice", seed).bar % 4) == {0, 1}
    assert set(hits("blues", "lead", seed).bar % 4) == {2, 3}


@pytest.mark.parametrize("seed", range(5))
def test_country_alternates_root_and_fifth(seed):
    bass = hits("country", "bass", seed)
    chords = changes(STYLES["country"], seed, 12)
    for note in bass[bass.bar % 4 != 3].itertuples():
        above = (note.midi - knobs_for("country").key - chords[int(note.bar * 2)].root) % 12
        assert above == {0: 0, 2: 7}[note.place]


@pytest.mark.parametrize("seed", range(5))
def test_pop_has_four_chords(seed):
    assert {chord.root for chord in changes(STYLES["pop"], seed, 4)} == {0, 5, 7, 9}


@pytest.mark.parametrize("seed", range(5))
def test_rock_fills_and_crashes(seed):
    assert set(hits("rock", "crash", seed).bar % 4) == {0}
    assert set(hits("rock", "tom", seed).bar % 4) <= {3}
    guitar = hits("rock", "guitar", seed).groupby("start").midi
    assert (guitar.max() - guitar.min() == 12).all()


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
