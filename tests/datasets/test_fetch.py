"""Downloads from a server that misbehaves: on this machine alone, in a folder of the test's own."""

import bz2
import errno
import gzip
import hashlib
import io
import lzma
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from patience import patience

from helpers import datasets
from helpers.datasets import GENRES, FetchError, download
from helpers.datasets.download import CHUNK
from helpers.datasets.sources import Mirror

SONGS = {f"blues/blues.0000{i}.wav": bytes([i]) * 300_000 for i in range(3)}
ROOM = 1_000_000


class Handler(BaseHTTPRequestHandler):
    """Serves `server.files`; `server.cuts` says after how many bytes the line breaks, each once.

    `server.lacks` says what it cannot do: announce heads, lengths or etags, continue with ranges,
    or keep to the range that it was asked for. `server.newer` holds what replaces a file as soon
    as somebody has asked for it. `server.headers` are sent in place of its own, and `server.drips`
    says whether it then sends a byte now and then: of its "headers" or its "body".
    """

    def do_HEAD(self):
        if "heads" in self.server.lacks:
            self.send_error(405)
        else:
            self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body):
        server, asked = self.server, self.headers.get("Range")
        server.log.append((self.command, self.path, asked))
        content = server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        etag, start = f'"{hashlib.md5(content).hexdigest()}"', 0
        if asked and "ranges" in server.lacks:
            asked = None
        if asked and self.headers.get("If-Range") in (None, etag):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start and "satisfiable ranges" in server.lacks:
            self.send_error(416)
            return
        if server.headers:
            self.send_response(302 if "Location" in server.headers else 200)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(content)
            return
        if body and server.drips:
            self.wfile.write(b"HTTP/1.0 200 OK\r\n" + b"\r\n" * (server.drips == "body"))
            while not server.stop.wait(0.02):
                self.wfile.write(b"x")
            return
        self.send_response(206 if start else 200)
        if start:
            first = start - ("right ranges" in server.lacks)
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        if "etags" not in server.lacks:
            self.send_header("ETag", etag)
        if not {"lengths", "lengths of bodies" if body else ""} & server.lacks:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if body:
            cut = server.cuts.pop(0) if server.cuts else len(content)
            server.files |= server.newer
            self.wfile.write(content[start : start + cut])

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def running_server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.url = f"http://127.0.0.1:{server.server_port}"
        server.handle_error = lambda *_: None  # a client that hangs up is no news
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server(running_server):
    running_server.files, running_server.cuts, running_server.log = {}, [], []
    running_server.lacks, running_server.newer = set(), {}
    running_server.headers, running_server.drips = {}, None
    running_server.stop = threading.Event()
    yield running_server
    running_server.stop.set()


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("GENRE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(datasets, "cache", lambda: tmp_path / "cache")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "data"


@pytest.fixture
def offer(server, root, monkeypatch):
    """Publish archives on the test server as mirrors of a small "gtzan-mini"."""
    files = {name: hashlib.sha256(data).hexdigest() for name, data in SONGS.items()}

    def publish(*archives, **known):
        paths = [f"/{i}/archive" for i in range(len(archives))]
        server.files = {p: a for p, a in zip(paths, archives, strict=True) if a is not None}
        replace(monkeypatch, "gtzan-mini", [Mirror(server.url + p, **known) for p in paths], files)

    return publish


def replace(monkeypatch, name, mirrors, files):
    source = datasets.SOURCES[name]._replace(mirrors=mirrors, files=files, room=ROOM)
    monkeypatch.setitem(datasets.SOURCES, name, source)


def zipped(files, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files, *extra):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in extra:
            archive.addfile(info)
    return buffer.getvalue()


def garbled(name, compression=zipfile.ZIP_DEFLATED):
    """A zip archive whose member begins with no block that could be decompressed."""
    archive = zipped({name: bytes(999)}, compression)
    start = archive.index(name.encode()) + len(name)
    return archive[:start] + b"\xff" + archive[start + 1 :]


def with_password(archive):
    """A zip archive that says so, in the flags of each header."""
    for header in (b"PK\x03\x04\x14\x00", b"PK\x01\x02\x14\x03\x14\x00"):
        archive = archive.replace(header + b"\x00", header + b"\x01")
    return archive


def noise():
    """A tar archive that cannot be compressed."""
    return gzip.decompress(tarred({"a.wav": random.Random(0).randbytes(ROOM // 2)}))


def torn_in_the_middle(archive):
    middle = len(archive) // 2
    return archive[:middle] + bytes(999) + archive[middle + 999 :]


def of_method_99(archive):
    for header in (b"PK\x03\x04\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x00\x00"):
        archive = archive.replace(header + b"\x00", header + b"\x63")
    return archive


def tar_link(name, kind):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "blues/blues.00000.wav"
    return info


def zip_link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


GOOD = zipped({f"gtzan_mini-a61439/genres/{name}": data for name, data in SONGS.items()})


def on_disk(root):
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def whole():
    return {f"gtzan-mini/{name}": data for name, data in SONGS.items()}


def test_a_set_is_fetched_once(offer, server, root):
    offer(GOOD)
    assert datasets.local_path("gtzan-mini") is None
    assert datasets.fetch("gtzan-mini") == root / "gtzan-mini"
    assert on_disk(root) == whole()
    server.log.clear()
    assert datasets.fetch("gtzan-mini") == datasets.local_path("gtzan-mini") == root / "gtzan-mini"
    assert server.log == []


@pytest.mark.parametrize(
    ("cut", "arrived", "lacks"),
    [
        (1, 0, set()),
        (300_000, 4 * CHUNK, set()),
        (300_000, 4 * CHUNK, {"etags"}),
        (300_000, 300_000, {"lengths of bodies"}),
    ],
)
def test_a_cut_line_is_taken_up_where_it_broke(offer, server, root, cut, arrived, lacks):
    offer(GOOD)
    server.cuts, server.lacks = [cut], lacks
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()
    first, second = [asked for method, _, asked in server.log if method == "GET"]
    assert first is None
    assert second == (f"bytes={arrived}-" if arrived else None)


@pytest.mark.parametrize(
    ("lacks", "cuts"), [("ranges", [400_000]), ("lengths", []), ("heads", [400_000])]
)
def test_a_server_that_cannot_continue_sends_all_again(offer, server, root, lacks, cuts):
    offer(GOOD, size=len(GOOD))
    server.lacks, server.cuts = {lacks}, cuts
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()


def test_a_line_that_always_breaks_ends_in_a_sentence(offer, server, root):
    offer(GOOD)
    server.cuts = [400_000, *[10] * (download.ATTEMPTS + 1)]
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 broke off in the middle"):
        datasets.fetch("gtzan-mini")
    assert len(server.log) == 1 + 1 + download.ATTEMPTS


def test_the_part_of_an_older_version_is_never_continued(offer, server, root):
    offer(zipped({"genres/blues/blues.00000.wav": bytes(700_000)}))
    server.cuts = [500_000, *[0] * download.ATTEMPTS]
    with pytest.raises(FetchError):
        datasets.fetch("gtzan-mini")
    assert [len(data) for data in on_disk(root).values()] == [7 * CHUNK]
    offer(GOOD)
    server.log.clear()
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()
    assert all(asked is None for _, _, asked in server.log)


def test_an_older_version_and_a_newer_one_are_never_mixed(offer, server, root):
    offer(bytes(len(GOOD)))
    server.cuts, server.newer = [400_000], {"/0/archive": GOOD}
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()


@pytest.mark.parametrize("lacks", ["right ranges", "satisfiable ranges"])
def test_another_piece_than_asked_for_is_refused(offer, server, root, lacks):
    offer(GOOD)
    server.cuts, server.lacks = [400_000], {lacks}
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 cannot continue where it broke off"):
        datasets.fetch("gtzan-mini")
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()


def test_ctrl_c_leaves_a_part_that_the_next_call_continues(offer, server, root, monkeypatch):
    offer(GOOD)
    real = requests.Response.iter_content

    def interrupted(self, chunk_size=1, decode_unicode=False):
        for chunk in real(self, 100_000):
            yield chunk
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(requests.Response, "iter_content", interrupted)
        with pytest.raises(KeyboardInterrupt):
            datasets.fetch("gtzan-mini")
    ((name, content),) = on_disk(root).items()
    assert name.endswith(".part")
    assert content == GOOD[:100_000]
    assert datasets.local_path("gtzan-mini") is None
    server.log.clear()
    datasets.fetch("gtzan-mini")
    assert server.log[-1] == ("GET", "/0/archive", "bytes=100000-")
    assert on_disk(root) == whole()


@pytest.mark.parametrize(
    ("lacks", "content", "said"),
    [
        (set(), bytes(ROOM + 1), "announces 1,000,001 bytes where 1,000,000 are allowed"),
        ({"lengths"}, bytes(2 * ROOM), "sends more than 1,000,000 bytes"),
        ({"heads"}, bytes(2 * ROOM), "sends more than 1,000,000 bytes"),
    ],
)
def test_a_download_is_bounded(offer, server, root, monkeypatch, lacks, content, said):
    written, real = [], download.tqdm.update
    monkeypatch.setattr(download.tqdm, "update", lambda bar, n: written.append(n) or real(bar, n))
    offer(content, GOOD)
    server.lacks = lacks
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()
    assert sum(written) <= ROOM + len(GOOD)
    offer(content)
    shutil.rmtree(root / "gtzan-mini")
    with pytest.raises(FetchError, match=said):
        datasets.fetch("gtzan-mini")
    assert on_disk(root) == {}


def test_more_than_was_announced_is_refused(offer, server, root):
    offer(GOOD)
    server.lacks, server.newer = {"lengths of bodies"}, {"/0/archive": GOOD}
    server.files["/0/archive"] = GOOD[:1000]
    real = Handler.do_HEAD

    def then_more(self):
        real(self)
        server.files["/0/archive"] = GOOD

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Handler, "do_HEAD", then_more)
        with pytest.raises(FetchError, match=r"127\.0\.0\.1 sends more than 1,000 bytes"):
            datasets.fetch("gtzan-mini")
    assert on_disk(root) == {}


@pytest.mark.parametrize("what", ["headers", "body"])
def test_a_server_that_drips_does_not_hold_the_course_up(offer, server, root, monkeypatch, what):
    offer(GOOD)
    server.drips = what
    monkeypatch.setattr(download, "LONGEST", 1)
    start = time.monotonic()
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 did not answer in time"):
        datasets.fetch("gtzan-mini")
    assert time.monotonic() - start < patience(10)  # and not until the server gives up
    assert on_disk(root) == {}


WILD_HEADERS = [
    {"Content-Length": "x"},
    {"Content-Length": "-5"},
    {"Content-Length": "\xb2"},
    {"Content-Length": "5, 6"},
    {"Content-Encoding": "gzip"},
    {"Location": "http://["},
    {"Location": "http://127.0.0.1:99999/"},
    {"Location": f"http://{'a' * 99}.example/"},
    {"Location": "http://127.0.0.1\xff\xfe/"},
    {"Location": "ftp://127.0.0.1/"},
    {"Location": ""},
    {"Location": "/0/archive"},  # for ever
]


@pytest.mark.parametrize("headers", WILD_HEADERS, ids=str)
def test_wild_headers_go_to_the_next_mirror(offer, server, root, monkeypatch, headers):
    offer(b"garbage", GOOD)
    server.headers, real = headers, Handler.answer

    def only_the_first(self, body):
        if self.path.startswith("/1"):
            server.headers = {}
        real(self, body)

    monkeypatch.setattr(Handler, "answer", only_the_first)
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()
    offer(b"garbage")
    server.headers = headers
    shutil.rmtree(root)
    with pytest.raises(FetchError, match=r"\(127\.0\.0\.1 [a-z ]+") as caught:
        datasets.fetch("gtzan-mini")
    assert "codec" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert on_disk(root) == {}


def test_two_fetches_at_once_are_one(offer, server, root, capsys):
    offer(GOOD)
    real, inside = Handler.do_GET, threading.Event()

    def slowly(self):
        inside.set()
        time.sleep(1)
        real(self)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor() as pool:
        patch.setattr(Handler, "do_GET", slowly)
        first = pool.submit(datasets.fetch, "gtzan-mini")
        assert inside.wait(patience(30))
        second = pool.submit(datasets.fetch, "gtzan-mini")
        assert first.result() == second.result() == root / "gtzan-mini"
    assert [method for method, *_ in server.log] == ["HEAD", "GET"]
    assert "gtzan-mini: waiting until it is done" in capsys.readouterr().err
    assert on_disk(root) == whole()


def test_a_disk_that_fills_up_midway_keeps_what_arrived(offer, server, root):
    resource = pytest.importorskip("resource", reason="skipped, because Windows has no such limit")
    offer(GOOD)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
    try:
        with pytest.raises(FetchError, match=r"Could not write gtzan-mini .*make room"):
            datasets.fetch("gtzan-mini")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    ((name, content),) = on_disk(root).items()
    assert name.endswith(".part")
    assert content == GOOD[: len(content)] != b""
    server.log.clear()
    datasets.fetch("gtzan-mini")
    assert server.log[-1] == ("GET", "/0/archive", f"bytes={len(content)}-")
    assert on_disk(root) == whole()


KILLED = """
import os, signal, sys
from pathlib import Path
from helpers import datasets
from helpers.datasets import download, sources

url, *files = sys.argv[1:]
source = datasets.SOURCES["gtzan-mini"]._replace(
    mirrors=[sources.Mirror(url)], files=dict(zip(files[::2], files[1::2])), room=1_000_000
)
datasets.SOURCES["gtzan-mini"] = source
copy = download.shutil.copyfileobj

def killed(source, target, size):
    copy(source, target, size)
    os.kill(os.getpid(), signal.SIGKILL)

download.shutil.copyfileobj = killed
datasets.fetch("gtzan-mini")
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="skipped, because Windows knows no SIGKILL")
def test_what_a_run_that_was_killed_while_unpacking_left_is_thrown_away(offer, server, root):
    offer(GOOD)
    files = [part for item in datasets.SOURCES["gtzan-mini"].files.items() for part in item]
    command = [sys.executable, "-c", KILLED, f"{server.url}/0/archive", *files]
    assert subprocess.run(command, timeout=patience(120)).returncode == -signal.SIGKILL
    left = on_disk(root)
    assert any(".unpacking-" in name for name in left)
    assert any(name.endswith(".lock") for name in left)
    assert datasets.local_path("gtzan-mini") is None
    server.log.clear()
    datasets.fetch("gtzan-mini")
    assert [method for method, *_ in server.log] == ["HEAD"]
    assert on_disk(root) == whole()
    assert os.listdir(root) == ["gtzan-mini"]


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupted(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("module", "name", "trouble", "told"),
    [
        (download.shutil, "copyfileobj", interrupted, KeyboardInterrupt),
        (download.pooch, "file_hash", interrupted, KeyboardInterrupt),
        (download.shutil, "copyfileobj", full, FetchError),
    ],
)
def test_trouble_while_unpacking_keeps_the_whole_download(
    offer, server, root, monkeypatch, module, name, trouble, told
):
    offer(GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, trouble)
        with pytest.raises(told, match="No space.*make room" if told is FetchError else None):
            datasets.fetch("gtzan-mini")
    assert list(on_disk(root).values()) == [GOOD]
    server.log.clear()
    datasets.fetch("gtzan-mini")
    assert [method for method, *_ in server.log] == ["HEAD"]
    assert on_disk(root) == whole()


CHANGED = SONGS | {"blues/blues.00001.wav": b"someone else's"}
# What the server sends, made for a folder of the test, and what is said about it.
BAD = {
    "garbage": (lambda _: b"<html>Please log in</html>", "a damaged archive"),
    "broken zip": (lambda _: GOOD[:-9], "a damaged archive"),
    "broken tar.gz": (lambda _: tarred(SONGS)[:-9], "a damaged archive"),
    "wrong checksum in gzip": (lambda _: tarred(SONGS)[:-8] + bytes(8), "a damaged archive"),
    "wrong checksum in zip": (lambda _: GOOD.replace(bytes(99), b"\1" * 99), "a damaged archive"),
    "garbled zip": (lambda _: garbled("blues.00000.wav"), "a damaged archive"),
    "broken tar.xz": (lambda _: torn_in_the_middle(lzma.compress(noise())), "a damaged archive"),
    "broken tar.bz2": (lambda _: torn_in_the_middle(bz2.compress(noise())), "a damaged archive"),
    "torn tar.gz": (lambda _: torn_in_the_middle(gzip.compress(noise())), "a damaged archive"),
    "garbled zip in bz2": (lambda _: garbled("blues.00000.wav", zipfile.ZIP_BZIP2), "a damaged"),
    "unknown method": (lambda _: of_method_99(GOOD), "a damaged archive"),
    "wild offset": (lambda _: GOOD[:-6] + b"\xff\xff\xff\x7f" + GOOD[-2:], "a damaged archive"),
    "zip with a password": (lambda _: with_password(GOOD), "a damaged archive"),
    "changed file": (lambda _: zipped(CHANGED), "only 2 of the 3 files unharmed"),
    "file left out": (lambda _: zipped(dict([*SONGS.items()][1:])), "only 2 of the 3 files"),
    "path upwards": (lambda _: tarred(SONGS | {"a/../../escaped.wav": b"x"}), "an unsafe path"),
    "path of Windows": (lambda _: zipped(SONGS | {"..\\escaped.wav": b"x"}), "an unsafe path"),
    "drive of Windows": (lambda _: zipped(SONGS | {"C:escaped.wav": b"x"}), "an unsafe path"),
    "absolute path": (lambda f: tarred(SONGS | {f"{f}/escaped.wav": b"x"}), "an unsafe path"),
    "symlink": (lambda _: tarred(SONGS, tar_link("link.wav", tarfile.SYMTYPE)), "a link or"),
    "hard link": (lambda _: tarred(SONGS, tar_link("link.wav", tarfile.LNKTYPE)), "a link or"),
    "pipe": (lambda _: tarred(SONGS, tar_link("pipe", tarfile.FIFOTYPE)), "a link or a device"),
    "zip link": (lambda _: zipped(SONGS | {zip_link("link.wav"): "blues"}), "a link or a device"),
    "bomb": (lambda _: tarred({"bomb.wav": bytes(ROOM + 1)} | SONGS), "more than 1,000,000 bytes"),
    "many members": (lambda _: gzip.compress(tarfile.TarInfo("x").tobuf() * 2000, 1), "more than"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_archive_is_named_and_thrown_away(offer, server, root, kind):
    archive, reason = BAD[kind]
    offer(archive(root.parent))
    with pytest.raises(FetchError, match=rf"127\.0\.0\.1 sends .*{reason}"):
        datasets.fetch("gtzan-mini")
    assert on_disk(root) == {}
    assert not (root.parent / "escaped.wav").exists()


@pytest.mark.parametrize("first", [None, b""])
def test_the_next_mirror_helps_out(offer, server, root, first):
    offer(first, tarred(SONGS))
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()


def test_side_files_of_macos_are_left_in_the_archive(offer, root):
    side = {f"__MACOSX/genres/{name.replace('/', '/._')}": b"not music" for name in SONGS}
    offer(zipped(side | {f"genres/{name}": data for name, data in SONGS.items()}))
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()


@pytest.mark.parametrize(
    ("known", "reason"), [({"size": 5}, "instead of 5"), ({"sha256": "0" * 64}, "checksum differs")]
)
def test_what_is_known_of_an_archive_is_checked(offer, root, known, reason):
    offer(GOOD, **known)
    with pytest.raises(FetchError, match=reason):
        datasets.fetch("gtzan-mini")
    assert on_disk(root) == {}


def test_when_all_mirrors_fail_one_sentence_says_what_to_do(offer, server, root):
    offer(None, b"garbage")
    with pytest.raises(FetchError) as caught:
        datasets.fetch("gtzan-mini")
    said = str(caught.value)
    for part in (
        "Could not fetch gtzan-mini",
        "127.0.0.1 answers 404 Not Found",
        "damaged archive",
        f"download {server.url}/0/archive by hand",
        str(root / "gtzan-mini/blues/blues.00000.wav"),
        "GENRE_DATA",
    ):
        assert part in said
    assert said.index("answers 404") < said.index("sends")
    assert "\n" not in said
    assert caught.value.__suppress_context__


def test_no_server_at_all(root, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens, and nobody else can
        nobody = Mirror(f"http://127.0.0.1:{taken.getsockname()[1]}/archive")
        replace(monkeypatch, "gtzan-mini", [nobody], dict.fromkeys(SONGS))
        with pytest.raises(FetchError, match=r"127\.0\.0\.1 could not be reached"):
            datasets.fetch("gtzan-mini")


def test_waiting_for_a_server_has_an_end(offer, root, monkeypatch):
    offer(GOOD)
    waits = []
    real = requests.Session.request

    def slow(self, method, url, *, timeout, **options):
        waits.append((method, timeout))
        if method == "get":
            raise requests.Timeout
        return real(self, method, url, timeout=timeout, **options)

    monkeypatch.setattr(requests.Session, "request", slow)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 did not answer in time"):
        datasets.fetch("gtzan-mini")
    assert waits == [("head", (10, 60)), *[("get", (10, 60))] * download.ATTEMPTS]


def test_too_little_room_is_said_before_anything_is_downloaded(offer, server, root, monkeypatch):
    offer(GOOD)
    usage = shutil.disk_usage(root.parent)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: usage._replace(free=ROOM - 10))
    with pytest.raises(FetchError, match=r"it needs 0\.0 GB, and 0\.0 GB are free\); make room"):
        datasets.fetch("gtzan-mini")
    assert server.log == []
    # What has arrived needs no room any more.
    (root / "gtzan-mini.0123.part").write_bytes(bytes(10))
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()


def test_a_folder_that_cannot_be_made(offer, root):
    offer(GOOD)
    root.write_text("a file, not a folder")
    with pytest.raises(FetchError, match="Could not write gtzan-mini into"):
        datasets.fetch("gtzan-mini")


def test_an_incomplete_folder_is_said_and_filled(offer, root, monkeypatch):
    offer(GOOD)
    for name, data in [*SONGS.items()][1:]:
        path = root / "genres" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    # What belongs to a bigger set is no part of this one.
    shutil.copytree(root / "genres", root / "gtzan_mini/genres")
    for name in [next(iter(SONGS)), "blues/blues.00003.wav"]:
        (root / "gtzan_mini/genres" / name).touch()
    assert datasets.local_path("gtzan-mini") is None
    said = []
    monkeypatch.setattr(download.pooch.get_logger(), "info", said.append)
    assert datasets.fetch("gtzan-mini") == root / "gtzan-mini"
    assert said == [
        f"{root / 'genres'} lacks 1 of the 3 files: fetching gtzan-mini anew.",
        f"Fetching gtzan-mini (100 songs of 30 s, 130 MB) into {root}.",
    ]


WAV = b"RIFF\x30\x00\x00\x00WAVEfmt " + bytes(40)


@pytest.mark.parametrize(
    ("left_out", "sent", "good"),
    [("jazz.00054", WAV, True), ("jazz.00053", WAV, False), (None, b"not found", False)],
)
def test_gtzan_may_only_lack_the_song_that_some_copies_lack(
    server, root, monkeypatch, left_out, sent, good
):
    names = ["jazz.00052", "jazz.00053", "jazz.00054"]
    server.files["/genres.tar.gz"] = tarred(
        {f"Data/{name}.wav": sent for name in names if name != left_out}
    )
    files = {f"jazz/{name}.wav": None for name in names}
    replace(monkeypatch, "gtzan", [Mirror(f"{server.url}/genres.tar.gz")], files)
    root.mkdir()
    (root / "gtzan-mini.0123.part").touch()
    if good:
        assert datasets.fetch("gtzan") == datasets.local_path("gtzan") == root / "gtzan"
        assert sorted(on_disk(root)) == [
            "gtzan-mini.0123.part", "gtzan/jazz/jazz.00052.wav", "gtzan/jazz/jazz.00053.wav",
        ]  # fmt: skip
    else:
        with pytest.raises(FetchError, match=r"only \d of the 3 files unharmed"):
            datasets.fetch("gtzan")


def test_data_that_is_there_is_used_as_it_is(root, monkeypatch):
    monkeypatch.setattr(download, "first_that_works", None)
    first, second = "jazz/jazz.00000.wav", "jazz/jazz.00001.wav"
    for name, files in {"gtzan-mini": [first], "gtzan": [first, second]}.items():
        replace(monkeypatch, name, [], dict.fromkeys(files))
    (root / "genres/jazz").mkdir(parents=True)
    (root / "genres" / first).touch()
    assert datasets.fetch("gtzan-mini") == root / "genres"
    assert datasets.local_path("gtzan") is None
    (root / "genres" / second).touch()
    assert datasets.fetch("gtzan") == root / "genres"
    assert datasets.local_path("gtzan-mini") is None


def test_a_song_of_ones_own_does_no_harm(offer, server, root):
    offer(GOOD)
    (datasets.fetch("gtzan-mini") / "blues/mine.wav").touch()
    assert datasets.local_path("gtzan-mini") == root / "gtzan-mini"


def test_what_was_fetched_before_genre_data_was_set_is_still_found(root, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/musicnn.whl").touch()
    assert datasets.fetch("musicnn") == tmp_path / "cache/musicnn.whl"


def test_a_package_that_pip_cannot_give_is_one_sentence(root, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    # No quarrel with the options: pip understood what is wanted.
    reason = r"pip cannot give musicnn==0\.1\.0 \(No matching distribution"
    with pytest.raises(FetchError, match=f"{reason}.*see that pip reaches its package") as caught:
        datasets.fetch("musicnn")
    assert "\n" not in str(caught.value)
    assert not any(root.iterdir())


@pytest.mark.parametrize("content", [b"the published wheel", b"something else"])
def test_a_package_comes_whole_or_not_at_all(root, monkeypatch, content):
    def pip(command, **_):
        (Path(command[command.index("--dest") + 1]) / "musicnn-0.1.0.whl").write_bytes(content)
        return subprocess.CompletedProcess(command, 0, stderr="")

    published = hashlib.sha256(b"the published wheel").hexdigest()
    replace(monkeypatch, "musicnn", [Mirror("pip:musicnn==0.1.0", sha256=published)], {})
    monkeypatch.setattr(download.subprocess, "run", pip)
    if content == b"the published wheel":
        assert datasets.fetch("musicnn") == root / "musicnn.whl"
        assert on_disk(root) == {"musicnn.whl": content}
    else:
        with pytest.raises(FetchError, match="checksum differs from the published one"):
            datasets.fetch("musicnn")
        assert on_disk(root) == {}


def test_both_ears_are_fetched_together(server, root, monkeypatch):
    for name in datasets.GROUPS["embeddings"]:
        server.files[f"/{name}"] = name.encode()
        replace(monkeypatch, name, [Mirror(f"{server.url}/{name}")], {})
    assert datasets.local_path("embeddings") is None
    assert datasets.fetch("musicnn") == root / "musicnn.whl"
    assert datasets.local_path("embeddings") is None
    both = [root / "musicnn.whl", root / "yamnet.tflite"]
    assert datasets.fetch("embeddings") == datasets.local_path("embeddings") == both
    assert on_disk(root) == {"musicnn.whl": b"musicnn", "yamnet.tflite": b"yamnet"}
    assert [path for method, path, _ in server.log if method == "GET"] == ["/musicnn", "/yamnet"]


def test_another_conversion_is_taken_where_the_first_is_gone(server, root, monkeypatch):
    server.files["/google"] = b"another conversion"
    mirrors = [Mirror(f"{server.url}/gone"), Mirror(f"{server.url}/google", size=18)]
    replace(monkeypatch, "yamnet", mirrors, {})
    assert datasets.fetch("yamnet").read_bytes() == b"another conversion"


def test_a_single_file_that_cannot_be_had_can_be_brought(server, root, monkeypatch):
    replace(monkeypatch, "yamnet", [Mirror(f"{server.url}/gone")], {})
    with pytest.raises(FetchError) as caught:
        datasets.fetch("yamnet")
    assert str(caught.value).endswith(
        f"download {server.url}/gone by hand and save it as {root / 'yamnet.tflite'}, or set "
        "GENRE_DATA to a folder that already holds yamnet.tflite."
    )


@pytest.mark.parametrize("place", ["yamnet.tflite", "yamnet/yamnet.tflite"])
def test_yamnet_is_found_with_or_without_a_folder_of_its_own(root, place):
    (root / "yamnet").mkdir(parents=True)
    (root / place).touch()
    assert datasets.fetch("yamnet") == root / place


def test_unknown_names_are_answered_with_the_known_ones(root):
    with pytest.raises(ValueError, match=r"'fma'; choose from gtzan-mini, .*, embeddings"):
        datasets.fetch("fma")


def test_every_address_is_pinned_or_checked():
    for source in datasets.SOURCES.values():
        for mirror in source.mirrors:
            assert mirror.url.startswith(("https://", "pip:"))
            assert mirror.sha256 or mirror.size or all(source.files.values())
    gtzan = datasets.SOURCES["gtzan"].files
    assert sorted(gtzan) == [f"{g}/{g}.{i:05d}.wav" for g in sorted(GENRES) for i in range(100)]


def test_the_real_audio_is_recognized_where_it_is(shared_data, monkeypatch):
    monkeypatch.setenv("GENRE_DATA", str(shared_data))
    for name, count in (("gtzan-mini", 100), ("short-clips", 499)):
        folder = datasets.local_path(name)
        assert len(list(folder.rglob("*.wav"))) == count
        place, sha256 = next(iter(datasets.SOURCES[name].files.items()))
        assert hashlib.sha256((folder / place).read_bytes()).hexdigest() == sha256
