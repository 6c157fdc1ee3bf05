"""How does a file become samples?

Everything in the course hears music the way GTZAN was published: mono, 22,050 samples a second,
32-bit floats between -1 and 1. Here `y` are samples of shape (n,), and `sr` is how many of them
make a second.
"""

import base64
import html
import io

import numpy as np
import soundfile as sf
import soxr

from helpers.audio import reader
from helpers.audio.reader import LOUDEST_PEAK, SILENCE_PEAK, AudioError, samples

__all__ = ["LOUDEST_PEAK", "SILENCE_PEAK", "AudioError", "samples"]

SAMPLE_RATE, SHORTEST = 22_050, 0.05


def load(path, *, sr=SAMPLE_RATE, offset=0.0, duration=None):
    """Read a sound file as mono samples.

    Parameters
    ----------
    path : path-like
        WAV, FLAC, OGG, Opus, MP3, AIFF, AU, CAF, W64: whatever libsndfile reads.
    sr : int
        What to resample to (soxr, high quality, as librosa does).
    offset, duration : float
        Where to start and how much to read, in seconds; all of it by default.

    Returns
    -------
    y : np.ndarray, shape (n,), float32
    sr : int

    Raises
    ------
    AudioError
        If the file is missing, cut short, cannot be decoded, is shorter than 0.05 s, silent, has
        a rate outside 2 to 400 kHz, or holds values that are not numbers or no sound.
    """
    with reader.opened(path) as file:
        return np.concatenate(list(_read(file, sr, offset, duration))), sr


def stream(song, *, seconds=30.0, duration=None):
    """Read a sound file block by block: two hours take no more memory than a minute.

    Parameters
    ----------
    song : path-like or binary file
        As for `load`; an open file (``io.BytesIO`` of an upload, for example) is read from its
        start.
    seconds : float
        Length of a block.
    duration : float, optional
        How much to read, in seconds; all of it by default. Nothing behind it is decoded.

    Yields
    ------
    y : np.ndarray, shape (round(seconds * 22050),), float32
        The samples of `load`, in order; the last block is as long as what is left.

    Raises
    ------
    AudioError
        As `load` does. Silence is only known when the file ends: blocks of zeros come before.
    """
    length, held = round(seconds * SAMPLE_RATE), np.empty(0, np.float32)
    with reader.opened(song) as file:
        for chunk in _read(file, SAMPLE_RATE, 0.0, duration):
            held = np.concatenate([held, chunk])
            while len(held) >= length:
                yield held[:length]
                held = held[length:]
        if len(held):
            yield held


def _read(file, sr, offset, duration):
    chunks = _read_mono(file, offset, duration)
    if file.samplerate == sr:
        yield from chunks
        return
    resampler = soxr.ResampleStream(file.samplerate, sr, 1, dtype="float32", quality="HQ")
    for chunk in chunks:
        yield resampler.resample_chunk(chunk)
    yield resampler.resample_chunk(np.empty(0, np.float32), last=True)


def _read_mono(file, offset, duration):
    rate = file.samplerate
    skip = int(offset * rate)  # read and dropped: where a seek lands in an MP3 is a guess
    frames, loudest = 0, 0.0
    for block in reader.blocks(file, np.inf if duration is None else skip + int(duration * rate)):
        y, skip = reader.mono(block[skip:]), max(skip - len(block), 0)
        frames, loudest = frames + len(y), max(loudest, reader.check_peak(y))
        yield y
    if frames < SHORTEST * rate:
        advice = f"use a clip of at least {SHORTEST} s (a few seconds say more about a genre)"
        raise AudioError(f"lasts only {frames / rate:.3f} s", advice, "too short")
    if loudest < SILENCE_PEAK:
        raise AudioError("is silent", "leave it out, or start reading at a louder place", "silent")


def windows(y, *, sr=SAMPLE_RATE, seconds=2.0, hop_seconds=3.0):
    """Cut a song into windows of equal length; what is left over at the end is dropped.

    Parameters
    ----------
    seconds, hop_seconds : float
        Length of a window, and from the start of one to the start of the next.

    Returns
    -------
    np.ndarray, shape (n_windows, round(seconds * sr))
        A view into `y`: nothing is copied.
    """
    length, hop = round(seconds * sr), round(hop_seconds * sr)
    if len(y) < length:
        return np.empty((0, length), dtype=y.dtype)
    return np.lib.stride_tricks.sliding_window_view(y, length)[::hop]


def player(y, sr=SAMPLE_RATE):
    """Samples between -1 and 1 as a play button, an IPython.display.Audio.

    It is small enough to be saved inside a notebook (MP3, 5 s in 25 kB).
    """
    from IPython.display import Audio

    mp3 = io.BytesIO()
    sf.write(mp3, y, sr, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.9)
    audio = Audio(data=mp3.getvalue())
    # IPython calls every data= WAV; browsers then guess, and Safari guesses wrong.
    audio.mimetype = "audio/mpeg"
    return audio


def players(clips):
    """Play buttons side by side, each under its name, as HTML; clips: {name: samples}."""
    from IPython.display import HTML

    cells = [
        f"<div>{html.escape(name)}<br>{named_player(y, name)}</div>" for name, y in clips.items()
    ]
    style = "display: flex; flex-wrap: wrap; gap: 1em 2em"
    return HTML(f'<div style="{style}">{"".join(cells)}</div>')


def named_player(y, name):
    """A play button as HTML, with a name for those who cannot see where it stands."""
    return f'<audio controls aria-label="{html.escape(name)}" src="{player(y).src_attr()}"></audio>'


def data_url(kind, content):
    """Bytes as an address, so that a page holds them itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def __getattr__(name):
    if name not in ("yours", "examples", "local_path", "PIECES"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from helpers.audio import own  # with ipywidgets, which most lessons don't need

    return getattr(own, name)
