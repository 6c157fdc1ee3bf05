"""How does a file come here whole? Mirrors in order, downloads that resume, archives not trusted.

Nothing half-done is ever seen by the rest of the course: bytes gather in a `.part` file, archives
are unpacked beside their place, and only what was checked moves into it.
"""

import errno
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zipfile
from concurrent.futures import Future
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import urlsplit

import pooch
import requests
from requests.exceptions import ChunkedEncodingError
from tqdm import tqdm

TIMEOUT = (10, 60)  # seconds, for a connection and for the next bytes
ATTEMPTS = 5  # in a row that gain nothing
CHUNK = 1 << 16
LONGEST = 4 * 3600  # seconds that a mirror may take in all


class BadDownload(ValueError):
    """What arrived is not what was asked for."""


def first_that_works(source, target):
    """Fill `target`, a file or folder, from the first mirror of a `Source` that gives a good copy.

    Downloads gather beside it. BadDownload if no mirror works, which lists each with its reason;
    OSError if the disk has no room.
    """
    for stale in target.parent.glob(f".{target.name}.unpacking-*"):  # of a run that was killed
        shutil.rmtree(stale)
    _check_room(source, target)
    reasons = []
    for mirror in source.mirrors:
        part = None
        try:
            part = _download(mirror.url, target, source.room)
            _verify(part, mirror)
            _install(part, target, source)
        except Exception as error:
            # Only the system numbers its errors; wild offsets in an archive provoke EINVAL.
            if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                raise
            if part:
                part.unlink()
            reasons.append(f"{urlsplit(mirror.url).hostname or 'pip'} {_in_words(error)}")
        else:
            for part in _parts(target):
                part.unlink()
            return
    raise BadDownload(", ".join(reasons))


def _check_room(source, target):
    arrived = sum(part.stat().st_size for part in _parts(target))
    free = shutil.disk_usage(target.parent).free + arrived
    if free < source.room:
        raise OSError(f"it needs {source.room / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free")


def _parts(target):
    return list(target.parent.glob(f"{target.name}.*.part"))


def _download(url, target, limit):
    if url.startswith("pip:"):
        return _from_pip(url.removeprefix("pip:"), target)
    end = time.monotonic() + LONGEST
    etag, size = _announced(url, end)
    if size > limit:
        raise BadDownload(f"announces {size:,} bytes where {limit:,} are allowed")
    # Another version of the file never continues this one.
    key = hashlib.sha256(f"{url} {etag} {size}".encode()).hexdigest()[:12]
    part = target.with_name(f"{target.name}.{key}.part")
    part.touch()
    fruitless = 0
    try:
        while True:
            arrived = part.stat().st_size
            try:
                _fetch_rest(url, part, etag, size, size or limit, end)
                return part
            except (requests.ConnectionError, requests.Timeout, ChunkedEncodingError):
                fruitless = 0 if part.stat().st_size > arrived else fruitless + 1
                if fruitless == ATTEMPTS or time.monotonic() > end:
                    raise
    except BaseException as error:
        if isinstance(error, BadDownload) or part.stat().st_size == 0:
            part.unlink()
        raise


def _announced(url, end):
    """The strong ETag and the size that a server announces; "" and 0 for what it doesn't say."""
    headers = {"Accept-Encoding": "identity"}
    answer = _by(end, requests.head, url, headers=headers, allow_redirects=True, timeout=TIMEOUT)
    # Some servers refuse to announce anything, and still send the file.
    said = answer.headers if answer.ok else {}
    etag, length = said.get("ETag", ""), said.get("Content-Length", "")
    return etag if etag.startswith('"') else "", int(length) if length.isdecimal() else 0


def _by(end, call, *arguments, **options):
    """What a call gives, or a Timeout: a byte a minute is never late for a socket."""
    done = Future()

    def work():
        try:
            done.set_result(call(*arguments, **options))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return done.result(max(0, end - time.monotonic()))
    except TimeoutError:
        raise requests.Timeout from None


def _fetch_rest(url, part, etag, size, limit, end):
    """Fetch what `part` still lacks; a server that can't continue sends all of it again."""
    arrived = part.stat().st_size
    if arrived == size > 0:
        return
    headers = {"Accept-Encoding": "identity"}
    if 0 < arrived < size:
        headers |= {"Range": f"bytes={arrived}-"} | ({"If-Range": etag} if etag else {})
    # Nobody closes it: that would wait for a thread that may still read.
    answer = _by(end, requests.get, url, headers=headers, stream=True, timeout=TIMEOUT)
    piece = answer.headers.get("Content-Range", "")
    continues = re.fullmatch(rf"bytes {arrived}-\d+/{size}", piece)
    if answer.status_code in (206, 416) and not continues:
        raise BadDownload("cannot continue where it broke off")
    answer.raise_for_status()
    start, mode = (arrived, "ab") if continues else (0, "wb")
    bar = tqdm(initial=start, total=size or None, unit="B", unit_scale=True)
    chunks = answer.iter_content(CHUNK)
    with bar, open(part, mode) as file:
        while chunk := _by(end, next, chunks, b""):
            if file.tell() + len(chunk) > limit:
                raise BadDownload(f"sends more than {limit:,} bytes")
            bar.update(file.write(chunk))
    if part.stat().st_size < size:
        raise ChunkedEncodingError("the line was cut")


def _from_pip(requirement, target):
    """A package's wheel, from wherever pip is set up to look; nothing is installed."""
    with tempfile.TemporaryDirectory(
        dir=target.parent, prefix=f".{target.name}.unpacking-"
    ) as temporary:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-color", "--no-deps"]
        command += ["--only-binary=:all:", "--dest", temporary, requirement]
        options = {"capture_output": True, "text": True, "errors": "replace", "timeout": LONGEST}
        done = subprocess.run(command, **options)
        wheels = list(Path(temporary).iterdir())
        if done.returncode or len(wheels) != 1:
            reason = (done.stderr.strip().splitlines() or ["gives no file"])[-1]
            raise BadDownload(f"cannot give {requirement} ({reason.removeprefix('ERROR: ')})")
        return wheels[0].replace(target.with_name(f"{target.name}.pip.part"))


def _verify(path, mirror):
    size = path.stat().st_size
    if mirror.size is not None and size != mirror.size:
        raise BadDownload(f"sends {size:,} bytes instead of {mirror.size:,}")
    if mirror.sha256 is not None and pooch.file_hash(path) != mirror.sha256:
        raise BadDownload("sends a file whose checksum differs from the published one")


def _in_words(error):
    if isinstance(error, requests.HTTPError):
        return f"answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, (requests.Timeout, subprocess.TimeoutExpired)):
        return "did not answer in time"
    if isinstance(error, ChunkedEncodingError):
        return "broke off in the middle"
    if isinstance(error, requests.ConnectionError):
        return "could not be reached"
    if isinstance(error, BadDownload):
        return str(error)
    return f"sends a damaged archive or answer ({type(error).__name__})"


def _install(part, target, source):
    """Move a checked file into its place, or what is wanted of an archive."""
    if not source.files:
        os.replace(part, target)
        return
    with tempfile.TemporaryDirectory(
        dir=target.parent, prefix=f".{target.name}.unpacking-"
    ) as temporary:
        into = Path(temporary)
        # Archives of one set differ in their folders, never in the names of the files.
        wanted = {PurePosixPath(place).name: into / place for place in source.files}
        _unpack(part, wanted, source.room)
        good = [place for place, sha256 in source.files.items() if _is_good(into / place, sha256)]
        if not source.files.keys() <= {*good, *source.may_lack}:
            raise BadDownload(f"sends only {len(good)} of the {len(source.files)} files unharmed")
        for place in good:
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            os.replace(into / place, target / place)


def _unpack(archive, wanted, limit):
    """Fill the paths in `wanted` with the members of those names."""
    total = 0
    for name, size, open_member in _members(archive):
        total += size + 512  # an empty member costs a header
        if total > limit:
            raise BadDownload(f"sends an archive that unpacks to more than {limit:,} bytes")
        if target := wanted.get(PurePosixPath(name).name):
            target.parent.mkdir(parents=True, exist_ok=True)
            with open_member() as source, open(target, "wb") as copy:
                shutil.copyfileobj(source, copy, CHUNK)


def _members(archive):
    """(name, size, opener) of every file; reads a tar to its end, where gzip keeps its checksum."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                _refuse_unsafe(info.filename, kind in (0, stat.S_IFREG, stat.S_IFDIR))
                if not info.is_dir():
                    yield info.filename, info.file_size, partial(zipped.open, info)
        return
    with tarfile.open(archive, "r:gz") as tar:
        for info in tar:
            _refuse_unsafe(info.name, info.isfile() or info.isdir())
            if info.isfile():
                yield info.name, info.size, partial(tar.extractfile, info)
        tar.fileobj.read(1 << 22)  # a little padding is usual; a bomb would go on


def _refuse_unsafe(name, plain):
    path = PureWindowsPath(name)  # knows drives, and either slash
    if path.anchor or ".." in path.parts:
        raise BadDownload(f"sends an archive with an unsafe path ({name})")
    if not plain:
        raise BadDownload(f"sends an archive with a link or a device in it ({name})")


def _is_good(path, sha256):
    if not path.is_file():
        return False
    if sha256 is not None:
        return pooch.file_hash(path) == sha256
    with open(path, "rb") as file:
        head = file.read(12)
    return head[:4] == b"RIFF" and head[8:] == b"WAVE" and path.stat().st_size > 44
