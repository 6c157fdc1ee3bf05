"""What is wrong with a folder of songs? Every file is listened to once, block by block."""

import hashlib
import os
import re
from collections import Counter
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
import pandas as pd
import soundfile as sf
from joblib import Parallel, delayed
from tqdm import tqdm

from helpers.audio import SILENCE_PEAK, UNKNOWN_SIZE, share_present

AUDIO_SUFFIXES = {".wav", ".flac", ".mp3", ".ogg", ".aiff", ".aif", ".au"}
BLOCK_FRAMES = 1 << 18
FULL_SCALE = 32_765  # of 32,768: some converters clip a step or two below the top
CLIPPED_SHARE = 0.001
SHORT_SECONDS, SHORT_SHARE = 1.0, 0.5
NUMBERED = re.compile(r"([a-z]+)\.(\d{5})")
NUMBERED_SHARE = 0.9


class Heard(NamedTuple):
    """What listening to one file told: its findings as {problem: advice}."""

    findings: dict
    seconds: float | None = None
    digest: str | None = None


def doctor(path):
    """Find the files of a collection that would spoil an experiment, and say what to do.

    Parameters
    ----------
    path : path-like
        A folder of ``<genre>/<file>``, or of files.

    Returns
    -------
    pd.DataFrame, one row per finding (none: the folder is healthy)
        filename (relative to the genre's folder), genre ("" for a file in no genre's folder),
        problem, advice. The problems are

        - missing: a gap in GTZAN's numbering ``<genre>.NNNNN``;
        - side file: macOS notes (``._*``) beside the sound;
        - undecodable; headerless: an .au whose bytes would be played as noise;
        - truncated: the header promises more than can be decoded (an OGG promises nothing);
        - not numbers; silent; too short: below 1 s, or half the median of the folder;
        - clipped: over 0.1 % of the samples stuck at full scale, three or more in a row;
        - duplicate: the same samples at 16 bits, whatever the name, header or lossless format.
          The same recording cut elsewhere or compressed with loss is not found.

    Raises
    ------
    ValueError
        If the folder is missing or holds no audio.
    """
    path = Path(path)
    everything = list_audio(path)
    if not everything:
        what = "holds no WAV, FLAC, MP3, OGG, AIFF or AU files" if path.is_dir() else "is no folder"
        raise ValueError(f"{path} {what}; give a folder of songs, or of one folder per genre.")
    files = [file for file in everything if not file.name.startswith("._")]
    results = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(
        delayed(_listen)(path / file) for file in files
    )
    heard = dict(zip(files, tqdm(results, "Listening", len(files), unit="file"), strict=True))
    findings = [(file, *finding) for file in files for finding in heard[file].findings.items()]
    advice = "macOS left it beside the music: delete it"
    findings += [(file, "side file", advice) for file in everything if file.name.startswith("._")]
    findings += [*_missing(files), *_too_short(heard), *_duplicates(heard)]
    rows = [(*_name_and_genre(file), problem, advice) for file, problem, advice in findings]
    table = pd.DataFrame(rows, columns=["filename", "genre", "problem", "advice"], dtype="str")
    return table.sort_values(["genre", "filename", "problem"], ignore_index=True)


def list_audio(folder):
    """Sound files under a folder by their names' endings, macOS side files among them.

    Hidden files and folders are left out; links are followed, each folder is visited once.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    list of PurePath
        Relative to `folder`, sorted.
    """
    found, visited = [], set()
    for where, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(where)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            hidden = name.startswith(".") and not name.startswith("._")
            if not hidden and PurePath(name).suffix.lower() in AUDIO_SUFFIXES:
                found.append(PurePath(os.path.relpath(os.path.join(where, name), folder)))
    return sorted(found)


def _listen(path):
    if not path.is_file():
        return Heard(
            {"undecodable": "the link leads nowhere: restore the file, or delete the link"}
        )
    if path.stat().st_size == 0:
        return Heard({"undecodable": "the file is empty: fetch or export it again"})
    try:
        with sf.SoundFile(path) as file:
            if file.format == "RAW":
                return Heard({"headerless": "no header says how its bytes sound: export it again"})
            return _hear(file)
    except (sf.LibsndfileError, RuntimeError) as error:
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        return Heard({"undecodable": f"{reason}: fetch or convert it again, or leave it out"})


def _hear(file):
    """Go through an open file once: its level, its runs at full scale, a hash of its samples."""
    decoded, peak, stuck, findings = 0, 0.0, 0, {}
    digest = hashlib.sha256(f"{file.samplerate} {file.channels}".encode())
    for block in _blocks(file):
        decoded += len(block)
        # np.maximum hands a NaN on, where max() may lose it.
        peak = np.maximum(peak, np.maximum(block.max(), -block.min()))
        if not np.isfinite(peak):
            return Heard({"not numbers": "some samples are NaN or infinite: export it again"})
        samples = np.rint(np.clip(block, -1, 1 - 2**-15) * 32_768).astype(np.int16)
        stuck += _stuck(samples)
        digest.update(samples.tobytes())
    if (share := _share_held(file, decoded)) < 1:
        findings["truncated"] = (
            f"only {min(share, 0.999):.1%} of the sound that its header promises can be decoded: "
            "fetch or export it again"
        )
    if decoded and peak < SILENCE_PEAK:
        findings["silent"] = "nothing can be heard in it: fetch it again or leave it out"
    if stuck > CLIPPED_SHARE * decoded * file.channels:
        findings["clipped"] = (
            f"{stuck / (decoded * file.channels):.1%} of its samples are stuck at full scale: find "
            "a cleaner copy, or know that its loudness and brightness are partly distortion"
        )
    telling = decoded and not {"silent", "truncated"} & set(findings)
    return Heard(findings, decoded / file.samplerate, digest.hexdigest() if telling else None)


def _blocks(file):
    """The sound as far as it can be decoded, in blocks of shape (n, channels)."""
    while True:
        try:
            block = file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
        except (sf.LibsndfileError, RuntimeError):
            return
        if not len(block):
            return
        yield block


def _stuck(samples):
    """How many samples of a block, shape (n, channels), end a run of three at full scale."""
    full = (samples >= FULL_SCALE) | (samples <= -FULL_SCALE)
    return np.count_nonzero(full[2:] & full[1:-1] & full[:-2]) if full.any() else 0


def _share_held(file, decoded):
    """Share of the promised sound that is there: 1 for a whole file."""
    if (share := share_present(file)) < 1:
        return share
    # An MP3 header may be off by an encoder's delay.
    whole = file.frames >= UNKNOWN_SIZE or decoded >= 0.98 * file.frames
    return 1 if whole else decoded / file.frames


def _too_short(heard):
    lengths = {
        file: one.seconds
        for file, one in heard.items()
        if one.seconds is not None and "truncated" not in one.findings
    }
    median = float(np.median(list(lengths.values()))) if lengths else 0.0
    for file, seconds in lengths.items():
        if seconds < max(SHORT_SECONDS, SHORT_SHARE * median):
            advice = (
                f"lasts {seconds:.2f} s where most files last about {median:.1f} s: "
                "look for a longer cut, or leave it out"
            )
            yield file, "too short", advice


def _duplicates(heard):
    first = {}
    for file, one in heard.items():
        if one.digest is not None and (original := first.setdefault(one.digest, file)) != file:
            advice = (
                f"the same sound as {original.as_posix()}: keep one, "
                "or the same song may sit in the training set and in the test set"
            )
            yield file, "duplicate", advice


def _missing(files):
    """Gaps in GTZAN's numbering; a folder with many of them is a selection, and not lacking."""
    numbered = [(file, match) for file in files if (match := NUMBERED.fullmatch(file.stem))]
    if len(numbered) < len(files) or not files:
        return
    numbers = {}
    for file, match in numbered:
        numbers.setdefault((file.parent, match[1]), set()).add(int(match[2]))
    every = set().union(*numbers.values())
    wanted = range(min(every), max(every) + 1)
    if sum(map(len, numbers.values())) < NUMBERED_SHARE * len(wanted) * len(numbers):
        return
    suffix = Counter(file.suffix for file in files).most_common(1)[0][0]
    for (parent, genre), present in numbers.items():
        for number in set(wanted) - present:
            name = parent / f"{genre}.{number:05d}{suffix}"
            yield name, "missing", "the numbers have a gap here: fetch it again, or go on without"


def _name_and_genre(file):
    genre, *rest = file.parts
    return ("/".join(rest), genre) if rest else (genre, "")
