"""How does a file come here whole? Mirrors in order, downloads that resume, archives not trusted.

Nothing half-done is ever seen by the rest of the course: bytes gather in a `.part` file, archives
are unpacked beside their place, and only what was checked moves into it.
"""

import gzip
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import urlsplit

import pooch
import requests
from requests.exceptions import ChunkedEncodingError

# Seconds to wait for a connection, and for the next bytes.
TIMEOUT = (10, 60)
ATTEMPTS = 5  # in a row that gain nothing
CHUNK = 1 << 16
BROKEN_ARCHIVE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    gzip.BadGzipFile,
    EOFError,
    RuntimeError,  # zipfile's word for an encrypted member
)


class Mirror(NamedTuple):
    """An address, and what is known of the file behind it."""

    url: str
    size: int | None = None
    sha256: str | None = None


class BadDownload(ValueError):
    """What arrived is not what was asked for."""


def first_that_works(mirrors, folder, name, use):
    """Download from the first mirror that gives a good file, and use it.

    Parameters
    ----------
    mirrors : sequence of Mirror
        In order of preference.
    folder : Path
        Where the `.part` file gathers.
    name : str
        What is fetched: begins the name of the `.part` file.
    use : callable
        Called with the path of the complete file; it raises `BadDownload` where the content is
        wrong, and the next mirror gets its turn.

    Raises
    ------
    BadDownload
        If no mirror works: lists each with its reason.
    """
    reasons = []
    for mirror in mirrors:
        try:
            part = _download(mirror.url, folder, name)
            try:
                _verify(part, mirror)
                use(part)
            except BadDownload:
                part.unlink()
                raise
        except (requests.RequestException, BadDownload) as error:
            reasons.append(f"{urlsplit(mirror.url).hostname or 'pip'} {_in_words(error)}")
        else:
            for part in folder.glob(f"{name}-*.part"):
                part.unlink(missing_ok=True)
            return
    raise BadDownload(", ".join(reasons))


def _download(url, folder, name):
    if url.startswith("pip:"):
        return _from_pip(url.removeprefix("pip:"), folder, name)
    etag, size = _announced(url)
    # Another version of the file never continues this one.
    key = hashlib.sha256(f"{url} {etag} {size}".encode()).hexdigest()[:12]
    part = folder / f"{name}-{key}.part"
    fruitless = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            _append(url, part, etag, size)
            return part
        except (requests.ConnectionError, requests.Timeout, ChunkedEncodingError):
            fruitless = 0 if part.stat().st_size > before else fruitless + 1
            if fruitless == ATTEMPTS:
                raise


def _from_pip(requirement, folder, name):
    """A package's wheel, from wherever pip is set up to look; nothing is installed."""
    part = folder / f"{name}-wheel.part"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".wheel-") as temporary:
        command = [
            "download",
            "--quiet",
            "--no-color",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            temporary,
        ]
        done = subprocess.run(
            [sys.executable, "-m", "pip", *command, requirement], capture_output=True, text=True
        )
        wheels = list(Path(temporary).iterdir())
        if done.returncode or len(wheels) != 1:
            reason = (done.stderr.strip().splitlines() or ["gives no file"])[-1]
            raise BadDownload(f"cannot give {requirement} ({reason.removeprefix('ERROR: ')})")
        os.replace(wheels[0], part)
    return part


def _announced(url):
    """The strong ETag and the size that a server announces; None for what it doesn't say."""
    answer = requests.head(
        url, allow_redirects=True, timeout=TIMEOUT, headers={"Accept-Encoding": "identity"}
    )
    if answer.status_code in (404, 410):
        answer.raise_for_status()
    if not answer.ok:  # some servers refuse to announce anything, and still send the file
        return None, None
    etag, length = answer.headers.get("ETag", ""), answer.headers.get("Content-Length", "")
    strong = etag if etag.startswith('"') else None
    return strong, int(length) if length.isdigit() and int(length) else None


def _append(url, part, etag, size):
    """Fetch what `part` still lacks; a server that can't continue sends all of it again."""
    with open(part, "ab") as file:
        held = file.tell()
        if size is None or held > size:
            file.truncate(0)
            held = 0
        if held == size:
            return
        headers = {"Accept-Encoding": "identity"}
        if held:
            headers |= {"Range": f"bytes={held}-"} | ({"If-Range": etag} if etag else {})

        def before_the_body(response, **_):
            continues = response.headers.get("Content-Range", "")
            if response.status_code == 206:
                if not re.fullmatch(rf"bytes {held}-\d+/{size}", continues):
                    raise BadDownload("sends another piece than asked for")
            elif response.status_code in (200, 416):
                file.truncate(0)

        pooch.HTTPDownloader(
            progressbar=True,
            chunk_size=CHUNK,
            timeout=TIMEOUT,
            headers=headers,
            hooks={"response": before_the_body},
        )(url, file, None)
        if size is not None and file.tell() < size:
            raise requests.ConnectionError("the line was cut")


def _verify(path, mirror):
    size = path.stat().st_size
    if mirror.size is not None and size != mirror.size:
        raise BadDownload(f"sends {size:,} bytes instead of {mirror.size:,}")
    if mirror.sha256 is not None and pooch.file_hash(path) != mirror.sha256:
        raise BadDownload("sends a file whose checksum differs from the published one")


def _in_words(error):
    if isinstance(error, requests.HTTPError):
        return f"answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "did not answer in time"
    if isinstance(error, ChunkedEncodingError):
        return "broke off in the middle"
    if isinstance(error, requests.ConnectionError):
        return "could not be reached"
    return str(error) or type(error).__name__


def unpack(archive, into, wanted, limit):
    """Take files out of a zip or tar archive by their names, wherever they lie in it.

    Parameters
    ----------
    archive : Path
    into : Path
        Folder to unpack into.
    wanted : dict
        Name of a file in the archive (without folders) to its place under `into`.
    limit : int
        Bytes that the whole archive may unpack to.

    Returns
    -------
    set of str
        The places that were filled.

    Raises
    ------
    BadDownload
        If the archive is damaged, unpacks to more than `limit`, or holds a path that leads out of
        its folder, a link or a device.
    """
    found, total = set(), 0
    try:
        for path, size, open_member in _members(archive):
            total += size + 512  # an empty member costs a header
            if total > limit:
                raise BadDownload(f"sends an archive that unpacks to more than {limit:,} bytes")
            place = wanted.get(path.name)
            if place is None or place in found or "__MACOSX" in path.parts:
                continue
            target = into / place
            target.parent.mkdir(parents=True, exist_ok=True)
            with open_member() as source, open(target, "wb") as copy:
                shutil.copyfileobj(source, copy, CHUNK)
            found.add(place)
    except BROKEN_ARCHIVE:
        raise BadDownload("sends a damaged archive, or something else") from None
    return found


def _members(archive):
    """(path, size, opener) of every file; reads a tar to its end, where gzip keeps its checksum."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                _refuse_unsafe(info.filename, kind in (0, stat.S_IFREG, stat.S_IFDIR))
                if not info.is_dir():
                    opener = lambda info=info: zipped.open(info)  # noqa: E731
                    yield PurePosixPath(info.filename), info.file_size, opener
        return
    with tarfile.open(archive) as tar:
        for info in tar:
            _refuse_unsafe(info.name, info.isfile() or info.isdir())
            if info.isfile():
                opener = lambda info=info: tar.extractfile(info)  # noqa: E731
                yield PurePosixPath(info.name), info.size, opener
        for _ in range(64):  # a little padding is usual; a bomb would go on
            if not tar.fileobj.read(CHUNK):
                break


def _refuse_unsafe(name, plain):
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
        raise BadDownload(f"sends an archive with an unsafe path ({name})")
    if not plain:
        raise BadDownload(f"sends an archive with a link or a device in it ({name})")


def install(archive, folder, files, limit, may_lack=()):
    """Unpack an archive, check its files, and move them into `folder`.

    Parameters
    ----------
    archive, folder : Path
    files : dict
        Place under `folder` of each wanted file to its sha256, or to None where none is published:
        it must then look like a WAV file.
    limit : int
        Bytes that the whole archive may unpack to.
    may_lack : collection of str
        Places that may stay empty.

    Raises
    ------
    BadDownload
        If a file is missing or differs.
    """
    wanted = {PurePosixPath(place).name: place for place in files}
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpacking-") as temporary:
        into = Path(temporary)
        found = unpack(archive, into, wanted, limit)
        good = [place for place in files if place in found and _is_good(into / place, files[place])]
        if not set(files) <= {*good, *may_lack}:
            raise BadDownload(f"sends only {len(good)} of the {len(files)} files unharmed")
        for place in good:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            os.replace(into / place, folder / place)


def _is_good(path, sha256):
    if sha256 is not None:
        return pooch.file_hash(path) == sha256
    with open(path, "rb") as file:
        head = file.read(12)
    return head[:4] == b"RIFF" and head[8:] == b"WAVE" and path.stat().st_size > 44
