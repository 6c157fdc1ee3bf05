"""What a host and those who share a page need of the site, tried on a site of two pages."""

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = "https://ann.github.io/genre"


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """A function that builds the site for an address; its folder."""

    @functools.cache
    def build(address):
        folder = tmp_path_factory.mktemp("published")
        (folder / "pages/beside").mkdir(parents=True)
        (folder / "pages/index.md").write_text("# Hear *the* Genre & more\n")
        shutil.copy(ROOT / "website/404.md", folder / "pages")
        command = ["-m", "sphinx", "-q", "--fail-on-warning", "-c", "website", folder / "pages"]
        run = subprocess.run(
            [sys.executable, *command, folder / "html"], cwd=ROOT, capture_output=True, text=True,
            env={**os.environ, "SITE_URL": address}, encoding="utf-8",
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        return folder / "html"

    return build


def head(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").head


def test_who_shares_a_page_shows_its_title_and_a_picture(build):
    site = build(ADDRESS)
    said = {
        tag["property"]: tag["content"] for tag in head(site / "index.html")("meta", property=True)
    }
    assert said["og:title"] == "Hear the Genre & more"
    assert len(said["og:description"]) > 60
    assert said["og:image"] == f"{ADDRESS}/_static/social.png"
    picture = site / "_static/social.png"
    assert Image.open(picture).size == (1280, 640)
    assert picture.stat().st_size < 500_000


def test_without_an_address_there_is_no_picture_that_leads_nowhere(build):
    tags = head(build("") / "index.html")("meta", property=True)
    assert "og:title" in {tag["property"] for tag in tags}
    assert "og:image" not in {tag["property"] for tag in tags}


def test_the_site_has_an_icon_and_no_host_hides_its_folders(build):
    site = build("")
    assert (site / ".nojekyll").exists()
    assert (site / head(site / "index.html").find("link", rel="icon")["href"]).exists()


@pytest.mark.parametrize("address", [ADDRESS, ""], ids=["published", "by hand"])
def test_a_missing_page_looks_the_same_at_any_depth(build, browser, address):
    site = build(address)

    def host(route):
        """As GitHub Pages answers."""
        path = route.request.url.partition("?")[0].removeprefix(f"{ADDRESS}/")
        there = site / path if path and (site / path).is_file() else None
        route.fulfill(path=there or site / "404.html", status=200 if there else 404)

    page = browser.new_page()
    page.route("**/*", host)
    plain = page.evaluate("getComputedStyle(document.body).fontFamily")
    for depth in ("", "notebooks/", "a/b/c/"):
        page.goto(f"{ADDRESS}/{depth}nothing.html")
        # Chromium also loads ahead, before it knows where; what counts is what it uses.
        sheets = page.evaluate("[...document.styleSheets].map(sheet => sheet.href).filter(Boolean)")
        assert len(sheets) > 3
        assert all(sheet.startswith(f"{ADDRESS}/_static/") for sheet in sheets)
        assert page.evaluate("getComputedStyle(document.body).fontFamily") != plain
        assert page.locator("article h1").inner_text().startswith("There is no")
        link = page.locator("article a", has_text="All lessons")
        assert link.evaluate("a => a.href") == f"{ADDRESS}/index.html"
    page.close()


def test_main_is_published_under_its_own_address():
    text = (ROOT / ".github/workflows/pages.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["publish"]["steps"]
    (site,) = (step for step in steps if "make site" in step.get("run", ""))
    assert site["env"]["SITE_URL"] == "${{ steps.pages.outputs.base_url }}"
    used = [step["uses"].partition("@")[0] for step in steps if "uses" in step]
    assert [name for name in used if "pages" in name] == [
        "actions/configure-pages", "actions/upload-pages-artifact", "actions/deploy-pages"
    ]  # fmt: skip
    assert re.search(r"branches: \[main\]", text)
