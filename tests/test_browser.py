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
from patience import patience

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
FIRST, OTHER = "00_start_here.ipynb", "02_see_the_sound.ipynb"
# JupyterLab keeps the panels of other notebooks around, hidden.
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
COUNTS = f"""Array.from(document.querySelectorAll("{PANEL} .jp-CodeCell .jp-InputPrompt"),
prompt => prompt.textContent)"""
LIMIT_MS = 1000 * patience(300)
# The page shows an idle kernel before it can talk to it, and what is run then is lost. So the
# kernel is asked something first.
OPENED = "lesson => window.jupyterapp?.shell.currentWidget?.context?.path === lesson"
READY = """async () => {
    await window.jupyterapp.restored;
    const { context, sessionContext } = window.jupyterapp.shell.currentWidget;
    await context.ready;
    await sessionContext.ready;
    const { kernel } = sessionContext.session;
    await kernel.info;
    await kernel.requestExecute({ code: "", silent: true, store_history: false }).done;
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on copies of the lessons without outputs: old ones would look like success."""
    home = tmp_path_factory.mktemp("lab")
    for name in (FIRST, OTHER):
        lesson = nbformat.read(ROOT / "notebooks" / name, as_version=4)
        if name == OTHER:  # of which only the knobs need a browser: its first cell imports
            code = [cell for cell in lesson.cells if cell.cell_type == "code"]
            lesson.cells = [code[0], *(cell for cell in code if "panel.build" in cell.source)]
        for cell in lesson.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(lesson, home / name)
    settings = {
        # By default cells that are off the screen are dropped from the page.
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    }
    for name, values in settings.items():
        path = home / f"settings/@jupyterlab/{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root",
               f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
               "--LabApp.expose_app_in_browser=True",
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
        server.wait(patience(120))
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(address, server, log):
    end = time.monotonic() + patience(180)
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not start: {log.read_text(encoding='utf-8')[-2000:]}")


def complaints(page):
    """Errors and warnings among the outputs."""
    kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
    places = ", ".join(f'{PANEL} [data-mime-type="{kind}"]' for kind in kinds)
    return page.locator(places).all_inner_texts()


def run_all(page, lesson):
    """Wait for a lesson that was opened, and run all of its cells in its clean kernel."""
    page.wait_for_function(OPENED, arg=lesson)
    page.evaluate(READY)
    page.click("text='Run'")
    page.click('[data-command="runmenu:run-all"]')
    page.wait_for_function(rf"{COUNTS}.every(text => /\d+/.test(text))")
    counts = page.evaluate(COUNTS)
    assert [int(text.strip("[]: ")) for text in counts] == list(range(1, len(counts) + 1))
    assert complaints(page) == []


def test_a_learner_runs_the_first_lesson_and_turns_a_knob_in_another(lab, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(LIMIT_MS)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(error))

    page.goto(f"{lab}/lab/tree/{FIRST}?reset")
    run_all(page, FIRST)
    assert page.locator(f"{PANEL} .jp-OutputArea audio").count() == 1
    assert page.locator(f"{PANEL} .jp-RenderedImage img").count() == 2
    assert "waits for your answer" in page.locator(f"{PANEL} .jp-OutputArea").last.inner_text()

    page.locator(".jp-DirListing-itemText", has_text=OTHER).dblclick()
    run_all(page, OTHER)
    mixer = page.locator(f"{PANEL} .mixer").first
    mixer.scroll_into_view_if_needed()
    before = mixer.locator("img").get_attribute("src")
    handle = mixer.locator(".noUi-handle").first
    handle.focus()
    handle.press("PageUp")
    page.wait_for_function(
        "([place, old]) => document.querySelector(place).src !== old",
        arg=[f"{PANEL} .mixer img", before],
    )
    assert mixer.locator("img").get_attribute("alt")
    assert complaints(page) == []
    assert not errors
    context.close()
