"""Let widgets say in plain words what they are, where nobody runs them: on GitHub, for example.

``python tools/tidy.py NOTEBOOK …``, after the lessons were executed.
"""

import re
import sys

import nbformat

WIDGET = "application/vnd.jupyter.widget-view+json"
# How ipywidgets describes itself, cut after 110 letters.
PARTS = re.compile(r"\w+\(children=.*", re.S)


def tidy(path):
    """Rewrite the text of each widget in a notebook."""
    lesson = nbformat.read(path, as_version=4)
    for cell in lesson.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if WIDGET in data:
                text = data["text/plain"]
                what = "A menu" if text.startswith("interactive(children=(Dropdown(") else "Sliders"
                data["text/plain"] = PARTS.sub(f"{what}: run this cell", text)
    nbformat.write(lesson, path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        tidy(name)
