"""A feature table on disk that survives being killed at any moment."""

import csv
import errno
import io
import os
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

FAILURE_COLUMNS = ("file", "reason", "advice")
# What a full disk, a full quota and a file-size limit answer.
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FeatureTable:
    """Rows of (filename, features, label) that reach the disk one by one.

    A class because an open file and what it already holds belong together. Each row is a single
    append of a whole line; a line cut short by a crash is dropped at the next start. Without a path
    the table lives in memory.

    Parameters
    ----------
    path : path-like or None
    columns : sequence of str
        The header.

    Raises
    ------
    ValueError
        If the file is there and holds other columns.
    """

    def __init__(self, path, columns):
        self.path = None if path is None else Path(path)
        self.columns = list(columns)
        self.rows, self.failures, self.file = {}, [], None

    def __enter__(self):
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._resume()
            self.file = open(self.path, "ab", buffering=0)
            if self.file.tell() == 0:
                self._append(self.columns)
            self.failures_path.unlink(missing_ok=True)
        return self

    def __exit__(self, *exception):
        if self.file is not None:
            self.file.close()

    def __contains__(self, key):
        return key in self.rows

    @property
    def failures_path(self):
        """Where the list of failures lies, beside the table."""
        return self.path.with_name(self.path.stem + ".failures.csv")

    def add(self, genre, filename, values):
        """Keep a song's features."""
        row = [filename, *(f"{value:.10g}" for value in values), genre]
        if self.file is not None:
            self._append(row)
        self.rows[genre, filename] = row

    def add_failure(self, file, reason, advice):
        """Keep a line on a file that could not be used."""
        # A name that is not UTF-8 is a reason to fail, and must not break the list of failures.
        file = str(file).encode("utf-8", "backslashreplace").decode("utf-8")
        self.failures.append((file, reason, advice))
        if self.path is not None:
            new = not self.failures_path.exists()
            with (
                self._rows_are_safe(),
                open(self.failures_path, "a", encoding="utf-8", newline="") as failures,
            ):
                failures.write(_line(FAILURE_COLUMNS) if new else "")
                failures.write(_line(self.failures[-1]))

    def finish(self, order):
        """Put the rows into the order of the given (genre, filename) keys and return both tables.

        Rows of songs that are not in `order` (from an earlier run over other files) come first.
        """
        position = {key: i for i, key in enumerate(order)}
        ordered = sorted(self.rows, key=lambda key: position.get(key, -1))
        text = _line(self.columns) + "".join(_line(self.rows[key]) for key in ordered)
        if self.path is not None and self.path.read_bytes() != text.encode("utf-8"):
            draft = self.path.with_name(self.path.name + ".sorting")
            with self._rows_are_safe():
                draft.write_bytes(text.encode("utf-8"))
                os.replace(draft, self.path)
        # A genre may be called "None": nothing in this table stands for a missing value.
        table = pd.read_csv(
            io.StringIO(text), dtype={"filename": str, "label": str}, keep_default_na=False
        )
        return table, pd.DataFrame(sorted(self.failures), columns=FAILURE_COLUMNS)

    def _resume(self):
        if not self.path.exists():
            return
        data = self.path.read_bytes()
        header = _line(self.columns).encode("utf-8")
        # Looked at before anything is repaired: it may be somebody's file and no table at all.
        if not header.startswith(data) and data.splitlines()[:1] != header.splitlines():
            raise ValueError(
                f"{self.path} already holds other columns: name another file, or delete this one"
            )
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(self.path, len(whole))
        lines = csv.reader(io.StringIO(whole.decode("utf-8", "replace"), newline=""))
        rows = [row for row in lines if len(row) == len(self.columns)]
        self.rows = {(row[-1], row[0]): row for row in rows[1:]}

    def _append(self, row):
        data = _line(row).encode("utf-8")
        with self._rows_are_safe():
            # An unbuffered file that meets the end of the disk writes what fits, without an error.
            if self.file.write(data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    @contextmanager
    def _rows_are_safe(self):
        try:
            yield
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            raise OSError(
                error.errno,
                f"the disk is full (safe in {self.path}: {len(self.rows)}); make room and start "
                "again, it goes on from there",
            ) from None


def _line(row):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue()
