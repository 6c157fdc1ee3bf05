"""Corrupt and odd sound files: load, stream, extract, predict and the doctor agree on each."""

import io

import numpy as np
import pandas as pd
import soundfile as sf

from helpers import audio, datasets, features
from hostile.bench import command, cut, flips, one_of, sentence

COUNT, RATE = 600, 44_100
KINDS = {"wav": ("WAV", "PCM_16"), "float.wav": ("WAV", "FLOAT"), "flac": ("FLAC", "PCM_16"),
         "ogg": ("OGG", "VORBIS"), "mp3": ("MP3", "MPEG_LAYER_III"), "aiff": ("AIFF", "PCM_16"),
         "au": ("AU", "PCM_16"), "caf": ("CAF", "PCM_16"), "w64": ("W64", "PCM_24"),
         "opus": ("OGG", "OPUS")}  # fmt: skip
LOSSLESS, OGG, TAGGED = (
    {"wav", "float.wav", "aiff", "au", "caf", "w64"},
    {"ogg", "opus"},
    {"mp3", "flac"},
)
FATAL = {"undecodable", "headerless", "truncated", "not numbers", "silent", "side file"}
# What may come of it: nothing but a refusal; or, if it is used, all that was there; or its
# beginning; or samples that can't be checked. USED: no refusal, and all that was there; LONG: as
# long, but what tells where it starts is lost; GOOD: used, whatever it is.
REFUSED, ALL, BEGINNING, ANY = "refused", "all", "beginning", "any"
USED, LONG, GOOD = "used", "long", "good"
EXTREMES = [0, 1, 2, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1]
FIELDS = {"wav": (4, 16, 20, 22, 24, 28, 32, 34, 40), "au": (4, 8, 12, 16, 20),
          "aiff": (4, 8, 16, 20, 22, 26, 28, 30, 42), "flac": (4, 8, 10, 12, 15, 18, 20, 21),
          "float.wav": (4, 16, 20, 22, 24, 34, 40, 46)}  # fmt: skip


def song(seed=0, seconds=1.5, channels=2):
    """A chord that fades, with a little noise."""
    rng, t = np.random.default_rng(seed), np.arange(int(seconds * RATE)) / RATE
    y = sum(np.sin(2 * np.pi * f * t) for f in rng.uniform(100, 2_000, 4)) * 0.1 * np.exp(-t)
    return np.stack([y] * channels, axis=1) + rng.normal(0, 0.01, (len(y), channels))


def encoded(kind, y=None, rate=RATE):
    file, (major, minor) = io.BytesIO(), KINDS[kind]
    rate = 48_000 if kind == "opus" else rate  # it knows no other
    sf.write(file, song() if y is None else y, rate, format=major, subtype=minor)
    return file.getvalue()


def lying_field(rng, data, kind):
    at, width = one_of(rng, *FIELDS.get(kind, range(64))), one_of(rng, 2, 4, 8)
    order = "little" if "wav" in kind or kind == "w64" else "big"
    value = (one_of(rng, *EXTREMES) % 2 ** (8 * width)).to_bytes(width, order)
    return data[:at] + value + data[at + width :]


def zero_tail(rng, data, kind):
    at = rng.integers(100, len(data) - 9_000)
    return data[:at] + bytes(len(data) - at), ANY if kind in LOSSLESS else BEGINNING


def hole(rng, data, kind):
    at, size = rng.integers(100, len(data) // 2), rng.integers(1, len(data) // 3)
    return data[:at] + data[at + size :], ANY


def no_numbers(rng, data, kind):
    y = song()
    y[rng.integers(len(y), size=3)] = one_of(rng, np.nan, np.inf, -np.inf, 1e15, -1e38)
    return encoded("float.wav", y), REFUSED


def something_else(rng, data, kind):
    heads = (
        b"<!DOCTYPE html>",
        b"PK\3\4",
        b"%PDF-1.7",
        b"{[",
        b"\0\0\0\x20ftypM4A ",
        b"MThd\0\0\0\6\0",
    )
    fill = one_of(rng, bytes(9_000), b"text " * 999)
    return one_of(rng, *heads, b"", b"\x1a\x45\xdf\xa3", b"\0", b"\xff\xff") + fill, REFUSED


def odd_but_good(rng, data, kind):
    kind, y = kind if kind in LOSSLESS else "wav", song(channels=one_of(rng, 1, 3, 6, 8))
    return encoded(kind, y, one_of(rng, 8_000, 11_111, 96_000, 192_000)), GOOD


def no_length(rng, data, kind):
    if kind == "mp3":  # without the frame that counts the others
        return data[data.index(data[:2], 4) :], LONG
    if kind == "flac":
        return data[:21] + bytes([data[21] & 0xF0]) + bytes(4) + data[26:], USED
    at = 8 if kind == "au" else data.index(b"data") + 4
    return data[:at] + b"\xff" * 4 + data[at + 4 :], USED


TAG = b"ID3\4\0\0\0\0\7\x68" + bytes(1_000)
DAMAGES = {
    # An OGG promises no length.
    "cut": lambda rng, d, kind: (cut(rng, d, 0.95), BEGINNING if kind in OGG else ALL),
    "cut in the header": lambda rng, d, kind: (cut(rng, d[:64]), REFUSED),
    "empty": lambda rng, d, kind: (b"", REFUSED),
    "flips in the header": lambda rng, d, kind: (flips(rng, d, 0, 64), ANY),
    "flips in the data": lambda rng, d, kind: (flips(rng, d, 64), ANY),
    "a lying field": lambda *case: (lying_field(*case), ANY),
    "two lying fields": lambda *case: (lying_field(case[0], lying_field(*case), case[2]), ANY),
    "zeros at the end": zero_tail,
    "a hole": hole,
    "no numbers": no_numbers,
    "silence": lambda rng, d, kind: (encoded(kind, np.zeros((RATE, 2))), REFUSED),
    "too short": lambda rng, d, kind: (encoded(kind, song(seconds=0.01)), ANY),
    "noise": lambda rng, d, kind: (rng.bytes(rng.integers(1, 99_999)), ANY),
    "something else": something_else,
    "another format": lambda rng, d, kind: (encoded("w64" if kind == "wav" else "wav"), USED),
    "garbage behind": lambda rng, d, kind: (d + rng.bytes(5_000), ANY if kind == "caf" else ALL),
    "twice": lambda rng, d, kind: (d * 2, ANY),
    "garbage in front": lambda rng, d, kind: (rng.bytes(rng.integers(1, 9_000)) + d, ANY),
    "a tag in front": lambda rng, d, kind: (TAG + d, USED if kind in TAGGED else ALL),
    "a tag that lies": lambda rng, d, kind: (flips(rng, TAG, 5, 10) + d, ANY),
    "odd but good": odd_but_good,
    "no length": no_length,
}
ONLY = {"no numbers": {"float.wav"}, "no length": {"mp3", "flac", "wav", "float.wav", "au"},
        "another format": KINDS.keys() - {"opus"}}  # fmt: skip
CASES = [(name, kind) for name in DAMAGES for kind in KINDS if kind in ONLY.get(name, KINDS)]
np.random.default_rng(11).shuffle(CASES)
good = {}


def prepare():
    y = audio.samples(np.sin(np.arange(44_100) / 9) * 0.5)
    sf.write(file := io.BytesIO(), y, 22_050, format="WAV", subtype="FLOAT")
    good.update(sound=file.getvalue(), row=features.describe_fast(y, 22_050, "script"))


def try_one(number, folder):
    rng, (damage, kind) = np.random.default_rng(number), CASES[number % len(CASES)]
    data, allowed = DAMAGES[damage](rng, encoded(kind), kind)
    song, other = folder / "songs/odd" / f"odd.{kind}", folder / "songs/good/good.wav"
    for path, content in ((song, data), (other, good["sound"])):
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    what = f"{damage}, {kind}"
    try:
        y, error = audio.load(song)[0], None
    except audio.AudioError as refusal:
        y, error = None, refusal
        words = sentence(error)
    try:
        streamed = np.concatenate(list(audio.stream(song)))
    except audio.AudioError as refusal:
        streamed = str(refusal)
    assert not error or streamed == str(error), f"{what}| load: {error}, stream: {streamed}"
    assert error or np.array_equal(streamed, y), f"{what}| stream differs from load"
    findings = datasets.doctor(folder / "songs")
    assert set(findings.problem[findings.genre == "good"]) <= {"too short"}  # beside a longer one
    found = set(findings.problem[findings.genre == "odd"])
    assert all(map(sentence, findings.advice))
    if error:
        assert error.problem in found, f"{what}| load: {error}, doctor: {found}"
    else:
        assert not found & FATAL, f"{what}| load reads it, doctor: {findings.advice.tolist()}"
    table = folder / "table.csv"
    code, _, said = command("extract", folder / "songs", "--out", table, "--features", "script")
    rows = pd.read_csv(table, index_col="label").drop(columns="filename")
    assert code == 0
    assert set(rows.index) == ({"good"} if error else {"good", "odd"}), f"{what}| {error}, {said}"
    assert np.isfinite(rows).all(axis=None), f"{what}| a row that is not finite"
    np.testing.assert_allclose(rows.loc["good"], good["row"], rtol=1e-4, atol=1e-8)
    model = datasets.DATA / "pretrained/hand-made"
    code, answer, said = command("predict", song, other, "--model", model, "--json")
    assert code == 2 * (error is not None), f"{what}| load: {error}, predict: {answer}, {said}"
    assert answer.count("\n") == 2 - (error is not None), f"{what}| {answer}"
    if error:
        assert allowed not in (USED, LONG, GOOD), f"{what}| refused: {error}"
        return what, "refused", words
    check(what, y, allowed, kind, folder)
    return what, "used", ""


def check(what, y, allowed, kind, folder):
    """Is what was read what was there?"""
    assert allowed != REFUSED, f"{what}| used, {len(y) / 22_050:.2f} s"
    assert np.isfinite(y).all(), f"{what}| not finite"
    if allowed in (ANY, GOOD):
        return
    (folder / "whole").write_bytes(encoded(kind))
    whole = audio.load(folder / "whole")[0]
    if allowed != BEGINNING:
        assert len(y) >= 0.98 * len(whole), f"{what}| {len(y) / len(whole):.1%} of it, silently"
    # Where it ends, resamplers and decoders ring.
    n = 0 if allowed == LONG else min(len(y), len(whole)) - 2_000
    off = np.abs(y[:n] - whole[:n]).max(initial=0)
    assert off < (0.1 if what.startswith("another") else 2e-3), f"{what}| off by {off:.3g}"
