"""What is wrong with a folder of songs? Every file is examined once, block by block."""

import hashlib
import os
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.audio import SILENCE_PEAK, AudioError, reader
from helpers.audio.collection import NO_AUDIO, list_audio

FULL_SCALE = 32_765  # of 32,768: some converters clip a step or two below the top
CLIPPED_SHARE = 0.001
SHORT_SECONDS, SHORT_SHARE = 1.0, 0.5
NUMBERED = re.compile(r"([a-z]+)\.(\d{5})")
NUMBERED_SHARE = 0.9


class Examined(NamedTuple):
    """What one file told: its findings as {problem: advice}; no length if it is cut short."""

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
        - undecodable, or not to be opened; headerless: an .au whose bytes would be played as noise;
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
    from joblib import Parallel, delayed
    from tqdm import tqdm

    path = Path(path)
    songs, side_files = list_audio(path)
    if not songs and not side_files:
        what = NO_AUDIO if path.is_dir() else "is no folder"
        raise ValueError(f"{path} {what}; give a folder of songs, or of one folder per genre.")
    results = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(
        delayed(_examine)(path / song) for song in songs
    )
    examined = dict(zip(songs, tqdm(results, "Examining", len(songs), unit="file"), strict=True))
    findings = [(song, *finding) for song in songs for finding in examined[song].findings.items()]
    advice = "macOS left it beside the music: delete it"
    findings += [(file, "side file", advice) for file in side_files]
    findings += [*_missing(songs), *_too_short(examined), *_duplicates(examined)]
    rows = [(*_name_and_genre(file), problem, advice) for file, problem, advice in findings]
    table = pd.DataFrame(rows, columns=["filename", "genre", "problem", "advice"], dtype="str")
    return table.sort_values(["genre", "filename", "problem"], ignore_index=True)


def _examine(path):
    try:
        with reader.opened(path) as file:
            return _examine_sound(file)
    except AudioError as error:
        return Examined({error.problem: f"the file {error.reason}: {error.advice}"})


def _examine_sound(file):
    """Go through an open file once: its level, its runs at full scale, a hash of its samples."""
    decoded, peak, stuck, findings = 0, 0.0, 0, {}
    digest = hashlib.sha256(f"{file.samplerate} {file.channels}".encode())
    for block in reader.blocks(file):
        decoded += len(block)
        peak = max(peak, reader.check_peak(reader.mono(block)))
        samples = np.rint(np.clip(block, -1, 1 - 2**-15) * 32_768).astype(np.int16)
        stuck += _stuck(samples)
        digest.update(samples.tobytes())
    silent, clipped = peak < SILENCE_PEAK, stuck / max(1, decoded * file.channels)
    if silent and decoded:
        findings["silent"] = "nothing can be heard in it: fetch it again or leave it out"
    if clipped > CLIPPED_SHARE:
        findings["clipped"] = (
            f"{clipped:.1%} of its samples are stuck at full scale, three or more in a row: find a "
            "cleaner copy, or know that its loudness and brightness are partly distortion"
        )
    # All silence sounds the same.
    return Examined(findings, decoded / file.samplerate, None if silent else digest.hexdigest())


def _stuck(samples):
    """How many samples of a block, shape (n, channels), lie in a run of three at full scale."""
    full = (samples >= FULL_SCALE) | (samples <= -FULL_SCALE)
    three = full[2:] & full[1:-1] & full[:-2]
    return np.count_nonzero(sum(np.pad(three, ((n, 2 - n), (0, 0))) for n in range(3)))


def _too_short(examined):
    lengths = {file: one.seconds for file, one in examined.items() if one.seconds is not None}
    median = np.median(list(lengths.values()) or 0)
    for file, seconds in lengths.items():
        odd = seconds < SHORT_SHARE * median  # beside the other files
        if odd or seconds < SHORT_SECONDS:
            why = f" where most last about {median:.1f} s" if odd else ", less than a whole second"
            advice = f"lasts {seconds:.2f} s{why}: look for a longer cut, or leave it out"
            yield file, "too short", advice


def _duplicates(examined):
    first = {}
    for file, one in examined.items():
        if one.digest is not None and (original := first.setdefault(one.digest, file)) != file:
            advice = (
                f"the same sound as {original.as_posix()}: keep one, "
                "or the same song may sit in the training set and in the test set"
            )
            yield file, "duplicate", advice


def _missing(songs):
    """Gaps in GTZAN's numbering; a folder with many of them is a selection, and not lacking."""
    matches = [NUMBERED.fullmatch(song.stem) for song in songs]
    if not songs or not all(matches):
        return
    numbers = {}
    for song, match in zip(songs, matches, strict=True):
        numbers.setdefault((song.parent, match[1]), set()).add(int(match[2]))
    every = set().union(*numbers.values())
    wanted = set(range(min(every), max(every) + 1))
    if sum(map(len, numbers.values())) < NUMBERED_SHARE * len(wanted) * len(numbers):
        return
    suffix = Counter(song.suffix for song in songs).most_common(1)[0][0]
    for (parent, genre), present in numbers.items():
        for number in wanted - present:
            name = parent / f"{genre}.{number:05d}{suffix}"
            yield name, "missing", "the numbers have a gap here: fetch it again, or go on without"


def _name_and_genre(file):
    # A table holds text, and a name may be any bytes.
    genre, *rest = (os.fsencode(part).decode("utf-8", "backslashreplace") for part in file.parts)
    return ("/".join(rest), genre) if rest else (genre, "")
