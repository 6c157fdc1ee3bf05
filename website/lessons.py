"""Lay out the pages that Sphinx turns into the course's site.

``python website/lessons.py FOLDER`` copies the README and the committed lessons with their outputs,
and writes a first page with a card for each. Pictures get their alternative text. Guesses and
questions can be clicked without Python: what comes out after a guess stays folded until then
(``_static/course.js``). Sliders move: ``sliders.py`` draws all their states, of the lessons whose
numbers follow the folder, or of all. What else needs a running kernel gets a word about it.
"""

import base64
import html
import io
import re
import shutil
import sys
from functools import cache
from pathlib import Path

import moving
import nbformat
import sliders
from PIL import Image

from helpers import audio, plots
from helpers.exercises import clicks

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ("data", "results")
NO_KERNEL = (
    '<p class="needs-kernel">Something to turn or press lives here when the lesson runs in '
    "JupyterLab (<code>make lab</code>).</p>"
)
CONTENTS = """
```{toctree}
:hidden:
:caption: Lessons
:glob:

notebooks/[0-9]*
```

```{toctree}
:hidden:
:caption: More
:glob:

notebooks/glossary
website/where_next
readme
data/README
data/pretrained/*/README
CONTRIBUTING
```
"""
# A lesson in the README's table: title, file, question, minutes.
ROW = re.compile(r"^\| \[(.+?)\]\(notebooks/(\w+)\.ipynb\) \| (.+?) \| (\d+) min \|", re.M)


def lay_out(folder, lessons=()):
    """Write the site's pages.

    Parameters
    ----------
    folder : pathlib.Path
        Emptied first.
    lessons : sequence of str
        Numbers of the lessons whose sliders are to move; all, if empty.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "notebooks").mkdir(parents=True)
    for name in ("LICENSE", "CITATION.cff", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, folder)
    for name in BESIDE:
        pages = shutil.ignore_patterns("*.npz", "*.py", "*.sha256", "*.csv")
        shutil.copytree(ROOT / name, folder / name, ignore=pages)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    about = readme.replace("# Hear the Genre", "# About the course", 1)
    (folder / "readme.md").write_text(about, encoding="utf-8")
    (folder / "website").mkdir()
    shutil.copy(ROOT / "website/where_next.md", folder / "website")
    shutil.copy(ROOT / "website/404.md", folder)
    (folder / "index.md").write_text(landing_page(readme) + CONTENTS, encoding="utf-8")
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    drawn = sliders.render_all(
        [path for path in paths if not lessons or path.stem.partition("_")[0] in lessons]
    )
    for path in paths:
        lesson = nbformat.read(path, as_version=4)
        make_clickable(lesson.cells)
        if path.stem in drawn:
            pictures, shown = drawn[path.stem]
            moving.make_moving(lesson.cells, shown)
            # Sphinx copies what lies there beside the pages (conf.py).
            beside = folder / "beside/notebooks/sliders"
            shutil.copytree(pictures, beside, dirs_exist_ok=True, ignore=lambda *_: ["all.json"])
        for cell in lesson.cells:
            if cell.cell_type == "markdown":
                cell.source = lead_to_headings(cell.source, path)
            for output in cell.get("outputs", []):
                if "data" in output:
                    output.data = _readable(output.data, output.metadata)
        nbformat.write(lesson, folder / "notebooks" / path.name)


def landing_page(readme):
    """The first page: what the course is, and a card for each lesson with its first picture."""
    rows = ROW.findall(readme)
    cards = [
        f'<a class="lesson" href="notebooks/{stem}.html">{_thumbnail(stem)}'
        f"<b>{html.escape(title)}</b><span>{clicks.to_html(question)}</span>"
        f"<small>{minutes} min</small></a>"
        for title, stem, question, minutes in rows
    ]
    hours = round(sum(int(minutes) for *_, minutes in rows) / 60)
    text = (ROOT / "website/landing.md").read_text(encoding="utf-8")
    return text.format(lessons=len(rows), hours=hours, cards="\n".join(cards))


def _thumbnail(stem):
    """A lesson's first picture, small; nothing for a lesson without one."""
    lesson = nbformat.read(ROOT / f"notebooks/{stem}.ipynb", as_version=4)
    for output in (output for cell in lesson.cells for output in cell.get("outputs", [])):
        if png := output.get("data", {}).get("image/png"):
            picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
            picture.thumbnail((480, 480))
            picture.save(small := io.BytesIO(), "WEBP", quality=80)
            alt = html.escape(output.metadata.get("image/png", {}).get("alt", ""))
            return f'<img alt="{alt}" src="{audio.data_url("image/webp", small.getvalue())}">'
    return ""


def lead_to_headings(text, path):
    """Let links into notebooks name a heading; what JupyterLab goes by is the cell that has it."""

    def heading(link):
        file, cell = link.groups()
        return f"]({file}#{_headings(path.with_name(file or path.name))[cell]})"

    return re.sub(r"\]\(([\w-]+\.ipynb|)#cell-id=([\w-]+)\)", heading, text)


@cache
def _headings(path):
    """The anchor of the first heading in each cell of a notebook, by the cell's id."""
    found = {
        cell.id: re.search(r"^#+ (.+)$", cell.source, re.M)
        for cell in nbformat.read(path, as_version=4).cells
    }
    # As MyST makes it, and GitHub.
    return {
        cell: re.sub(r"[^\w\- ]", "", title[1].lower()).replace(" ", "-")
        for cell, title in found.items()
        if title
    }


def make_clickable(cells):
    """Give guesses and questions buttons of HTML, and fold what comes out after a guess."""
    waiting = []
    for cell in cells:
        if cell.cell_type != "code":
            continue
        calls = re.findall(r"exercises\.(guess|guessed|ask)\(([^)]*)", cell.source)
        if re.fullmatch(r"exercises\.(guess|guessed|ask)\([^)]*\)", cell.source):
            cell.metadata.tags = ["remove-input"]  # its box says all
        answered = []
        for call, arguments in calls:
            keys = re.findall(r'"(\w+\.[\w-]+)"', arguments)
            if call == "guessed":
                answered.append(keys[0])
            elif call == "guess":
                waiting += keys
                cell.outputs = [_html_output(_guess(keys[0]))]
            elif call == "ask":
                cell.outputs = [_html_output("".join(map(_question, keys)))]
        if waiting and cell.outputs and not any(call in ("guess", "ask") for call, _ in calls):
            names = [f"after-{_slug(key)}" for key in waiting]
            cell.metadata.tags = [*cell.metadata.get("tags", []), "hide-output", *names]
            cell.metadata.mystnb = {"code_prompt_show": "Show what comes out",
                                    "code_prompt_hide": "Hide it"}  # fmt: skip
        for key in answered:
            waiting.remove(key)
            for output in cell.outputs:
                _answer_there(output, key)


def _html_output(text):
    return nbformat.v4.new_output("display_data", {"text/html": text})


def _slug(key):
    return key.replace(".", "-")


def _button(text, **data):
    said = "".join(f' data-{name}="{html.escape(value)}"' for name, value in data.items())
    return f'<button type="button" aria-pressed="false"{said}>{html.escape(text)}</button>'


def _guess(key):
    entry = plots.lookup("guesses", key)
    if "number" in entry:
        name = html.escape(entry["number"])
        choices = f'<input aria-label="your guess, {name}" placeholder="{name}">'
        choices += _button("That is my guess")
    else:
        choices = "".join(_button(option, say=option) for option in entry["options"])
    return f'<div class="guess" data-after="{_slug(key)}">{choices}<p aria-live="polite"></p></div>'


def _question(key):
    choices = "".join(
        _button(option, say=clicks.to_html(said)) for option, said in clicks.options(key).items()
    )
    text = clicks.to_html(plots.lookup("questions", key)["ask"])
    return f'<div class="ask"><p><b>{text}</b></p>{choices}<p aria-live="polite"></p></div>'


def _answer_there(output, key):
    """Leave room in a guess's answer for what will have been said."""
    text = output.get("data", {}).get("text/markdown", "")
    if text.startswith(clicks.NO_GUESS):
        answer = clicks.to_html(text.removeprefix(clicks.NO_GUESS))
        said = f'<span data-said="{_slug(key)}"></span>'
        output.data = {"text/html": f"<p>{said}{answer}</p>"}


def _readable(data, metadata):
    if moving.WIDGET in data:
        return {"text/html": NO_KERNEL}
    if "image/png" in data:
        look = metadata.get("image/png", {})
        alt, width = html.escape(look.get("alt", "")), look.get("width", "")
        source = "".join(data["image/png"].split())
        return {
            "text/html": f'<img alt="{alt}" width="{width}" src="data:image/png;base64,{source}">'
        }
    if "dataframe" in data.get("text/html", ""):  # long names may break at their underscores
        return {"text/html": re.sub(r"(?<=\w)_(?=\w)", "_<wbr>", data["text/html"])}
    return data


if __name__ == "__main__":
    lay_out(Path(sys.argv[1]), sys.argv[2:])
