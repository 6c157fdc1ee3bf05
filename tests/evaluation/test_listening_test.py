"""How good people are: which windows they get, how they are marked, and what the form lets out."""

import re

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

from helpers import datasets, features
from helpers.datasets import GENRES
from helpers.evaluation import listening_form, listening_test


@pytest.fixture(scope="module")
def table():
    return datasets.sampler()


@pytest.fixture(scope="module")
def twenty(table):
    return listening_test.choose(table)


@pytest.fixture(scope="module")
def patches(twenty):
    return features.from_bytes(datasets.patches())[twenty.index]


@pytest.fixture
def rivals(twenty):
    return {
        "always right": listening_test.mark(twenty, twenty.genre),
        "rock": listening_test.mark(twenty, ["rock"] * 20),
    }


@pytest.fixture
def undrawn(monkeypatch):
    """Twenty pictures take seconds: for tests that look at something else."""
    monkeypatch.setattr(listening_form, "_picture", lambda patch, number: "")


@pytest.fixture
def silent(monkeypatch):
    monkeypatch.setattr(datasets, "local_path", lambda name: None)


@pytest.fixture(scope="module")
def draws(table):
    return [listening_test.choose(table, seed) for seed in range(20)]


def click(form, genre):
    next(button for button in form.genres if button.description == genre).click()


def shown(form):
    """What the form says, pictures left out (their letters spell words by chance)."""
    texts = " ".join(str(getattr(part, "value", "")) for part in form.children)
    return re.sub(r"base64,[^\"]+", "", texts)


def test_two_of_each_genre_and_no_artist_twice(draws, table):
    for drawn in draws:
        assert drawn.genre.value_counts().to_dict() == dict.fromkeys(GENRES, 2)
        assert drawn.artist.notna().all()
        assert drawn.artist.is_unique
        assert drawn.fault_filtered_split.notna().all()
        assert table.loc[drawn.index].equals(drawn)
        assert not drawn.artist.str.contains("Aretha Franklin, |Barbra Streisand and ").any()


def test_a_name_inside_another_is_no_duet(draws):
    artists = {name for drawn in draws for name in drawn.artist}
    assert "Celine Dion" in artists  # though metal has Dio
    assert "Cheryl Lynn" in artists  # though pop has Cher


def test_the_same_seed_draws_the_same_and_the_order_tells_nothing(table, twenty):
    assert listening_test.choose(table).equals(twenty)
    assert not listening_test.choose(table, 1).index.equals(twenty.index)
    assert list(twenty.genre) != sorted(twenty.genre)


def test_their_sound_is_one_download(twenty):
    listed = (datasets.DATA / "gtzan-clips.sha256").read_text()
    assert all(f"  {song}.wav" in listed for song in twenty.song_id)
    assert (twenty.start == 0).all()


def test_answers_are_names_as_people_write_them(twenty):
    rows = listening_test.mark(twenty, twenty.genre)
    assert (rows.predicted == rows.genre).all()
    assert (rows.index == twenty.index).all()
    for hiphop in ("Hip-Hop", " hip hop "):
        assert listening_test.mark(twenty, [hiphop] * 20).predicted.eq("hiphop").all()


def test_digits_stand_for_names(twenty):
    digits = listening_test.as_digits(twenty.genre)
    assert len(digits) == 20
    assert listening_test.from_digits(digits) == list(twenty.genre)
    assert listening_test.as_digits(GENRES) == "0123456789"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (["rock"] * 19, "wanted: 20, not 19"),
        ([], "wanted: 20, not 0"),
        (["rock"] * 19 + ["techno"], "answer 20 is 'techno': choose one of blues, classical"),
        (listening_test.from_digits("9" * 19 + "x"), "answer 20 is 'x'"),
        (listening_test.from_digits("9" * 19 + "²"), "answer 20 is '²'"),
    ],
)
def test_other_answers_are_told_what_is_wrong(twenty, answers, said):
    with pytest.raises(ValueError, match=said):
        listening_test.mark(twenty, answers)


def test_the_interval_is_wilsons(twenty):
    score = listening_test.score(listening_test.mark(twenty, ["rock"] * 20))
    # Wilson 1927, by hand.
    p, n, z = 0.1, 20, stats.norm.ppf(0.975)
    center = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert score == pytest.approx((0.1, center - half, center + half, 20, 20))
    perfect = listening_test.score(listening_test.mark(twenty, twenty.genre))
    assert perfect.value == perfect.high == 1
    assert perfect.low < 0.9


def test_the_scoreboard_keeps_the_order(rivals):
    board = listening_test.scoreboard(rivals)
    assert list(board.index) == list(rivals)
    assert list(board.right) == ["20 of 20", "2 of 20"]


def test_rivals_that_were_asked_about_other_windows_are_refused(table, rivals):
    others = listening_test.choose(table, 1)
    with pytest.raises(ValueError, match="other windows"):
        listening_test.scoreboard({"you": listening_test.mark(others, others.genre), **rivals})


@pytest.mark.slow
def test_twenty_clicks_by_picture_and_nothing_gives_the_genre_away(silent, twenty, patches):
    form = listening_form.Form(twenty, patches)
    assert "fetch short-clips" in shown(form)
    form.start.click()
    for number, window in enumerate(twenty.itertuples(), 1):
        assert not form.answers
        assert f"Window {number} of 20" in shown(form)
        assert f'alt="Window {number}: ' in shown(form)
        for word in (window.genre, window.song_id, window.artist):
            assert word not in shown(form)
        click(form, window.genre)
    assert form.answers == list(twenty.genre)
    assert "run the next cell" in shown(form)
    assert not plt.get_fignums()


@pytest.mark.usefixtures("undrawn")
def test_back_changes_the_answer_before(silent, twenty, patches):
    form = listening_form.Form(twenty, patches)
    form.start.click()
    assert form.back.disabled
    click(form, "rock")
    assert not form.back.disabled
    form.back.click()
    assert "Window 1 of 20" in shown(form)
    for genre in ["jazz"] * 20:
        click(form, genre)
    assert form.answers == ["jazz"] * 20


@pytest.mark.usefixtures("undrawn")
def test_what_the_notebook_keeps_holds_no_sound(shared_data, monkeypatch, twenty, patches):
    monkeypatch.setenv("GENRE_DATA", str(shared_data))
    form = listening_form.Form(twenty, patches)
    form.start.click()
    heard = {form.window.value}
    for _ in range(19):
        click(form, "pop")
        heard.add(form.window.value)
    assert len(heard) == 20
    assert all("<audio controls autoplay src=" in sound for sound in heard)
    assert all("data:audio/mpeg;base64,//" in sound for sound in heard)  # 0xFFF: MP3
    assert set(form._repr_mimebundle_()) == {
        "text/plain",
        "application/vnd.jupyter.widget-view+json",
    }
    assert "audio" not in repr(form)
    assert len(form._repr_mimebundle_()["text/plain"]) < 100
    click(form, "pop")
    assert form.answers == ["pop"] * 20


def test_by_picture_though_the_songs_are_here(shared_data, monkeypatch, twenty, patches):
    monkeypatch.setenv("GENRE_DATA", str(shared_data))
    form = listening_form.Form(twenty, patches, sound=False)
    assert "fetch" not in shown(form)
    form.start.click()
    assert "<audio" not in form.window.value
