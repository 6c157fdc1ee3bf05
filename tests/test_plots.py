"""Pictures that say what they show."""

import io
import json
import re

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from colorspacious import cspace_convert
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from scipy.spatial.distance import pdist

from helpers import audio, datasets, evaluation, jukebox, plots

SMALLEST_TYPE = 9  # in points, as a page shows it: 80 pixels for an inch of 100


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def sound():
    return jukebox.play("rock", seconds=2.0)


@pytest.fixture
def songs():
    """Four songs and what they were called; some names look like HTML."""
    return pd.DataFrame(
        {
            "song_id": ["a", "b", "c", "d"],
            "artist_group": ["a", "b", "</script>", "X"],
            "genre": ["blues", "blues", "blues", "rock"],
            "predicted": ["blues", "blues", "rock", "<jazz>"],
        }
    )


def readable(figure):
    """Draw a figure and check its type; returns all that is written on it."""
    figure.canvas.draw()
    words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    assert min(text.get_fontsize() for text in words) * 80 / 100 >= SMALLEST_TYPE
    return [text.get_text().strip() for text in words]


def test_one_color_and_one_shape_for_each_genre():
    assert tuple(plots.GENRE_COLORS) == datasets.GENRES == tuple(plots.GENRE_MARKERS)
    assert len(set(plots.GENRE_COLORS.values())) == 10
    assert len(set(plots.GENRE_MARKERS.values())) == 10


@pytest.mark.parametrize("seen_by", [None, "protanomaly", "deuteranomaly", "tritanomaly"])
def test_the_colors_are_told_apart_with_color_blindness(seen_by):
    """Severity 100 of an anomaly is the blindness (Machado et al. 2009); 1 can just be seen."""
    colors = np.array([to_rgb(color) for color in plots.GENRE_COLORS.values()])
    if seen_by:
        space = {"name": "sRGB1+CVD", "cvd_type": seen_by, "severity": 100}
        colors = np.clip(cspace_convert(colors, space, "sRGB1"), 0, 1)
    points = cspace_convert(colors, "sRGB1", "CAM02-UCS")
    assert pdist(points).min() > 15


@pytest.mark.parametrize("name", ["magma", "Blues", "Reds"])
@pytest.mark.parametrize("seen_by", ["protanomaly", "deuteranomaly", "tritanomaly"])
def test_the_maps_get_lighter_all_the_way_with_color_blindness(name, seen_by):
    space = {"name": "sRGB1+CVD", "cvd_type": seen_by, "severity": 100}
    colors = np.clip(
        cspace_convert(plt.colormaps[name](np.linspace(0, 1, 32))[:, :3], space, "sRGB1"), 0, 1
    )
    steps = np.diff(cspace_convert(colors, "sRGB1", "CAM02-UCS")[:, 0])
    assert np.all(steps > 0) or np.all(steps < 0)


@pytest.fixture
def words_of_a_lesson(tmp_path, monkeypatch):
    """A lesson 99 with words for two pictures."""
    (tmp_path / "notebooks/words").mkdir(parents=True)
    text = (
        '[pictures]\nwave = {title = "{n} waves", alt = "a wave, {n}"}\ncloud = {alt = "a cloud"}'
    )
    (tmp_path / "notebooks/words/99.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(plots, "ROOT", tmp_path)


@pytest.mark.usefixtures("words_of_a_lesson")
def test_figures_are_shown_with_words(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **data: shown.append((args, data)))
    for panels in (1, 2):
        plt.subplots(panels)
    plots.show("99.wave", "99.cloud", n=3)
    looks = [data["metadata"]["image/png"] for _, data in shown]
    assert [look["alt"] for look in looks] == ["a wave, 3", "a cloud"]
    # Twice as many points as it takes room: sharp on today's screens.
    assert [(look["width"], look["height"]) for look in looks] == [(640, 256)] * 2
    picture = plt.imread(io.BytesIO(shown[0][0][0]["image/png"]))
    assert picture.shape[:2] == (512, 1280)
    assert not plt.get_fignums()


@pytest.mark.usefixtures("words_of_a_lesson")
def test_a_title_belongs_to_the_picture_and_not_to_one_panel_or_colorbar():
    several, _ = plt.subplots(2)
    plots.describe(several, "99.wave", n=1)
    assert several.get_suptitle() == "1 waves"
    one, ax = plt.subplots()
    one.colorbar(ax.imshow(np.eye(2)))
    plots.describe(one, "99.wave", n=2)
    assert (one.get_suptitle(), ax.get_title(loc="left")) == ("", "2 waves")


@pytest.mark.usefixtures("words_of_a_lesson")
@pytest.mark.parametrize("keys", [(), ("99.wave", "99.cloud")])
def test_a_figure_without_words_is_refused(keys):
    plt.subplots()
    with pytest.raises(ValueError, match="1 figures are open"):
        plots.show(*keys)


@pytest.mark.parametrize("key", ["99.wave", "00.no-such-picture", "wave", "../00.x"])
def test_words_that_are_missing_are_named(key):
    with pytest.raises(KeyError, match="in its pictures"):
        plots.words(key)


@pytest.fixture
def html_shown(monkeypatch):
    """What cells show as HTML."""
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda page: shown.append(page.data))
    return shown


@pytest.mark.usefixtures("words_of_a_lesson")
def test_a_playhead_runs_over_the_time_axis_of_the_one_open_figure(sound, html_shown):
    figure, (above, below) = plt.subplots(2, sharex=True)
    plots.waveform(sound, ax=above)
    plots.spectrogram(sound, ax=below)
    plots.playhead(sound, key="99.wave", n=3)
    (page,) = html_shown
    assert figure.get_suptitle() == "3 waves"
    assert not plt.get_fignums()
    assert 'alt="a wave, 3"' in page
    assert page.count('src="data:audio/mpeg;base64,') == 1
    left, top, width, height = (float(share) for share in re.findall(r": ([\d.]+)%", page)[:4])
    low, high = below.get_position(), above.get_position()
    assert (left, width) == pytest.approx((100 * low.x0, 100 * low.width), abs=0.1)
    assert (top, height) == pytest.approx((100 - 100 * high.y1, 100 * (high.y1 - low.y0)), abs=0.1)
    assert float(re.search(r'data-end="([\d.]+)"', page)[1]) == below.get_xlim()[1]


@pytest.mark.usefixtures("words_of_a_lesson")
@pytest.mark.parametrize("figures", [0, 2])
def test_a_playhead_wants_one_open_figure(sound, figures):
    for _ in range(figures):
        plt.subplots()
    with pytest.raises(ValueError, match=f"one figure must be open, not {figures}"):
        plots.playhead(sound, key="99.wave", n=3)


@pytest.mark.usefixtures("words_of_a_lesson")
def test_sounds_side_by_side_have_one_scale_and_their_names_are_no_html(
    sound, html_shown, monkeypatch
):
    drawn, draw = [], plots.spectrogram
    monkeypatch.setattr(plots, "spectrogram", lambda *a, ax: drawn.append(draw(*a, ax=ax)))
    plots.listen({"<before>": sound, "after": sound[:22_050] / 10}, key="99.wave", n=1)
    (page,) = html_shown
    assert "<figcaption>&lt;before&gt;</figcaption>" in page
    assert 'role="group" aria-label="a wave, 1"><p>1 waves</p>' in page
    assert page.count("<audio controls") == page.count('role="slider" ') == 2
    assert page.count("<script>") == 1
    assert drawn[0].images[0].get_clim() == drawn[1].images[0].get_clim()
    assert drawn[0].get_xlim() == drawn[1].get_xlim() == (0, 2)


@pytest.mark.usefixtures("words_of_a_lesson")
def test_hits_are_marked_under_a_spectrogram(sound, html_shown, monkeypatch):
    figures = []
    monkeypatch.setattr(plots, "png", lambda figure: figures.append(figure) or b"")
    plots.listen({"rock": sound}, key="99.cloud", marks={"kick": [0, 1], "snare": [0.5]})
    above, below = figures[0].axes
    assert [list(line.get_positions()) for line in below.collections] == [[0, 1], [0.5]]
    assert {"kick", "snare", "time (s)"} <= set(readable(figures[0]))
    assert (above.get_xlabel(), below.get_xlim()) == ("", (0, 2))
    assert "<p>" not in html_shown[0]


@pytest.mark.slow
def test_a_playhead_follows_the_sound_and_is_moved_by_click_and_key(sound, browser):
    source = audio.data_url("audio/mpeg", audio.player(sound).data)
    parts = [(plots.waveform(sound), "a wave", source, name) for name in "ab"]
    page = browser.new_page(reduced_motion="reduce", viewport={"width": 390, "height": 800})
    page.set_content(plots.heard(parts).data)
    sliders, audios = page.locator("[role=slider]"), page.locator("audio")
    page.wait_for_function("[...document.querySelectorAll('audio')].every(a => a.readyState > 0)")

    def time(number):
        return audios.nth(number).evaluate("audio => audio.currentTime")

    box = sliders.nth(0).bounding_box()
    sliders.nth(0).click(position={"x": box["width"] / 2, "y": 9})
    assert time(0) == pytest.approx(1, abs=0.02)
    assert time(1) == 0
    assert sliders.nth(0).get_attribute("aria-valuetext").startswith(("1.0", "0.9"))
    line = sliders.nth(0).locator("i").bounding_box()
    assert line["x"] - box["x"] == pytest.approx(box["width"] / 2, abs=2)
    page.keyboard.press("ArrowRight")
    assert time(0) == pytest.approx(1.04, abs=0.02)
    page.keyboard.press("Home")
    assert time(0) == 0
    page.keyboard.press("End")
    assert time(0) == pytest.approx(2, abs=0.02)

    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('audio').currentTime > 0.1")
    assert sliders.nth(0).locator("i").evaluate("line => line.style.left") == "0%"  # no glide
    sliders.nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('audio')[1].currentTime > 0")
    assert audios.nth(0).evaluate("audio => audio.paused")
    assert not audios.nth(1).evaluate("audio => audio.paused")
    assert page.evaluate("document.body.scrollWidth") <= 390
    page.close()


def test_a_waveform_is_small_and_whole(sound):
    ax = plots.waveform(sound, title="rock")
    words = readable(ax.figure)
    assert {"rock", "time (s)", "amplitude"} <= set(words)
    assert ax.get_xlim() == (0, 2)
    outline = ax.collections[0].get_paths()[0].vertices
    assert len(outline) < 7000
    assert outline[:, 1].max() == pytest.approx(sound.max())
    assert outline[:, 1].min() == pytest.approx(sound.min())


def test_a_waveform_of_a_few_samples_is_drawn_too():
    ax = plots.waveform(np.array([0.5, -0.5, 0.25]), 3)
    assert ax.get_xlim() == (0, 1)


def test_a_spectrogram_has_units(sound):
    ax = plots.spectrogram(sound, title="rock")
    words = readable(ax.figure)
    assert {"rock", "time (s)", "frequency (Hz)", "1000"} <= set(words)
    assert ax.images[0].get_array().shape[0] == 128
    assert ax.get_xlim() == pytest.approx((0, 2), abs=0.05)


def test_an_image_shows_each_number_as_a_pixel_and_writes_frequencies_where_they_lie():
    db = np.random.default_rng(0).uniform(-100, 0, (1025, 7))
    db[0, 0], db[1, 0] = 0, -61  # the loudest, and what is too soft beside it
    ax = plots.image(db, np.linspace(0, 11_025, 1025), 512, title="all rows")
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), db)
    assert image.get_interpolation() == "nearest"
    assert image.get_clim() == (-60, 0)
    assert image.to_rgba(db)[1, 0] == pytest.approx(image.to_rgba(db - 200)[0, 0])
    assert ax.get_xlim() == pytest.approx((0, 7 * 512 / 22_050))
    # 1024 steps of rows reach up to 11,025 Hz.
    assert ax.get_yticks() == pytest.approx(np.array(plots.LINEAR_TICKS) * 1024 / 11_025)
    assert "all rows" in readable(ax.figure)


def test_an_image_may_end_at_a_frequency_and_miss_a_part():
    db = np.full((101, 4), -10.0)
    db[:, 2] = np.nan
    ax = plots.image(db, np.linspace(0, 10_000, 101), 512, highest=2000)
    assert ax.get_ylim() == (-0.5, 20)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "0", "500", "1000", "1500", "2000"
    ]  # fmt: skip
    assert ax.images[0].get_clim() == (-70, -10)


def test_a_confusion_matrix_counts_songs_and_names_them(songs):
    page = plots.confusion(songs, title="guesses").data
    cells = re.findall(r'--share: ([\d.]+)"><button [^>]*aria-label="([^"]*)">(\d+)</button>', page)
    assert cells == [
        ("0.67", "2 of 3 songs of blues were called blues", "2"),
        ("0.33", "1 of 3 songs of blues were called rock", "1"),
        ("1.00", "1 of 1 songs of rock were called &lt;jazz&gt;", "1"),
    ]
    behind = json.loads(re.search(r'json">(.*?)</script>', page)[1])
    assert behind == {
        "blues blues": [["a", None], ["b", None]],
        "blues rock": [["c, </script>", None]],
        "rock <jazz>": [["d, X", None]],
    }


def test_a_genre_that_nobody_played_has_an_empty_row(songs):
    rows = re.findall(r'scope="row">([^<]*)</th>(.*?)<(?:tr|/tbody)>', plots.confusion(songs).data)
    assert [(genre, cells.count("<button")) for genre, cells in rows] == [
        ("&lt;jazz&gt;", 0),
        ("blues", 2),
        ("rock", 1),
    ]


@pytest.mark.slow
def test_a_click_on_the_matrix_lists_the_songs_and_plays_those_that_sound(songs, browser):
    page = browser.new_page()
    page.set_content(plots.confusion(songs, sounds={"c": "data:audio/mpeg;base64,AAAA"}).data)
    cells = page.locator("button")
    cells.nth(1).click()
    assert page.locator("[aria-live] li").all_inner_texts() == ["c, </script>"]
    assert page.locator("audio").get_attribute("aria-label") == "c, </script>"
    cells.nth(0).focus()
    page.keyboard.press("Enter")
    assert page.locator("[aria-live] li").all_inner_texts() == ["a", "b"]
    assert page.locator("audio").count() == 0
    assert page.locator("button[aria-pressed=true]").count() == 1
    page.close()


def test_the_ladder_says_how_many_were_counted():
    scores = {
        "by window": evaluation.Score(0.88, 0.85, 0.91, 1409, 197),
        "by artist": evaluation.Score(0.51, 0.40, 0.64, 1409, 197),
    }
    ax = plots.ladder(scores, chance=0.1, title="the same model")
    words = readable(ax.figure)
    assert {"0.88  (n = 1409)", "0.51  (n = 1409)", "by window", "guessing"} <= set(words)
    intervals = [tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    assert (0.85, 0.91) in intervals
    assert (0.40, 0.64) in intervals
    top, bottom = ax.get_ylim()[1], ax.get_ylim()[0]
    assert top < bottom  # the first score is on top
    ax.figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
    lowest = boxes.pop("guessing").y0
    assert all(box.y1 <= lowest for box in boxes.values()), "guessing is no part of a score"


def test_guessing_is_named_at_its_line_and_apart_from_the_scores():
    scores = {name: evaluation.Score(0.2, 0.1, 0.3, 92, 35) for name in "abc"}
    for width in (8, 4):
        ax = plots.ladder(scores, chance=0.1)
        ax.figure.set_size_inches(width, 1.1 + 0.45 * 3)
        ax.figure.canvas.draw()
        (name,) = [text for text in ax.texts if text.get_text().strip() == "guessing"]
        box, line = name.get_window_extent(), ax.transData.transform((0.1, 0))[0]
        assert 0 <= box.x0 - line < box.height
        others = [text for text in ax.texts if text is not name] + ax.get_xticklabels()
        assert not any(box.overlaps(text.get_window_extent()) for text in others)
        assert ax.get_legend() is None


def test_a_learning_curve_with_and_without_validation():
    log = pd.DataFrame({"loss": [2.0, 1.0], "accuracy": [0.3, 0.6]}, index=[1, 2])
    axes = plots.history(log)
    assert [len(ax.lines) for ax in axes] == [1, 1]
    watched = plots.history(log.assign(val_loss=[2.1, 1.5], val_accuracy=[0.2, 0.5]))
    assert [len(ax.lines) for ax in watched] == [2, 2]
    words = readable(watched[0].figure)
    assert {"epoch", "loss", "accuracy", "training songs", "held out"} <= set(words)


@pytest.mark.parametrize("column", ["genre", "label"])
def test_boxes_by_genre(column):
    table = pd.DataFrame({column: ["rock", "jazz"] * 5, "rmse": np.linspace(0, 1, 10)})
    ax = plots.by_genre(table, "rmse", title="louder")
    assert {"rmse", "jazz", "rock", "louder"} <= set(readable(ax.figure))


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_same_picture_has_the_same_bytes(sound, kind):
    pictures = []
    for _ in range(2):
        file = io.BytesIO()
        plots.spectrogram(sound).figure.savefig(
            file, format=kind, metadata={"Date": None} if kind == "svg" else None
        )
        pictures.append(file.getvalue())
    assert pictures[0] == pictures[1]


def test_a_given_axis_is_drawn_on(sound):
    figure, axes = plt.subplots(2)
    assert plots.waveform(sound, ax=axes[0]) is axes[0]
    assert plots.spectrogram(sound, ax=axes[1]) is axes[1]
    assert plt.get_fignums() == [figure.number]
