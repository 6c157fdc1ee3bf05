"""The static site: complete, readable without a network, and fit for a phone."""

import itertools
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from patience import patience

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
WIDTHS = {"desktop": 1280, "phone": 390}


class Page(HTMLParser):
    """What a page loads and links to, its pictures and its headings."""

    def __init__(self, path):
        super().__init__()
        self.loaded, self.links, self.pictures, self.headings = [], [], [], []
        self.reading = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "script" and "src" in attributes:
            self.loaded.append(attributes["src"])
        if tag == "link" and attributes.get("rel") in ("stylesheet", "preload", "icon"):
            self.loaded.append(attributes["href"])
        if tag == "a":
            self.links.append(attributes.get("href", ""))
        if tag == "img":
            self.pictures.append((attributes["src"], attributes.get("alt")))
        if tag == "article":
            self.reading = True
        # What comes before is for paper only.
        if self.reading and re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    for command in (
        ["website/lessons.py", folder / "pages"],
        ["-m", "sphinx", "-q", "--fail-on-warning", "-c", "website", folder / "pages",
         folder / "html"],
    ):  # fmt: skip
        run = subprocess.run(
            [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
        )
        assert run.returncode == 0, run.stderr
    return folder / "html"


def pages(site):
    return [site / "index.html", *(site / f"notebooks/{path.stem}.html" for path in LESSONS)]


def test_every_lesson_has_a_page_and_a_way_to_it(site):
    index = Page(site / "index.html")
    for path in LESSONS:
        assert f"notebooks/{path.stem}.html" in index.links
        assert (
            f"../_sources/notebooks/{path.name}" in Page(site / f"notebooks/{path.stem}.html").links
        )


def test_nothing_is_loaded_from_elsewhere(site):
    for path in pages(site):
        page = Page(path)
        for address in [*page.loaded, *(source for source, _ in page.pictures)]:
            assert not re.match(r"(https?:)?//", address), (path.name, address)


def test_links_lead_somewhere(site):
    for path in pages(site):
        for link in Page(path).links:
            target = unquote(link.partition("#")[0])
            if target and not re.match(r"\w+:", target):
                assert (path.parent / target).exists(), (path.name, link)


def test_every_picture_has_words(site):
    for path in pages(site):
        page = Page(path)
        for source, alt in page.pictures:
            if "logo" not in source:
                assert len(alt or "") > 30, (path.name, source[:60])


def test_headings_are_in_order(site):
    for path in pages(site):
        headings = Page(path).headings
        assert headings.count(1) == 1, path.name
        steps = [b - a for a, b in itertools.pairwise(headings)]
        assert max(steps) <= 1, (path.name, headings)


def test_fits_every_screen_without_a_network(site, browser):
    context = browser.new_context(offline=True)
    context.set_default_timeout(1000 * patience(120))
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(error))
    for path in pages(site):
        page.goto(path.as_uri())
        for screen, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 900})
            # Wide tables and pictures may scroll by themselves, the page may not.
            needed = page.evaluate("document.documentElement.scrollWidth")
            assert needed <= width, (path.name, screen)
    assert not errors
    context.close()


def test_searching_finds_a_lesson_without_a_network(site, browser):
    context = browser.new_context(offline=True)
    context.set_default_timeout(1000 * patience(120))
    page = context.new_page()
    page.goto((site / "search.html").as_uri() + "?q=fault-filtered")
    page.wait_for_selector("#search-results li a")
    found = page.locator("#search-results li a").evaluate_all("links => links.map(a => a.href)")
    assert any("05_neural_network" in link for link in found)
    context.close()
