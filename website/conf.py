"""Sphinx settings: the course as a static site. ``lessons.py`` lays out what Sphinx reads."""

import json
from pathlib import Path

from bs4 import BeautifulSoup

project = "Hear the Genre"
author = "the authors of Hear the Genre"
copyright = "code MIT, text CC BY 4.0"
language = "en"

extensions = ["myst_nb", "sphinx.ext.githubpages"]
root_doc = "index"
exclude_patterns = ["build"]
# The lessons are shown as they were committed; the tests run them.
nb_execution_mode = "off"
nb_merge_streams = True
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_title = "Hear the Genre"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["course.css"]
html_js_files = ["course.js"]
html_theme_options = {
    "home_page_in_toc": True,
    "use_fullscreen_button": False,
    "navbar_persistent": [],  # one search field is enough
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def write_texts(app, error):
    """What the search shows of each page it finds, as a script: see ``course.js``."""
    if error or app.builder.name != "html":
        return
    texts, root = {}, Path(app.outdir)
    for name in app.env.found_docs:
        page = BeautifulSoup((root / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        main = page.find(attrs={"role": "main"})
        for needless in main.find_all(["script", "style", "img", "audio", "nav"]):
            needless.decompose()
        for tag in main.find_all(True):
            if tag.name == "section":
                tag.attrs = {"id": tag.get("id", "")}
            else:
                tag.unwrap()
        texts[f"{name}.html"] = f'<div role="main">{main.decode_contents()}</div>'
    script = f"window.COURSE_TEXTS = {json.dumps(texts, ensure_ascii=False)};"
    (root / "_static/texts.js").write_text(script, encoding="utf-8")


def take_along(app, config):
    """Pictures that pages ask for only when a slider moves lie beside the pages."""
    config.html_extra_path = [str(Path(app.srcdir) / "beside")]


def setup(app):
    app.connect("config-inited", take_along)
    app.connect("build-finished", write_texts)
