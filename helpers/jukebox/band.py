"""How does the band sound? Instruments, drums and effects made of numpy, each from its formula.

Every tone is additive: cycles of a wave whose overtones have levels, fade and come in as physics
has it, read at the speed of the pitch. Drums are falling tones and filtered noise.
"""

import tomllib
from collections import namedtuple
from functools import lru_cache

import numpy as np
from scipy import fft, signal

from helpers.datasets import DATA

SHEET = tomllib.loads((DATA / "instruments.toml").read_text("utf-8"))
CYCLE, OVERTONES = 256, 100  # samples in one turn of a wave, overtones kept in it
DRUMS_GAIN = 3.5  # of drums whose knob and loudness are 1, beside the other players

# What their fields mean stands in data/instruments.toml.
Voice = namedtuple(
    "Voice",
    "rolloff ring damping attack release even pluck body cut swell detune vibrato breath glide",
    defaults=(np.inf, 0.0, 0.004, 0.05, 1.0, 0.0, (), 9000, 0.0, 0, 0, 0.0, 0.06),
)
VOICES = {
    name: Voice(**{key: tuple(v) if isinstance(v, list) else v for key, v in fields.items()})
    for name, fields in SHEET["voices"].items()
}
MOUTHS, VOWELS, METAL = SHEET["mouths"], SHEET["vowels"], np.array(SHEET["metal"])
Drum = namedtuple("Drum", "tone ring noise hiss low high metal bursts spread", defaults=(0, 1, 0))
DRUMS = {name: Drum(*fields) for name, fields in SHEET["drums"].items()}


def perform(notes, style, knobs, n, sr):
    """Let the band play its notes.

    Parameters
    ----------
    notes : pd.DataFrame
        With the columns that `jukebox.notes` gives.
    style : styles.Style
        Who plays what, and how it is mixed: `glue` compresses, `hiss` is the tape's, `hall` makes
        the room longer (s); `echo` and `dusty` name players that go through a tape delay and an
        old sampler, `pump` those that duck when the kick sounds.
    knobs : dict
        As `jukebox.knobs_for` gives them.
    n, sr : int
        How many samples, and how many of them a second.

    Returns
    -------
    y : np.ndarray, shape (n,), float32, values between -0.9 and 0.9
    """
    mix, y = style.mix, np.zeros(n)
    duck = _duck(notes.start[notes.player == "kick"], n, sr)
    parts = {part.player: part for part in style.drums + style.parts}
    for player, own in notes.groupby("player", sort=False):
        part = parts[player]
        track = _track(part.sound, own, n, sr)
        if player in mix.get("dusty", ()):
            track = _low_pass(track, 2500, sr)
        if part.lowest is None:
            track *= DRUMS_GAIN
        elif part is not style.parts[0] and VOICES[part.sound].body not in MOUTHS:
            track = _overdrive(track, knobs["distortion"])
        if player in mix.get("pump", ()):
            track = track * duck
        y += track
        if player in mix.get("echo", ()):
            y += _echo(track, 45 / knobs["tempo"], knobs["room"], sr)
    y = _room(y, knobs["room"], mix.get("hall", 0), sr)
    return _master(y, mix, knobs["brightness"], sr)


def _master(y, mix, brightness, sr):
    """What is done to the whole mix: no rumble, compression, tape hiss and the tone control."""
    y = signal.lfilter(*signal.butter(2, 35, "high", fs=sr), y)
    y = np.tanh(y * (0.15 * mix["glue"] / max(np.std(y), 1e-9)))
    # The hiss was recorded with the music, so that the tone control dulls it, too.
    y += mix.get("hiss", 0.001) * np.random.default_rng(1).standard_normal(len(y))
    y = _low_pass(y, 600 * 16**brightness, sr)
    y = _fade(y - np.mean(y), 0.005, 0.05, sr)
    return (y * (0.9 / np.max(np.abs(y)))).astype(np.float32)


def _track(sound, notes, n, sr):
    y = np.zeros(n, dtype=np.float32)
    for note in notes.itertuples(index=False):
        start = round(note.start * sr)
        wave = _drum(sound, sr) if np.isnan(note.midi) else _cut(sound, note, sr)
        place = y[start : start + len(wave)]
        place += np.float32(note.loudness) * wave[: len(place)]
    return y


def _cut(sound, note, sr):
    # Notes are kept in a few lengths and damped early, so that a knob need not make them anew.
    release = VOICES[sound].release
    size = int(np.ceil(np.log(max(note.duration, 0.1) / 0.1) / np.log(1.5)))
    wave = _note(sound, int(note.midi), 0.1 * 1.5**size, int(note.bend), sr)
    wave = wave[: round((note.duration + release) * sr)].copy()
    return _fade(wave, 0, release, sr)


@lru_cache(maxsize=512)
def _note(name, midi, seconds, bend, sr):
    voice, hz = VOICES[name], 440 * 2 ** ((midi - 69) / 12)
    rng = np.random.default_rng(midi)
    t = np.arange(round((seconds + voice.release) * sr)) / sr
    turns = int(t[-1] * hz * 2 ** (max(bend, 0) / 12) * 1.1) + 4
    loop = _loop(voice, midi, hz, turns, sr, rng)
    # Vibrato comes in late, as singers and players have it.
    sway = voice.vibrato * np.sin(2 * np.pi * 5.5 * t) * np.minimum(1, t / 0.4)
    cents = sway + 100 * bend * np.exp(-t / voice.glide)
    detunes = {-voice.detune, voice.detune}
    y = sum(_read(loop, hz * 2 ** ((cents + detune) / 1200), sr) for detune in detunes)
    if voice.breath:
        y = y + _noise(voice, midi, t, sr, rng)
    return _fade(y, voice.attack, voice.release, sr).astype(np.float32)


def _loop(voice, midi, hz, turns, sr, rng):
    """The turns of a wave, one after the other, as its overtones fade and come in.

    A string after Karplus & Strong (1983) loses a little on every round trip; here all trips are
    computed at once, overtone by overtone. Blown, the higher ones come in later, as Risset &
    Mathews (1969) found in trumpet tones.
    """
    h = np.arange(1, 1 + max(1, min(OVERTONES, int(0.45 * sr / hz))))
    level = h**-voice.rolloff * _body(voice, midi, h * hz) * np.where(h % 2, 1, voice.even)
    if voice.pluck:  # no overtone sounds that has a node where the string is plucked
        level = level * np.abs(np.sin(np.pi * h * voice.pluck))
    level = level * np.exp(2j * np.pi * rng.random(len(h)))
    trip = np.arange(turns if voice.swell or np.isfinite(voice.ring) else 1)
    shape = np.exp(np.outer(trip, -(1 + voice.damping * h) / (voice.ring * hz)), dtype=np.float32)
    if voice.swell:
        shape *= 1 - np.exp(-np.outer(trip + 1, 1 / (voice.swell * hz * h)), dtype=np.float32)
    spectrum = shape * (level * CYCLE / np.linalg.norm(level)).astype(np.complex64)
    return fft.irfft(np.pad(spectrum, ((0, 0), (1, 0))), n=CYCLE, axis=1).ravel()


def _read(loop, hz, sr):
    phase = np.cumsum(hz) * (CYCLE / sr)
    whole = phase.astype(np.int64)
    step, place = np.diff(loop, append=loop[0]), whole % len(loop)
    return loop[place] + step[place] * (phase - whole)


def _body(voice, midi, hz):
    """How loud each frequency leaves the body, or the mouth."""
    gain = 1 / np.sqrt(1 + (hz / voice.cut) ** 4)
    peaks, width = voice.body, 0.3
    if peaks in MOUTHS:
        # Another vowel for another pitch.
        peaks, width = np.array(VOWELS[midi % len(VOWELS)]) * MOUTHS[peaks], 0.12
    if not len(peaks):
        return gain
    # Resonances side by side, the higher the softer (a parallel synthesizer, Klatt 1980).
    peaks = enumerate(peaks, 1)
    return gain * (0.12 + sum(1 / i / (1 + ((hz / peak - 1) / width) ** 2) for i, peak in peaks))


def _noise(voice, midi, t, sr, rng):
    """Breath: a consonant or a chiff at first, then air through the same body."""
    white = rng.standard_normal(len(t))
    gain = _body(voice, midi, fft.rfftfreq(len(t), 1 / sr))
    air = fft.irfft(fft.rfft(white) * gain, n=len(t))
    consonant = signal.lfilter([1, -0.9], [1], white) * np.exp(-t / 0.035)
    return voice.breath * (0.6 * air / np.std(air) + 2 * consonant)


@lru_cache(maxsize=64)
def _drum(name, sr):
    drum = DRUMS[name]
    rng = np.random.default_rng(drum.low)
    t = np.arange(int((6 * max(drum.ring, drum.hiss) + drum.spread) * sr)) / sr
    # The skin is tightest when the stick hits it: the tone falls from three times its pitch.
    phase = drum.tone * (t + 0.04 * (1 - np.exp(-t / 0.02)))
    y = np.sin(2 * np.pi * phase) * np.exp(-t / drum.ring)
    band = signal.butter(2, (min(drum.low, 0.3 * sr), min(drum.high, 0.45 * sr)), "band", fs=sr)
    white = signal.lfilter(*band, rng.standard_normal(len(t)))
    # Several pairs of hands clap, and dust crackles here and there.
    late = rng.uniform(0, drum.spread, drum.bursts)
    envelope = sum(np.exp(-(t - d).clip(0) / drum.hiss) * (t >= d) for d in late)
    ring = sum(np.sin(2 * np.pi * hz * t) for hz in METAL if hz < 0.45 * sr)
    y = y + (drum.noise * white + drum.metal * 0.2 * ring) * envelope
    return _fade(y, 0.001, 0.01, sr).astype(np.float32)


def _fade(y, attack, release, sr):
    a, r = (min(round(seconds * sr), len(y)) for seconds in (attack, release))
    y[:a] *= np.hanning(2 * a + 1)[:a]
    y[len(y) - r :] *= np.hanning(2 * r + 1)[r + 1 :]
    return y


def _low_pass(y, hz, sr):
    return signal.lfilter(*signal.butter(1, min(hz, 0.45 * sr), fs=sr), y)


def _overdrive(y, amount):
    # Guitar pedals cut the bass before they clip, or chords would turn to mud.
    driven = signal.lfilter([1, -0.95 * amount**0.5], [1], y)
    loudness = np.std(driven)
    if amount * loudness < 1e-6:
        return y
    clipped = np.tanh(driven * (12 * amount / loudness))
    return clipped * (np.std(y) / np.std(clipped))


def _duck(kicks, n, sr):
    gain = np.ones(n)
    shape = 1 - 0.7 * np.exp(-np.arange(round(0.5 * sr)) / (0.1 * sr))
    for kick in kicks:
        place = gain[round(kick * sr) :][: len(shape)]
        np.minimum(place, shape[: len(place)], out=place)
    return gain


def _echo(y, delay, amount, sr):
    # A tape delay: each repeat is softer and duller.
    late, wet = round(delay * sr), np.zeros(len(y))
    for _ in range(4):
        y = 0.8 * amount**0.5 * _low_pass(np.r_[np.zeros(late), y][: len(y)], 2500, sr)
        wet += y
    return wet


def _room(y, amount, hall, sr):
    # A room's echoes are much like noise that dies away (Moorer 1979).
    t = np.arange(int((0.3 + (1.2 + hall) * amount) * sr)) / sr
    echoes = np.random.default_rng(0).standard_normal(len(t)) * np.exp(-6.9 * t / t[-1])
    echoes = _low_pass(echoes, 8000, sr)
    return y + signal.fftconvolve(y, echoes * (0.7 * amount / np.linalg.norm(echoes)))[: len(y)]
