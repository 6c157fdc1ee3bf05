"""What several test files need."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from patience import patience

# Property tests end after so many examples, and not after so much time.
settings.register_profile("course", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("course")


@pytest.fixture(scope="session")
def shared_data():
    folder = Path(__file__).parents[2] / "shared/data"
    if not folder.is_dir():
        pytest.skip("skipped, because the real audio does not lie beside the checkout")
    return folder


def held(name):
    """A file that tests need, where it is held: no test downloads it (`make test` does, before)."""
    from helpers import datasets

    path = datasets.local_path(name)
    if path is None:
        pytest.skip(f"skipped, because {name} is not here: python -m helpers fetch {name}")
    return path


@pytest.fixture(scope="session")
def musicnn_wheel():
    return held("musicnn")


@pytest.fixture(scope="session")
def yamnet_tflite():
    return held("yamnet")


@pytest.fixture(scope="module")
def browser():
    """A real, headless Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("skipped, because Chromium is not installed")
    from playwright.sync_api import sync_playwright

    # Chromium's own sandbox refuses to start for root, as in most containers.
    options = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
               # A microphone that beeps, and nobody who has to allow it.
               "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]  # fmt: skip
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=options, timeout=1000 * patience(120)
        )
        yield chromium
        chromium.close()
