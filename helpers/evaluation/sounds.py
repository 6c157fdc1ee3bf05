"""Changes that leave the genre alone, and the sound not: the horse test of lesson 09."""

import io

import librosa
import numpy as np
import soundfile as sf
from scipy import signal

from helpers import audio

WINDOW_SECONDS = 2.0
# A faster song needs more than two seconds to fill a window of two.
NEEDED_SECONDS = 3.0
ORIGINAL = "original"


def gain(y, sr, db):
    """Turn the volume up or down by so many decibels."""
    return y * 10 ** (db / 20)


def tilt(y, sr, db_per_octave):
    """Brighten (or darken) by so many decibels an octave, from 50 Hz up; as loud as before."""
    frequencies = np.array([0, *np.geomspace(50, sr / 2, 60)])
    octaves = np.log2(np.maximum(frequencies, 50) / 1000)
    taps = signal.firwin2(2047, frequencies, 10 ** (db_per_octave * octaves / 20), fs=sr)
    tilted = signal.oaconvolve(y, taps, mode="same")
    return tilted * np.sqrt(np.mean(y**2) / max(np.mean(tilted**2), 1e-20))


def cut(y, sr, hz, side):
    """Take away what lies above ("lowpass") or below ("highpass") a frequency: 48 dB an octave."""
    return signal.sosfiltfilt(signal.butter(4, hz, side, fs=sr, output="sos"), y)


def tempo(y, sr, factor):
    """Play faster or slower at the same pitch (phase vocoder)."""
    return librosa.effects.time_stretch(y, rate=factor)


def pitch(y, sr, semitones):
    """Play higher or lower at the same tempo."""
    return librosa.effects.pitch_shift(y, sr=sr, n_steps=semitones)


def noise(y, sr, snr_db):
    """Add white noise, so many decibels below the music; the same noise every time."""
    hiss = np.random.default_rng(0).standard_normal(len(y))
    return y + hiss * np.sqrt(np.mean(y**2)) * 10 ** (-snr_db / 20)


def mp3(y, sr, compression_level):
    """There and back through MP3 at a constant bit rate."""
    file = io.BytesIO()
    sf.write(file, y, sr, format="MP3", subtype="MPEG_LAYER_III",
             compression_level=compression_level, bitrate_mode="CONSTANT")  # fmt: skip
    file.seek(0)
    return sf.read(file, dtype="float32")[0]


def silence(y, sr, seconds):
    """Wait before the music starts."""
    return np.concatenate([np.zeros(round(seconds * sr)), y])


def later(y, sr, seconds):
    """Start listening later."""
    return y[round(seconds * sr) :]


# What changes the sound and not the genre: how, and who would do such a thing.
TRANSFORMATIONS = {
    "0.5 s later": (later, {"seconds": 0.5}, "the same recording, half a second on"),
    "silence 0.5 s": (silence, {"seconds": 0.5}, "a pause before the music starts"),
    "gain -12 dB": (gain, {"db": -12}, "the volume turned down"),
    "tilt +3 dB/octave": (tilt, {"db_per_octave": 3}, "thin, bright loudspeakers"),
    "tilt -3 dB/octave": (tilt, {"db_per_octave": -3}, "heard through a curtain"),
    "low-pass 4 kHz": (cut, {"hz": 4000, "side": "lowpass"}, "an old radio, without the treble"),
    "high-pass 200 Hz": (cut, {"hz": 200, "side": "highpass"}, "a small radio, without the bass"),
    "tempo +10 %": (tempo, {"factor": 1.1}, "the band plays faster"),
    "tempo -10 %": (tempo, {"factor": 0.9}, "the band plays slower"),
    "pitch +1 semitone": (pitch, {"semitones": 1}, "one key up"),
    "pitch -1 semitone": (pitch, {"semitones": -1}, "one key down"),
    "noise 30 dB below": (noise, {"snr_db": 30}, "a soft hiss"),
    "MP3 64 kb/s": (mp3, {"compression_level": 0.63}, "sent as a small file"),
}


def transform(y, name):
    """The first two seconds of a sound after a transformation.

    Parameters
    ----------
    y : np.ndarray, shape (n,)
        Three seconds or more, at 22,050 samples a second.
    name : str
        One of `TRANSFORMATIONS`, or "original".

    Returns
    -------
    np.ndarray, shape (44_100,), float32

    Raises
    ------
    ValueError
        If there is no such transformation, or the sound is too short.
    """
    if name != ORIGINAL and name not in TRANSFORMATIONS:
        known = ", ".join(TRANSFORMATIONS)
        raise ValueError(f"there is no transformation {name!r}: choose one of {known}")
    sr = audio.SAMPLE_RATE
    y = y[: round(NEEDED_SECONDS * sr)]
    if len(y) < round(NEEDED_SECONDS * sr):
        raise ValueError(f"{len(y) / sr:.2f} s are too short: bring {NEEDED_SECONDS:.0f} s")
    if name != ORIGINAL:
        change, options, _ = TRANSFORMATIONS[name]
        y = change(y, sr, **options)
    return y[: round(WINDOW_SECONDS * sr)].astype(np.float32)
