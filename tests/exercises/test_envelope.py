"""The sealed envelope of the last lesson, and the model solution: taught means shown before."""

import ast
import importlib
import json
import re
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from helpers import datasets, evaluation, exercises, splits
from helpers.exercises import envelope, lesson_11

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]*_*.ipynb"))
PUBLIC = {"keras", "matplotlib", "numpy", "pandas", "sklearn", "tensorflow"}


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """Nobody's own count."""
    monkeypatch.setenv("GENRE_ENVELOPE", str(tmp_path / "count"))
    monkeypatch.setattr(envelope, "_unsaved", [])
    monkeypatch.setattr(lesson_11, "_learned", [])
    monkeypatch.setattr(lesson_11, "_chosen_on", [])
    return tmp_path / "count"


def answers(wrong=0):
    """The truth, but for the first so many songs."""
    genres = envelope.sealed().genre.copy()
    genres.iloc[:wrong] = np.where(genres.iloc[:wrong] == "pop", "rock", "pop")
    return genres


def test_holds_the_fault_filtered_test_part_of_the_sampler():
    songs = envelope.sealed()
    table = datasets.sampler()
    ((_, test),) = splits.fault_filtered(table)
    assert set(songs.index) == set(table.song_id.iloc[test])
    assert songs.index.is_unique
    assert (songs.genre == datasets.songs().set_index("song_id").genre[songs.index]).all()


def test_prints_accuracy_interval_and_count(capsys):
    opened = exercises.open_envelope(answers(30))
    said = capsys.readouterr().out
    songs = envelope.sealed().assign(predicted=answers(30)).reset_index()
    assert opened[:5] == evaluation.accuracy(songs)
    assert f"accuracy {evaluation.accuracy(songs)}" in said
    assert f"n = {opened.n} songs by {opened.artists} artists" in said
    assert "Opened once so far." in said
    assert "20 models" in said


def test_says_what_is_in_it_and_what_guessing_gets(capsys):
    opened = exercises.open_envelope(answers(30))
    said = capsys.readouterr().out
    counts = envelope.sealed().genre.value_counts()
    assert "no jazz" in said
    assert all(f"{genre} {n}" in said for genre, n in counts.items())
    assert opened.guessing == counts.max() / opened.n
    assert f"always saying classical or rock would get {opened.guessing:.2f}" in said


def test_a_figure_too_good_for_new_artists_is_doubted(capsys):
    exercises.open_envelope(answers(0))
    said = capsys.readouterr().out
    assert "On new artists so high a figure does not happen here" in said
    assert "20 models" not in said


def test_counts_new_answers_across_kernels_and_the_same_ones_once(capsys):
    looks = [exercises.open_envelope(answers(n)).looks for n in (30, 50, 30, 20)]
    assert looks == [1, 2, 2, 3]
    said = capsys.readouterr().out
    assert "Opened 3 times so far." in said
    assert "The same answers as at look 1" in said
    assert "Your looks in order: 0.77, 0.62, 0.85." in said
    envelope.sealed.cache_clear()  # another kernel remembers nothing
    assert len(envelope.looks()[0]) == 3


def test_the_order_of_the_songs_does_not_matter():
    exercises.open_envelope(answers(30))
    assert exercises.open_envelope(answers(30)[::-1].astype("category")).looks == 1


def some(change):
    series = answers(30)
    return change(series)


FAULTS = {
    "a list": (list, "A pandas Series is wanted"),
    "an array": (lambda s: s.to_numpy(), "A pandas Series is wanted"),
    "a table": (lambda s: s.to_frame(), "one column of it"),
    "no song ids": (lambda s: s.reset_index(drop=True), "The index must hold each song_id"),
    "nothing": (lambda s: s.iloc[:0], "The index must hold each song_id"),
    "windows": (lambda s: pd.concat([s, s.iloc[:3]]), "3 songs are there more than once"),
    "too few": (lambda s: s.iloc[1:], "1 song is missing"),
    "all songs": (lambda s: datasets.songs().set_index("song_id").genre, "870 songs are not in"),
    "gaps": (lambda s: s.where(s != "metal"), "without an answer"),
    "numbers": (lambda s: s.map({g: n for n, g in enumerate(datasets.GENRES)}), "'1' is none of"),
    "another spelling": (lambda s: s.str.upper(), "'CLASSICAL' is none of"),
}


@pytest.mark.parametrize(("change", "sentence"), FAULTS.values(), ids=FAULTS)
def test_a_fault_gets_one_sentence_and_is_no_look(change, sentence, capsys, folder):
    assert exercises.open_envelope(some(change)) is None
    said = capsys.readouterr().out
    assert sentence in said
    assert said.endswith(f"{envelope.NO_LOOK}\n")
    assert said.count("\n") == 1
    assert not folder.exists()


@pytest.mark.parametrize("nothing", [(), (...,)])
def test_waits_without_an_answer(nothing, capsys, folder):
    assert exercises.open_envelope(*nothing) is None
    assert "waits for your answer" in capsys.readouterr().out
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_costs_one_sentence(capsys, folder):
    folder.write_text("a file where the folder should be")
    assert [exercises.open_envelope(answers(n)).looks for n in (30, 50, 30)] == [1, 2, 2]
    said = capsys.readouterr().out
    assert said.count("The count could not be kept") == 2
    folder.unlink()
    assert exercises.open_envelope(answers(10)).looks == 3
    assert "The count" not in capsys.readouterr().out.replace("The count goes", "")
    assert len(json.loads((folder / "envelope.json").read_text())["looks"]) == 3


@pytest.mark.parametrize("spoiled", ["", "{", "[]", '{"looks": [1]}', '{"looks": [{}]}', "\0"])
def test_a_spoiled_file_costs_one_sentence(spoiled, capsys, folder):
    folder.mkdir()
    (folder / "envelope.json").write_text(spoiled)
    assert exercises.open_envelope(answers(30)).looks == 1
    assert "counting begins anew" in capsys.readouterr().out
    assert exercises.open_envelope(answers(40)).looks == 2
    assert "begins anew" not in capsys.readouterr().out


def test_names_no_folder_of_any_machine(capsys, folder):
    folder.write_text("a file")
    exercises.open_envelope(answers(30))
    assert str(folder) not in capsys.readouterr().out


def test_flattery_is_what_luck_alone_makes():
    rng = np.random.default_rng(1)
    right, alone = rng.random(400) < 0.5, np.arange(400)
    by_song, by_artist = envelope.flattery(right, alone)
    expected = np.mean((rng.binomial(400, right.mean(), (500, 20)) / 400).max(axis=1))
    assert by_song == pytest.approx(expected - right.mean(), abs=0.005)
    assert by_artist == pytest.approx(by_song, abs=0.005), "an artist a song: no difference"
    together = np.repeat(np.arange(40), 10)
    assert envelope.flattery(np.repeat(right[:40], 10), together)[1] > 2 * by_song
    assert envelope.flattery(np.ones(10, bool), np.arange(10)) == (0, 0)


def test_a_report_needs_an_opened_envelope():
    assert "still sealed" in exercises.check("11.5", "accuracy 0.44").sentence


def test_a_report_of_the_best_look_is_told_that_it_was_chosen():
    for n in (60, 50):
        opened = exercises.open_envelope(answers(n))
    text = (
        f"Accuracy {{}}, n = {opened.n} songs by {opened.artists} artists, fault-filtered. "
        f"Always saying one genre: {opened.guessing:.2f}. I opened the envelope twice."
    )
    verdict = exercises.check("11.5", text.format(opened))
    assert verdict.right
    assert "chose it on the test" in verdict.sentence
    stale = exercises.check("11.5", text.format(opened).replace("twice", "once"))
    assert "opened twice by now" in stale.sentence


@pytest.mark.parametrize(
    "words",
    ["opened once", "I looked 1 time", "one look", "first look", "the envelope was opened 1 time"],
)
def test_the_count_can_be_said_in_many_ways(words):
    opened = exercises.open_envelope(answers(60))
    text = f"By new artists: {100 * opened.accuracy:.0f} % [{opened.low:.1%}, {opened.high:.1%}]"
    text += f" of {opened.n} songs by {opened.artists} artists; {words}."
    text += f" Guessing gets {opened.guessing:.1%}."
    assert exercises.check("11.5", text).right, text


def own_table():
    """Twelve songs of nobody's collection, as `extract` writes them, and who plays them."""
    return pd.DataFrame(
        {
            "filename": [f"{n}.mp3" for n in range(12)],
            "label": ["polka", "waltz"] * 6,
            "artist": [f"band {n // 4}" for n in range(12)],
        }
    )


def test_the_split_of_an_own_table_is_looked_at_too():
    table, rows = own_table(), np.arange(12)
    assert exercises.check("11.1", (table, rows[:8], rows[8:])).right
    torn = exercises.check("11.1", (table, rows[:7], rows[7:]))
    assert "both sides: 1 (band 1)" in torn.sentence


def test_the_script_s_table_has_the_same_split():
    table = pd.read_csv(ROOT / "data/script_features.csv")
    table["artist"] = datasets.songs().artist_group
    ((train, test),) = splits.fault_filtered(datasets.script_table())
    assert exercises.check("11.1", (table, train, test)).right


def test_models_and_interval_of_an_own_table_are_looked_at_too():
    rng = np.random.default_rng(0)
    n = 200
    genre = rng.choice(["polka", "waltz"], n)
    table = pd.DataFrame(
        {"genre": genre, "artist": [f"band {k // 5}" for k in range(n)]},
        index=[f"mine {k}" for k in range(n)],
    )
    for name in ("classical", "network"):
        table[name] = np.where(rng.random(n) < 0.6, genre, "waltz")
    assert exercises.check("11.3", table).right
    assert "Which songs" in exercises.check("11.3", table.reset_index(drop=True)).sentence
    assert "11.3 first" in exercises.check("11.4", (table.assign(predicted=genre), 0, 1)).sentence
    assert exercises.check("11.3", table).right
    table["predicted"] = table.classical
    score = evaluation.accuracy(table.assign(artist_group=table.artist))
    assert exercises.check("11.4", (table, (score.low, score.high))).right


ORDERS = {
    "as the features": lambda table: table,
    "as the songs": lambda table: table.sort_values("song_id", kind="stable"),
    "only songs with a part": lambda table: table.dropna(subset="fault_filtered_split"),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("source", [datasets.sampler, datasets.script_table])
def test_three_groups_are_told_apart_in_any_order_of_rows(source, order):
    table = order(source()).reset_index(drop=True)
    ((train, test),) = splits.fault_filtered(table)
    fit, held = splits.validation_artists(table, train)
    X = table.select_dtypes("number").drop(columns="start", errors="ignore").to_numpy()

    def said(rows):
        model = make_pipeline(StandardScaler(), SVC()).fit(X[rows], table.genre.iloc[rows])
        return exercises.check("11.2", (model, X, rows, test))

    assert said(fit).right
    assert lesson_11._learned == sorted(set(table.song_id.iloc[fit]))
    songs, artists = table.song_id.iloc[held].nunique(), table.artist_group.iloc[held].nunique()
    assert f"Held back: {songs} songs by {artists} artists." in said(fit).sentence
    published = np.flatnonzero(table.fault_filtered_split == "train")
    none = "No hiphop and no reggae among them"  # in the sampler's part "valid"
    assert (none in said(published).sentence) == ("start" in table)
    assert "three groups" in said(train).sentence


CODES = {
    "genre": lambda t: np.unique(t.genre, return_inverse=True)[1],
    "genre, scaled": lambda t: np.unique(t.genre, return_inverse=True)[1] / 9,
    "part": lambda t: t.fault_filtered_split.map({"train": 0, "valid": 1, "test": 2}).fillna(3),
    "song": lambda t: np.unique(t.song_id, return_inverse=True)[1],
}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
@pytest.mark.parametrize("source", [datasets.sampler, datasets.script_table])
def test_a_code_among_the_columns_is_no_sound(source, code, first):
    table = source()
    ((train, test),) = splits.fault_filtered(table)
    fit, _ = splits.validation_artists(table, train)
    X = table.select_dtypes("number").drop(columns="start", errors="ignore").to_numpy()
    X = np.column_stack([code(table), X] if first else [X, code(table)])
    model = make_pipeline(StandardScaler(), SVC()).fit(X[fit], table.genre.iloc[fit])
    said = exercises.check("11.2", (model, X, fit, test))
    assert not said.right
    assert f"Column {0 if first else X.shape[1] - 1} of `X`" in said.sentence
    assert not lesson_11._learned


def sentence(name, answer):
    verdict = exercises.check(name, answer)
    assert not verdict.right, verdict
    return verdict.sentence


def test_songs_to_choose_on_are_compared_with_the_last_accepted_pipeline():
    w = importlib.import_module("wrong_answers.lesson_11")
    assert "learned from" not in exercises.check("11.3", w.two()).sentence
    assert exercises.check("11.2", (w.fitted(), w.X, w.FIT, w.TEST)).right
    learned = w.TABLE.song_id.iloc[w.FIT].nunique()
    told = exercises.check("11.3", w.two())
    assert told.right
    assert f"None is among the {learned} songs that 11.2 learned from" in told.sentence
    valid = w.two(np.flatnonzero(w.PART == "valid"))
    for songs in (valid, w.held_and_learned()):
        assert f"among the {learned} that the pipeline of 11.2" in sentence("11.3", songs)
    sentence("11.2", w.fitted())  # a refused one changes nothing
    assert len(lesson_11._learned) == learned
    rows = w.ROWS["published"]
    assert exercises.check("11.2", (w.fitted(rows="published"), w.X, rows, w.TEST)).right
    fresh = w.two(np.flatnonzero(w.PART == "valid"), fit="published")
    assert exercises.check("11.3", fresh).right


def test_traps_get_the_sentence_that_points_to_them():
    w = importlib.import_module("wrong_answers.lesson_11")
    model, rows = w.within()
    assert "trap 7" in sentence("11.2", (model, w.X, rows, w.TEST))
    assert "but others: positions within" in sentence("11.2", (model, w.X, w.FIT, w.TEST))
    assert "Artists held back: 1." in sentence("11.2", w.all_but(1))
    assert "Artists held back: 1." in sentence("11.3", w.two(w.only(1)))
    assert "says country of every song" in sentence("11.3", w.two(network="country"))
    shuffled = np.random.default_rng(0).permutation(w.two().network)
    assert "always saying country gets" in sentence("11.3", w.two(network=shuffled))
    assert "more than once" in sentence("11.1", w.split([*w.TRAIN, w.TRAIN[0]], w.TEST))
    assert "0.44 for 0,44" in sentence("11.5", w.report(accuracy="Accuracy 0,44"))
    opened = exercises.open_envelope(w.two(w.TEST).classical)
    both = sentence("11.5", w.report(accuracy=f"Accuracy 0.89, and {opened.accuracy:.2f}"))
    assert "you write 0.89" in both
    held = "On artists held back its accuracy was 0.55."
    assert exercises.check("11.5", w.report(looks=f"Opened once. {held}")).right


# The model solution


def taught(path):
    """Names of the public calls in the code cells of a lesson."""
    cells = nbformat.read(path, as_version=4).cells
    return calls("\n".join(without_magic(c.source) for c in cells if c.cell_type == "code"))


def without_magic(source):
    return "\n".join(line for line in source.splitlines() if not re.match(r"\s*[%!?]", line))


def calls(source):
    """What some code calls: library functions by their full name, methods as ".name".

    Functions that it defines, built-in ones and our helpers are left out.
    """
    tree, known, found = ast.parse(source), {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                full = alias.name if alias.asname else alias.name.partition(".")[0]
                known[alias.asname or full] = full
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            base, *names = dotted(node.func)
            if base in known:
                found.add(".".join([known[base], *names]))
            elif names and base != "exercises":
                found.add(f".{names[-1]}")
    return {name for name in found if not name.startswith("helpers")}


def dotted(function):
    """`np.random.default_rng` as ["np", "random", "default_rng"]; "" where it starts at no name."""
    names = []
    while isinstance(function, ast.Attribute):
        names.append(function.attr)
        function = function.value
    return [function.id if isinstance(function, ast.Name) else "", *reversed(names)]


def test_calls_are_found():
    source = "import numpy as np\nfrom keras import layers\nx = np.mean(y.map(f)).round(2)\n"
    source += "layers.Dense(len(z))\nexercises.check(1)\n"
    assert calls(source) == {"numpy.mean", ".map", ".round", "keras.layers.Dense"}


def test_every_call_of_the_model_solution_has_stood_in_an_earlier_lesson():
    earlier = set().union(*(taught(path) for path in LESSONS if path.stem.partition("_")[0] < "11"))
    assert sorted(calls(lesson_11.SOLUTION) - earlier) == []


def test_the_model_solution_is_short_and_public():
    assert len(lesson_11.SOLUTION.splitlines()) <= 60
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(lesson_11.SOLUTION))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported <= PUBLIC


def test_the_lesson_shows_the_model_solution_and_is_otherwise_nearly_empty():
    (path,) = (path for path in LESSONS if path.stem.startswith("11"))
    cells = nbformat.read(path, as_version=4).cells
    assert f"```python\n{lesson_11.SOLUTION}\n```\n\n</details>" in cells[-1].source
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert re.findall(r"import .*", code) == ["import exercises"], "nothing else of ours"


@pytest.mark.slow
def test_the_model_solution_passes_every_check(monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    plt.switch_backend("agg")
    page = {"exercises": SimpleNamespace(open_envelope=exercises.open_envelope)}
    for number, part in enumerate(lesson_11.PARTS, 1):
        exec(part, page)
        verdict = exercises.check(f"11.{number}", page["answer"])
        assert verdict.right, verdict
    plt.close("all")
    assert page["opened"].accuracy > 0.3
