"""Draw what moves in the lessons, so that it does on a page without Python: `moving` writes that.

`render` runs those cells of a lesson that its sliders need, and no others, in a Python of its own
with nothing fetched and no network. There `interact` calls its function for each combination of
values, and keeps the picture with its words. The listening test of lesson 08 and the song map of
lesson 03 are drawn likewise. All stays in ``build/sliders`` until the lesson, its words, the
helpers or the data change.
"""

import ast
import dis
import hashlib
import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import matplotlib
import nbformat

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build/sliders"
# What a page can move without Python, by the calls that show it in a notebook.
MAP = "03.map"
TEST, RIVALS = "listening_form.Form(", "rivals"  # and whose answers are beside one's own
SHOWN = re.compile(
    rf'^[^#\n]*(widgets\.interact\(|listening_form\.Form\(|plots\.show\("{MAP}"\))', re.M
)
MOST = 120  # states of one slider; six free knobs have too many
NUMBERS = 60  # values of one knob over numbers: with more of them it moves in larger steps
STRIDES = (1, 2, 5, 10, 20, 50, 100)


def render_all(paths):
    """Render lessons, two at a time: {stem: (folder of pictures, {cell's id: what it shows})}.

    It says what it does, how long it took, and which lesson could not be drawn; that one is left
    out.
    """
    # The last ones have the most pictures: they begin.
    cells = {path: needed(path) for path in reversed(paths)}
    paths = [path for path in cells if cells[path]]
    new = [path.stem for path in paths if not _place(path, cells[path]).exists()]
    if new:
        numbers = ", ".join(sorted(stem.partition("_")[0] for stem in new))
        print(f"drawing what moves in lessons {numbers}; it is kept for the next time", flush=True)
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(render, paths, (cells[path] for path in paths))
        return {path.stem: one for path, one in zip(paths, found, strict=True) if one}


def render(path, cells):
    """Render one lesson, unless it was: (folder, {cell's id: list of what it shows}), or None."""
    place, start = _place(path, cells), time.perf_counter()
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as work:
            (drawn := Path(work, "drawn")).mkdir()
            command = [sys.executable, __file__, path, drawn]
            done = subprocess.run(
                command, env=_alone(work), capture_output=True, text=True, encoding="utf-8"
            )
            if done.returncode:
                why = (done.stderr.strip() or "it stopped").splitlines()[-1]
                print(f"  nothing moves in {path.name}: {why}", file=sys.stderr, flush=True)
                return None
            for old in place.parent.glob("[!t]*"):  # what an earlier lesson showed
                shutil.rmtree(old, ignore_errors=True)
            drawn.rename(place)
        seconds = time.perf_counter() - start
        print(f"  {path.stem}: {done.stdout.strip()} in {seconds:.0f} s", flush=True)
    return place, json.loads((place / "all.json").read_text(encoding="utf-8"))


def _alone(nothing):
    """The environment of a lesson that finds no data and no network, as those that are tested."""
    names = ("GENRE_DATA", "GENRE_ENVELOPE", "XDG_CACHE_HOME", "IPYTHONDIR")
    return {
        **os.environ,
        **dict.fromkeys(names, str(nothing)),
        "PYTHONPATH": f"{ROOT / 'tests/offline'}{os.pathsep}{ROOT}",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "TQDM_DISABLE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": matplotlib.get_cachedir(),  # or it would look for fonts anew
    }


def _place(path, cells):
    """Where a lesson's pictures are kept, by all that they depend on."""
    number = path.stem.partition("_")[0]
    sources = [path.with_name("words") / f"{number}.toml", Path(__file__)]
    sources += sorted(ROOT.glob("helpers/**/*.py"))
    sources += [file for file in sorted(ROOT.glob("data/*.*")) if file.suffix != ".py"]
    key = hashlib.sha256("\0".join(cell.source for cell in cells).encode())
    for source in sources:
        key.update(source.read_bytes() if source.exists() else b"")
    return KEPT / path.stem / key.hexdigest()[:16]


def needed(path):
    """The code cells that show something for the site, and those before that they need."""
    lesson = nbformat.read(path, as_version=4)
    cells = [cell for cell in lesson.cells if cell.cell_type == "code"]
    trees = [ast.walk(ast.parse(cell.source)) for cell in cells]
    nodes = [node for tree in trees for node in tree]
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {alias.asname or alias.name for node in imports for alias in node.names}
    wanted, chosen = set(), []
    for cell in reversed(cells):
        reads, writes, changed = names_in(cell.source)
        if SHOWN.search(cell.source) or wanted & (writes | changed - modules):
            wanted |= reads | ({RIVALS} if TEST in cell.source else set())
            chosen.insert(0, cell)
    return chosen


def names_in(source):
    """The names that a cell needs from cells before it, those that it sets, and what it changes."""
    tree = ast.parse(source)
    code = compile(tree, "cell", "exec")
    reads, writes, changed = set(), set(), set()
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME":
            writes.add(step.argval)
        elif step.opname == "LOAD_NAME" and step.argval not in writes:
            reads.add(step.argval)
    reads |= {name for inner in _inner(code) for name in _globals(inner)} - writes
    for node in ast.walk(tree):  # x[0] = 1, x.y = 1 and x.append(1) change x
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            node = node.value.func
        elif not isinstance(getattr(node, "ctx", None), ast.Store):
            continue
        while isinstance(node, ast.Subscript | ast.Attribute):
            node = node.value
            if isinstance(node, ast.Name):
                changed.add(node.id)
    return reads, writes, changed


def _inner(code):
    for part in code.co_consts:
        if hasattr(part, "co_code"):
            yield part
            yield from _inner(part)


def _globals(code):
    steps = dis.get_instructions(code)
    return {step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}


def run(path, folder):
    """Run a lesson's needed cells, and write pictures and ``all.json`` into a folder."""
    import ipywidgets
    import matplotlib.pyplot as plt
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    from helpers import plots
    from helpers.evaluation import listening_form

    shell, shown, show = InteractiveShell.instance(), {}, plots.show

    def keep(draw, *args):
        place = folder / f"{cell.id}-{len(shown[cell.id])}"
        place.mkdir()
        shown[cell.id].append({"folder": place.name, **draw(*args, place)})

    def show_or_keep(*keys, **figures):
        if keys == (MAP,):
            names = shell.user_ns
            keep(draw_map, partial(show, MAP), names["points"], names["songs"])
        else:
            show(*keys, **figures)

    ipywidgets.interact = lambda function, **knobs: keep(draw_states, function, knobs)
    listening_form.Form = lambda *args, sound: keep(draw_windows, *args, shell.user_ns[RIVALS])
    plots.show = show_or_keep
    for cell in needed(path):
        shown[cell.id] = []
        with capture_output():
            done = shell.run_cell(cell.source)
        plt.close("all")
        done.raise_error()
    shown = {cell: found for cell, found in shown.items() if found}
    (folder / "all.json").write_text(json.dumps(shown), encoding="utf-8")
    pictures = list(folder.rglob("*.png"))
    size = sum(picture.stat().st_size for picture in pictures) / 1e6
    print(f"{len(pictures)} pictures, {size:.1f} MB")


def draw_states(function, knobs, folder):
    """A slider: a picture for each combination of its knobs' values, and the words for it.

    Nothing but its kind if there are too many combinations, or if a menu is given as a list: it
    shows players (lesson 09), and no picture.
    """
    if any(isinstance(knob, list) for knob in knobs.values()):
        return {"kind": "none"}
    read = [choices(name, knob) for name, knob in knobs.items()]
    if math.prod(len(knob["values"]) for knob in read) > MOST:
        return {"kind": "none"}
    words = []
    for state, values in enumerate(itertools.product(*(knob.pop("values") for knob in read))):
        call = partial(function, **dict(zip(knobs, values, strict=True)))
        words.append(_picture(call, folder / f"{state}.png"))
    if len({look["alt"] for look in words}) < len(words):  # the lesson says the same of all
        states = itertools.product(*(knob["labels"] for knob in read))
        for look, state in zip(words, states, strict=True):
            names = zip((knob["name"] for knob in read), state, strict=True)
            look["alt"] = f"{', '.join(map(' '.join, names))}. {look['alt']}"
    return {"kind": "slider", "knobs": read, "words": [look["alt"] for look in words],
            "width": words[0]["width"], "height": words[0]["height"]}  # fmt: skip


def _picture(call, file):
    """Keep the one picture that a call shows, and return its alt, width and height."""
    import matplotlib.pyplot as plt
    from IPython.utils.capture import capture_output

    with capture_output() as out:
        call()
    plt.close("all")
    (shown,) = (output for output in out.outputs if "image/png" in output.data)
    file.write_bytes(shown.data["image/png"])
    return shown.metadata["image/png"]


def draw_windows(windows, patches, rivals, folder):
    """The listening test by picture, and all that can be said of its answers.

    A score for each number of right answers (Wilson's interval), and a duel for each number that
    only you or only the other had right: `listening_test` marks and scores, `duel` compares.
    """
    from matplotlib.figure import Figure

    from helpers import plots
    from helpers.datasets import GENRES
    from helpers.evaluation import listening_test

    for number, patch in enumerate(patches):
        figure = Figure(figsize=(5.2, 2.8), dpi=80, layout="constrained")
        listening_test.draw(patch, figure.subplots())
        (folder / f"{number}.png").write_bytes(plots.png(figure))
    n, right = len(windows), list(windows.genre)
    wrong = [GENRES[GENRES.index(genre) - 1] for genre in right]
    marked = [listening_test.mark(windows, right[:k] + wrong[k:]) for k in range(n + 1)]
    song = windows.artist + ": " + windows.title.fillna("(title unknown)")
    return {
        "kind": "windows",
        "songs": list(song),
        "right": right,
        "genres": GENRES,
        "rivals": {name: list(rows.predicted) for name, rows in rivals.items()},
        "scores": [str(listening_test.score(rows)) for rows in marked],
        "duels": [[duel(a, b, n) for b in range(n + 1 - a)] for a in range(n + 1)],
    }


def duel(only_a, only_b, n):
    """McNemar's exact test in a line, as lesson 08 counts it: each lone right answer is a toss."""
    from scipy.stats import binomtest

    apart = only_a + only_b
    p = binomtest(only_a, apart).pvalue if apart else 1.0
    p = f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"
    return f"{p}: of {n}, {only_a} right by A alone and {only_b} by B alone"


def draw_map(show, points, songs, folder):
    """The song map, and where in the picture which song lies: shares of its width and height."""
    import matplotlib.pyplot as plt

    from helpers import datasets

    figure = plt.gcf()
    figure.canvas.draw()
    places = figure.axes[0].transData.transform(points) / figure.bbox.size
    known = datasets.songs().set_index("song_id").loc[songs.song_id]
    names = known.artist + ": " + known.title.fillna("(title unknown)")
    names = names.fillna("artist unknown, " + known.index.to_series()) + " (" + known.genre + ")"
    rows = [
        [round(x, 4), round(1 - y, 4), name] for (x, y), name in zip(places, names, strict=True)
    ]
    return {"kind": "map", "songs": rows, **_picture(show, folder / "0.png")}


def choices(name, knob):
    """A knob's name, values, their labels, where it starts, and whether it is a list to open."""
    found = {"name": knob.description or name, "list": False, "note": ""}
    if hasattr(knob, "options"):
        labels, values = zip(*knob._options_full, strict=True)
        found["list"] = "Slider" not in type(knob).__name__
        return found | {"values": values, "labels": labels, "start": knob.index}
    values = [knob.min + i * knob.step for i in range(round((knob.max - knob.min) / knob.step) + 1)]
    stride = next(stride for stride in STRIDES if len(values) / stride <= NUMBERS)
    if stride > 1:
        found["note"] = f"Here in steps of {stride * knob.step:g}, in JupyterLab of {knob.step:g}."
    values = [round(value, 10) for value in values[::stride]]
    start = min(range(len(values)), key=lambda i: abs(values[i] - knob.value))
    return found | {"values": values, "labels": [f"{v:g}" for v in values], "start": start}


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
