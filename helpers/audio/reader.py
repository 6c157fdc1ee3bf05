"""One way into a sound file: it believes no header, and tells what is missing or no sound."""

import os
import re
import shutil
import stat
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import soundfile as sf

# Telephones have 8,000; a header that says 1 would turn each sample into a second.
RATES = 2_000, 400_000
# 16-bit audio cannot be quieter than this and still be anything but dither.
SILENCE_PEAK = 2.0**-14
# Integers stored as floats by mistake reach this; above 2**56 the power of a spectrum overflows.
LOUDEST_PEAK = 2.0**31
# Samples, over all channels, that are decoded at a time: 1 MB.
CHUNK = 2**18
# What libsndfile notes of a WAV, AIFF, AU or W64 that promises other bytes than the file holds.
PROMISE = re.compile(r"^ *(?:data|SSND|Data Size|riff) *: (\d+) \(should be (\d+)\)", re.MULTILINE)
# Live recorders write about the largest size there is to say "until the file ends".
UNKNOWN_SIZE, UNKNOWN_FRAMES = 2**31 - 2**16, 2**40
# The first bytes of an MP3's frame, with a bit rate and a sample rate that there are.
MP3_FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xeb]")
EXPORT, FETCH = "export it again from its source", "fetch or export it again"
CONVERT = "convert it to WAV, FLAC, OGG or MP3, or leave it out"


class AudioError(ValueError):
    """A file that is no music to us: the reason, advice, and what `datasets.doctor` calls it."""

    def __init__(self, reason, advice, problem="undecodable"):
        super().__init__(reason, advice, problem)
        self.reason, self.advice, self.problem = reason, advice, problem

    def __str__(self):
        return f"{self.reason}; {self.advice}"


@contextmanager
def opened(song):
    """A sound file (path or binary file) for `blocks`; AudioError if, or when, it can't be read."""
    with ExitStack() as stack:
        raw = song if hasattr(song, "read") else stack.enter_context(_open_path(Path(song)))
        file = None
        try:
            if front := _front_of_mp3(raw):
                song = stack.enter_context(tempfile.SpooledTemporaryFile(max_size=2**24))
                song.write(front)
                shutil.copyfileobj(raw, song)
            if hasattr(song, "read"):
                song.seek(0)
            file = stack.enter_context(sf.SoundFile(song))
            # It would seek after each read, and lose the end of a file of unknown length.
            file.seekable = lambda: False
            _check_header(file)
            if file.format == "OGG":
                _check_last_page(raw)
            yield file
        except RuntimeError as error:  # libsndfile's are of this kind
            raise AudioError(*_why(raw, file, error)) from None


def _open_path(path):
    try:
        str(path).encode("utf-8")
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            os.scandir(path).close()  # one that is closed to us is named as such
            raise AudioError("is a folder", "name the songs in it")
        if not stat.S_ISREG(about.st_mode):
            raise AudioError("is no regular file", "leave it out")
        if about.st_size == 0:
            raise AudioError("is empty", FETCH)
        if path.name.startswith("._"):
            raise AudioError("is a macOS side file, not music", "leave it out", "side file")
        return path.open("rb")
    except UnicodeEncodeError:
        raise AudioError("has a name that is not UTF-8", "rename it") from None
    except FileNotFoundError:
        reason = "is a link that leads nowhere" if path.is_symlink() else "is not there"
        raise AudioError(reason, "check the path, or fetch the data again") from None
    except OSError as error:
        advice = "see to it that you may read it, or leave it out"
        raise AudioError(f"cannot be opened ({error.strerror})", advice) from None


def _why(raw, file, error):
    words = str(getattr(error, "error_string", error)).strip().rstrip(".").removeprefix("Error : ")
    if file:
        at = file.tell() / file.samplerate
        after = f" after {at:.1f} s" * (at > 0)
        return f"is damaged or cut short{after} ({words})", FETCH, "truncated"
    head = _read_at(raw, 0, 64)
    if re.match(rb"\s*<(?i:!doctype|html|\?xml)", head):
        return "is a web page", FETCH
    kinds = {rb".{4}ftyp": "an MP4 or M4A", rb"\x30\x26\xb2\x75": "a WMA", rb"MThd": "a MIDI",
             rb"\x1a\x45\xdf\xa3": "a WebM", rb"\xff[\xf0\xf1\xf8\xf9]": "an AAC"}  # fmt: skip
    for pattern, kind in kinds.items():
        if re.match(pattern, head, re.DOTALL):
            return f"is {kind} file", CONVERT
    # libsndfile says of what isn't an MP3 after all that it does not exist.
    words = "Format not recognised" if "does not exist" in words else words
    return f"cannot be decoded ({words})", CONVERT


def _front_of_mp3(raw):
    """What makes libsndfile read all of an MP3 without a count of its frames: a frame with one.

    Otherwise it guesses from the file's size, and stops there, or where the first of several that
    were joined ends. Nothing for other files; `raw` is left behind its tags.
    """
    start = 0
    while len(tag := _read_at(raw, start, 10)) == 10 and tag.startswith(b"ID3"):
        start += 10 + sum(byte << 7 * i for i, byte in enumerate(reversed(tag[6:])))
    head = _read_at(raw, start, 4096).lstrip(b"\0")
    if not MP3_FRAME.match(head):
        return b""
    if count := re.search(rb"VBRI|(?:Xing|Info)...(.)(.{8})", head[:56], re.DOTALL):
        # Whether the number of frames and that of bytes are given, and the latter.
        given, sizes = (count[1] or b"\0")[0] & 3, count[2] or b""
        size = int.from_bytes(sizes[4:] if given == 3 else sizes[:4])
        more = _read_at(raw, start + size, 4) if given & 2 else b""
        if not (MP3_FRAME.match(more) or more.startswith(b"ID3")):
            return b""
    raw.seek(start)
    # MPEG-1, or its later kinds with half or a quarter of its rates and less room in a frame.
    halved, mono = {3: 0, 2: 1, 0: 2}[head[1] >> 3 & 3], head[3] >> 6 == 3
    rate = (44_100, 48_000, 32_000)[head[2] >> 2 & 3] >> halved
    # The eighth bit rate, 112 or 64 kbit/s, is enough; no checksum, no padding.
    length = (72 * 64_000 if halved else 144 * 112_000) // rate
    side = ((32, 17), (17, 9))[halved > 0][mono]
    header = bytes([0xFF, head[1] | 1, 0x80 | head[2] & 0x0C, head[3]]).ljust(4 + side, b"\0")
    return (header + b"Xing\0\0\0\1\x7f\xff\xff\xff").ljust(length, b"\0")


def _read_at(raw, at, count):
    raw.seek(at)
    return raw.read(count)


def _check_header(file):
    if file.format == "RAW":
        raise AudioError("has no header that says how it sounds", EXPORT, "headerless")
    if not RATES[0] <= file.samplerate <= RATES[1]:
        reason = f"has {file.samplerate:,} samples a second, and no music has"
        raise AudioError(f"{reason} below {RATES[0]:,} or above {RATES[1]:,}", EXPORT)
    for promised, held in PROMISE.findall(file.extra_info):
        # A byte or two is padding.
        if int(held) + 2 < int(promised) < UNKNOWN_SIZE:
            _check_lost(file, file.frames, file.frames * int(promised) / max(int(held), 1))


def _check_last_page(raw):
    """An Ogg file doesn't say how long it is, but its last page (of 64 kB at most) says so."""
    at = raw.tell()
    raw.seek(-min(2**16, raw.seek(0, os.SEEK_END)), os.SEEK_CUR)
    *_, page = (b"", *raw.read().split(b"OggS"))
    raw.seek(at)
    if not page[1:2] or not page[1] & 4:
        raise AudioError("is cut short (it stops without a last page)", FETCH, "truncated")


def _check_lost(file, there, promised):
    # Up to a hundredth less, if it's no second, is a sloppy header, not a broken download.
    if (lost := promised - there) > 0.01 * promised or lost >= file.samplerate:
        share = f"{there / promised:.0%} of the sound is there"
        reason = f"is cut short ({share}, {lost / file.samplerate:.1f} s are missing)"
        raise AudioError(reason, FETCH, "truncated")


def blocks(file, stop=np.inf):
    """The first `stop` frames of an `opened` file: blocks of shape (n, n_channels), float32.

    They end where the data end, and AudioError is raised if the header had promised more.
    """
    at = 0
    while at < stop:
        count = int(min(max(CHUNK // file.channels, 1), stop - at))
        if not len(block := file.read(count, dtype="float32", always_2d=True)):
            if file.frames < UNKNOWN_FRAMES:
                _check_lost(file, at, min(file.frames, stop))
            return
        at += len(block)
        yield block


def check_peak(y):
    """The peak of samples; AudioError if they are no numbers or no sound."""
    # np.maximum hands a NaN on, where max() may lose it.
    peak = float(np.maximum(np.max(y, initial=0), -np.min(y, initial=0)))
    if not peak <= LOUDEST_PEAK:
        reason = f"samples up to {peak:.0e}, where 1 is full scale"
        reason = reason if np.isfinite(peak) else "samples that are not numbers"
        raise AudioError(f"holds {reason}", EXPORT, "not numbers")
    return peak


def mono(y):
    """The mean of the channels of samples, shape (n, n_channels)."""
    # The sum of two columns is several times faster than a mean over a strided axis.
    return y[:, 0] if y.shape[1] == 1 else sum(y.T[1:], start=y.T[0]) / np.float32(y.shape[1])


def samples(y):
    """Anybody's samples as the course hears them: shape (n,), float32, 1 is full scale.

    They may be floats or integers of 8 to 32 bits, of shape (n,), (n, n_channels) or
    (n_channels, n). AudioError if that is not what they are, or if they are no numbers.
    """
    y, whole = np.asarray(y), np.asarray(y).dtype.kind in "iu"
    if y.ndim not in (1, 2) or not (y.dtype.kind == "f" or (whole and y.itemsize <= 4)):
        advice = "give floats between -1 and 1, or integers of up to 32 bits, a column a channel"
        raise AudioError(f"has samples of type {y.dtype} and shape {y.shape}", advice)
    if whole:
        half = 2.0 ** (8 * y.itemsize - 1)  # full scale; of unsigned ones, the middle as well
        y = y / half - (y.dtype.kind == "u")
    if y.ndim == 2:
        y = mono(y.T if len(y) < y.shape[1] else y)  # librosa puts the channels first
    check_peak(y)
    return np.ascontiguousarray(y, dtype=np.float32)
