"""Damaged archives and bad servers: the next mirror is asked, and nothing half-done stays."""

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath

import numpy as np

from helpers import datasets
from helpers.datasets import download
from helpers.datasets.sources import Mirror
from hostile.bench import cut, flips, one_of, sentence

COUNT, ROOM = 120, 400_000
FILES = {f"blues/blues.0000{i}.wav": np.random.default_rng(i).bytes(50_000) for i in range(3)}
GOOD = list(FILES.items())
SHA256 = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}


def prepare():
    pass


def packed(kind, members, link=None, type=None):
    """An archive of (name, data) in pairs, one of which may be a link or of another odd type."""
    file = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members:
                info = zipfile.ZipInfo(name)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o120777 << 16 if name == link else 0
                archive.writestr(info, data)
    else:
        with tarfile.open(fileobj=file, mode=f"w:{kind}") as archive:
            for name, data in members:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                if name == link:
                    info.type, info.linkname, info.size = type, "../../../escaped", 0
                archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def with_link(rng, kind):
    name = one_of(rng, "blues/blues.00001.wav", "x/blues.00000.wav", "data")
    link = one_of(rng, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)
    return packed(kind, [(name, b"../../../escaped"), *FILES.items()], link=name, type=link)


def lying_fields(rng, data):
    """Sizes, offsets, flags or methods in the headers of a zip archive."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at = data.find(one_of(rng, b"PK\1\2", b"PK\3\4", b"PK\5\6")) + rng.integers(4, 44)
        data[at : at + 4] = one_of(rng, 0, 1, 2**31, 2**32 - 1).to_bytes(4, "little")
    return bytes(data)


NAMES = ("../escaped.wav", "a/../../blues.00000.wav", "..\\escaped.wav", "C:\\escaped.wav",
         "/blues.00000.wav", "\\\\host\\share\\blues.00000.wav")  # fmt: skip
ELSE = (
    b"",
    b"<html>404</html>",
    bytes(9_999),
    b"PK\5\6" + bytes(18),
    b"\x1f\x8b\x08",
    b"\xfd7zXZ\0",
)
PACK = {"gz": gzip.compress, "zip": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}
# What becomes of an archive of some kind.
ARCHIVES = {
    "cut": lambda rng, d, kind: cut(rng, d),
    "flips": lambda rng, d, kind: flips(rng, d),
    "flips in front": lambda rng, d, kind: flips(rng, d, 0, 64),
    "flips behind": lambda rng, d, kind: flips(rng, d, len(d) - 200),
    "unsafe names": lambda rng, d, kind: packed(kind, [*GOOD, (one_of(rng, *NAMES), b"out")]),
    "a link": lambda rng, d, kind: with_link(rng, kind),
    "a bomb": lambda rng, d, kind: packed(kind, [*GOOD, (GOOD[0][0], bytes(30_000_000))]),
    "a bomb behind": lambda rng, d, kind: d + PACK[kind](bytes(40_000_000)),
    "many": lambda rng, d, kind: packed(kind, [*GOOD, *((f"m{i}", b"") for i in range(3_000))]),
    "wrong content": lambda rng, d, kind: packed(kind, [*GOOD[1:], (GOOD[0][0], b"RIFF")]),
    "one twice": lambda rng, d, kind: packed(kind, [*GOOD, ("again/" + GOOD[0][0], b"RIFF")]),
    "something else": lambda rng, d, kind: one_of(rng, *ELSE, rng.bytes(9_999)),
    "lying fields": lambda rng, d, kind: lying_fields(rng, packed("zip", GOOD)),
}
SERVERS = ["length too long", "length too short", "length x", "length -5", "length 10**30",
           "endless", "drips", "redirect to nowhere", "redirect in a circle", "redirect to a file",
           "error 500", "no answer", "no HTTP", "gzip that is none", "range that lies"]  # fmt: skip


class Server(BaseHTTPRequestHandler):
    """/bad answers as `server.habit` says and sends `server.content`, /good what is right."""

    def do_HEAD(self):
        self.do_GET(body=False)

    def do_GET(self, body=True):
        bad = self.path.startswith("/bad")
        content, habit = (
            (self.server.content, self.server.habit) if bad else (packed("zip", GOOD), "")
        )
        if habit == "no answer":
            return
        if habit == "no HTTP":
            self.wfile.write(b"\xff\0nonsense\r\n\r\n" * 9)
            return
        status = {"error": 500, "redirect": 302, "range": 206}.get(habit.partition(" ")[0], 200)
        self.send_response(status)
        places = {"redirect to nowhere": "http://[", "redirect in a circle": "/bad",
                  "redirect to a file": "file:///etc/hostname"}  # fmt: skip
        if habit in places:
            self.send_header("Location", places[habit])
        lengths = {"length too long": len(content) + 99, "length too short": len(content) - 99,
                   "length x": "x", "length -5": -5, "length 10**30": 10**30}  # fmt: skip
        if habit not in ("endless", "drips"):
            self.send_header("Content-Length", str(lengths.get(habit, len(content))))
        if habit.startswith("gzip"):
            self.send_header("Content-Encoding", "gzip")
        if habit.startswith("range"):
            self.send_header("Content-Range", "bytes 7-x/3")
        self.end_headers()
        for _ in range(3_000 if body and habit in ("endless", "drips") else 0):
            self.wfile.write(bytes(1 if habit == "drips" else 20_000))
            time.sleep(0.05 if habit == "drips" else 0)
        if body:
            self.wfile.write(content)

    def log_message(self, *_):
        pass


def try_one(number, folder):
    rng, habit = np.random.default_rng(number), ""
    kind = one_of(rng, "zip", "zip", "gz", "gz", "xz", "bz2")
    content = packed(kind, GOOD)
    if number % 3:
        damage = list(ARCHIVES)[number % len(ARCHIVES)]
        content, what = ARCHIVES[damage](rng, content, kind), f"{damage}, {kind}"
    else:
        what = habit = SERVERS[number // 3 % len(SERVERS)]
    datasets.cache = lambda: folder / "cache"
    download.TIMEOUT, download.LONGEST = (2, 2), 3
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.daemon_threads, server.handle_error = True, lambda *_: None
        server.content, server.habit = content, habit
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        outcome, words = ask(what, folder, [Mirror(f"{address}/bad")])
        if outcome == "refused":
            both = [Mirror(f"{address}/bad"), Mirror(f"{address}/good")]
            assert ask(what, folder, both)[0] == "used", f"{what}| the next mirror was not asked"
        server.shutdown()
    return what, outcome, words


def ask(what, folder, mirrors):
    source = datasets.SOURCES["gtzan-mini"]
    source = source._replace(mirrors=mirrors, files=SHA256, room=ROOM)
    datasets.SOURCES["gtzan-mini"] = source
    try:
        datasets.fetch("gtzan-mini")
    except datasets.FetchError as error:
        outcome, words, expected = "refused", sentence(error), {}
    else:
        outcome, words, expected = "used", "", FILES
    held = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    held.pop("output")
    # What has arrived may be gone on with; all else is what was asked for.
    kept = {name for name, path in held.items() if PurePosixPath(name).suffix == ".part"
            and path.stat().st_size}  # fmt: skip
    assert held.keys() - kept == {f"data/gtzan-mini/{name}" for name in expected}, f"{what}| {held}"
    assert not (kept and expected), f"{what}| left {kept}"
    for name, data in expected.items():
        assert held[f"data/gtzan-mini/{name}"].read_bytes() == data, f"{what}| other bytes"
    return outcome, words
