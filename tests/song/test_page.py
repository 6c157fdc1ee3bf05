"""The page that takes a song: what it says, what it draws, and that it always answers."""

import html
import io
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import requests
import soundfile as sf
from patience import patience

from helpers import audio, jukebox, plots
from helpers.song import NOT_SURE, PRETRAINED, Prediction, SongClassifier, page, training

SR = audio.SAMPLE_RATE
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def classifier():
    return SongClassifier.load(PRETRAINED / "hand-made")


@pytest.fixture
def parts(classifier):
    """Upload button, verdict and pictures of a page."""
    top, said, pictures, _ = page.build([classifier], jukebox.play("jazz", 4.0)).children
    return top.children[0], said, pictures


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def shown(pictures):
    """The HTML under a verdict."""
    return "".join(output["data"]["text/html"] for output in pictures.outputs)


def give(upload, name, content):
    """Set what the browser would send."""
    date = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    file = {"name": name, "type": "", "size": len(content), "content": content}
    upload.value = [file | {"last_modified": date}]


def test_the_page_opens_with_an_example_and_a_promise(classifier, parts):
    _, said, pictures = parts
    assert "an example from the jukebox" in said.value
    assert shown(pictures).count('src="data:image/png;base64,') == 1
    assert shown(pictures).count('src="data:audio/flac;base64,') == 1
    promise = page.build([classifier], jukebox.play("jazz", 4.0)).children[-1].value
    score = classifier.card["accuracy"]["artists kept whole"]
    assert f"Right for {score['value']:.0%} [{score['low']:.0%}, {score['high']:.0%}]" in promise
    assert "509 songs" in promise
    assert "Sure about" in promise


def test_an_uploaded_song_is_answered(classifier, parts):
    upload, said, pictures = parts
    before, file = shown(pictures), io.BytesIO()
    sf.write(file, jukebox.play("metal", 7.0), SR, format="MP3")
    give(upload, "mine & yours.mp3", file.getvalue())
    best = classifier.predict(io.BytesIO(file.getvalue())).probabilities
    assert "mine &amp; yours.mp3" in said.value
    assert f"{best.index[0]} {best.iloc[0]:.1%}" in said.value
    assert shown(pictures) != before
    assert audio.data_url("audio/mpeg", file.getvalue()) in shown(pictures)


def test_the_page_keeps_its_room_while_it_listens(classifier, parts):
    upload, said, pictures = parts
    seen = []
    said.observe(lambda change: seen.append((change.new, pictures.layout.visibility)), "value")
    before = pictures.outputs
    pictures.observe(lambda change: seen.append(change.old == before), "outputs")
    file = io.BytesIO()
    sf.write(file, jukebox.play("metal", 4.0), SR, format="WAV")
    give(upload, "mine.wav", file.getvalue())
    assert "listening" in seen[0][0]
    assert seen[0][1] == "hidden"
    assert seen[2] is True  # the old pictures were there until the new ones came
    assert pictures.layout.visibility == "visible"


@pytest.mark.parametrize(
    ("kind", "subtype", "played"),
    [
        ("WAV", "PCM_16", "audio/wav"),
        ("WAV", "FLOAT", "audio/wav"),
        ("FLAC", "PCM_16", "audio/flac"),
        ("OGG", "VORBIS", "audio/ogg"),
        ("MP3", "MPEG_LAYER_III", "audio/mpeg"),
        ("AIFF", "PCM_16", None),
        ("WAV", "MS_ADPCM", None),
    ],
)
def test_a_song_is_played_as_it_was_uploaded_if_browsers_play_that(kind, subtype, played):
    sf.write(file := io.BytesIO(), jukebox.play("jazz", 1.0), SR, format=kind, subtype=subtype)
    as_it_is = audio.data_url(str(played), file.getvalue())
    heard = page.address(file)
    assert (heard == as_it_is) == bool(played)
    assert heard.startswith(f"data:{played or 'audio/flac'};")


def test_a_large_song_is_played_as_it_was_heard(monkeypatch):
    sf.write(file := io.BytesIO(), jukebox.play("jazz", 1.0), SR, format="WAV")
    monkeypatch.setattr(page, "LARGEST", 10_000)
    assert page.address(file).startswith("data:audio/flac;")


def test_each_classifier_is_named_and_has_a_picture_beside_the_other(classifier):
    other = SongClassifier(classifier.weights, classifier.card | {"embedding": "script"})
    song = jukebox.play("jazz", 4.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(other, "predict", classifier.predict)
        _, said, pictures, promises = page.build([classifier, other], song).children
    assert shown(pictures).count("<img ") == 2
    # Both timelines have the playhead of the one player.
    assert shown(pictures).count('src="data:audio/flac;base64,') == 1
    for name in ("hand-made features: ", "the script's 26 features: "):
        assert said.value.count(html.escape(name)) == 1
        assert promises.value.count(html.escape(name)) == 1


def test_bad_uploads_are_answered_too_and_a_name_is_no_html(parts):
    upload, said, pictures = parts
    give(upload, "<script>poem</script>.wav", b"not music")
    assert "cannot be decoded" in said.value
    assert "<script>" not in said.value
    assert pictures.outputs == ()
    give(upload, "empty.wav", b"")
    assert "empty.wav" in said.value
    assert "listening" not in said.value


def answer(timeline, genre="rock"):
    frame = pd.DataFrame(timeline, columns=["jazz", "rock"])
    frame.index = pd.Index(np.arange(len(frame)) * 3.0, name="seconds")
    return Prediction(genre, frame.mean().sort_values(ascending=False), frame)


CARD = {
    "embedding": "full",
    "labels": ["jazz", "rock"],
    "threshold": 0.6,
    "accuracy": {"artists kept whole": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 509}},
    "when_sure": {"accuracy": None},
}


def test_the_verdict_says_what_is_not_sure_and_what_is_silent():
    words = page.describe(answer([[0.404, 0.596], [np.nan, np.nan]], NOT_SURE), CARD)
    assert words.startswith("hand-made features: not sure, no genre is above 60.0% (rock 59.6%, ")
    assert words.endswith("; silent windows, which count for nothing: 1")
    assert page.describe(answer([[0.1, 0.9]]), CARD).endswith(": rock (rock 90.0%, jazz 10.0%)")


def test_the_picture_holds_the_card_the_timeline_and_the_probabilities():
    above, below = page.draw(answer([[0.1, 0.9], [0.3, 0.7]]), CARD).axes
    assert above.get_title("left") == "hand-made features: rock"
    assert len(above.patches) == 2
    assert [label.get_text() for label in below.get_yticklabels()] == ["rock", "jazz"]
    assert [bar.get_width() for bar in below.patches] == pytest.approx([0.8, 0.2])
    words = [text.get_text().strip() for text in below.texts]
    assert words == ["80%", "20%", "sure above 60%"]
    assert "Right for 50% [40%, 60%] of 509 songs" in below.get_xlabel()


def test_what_became_of_it_outside_is_in_the_picture_and_not_cut(classifier):
    figure = page.draw(classifier.predict(jukebox.play("jazz", 4.0), SR), classifier.card)
    figure.canvas.draw()
    words, frame = figure.axes[1].xaxis.label, figure.bbox
    assert words.get_text().endswith("(MUSIFEAST-17)")
    box = words.get_window_extent()
    assert frame.x0 <= box.x0
    assert frame.x1 >= box.x1
    assert frame.y0 <= box.y0
    assert words.get_text().count("\n") == 4  # below the axis's own words, three lines


def test_a_promise_without_known_artists_or_sure_answers():
    card = {
        "labels": ["jazz", "rock"],
        "accuracy": {"random split": {"value": 0.5, "low": 0.25, "high": 0.75, "n": 9}},
        "when_sure": {"accuracy": None},
    }
    assert training.trust(card).startswith(
        "Right for 50% [25%, 75%] of 9 songs that it had not learned from. It knows 2 genres"
    )


@pytest.mark.parametrize("windows", [1, 3])
def test_the_timeline_stacks_the_genres_and_leaves_gaps(windows):
    table = [[0.25, 0.75], [np.nan, np.nan], [0.95, 0.05]][:windows]
    ax = plots.timeline(answer(table), title="my song")
    ax.figure.canvas.draw()
    below, above = (patch.get_data() for patch in ax.patches)
    np.testing.assert_allclose(above.baseline, below.values)
    np.testing.assert_allclose(above.values, np.where(np.isnan(table).any(axis=1), np.nan, 1))
    assert ax.get_xlim() == (0, 3 * windows)
    assert {text.get_text() for text in ax.texts} == {"jazz", "rock"}
    assert (ax.get_title("left"), ax.get_xlabel()) == ("my song", "time (s)")


def test_a_name_stands_inside_its_area_and_a_sliver_has_none():
    table = pd.DataFrame({"jazz": [0.90, 0.50, 0.05], "rock": [0.05, 0.45, 0.90], "pop": 0.05})
    table.index = pd.Index([0.0, 3.0, 6.0], name="seconds")
    song = Prediction("jazz", table.mean().sort_values(ascending=False), table)
    names = {text.get_text(): text.xy for text in plots.timeline(song).texts}
    assert set(names) == {"jazz", "rock"}
    assert names["jazz"] == (1.5, pytest.approx(0.45))
    assert names["rock"] == (7.5, pytest.approx(0.50))


# ---- served by Voila, as `make page` does --------------------------------------------------------

V1 = "v1.kernel.websocket.jupyter.org"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Address with the token of a page whose idle kernels are culled after seconds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("voila") / "log"
    options = ["--no-browser", f"--port={port}", "--Voila.port_retries=0"]
    options += ["--MappingKernelManager.cull_idle_timeout=8"]
    options += ["--MappingKernelManager.cull_interval=1"]
    # The configuration in that folder has the name of a module, which -P keeps apart.
    command = [sys.executable, "-P", "-m", "voila", "your_own_song.ipynb", *options]
    with open(log, "w", encoding="utf-8") as out:
        server = subprocess.Popen(command, cwd=ROOT / "notebooks/page", stdout=out, stderr=out)
    end = time.monotonic() + patience(120)
    try:
        while not (found := re.search(r"http://\S+\?token=\w+", log.read_text("utf-8"))):
            assert time.monotonic() < end, log.read_text("utf-8")
            assert server.poll() is None, log.read_text("utf-8")
            time.sleep(0.2)
        yield found[0]
    finally:
        server.terminate()
        server.wait(patience(60))


def open_page(address):
    """A session with the page's cookie, and the address of its kernel."""
    visitor = requests.Session()
    visitor.trust_env = False
    said = visitor.get(address, timeout=patience(120))
    kernel = re.search(r"\w{8}-\w{4}-\w{4}-\w{4}-\w{12}", said.text)[0]
    return visitor, f"{address.split('?')[0]}api/kernels/{kernel}"


def shake_hands(visitor, kernel, **headers):
    """What the server answers to a client that wants a websocket."""
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "SGVsbG8sIHdvcmxkIQ==",
    }
    with visitor.get(
        f"{kernel}/channels", headers=asked | headers, stream=True, timeout=patience(30)
    ) as said:
        return said.status_code


@pytest.mark.slow
def test_the_page_is_for_who_has_its_token_and_calls_it_by_its_own_name(served):
    bare = served.split("?")[0]
    stranger = requests.Session()
    stranger.trust_env = False
    assert "/login" in stranger.get(bare, timeout=patience(30)).url
    said = stranger.get(served, headers={"Host": "evil.example"}, timeout=patience(30))
    assert said.status_code == 403
    visitor, kernel = open_page(served)
    assert visitor.get(kernel, timeout=patience(30)).json()["id"] in kernel
    assert stranger.get(kernel, timeout=patience(30), allow_redirects=False).status_code != 200
    assert shake_hands(stranger, kernel, **{"Sec-WebSocket-Protocol": V1}) == 403


@pytest.mark.slow
def test_a_client_of_another_protocol_is_refused_and_the_page_lives_on(served):
    visitor, kernel = open_page(served)
    assert shake_hands(visitor, kernel) == 400
    assert shake_hands(visitor, kernel, **{"Sec-WebSocket-Protocol": "chat"}) == 400
    assert shake_hands(visitor, kernel, **{"Sec-WebSocket-Protocol": V1}) == 101
    assert visitor.get(kernel, timeout=patience(30)).ok


@pytest.mark.slow
def test_a_kernel_that_nobody_looks_at_is_culled(served):
    visitor, kernel = open_page(served)
    end = time.monotonic() + patience(60)
    while visitor.get(kernel, timeout=patience(30)).status_code != 404:
        assert time.monotonic() < end
        time.sleep(1)


@pytest.mark.slow
def test_a_song_that_is_too_large_is_refused_before_it_is_sent(served, browser, tmp_path):
    small, large = tmp_path / "small.wav", tmp_path / "large.wav"
    # Nearly as large as may be, and yet soon heard: 86 MB, 14 seconds.
    loud = np.random.default_rng(0).uniform(-0.5, 0.5, (14 * 192_000, 8))
    sf.write(small, loud, 192_000, subtype="FLOAT")
    with open(large, "wb") as file:
        file.truncate(90 * 10**6 + 1)
    tab, said = browser.new_page(), []
    tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.accept()))
    tab.goto(served, timeout=1000 * patience(120))

    def upload(path):
        with tab.expect_file_chooser(timeout=1000 * patience(120)) as chooser:
            tab.click("button:has-text('Your song')", timeout=1000 * patience(120))
        chooser.value.set_files(path)

    upload(large)
    end = time.monotonic() + patience(30)
    while not said and time.monotonic() < end:
        tab.wait_for_timeout(200)
    assert said == [
        "large.wav has 91 MB; this page takes 90 at most: send an MP3, or a piece of the song"
    ]
    upload(small)
    tab.wait_for_selector("text=small.wav", timeout=1000 * patience(120))
    tab.close()
