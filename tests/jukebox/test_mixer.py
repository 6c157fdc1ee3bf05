"""The mixer of lesson 02b: what is measured, moves, is drawn and said, and the mystery."""

import itertools
import re
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

from helpers import audio, datasets, exercises, features, jukebox
from helpers.exercises import lesson_02b, mystery
from helpers.jukebox import board, mixer, panel

SR = audio.SAMPLE_RATE


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def turn(genre, **knobs):
    return mixer.moved(mixer.clip(genre, **knobs), mixer.clip(genre))


def test_who_only_wants_music_waits_for_no_pictures():
    code = "import sys; from helpers import jukebox; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert not {"matplotlib", "librosa", "ipywidgets"} & set(loaded.stdout.split())


# What is measured


def test_the_features_are_those_of_the_table():
    clip = mixer.clip("rock")
    described = features.describe(clip.y)[list(mixer.BARS.values())].to_numpy()
    # Chroma alone may differ: its tuning is known here, and estimated there.
    np.testing.assert_allclose(clip.features.iloc[:-1], described[:-1], rtol=1e-6)
    assert clip.features["chroma"] == pytest.approx(described[-1], rel=0.1)


def test_a_spread_is_the_deviation_of_all_real_windows():
    sampler = datasets.sampler()
    for bar, column in mixer.BARS.items():
        deviation = np.sqrt(((sampler[column] - sampler[column].mean()) ** 2).mean())
        assert mixer.spreads()[bar] == pytest.approx(deviation)


def test_every_window_has_a_full_mel_picture():
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * SR).astype(np.float32)
    for n_fft in panel.FRAMES:
        _, db, _ = features.spectrograms(noise, n_fft=n_fft, hop_length=min(n_fft, 512))
        # An empty band would lie at the bottom of the range, far below its neighbors.
        assert np.ptp(db.mean(axis=1)) < 10


# What moves


def test_both_ends_of_all_knobs_give_finite_bars():
    for end in (0, 1):
        knobs = {name: ends[end] for name, ends in jukebox.KNOBS.items()}
        assert np.isfinite(turn("classical", **knobs)).all()


def test_nothing_moves_by_default():
    assert (turn("jazz", **jukebox.knobs_for("jazz")) == 0).all()


def test_the_key_turns_the_chroma():
    key, before = jukebox.knobs_for("classical")["key"], mixer.clip("classical")
    assert mixer.turned_by(before, before) == 0
    for other in (key - 3, key + 3):
        assert mixer.turned_by(mixer.clip("classical", key=other), before) == other - key


def test_no_bar_says_when_but_how_often():
    """What lesson 02b concludes from its table, in every style."""
    for genre in jukebox.GENRES:
        for swing in (0.0, 1.0):
            assert turn(genre, swing=swing).abs().max() < 0.5
        if genre not in ("classical", "metal"):  # which have no drums; which plays this fast anyway
            tempo, swing = turn(genre, tempo=200).abs().mean(), turn(genre, swing=1.0).abs().mean()
            assert tempo > 1.9 * swing


def test_mfcc_1_has_no_bar_for_it_mixes_two_that_have_theirs():
    table = datasets.sampler()
    alike = table[["rmse_mean", "spectral_centroid_mean"]].corrwith(table.mfcc1_mean)
    assert (alike > 0.6).all()
    assert set(alike.index) <= set(mixer.BARS.values())
    assert "mfcc1_mean" not in mixer.BARS.values()


def test_the_window_moves_bars_too_though_the_sound_stays():
    before, after = mixer.clip("rock"), mixer.clip("rock", n_fft=8192)
    assert np.array_equal(before.y, after.y)
    assert mixer.moved(after, before).abs().max() > board.MOVED


# What is drawn


@pytest.mark.parametrize("knobs", [{}, {"brightness": 1.0, "key": 2}])
def test_the_board_is_readable(knobs):
    figure = board.draw(mixer.clip("rock", **knobs), mixer.clip("rock"), title="rock")
    figure.canvas.draw()
    words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    assert min(text.get_fontsize() for text in words) >= 9
    drawn = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0, width - drawn.x1, height - drawn.y1) >= 0
    titles = [ax.get_title() or ax.get_title(loc="left") for ax in figure.axes]
    assert ("nothing has moved" in titles) == (not knobs)


def test_titles_do_not_collide_however_many_knobs_are_turned():
    turned = {"tempo": 201, "key": 1, "n_fft": 8192, "hop_length": 2048}
    turned |= dict.fromkeys(("drums", "brightness", "distortion", "swing", "room"), 0.95)
    title = panel.describe("classical", **turned)
    clip = mixer.clip("classical")
    figure = board.draw(clip, clip, title=title)
    figure.canvas.draw()
    titles = [ax.title if ax.get_title() else ax._left_title for ax in figure.axes]
    boxes = [text.get_window_extent() for text in titles if text.get_text()]
    assert len(boxes) == 3
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert max(box.y1 for box in boxes) < figure.bbox.y1


def test_the_board_writes_frequencies_where_they_are():
    tone = np.sin(2 * np.pi * 2000 * np.arange(SR) / SR)
    _, db, _ = features.spectrograms(tone)
    clip = mixer.clip("pop")
    picture = board.draw(clip, clip).axes[1]
    labels = [label.get_text() for label in picture.get_yticklabels()]
    assert picture.get_yticks()[labels.index("2000")] == pytest.approx(
        db.mean(axis=1).argmax(), abs=1
    )


def test_the_words_say_what_the_bars_show():
    before = mixer.clip("pop")
    assert "Bars to the right: none. Bars to the left: none." in board.words(before, before)
    said = board.words(mixer.clip("pop", brightness=0.0, key=2), before, "dull pop")
    assert "dull pop" in said
    assert "centroid" in said.split("Bars to the left: ")[1].split(".")[0]
    assert "turned by +2 semitones" in said


def test_players_carry_names_and_mp3():
    shown = audio.players({"<before>": mixer.clip("pop").y}).data
    assert 'aria-label="&lt;before&gt;"' in shown
    assert "data:audio/mpeg;base64," in shown


# The panel, without a browser


@pytest.fixture
def mixed():
    """The controls of a panel by their descriptions, and what it shows."""
    grid, shown = panel.build("rock").children
    return {control.description: control for control in grid.children}, shown


def test_the_panel_opens_with_the_style_as_it_is(mixed):
    controls, shown = mixed
    assert [*controls][:-1] == ["style", *jukebox.KNOBS, "frame", "hop"]
    assert "rock: all knobs as they are" in shown.value
    assert re.search(r'<img alt="The mixer with rock: [^"]+" width="\d+" height="\d+"', shown.value)
    assert not plt.get_fignums()


def test_a_style_as_it_is_is_played_once():
    mixer.clip.cache_clear()
    panel.render("jazz", **jukebox.knobs_for("jazz"), **mixer.WINDOW)
    assert mixer.clip.cache_info().misses == 1


def test_the_board_is_as_wide_as_other_pictures():
    assert board.BOARD_SIZE[0] == 8


def test_before_and_after_can_both_be_heard(mixed):
    controls, shown = mixed
    before = re.findall(r"<audio .*?</audio>", shown.value, re.S)
    assert len(before) == 2
    controls["distortion"].value = 0.0
    after = re.findall(r"<audio .*?</audio>", shown.value, re.S)
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert ['aria-label="before"' in after[0], 'aria-label="after"' in after[1]] == [True, True]


def test_one_picture_is_drawn_for_each_change(mixed, monkeypatch):
    controls, _ = mixed
    drawn = []
    monkeypatch.setattr(panel, "render", lambda genre, **knobs: drawn.append(knobs) or str(knobs))
    names = {"frame": "n_fft", "hop": "hop_length"}
    for change, knob in enumerate((*jukebox.KNOBS, "frame", "hop"), 1):
        slider = controls[knob]
        slider.value = {"tempo": 111, "key": 1, "frame": 8192, "hop": 2048}.get(knob, 0.95)
        assert slider.continuous_update is False
        assert len(drawn) == change
        assert drawn[-1][names.get(knob, knob)] == slider.value
    controls["style"].value = "metal"
    assert len(drawn) == change + 1
    assert drawn[-1] == jukebox.knobs_for("metal") | mixer.WINDOW


def test_another_style_brings_its_own_knobs_and_the_button_brings_them_back(mixed):
    controls, shown = mixed
    controls["style"].value = "jazz"
    assert {k: controls[k].value for k in jukebox.KNOBS} == jukebox.knobs_for("jazz")
    as_it_is = shown.value
    assert "jazz: all knobs as they are" in as_it_is
    controls["key"].value, controls["frame"].value = 1, 512
    assert "jazz: key C♯, frame 512" in shown.value
    assert "<img" in shown.value
    controls["as they are by default"].click()
    assert shown.value == as_it_is


def test_a_bad_frame_or_hop_is_one_sentence(mixed):
    controls, shown = mixed
    controls["frame"].value, controls["hop"].value = 512, 2048
    assert re.fullmatch(
        r"<p><b>Not like this:</b> a hop of 2,048 samples is longer .+\.</p>", shown.value
    )
    controls["hop"].value = 128
    assert "<img" in shown.value
    assert "frame of 100,000 samples does not fit" in panel.render("rock", n_fft=100_000)
    assert "choose one of" in panel.render("polka")
    assert "Not like this" in panel.render("rock", key=99)


# The mystery


def test_a_mystery_is_solved_by_trying_every_turn():
    riddle = mystery.pose(1)
    turns = mystery.turns(riddle.genre)
    pictured = {t: mixer.clip(riddle.genre, **{t[0]: value}).db for t, value in turns.items()}
    distances = {t: np.abs(db - riddle.after.db).mean() for t, db in pictured.items()}
    found, second, *_ = sorted(distances, key=distances.get)
    assert found == mystery.reveal(1)
    assert distances[second] > 0.5
    assert np.abs(riddle.after.db - riddle.before.db).mean() >= mystery.AUDIBLE_DB


def test_every_wrong_turn_is_tried_or_ruled_out():
    knob, _ = mystery.reveal(lesson_02b.SEED)
    for turn in itertools.product(jukebox.KNOBS, ("up", "down")):
        said = exercises.check("02b.2", turn).sentence
        if turn[0] != knob:
            assert re.search("I have tried|stayed as it was|is at that end already", said), turn


def test_mysteries_differ_and_do_not_tell():
    assert len({mystery.reveal(seed) for seed in range(4)}) > 2
    knob, _ = mystery.reveal(3)
    assert knob not in repr(mystery.pose(3))


def test_each_style_has_turns_within_the_range_and_all_occur():
    found = set()
    for genre in jukebox.GENRES:
        default, turns = jukebox.knobs_for(genre), mystery.turns(genre)
        assert len(turns) > 5
        found |= set(turns)
        for (knob, way), value in turns.items():
            low, high, _ = jukebox.KNOBS[knob]
            assert low <= value <= high
            assert (value > default[knob]) == (way == "up")
    assert found == {(knob, way) for knob in jukebox.KNOBS for way in ("up", "down")}
