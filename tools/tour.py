"""Record results/tour.gif for the README: the mixer, then a song's timeline, in Chromium.

``python tools/tour.py [path of a Chromium]`` serves both as they are, by Voila, turns and seeks as
a visitor would, and keeps what is seen.
"""

import io
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
MIXER = "from helpers.jukebox import panel\n\npanel.build('rock')"
SONG = """
import numpy as np

from helpers import jukebox
from helpers.song import SongClassifier, page

pieces = [jukebox.play(style, 12, seed=1) for style in ("classical", "metal", "disco")]
page.build([SongClassifier.default()], np.concatenate(pieces))
"""
TURNS = {"brightness": "PageDown", "distortion": "PageUp", "tempo": "PageUp"}
LIMIT_MS, WIDTH = 120_000, 720


def main(chromium=None):
    """Record, and write the GIF."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for name, code in (("mixer", MIXER), ("song", SONG)):
            cell = nbformat.v4.new_code_cell(code.strip())
            nbformat.write(nbformat.v4.new_notebook(cells=[cell]), Path(folder, f"{name}.ipynb"))
        options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page(viewport={"width": 800, "height": 900})
        page.set_default_timeout(LIMIT_MS)
        server, address = _serve(folder)
        try:
            frames = [
                *_mixer(page, f"{address}/mixer.ipynb"),
                *_song(page, f"{address}/song.ipynb"),
            ]
        finally:
            server.terminate()
    _save(frames, ROOT / "results/tour.gif")


def _serve(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "voila", folder, f"--port={port}", "--no-browser", "--token="]
    server = subprocess.Popen(command, cwd=ROOT)
    address = f"http://127.0.0.1:{port}/voila/render"
    for _ in range(300):
        time.sleep(0.2)
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
            break
        except OSError:
            continue
    return server, address


def _mixer(page, address):
    """(picture, seconds) for each turn of a knob."""
    page.goto(address)
    mixer = page.locator(".mixer")
    picture = mixer.locator("img").first
    picture.wait_for()
    yield _shot(mixer), 2.0
    for knob, key in TURNS.items():
        handle = mixer.locator(".widget-inline-hbox", has_text=knob).locator(".noUi-handle")
        for _ in range(4):
            place = handle.get_attribute("aria-valuenow")
            before = picture.get_attribute("src")
            handle.press(key)
            if handle.get_attribute("aria-valuenow") == place:  # at its end
                break
            changed = "before => document.querySelector('.mixer img').src !== before"
            page.wait_for_function(changed, arg=before)
            yield _shot(mixer), 0.8


def _song(page, address):
    """(picture, seconds) as the playhead moves over a song's timeline."""
    page.goto(address)
    figure = page.locator(".playhead figure").first
    figure.wait_for()
    for seconds in range(0, 36, 1):
        page.evaluate("s => { document.querySelector('.playhead audio').currentTime = s }", seconds)
        time.sleep(0.15)
        yield _shot(figure), 0.12


def _shot(locator):
    return Image.open(io.BytesIO(locator.screenshot())).convert("RGB")


def _save(frames, path):
    """All frames on white, as wide as the README shows them."""
    height = max(round(picture.height * WIDTH / picture.width) for picture, _ in frames)
    drawn = []
    for picture, _ in frames:
        small = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)))
        canvas = Image.new("RGB", (WIDTH, height), "white")
        canvas.paste(small, (0, (height - small.height) // 2))
        drawn.append(canvas.quantize(64, dither=Image.Dither.NONE))
    times = [round(1000 * seconds) for _, seconds in frames]
    drawn[0].save(
        path, save_all=True, append_images=drawn[1:], duration=times, loop=0, optimize=True
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
