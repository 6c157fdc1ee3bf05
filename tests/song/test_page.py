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
from matplotlib.colors import to_rgb
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
    """Upload, what is said over the cards, and the box of them."""
    top, stage, _ = page.build([classifier], jukebox.play("jazz", 4.0)).children
    return top.children[0].children[1], *stage.children


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def shown(songs):
    """The HTML of each card."""
    return [card.outputs[0]["data"]["text/html"] for card in songs.children]


def text(card):
    """What one reads on a card, without its style and script."""
    card = re.sub(r"(?s)<style>.*?</style>|<script>.*?</script>", "", card)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", card)).split())


def give(upload, files):
    """Set what the browser would send, by name."""
    date = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    upload.value = [
        {"name": name, "type": "", "size": len(content), "content": content, "last_modified": date}
        for name, content in files.items()
    ]


def song_file(style="metal", seconds=4.0, kind="MP3"):
    sf.write(file := io.BytesIO(), jukebox.play(style, seconds), SR, format=kind)
    return file.getvalue()


def test_the_page_opens_with_an_example_and_a_promise(classifier, parts):
    _, said, songs = parts
    (card,) = shown(songs)
    assert text(card).startswith("an example from the jukebox hand-made features: ")
    assert card.count('src="data:image/png;base64,') == 1
    assert card.count('src="data:audio/mpeg;base64,') == 1
    assert said.value == ""
    promise = page.build([classifier]).children[-1].value
    score = classifier.card["accuracy"]["artists kept whole"]
    assert f"Right for {score['value']:.0%} [{score['low']:.0%}, {score['high']:.0%}]" in promise
    assert "509 songs" in promise
    assert "Sure about" in promise


def test_without_an_example_nothing_stands_there_twice(classifier):
    built = page.build([classifier])
    top, stage, _ = built.children
    assert stage.children[1].children == ()
    assert "no further than the machine that runs this page" in top.children[1].value
    assert repr(built) == "Choose songs (run this cell to do it)"


def test_an_uploaded_song_is_answered_in_words_and_a_picture_at_once(classifier, parts):
    upload, _, songs = parts
    (before,), content = shown(songs), song_file()
    give(upload, {"mine & yours.mp3": content})
    (card,) = shown(songs)
    best = classifier.predict(io.BytesIO(content)).probabilities
    assert text(card).startswith("mine & yours.mp3 ")
    assert f"{best.index[0]} {best.iloc[0]:.0%}" in text(card)
    assert "mine &amp; yours.mp3" in card
    assert card != before
    assert audio.data_url("audio/mpeg", content) in card
    assert upload.value == ()


def test_songs_stand_side_by_side_and_a_bad_one_stops_none(parts):
    upload, _, songs = parts
    files = {"a.mp3": song_file("metal"), "<b>poem</b>.wav": b"not music", "c.mp3": song_file()}
    give(upload, files)
    first, bad, last = shown(songs)
    assert [card.count("<audio") for card in (first, bad, last)] == [1, 0, 1]
    assert text(bad).startswith("<b>poem</b>.wav cannot be decoded")
    assert text(bad).endswith(".")
    assert "<b>poem" not in bad
    give(upload, {"empty.wav": b""})
    (empty,) = shown(songs)
    assert text(empty).startswith("empty.wav ")
    assert "<audio" not in empty


def test_the_page_keeps_its_room_while_it_listens(parts):
    upload, said, songs = parts
    seen, before = [], songs.children
    said.observe(lambda change: seen.append((change.new, songs.children)), "value")
    give(upload, {"mine.mp3": song_file(), "<i>.mp3": song_file()})
    words = [html.unescape(re.sub("<[^>]*>", "", value)) for value, _ in seen]
    assert words == ["listening to mine.mp3 (1 of 2) …", "listening to <i>.mp3 (2 of 2) …", ""]
    assert seen[0][1] == before  # the old card is there until the new one is
    assert [len(cards) for _, cards in seen] == [1, 1, 2]
    assert seen[1][1] != before


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


def test_each_classifier_is_named_and_one_playhead_runs_over_both_timelines(classifier):
    other = SongClassifier(classifier.weights, classifier.card | {"embedding": "script"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(other, "predict", classifier.predict)
        built = page.build([classifier, other], jukebox.play("jazz", 4.0))
    (card,) = shown(built.children[1].children[1])
    assert card.count("<img ") == card.count("<audio ") == card.count('role="slider" ') == 1
    for name in ("hand-made features:", "the script's 26 features:"):
        assert text(card).count(name) == 1
        assert built.children[-1].value.count(name) == 1


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


def judged(song):
    """The card of a song by a classifier that gives this answer."""

    class Model:
        card = CARD

        def predict(self, *_):
            return song

    return page.card("mine", jukebox.play("jazz", 4.0), [Model()], SR).data


def test_a_sure_verdict_has_its_genres_color_and_one_that_is_not_sure_says_why():
    sure = judged(answer([[0.1, 0.9], [0.3, 0.7]]))
    color = plots.GENRE_COLORS["rock"]
    assert f'style="background: {color}; color: {plots.ink(color)}">rock 80%<' in sure
    assert "Sure: that is above 60.0%." in text(sure)
    assert text(sure).endswith("rock 80% jazz 20%")
    unsure = judged(answer([[0.404, 0.596], [np.nan, np.nan]], NOT_SURE))
    assert 'class="verdict unsure" style="background: none; color: inherit">not sure<' in unsure
    assert (
        "No genre is above 60.0%: rock comes nearest, with 59.6%. "
        "Silent windows, which count for nothing: 1."
    ) in text(unsure)
    assert "--sure: 60.0%" in unsure  # a dotted line through the bars


@pytest.mark.parametrize("genre", ["<b>rock", NOT_SURE])
def test_a_strangers_genre_is_no_html(genre):
    song = answer([[0.1, 0.9]]).timeline.set_axis(["jazz", "<b>rock"], axis=1)
    shown = judged(Prediction(genre, song.mean().sort_values(ascending=False), song))
    assert "<b>rock" in text(shown)
    assert "<b>rock" not in shown


def contrast(one, other):
    """WCAG 2: between two colors."""
    light = [
        np.dot(
            np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4),
            [0.2126, 0.7152, 0.0722],
        )
        for c in (np.array(to_rgb(one)), np.array(to_rgb(other)))
    ]
    return (max(light) + 0.05) / (min(light) + 0.05)


@pytest.mark.parametrize("color", [*plots.GENRE_COLORS.values(), "#777777", "white", "black"])
def test_what_is_written_on_a_color_can_be_read(color):
    assert contrast(color, plots.ink(color)) >= 4.5


def test_the_picture_holds_spectrogram_and_timelines_over_one_time():
    power, hop = page.mel(jukebox.play("jazz", 5.0), SR)
    song = answer([[0.1, 0.9], [0.3, 0.7]])
    above, *timelines = page.draw([(song, CARD), (song, CARD)], power, hop).axes
    assert above.images[0].get_array().shape == power.shape
    assert [ax.get_title("left") for ax in timelines] == ["hand-made features: rock"] * 2
    assert {ax.get_xlim() for ax in (above, *timelines)} == {above.get_xlim()}
    assert above.get_xlim() == pytest.approx((0, 5), abs=0.05)
    assert [ax.get_xlabel() for ax in (above, *timelines)] == ["", "", "time (s)"]


def test_a_picture_of_a_long_song_is_streamed_and_stays_small(monkeypatch):
    tone = np.sin(2 * np.pi * 3000 * np.arange(200 * SR) / SR)
    tone[: 100 * SR] = 0
    blocks, stream = [], audio.stream
    monkeypatch.setattr(
        audio, "stream", lambda *a, **k: (blocks.append(len(y)) or y for y in stream(*a, **k))
    )
    power, hop = page.mel(tone, SR)
    assert max(blocks) <= 30 * SR
    assert power.shape[0] == page.N_MELS
    assert page.COLUMNS / 2 < power.shape[1] <= page.COLUMNS
    assert power.shape[1] * hop / SR == pytest.approx(200, abs=0.5)
    # The tone comes in the middle, and in one band.
    first = np.flatnonzero(power.sum(axis=0) > 1)[0]
    assert first * hop / SR == pytest.approx(100, abs=0.5)
    assert power[:, -2].max() > 0.5 * power[:, -2].sum()


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
    assert ax.get_legend() is None
    assert (ax.get_title("left"), ax.get_xlabel()) == ("my song", "time (s)")


def test_a_name_stands_inside_its_area_and_a_sliver_is_named_below():
    table = pd.DataFrame({"jazz": [0.90, 0.50, 0.05], "rock": [0.05, 0.45, 0.90], "pop": 0.04})
    table["metal"] = 0.01
    table.index = pd.Index([0.0, 3.0, 6.0], name="seconds")
    song = Prediction("jazz", table.mean().sort_values(ascending=False), table)
    ax = plots.timeline(song)
    names = {text.get_text(): text.xy for text in ax.texts}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["pop"]
    ax.figure.canvas.draw()
    legend, label = ax.get_legend().get_window_extent(), ax.xaxis.label.get_window_extent()
    assert 0 <= legend.y0 < legend.y1 <= label.y0  # below the axis's words, and not cut
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
def test_a_kernel_that_waited_long_lives_until_its_visitor_has_connected(served):
    open_page(served)  # whoever came before: now another kernel gets ready, and waits
    time.sleep(patience(30))
    visitor, kernel = open_page(served)
    time.sleep(4)  # the server looks for idle kernels once a second
    assert visitor.get(kernel, timeout=patience(30)).ok


@pytest.mark.slow
def test_a_visitor_hears_songs_side_by_side_and_nothing_leaves_the_machine(
    served, browser, tmp_path
):
    poem, large = tmp_path / "poem.wav", tmp_path / "large.wav"
    poem.write_text("Shall I compare thee")
    with open(large, "wb") as file:
        file.truncate(90 * 10**6 + 1)
    (tmp_path / "mine.mp3").write_bytes(song_file())
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(1000 * patience(120))
    tab, asked, loading = context.new_page(), [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.expose_function("said", lambda text: loading.append(text))
    tab.add_init_script("""addEventListener("DOMContentLoaded", () => new MutationObserver(() =>
        said(document.getElementById("loading_text")?.textContent ?? "")).observe(
        document, { childList: true, subtree: true, characterData: true }))""")
    tab.goto(served)
    tab.locator(".song img").wait_for()
    assert not any("Executing" in text for text in loading)
    choose = tab.get_by_role("button", name="Your songs", exact=True)
    height = "document.querySelector('.song').getBoundingClientRect().height"
    before = tab.evaluate(height)
    tab.evaluate(f"""() => new MutationObserver(() => {{
        if (document.querySelector(".said p")) window.kept ??= {height};
    }}).observe(document.querySelector(".stage"), {{ childList: true, subtree: true }})""")
    with tab.expect_file_chooser() as chooser:
        choose.click()
    chooser.value.set_files([large, tmp_path / "mine.mp3", poem])
    tab.locator(".song h3", has_text="poem.wav").wait_for()
    assert tab.evaluate("kept") == before  # the old card kept its room
    assert tab.locator(".song h3").all_inner_texts() == ["mine.mp3", "poem.wav"]
    assert "cannot be decoded" in tab.locator(".song", has_text="poem.wav").inner_text()
    left_out = tab.locator(".chooser [role=status]").inner_text()
    assert left_out.startswith("Left out: large.wav (91 MB). At most 90 MB go at once: ")
    # Every word is on a phone's screen.
    for place in (
        ".chooser button",
        ".widget-html p",
        ".song h3",
        ".song p",
        ".bars li",
        ".verdict",
    ):
        for box in tab.locator(place).all():
            assert box.evaluate("box => box.scrollWidth <= box.clientWidth"), place
            sides = box.bounding_box()
            assert sides["x"] >= 0, place
            assert sides["x"] + sides["width"] <= 390, place
    assert tab.evaluate("document.body.scrollWidth") <= 390
    # The playhead of the song's own player moves over its picture.
    tab.locator(".song [role=slider]").press("Space")
    tab.wait_for_function("parseFloat(document.querySelector('.song .playhead i').style.left) > 5")
    here = served.partition("?")[0]
    assert [url for url in asked if not url.startswith((here, "data:", "blob:"))] == []
    context.close()


@pytest.mark.slow
def test_a_choice_that_is_nearly_too_large_arrives(served, browser, tmp_path):
    small = tmp_path / "small.wav"
    # Nearly as large as may be, and yet soon heard: 86 MB, 14 seconds.
    loud = np.random.default_rng(0).uniform(-0.5, 0.5, (14 * 192_000, 8))
    sf.write(small, loud, 192_000, subtype="FLOAT")
    tab = browser.new_page()
    tab.set_default_timeout(1000 * patience(120))
    tab.goto(served)
    with tab.expect_file_chooser() as chooser:
        tab.click("button:has-text('Your songs')")
    chooser.value.set_files(small)
    tab.locator(".song h3", has_text="small.wav").wait_for()
    tab.close()
