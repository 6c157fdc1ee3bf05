"""Damaged tables: read with every row counted, refused in a sentence, or gone on with unharmed."""

import csv
import io
import re

import numpy as np

from helpers import datasets, features
from helpers.song import training
from hostile import sounds
from hostile.bench import command, cut, flips, one_of, sentence

COUNT, GENRES, SONGS = 120, ("blues", "jazz", "metal"), 8
# If the table is read: are its rows those of the good one, but for the cells that were spoiled?
SAME, ANY = "same", "any"
WRONG = ["", "nan", "inf", "-inf", "1e999", "#DIV/0!", "abc", "1,5", "0x10", "1e15", "=1+1", "None",
         "1_000", "١٢", "--1", "\x1b[2J", "x" * 5_000]  # fmt: skip
base, whole = [], {}


def prepare():
    lines = (datasets.DATA / "script_features.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(lines))
    base[:] = rows[:1]
    for genre in GENRES:
        base.extend([row for row in rows if row[-1] == genre][:SONGS])
    whole.update({row[0]: np.array(row[1:-1], float) for row in base[1:]})


def text(rows, separator=","):
    file = io.StringIO()
    csv.writer(file, delimiter=separator, lineterminator="\n").writerows(rows)
    return file.getvalue()


def spoiled(rng, rows, column, *values):
    for at in rng.integers(1, len(rows), 4):
        rows[at][rng.integers(27) if column is None else column] = one_of(rng, *values)
    return text(rows)


def ragged(rng, rows):
    for at in rng.integers(1, len(rows), 3):
        rows[at] = one_of(rng, cut(rng, rows[at]), [*rows[at], "1", "2"])
    return text(rows)


def shuffled(rng, rows):
    order = rng.permutation(28)
    return text([[row[i] for i in order] for row in rows], one_of(rng, ",", ";", "\t"))


def without(rng, rows):
    at = rng.integers(28)
    return text([row[:at] + row[at + 1 :] for row in rows])


def a_quote(rng, rows):
    head = cut(rng, data := text(rows))
    return head + '"' + data[len(head) :]


ELSE = (b"", b"\n", bytes(999), b"<html>" * 99, b"PK\3\4" + bytes(999), b"[]", b"," * 99_999,
        b"a,b\n1,2\n", b'"' + b"a" * 300_000, b"x," * 20_000 + b"\n")  # fmt: skip
ODD = ("", "Blues", "blues ", "label", "a\rb", "=cmd|calc", "\x1b[2J", "nan", "ب" * 200)
ENCODINGS = "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp500"
DAMAGES = {
    "cells": (lambda rng, rows: spoiled(rng, rows, None, *WRONG), SAME),
    "genres": (lambda rng, rows: spoiled(rng, rows, -1, *ODD), SAME),
    "cut": (lambda rng, rows: cut(rng, text(rows)), ANY),  # the last number may have lost its end
    "copies": (lambda rng, rows: text(rows + rows[3:9]), SAME),
    "a column lost": (without, ANY),
    "columns shuffled": (shuffled, SAME),
    "a column twice": (lambda rng, rows: text([[*row, row[3]] for row in rows]), SAME),
    "ragged": (ragged, SAME),
    "a quote": (a_quote, ANY),
    "flips": (lambda rng, rows: flips(rng, text(rows).encode()), ANY),
    "encodings": (lambda rng, rows: text(rows).encode(one_of(rng, *ENCODINGS)), ANY),
    "line ends": (
        lambda rng, rows: text(rows).replace("\n", one_of(rng, "\r\n", "\r", "\n \n")),
        SAME,
    ),
    "something else": (lambda rng, rows: one_of(rng, *ELSE, rng.bytes(9_999)), ANY),
    "small": (lambda rng, rows: text(cut(rng, rows)), SAME),
    "huge": (lambda rng, rows: text(rows) + ("9" * 1_000 + ",") * 3_000, SAME),
}


def try_one(number, folder):
    rng, what = np.random.default_rng(number), list(DAMAGES)[number % len(DAMAGES)]
    (damage, allowed), path = DAMAGES[what], folder / "table.csv"
    if number % 4 == 3:
        return resume(rng, damage, path, f"{what}, resumed")
    data = damage(rng, [list(row) for row in base])
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    try:
        table, feature_set, about = datasets.read_table(path)
        learned = training.from_table(path)
    except ValueError as error:
        return what, "refused", sentence(error)
    assert feature_set == "script"
    assert all(map(sentence, training.overview(learned)))
    X = table[list(features.names("script"))].to_numpy()
    assert np.isfinite(X).all(), f"{what}| values that are not finite"
    for train, test in learned.folds["random split"]:
        ids = table.song_id.to_numpy()
        assert not set(ids[train]) & set(ids[test]), f"{what}| a song on both sides"
    if allowed == SAME:
        lines, notes = csv.reader(io.StringIO(data, newline="")), " ".join(about["notes"])
        tried = sum(any(map(str.strip, row)) for row in lines) - 1
        out = [int(n) for n in re.findall(r"(\d+) rows? left out", notes)]
        few = "genres left out" in notes
        assert few or len(table) + sum(out) == tried, f"{what}| {len(table)} + {out} != {tried}"
        for name, x in zip(table.filename, X, strict=True):
            # A spoiled cell that is still a number can't be told from a good one.
            assert np.isclose(x, whole.get(name, x)).sum() > 20, f"{what}| other numbers in {name}"
    return what, "used", ""


def resume(rng, damage, path, what):
    """`extract` goes on with a damaged table of its own, or says why not, and leaves it alone."""
    for name in "abc":
        song = path.parent / f"songs/blues/{name}.wav"
        song.parent.mkdir(parents=True, exist_ok=True)
        song.write_bytes(sounds.encoded("wav", sounds.song(ord(name), 0.5)))
    call = ("extract", path.parent / "songs", "--out", path, "--features", "script")
    command(*call)
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    data = damage(rng, rows)
    path.write_bytes(before := data if isinstance(data, bytes) else data.encode("utf-8"))
    code, _, said = command(*call)
    if code:
        assert path.read_bytes() == before, f"{what}| refused ({said}), and yet changed"
        return what, "refused", said[-1]
    after = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert all(len(row) == 28 for row in after), f"{what}| a row of another length"
    assert np.isfinite(np.array([row[1:-1] for row in after[1:]], float)).all(), f"{what}| infinite"
    mine = sorted(row[0] for row in after if row[-1] == "blues" and row[0][0] in "abc")
    assert mine[:3] == ["a.wav", "b.wav", "c.wav"], f"{what}| {mine}"
    return what, "used", ""
