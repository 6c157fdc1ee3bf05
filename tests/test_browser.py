"""A learner's first hour in a real browser: JupyterLab, a clean kernel, Run All, a slider.

And sounds of one's own, in JupyterLab and in a page that Voila serves.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import numpy as np
import pytest
import soundfile as sf
from patience import patience

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
LAB = ROOT / "tools/lab"  # what `make lab` runs
FIRST, OTHER = "00_start_here.ipynb", "02b_what_the_ear_keeps.ipynb"
OWN = "own.ipynb"
OWN_CELLS = [
    """from helpers import audio, jukebox, plots

def look(y, name):
    print(f"{name} lasts {len(y) / 22050:.1f} s, peak {abs(y).max():.2f}")
    ax, source = plots.waveform(y), audio.data_url("audio/mpeg", audio.player(y).data)
    return plots.heard([(ax, "a wave", source, name)])""",
    'look(jukebox.play("disco", 3.0), "disco")',
    "audio.yours(look)",
]
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
def home(tmp_path_factory):
    """A folder with copies of lessons without outputs (old ones would look like success)."""
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
    cells = [nbformat.v4.new_code_cell(source) for source in OWN_CELLS]
    kernel = lesson.metadata  # without it, JupyterLab would ask which kernel to start
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), home / OWN)
    # By default cells that are off the screen are dropped from the page.
    settings = {"notebook-extension/tracker": {"windowingMode": "none"}}
    for name, values in settings.items():
        path = home / f"settings/@jupyterlab/{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values))
    # Nothing of the learner's own settings, and none of theirs is changed.
    own = {
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "IPYTHONDIR": home / "ipython",
    }
    environment = {**os.environ, **{name: str(path) for name, path in own.items()}}
    yield home, environment
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def lab(home):
    """The address of a JupyterLab."""
    options = ["--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"]
    with served(*home, LAB, f"--ServerApp.root_dir={home[0]}", *options) as address:
        _wait_for(f"{address}/api/status", home[0] / "lab.log")
        yield address


@contextmanager
def served(home, environment, program, *options):
    """Start a program of Jupyter, a module or a path, in a folder; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = [program] if isinstance(program, Path) else ["-m", program]
    options = [*options, "--no-browser", f"--port={port}", "--ServerApp.port_retries=0"]
    command = [sys.executable, *start, *options]
    with open(home / f"{Path(program).name}.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=home)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(patience(120))


def _wait_for(address, log):
    end = time.monotonic() + patience(180)
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"the server did not start: {log.read_text(encoding='utf-8')[-2000:]}")


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


def committed(lesson):
    """How many players and how many pictures a lesson's committed outputs hold."""
    cells = nbformat.read(ROOT / "notebooks" / lesson, as_version=4).cells
    # What a machine that holds real music shows isn't shown everywhere.
    cells = [cell for cell in cells if "local_path" not in cell.source]
    data = [out.get("data", {}) for cell in cells for out in cell.get("outputs", [])]
    return (
        sum(shown.get("text/html", "").count("<audio") for shown in data),
        sum("image/png" in shown for shown in data),
    )


def test_a_learner_runs_the_first_lesson_and_turns_a_knob_in_another(lab, browser):
    page, errors = new_page(browser), []
    page.on("pageerror", lambda error: errors.append(error))

    page.goto(f"{lab}/lab/tree/{FIRST}?reset")
    run_all(page, FIRST)
    sounds, pictures = committed(FIRST)
    assert page.locator(f"{PANEL} .jp-OutputArea audio").count() == sounds > 0
    # Pieces of real music are drawn besides, where this machine holds them.
    assert page.locator(f"{PANEL} .jp-RenderedImage img").count() >= pictures > 0
    assert page.locator(".Toastify__toast").count() == 0, "no news over the lesson"
    names = page.locator(".jp-DirListing-itemText")
    assert (
        names.evaluate_all("all => all.filter(name => name.scrollWidth > name.clientWidth)") == []
    )

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
    page.context.close()


def test_make_lab_starts_this_lab_and_says_in_one_line_where_it_is(home):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\nlab: $(READY)\n")[1].split("\n\n")[0].splitlines()
    assert recipe == ["\t@$(BIN)/python tools/my_lessons.py", "\t@exec $(BIN)/python tools/lab"]
    with served(*home, LAB, "--ServerApp.root_dir=.") as address:
        _wait_for(f"{address}/api", home[0] / "lab.log")
    said = (home[0] / "lab.log").read_text(encoding="utf-8").splitlines()
    first = f"{address}/lab/tree/my-lessons/{FIRST}".replace("127.0.0.1", "localhost")
    assert re.match(rf"Your lessons are at {first}\?token=\w+ .*make lab", said[0])
    # Jupyter says that it stops.
    assert all("stopping" in line for line in said[1:])


def test_a_sound_of_ones_own_in_the_lab(lab, browser, tmp_path):
    page = new_page(browser)
    page.goto(f"{lab}/lab/tree/{OWN}?reset")
    run_all(page, OWN)
    hear_own_sounds(page, tmp_path)
    # The keys are the playhead's, and not the notebook's: no cell is chosen or run by them.
    active = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    slider = page.locator(f"{PANEL} [role=slider]").first
    slider.focus()
    before = page.evaluate(active)
    for key in ("ArrowDown", "ArrowUp", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert slider.get_attribute("aria-valuetext") == "0.18 seconds"
    assert page.evaluate(active) == before
    assert complaints(page) == []
    page.context.close()


def test_a_sound_of_ones_own_on_a_page(home, browser, tmp_path):
    with served(*home, "voila", OWN, "--token=") as address:
        _wait_for(address, home[0] / "voila.log")
        page = new_page(browser)
        page.goto(address)
        hear_own_sounds(page, tmp_path)
        page.context.close()


def new_page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(LIMIT_MS)
    return context.new_page()


def hear_own_sounds(page, folder):
    """Record, be refused the microphone, upload a sound and what is none; look at each."""
    own = page.locator(".yours")
    own.locator("text=Record five seconds").click()
    own.locator("text=/your recording lasts [45].. s, peak [01]/").wait_for()
    own.locator("figcaption", has_text="your recording").wait_for()
    page.evaluate("""() => {
        navigator.mediaDevices.getUserMedia =
            () => Promise.reject(new DOMException("no", "NotAllowedError"));
    }""")
    own.locator("text=Record five seconds").click()
    own.locator("text=may not use the microphone").wait_for()
    sf.write(folder / "mine.wav", np.sin(np.arange(44_100)), 44_100)
    (folder / "poem.wav").write_text("Shall I compare thee")
    for name, said in ("mine.wav", "mine.wav lasts 1.0 s"), ("poem.wav", "cannot be decoded"):
        with page.expect_file_chooser() as chooser:
            own.locator("button", has_text="Your file").click()
        chooser.value.set_files(folder / name)
        own.locator(f"text={said}").wait_for()
    # What was done before is still there, and its playhead moves.
    own.locator("figcaption", has_text="mine.wav").wait_for()
    assert own.locator("audio").count() == 1
    own.locator("[role=slider]").press("Space")
    page.wait_for_function(
        "parseFloat(document.querySelector('.yours .playhead i').style.left) > 5"
    )
