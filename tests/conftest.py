"""What several test files need."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data():
    folder = Path(__file__).parents[2] / "shared/data"
    if not folder.is_dir():
        pytest.skip("skipped, because the real audio does not lie beside the checkout")
    return folder


@pytest.fixture(scope="session")
def musicnn_wheel(tmp_path_factory):
    """The published package, from wherever pip is set up to look."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    if subprocess.run([*command, "musicnn==0.1.0"], capture_output=True).returncode:
        pytest.skip("skipped, because pip reaches no package index")
    (wheel,) = folder.iterdir()
    return wheel


@pytest.fixture(scope="session")
def musicnn_weights():
    from helpers import datasets

    try:
        return datasets.fetch("musicnn")
    except datasets.FetchError as error:
        pytest.skip(f"skipped, because the weights are not here: {error}")


@pytest.fixture(scope="module")
def browser():
    """A real, headless Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("skipped, because Chromium is not installed")
    from playwright.sync_api import sync_playwright

    # Chromium's own sandbox refuses to start for root, as in most containers.
    options = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=options)
        yield chromium
        chromium.close()
