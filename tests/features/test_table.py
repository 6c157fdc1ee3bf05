"""A run may be killed, interrupted, or meet a full disk and bad files: what was done stays done."""

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import patience

from helpers import audio, features
from helpers.features import table as table_on_disk
from helpers.features.alone import alone
from helpers.features.table import FeatureTable, legible

SR = audio.SAMPLE_RATE
N_SONGS = 40


def save(path, y, sr=SR, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, y, sr, **options)
    return path


def noise(seed=0, seconds=0.3, sr=SR):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, round(seconds * sr))


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    folder = tmp_path_factory.mktemp("album")
    genres = ("rock", "None", "folk, world & country", "früh")
    return [
        save(folder / genres[i % 4] / f"{i:02d}.wav", noise(i, seconds=0.1 + 0.02 * (i % 7)))
        for i in range(N_SONGS)
    ]


@pytest.fixture(scope="module")
def undisturbed(album, tmp_path_factory):
    """The CSV of a run in which nothing happened."""
    out = tmp_path_factory.mktemp("undisturbed") / "table.csv"
    features.extract(album, out=out, feature_set="script", jobs=1)
    return out.read_bytes()


def names(lines):
    """File names of the whole rows of a CSV."""
    return [line.split(",")[0] for line in lines.decode().splitlines(keepends=True)[1:]
            if line.endswith("\n")]  # fmt: skip


def resume(album, out, monkeypatch):
    """Extract what is missing; returns the names of the songs that were described for it."""
    described, describe_file = [], features._describe_file

    def record(song, *settings):
        described.append(song.filename)
        return describe_file(song, *settings)

    monkeypatch.setattr(features, "_describe_file", record)
    table, failures = features.extract(album, out=out, feature_set="script", jobs=2)
    assert failures.empty
    assert list(table.filename) == [path.name for path in album]
    assert list(table.label) == [path.parent.name for path in album]
    return described


def test_the_number_of_jobs_changes_nothing(album, undisturbed, tmp_path):
    for jobs in (2, 3):
        out = tmp_path / f"{jobs}.csv"
        features.extract(album, out=out, feature_set="script", jobs=jobs)
        assert out.read_bytes() == undisturbed


def test_the_table_is_what_the_csv_holds(album, undisturbed, tmp_path):
    table, _ = features.extract(album, feature_set="script")
    (tmp_path / "table.csv").write_bytes(undisturbed)
    kept = pd.read_csv(tmp_path / "table.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(table, kept)
    song, _ = audio.load(album[0])
    # A sum in 32 bits is rounded otherwise by another number of BLAS's threads.
    np.testing.assert_allclose(
        table.iloc[0, 1:-1].astype(float), features.describe_fast(song, feature_set="script"), 1e-6
    )


# ---- crashes: the process kills itself with SIGKILL, which leaves no time for a last word --------

CRASH = """
import os, signal, sys
from pathlib import Path
import numpy as np
from helpers import features
from helpers.features import table

album = sys.argv[1].split(os.pathsep)
append, write_bytes = table._append, Path.write_bytes
kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
moment, number = None, -1  # the header

def crash_in_append(file, row):
    global number
    if moment == f"before row {number}":
        kill()
    if moment == f"within row {number}":
        data = table._line(row).encode()
        file.write(data[: len(data) // 2])
        kill()
    append(file, row)
    number += 1

def crash_while_sorting(self, data):
    write_bytes(self, data[:1000])
    kill()

def run(out, jobs):
    table._append = crash_in_append
    if moment == "while sorting":
        Path.write_bytes = crash_while_sorting
        album.sort(reverse=True)
        describe_file = features._describe_file
        features._rows = lambda todo, *settings: [
            describe_file(song, *settings[:2])
            for song in reversed(list(todo.itertuples(index=False)))
        ]
    features.extract(album, out=out, feature_set="script", jobs=jobs)

# A fork for each moment: Python and its libraries start only once.
features.describe_fast(np.ones(2048, np.float32))
for argument in sys.argv[2:]:
    moment, jobs, out = argument.split(os.pathsep)
    child = os.fork()
    if not child:
        run(out, int(jobs))
        os._exit(0)
    print(-os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""

MOMENTS = [("within row 0", 1), ("before row 7", 1), ("within row 30", 2), ("while sorting", 1)]


@pytest.fixture(scope="module")
def crashed(album, tmp_path_factory):
    """What each killed process left behind."""
    left = {moment: tmp_path_factory.mktemp("crashed") / "table.csv" for moment, _ in MOMENTS}
    runs = [os.pathsep.join([moment, str(jobs), str(left[moment])]) for moment, jobs in MOMENTS]
    command = [sys.executable, "-c", CRASH, os.pathsep.join(map(str, album)), *runs]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience(300))
    assert done.stdout.split() == [str(int(signal.SIGKILL))] * len(MOMENTS), done.stderr
    return left


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="skipped, because Windows knows no SIGKILL")
@pytest.mark.parametrize("moment", [moment for moment, _ in MOMENTS])
def test_a_killed_run_goes_on_where_it_was(album, undisturbed, crashed, moment, monkeypatch):
    out = crashed[moment]
    safe = names(out.read_bytes())
    done = N_SONGS if moment == "while sorting" else int(moment.split()[-1])
    assert len(safe) == done
    assert out.read_bytes().endswith(b"\n") != moment.startswith("within")
    described = resume(album, out, monkeypatch)
    assert sorted(described + safe) == sorted(path.name for path in album)
    assert out.read_bytes() == undisturbed


def test_after_any_cut_only_the_torn_row_is_done_again(album, undisturbed, tmp_path, monkeypatch):
    out = tmp_path / "table.csv"
    for cut in (1, 300, 1500, len(undisturbed) // 2, len(undisturbed) - 1):
        out.write_bytes(undisturbed[:cut])
        with monkeypatch.context() as patch:
            described = resume(album, out, patch)
        assert len(described) == N_SONGS - len(names(undisturbed[:cut]))
        assert out.read_bytes() == undisturbed


def test_a_finished_table_is_not_made_again(album, undisturbed, tmp_path, monkeypatch):
    out = tmp_path / "table.csv"
    out.write_bytes(undisturbed)
    assert resume(album, out, monkeypatch) == []
    assert out.read_bytes() == undisturbed


def test_rows_and_headers_written_twice_leave_no_trace(album, undisturbed, tmp_path, monkeypatch):
    out = tmp_path / "table.csv"
    header, *rows = undisturbed.splitlines(keepends=True)
    out.write_bytes(b"".join([header, *rows[:9], rows[3], header, b"\n", *rows[9:12]]))
    assert len(resume(album, out, monkeypatch)) == N_SONGS - 12
    assert out.read_bytes() == undisturbed


DAMAGE = {
    "text": lambda row: row.replace(b",0.", b",hello", 1),
    "not finite": lambda row: row.replace(row.split(b",")[5], b"inf"),
    "empty cell": lambda row: row.replace(row.split(b",")[5], b""),
    "cell too few": lambda row: row.replace(b"," + row.split(b",")[5], b""),
    "open quote": lambda row: row.replace(b",", b',"', 1),
    "not UTF-8": lambda row: row.replace(row.split(b",")[5], b"\xff\xfe"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_row_is_made_again(album, undisturbed, tmp_path, monkeypatch, kind):
    out = tmp_path / "table.csv"
    lines = undisturbed.splitlines(keepends=True)
    lines[4] = DAMAGE[kind](lines[4])
    out.write_bytes(b"".join(lines))
    if kind != "open quote":  # which swallows the genre: what is left names no song
        assert resume(album, out, monkeypatch) == [album[3].name]
    else:
        table, _ = features.extract(album, out=out, feature_set="script")
        assert len(table) == N_SONGS
    assert out.read_bytes() == undisturbed


def test_a_damaged_row_of_another_run_is_named(album, undisturbed, tmp_path):
    out = tmp_path / "table.csv"
    lines = undisturbed.splitlines(keepends=True)
    lines[2] = DAMAGE["text"](lines[2])
    out.write_bytes(b"".join(lines))
    table, failures = features.extract(album[5:], out=out, feature_set="script")
    assert len(table) == N_SONGS - 1
    assert failures.reason.item() == "had a damaged row (None/01.wav), which is left out"


@pytest.mark.parametrize("change", [
    lambda data: b"\xef\xbb\xbf" + data,
    lambda data: data.replace(b"\n", b"\r\n"),
])  # fmt: skip
def test_a_table_that_a_spreadsheet_saved_is_gone_on_with(
    album, undisturbed, tmp_path, monkeypatch, change
):
    out = tmp_path / "table.csv"
    out.write_bytes(change(b"".join(undisturbed.splitlines(keepends=True)[:31])))
    assert len(resume(album, out, monkeypatch)) == N_SONGS - 30
    assert out.read_bytes() == undisturbed


def test_a_table_that_was_deleted_midway_is_written_whole(
    album, undisturbed, tmp_path, monkeypatch
):
    describe_file = features._describe_file
    for ending in (None, KeyboardInterrupt):
        out = tmp_path / str(ending) / "table.csv"

        def delete(song, *settings, out=out, ending=ending):
            if song.filename == "20.wav":
                shutil.rmtree(out.parent)
            if song.filename == "30.wav" and ending:
                raise ending
            return describe_file(song, *settings)

        monkeypatch.setattr(features, "_describe_file", delete)
        with contextlib.suppress(KeyboardInterrupt):
            features.extract(album, out=out, feature_set="script", jobs=1)
        assert len(names(out.read_bytes())) >= (20 if ending else N_SONGS)
        assert undisturbed.startswith(out.read_bytes())


def test_a_link_is_followed_and_stays(album, undisturbed, tmp_path):
    real, link = tmp_path / "real.csv", tmp_path / "other" / "link.csv"
    link.parent.mkdir()
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("skipped, because links need a right on Windows")
    for _ in range(2):  # first it leads to nothing
        features.extract(album[::-1], out=link, feature_set="script", jobs=2)
        features.extract(album, out=link, feature_set="script", jobs=2)
        assert link.is_symlink()
        assert real.read_bytes() == undisturbed
    assert sorted(os.listdir(tmp_path)) == ["other", "real.csv"]


TWO_RUNS = """
import sys
from helpers import features
album, out = sys.argv[2:], sys.argv[1]
table, failures = features.extract(album, out=out, feature_set="script", jobs=1)
print(len(table), len(failures))
"""


@pytest.mark.slow
def test_two_runs_into_one_table_lose_nothing(album, undisturbed, tmp_path):
    out = tmp_path / "table.csv"
    with alone(out):  # held until both of them wait
        runs = [
            subprocess.Popen([sys.executable, "-c", TWO_RUNS, out, *songs], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for songs in (album[:20], album[20:])
        ]  # fmt: skip
        for run in runs:
            assert "table.csv: waiting until it is done" in run.stderr.readline()
    printed = [run.communicate(timeout=patience(120))[0].strip() for run in runs]
    assert sorted(printed) == ["20 0", "40 0"]
    assert sorted(out.read_bytes().splitlines()) == sorted(undisturbed.splitlines())
    assert os.listdir(tmp_path) == ["table.csv"]


@pytest.mark.skipif(os.name == "nt", reason="skipped, because Windows knows no SIGKILL")
def test_a_lock_ends_with_its_process(tmp_path):
    code = "import pathlib, sys, time\nfrom helpers.features.alone import alone\n"
    code += "with alone(pathlib.Path(sys.argv[1])):\n print('in', flush=True)\n time.sleep(999)"
    command = [sys.executable, "-c", code, tmp_path / "t.csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout.readline() == "in\n"
        assert not _locked_by_us(tmp_path)
        run.kill()
    assert _locked_by_us(tmp_path)
    assert os.listdir(tmp_path) == []


def _locked_by_us(folder):
    """Whether the lock of t.csv can be had within a second."""
    got = threading.Event()

    def wait():
        with alone(folder / "t.csv"):
            got.set()

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    if got.wait(1):
        waiting.join()
        return True
    return False


def test_new_songs_join_an_older_table(album, undisturbed, tmp_path):
    out = tmp_path / "table.csv"
    features.extract(album[:5], out=out, feature_set="script")
    table, _ = features.extract(album[5:], out=out, feature_set="script")
    assert len(table) == N_SONGS
    assert out.read_bytes() == undisturbed


@pytest.mark.skipif(os.name == "nt", reason="skipped, because Windows sends signals otherwise")
def test_ctrl_c_keeps_the_rows(album, undisturbed, tmp_path, monkeypatch):
    out, describe_file = tmp_path / "table.csv", features._describe_file

    def press_ctrl_c(song, *settings):
        if song.filename == "20.wav":
            os.kill(os.getpid(), signal.SIGINT)
        return describe_file(song, *settings)

    # A job that a script starts in the background ignores Ctrl-C, and so would this test.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(features, "_describe_file", press_ctrl_c)
            with pytest.raises(KeyboardInterrupt):
                features.extract(album, out=out, feature_set="script", jobs=2)
    finally:
        signal.signal(signal.SIGINT, before)
    safe = names(out.read_bytes())
    assert 0 < len(safe) < N_SONGS
    described = resume(album, out, monkeypatch)
    assert sorted(described + safe) == sorted(path.name for path in album)
    assert out.read_bytes() == undisturbed


# ---- files that are no table, and disks that are full --------------------------------------------


@pytest.mark.parametrize(
    "content", [b"a letter", b"a letter\nwithout a last line end", b"\xff\xd8", b"a" * 10**6]
)
def test_somebody_elses_file_is_left_alone(album, tmp_path, content):
    out = tmp_path / "letter.txt"
    out.write_bytes(content)
    with pytest.raises(ValueError, match=r"letter\.txt already holds other columns, or no"):
        features.extract(album[:1], out=out)
    assert out.read_bytes() == content


def test_a_table_of_another_feature_set_is_left_alone(album, undisturbed, tmp_path):
    out = tmp_path / "table.csv"
    out.write_bytes(undisturbed)
    with pytest.raises(ValueError, match="already holds other columns"):
        features.extract(album, out=out, feature_set="full")
    assert out.read_bytes() == undisturbed


@contextlib.contextmanager
def full_disk(size):
    """No file can grow beyond `size` bytes: the last write is cut short, as on a full disk."""
    resource = pytest.importorskip("resource", reason="skipped, because Windows has no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [10, 3000, 5000])
def test_a_full_disk_is_said_in_one_sentence(album, undisturbed, tmp_path, monkeypatch, size):
    out = tmp_path / "table.csv"
    with full_disk(size), pytest.raises(OSError, match="the disk is full") as caught:
        features.extract(album, out=out, feature_set="script", jobs=1)
    safe = names(out.read_bytes()) if size > 10 else []
    assert out.exists() == (size > 10)  # not even the header had room
    assert f": {len(safe)}); make room and start again" in caught.value.strerror
    assert size == 10 or out.read_bytes().endswith(b"\n")
    assert len(resume(album, out, monkeypatch)) == N_SONGS - len(safe)
    assert out.read_bytes() == undisturbed


def test_a_disk_too_full_for_sorting_keeps_the_rows(album, undisturbed, tmp_path, monkeypatch):
    out = tmp_path / "table.csv"
    features.extract(album[::-1], out=out, feature_set="script")
    size = out.stat().st_size - 1
    with full_disk(size), pytest.raises(OSError, match=rf"the disk is full .*: {N_SONGS}\)"):
        features.extract(album, out=out, feature_set="script")
    assert os.listdir(tmp_path) == ["table.csv"]
    assert resume(album, out, monkeypatch) == []
    assert out.read_bytes() == undisturbed


def test_a_list_of_failures_that_meets_a_full_disk_holds_whole_lines(tmp_path):
    out = tmp_path / "table.csv"
    gone = [tmp_path / "noise" / f"{i}.wav" for i in range(9)]
    with full_disk(800), pytest.raises(OSError, match="the disk is full"):
        features.extract(gone, out=out, feature_set="script", jobs=1)
    assert (tmp_path / "table.failures.csv").read_bytes().endswith(b"\n")


def test_other_errors_of_the_disk_are_not_called_full(album, tmp_path, monkeypatch):
    def broken(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(table_on_disk, "_append", broken)
    with pytest.raises(OSError, match="Input/output error"):
        features.extract(album[:1], out=tmp_path / "table.csv")


def test_only_a_file_is_written_to(album, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    places = ["folder.csv"]
    if os.name != "nt":
        os.mkfifo(tmp_path / "pipe.csv")
        (tmp_path / "link.csv").symlink_to("pipe.csv")
        places += ["pipe.csv", "link.csv"]
    before = sorted(os.listdir(tmp_path))
    for place in places:
        with pytest.raises(ValueError, match="is no regular file: name another"):
            features.extract(album[:1], out=tmp_path / place)
    assert sorted(os.listdir(tmp_path)) == before


# ---- bad files -----------------------------------------------------------------------------------


@pytest.fixture
def trouble(tmp_path):
    """A folder with every kind of bad file, and three good ones."""
    folder = tmp_path / "noise"
    save(folder / "good.wav", noise(1))
    save(folder / "good too.flac", noise(2))
    save(folder / "phone.wav", np.column_stack([noise(3, sr=8000)] * 2), 8000)
    (folder / "text.wav").write_text("no music\n" * 99)
    (folder / "empty.wav").touch()
    save(folder / "silent.wav", np.zeros(SR))
    save(folder / "short.wav", noise(4, seconds=0.02))
    data = save(folder / "cut.wav", noise(5)).read_bytes()
    (folder / "cut.wav").write_bytes(data[: len(data) // 2])
    save(folder / "nan.wav", np.where(noise(6) > 0.49, np.nan, 0.1), subtype="FLOAT")
    return [*sorted(folder.iterdir()), folder / "gone.wav"]


REASONS = {
    "cut.wav": "is cut short (50% of the sound is there, 0.2 s are missing)",
    "empty.wav": "is empty",
    "gone.wav": "is not there",
    "nan.wav": "holds samples that are not numbers",
    "short.wav": "lasts only 0.020 s",
    "silent.wav": "is silent",
    "text.wav": "cannot be decoded (Format not recognised)",
}


def test_each_bad_file_gets_one_line_and_the_others_go_through(trouble, tmp_path):
    out = tmp_path / "table.csv"
    table, failures = features.extract(trouble, out=out)
    assert list(table.filename) == ["good too.flac", "good.wav", "phone.wav"]
    assert np.isfinite(table.iloc[:, 1:-1].to_numpy(float)).all()
    found = {Path(file).name: reason for file, reason in failures[["file", "reason"]].to_numpy()}
    assert found == REASONS
    assert len(failures) == len(REASONS)
    assert failures.advice.str.len().gt(0).all()
    kept = pd.read_csv(tmp_path / "table.failures.csv").sort_values("file", ignore_index=True)
    pd.testing.assert_frame_equal(kept, failures, check_dtype=False)


def test_a_mended_file_is_picked_up_by_the_next_run(trouble, tmp_path):
    out = tmp_path / "table.csv"
    features.extract(trouble, out=out)
    for path in trouble:
        if path.name in REASONS:
            save(path, noise(9))
    table, failures = features.extract(trouble, out=out)
    assert failures.empty
    assert list(table.filename) == [path.name for path in trouble]
    assert not (tmp_path / "table.failures.csv").exists()


def test_an_error_nobody_thought_of_costs_one_song(album, monkeypatch):
    describe_fast = features.describe_fast

    def stumble(y, *settings):
        if len(y) == round(0.22 * SR):
            raise MemoryError("too big")
        return describe_fast(y, *settings)

    monkeypatch.setattr(features, "describe_fast", stumble)
    table, failures = features.extract(album)
    assert len(table) + len(failures) == N_SONGS
    assert set(failures.reason) == {"MemoryError: too big"}


@pytest.mark.skipif(sys.platform != "linux", reason="skipped, because names are Unicode here")
def test_a_name_that_is_not_utf8_is_listed_legibly(album, tmp_path):
    path = save(tmp_path / "noise" / "a.wav", noise())
    odd = os.fsencode(path.with_name("caf")) + b"\xe9.wav"
    os.rename(path, odd)
    _, failures = features.extract([os.fsdecode(odd), album[0]], out=tmp_path / "table.csv")
    assert failures.file.item().endswith(r"caf\udce9.wav")
    assert r"caf\udce9.wav" in (tmp_path / "table.failures.csv").read_text("utf-8")


def test_two_songs_of_one_name_are_refused(album, tmp_path):
    with pytest.raises(
        ValueError, match=r"share genre and name with another \(2, the first is .*rename"
    ):
        features.extract([album[0], *album[:2], album[1]])


def test_no_files_make_an_empty_table(tmp_path):
    table, failures = features.extract([], out=tmp_path / "table.csv")
    assert table.empty
    assert failures.empty
    assert list(table.columns) == ["filename", *features.names("full"), "label"]


def test_genres_may_be_numbers(album, tmp_path):
    files = pd.DataFrame({"path": album[:3], "filename": ["a", "b", "c"], "genre": [1, 2, 3]})
    for _ in range(2):
        table, _ = features.extract(files, out=tmp_path / "table.csv")
        assert list(table.label) == ["1", "2", "3"]


# ---- the table alone -----------------------------------------------------------------------------

text = st.text(min_size=1, max_size=9)
keys = st.lists(st.tuples(text, text), max_size=8).map(
    lambda pairs: list(dict.fromkeys((legible(genre), legible(name)) for genre, name in pairs))
)


@given(name=st.text() | st.from_regex(r"[=+@\t\r-].*", fullmatch=True))
def test_any_name_is_one_harmless_line(name):
    shown = legible(name)
    shown.encode("utf-8")
    assert len(shown.split("\n")) == len(re.split(r"[\r\n]", shown)) == 1
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert legible(shown) == shown


@pytest.mark.skipif(os.name == "nt", reason="skipped, because Windows allows no such names")
@pytest.mark.parametrize("name", ["=cmd|calc.wav", "a\rb.wav", "a\nb.wav", "-1.wav", '",x.wav'])
def test_odd_names_are_kept_and_known_again(album, tmp_path, monkeypatch, name):
    song = tmp_path / "=genre\r" / name
    song.parent.mkdir()
    shutil.copy(album[0], song)
    out = tmp_path / "table.csv"
    table, _ = features.extract([song, album[1]], out=out, feature_set="script")
    assert list(table.filename) == [legible(name), album[1].name]
    assert list(table.label) == [r"'=genre\r", album[1].parent.name]
    assert out.read_bytes().count(b"\n") == 3
    assert b"\r" not in out.read_bytes()
    monkeypatch.setattr(features, "_describe_file", None)  # nothing is left to do
    again, _ = features.extract([song, album[1]], out=out, feature_set="script")
    pd.testing.assert_frame_equal(again, table)


@settings(max_examples=60)
@given(keys=keys, data=st.data())
def test_any_names_survive_any_cut(tmp_path_factory, keys, data):
    path = tmp_path_factory.mktemp("table") / "t.csv"
    columns = ["filename", "x", "label"]
    with FeatureTable(path, columns) as table:
        for genre, filename in keys:
            table.add(genre, filename, [0.5])
        table.finish(keys)
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)), label="cut")])
    with FeatureTable(path, columns) as table:
        assert set(table.rows) <= set(keys)
        for genre, filename in keys:
            if (genre, filename) not in table:
                table.add(genre, filename, [0.5])
        frame, _ = table.finish(keys)
    assert path.read_bytes() == whole
    assert list(zip(frame.label, frame.filename, strict=True)) == keys
    assert not re.search("sorting|failures", " ".join(os.listdir(path.parent)))


def test_a_folder_or_a_single_song_is_extracted_as_well(trouble):
    folder = trouble[0].parent
    table, failures = features.extract(str(folder.parent), feature_set="script")
    assert list(table.filename) == ["good too.flac", "good.wav", "phone.wav"]
    assert set(table.label) == {folder.name}
    assert len(failures) == len(REASONS) - 1  # no file, no failure
    table, _ = features.extract(folder / "good.wav", feature_set="script")
    assert list(table.filename) == ["good.wav"]
