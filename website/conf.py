"""Sphinx settings: the course as a static site. ``lessons.py`` lays out what Sphinx reads."""

import html
import json
import os
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
html_static_path = ["_static", "../results/social.png"]
# Where the site is published: GitHub says it (pages.yml); on one's own disk nobody knows.
SITE = os.environ.get("SITE_URL", "").rstrip("/")
html_baseurl = f"{SITE}/" if SITE else ""
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


SUMMARY = (
    "Learn to hear, see and measure music in Python, build classifiers that name its genre, and "
    "find out how far to trust them."
)
# A host shows this page at any address, but what it loads and links to lies at the root.
BASE = """<script>
  const [first] = location.pathname.split("/").filter(Boolean);
  const root = location.hostname.endsWith(".github.io") && first ? `/${first}/` : "/";
  if (location.protocol !== "file:") document.write(`<base href="${root}">`);
</script>"""


def head(app, name, template, context, doctree):
    """What others show of a page that somebody shares; where the page for lost ones belongs."""
    title = BeautifulSoup(context.get("title", ""), "html.parser").get_text()
    said = {"og:type": "website", "og:title": title, "og:description": SUMMARY}
    if html_baseurl:
        said["og:image"] = f"{html_baseurl}_static/social.png"
        said["og:image:alt"] = "The spectrogram of three styles, and which genre is heard when."
        said["twitter:card"] = "summary_large_image"
    tags = [f'<meta property="{key}" content="{html.escape(text)}">' for key, text in said.items()]
    if name == "404":
        tags.append(f'<base href="{html_baseurl}">' if html_baseurl else BASE)
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags])


def take_along(app, config):
    """Pictures that pages ask for only when a slider moves lie beside the pages."""
    config.html_extra_path = [str(Path(app.srcdir) / "beside")]


def setup(app):
    app.connect("config-inited", take_along)
    app.connect("html-page-context", head)
    app.connect("build-finished", write_texts)
