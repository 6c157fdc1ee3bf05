"""A feature table on disk that survives being killed at any moment."""

import csv
import errno
import io
import os
from pathlib import Path

import pandas as pd

FAILURE_COLUMNS = ("file", "reason", "advice")


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
            self.file = open(self.path, "ab", buffering=0)  # noqa: SIM115
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
        return self.path.with_name(self.path.stem + ".failures.csv")

    def add(self, genre, filename, values):
        """Keep a song's features."""
        row = [filename, *(f"{value:.10g}" for value in values), genre]
        if self.file is not None:
            self._append(row)
        self.rows[genre, filename] = row

    def add_failure(self, file, reason, advice):
        """Keep a line on a file that could not be used."""
        self.failures.append((str(file), reason, advice))
        if self.path is not None:
            new = not self.failures_path.exists()
            with open(self.failures_path, "a", encoding="utf-8", newline="") as failures:
                failures.write(_line(FAILURE_COLUMNS) if new else "")
                failures.write(_line(self.failures[-1]))

    def finish(self, order):
        """Put the rows into the order of the given (genre, filename) keys and return both tables.

        Rows of songs that are not in `order` (from an earlier run over other files) come first.
        """
        position = {key: i for i, key in enumerate(order)}
        ordered = sorted(self.rows, key=lambda key: position.get(key, -1))
        text = _line(self.columns) + "".join(_line(self.rows[key]) for key in ordered)
        if self.path is not None and ordered != list(self.rows):
            draft = self.path.with_name(self.path.name + ".sorting")
            draft.write_text(text, encoding="utf-8", newline="")
            os.replace(draft, self.path)
        table = pd.read_csv(io.StringIO(text), dtype={"filename": str, "label": str})
        return table, pd.DataFrame(self.failures, columns=FAILURE_COLUMNS)

    def _resume(self):
        if not self.path.exists():
            return
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(self.path, len(whole))
        lines = list(csv.reader(io.StringIO(whole.decode("utf-8"), newline="")))
        if lines and lines[0] != self.columns:
            raise ValueError(
                f"{self.path} already holds other columns: name another file, or delete this one"
            )
        self.rows = {(row[-1], row[0]): row for row in lines[1:]}

    def _append(self, row):
        try:
            self.file.write(_line(row).encode("utf-8"))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise OSError(
                errno.ENOSPC,
                f"the disk is full; {len(self.rows)} songs are safe in {self.path}: make room and "
                "start again, it goes on from there",
            ) from None


def _line(row):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue()
