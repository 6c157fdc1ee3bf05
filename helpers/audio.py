"""How does a file become samples?

Everything in the course hears music the way GTZAN was published: mono, 22,050 samples a second,
32-bit floats between -1 and 1.
"""

import io
import re
from pathlib import Path

import numpy as np
import soundfile as sf

SAMPLE_RATE = 22_050
SHORTEST_SECONDS = 0.05
# 16-bit audio cannot be quieter than this and still be anything but dither.
SILENCE_PEAK = 2.0**-14
# Integers stored as floats by mistake reach this; above 2**56 the power of a spectrum overflows.
LOUDEST_PEAK = 2.0**31
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
    y, native_sr = _decode(Path(path), offset, duration)
    if y.ndim == 2:
        # The sum of two columns is several times faster than a mean over a strided axis.
        y = sum(y.T[1:], start=y.T[0]) / np.float32(y.shape[1])
    if len(y) < SHORTEST_SECONDS * native_sr:
        raise AudioError(
            f"lasts only {len(y) / native_sr:.3f} s",
            f"use a clip of at least {SHORTEST_SECONDS} s (a few seconds say more about a genre)",
        )
    peak = float(np.max(np.abs(y)))
    if not np.isfinite(peak):
        raise AudioError("holds samples that are not numbers", "export it again from its source")
    if peak > LOUDEST_PEAK:
        raise AudioError(
            f"holds samples up to {peak:.0e}, where 1 is full scale",
            "export it again from its source",
        )
    if peak < SILENCE_PEAK:
        raise AudioError("is silent", "leave it out, or start reading at a louder place")
    if native_sr != sr:
        import librosa

        y = librosa.resample(y, orig_sr=native_sr, target_sr=sr)
    return np.ascontiguousarray(y, dtype=np.float32), sr


def _decode(path, offset, duration):
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
    try:
        with sf.SoundFile(path) as file:
            # Up to a hundredth less is a sloppy header, not a broken download.
            if (share := share_present(file)) < 0.99:
                raise AudioError(
                    f"is cut short ({share:.0%} of the sound is there)",
                    "fetch or export it again",
                )
            file.seek(min(int(offset * file.samplerate), file.frames))
            frames = -1 if duration is None else int(duration * file.samplerate)
            return file.read(frames, dtype="float32"), file.samplerate
    except (sf.LibsndfileError, RuntimeError) as error:
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise AudioError(
            f"cannot be decoded ({reason})", "convert it to WAV, FLAC, OGG or MP3, or leave it out"
        ) from None


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
