"""The page that takes a song: what it says, what it draws, and that it always answers."""

import io

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from helpers import audio, jukebox, plots
from helpers.song import NOT_SURE, PRETRAINED, Prediction, SongClassifier, page, training

SR = audio.SAMPLE_RATE


@pytest.fixture(scope="module")
def classifier():
    return SongClassifier.load(PRETRAINED / "hand-made")


@pytest.fixture
def parts(classifier):
    """Upload button, verdict and picture of a page."""
    top, said, picture, _ = page.build(classifier, jukebox.play("jazz", 4.0)).children
    return top.children[0], said, picture


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def give(upload, name, content):
    """Set what the browser would send."""
    date = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    file = {"name": name, "type": "", "size": len(content), "content": content}
    upload.value = [file | {"last_modified": date}]


def test_the_page_opens_with_an_example_and_a_promise(classifier, parts):
    _, said, picture = parts
    assert "an example from the jukebox" in said.value
    assert bytes(picture.value).startswith(b"\x89PNG")
    promise = page.build(classifier, jukebox.play("jazz", 4.0)).children[-1].value
    score = classifier.card["accuracy"]["artists kept whole"]
    assert f"Right for {score['value']:.0%} [{score['low']:.0%}, {score['high']:.0%}]" in promise
    assert "509 songs" in promise
    assert "Sure about" in promise


def test_an_uploaded_song_is_answered(classifier, parts):
    upload, said, picture = parts
    before, file = bytes(picture.value), io.BytesIO()
    sf.write(file, jukebox.play("metal", 7.0), SR, format="MP3")
    give(upload, "mine & yours.mp3", file.getvalue())
    best = classifier.predict(io.BytesIO(file.getvalue())).probabilities
    assert "mine &amp; yours.mp3" in said.value
    assert f"{best.index[0]} {best.iloc[0]:.0%}" in said.value
    assert picture.value != before
    assert picture.layout.display == ""


def test_bad_uploads_are_answered_too_and_a_name_is_no_html(parts):
    upload, said, picture = parts
    give(upload, "<script>poem</script>.wav", b"not music")
    assert "cannot be decoded" in said.value
    assert "<script>" not in said.value
    assert picture.layout.display == "none"
    give(upload, "empty.wav", b"")
    assert "empty.wav" in said.value
    assert "listening" not in said.value


def answer(timeline, genre="rock"):
    frame = pd.DataFrame(timeline, columns=["jazz", "rock"])
    frame.index = pd.Index(np.arange(len(frame)) * 3.0, name="seconds")
    return Prediction(genre, frame.mean().sort_values(ascending=False), frame)


def test_the_verdict_says_what_is_not_sure_and_what_is_silent():
    words = page.describe("a", answer([[0.5, 0.5], [np.nan, np.nan]], NOT_SURE), {"threshold": 0.6})
    assert "<b>not sure</b> (no genre is above 60%)" in words
    assert "Silent windows, which count for nothing: 1." in words
    words = page.describe("a", answer([[0.1, 0.9]]), {"threshold": 0.6})
    assert "<b>rock</b>" in words
    assert "rock 90%, jazz 10%" in words


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
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert set(names) == {"jazz", "rock"}
    assert (ax.get_title("left"), ax.get_xlabel()) == ("my song", "time (s)")
