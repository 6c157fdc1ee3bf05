"""The package is the house that it says it is: rooms with questions, and imports that run down."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import nbformat

import helpers

ROOT = Path(__file__).resolve().parents[1]
# From the ground up; rooms on one floor don't import each other.
FLOORS = [
    {"audio", "splits"},
    {"plots"},
    {"features"},
    {"datasets"},
    {"models"},
    {"evaluation"},
    {"jukebox", "song"},
    {"exercises"},
    {"__main__"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
MAP = re.findall(r"^(\w+) {2,}(\S.*\?|\S.*…\?) {2,}([\db ]+)$", helpers.__doc__, re.M)
MODULES = sorted((ROOT / "helpers").rglob("*.py"))


def name_of(path):
    """Dotted name of a module's file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path):
    """Modules of the package that a module names in its import statements, wherever they stand."""
    names = {name_of(module) for module in MODULES}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module in names:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in names else node.module


def room(name):
    """The room of a module: its name's second part."""
    return name.split(".")[1]


def test_imports_run_down_only():
    assert {room(name_of(path)) for path in MODULES[1:]} == set(FLOOR)
    up = [
        (name_of(path), other)
        for path in MODULES[1:]
        for other in imported(path)
        if room(other) != room(name_of(path)) and FLOOR[room(other)] >= FLOOR[room(name_of(path))]
    ]
    assert up == []


def test_no_module_imports_itself_by_a_circle():
    """Within a room the face may name its engines, and they it: no longer way leads back."""
    faces = {f"helpers.{name}" for name in FLOOR}
    ways = {name_of(path): set(imported(path)) - faces for path in MODULES[1:]}
    done = set()

    def visit(name, way):
        assert name not in way, f"a circle: {' → '.join((*way, name))}"
        if name not in done:
            for other in sorted(ways.get(name, ())):
                visit(other, (*way, name))
            done.add(name)

    for name in ways:
        visit(name, ())


def test_faces_are_quick_to_import():
    """Lessons import faces first of all: heavy libraries wait until they are needed."""
    light = " ".join(f"helpers.{name}" for name in FLOOR if name not in ("plots", "exercises"))
    script = (
        f"import sys, importlib\nfor name in '{light}'.split(): importlib.import_module(name)\n"
        "print(*sys.modules)\nimport helpers.exercises\nprint(*sys.modules)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    first, then = (set(line.split()) for line in done.stdout.splitlines())
    assert not first & {"librosa", "tensorflow", "keras", "ipywidgets", "matplotlib"}
    assert not then & {"librosa", "tensorflow", "keras", "ipywidgets"}


def used_by_lessons():
    """Which lessons import which room, as their code cells say."""
    use = {}
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]*_*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "code":
                continue
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.ImportFrom) and node.module == "helpers":
                    rooms = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module.startswith("helpers."):
                    rooms = [room(node.module)]
                else:
                    continue
                for name in rooms:
                    use.setdefault(name, set()).add(path.stem.partition("_")[0])
    return {name: sorted(lessons) for name, lessons in use.items()}


def test_the_map_names_the_lessons_that_use_each_room():
    assert {name: lessons.split() for name, _, lessons in MAP} == used_by_lessons()


def test_the_map_asks_what_each_room_asks():
    assert [name for name, _, _ in MAP] == sorted(
        (name for name, _, _ in MAP), key=lambda name: FLOOR[name]
    )
    for name, question, _ in MAP:
        first = importlib.import_module(f"helpers.{name}").__doc__.splitlines()[0]
        assert first.startswith(question), (name, first)
