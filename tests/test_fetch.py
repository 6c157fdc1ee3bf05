"""Downloads from a server that misbehaves: on this machine alone, in a folder of the test's own."""

import errno
import hashlib
import io
import shutil
import subprocess
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from helpers import datasets, download
from helpers.datasets import GENRES, FetchError, Source
from helpers.download import Mirror

REAL = Path(__file__).parents[2] / "shared/data"
SONGS = {f"blues/blues.0000{i}.wav": bytes([i]) * 300_000 for i in range(3)}


class Handler(BaseHTTPRequestHandler):
    """Serves `server.files`; `server.cuts` says after how many bytes the line breaks, each once."""

    def do_HEAD(self):
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
        if asked and server.ranges and self.headers.get("If-Range") in (None, etag):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        if start:
            last = len(content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
        if server.etags:
            self.send_header("ETag", etag)
        if server.lengths or start:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if body:
            cut = server.cuts.pop(0) if server.cuts else len(content)
            self.wfile.write(content[start : start + cut])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.files, server.cuts, server.log = {}, [], []
        server.ranges = server.etags = server.lengths = True
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("GENRE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(datasets, "_cache", lambda: tmp_path / "cache")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "data"


@pytest.fixture
def offer(server, root, monkeypatch, tmp_path):
    """Publish archives on the test server as mirrors of a small "gtzan-mini"."""
    registry = tmp_path / "registry.sha256"
    lines = [f"{hashlib.sha256(data).hexdigest()}  genres/{name}" for name, data in SONGS.items()]
    registry.write_text("\n".join(lines) + "\n")

    def publish(*archives, **known):
        paths = [f"/{i}/archive" for i in range(len(archives))]
        server.files = {p: a for p, a in zip(paths, archives, strict=True) if a is not None}
        real = datasets.SOURCES["gtzan-mini"]
        mirrors = tuple(Mirror(server.url + path, **known) for path in paths)
        source = real._replace(mirrors=mirrors, registry=registry, room=2_000_000)
        monkeypatch.setitem(datasets.SOURCES, "gtzan-mini", source)

    return publish


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files, *extra, mode="w:gz"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in extra:
            archive.addfile(info)
    return buffer.getvalue()


def member(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


GOOD = zipped({f"gtzan_mini-a61439/genres/{name}": data for name, data in SONGS.items()})


def on_disk(root):
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def whole():
    return {f"gtzan-mini/{name}": data for name, data in SONGS.items()}


def test_a_set_is_fetched_once(offer, server, root):
    offer(GOOD)
    assert datasets.held("gtzan-mini") is None
    assert datasets.fetch("gtzan-mini") == root / "gtzan-mini"
    assert on_disk(root) == whole()
    server.log.clear()
    assert datasets.fetch("gtzan-mini") == datasets.held("gtzan-mini") == root / "gtzan-mini"
    assert server.log == []


@pytest.mark.parametrize("etags", [True, False])
@pytest.mark.parametrize("cut", [1, 300_000, 900_000])
def test_a_cut_line_is_taken_up_where_it_broke(offer, server, root, cut, etags):
    offer(GOOD)
    server.cuts, server.etags = [cut], etags
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()
    first, second = [asked for method, _, asked in server.log if method == "GET"]
    assert first is None
    arrived = cut // download.CHUNK * download.CHUNK
    assert second == (f"bytes={arrived}-" if arrived else None)


@pytest.mark.parametrize("missing", ["ranges", "lengths"])
def test_a_server_that_cannot_continue_sends_all_again(offer, server, root, missing):
    offer(None, GOOD)
    setattr(server, missing, False)
    if missing == "ranges":
        server.cuts = [400_000]
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()


def test_a_line_that_always_breaks_ends_in_a_sentence(offer, server, root):
    offer(GOOD)
    server.cuts = [400_000, 10, 10, 10, 10, 10, 10]
    with pytest.raises(FetchError, match=r"broke off in the middle|could not be reached"):
        datasets.fetch("gtzan-mini")
    assert len(server.log) == 1 + 1 + download.ATTEMPTS


def test_the_part_of_an_older_version_is_never_continued(offer, server, root):
    older = zipped({"genres/blues/blues.00000.wav": bytes(700_000)})
    offer(older)
    server.cuts = [500_000, *[0] * download.ATTEMPTS]
    with pytest.raises(FetchError):
        datasets.fetch("gtzan-mini")
    assert [len(data) for data in on_disk(root).values()] == [
        500_000 // download.CHUNK * download.CHUNK
    ]
    offer(GOOD)
    server.log.clear()
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()
    assert all(asked is None for _, _, asked in server.log)


def test_another_piece_than_asked_for_is_refused(offer, server, root, monkeypatch):
    offer(GOOD)
    server.cuts = [65_536]
    send_header = Handler.send_header

    def shifted(self, key, value):
        send_header(
            self, key, value.replace("65536-", "65535-") if key == "Content-Range" else value
        )

    monkeypatch.setattr(Handler, "send_header", shifted)
    with pytest.raises(FetchError, match="another piece"):
        datasets.fetch("gtzan-mini")


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
    (part,) = on_disk(root).items()
    assert part[0].endswith(".part")
    assert part[1] == GOOD[:100_000]
    assert datasets.held("gtzan-mini") is None
    server.log.clear()
    datasets.fetch("gtzan-mini")
    assert server.log[-1] == ("GET", "/0/archive", "bytes=100000-")
    assert on_disk(root) == whole()


@pytest.mark.parametrize("patched", ["copyfileobj", "file_hash"])
def test_ctrl_c_while_unpacking_keeps_the_whole_download(offer, server, root, monkeypatch, patched):
    offer(GOOD)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        where = download.shutil if patched == "copyfileobj" else download.pooch
        patch.setattr(where, patched, interrupted)
        with pytest.raises(KeyboardInterrupt):
            datasets.fetch("gtzan-mini")
    assert list(on_disk(root).values()) == [GOOD]
    server.log.clear()
    datasets.fetch("gtzan-mini")
    assert [method for method, *_ in server.log] == ["HEAD"]
    assert on_disk(root) == whole()


CHANGED = SONGS | {"blues/blues.00001.wav": b"someone else's"}
BAD = {
    "garbage": (b"<html>Please log in</html>" * 99, "damaged archive"),
    "broken zip": (GOOD[:-9], "damaged archive"),
    "broken tar.gz": (tarred(SONGS)[:-9], "damaged archive"),
    "wrong checksum in gzip": (tarred(SONGS)[:-8] + bytes(8), "damaged archive"),
    "changed file": (zipped(CHANGED), "only 2 of the 3 files unharmed"),
    "file left out": (zipped(dict(list(SONGS.items())[1:])), "only 2 of the 3 files unharmed"),
    "path upwards": (tarred(SONGS | {"../escaped.wav": b"x"}), "unsafe path"),
    "zip upwards": (zipped(SONGS | {"a/../../escaped.wav": b"x"}), "unsafe path"),
    "windows path": (zipped(SONGS | {"..\\escaped.wav": b"x"}), "unsafe path"),
    "absolute path": (tarred(SONGS | {"/tmp/escaped.wav": b"x"}), "unsafe path"),
    "symlink": (tarred(SONGS, member("blues/link", tarfile.SYMTYPE, "/etc")), "link or a device"),
    "hard link": (tarred(SONGS, member("x.wav", tarfile.LNKTYPE, "/etc/x")), "link or a device"),
    "device": (tarred(SONGS, member("blues/dev", tarfile.CHRTYPE)), "link or a device"),
    "bomb": (tarred({"bomb.wav": bytes(3_000_000)} | SONGS), "more than 2,000,000 bytes"),
    "many members": (tarred({f"{i}": b"" for i in range(5000)}), "more than 2,000,000 bytes"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_archive_is_named_and_thrown_away(offer, server, root, kind):
    archive, reason = BAD[kind]
    offer(archive)
    with pytest.raises(FetchError, match=reason) as caught:
        datasets.fetch("gtzan-mini")
    assert "127.0.0.1 sends" in str(caught.value)
    assert on_disk(root) == {}
    assert not (root.parent / "escaped.wav").exists()


@pytest.mark.parametrize("first", [None, BAD["symlink"][0], b"", GOOD[:5000]])
def test_the_next_mirror_helps_out(offer, server, root, first):
    offer(first, tarred(SONGS))
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()


def test_side_files_of_macos_are_left_in_the_archive(offer, root):
    side = {f"__MACOSX/genres/{name}": b"not music" for name in SONGS}
    side |= {f"genres/{name.replace('/', '/._')}": b"not music" for name in SONGS}
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
    assert "\n" not in said
    assert caught.value.__suppress_context__


def test_no_server_at_all(offer, server, root, monkeypatch):
    offer(GOOD)
    nobody = Mirror("http://127.0.0.1:9/archive")
    source = datasets.SOURCES["gtzan-mini"]._replace(mirrors=(nobody,))
    monkeypatch.setitem(datasets.SOURCES, "gtzan-mini", source)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 could not be reached"):
        datasets.fetch("gtzan-mini")


def test_waiting_for_a_server_has_an_end(offer, root, monkeypatch):
    offer(GOOD)
    waits = []

    def silent(*_, timeout, **__):
        waits.append(timeout)
        raise requests.Timeout

    monkeypatch.setattr(requests, "head", silent)
    with pytest.raises(FetchError, match="did not answer in time"):
        datasets.fetch("gtzan-mini")
    assert [connect for connect, _ in waits] == [10]


def test_too_little_room_is_said_before_anything_is_downloaded(offer, server, root, monkeypatch):
    offer(GOOD)
    usage = shutil.disk_usage(root.parent)._replace(free=1_000_000)
    monkeypatch.setattr(datasets.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(FetchError, match=r"needs 0\.0 GB .* 0\.0 GB are free; make room"):
        datasets.fetch("gtzan-mini")
    assert server.log == []


def test_a_disk_that_fills_up_while_unpacking(offer, server, root, monkeypatch):
    offer(GOOD)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(download.shutil, "copyfileobj", full)
        with pytest.raises(FetchError, match=r"No space left on device.*make room"):
            datasets.fetch("gtzan-mini")
    assert list(on_disk(root).values()) == [GOOD]
    datasets.fetch("gtzan-mini")
    assert on_disk(root) == whole()


def test_a_folder_that_cannot_be_made(offer, root):
    offer(GOOD)
    root.write_text("a file, not a folder")
    with pytest.raises(FetchError, match="Could not write gtzan-mini into"):
        datasets.fetch("gtzan-mini")


def test_an_incomplete_folder_is_said_and_filled(offer, root, monkeypatch):
    offer(GOOD)
    song = root / "gtzan-mini/blues/blues.00002.wav"
    datasets.fetch("gtzan-mini")
    song.unlink()
    assert datasets.held("gtzan-mini") is None
    said = []
    monkeypatch.setattr(datasets.pooch.get_logger(), "info", said.append)
    datasets.fetch("gtzan-mini")
    assert said == [f"{root / 'gtzan-mini'} lacks 1 of the 3 files: fetching gtzan-mini anew."]
    assert on_disk(root) == whole()


def test_the_table_is_one_file_and_checked(server, root, monkeypatch):
    server.files["/GTZAN.csv"] = b"a,b\n1,2\n"
    sha256 = hashlib.sha256(server.files["/GTZAN.csv"]).hexdigest()
    for known in ("0" * 64, sha256):
        source = Source((Mirror(f"{server.url}/GTZAN.csv", sha256=known),), ("table.csv",))
        monkeypatch.setitem(datasets.SOURCES, "gtzan-script-table", source)
        if known != sha256:
            with pytest.raises(FetchError, match=r"checksum differs.*save it as .*table\.csv"):
                datasets.fetch("gtzan-script-table")
    assert datasets.fetch("gtzan-script-table") == root / "table.csv"
    assert on_disk(root) == {"table.csv": b"a,b\n1,2\n"}


@pytest.mark.parametrize(("left_out", "good"), [("jazz.00054", True), ("jazz.00053", False)])
def test_gtzan_may_only_lack_the_song_that_some_copies_lack(
    server, root, monkeypatch, left_out, good
):
    wav = b"RIFF\x30\x00\x00\x00WAVEfmt " + bytes(40)
    names = [f"{genre}.{i:05d}" for genre in GENRES for i in range(100)]
    files = {f"Data/{n[:4]}/{n}.wav": wav for n in names if n != left_out}
    server.files["/genres.tar.gz"] = tarred(files)
    mirrors = (Mirror(f"{server.url}/genres.tar.gz"),)
    monkeypatch.setitem(
        datasets.SOURCES, "gtzan", datasets.SOURCES["gtzan"]._replace(mirrors=mirrors, room=10**7)
    )
    if good:
        assert len(list(datasets.fetch("gtzan").glob("*/*.wav"))) == 999
        assert datasets.held("gtzan") == root / "gtzan"
    else:
        with pytest.raises(FetchError, match="only 999 of the 1000 files"):
            datasets.fetch("gtzan")


MINI = list(datasets._files(datasets.SOURCES["gtzan-mini"]))
CLIPS = list(datasets._files(datasets.SOURCES["short-clips"]))
ALL = [f"{genre}/{genre}.{i:05d}.wav" for genre in GENRES for i in range(100)]


@pytest.mark.parametrize(
    ("name", "place", "files"),
    [
        ("gtzan-mini", "gtzan-mini", MINI),
        ("gtzan-mini", "audio/gtzan_mini/genres", MINI),
        ("gtzan-mini", "gtzan_mini/genres", MINI),
        ("gtzan-mini", "genres", MINI),
        ("gtzan", "gtzan", ALL),
        ("gtzan", "genres", ALL),
        ("gtzan", "genres_original", ALL),
        ("short-clips", "short-clips", CLIPS),
        ("short-clips", "audio/gtzan_clips", CLIPS),
        ("gtzan-script-table", "gtzan-script-table.csv", [""]),
        ("gtzan-script-table", "gtzan/GTZAN.csv", [""]),
        ("gtzan-script-table", "GTZAN.csv", [""]),
    ],
)
def test_data_that_is_there_is_used_as_it_is(root, monkeypatch, name, place, files):
    monkeypatch.setattr(download, "first_that_works", None)
    for file in files:
        (root / place / file).parent.mkdir(parents=True, exist_ok=True)
        (root / place / file).touch()
    assert datasets.fetch(name) == datasets.held(name) == root / place
    others = [other for other in datasets.SOURCES if other != name]
    assert [datasets.held(other) for other in others] == [None] * 4


def test_what_was_fetched_before_genre_data_was_set_is_still_found(root, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "musicnn.npz").touch()
    assert datasets.fetch("musicnn") == tmp_path / "cache" / "musicnn.npz"


def test_a_package_that_pip_cannot_give_is_one_sentence(root, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(
        FetchError, match=r"Could not fetch musicnn \(pip cannot give musicnn=="
    ) as told:
        datasets.fetch("musicnn")
    assert "see that pip reaches its package index" in str(told.value)
    assert "\n" not in str(told.value)
    assert not any(root.iterdir())


def test_a_package_with_another_content_is_refused(root, monkeypatch):
    def pip(command, **_):
        (Path(command[command.index("--dest") + 1]) / "musicnn.whl").write_bytes(b"something else")
        return subprocess.CompletedProcess(command, 0, stderr="")

    monkeypatch.setattr(download.subprocess, "run", pip)
    with pytest.raises(FetchError, match="checksum differs from the published one"):
        datasets.fetch("musicnn")
    assert datasets.held("musicnn") is None


def test_unknown_names_are_answered_with_the_known_ones(root):
    for ask in (datasets.fetch, datasets.held):
        with pytest.raises(ValueError, match="'fma'; choose from gtzan-mini, gtzan, short-clips"):
            ask("fma")


def test_every_address_is_pinned_or_checked():
    for source in datasets.SOURCES.values():
        for mirror in source.mirrors:
            assert mirror.url.startswith(("https://", "pip:"))
            assert mirror.sha256 or mirror.size or source.registry.is_file()


def test_the_real_audio_is_recognised_where_it_is(monkeypatch):
    if not REAL.is_dir():
        pytest.skip("skipped, because ../shared/data is not here")
    monkeypatch.setenv("GENRE_DATA", str(REAL))
    assert len(list(datasets.held("gtzan-mini").glob("*/*.wav"))) == 100
    assert len(list(datasets.held("short-clips").glob("*.wav"))) == 499
    table = datasets.held("gtzan-script-table").read_bytes()
    known = datasets.SOURCES["gtzan-script-table"].mirrors[0].sha256
    assert hashlib.sha256(table).hexdigest() == known
    (song,) = datasets.held("gtzan-mini").glob("blues/blues.00000.wav")
    registry = (datasets.DATA / "gtzan-mini.sha256").read_text()
    assert f"{hashlib.sha256(song.read_bytes()).hexdigest()}  genres/blues/{song.name}" in registry
