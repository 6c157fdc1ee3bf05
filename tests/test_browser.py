"""A learner's first hour in a real browser: JupyterLab, a clean kernel, Run All, a slider."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
LESSONS = {"00": "00_start_here", "02": "02_see_the_sound"}
# JupyterLab keeps the panels of other notebooks around, hidden.
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
COUNTS = f"""Array.from(document.querySelectorAll("{PANEL} .jp-CodeCell .jp-InputPrompt"),
prompt => prompt.textContent)"""
PATIENCE_MS = 180_000  # for a busy machine


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on copies of the lessons without outputs: old ones would look like success."""
    home = tmp_path_factory.mktemp("lab")
    for name in LESSONS.values():
        lesson = nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4)
        for cell in lesson.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(lesson, home / f"{name}.ipynb")
    # By default cells that are off the screen are dropped from the page.
    settings = home / "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"windowingMode": "none"}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root",
               f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
               f"--ServerApp.root_dir={home}"]  # fmt: skip
    # Nothing of the learner's own settings, and none of theirs is changed.
    own = {
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "IPYTHONDIR": home / "ipython",
    }
    environment = {**os.environ, **{name: str(path) for name, path in own.items()}}
    with open(home / "log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"{address}/api/status", server, home / "log")
        yield address
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(address, server, log, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not start: {log.read_text(encoding='utf-8')[-2000:]}")


@pytest.fixture
def lesson(lab, browser):
    """Open a lesson, run all of its cells in a clean kernel, and give back the page."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(error))

    def run_all(number):
        page.goto(f"{lab}/lab/tree/{LESSONS[number]}.ipynb?reset")
        page.wait_for_selector(f"{PANEL} .jp-CodeCell", timeout=PATIENCE_MS)
        page.wait_for_selector('[data-status="idle"]', timeout=PATIENCE_MS, state="attached")
        page.wait_for_timeout(1500)  # the menu is built while the page looks idle
        page.click("text='Run'")
        page.click('[data-command="runmenu:run-all"]')
        page.wait_for_function(rf"{COUNTS}.every(text => /\d+/.test(text))", timeout=PATIENCE_MS)
        return page

    yield run_all
    context.close()
    assert not errors


def complaints(page):
    """Errors and warnings among the outputs."""
    kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
    places = ", ".join(f'{PANEL} [data-mime-type="{kind}"]' for kind in kinds)
    return page.locator(places).all_inner_texts()


def test_the_first_lesson_runs_from_a_clean_kernel(lesson):
    page = lesson("00")
    counts = page.evaluate(COUNTS)
    assert [int(text.strip("[]: ")) for text in counts] == list(range(1, len(counts) + 1))
    assert complaints(page) == []
    assert page.locator(f"{PANEL} .jp-OutputArea audio").count() == 1
    assert page.locator(f"{PANEL} .jp-RenderedImage img").count() == 2
    assert "waits for your answer" in page.locator(f"{PANEL} .jp-OutputArea").last.inner_text()


def test_a_slider_changes_the_picture(lesson):
    page = lesson("02")
    assert complaints(page) == []
    mixer = page.locator(f"{PANEL} .mixer").first
    mixer.scroll_into_view_if_needed()
    before = mixer.locator("img").get_attribute("src")
    handle = mixer.locator(".noUi-handle").first
    handle.focus()
    handle.press("PageUp")
    page.wait_for_function(
        "([place, old]) => document.querySelector(place).src !== old",
        arg=[f"{PANEL} .mixer img", before],
        timeout=PATIENCE_MS,
    )
    assert mixer.locator("img").get_attribute("alt")
    assert complaints(page) == []
