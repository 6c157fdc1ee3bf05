"""A feature table on disk that survives being killed at any moment."""

import csv
import errno
import io
import os
import re
from contextlib import ExitStack
from pathlib import Path

import pandas as pd

from helpers.features.alone import alone

FAILURE_COLUMNS = ("file", "reason", "advice")
# What a full disk, a full quota and a file-size limit answer.
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


class FeatureTable:
    """Rows of (filename, features, label) that reach the disk one by one.

    A class because an open file and what it already holds belong together. Each row is a single
    append of a whole line; a line cut short by a crash is dropped at the next start. One run at a
    time writes it, and another waits. Without a path the table lives in memory.

    Parameters
    ----------
    path : path-like or None
        A link is followed.
    columns : sequence of str
        The header.

    Raises
    ------
    ValueError
        If something is there that is no file, or a file that holds other columns.
    """

    def __init__(self, path, columns):
        self.path = None if path is None else Path(path).resolve()
        if self.path is not None:
            self.draft = self.path.with_name(self.path.name + ".sorting")
            self.failures_path = self.path.with_name(self.path.stem + ".failures.csv")
        self.columns = list(columns)
        self.rows, self.damaged, self.failures, self.file = {}, set(), [], None

    def __enter__(self):
        with ExitStack() as stack:
            stack.push(self._say_that_rows_are_safe)
            if self.path is not None:
                # A device or a pipe may never end, and must not be replaced.
                if self.path.exists() and not self.path.is_file():
                    raise ValueError(f"{self.path} is no regular file: name another")
                self.path.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(alone(self.path))
                self._resume()
                self.file = stack.enter_context(open(self.path, "ab", buffering=0))
                stack.callback(self._leave_it_whole)
                if self.file.tell() == 0:
                    _append(self.file, self.columns)
                self.failures_path.unlink(missing_ok=True)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception):
        return self._stack.__exit__(*exception)

    def __contains__(self, key):
        return key in self.rows

    def add(self, genre, filename, values):
        """Keep a song's features."""
        row = [filename, *(f"{value:.10g}" for value in values), genre]
        if self.file is not None:
            _append(self.file, row)
        self.rows[genre, filename] = row

    def add_failure(self, file, reason, advice):
        """Keep a line on a file that could not be used."""
        self.failures.append((legible(file), reason, advice))
        if self.path is not None:
            with open(self.failures_path, "ab", buffering=0) as failures:
                if failures.tell() == 0:
                    _append(failures, FAILURE_COLUMNS)
                _append(failures, self.failures[-1])

    def finish(self, order):
        """Put the rows into the order of the given (genre, filename) keys and return both tables.

        Rows of songs that are not in `order` (from an earlier run over other files) come first.
        """
        for genre, filename in sorted(self.damaged - self.rows.keys()):
            reason = f"had a damaged row ({genre}/{filename}), which is left out"
            self.add_failure(self.path, reason, "extract that song again")
        position = {key: i for i, key in enumerate(order)}
        self.rows = dict(sorted(self.rows.items(), key=lambda row: position.get(row[0], -1)))
        text = self._write()
        # A genre may be called "None": nothing in this table stands for a missing value.
        table = pd.read_csv(
            io.StringIO(text), dtype={"filename": str, "label": str}, keep_default_na=False
        )
        return table, pd.DataFrame(sorted(self.failures), columns=FAILURE_COLUMNS)

    def _write(self):
        """Bring the file to the rows as they are held; returns its text."""
        text = "".join(map(_line, [self.columns, *self.rows.values()]))
        data = text.encode("utf-8")
        if self.path is None or (self.path.exists() and self.path.read_bytes() == data):
            return text
        self.file.close()  # Windows replaces no open file
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.draft.write_bytes(data)
            os.replace(self.draft, self.path)
        finally:
            self.draft.unlink(missing_ok=True)
        return text

    def _leave_it_whole(self):
        if not self.path.exists():  # somebody deleted it midway
            self._write()
        elif self.path.stat().st_size == 0:  # not even the header had room
            self.file.close()
            self.path.unlink()

    def _resume(self):
        self.draft.unlink(missing_ok=True)  # of a run that was killed
        if not self.path.exists():
            return
        # Looked at before all is read or repaired: it may be somebody's film and no table at all.
        with open(self.path, "rb") as file:
            head = file.readline(10_000).decode("utf-8-sig", "replace")
        if _cells(head) != self.columns and not _line(self.columns).startswith(head):
            raise ValueError(f"{self.path} already holds other columns, or no table: name another")
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(self.path, len(whole))
        for row in map(_cells, whole.decode("utf-8-sig", "replace").split("\n")):
            if row and row != self.columns:
                key = row[-1], row[0] = legible(row[-1]), legible(row[0])
                if len(row) == len(self.columns) and all(map(NUMBER.fullmatch, row[1:-1])):
                    self.rows[key] = row
                else:
                    self.damaged.add(key)

    def _say_that_rows_are_safe(self, _, error, __):
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise OSError(
                error.errno,
                f"the disk is full (safe in {self.path}: {len(self.rows)}); make room and start "
                "again, it goes on from there",
            ) from None


def legible(name):
    """A name as the table has it: one line, and no formula where a spreadsheet opens it.

    Control characters, and bytes that are no UTF-8, are written as Python writes them; an
    apostrophe goes before what a spreadsheet would compute.
    """
    name = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", lambda odd: ascii(odd[0])[1:-1], str(name))
    return re.sub(r"^(?=[=+@-])", "'", name)


def _cells(line):
    """The cells of a line, which is a row: an open quote swallows no more than that."""
    try:
        return next(csv.reader([line.rstrip("\r\n")]), [])
    except csv.Error:
        return []


def _append(file, row):
    """Add a whole line or nothing, and never half of one."""
    data = _line(row).encode("utf-8")
    # An unbuffered file that meets the end of the disk writes what fits, without an error.
    if (written := file.write(data)) < len(data):
        file.truncate(file.tell() - written)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _line(row):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue()
