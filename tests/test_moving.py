"""What moves on the site without Python: which cells are run for it, and which states are drawn."""

import builtins
from pathlib import Path

import ipywidgets as widgets
import matplotlib.pyplot as plt
import moving
import numpy as np
import pytest
import sliders

from helpers import datasets, features
from helpers.evaluation import listening_test

LESSONS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("[0-9]*.ipynb"))


@pytest.mark.parametrize(
    ("source", "reads", "writes", "changed"),
    [
        ("x = y + 1", {"y"}, {"x"}, set()),
        ("x = 1\nprint(x)", {"print"}, {"x"}, set()),
        ("x = x + 1", {"x"}, {"x"}, set()),
        ("for i in range(n):\n    x = i", {"range", "n"}, {"i", "x"}, set()),
        ("def f(a):\n    b = a\n    return g(b)", {"g"}, {"f"}, set()),
        ("f = [a * k for a in b]", {"b", "k"}, {"f"}, set()),
        ("x[0] = 1", {"x"}, set(), {"x"}),
        ("x.y.z = 1", {"x"}, set(), {"x"}),
        ("x.append(y)", {"x", "y"}, set(), {"x"}),
        ("import numpy as np\nfrom a import b", set(), {"np", "b"}, set()),
    ],
)
def test_names_that_a_cell_needs_sets_and_changes(source, reads, writes, changed):
    assert sliders.names_in(source) == (reads, writes, changed)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_cells_that_are_run_need_no_others(path):
    known = {*dir(builtins), "display"}
    for cell in sliders.needed(path):
        reads, writes, _ = sliders.names_in(cell.source)
        assert reads <= known, cell.source
        known |= writes


def test_something_moves_in_the_lessons_that_have_sliders():
    found = {path.stem.partition("_")[0] for path in LESSONS if sliders.needed(path)}
    assert {"02", "02b", "03", "04", "05", "07", "08"} <= found


def test_states_of_a_slider():
    knob = widgets.IntSlider(value=180, min=50, max=450, description="turns")
    found = sliders.choices("frequency", knob)
    assert found["values"] == [*range(50, 451, 10)]
    assert all(isinstance(value, int) for value in found["values"])
    assert (found["name"], found["labels"][found["start"]]) == ("turns", "180")
    assert found["note"] == "Here in steps of 10, in JupyterLab of 1."
    found = sliders.choices("rate", widgets.FloatSlider(value=0.1, min=0.02, max=1.06, step=0.02))
    assert len(found["values"]) == 53
    assert found["values"][found["start"]] == 0.1
    assert not found["note"]
    found = sliders.choices("song", widgets.Dropdown(options={"one": 1, "two": 2}, value=2))
    assert (found["values"], found["labels"], found["start"]) == ((1, 2), ("one", "two"), 1)
    assert found["list"]


def test_too_many_states_are_not_drawn(tmp_path):
    knobs = {name: widgets.IntSlider(max=20) for name in "ab"}
    found = sliders.draw_states(None, knobs, tmp_path)
    assert found == {"kind": "none"}
    assert sliders.draw_states(None, {"change": ["a", "b"]}, tmp_path) == {"kind": "none"}
    assert not list(tmp_path.iterdir())


def test_a_listening_test_knows_what_to_say_of_all_answers(tmp_path):
    table = datasets.sampler()
    windows = listening_test.choose(table)
    patches = features.from_bytes(datasets.patches())[windows.index]
    rival = listening_test.mark(windows, ["rock"] * 20)
    found = sliders.draw_windows(windows, patches[:1], {"rock": rival}, tmp_path)
    assert found["scores"][2] == str(listening_test.score(rival))
    duel = "p < 0.001: of 20, 18 right by A alone and 0 by B alone"
    assert found["duels"][18][0] == duel
    assert found["duels"][3][1] == "p = 0.625: of 20, 3 right by A alone and 1 by B alone"
    page = moving.windows({"folder": "x", **found})
    assert page.count("<button") == 12


@pytest.mark.slow
def test_lesson_08_s_listening_test_is_drawn_with_the_models_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sliders, "KEPT", tmp_path)
    (path,) = (path for path in LESSONS if path.stem.startswith("08"))
    _, shown = sliders.render(path, sliders.needed(path))
    ((test,),) = shown.values()
    assert test["kind"] == "windows"
    assert list(test["rivals"]) == ["RBF SVM", "MusiCNN, linear"]
    assert len(test["right"]) == len(test["rivals"]["RBF SVM"]) == 20


def test_the_map_knows_where_its_songs_lie(tmp_path, monkeypatch):
    monkeypatch.setattr(sliders, "_picture", lambda show, file: {"alt": "a map"})
    plt.subplots(figsize=(4, 2))[1].scatter([0, 1], [0, 1])
    songs = datasets.songs().head(2)[["song_id"]]
    found = sliders.draw_map(None, np.array([[0, 0], [1, 1]]), songs, tmp_path)
    plt.close("all")
    (x, y, name), (right, up, _) = found["songs"]
    assert 0 < x < right < 1
    assert 0 < up < y < 1
    assert name.endswith("(blues)")
