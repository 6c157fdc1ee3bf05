"""The course from a shell: right answers on stdout, one sentence on stderr, never a traceback."""

import contextlib
import csv
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest
import soundfile as sf
from patience import patience
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import datasets, features, jukebox, models
from helpers.__main__ import main
from helpers.audio import SAMPLE_RATE
from helpers.datasets.sources import Mirror
from helpers.models import musicnn
from helpers.song import PRETRAINED, SongClassifier, inputs

GENRES = ("blues", "classical", "jazz")
HEADER = (
    "filename,chroma_stft,rmse,spectral_centroid,spectral_bandwidth,rolloff,zero_crossing_rate,"
    + ",".join(f"mfcc{i}" for i in range(1, 21))
    + ",label"
)


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """Nine songs of three genres; one has a name that shells and tables stumble over."""
    folder = tmp_path_factory.mktemp("collection")
    for genre in GENRES:
        (folder / genre).mkdir()
        for i in range(3):
            name = f"take {i}, é.wav" if i == 1 else f"take {i}.wav"
            sf.write(folder / genre / name, jukebox.play(genre, 2.0, seed=i), SAMPLE_RATE)
    return folder


@pytest.fixture(scope="module")
def table(collection, tmp_path_factory):
    out = tmp_path_factory.mktemp("table") / "new" / "songs.csv"
    assert main(["extract", str(collection), "--out", str(out), "--features", "script"]) == 0
    return out


@pytest.fixture(scope="module")
def training(table, tmp_path_factory):
    """A model's folder, and what training it said.

    A linear model takes the network's place: nobody looks at the accuracy here.
    """
    out = tmp_path_factory.mktemp("model") / "mine"
    linear = make_pipeline(StandardScaler(), LogisticRegression())
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as said:
        patch.setattr(models, "script_network", lambda: linear)
        assert main(["train", str(table), "--out", str(out)]) == 0
    return out, said.getvalue().splitlines()


@pytest.fixture(scope="module")
def model(training):
    return training[0]


@pytest.fixture
def run(capsys):
    """Run a command; answers its exit code and the lines on stdout and stderr."""

    def run(*arguments):
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stopped:  # argparse
            code = stopped.code
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        # A progress bar begins each of its lines with a carriage return.
        errors = [line for line in err.split("\n") if line and not line.startswith("\r")]
        return code, out.splitlines(), errors

    return run


def song_of(collection, genre="jazz"):
    return collection / genre / "take 0.wav"


def test_the_scripts_table_has_the_scripts_header(table, collection):
    header, *lines = table.read_text(encoding="utf-8").splitlines()
    assert header == HEADER
    rows = list(csv.reader(lines))
    assert [row[-1] for row in rows] == [genre for genre in GENRES for _ in range(3)]
    assert [row[0] for row in rows[:3]] == ["take 0.wav", "take 1, é.wav", "take 2.wav"]
    expected = features.describe_fast(jukebox.play("blues", 2.0, seed=0), feature_set="script")
    # The file holds 16 bits.
    np.testing.assert_allclose([float(value) for value in rows[0][1:-1]], expected, rtol=0.02)


def test_extract_writes_the_fuller_set_by_default_and_goes_on(run, collection, tmp_path):
    out = tmp_path / "songs.csv"
    assert run("extract", collection, "--out", out) == (0, [f"9 songs in {out}"], [])
    first = out.read_bytes()
    assert first.splitlines()[0].decode().split(",") == ["filename", *features.names(), "label"]
    out.write_bytes(b"".join(first.splitlines(keepends=True)[:4]))
    assert run("extract", collection, "--out", out, "--jobs", 1)[0] == 0
    assert out.read_bytes() == first


def test_songs_that_fail_are_named_and_the_others_go_through(run, collection, tmp_path):
    folder = tmp_path / "songs"
    (folder / "jazz").mkdir(parents=True)
    (folder / "jazz" / "good.wav").write_bytes(song_of(collection).read_bytes())
    (folder / "jazz" / "text.wav").write_text("not music")
    (folder / "jazz" / "empty.wav").write_bytes(b"")
    code, out, err = run("extract", folder, "--out", tmp_path / "songs.csv")
    assert (code, out) == (0, [f"1 song in {tmp_path / 'songs.csv'}"])
    assert len(err) == 3
    assert err[2] == "left out: 2 files of 3"
    assert err[0].startswith(f"{folder / 'jazz' / 'empty.wav'} is empty; ")
    assert err[1].startswith(f"{folder / 'jazz' / 'text.wav'} cannot be decoded")


def test_not_one_usable_song_is_an_error(run, tmp_path):
    (tmp_path / "jazz").mkdir()
    (tmp_path / "jazz" / "text.wav").write_text("not music")
    code, _, err = run("extract", tmp_path, "--out", tmp_path / "songs.csv")
    assert code == 2
    assert err[-1] == "extract: none of 1 file could be used (see the lines above)"


def test_train_never_gives_an_accuracy_without_its_interval(training):
    folder, said = training
    number = r"\d\.\d{3}"
    line = rf"random split: accuracy {number} \[{number}, {number}\], n = 9 songs \(3 folds, .+\)"
    assert said[:3] == [f"'{genre}': 3 songs, artists: unknown or too few; a small genre"
                        for genre in GENRES]  # fmt: skip
    assert re.fullmatch(line, said[3])
    # Nine songs are too few to promise anything of sure answers.
    assert re.match(r"Right for .* of 9 songs that it had not learned from\. It knows", said[4])
    assert said[5].startswith("artists unknown")
    assert said[6:] == [f"trained on 9 songs, saved in {folder}"]
    assert {path.name for path in folder.iterdir()} == {"card.json", "weights.npz"}


def test_train_says_how_often_the_model_is_sure_and_then_right(run, table, monkeypatch, tmp_path):
    score = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 40, "protocol": "5 folds"}
    right = score | {"value": 0.8, "n": 10}
    card = {"songs": 40, "labels": ["a", "b"], "accuracy": {"artists kept whole": score}}
    card["when_sure"] = {"coverage": score | {"value": 0.25}, "accuracy": right}
    monkeypatch.setattr(SongClassifier, "fit", lambda learned: SongClassifier(None, card))
    monkeypatch.setattr(SongClassifier, "save", lambda self, folder: None)
    code, out, err = run("train", table, "--out", tmp_path / "model")
    assert (code, err, len(out)) == (0, [], 6)
    assert out[4].startswith(
        "Right for 50% [25%, 75%] of 40 songs that it had not learned from (by artists that it had "
        "never heard). Sure about 25% [25%, 75%], and then right for 80% [25%, 75%]."
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "noise", "note"),
    [
        ("song{:03d}.{}.wav", 0.003, "720 rows count as 90: pieces stay together"),
        ("song{:03d}_{}.wav", 0.003, "720 rows count as 90: pieces stay together"),
        ("song{:03d}.{}.wav", 0, "630 rows left out: copies of others (first: row 3)"),
    ],
)
def test_where_nothing_can_be_learned_train_says_so(run, tmp_path, name, noise, note):
    """Genres dealt at random to 90 songs, each in eight pieces: 0.989 if rows were songs."""
    rng, columns = np.random.default_rng(0), list(features.names("script"))
    table = datasets.script_table().query("genre in ['blues', 'jazz', 'rock']")
    table = table.groupby("genre").head(30).reset_index(drop=True)
    table["label"] = rng.permutation(table.genre)
    table = table.loc[table.index.repeat(8), ["filename", *columns, "label"]]
    table[columns] *= 1 + noise * rng.normal(size=(720, 26))
    table["filename"] = [name.format(i // 8, i % 8) for i in range(720)]
    table.to_csv(tmp_path / "table.csv", index=False)
    code, out, _ = run("train", tmp_path / "table.csv", "--out", tmp_path / "model")
    assert code == 0
    assert out[3].startswith(note)
    value, n = re.match(r"random split: accuracy (\S+) .*, n = (\d+) songs ", out[4]).groups()
    assert abs(float(value) - 1 / 3) < 0.15
    assert n == "90"
    assert out[-1].startswith("trained on 90 songs, saved in")


def test_predict_names_the_three_most_probable_genres(run, model, collection):
    songs = [song_of(collection), song_of(collection, "blues")]
    code, out, err = run("predict", *songs, "--model", model)
    assert (code, err) == (0, [])
    for song, line in zip(songs, out, strict=True):
        # Nine songs are too few to ever be sure.
        assert re.fullmatch(re.escape(f"{song}: ") + r"not sure \((\w+ \d+%, ){2}\w+ \d+%\)", line)
        percents = [int(percent) for percent in re.findall(r"(\d+)%", line)]
        assert percents == sorted(percents, reverse=True)
        assert sum(percents) == pytest.approx(100, abs=2)


def test_predict_speaks_json(run, model, collection):
    song = collection / "jazz" / "take 1, é.wav"
    code, [line], err = run("predict", song, "--model", model, "--json")
    answer = json.loads(line)
    assert (code, err, answer["song"]) == (0, [], str(song))
    assert set(answer["p"]) == set(GENRES)
    assert answer["genre"] == "not sure"
    assert list(answer["p"].values()) == sorted(answer["p"].values(), reverse=True)
    assert sum(answer["p"].values()) == pytest.approx(1, abs=0.001)


@pytest.fixture
def new_machine(monkeypatch, tmp_path):
    """A machine that has just been set up: nothing fetched, nothing kept."""
    monkeypatch.setenv("GENRE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(datasets, "cache", lambda: tmp_path / "cache")


@pytest.mark.usefixtures("new_machine")
def test_predict_works_straight_after_the_set_up(run, collection, tmp_path):
    songs = [song_of(collection), song_of(collection, "classical")]
    code, out, [line] = run("predict", *songs)
    assert code == 0
    number = r"\d\d%"
    assert re.match(
        rf"Right for {number} \[{number}, {number}\] of 509 songs of GTZAN that it had", line
    )
    assert line.endswith("'python -m helpers fetch embeddings' gets the best ears (33 MB).")
    top = r"(\w+ \d+%, ){2}\w+ \d+%"
    for song, answer in zip(songs, out, strict=True):
        assert re.fullmatch(re.escape(f"{song}: ") + rf"({top}|not sure \({top}\))", answer)
    code, again, _ = run("predict", *songs)
    assert again == out
    code, lines, _ = run("predict", *songs, "--json")
    for song, answer, line in zip(songs, out, lines, strict=True):
        told = json.loads(line)
        assert set(told["p"]) == set(datasets.GENRES)
        best = max(told["p"], key=told["p"].get)
        assert told["genre"] == ("not sure" if "not sure" in answer else best)
        assert f"{best} {told['p'][best]:.0%}" in answer
        assert told["song"] == str(song)


@pytest.mark.usefixtures("new_machine")
def test_predict_says_which_windows_were_silent(run, collection, tmp_path):
    y = np.r_[np.zeros(3 * SAMPLE_RATE), jukebox.play("jazz", 3.0)]
    sf.write(tmp_path / "a.wav", y, SAMPLE_RATE)
    code, out, err = run("predict", tmp_path / "a.wav")
    assert (code, len(out)) == (0, 1)
    assert err[1] == f"{tmp_path / 'a.wav'} is silent in 1 of 2 windows, which counts for nothing"


def test_predict_answers_for_the_good_songs_among_bad_ones(run, model, collection, tmp_path):
    (tmp_path / "text.wav").write_text("not music")
    songs = [song_of(collection), tmp_path / "text.wav", tmp_path / "missing.mp3"]
    code, out, err = run("predict", *songs, song_of(collection), "--model", model)
    assert code == 2
    assert len(out) == 2
    assert out[0] == out[1]
    assert [line.split(" ")[0] for line in err] == [str(song) for song in songs[1:]]


def test_predict_takes_folders_patterns_and_a_leading_dash(run, model, collection, monkeypatch):
    jazz = [str(collection / "jazz" / f"take {i}.wav") for i in ("0", "1, é", "2")]
    _, expected, _ = run("predict", *jazz, "--model", model)
    assert run("predict", collection / "jazz", "--model", model) == (0, expected, [])
    assert run("predict", collection / "j*z" / "*.wav", "--model", model) == (0, expected, [])
    monkeypatch.chdir(collection / "jazz")
    with open("-v.wav", "wb") as dashed:
        dashed.write(song_of(collection).read_bytes())
    try:
        code, [line], _ = run("predict", "-v.wav", "--model", model)
    finally:
        os.remove("-v.wav")
    assert (code, line.partition(": ")[2]) == (0, expected[0].partition(": ")[2])
    code, out, [line] = run("predict", "*.mp3", "--model", model)
    assert (code, out, line.split(";")[0]) == (2, [], "*.mp3 is not there")


def test_predict_hears_two_minutes_of_a_longer_song_or_all_of_it(run, model, tmp_path):
    y = np.r_[np.tile(jukebox.play("jazz", 10.0), 12), np.tile(jukebox.play("metal", 10.0), 6)]
    sf.write(tmp_path / "a.wav", y, SAMPLE_RATE)
    sf.write(tmp_path / "b.wav", y[: 120 * SAMPLE_RATE], SAMPLE_RATE)
    songs = [tmp_path / "a.wav", tmp_path / "b.wav"]
    code, [long, short], err = run("predict", *songs, "--model", model, "--json")
    assert (code, err) == (0, ["heard the first two minutes of 1 longer song: --whole hears all"])
    assert json.loads(long)["p"] == json.loads(short)["p"]
    code, [whole, same], err = run("predict", *songs, "--model", model, "--json", "--whole")
    assert (code, err, same) == (0, [], short)
    assert json.loads(whole)["p"] != json.loads(short)["p"]


@pytest.mark.parametrize("name", ["hand-made", "script", "yamnet", "musicnn", "musicnn-yamnet"])
def test_predict_waits_for_no_heavy_library(name, collection):
    """Each takes longer to load than the answer takes."""
    if not all(map(datasets.local_path, inputs.ears(name))):
        pytest.skip("skipped, because an ear's weights are not here")
    script = "import sys; from helpers.__main__ import main; main(); print(*sys.modules)"
    song, model = song_of(collection), PRETRAINED / name
    command = [sys.executable, "-c", script, "predict", song, "--model", model]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer, loaded = done.stdout.splitlines()
    assert answer.startswith(f"{song}: ")
    heavy = {"tensorflow", "keras", "librosa", "numba", "sklearn", "scipy", "matplotlib", "IPython"}
    assert not heavy & set(loaded.split())


def test_predict_goes_on_after_any_error(run, model, collection, monkeypatch):
    real = SongClassifier.predict

    def predict(self, song, **options):
        if song.endswith("0.wav"):
            raise MemoryError
        return real(self, song)

    monkeypatch.setattr(SongClassifier, "predict", predict)
    code, out, err = run("predict", collection / "jazz", "--model", model)
    assert (code, len(out), err) == (2, 2, [f"{song_of(collection)} MemoryError"])


ODD = ["Кино.wav", "東京.wav", "bell\a and \x1b[31mred.wav", "two\nlines.wav", "=1+1|calc.wav"]


@pytest.fixture
def odd(collection, tmp_path):
    """Songs with troublesome names; on Linux, one of them is no text at all."""
    names = [
        name for name in ODD if sys.platform != "win32" or (name.isprintable() and "|" not in name)
    ]
    folder = tmp_path / "odd" / "jazz"
    folder.mkdir(parents=True)
    for name in names:
        shutil.copy(song_of(collection), folder / name)
    if sys.platform == "linux":
        shutil.copy(song_of(collection), os.fsencode(folder) + b"/Caf\xe9.wav")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("command", ["predict", "doctor", "extract"])
def test_no_name_ends_a_run_on_any_console(odd, model, tmp_path, command):
    arguments = {
        "predict": ["predict", odd, "--model", model],
        "doctor": ["doctor", odd.parent],
        "extract": ["extract", odd.parent, "--out", tmp_path / "t.csv", "--features", "script"],
    }[command]
    done = subprocess.run(
        [sys.executable, "-m", "helpers", *map(str, arguments)],
        env=os.environ | {"PYTHONIOENCODING": "cp1252", "TQDM_DISABLE": "1"},
        capture_output=True,
        timeout=patience(300),
    )
    said = (done.stdout + done.stderr).decode("cp1252")
    assert "Traceback" not in said
    # A line that is printed ends where print ends it.
    assert not set(said) & set(map(chr, range(32))) - {"\n", "\r"}
    songs = len(os.listdir(odd))
    unread = sys.platform == "linux"
    assert ("Caf" in said and "not UTF-8" in said) == unread
    if command == "predict":
        assert len(done.stdout.splitlines()) == songs - unread
        assert "\\u041a\\u0438" in said
    elif command == "doctor":
        assert said.count("duplicate") == songs - unread - 1
    else:
        assert f"{songs - unread} songs in" in said


def test_doctor_finds_nothing_in_good_music(run, collection):
    assert run("doctor", collection) == (0, ["nothing to mend"], [])


def test_doctor_names_file_problem_and_remedy(run, collection, tmp_path):
    for name in ("one.wav", "two.wav"):
        (tmp_path / "jazz").mkdir(exist_ok=True)
        (tmp_path / "jazz" / name).write_bytes(song_of(collection).read_bytes())
    code, out, err = run("doctor", tmp_path)
    assert (code, err) == (0, [])
    assert out[0].startswith("jazz/two.wav: duplicate; the same sound as jazz/one.wav: keep one")
    assert out[1] == f"1 finding in {tmp_path}"


def test_fetch_prints_where_the_data_lie_and_makes_the_ears_ready(run, monkeypatch, tmp_path):
    monkeypatch.setenv("GENRE_DATA", str(tmp_path))
    made = []
    monkeypatch.setattr(musicnn, "prepare", lambda: made.append("musicnn"))
    paths = [tmp_path / "musicnn.whl", tmp_path / "yamnet.tflite"]
    for path in paths:
        path.touch()
    assert run("fetch", "yamnet") == (0, [str(paths[1])], [])
    assert made == []
    assert run("fetch", "embeddings") == (0, list(map(str, paths)), [])
    assert made == ["musicnn"]


def test_fetch_says_what_there_is_and_how_large(run):
    _, out, _ = run("fetch", "--help")
    text = " ".join(" ".join(out).split())
    for name, source in datasets.SOURCES.items():
        assert f"{name}: {source.holds}" in text
        assert re.search(r"\d [MG]B$", source.holds)


@pytest.mark.usefixtures("new_machine")
def test_fetch_without_a_network_says_what_to_do(run, monkeypatch, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = datasets.SOURCES["musicnn"]._replace(
        mirrors=(Mirror(f"http://127.0.0.1:{port}/musicnn.whl"),)
    )
    monkeypatch.setitem(datasets.SOURCES, "musicnn", source)
    monkeypatch.setenv("NO_PROXY", "*")
    code, out, [sentence] = run("fetch", "musicnn")
    assert (code, out) == (2, [])
    assert sentence.startswith("fetch: Could not fetch musicnn (127.0.0.1 ")
    assert "set GENRE_DATA to a folder that already holds musicnn.whl" in sentence
    assert not list((tmp_path / "data").iterdir())


@pytest.fixture
def place(tmp_path):
    """Things that stand where others are expected."""
    (tmp_path / "no audio" / "jazz").mkdir(parents=True)
    (tmp_path / "no audio" / "jazz" / "notes.txt").write_text("no music")
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "song.wav").write_bytes(b"")
    (tmp_path / "file").write_text("a file")
    for genre in GENRES:
        (tmp_path / "deep" / "Data" / genre).mkdir(parents=True)
        (tmp_path / "deep" / "Data" / genre / "song.wav").write_bytes(b"")
    (tmp_path / "other.csv").write_text("name,age\nAda,36\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "few.csv").write_text(f"{HEADER}\na.wav,{'0.5,' * 26}jazz\n")
    songs = [f"{i}.wav,{'high,' * 26}{genre}" for i in range(2) for genre in GENRES]
    (tmp_path / "words.csv").write_text("\n".join([HEADER, *songs]))
    return tmp_path


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("extract {place}/nowhere --out {place}/out.csv", "no folder {place}/nowhere"),
        ("extract {place}/no_audio --out {place}/out.csv", "holds no WAV, FLAC"),
        ("extract {place}/flat --out {place}/out.csv", "outside the genres' folders"),
        (
            "extract {place}/deep --out {place}/out.csv",
            "one folder, {place}/deep/Data, and in it 3",
        ),
        ("extract {place}/file --out {place}/out.csv", "no folder {place}/file"),
        ("extract {songs} --out {place}/file/out.csv", "{place}/file"),
        ("extract {songs} --out {place}", "{place}"),
        ("extract {songs} --out {place}/other.csv", "already holds other columns"),
        ("train {place}/nowhere.csv --out {place}/m", "cannot be read as a table"),
        ("train {place} --out {place}/m", "cannot be read as a table"),
        ("train {place}/empty.csv --out {place}/m", "cannot be read as a table"),
        (
            "train {place}/other.csv --out {place}/m",
            "is no feature table: row 1 should name filename, label, chroma_stft",
        ),
        ("train {place}/few.csv --out {place}/m", "at least two genres"),
        ("train {place}/words.csv --out {place}/m", "row 2, chroma_stft is 'high'"),
        ("predict {song} --model {place}/nowhere", "train one with 'python -m helpers train'"),
        ("predict {song} --model {place}/no_audio", "train one with 'python -m helpers train'"),
        (
            "predict {song} --model {place}/file",
            "{place}/file is a file, and --model takes the fol",
        ),
        ("predict {place}/nowhere.wav --model {model}", "{place}/nowhere.wav is not there"),
        ("doctor {place}/nowhere", "is no folder"),
        ("doctor {place}/no_audio", "holds no WAV, FLAC"),
    ],
)
def test_every_error_is_one_sentence(run, place, collection, model, command, words):
    names = {"place": place, "songs": collection, "song": song_of(collection), "model": model}
    arguments = [word.format(**names).replace("no_audio", "no audio") for word in command.split()]
    code, out, err = run(*arguments)
    assert (code, out) == (2, [])
    assert len(err) == 1
    assert words.format(**names) in err[0]
    if "is not there" not in words:
        assert err[0].startswith(f"{arguments[0]}: ")


def test_a_model_that_cannot_be_written_is_an_error(run, table, model, place, monkeypatch):
    monkeypatch.setattr(SongClassifier, "fit", lambda learned: SongClassifier.load(model))
    code, _, err = run("train", table, "--out", place / "file")
    assert code == 2
    assert err == [f"train: File exists: {place / 'file'}"]


@pytest.mark.parametrize(
    "command",
    [
        "",
        "dance",
        "extract songs",
        "extract songs --out x.csv --features best",
        "extract songs --out x.csv --jobs 0",
        "extract songs --out x.csv --jobs many",
        "train table.csv",
        "predict --model m",
        "predict",
        "fetch everything",
    ],
)
def test_a_wrong_command_shows_how_it_is_used(run, command):
    code, out, err = run(*command.split())
    assert (code, out) == (2, [])
    assert err[0].startswith("usage: python -m helpers")
    assert "error: " in err[-1]


@pytest.mark.parametrize("command", ["", "extract", "train", "predict", "doctor", "fetch"])
def test_every_command_explains_itself(run, command):
    code, out, err = run(*command.split(), "--help")
    assert (code, err) == (0, [])
    assert out[0].startswith("usage: python -m helpers")


def test_control_c_stops_without_a_fuss(run, collection, tmp_path, monkeypatch):
    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(features, "extract", stopped)
    code, _, err = run("extract", collection, "--out", tmp_path / "out.csv")
    assert (code, err) == (130, ["stopped; what was finished is kept"])


@pytest.mark.slow
def test_a_shell_gets_the_answer_a_sentence_and_the_exit_code(model, collection):
    songs = [str(song_of(collection)), str(collection / "gone.wav")]
    command = [sys.executable, "-m", "helpers", "predict", *songs, "--model", model, "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=patience(300)
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["genre"] in {*GENRES, "not sure"}
    assert done.stderr.startswith(f"{songs[1]} is not there")
    assert len(done.stderr.splitlines()) == 1
