"""Lay out the pages that Sphinx turns into the course's site.

``python website/lessons.py FOLDER`` copies the README and the committed lessons with their outputs.
Pictures get their alternative text, and sliders, which need a running kernel, a word about it.
"""

import html
import shutil
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ("data", "results")
WIDGET = "application/vnd.jupyter.widget-view+json"
NO_KERNEL = (
    '<p class="needs-kernel">Something to turn or press lives here when the lesson runs in '
    "JupyterLab (<code>make lab</code>). The text shows its first state.</p>"
)
CONTENTS = """
```{toctree}
:hidden:
:caption: Lessons
:glob:

notebooks/*
```

```{toctree}
:hidden:
:caption: More
:glob:

data/README
data/pretrained/*/README
CONTRIBUTING
```
"""


def lay_out(folder):
    """Write the site's pages.

    Parameters
    ----------
    folder : pathlib.Path
        Emptied first.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "notebooks").mkdir(parents=True)
    shutil.copytree(ROOT / "website/_static", folder / "_static")
    for name in ("LICENSE", "CITATION.cff", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, folder)
    for name in BESIDE:
        pages = shutil.ignore_patterns("*.npz", "*.py", "*.sha256", "*.csv")
        shutil.copytree(ROOT / name, folder / name, ignore=pages)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (folder / "index.md").write_text(readme + CONTENTS, encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        lesson = nbformat.read(path, as_version=4)
        for cell in lesson.cells:
            for output in cell.get("outputs", []):
                if "data" in output:
                    output.data = _readable(output.data, output.metadata)
        nbformat.write(lesson, folder / "notebooks" / path.name)


def _readable(data, metadata):
    if WIDGET in data:
        return {"text/html": NO_KERNEL}
    if "image/png" in data:
        alt = html.escape(metadata.get("image/png", {}).get("alt", ""))
        source = "".join(data["image/png"].split())
        return {"text/html": f'<img alt="{alt}" src="data:image/png;base64,{source}">'}
    return data


if __name__ == "__main__":
    lay_out(Path(sys.argv[1]))
