"""What would it sound like if…? A small band made of numpy.

The jukebox plays ten styles named after GTZAN's genres, from a seed and seven knobs. Every cause is
known: turn one knob, and only that changes. A score on its music says nothing about real music.
"""

import re
from collections import namedtuple
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf
from scipy import fft, ndimage, signal

from helpers.audio import SAMPLE_RATE

CYCLE, OVERTONES = 128, 40  # samples in one turn of a string's loop, overtones kept in it


@dataclass(frozen=True)
class Knobs:
    """The seven knobs of the band; all but the first two go from 0 to 1."""

    tempo: float  # beats per minute, 40 to 240
    key: int  # pitch class of the tonic: 0 is C, 1 is C sharp, … 11 is B
    drums: float  # loudness
    brightness: float  # tone control: a low-pass filter
    distortion: float  # of everything but the drums and the bass
    swing: float  # 1 puts the off-beat eighth on the third triplet
    room: float  # loudness and length of the reverberation


# fmt: off
RANGES = {"tempo": (40, 240, Real), "key": (0, 11, Integral), "seconds": (0.1, 600, Real),
          "seed": (0, 2**63 - 1, Integral), "sr": (8000, 96000, Integral),
          "songs_per_genre": (1, 100000, Integral)}  # every other knob goes from 0 to 1
SCALES = {  # of the chords, and of the tunes
    "blues": ((0, 2, 4, 5, 7, 9, 10), (0, 3, 5, 6, 7, 10)),
    "major": ((0, 2, 4, 5, 7, 9, 11), (0, 2, 4, 7, 9)),
    "minor": ((0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10)),
    "phrygian": ((0, 1, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10))}
CHORDS = {"c": [0, 2, 4], "s": [0, 2, 4, 6], "p": [0, 4, 7], "h": [0, 5, 7]}
# Overtone h starts at h**-rolloff, fades (1 + damping * h) / ring fast; detune, vibrato in cents.
Voice = namedtuple("Voice", "rolloff ring damping attack release detune vibrato",
                   defaults=(np.inf, 0.0, 0.004, 0.05, 0, 0))
VOICES = {
    "upright": Voice(1.4, 0.9, 0.25), "bass": Voice(1.2, 1.5, 0.15), "sub": Voice(2.6, 3.0),
    "guitar": Voice(0.7, 1.6, 0.3), "banjo": Voice(0.5, 0.5, 0.2), "piano": Voice(1.5, 1.4, 0.3),
    "electric": Voice(0.9, 2.5, 0.1), "rhodes": Voice(2.0, 1.8, 0.4, detune=4),
    "organ": Voice(1.3, attack=0.01, vibrato=8), "synth": Voice(0.9, attack=0.01, detune=10),
    "strings": Voice(1.2, attack=0.08, release=0.25, detune=9, vibrato=10),
    "fiddle": Voice(1.0, attack=0.04, release=0.08, vibrato=22),
    "sax": Voice(1.1, 4.0, 0.1, attack=0.025, vibrato=18), "lead": Voice(0.9, 6.0, vibrato=20)}
# A falling tone (Hz, seconds it rings) and noise (loudness, seconds it rings, lowest Hz).
DRUMS = {
    "kick": (50, 0.11, 0.2, 0.006, 800), "snare": (180, 0.05, 1.3, 0.07, 1200),
    "drop": (58, 0.14, 1.5, 0.03, 1500), "hat": (0, 0.01, 1.5, 0.018, 6000),
    "ride": (0, 0.01, 1.0, 0.16, 5000), "open": (0, 0.01, 1.8, 0.09, 5500)}
# Written as for a drum machine: a step is a sixteenth note, sixteen make a bar; "|" parts the
# alternatives that a seed chooses from. Chords: a scale degree for each bar. Drums: x a hit, o a
# soft one. Parts (voice, MIDI note of its lowest C, loudness, pattern), the bass first: 1 to 9 a
# degree above the chord's root, c the chord, s with its seventh, p a power chord, h its sixth,
# ~ a random walk above the root, ? a tune above the key's tonic; - holds the note, . rests.
TUNE = "?---?-?-?-?-?---?-?-?---?-------|?-?-?---?---?---?-----?-?-------"
Style = namedtuple("Style", "scale chords drums knobs parts")
STYLES = {  # Knobs: tempo, key, drums, brightness, distortion, swing, room
    "blues": Style("blues", "111144115411", {"kick": "x...", "snare": "....x...", "ride": "x.o."},
        Knobs(96, 4, 0.5, 0.5, 0.2, 0.85, 0.25), (("bass", 36, 1.0, "1-3-5-6-8-6-5-3-|1-3-5-3-"),
         ("electric", 48, 0.5, "p-p-h-h-"), ("lead", 60, 0.6, TUNE))),
    "classical": Style("major", "1141|1415|1451", {"kick": "x.......", "ride": "......oo"},
        Knobs(108, 7, 0.0, 0.55, 0.0, 0.0, 0.6), (("strings", 36, 0.8, "1-------8-------"),
         ("strings", 48, 0.5, "c---------------"), ("piano", 60, 0.8, "1-5-3-5-8-5-3-5-"),
         ("fiddle", 72, 0.5, "8---~-~-~---~---~-~-~-~-8-------|8-----~-~-~-~-~-~---~---8-------"))),
    "country": Style("major", "1141|1411", {"kick": "x.......", "snare": "o.oox.oo"},
        Knobs(112, 7, 0.35, 0.65, 0.0, 0.15, 0.15), (("upright", 36, 1.0, "1---....5---...."),
         ("guitar", 48, 0.8, "....c---"), ("banjo", 60, 0.6, "1358"), ("fiddle", 72, 0.4, TUNE))),
    "disco": Style("minor", "1141|1161", {"kick": "x...", "snare": "....x...", "open": "..x."},
        Knobs(122, 9, 0.65, 0.7, 0.0, 0.0, 0.2),
        (("bass", 36, 1.0, "1-8-|1-818-811-818-81"), ("strings", 60, 0.6, "c---------------"),
         ("electric", 60, 0.5, "c.cc..c.c.cc..c.|..cc..c...cc.cc."), ("strings", 72, 0.5, TUNE))),
    "hiphop": Style("minor", "1161", {"kick": "x......x..x.....", "snare": "....x...", "hat": "x."},
        Knobs(88, 2, 0.8, 0.45, 0.1, 0.35, 0.1), (("sub", 36, 1.3, "1------1--~-----|1-----..~-8-"),
         ("rhodes", 60, 0.8, "s-----------s---"), ("piano", 72, 0.5, "..?-?-....?-....|?-..?---"))),
    "jazz": Style("major", "1251|1411", {"kick": "o...", "hat": "....x...", "ride": "x...x.o."},
        Knobs(152, 10, 0.4, 0.5, 0.0, 0.85, 0.3), (("upright", 36, 1.2, "1---~---8---~---"),
         ("piano", 60, 0.5, "s-----s-........|s-........s-----"),
         ("sax", 60, 0.6, "..~-~-~-~-~-?---~-~-~-?-----~-~-|?---~-~-~-~-~-~-~-~-?-------..~-"))),
    "metal": Style("phrygian", "1121|1161", {"kick": "x", "snare": "....x...", "open": "x..."},
        Knobs(168, 4, 0.7, 0.75, 0.85, 0.0, 0.1), (("bass", 36, 0.7, "1"),
         ("electric", 36, 1.2, "pppppppp1-1-p---|p--pp-pp1-1-p---"), ("lead", 60, 0.3, "?---|?"))),
    "pop": Style("major", "1564|1415|1645", {"kick": "x.....x.", "snare": "....x...", "hat": "x."},
        Knobs(116, 0, 0.6, 0.7, 0.0, 0.0, 0.3), (("sub", 36, 1.1, "1-"), ("lead", 60, 0.6, TUNE),
         ("synth", 60, 0.6, "c-----c-----c---"), ("banjo", 72, 0.4, "8-5-8-3-|1-8-5-8-"))),
    "reggae": Style("minor", "1141|1411", {"drop": "........x.......", "hat": "o.x."},
        Knobs(74, 9, 0.55, 0.45, 0.0, 0.2, 0.35), (("sub", 36, 1.4, "1-..1-~-5---..~-|1-..~-5-"),
         ("guitar", 60, 0.9, "..c."), ("organ", 60, 0.4, ".cc-"), ("organ", 48, 0.2, "1-------"))),
    "rock": Style("blues", "1741|1147", {"kick": "x.....x.", "snare": "....x...", "hat": "x."},
        Knobs(126, 9, 0.65, 0.65, 0.5, 0.0, 0.2), (("bass", 36, 0.9, "1-"), ("lead", 60, 0.4, TUNE),
         ("electric", 48, 0.9, "p---p-p---p-p---|p-p-p-p-p-p-p---")))}
# fmt: on
GENRES = tuple(STYLES)


def knobs_for(genre):
    """The Knobs of a style as they are by default; ValueError for one the band can't play."""
    if genre not in GENRES:
        raise ValueError(f"the jukebox cannot play {genre!r}; choose one of {', '.join(GENRES)}")
    return STYLES[genre].knobs


def play(genre="rock", seconds=10.0, seed=0, sr=SAMPLE_RATE, **knobs):
    """Let the band play: the same seed gives the same samples, another seed another song.

    Parameters
    ----------
    genre : str, one of `GENRES`
    seconds : float, 0.1 to 600
    seed : int, 0 or more
    sr : int, sample rate in Hz, 8,000 to 96,000
    **knobs : fields of `Knobs`; the others stay as the style has them

    Returns
    -------
    y : np.ndarray, shape (round(seconds * sr),), float32, values between -0.9 and 0.9

    Raises
    ------
    ValueError
        If the genre or a knob is unknown, or a value is out of its range.
    """
    default = knobs_for(genre)
    for name in knobs.keys() - asdict(default):
        raise ValueError(f"there is no knob {name!r}; choose from {', '.join(asdict(default))}")
    _check(seconds=seconds, seed=seed, sr=sr, **knobs)
    return _perform(STYLES[genre], replace(default, **knobs), round(seconds * sr), seed, sr)


def _check(**values):
    for name, value in values.items():
        low, high, kind = RANGES.get(name, (0, 1, Real))
        if not (isinstance(value, kind) and low <= value <= high):
            what = "a whole number" if kind is Integral else "a number"
            raise ValueError(f"{name} must be {what} from {low} to {high}, not {value!r}")


def _perform(style, knobs, n, seed, sr):
    # Every player has dice of their own, so that no knob can change what another one plays.
    chords, band, drummer = (np.random.default_rng([seed, player]) for player in range(3))
    beat, quarter = np.divmod(np.arange(int(n / sr * knobs.tempo / 15) + 2), 4)
    # Swing bends the time within each beat: the off-beat eighth moves from 1/2 to 2/3.
    bent = beat + np.interp(quarter, (0, 2, 4), (0, 0.5 + knobs.swing / 6, 1))
    times = np.rint(bent * 60 / knobs.tempo * sr).astype(int)
    roots = chords.choice(style.chords.split("|")) * len(times)
    y = 6 * knobs.drums * _mix(_hits(style.drums, times, sr, drummer), n)
    for part in style.parts:
        track = _mix(_notes(style, part, roots, knobs.key, times, sr, band), n)
        clean = part is style.parts[0]  # the bass
        y = y + part[2] * (track if clean else _overdrive(track, knobs.distortion))
    # A room's echoes are much like noise that dies away (Moorer 1979).
    t = np.arange(int((0.3 + 1.2 * knobs.room) * sr)) / sr
    echoes = np.random.default_rng(0).standard_normal(len(t)) * np.exp(-6.9 * t / t[-1])
    y += signal.fftconvolve(y, echoes * 0.7 * knobs.room / np.linalg.norm(echoes))[:n]
    cutoff = min(600 * 16**knobs.brightness, 0.45 * sr)
    y = _fade(signal.lfilter(*signal.butter(1, cutoff, fs=sr), y), 0.005, 0.05, sr)
    return (y * (0.9 / np.max(np.abs(y)))).astype(np.float32)


def _mix(sounds, n):
    y = np.zeros(n, dtype=np.float32)
    for start, loudness, sound in sounds:
        place = y[start : start + len(sound)]
        place += np.float32(loudness) * sound[: len(place)]
    return y


def _hits(drums, times, sr, rng):
    for drum, pattern in drums.items():
        for hit in re.finditer("[xo]", (pattern * len(times))[: len(times) - 1]):
            loudness = {"x": 1.0, "o": 0.4}[hit[0]] * rng.uniform(0.85, 1.0)
            yield times[hit.start()], loudness, _drum(drum, sr)


def _notes(style, part, roots, key, times, sr, rng):
    voice, lowest, _, patterns = part
    scale, tune = (np.add.outer((0, 12, 24), tones).ravel() for tones in SCALES[style.scale])
    # Four bars of a random walk, folded so that it stays within eight degrees.
    walk = 7 - np.abs(np.cumsum(rng.choice((-2, -1, -1, 1, 1, 2), 64)) % 14 - 7)
    line = (rng.choice(patterns.split("|")) * len(times))[: len(times) - 1]
    for note in re.finditer("[^.-]-*", line):
        step, symbol, up = note.start(), note[0][0], walk[note.start() % 64]
        degree = int(roots[step // 16]) - 1
        above = scale[degree : degree + 9] - (12 if scale[degree] > 6 else 0)
        if symbol == "?":  # a long note comes home to the tonic
            pitches = [tune[up] if len(note[0]) < 5 else 12 * (up > 3)]
        else:
            pitches = above[CHORDS.get(symbol) or [up if symbol == "~" else int(symbol) - 1]]
        loudness = (1.0 if step % 4 == 0 else 0.8) / len(pitches) ** 0.5
        for pitch in pitches:
            midi = lowest + (key + 5) % 12 - 5 + pitch
            yield times[step], loudness, _note(voice, midi, times[note.end()] - times[step], sr)


@lru_cache(maxsize=256)
def _note(name, midi, length, sr):
    # A string after Karplus & Strong (1983): a loop that loses a little on every round trip. Here
    # all trips are computed at once, overtone by overtone, and read at the speed of the pitch.
    voice, hz = VOICES[name], 440 * 2 ** ((midi - 69) / 12)
    t = np.arange(length + round(voice.release * sr)) / sr
    h = np.arange(1, 1 + max(1, min(OVERTONES, int(0.45 * sr / hz))))
    level = h**-voice.rolloff * np.exp(2j * np.pi * np.random.default_rng(midi).random(len(h)))
    trips = np.arange(1 if np.isinf(voice.ring) else int(t[-1] * hz * 1.1) + 4)
    loss = np.exp(np.outer(trips, -(1 + voice.damping * h) / (voice.ring * hz)), dtype=np.float32)
    spectrum = loss * (level * CYCLE / np.linalg.norm(level)).astype(np.complex64)
    loop = fft.irfft(np.pad(spectrum, ((0, 0), (1, 0))), n=CYCLE, axis=1).ravel()
    wobble = voice.vibrato / 1731 * (1 - np.cos(2 * np.pi * 5.5 * t)) / (2 * np.pi * 5.5)
    speeds = hz * CYCLE * 2 ** (np.unique((-voice.detune, voice.detune)) / 1200)
    y = ndimage.map_coordinates(loop, [np.outer(speeds, t + wobble)], order=1, mode="grid-wrap")
    return _fade(y.sum(axis=0), voice.attack, voice.release, sr)


@lru_cache(maxsize=32)
def _drum(name, sr):
    tone, ring, noise, hiss, lowest = DRUMS[name]
    t = np.arange(int(7 * max(ring, hiss) * sr)) / sr
    # The skin is tightest when the stick hits it: the tone falls from three times its pitch.
    y = np.sin(2 * np.pi * tone * (t + 0.04 * (1 - np.exp(-t / 0.02)))) * np.exp(-t / ring)
    high_pass = signal.butter(2, min(lowest, 0.4 * sr), "high", fs=sr)
    white = signal.lfilter(*high_pass, np.random.default_rng(lowest).standard_normal(len(t)))
    return _fade(y + noise * white * np.exp(-t / hiss), 0.001, 0.01, sr).astype(np.float32)


def _fade(y, attack, release, sr):
    a, r = (min(round(seconds * sr), len(y)) for seconds in (attack, release))
    y[:a] *= np.hanning(2 * a + 1)[:a]
    y[len(y) - r :] *= np.hanning(2 * r + 1)[r + 1 :]
    return y


def _overdrive(y, amount):
    # Guitar pedals cut the bass before they clip, or chords would turn to mud.
    driven = signal.lfilter([1, -0.95 * amount**0.5], [1], y)
    loudness = np.std(driven)
    if amount * loudness < 1e-6:
        return y
    clipped = np.tanh(driven * (12 * amount / loudness))
    return clipped * (np.std(y) / np.std(clipped))


def album(folder, songs_per_genre=10, seconds=30.0, seed=0):
    """Write songs in GTZAN's layout, <folder>/jazz/jazz.00000.wav and so on (16 bit, mono).

    Every song has a seed of its own and knobs near its style's. The comment inside a file is the
    call of `play` that made it; a file whose comment and length are right is not written again.

    Returns
    -------
    pd.DataFrame with the columns path, filename and genre

    Raises
    ------
    ValueError
        If an argument is out of its range.
    OSError
        If the folder cannot be written, or holds other music under these names.
    """
    _check(songs_per_genre=songs_per_genre, seconds=seconds, seed=seed)
    songs = []
    for genre in GENRES:
        usual = asdict(knobs_for(genre)).items()
        for number in range(songs_per_genre):
            path = Path(folder) / genre / f"{genre}.{number:05d}.wav"
            rng = np.random.default_rng([seed, GENRES.index(genre), number])
            near = {k: round(v * rng.uniform(0.85, 1.15), 2) for k, v in usual}
            near["key"] = int(rng.integers(12))
            _record(path, genre, float(seconds), int(rng.integers(2**31)), near)
            songs.append((str(path), path.name, genre))
    return pd.DataFrame(songs, columns=["path", "filename", "genre"])


def _record(path, genre, seconds, seed, knobs):
    recipe = f"play({genre!r}, {seconds}, {seed}, **{knobs})"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            with sf.SoundFile(path) as file:
                if (file.comment, file.frames) == (recipe, round(seconds * SAMPLE_RATE)):
                    return
                if not file.comment.startswith("play("):
                    raise OSError("other music has that name")
        with sf.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_16", format="WAV") as file:
            file.comment = recipe
            file.write(play(genre, seconds, seed, **knobs))
    except (OSError, sf.LibsndfileError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OSError(f"cannot write {path} ({reason}); choose another folder") from None
