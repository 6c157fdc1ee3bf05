"""The static site: complete, readable without a network, and fit for a phone."""

import itertools
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import moving
import pytest
import sliders
from axe_playwright_python.sync_playwright import Axe
from patience import patience

from helpers import datasets, features
from helpers.evaluation import listening_test

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
        ["website/lessons.py", folder / "pages", "02b"],  # one slider will do
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


def whole(site):
    """Every page that people read: the lessons, cards of models and data, and what frames them."""
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


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
                assert len(alt or "") > 20, (path.name, source[:60])


def test_headings_are_in_order(site):
    for path in pages(site):
        headings = Page(path).headings
        assert headings.count(1) == 1, path.name
        steps = [b - a for a, b in itertools.pairwise(headings)]
        assert max(steps, default=0) <= 1, (path.name, headings)


# What sticks out of its own box, beyond a point of rounding: [what, by how much, how it begins].
STICKS_OUT = """selector => [...document.querySelectorAll(selector)]
    .map(box => [box.closest(".cell_input") ? "code" : box.className || box.tagName,
                 box.scrollWidth - box.clientWidth, box.textContent.trim().slice(0, 40)])
    .filter(([, by]) => by > 1)"""
BOXES = "article :is(pre, table, img, figure, .cell_output, .output, .ask, .guess)"


def dark_and_light(page):
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        yield theme


def test_fits_every_screen_without_a_network(site, browser):
    """At a desk nothing is cut; on a phone code and wide things scroll, the page never does."""
    context = browser.new_context(offline=True)
    context.set_default_timeout(1000 * patience(120))
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(error))
    for path in whole(site):
        page.goto(path.as_uri())
        for screen, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 900})
            for theme in dark_and_light(page):
                needed = page.evaluate("document.documentElement.scrollWidth")
                assert needed <= width, (path.name, screen, theme)
                if screen == "desktop":
                    assert page.evaluate(STICKS_OUT, BOXES) == [], (path.name, theme)
                else:
                    assert page.evaluate(STICKS_OUT, "article .cell_output pre") == [], path.name
    assert not errors
    context.close()


def test_everybody_can_read_it(site, browser):
    """No serious fault by axe-core: contrast, names, roles, order of headings."""
    page = browser.new_page(reduced_motion="reduce")
    page.set_default_timeout(1000 * patience(120))
    for path in whole(site):
        page.goto(path.as_uri())
        for theme in dark_and_light(page):
            found = Axe().run(page).response["violations"]
            serious = [
                (fault["id"], node["html"][:200])
                for fault in found
                if fault["impact"] in ("serious", "critical")
                for node in fault["nodes"]
            ]
            assert serious == [], (path.name, theme)
    page.close()


def test_a_guess_unfolds_what_comes_out_and_a_question_answers(site, browser):
    page = browser.new_page()
    page.set_default_timeout(1000 * patience(60))
    page.goto((site / "notebooks/02_see_the_sound.html").as_uri())
    folded = page.locator("details.hide")
    assert folded.count() > 0
    assert not any(one.get_attribute("open") is not None for one in folded.all())
    guess = page.locator(".guess:not(:has(input))").first
    said = guess.locator("button").first
    said.press("Enter")
    assert said.inner_text() in guess.locator("[aria-live]").inner_text()
    after = guess.get_attribute("data-after")
    opened = page.locator(f".tag_after-{after} details")
    assert all(one.get_attribute("open") is not None for one in opened.all())
    assert page.locator(f'[data-said="{after}"]').inner_text().startswith("You said")
    question = page.locator(".ask").first
    heard = set()
    for choice in question.locator("button").all():
        choice.click()
        heard.add(question.locator("[aria-live]").inner_text())
    assert len(heard) == question.locator("button").count()
    assert sum("✔" in sentence for sentence in heard) == 1
    page.close()


# What can be operated, but not by keys alone, or shows no sign of having the focus.
OPERATED = "button, input, select, audio, summary, a[href], [role=slider], [role=application]"
KEYLESS = """selector => [...document.querySelectorAll(`article :is(${selector})`)]
    .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.disabled)
    .filter(one => {
      one.focus();
      const {outlineStyle, boxShadow} = getComputedStyle(one);
      return document.activeElement !== one || one.tabIndex < 0
        || (outlineStyle === "none" && boxShadow === "none");
    })
    .map(one => one.outerHTML.slice(0, 120))"""


def test_the_keyboard_reaches_whatever_can_be_operated(site, browser):
    page = browser.new_page()
    page.set_default_timeout(1000 * patience(60))
    for path in whole(site):
        page.goto(path.as_uri())
        page.keyboard.press("Tab")  # so that the browser shows where the focus is
        assert page.evaluate(KEYLESS, OPERATED) == [], path.name
    page.close()


def test_the_keyboard_alone_lists_songs_and_moves_a_playhead(site, browser):
    page = browser.new_page()
    page.set_default_timeout(1000 * patience(60))
    page.goto((site / "notebooks/04_first_classifiers.html").as_uri())
    matrix = page.locator(".songs-behind").first
    cell = matrix.locator("tbody button").first
    cell.press("Enter")
    heading = cell.get_attribute("aria-label")
    assert heading in matrix.locator("[aria-live]").inner_text()
    assert matrix.locator("[aria-live] li").count() == int(re.search(r"\d+", heading)[0])
    page.goto((site / "notebooks/02_see_the_sound.html").as_uri())
    player = page.locator(".playhead [role=slider]").first
    player.press("ArrowRight")
    page.wait_for_function(
        "slider => Number(slider.getAttribute('aria-valuenow')) > 0", arg=player.element_handle()
    )
    page.close()


def test_the_search_shows_excerpts_from_files(site, browser):
    context = browser.new_context(offline=True)
    context.set_default_timeout(1000 * patience(60))
    page = context.new_page()
    page.goto((site / "search.html").as_uri() + "?q=Clever")
    excerpt = page.locator("#search-results li", has_text="09 ·").locator("p.context").first
    excerpt.wait_for()
    assert "clever" in excerpt.inner_text().lower()
    context.close()


def test_a_slider_shows_another_picture_with_its_own_words(site, browser):
    context = browser.new_context(offline=True)
    context.set_default_timeout(1000 * patience(60))
    page = context.new_page()
    page.goto((site / "notebooks/02b_what_the_ear_keeps.html").as_uri())
    slider = page.locator(".slider").first
    knob, picture = slider.get_by_label("how many"), slider.locator("img")
    seen = set()
    knob.press("Home")
    for state in ("2", "5", "20", "128"):
        assert knob.get_attribute("aria-valuetext") == state
        assert re.search(rf"\b{state}\b", picture.get_attribute("alt"))
        assert (site / "notebooks" / picture.get_attribute("src")).exists()
        page.wait_for_function(
            "picture => picture.complete && picture.naturalWidth", arg=picture.element_handle()
        )
        seen.add((picture.get_attribute("src"), picture.get_attribute("alt")))
        knob.press("ArrowRight")
    assert len(seen) == 4
    context.close()


def test_what_moves_is_small(site):
    pictures = list((site / "notebooks/sliders").rglob("*.png"))
    assert 0 < sum(picture.stat().st_size for picture in pictures) / len(pictures) < 75_000


@pytest.fixture
def moving_page(site, tmp_path, browser):
    """A page of the site's style and script with whatever moves."""
    context = browser.new_context(offline=True, reduced_motion="reduce")
    context.set_default_timeout(1000 * patience(60))
    page = context.new_page()

    def show(body):
        head = (site / "readme.html").read_text(encoding="utf-8").partition("<body")[0]
        text = f'{head}<body><main class="bd-content"><article><h1>x</h1>{body}</article></main>'
        path = site / "moving.html"
        path.write_text(text, encoding="utf-8")
        page.goto(path.as_uri())
        return page

    yield show
    (site / "moving.html").unlink()
    context.close()


def fine(page):
    found = Axe().run(page).response["violations"]
    return [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []


def test_the_listening_test_marks_by_the_lesson_s_own_rules(moving_page, tmp_path):
    windows = listening_test.choose(datasets.sampler())
    patches = features.from_bytes(datasets.patches())[windows.index][:1]
    rival = listening_test.mark(windows, ["rock"] * 20)
    drawn = sliders.draw_windows(windows, patches, {"a rock": rival}, tmp_path)
    page = moving_page(moving.windows({"folder": "x", **drawn}))
    page.get_by_role("button", name="Start").press("Enter")
    answers = [*windows.genre[:12], *["metal"] * 8]
    page.get_by_role("button", name="blues").click()
    page.get_by_role("button", name="back").press("Enter")
    for number, answer in enumerate(answers, start=1):
        assert f"Window {number} of 20" in page.locator("p").first.inner_text()
        page.get_by_role("button", name=answer, exact=True).press("Enter")
    you = listening_test.mark(windows, answers)
    result = page.locator(".result").inner_text()
    for wanted in (listening_test.score(you), listening_test.score(rival)):
        assert str(wanted) in result
    right_you, right_rival = (rows.predicted == rows.genre for rows in (you, rival))
    alone = sum(right_you & ~right_rival), sum(right_rival & ~right_you)
    assert sliders.duel(*alone, 20) in result
    assert listening_test.as_digits(answers) in result
    assert fine(page)


def test_the_song_map_names_songs_for_pointer_finger_and_keys(moving_page):
    songs = [[0.2, 0.5, "one"], [0.5, 0.5, "two"], [0.5, 0.8, "three"]]
    look = {"folder": "x", "alt": "a map of three songs", "width": 400, "height": 300}
    page = moving_page(moving.song_map({"songs": songs, **look}))
    name, song_map = page.locator("[aria-live]"), page.get_by_role("application")
    box = page.locator(".song-map img").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"] + 3, box["y"] + 0.8 * box["height"])
    assert name.inner_text() == "three"
    song_map.press("ArrowUp")
    assert name.inner_text() == "two"
    song_map.press("ArrowLeft")
    assert name.inner_text() == "one"
    song_map.press("ArrowLeft")
    assert name.inner_text() == "one"
    assert fine(page)
