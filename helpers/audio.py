"""How does a file become samples?

Everything in the course hears music the way GTZAN was published: mono, 22,050 samples a second,
32-bit floats between -1 and 1.
"""

import base64
import html
import io
import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile as sf

SAMPLE_RATE = 22_050
SHORTEST_SECONDS = 0.05
# 16-bit audio cannot be quieter than this and still be anything but dither.
SILENCE_PEAK = 2.0**-14
# Integers stored as floats by mistake reach this; above 2**56 the power of a spectrum overflows.
LOUDEST_PEAK = 2.0**31
# Samples, over all channels, that are decoded at a time: 1 MB.
CHUNK = 2**18
# What libsndfile notes of a WAV, AIFF or AU whose header promises other bytes than the file holds.
PROMISE = re.compile(r"^ *(?:data|SSND|Data Size) *: (\d+) \(should be (\d+)\)", re.MULTILINE)
# Live recorders write about the largest size there is to say "until the file ends".
UNKNOWN_SIZE = 2**31 - 2**16


class AudioError(ValueError):
    """A file that cannot be used as music, with what to do about it.

    Attributes
    ----------
    reason, advice : str
        What is wrong, and what the reader of the message can do.
    """

    def __init__(self, reason, advice):
        super().__init__(f"{reason}; {advice}")
        self.reason, self.advice = reason, advice

    def __reduce__(self):
        # Exceptions pickle their message by default; a worker process must send both parts back.
        return type(self), (self.reason, self.advice)


def load(path, *, sr=SAMPLE_RATE, offset=0.0, duration=None):
    """Read a sound file as mono samples.

    Parameters
    ----------
    path : path-like
        WAV, FLAC, OGG, MP3, AIFF or AU: whatever libsndfile reads.
    sr : int
        Sample rate in Hz to resample to (soxr, high quality, as librosa does).
    offset, duration : float
        Where to start and how much to read, in seconds; all of it by default.

    Returns
    -------
    y : np.ndarray, shape (n,), float32
    sr : int

    Raises
    ------
    AudioError
        If the file is missing, cut short, cannot be decoded, is shorter than 0.05 s, silent, or
        holds values that are not numbers or no sound.
    """
    with _open(path) as file:
        file.seek(min(int(offset * file.samplerate), file.frames))
        frames = -1 if duration is None else int(duration * file.samplerate)
        y, native_sr = _mono(file.read(frames, dtype="float32")), file.samplerate
    _check_length(len(y), native_sr)
    peak = float(np.max(np.abs(y)))
    _check_peak(peak)
    _check_silence(peak)
    if native_sr != sr:
        import librosa

        y = librosa.resample(y, orig_sr=native_sr, target_sr=sr)
    return np.ascontiguousarray(y, dtype=np.float32), sr


def stream(song, *, sr=SAMPLE_RATE, seconds=30.0):
    """Read a sound file block by block: two hours take no more memory than a minute.

    Parameters
    ----------
    song : path-like or binary file
        As for `load`; an open file (``io.BytesIO`` of an upload, for example) is read from its
        start.
    sr : int
        Sample rate in Hz to resample to.
    seconds : float
        Length of a block.

    Yields
    ------
    y : np.ndarray, shape (round(seconds * sr),), float32
        The samples of `load`, in order; the last block is as long as what is left.

    Raises
    ------
    AudioError
        As `load` does. Silence is only known when the file ends: blocks of zeros come before.
    """
    with _open(song) as file:
        chunks = _read_mono(file)
        if file.samplerate != sr:
            chunks = _resample(chunks, file.samplerate, sr)
        yield from _regroup(chunks, round(seconds * sr))


@contextmanager
def _open(song):
    if not hasattr(song, "read"):
        song = Path(song)
        _check_path(song)
    try:
        with sf.SoundFile(song) as file:
            # Up to a hundredth less is a sloppy header, not a broken download.
            if (share := share_present(file)) < 0.99:
                raise AudioError(
                    f"is cut short ({share:.0%} of the sound is there)",
                    "fetch or export it again",
                )
            yield file
    except (sf.LibsndfileError, RuntimeError) as error:
        raise AudioError(
            f"cannot be decoded ({decoder_reason(error)})",
            "convert it to WAV, FLAC, OGG or MP3, or leave it out",
        ) from None


def decoder_reason(error):
    """Why soundfile could not read a file, in libsndfile's own words."""
    return str(getattr(error, "error_string", error)).strip().rstrip(".")


def _check_path(path):
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        raise AudioError("has a name that is not UTF-8", "rename it") from None
    if not path.is_file():
        raise AudioError("is not there", "check the path, or fetch the data again")
    if path.stat().st_size == 0:
        raise AudioError("is empty", "fetch or export it again")
    if path.name.startswith("._"):
        raise AudioError("is a macOS side file, not music", "delete it")


def _check_length(frames, sr):
    if frames < SHORTEST_SECONDS * sr:
        raise AudioError(
            f"lasts only {frames / sr:.3f} s",
            f"use a clip of at least {SHORTEST_SECONDS} s (a few seconds say more about a genre)",
        )


def _check_peak(peak):
    if not np.isfinite(peak):
        raise AudioError("holds samples that are not numbers", "export it again from its source")
    if peak > LOUDEST_PEAK:
        raise AudioError(
            f"holds samples up to {peak:.0e}, where 1 is full scale",
            "export it again from its source",
        )


def _check_silence(peak):
    if peak < SILENCE_PEAK:
        raise AudioError("is silent", "leave it out, or start reading at a louder place")


def _mono(y):
    if y.ndim == 1:
        return y
    # The sum of two columns is several times faster than a mean over a strided axis.
    return sum(y.T[1:], start=y.T[0]) / np.float32(y.shape[1])


def _read_mono(file):
    frames, loudest = 0, 0.0
    while len(y := file.read(CHUNK // file.channels, dtype="float32")):
        y = _mono(y)
        frames += len(y)
        peak = float(np.max(np.abs(y)))
        _check_peak(peak)
        loudest = max(loudest, peak)
        yield y
    _check_length(frames, file.samplerate)
    _check_silence(loudest)


def _resample(chunks, native_sr, sr):
    import soxr

    resampler = soxr.ResampleStream(native_sr, sr, 1, dtype="float32", quality="HQ")
    for chunk in chunks:
        yield resampler.resample_chunk(chunk)
    yield resampler.resample_chunk(np.empty(0, np.float32), last=True)


def _regroup(chunks, length):
    held = np.empty(0, np.float32)
    for chunk in chunks:
        held = np.concatenate([held, chunk])
        while len(held) >= length:
            yield held[:length]
            held = held[length:]
    if len(held):
        yield held


def share_present(file):
    """Which part of the sound that its header promises an open `soundfile.SoundFile` holds."""
    for promised, held in PROMISE.findall(file.extra_info):
        # A byte or two is padding.
        if int(held) + 2 < int(promised) < UNKNOWN_SIZE:
            return int(held) / int(promised)
    return 1.0


def windows(y, *, sr=SAMPLE_RATE, seconds=2.0, hop_seconds=3.0):
    """Cut a song into windows of equal length; what is left over at the end is dropped.

    Parameters
    ----------
    y : np.ndarray, shape (n,)
    sr : int
        Sample rate in Hz.
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
    """A play button for samples, small enough to be saved inside a notebook (MP3, 5 s in 25 kB).

    Parameters
    ----------
    y : np.ndarray, shape (n,), values between -1 and 1
    sr : int
        Sample rate in Hz.

    Returns
    -------
    IPython.display.Audio
    """
    from IPython.display import Audio

    mp3 = io.BytesIO()
    sf.write(mp3, y, sr, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.9)
    audio = Audio(data=mp3.getvalue())
    # IPython calls every data= WAV; browsers then guess, and Safari guesses wrong.
    audio.mimetype = "audio/mpeg"
    return audio


def players(clips):
    """Play buttons side by side, each under its name.

    Parameters
    ----------
    clips : mapping of str to np.ndarray

    Returns
    -------
    IPython.display.HTML
    """
    from IPython.display import HTML

    cells = [
        f"<div>{html.escape(name)}<br>{named_player(y, name)}</div>" for name, y in clips.items()
    ]
    style = "display: flex; flex-wrap: wrap; gap: 1em 2em"
    return HTML(f'<div style="{style}">{"".join(cells)}</div>')


def named_player(y, name):
    """A play button as HTML, with a name for those who cannot see where it stands."""
    source = data_url("audio/mpeg", player(y).data)
    return f'<audio controls aria-label="{html.escape(name)}" src="{source}"></audio>'


def data_url(kind, content):
    """Bytes as an address, so that a page holds them itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
