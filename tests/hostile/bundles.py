"""Spoiled bundles: refused in a sentence before anything is allocated, or a model that answers."""

import hashlib
import io
import json
import math
import os
import shutil
import zipfile

import numpy as np

from helpers import datasets
from helpers.song import SongClassifier, bundle
from hostile import sounds
from hostile.bench import command, cut, flips, one_of, sentence

COUNT, MODELS = 120, ("hand-made", "script")
# As a stranger would write it, the card vouches for the weights.
ODD = [None, True, [], {}, "", "x", -1, 0, 2.5, 1e308, -1e-308, 10**400, [1], ["a", "a"], [10**9],
       float("nan"), float("inf"), "\x1b[2J", ["not sure", "b"], [["a"]], {"a": 1}]  # fmt: skip
CARDS = b"", b"[" * 99_999, b"{" * 9, b"null", b"\xff\xfe{}", b"9" * 9_999, b" " * 2_000_000
WEIGHTS = b"", b"PK\5\6" + bytes(18), b"\x80\x04\x95.", b"\x93NUMPY\1\0" * 9


def prepare():
    pass


def change_card(folder, **changes):
    card = json.loads((folder / bundle.CARD).read_text())
    (folder / bundle.CARD).write_text(json.dumps(card | changes))


def plant(weights, data):
    """Other weights, and a card that vouches for them."""
    weights.write_bytes(data)
    change_card(weights.parent, sha256=hashlib.sha256(data).hexdigest())


def arrays_of(weights):
    with np.load(weights) as stored:
        return {name: stored[name] for name in stored.files}


def saved(arrays, write=np.savez):
    write(file := io.BytesIO(), **arrays)
    return file.getvalue()


def odd_value(rng, card, weights):
    key = one_of(rng, *sorted(bundle.NEEDED))
    change_card(card.parent, **{key: one_of(rng, *ODD)})


def odd_numbers(rng, card, weights):
    arrays = arrays_of(weights)
    array = arrays[one_of(rng, *arrays)]
    array.flat[rng.integers(array.size)] = one_of(rng, np.nan, np.inf, 0, -1, 1e308, 5e-324)
    plant(weights, saved(arrays))


def odd_arrays(rng, card, weights):
    arrays = arrays_of(weights)
    a = arrays[name := one_of(rng, *arrays)]
    kinds = one_of(rng, complex, np.float16, object, "U30", bool)
    arrays[name] = one_of(rng, a[:-1], a[..., None], a.T, a.astype(kinds), np.float64(1), a * 1e300)
    plant(weights, saved(arrays | one_of(rng, {}, {}, {"more": a})))


def large_claims(rng, card, weights):
    """Headers, and perhaps the card, of terabytes that are not there."""
    n, file = one_of(rng, 10**6, 10**9, 2**31, 2**62), io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays_of(weights).items():
            header = {"descr": "<f8", "fortran_order": False, "shape": (n, *array.shape[1:])}
            np.lib.format.write_array_header_1_0(member := io.BytesIO(), header)
            archive.writestr(f"{name}.npy", member.getvalue() + array.tobytes())
    plant(weights, file.getvalue())
    change_card(card.parent, **one_of(rng, {}, {"hidden": [n, n]}))


def odd_files(rng, card, weights):
    """Gone, a folder, a pipe, a link to itself; and one that nobody should open."""
    (card.parent / "model.pkl").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    path = one_of(rng, card, weights)
    path.unlink()
    one_of(rng, str, os.mkdir, os.mkfifo, lambda path: path.symlink_to(path.name))(path)


def packed(rng, card, weights):
    zeros = {"mean": np.zeros(2_000_000)}
    plant(weights, saved(arrays_of(weights) | zeros, np.savez_compressed))


DAMAGES = {
    "the card flipped": lambda rng, card, _: card.write_bytes(flips(rng, card.read_bytes())),
    "the card cut": lambda rng, card, _: card.write_bytes(cut(rng, card.read_bytes()[:-2])),
    "another card": lambda rng, card, _: card.write_bytes(one_of(rng, *CARDS)),
    "an odd value": odd_value,
    "another odd value": odd_value,
    "weights flipped": lambda rng, _, w: w.write_bytes(flips(rng, w.read_bytes())),
    "flipped and signed": lambda rng, _, w: plant(w, flips(rng, w.read_bytes(), 0, 900)),
    "directory flipped": lambda rng, _, w: plant(w, flips(rng, w.read_bytes(), -300, -1)),
    "weights cut": lambda rng, _, w: plant(w, cut(rng, w.read_bytes())),
    "other weights": lambda rng, _, w: plant(w, one_of(rng, *WEIGHTS, rng.bytes(9_999))),
    "odd numbers": odd_numbers,
    "odd arrays": odd_arrays,
    "packed": packed,
    "large claims": large_claims,
    "odd files": odd_files,
}


def try_one(number, folder):
    rng, what = np.random.default_rng(number), list(DAMAGES)[number % len(DAMAGES)]
    model, song = folder / "model", folder / "song.wav"
    shutil.copytree(datasets.DATA / "pretrained" / MODELS[number % 2], model)
    song.write_bytes(sounds.encoded("wav"))
    DAMAGES[what](rng, model / bundle.CARD, model / bundle.WEIGHTS)
    code, answer, said = command("predict", song, "--model", model, "--json")
    try:
        labels, refusal = SongClassifier.load(model).labels, ""
    except ValueError as error:
        labels, refusal = [], sentence(error)
    assert (code == 2) == bool(refusal), f"{what}| load: {refusal}, predict: {said}"
    if refusal:
        return what, "refused", refusal
    p = json.loads(answer)["p"]
    assert p.keys() == set(labels), f"{what}| {answer}"
    assert math.isclose(sum(p.values()), 1, abs_tol=0.01), f"{what}| {answer}"
    return what, "used", ""
