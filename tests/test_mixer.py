"""The mixer of lesson 02: what is measured, what moves, what is drawn and said, and the mystery."""

import re
from dataclasses import asdict

import matplotlib

matplotlib.use("Agg")

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

from helpers import audio, datasets, features, jukebox, mixer, panel, pictures

SR = audio.SAMPLE_RATE
ENDS = {"tempo": mixer.TEMPOS, "key": mixer.KEYS}

every_style = pytest.mark.parametrize("genre", jukebox.GENRES)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def turn(genre, **knobs):
    return mixer.moved(mixer.listen(genre, **knobs), mixer.untouched(genre))


# What is measured


@every_style
def test_the_features_are_those_of_the_table(genre):
    clip = mixer.untouched(genre)
    described = features.describe(clip.y)[list(mixer.BARS.values())].to_numpy()
    # Chroma alone may differ: its tuning is known here, and estimated there.
    np.testing.assert_allclose(clip.features.iloc[:-1], described[:-1], rtol=1e-4)
    assert clip.features["chroma"] == pytest.approx(described[-1], rel=0.1)


def test_a_spread_is_the_deviation_of_all_real_windows():
    sampler = datasets.sampler()
    for bar, column in mixer.BARS.items():
        deviation = np.sqrt(((sampler[column] - sampler[column].mean()) ** 2).mean())
        assert mixer.spreads()[bar] == pytest.approx(deviation)


@pytest.mark.parametrize("n_fft", panel.WINDOWS)
def test_every_window_has_a_full_mel_picture(n_fft):
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * SR).astype(np.float32)
    clip = mixer.measure(noise, n_fft, min(n_fft, 512))
    assert clip.db.shape[0] == len(clip.frequencies) == mixer.N_MELS
    assert np.isfinite(clip.features).all()
    # An empty band would lie at the bottom of the range, far below its neighbors.
    assert np.ptp(clip.db.mean(axis=1)) < 10


# What moves


@every_style
@pytest.mark.parametrize("knob", mixer.KNOBS)
def test_both_ends_of_each_knob_give_finite_bars(genre, knob):
    for end in ENDS.get(knob, (0.0, 1.0)):
        assert np.isfinite(turn(genre, **{knob: end})).all()


@every_style
def test_nothing_moves_by_default(genre):
    assert (turn(genre) == 0).all()
    assert (turn(genre, **asdict(jukebox.knobs_for(genre))) == 0).all()


@every_style
def test_brightness_moves_the_treble(genre):
    treble = ["centroid", "bandwidth", "roll-off"]
    dull, bright = (turn(genre, brightness=value)[treble] for value in (0.0, 1.0))
    assert (dull < bright).all()
    assert dull["centroid"] < 0.01 < bright["centroid"] + 0.02


@pytest.mark.parametrize("genre", ["classical", "country", "jazz", "pop"])
def test_the_key_turns_the_chroma(genre):
    key, before = jukebox.knobs_for(genre).key, mixer.untouched(genre)
    assert mixer.turned_by(before, before) == 0
    for other in {max(key - 3, 0), min(key + 3, 11)}:
        assert mixer.turned_by(mixer.listen(genre, key=other), before) == other - key


def test_the_window_moves_bars_too_though_the_sound_stays():
    before = mixer.untouched("rock")
    after = mixer.listen("rock", n_fft=8192)
    assert np.array_equal(before.y, after.y)
    assert mixer.moved(after, before).abs().max() > pictures.MOVED


# What is drawn


@pytest.mark.parametrize("knobs", [{}, {"brightness": 1.0, "key": 2}, {"drums": 0.0}])
def test_the_board_is_readable(knobs):
    clip, before = mixer.listen("rock", **knobs), mixer.untouched("rock")
    figure = pictures.board(clip, before, title="rock")
    figure.canvas.draw()
    words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    assert min(text.get_fontsize() for text in words) >= 8
    drawn = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0, width - drawn.x1, height - drawn.y1) >= 0
    titles = [ax.get_title() or ax.get_title(loc="left") for ax in figure.axes]
    assert ("nothing has moved" in titles) == (not knobs)


def test_the_words_say_what_the_bars_show():
    before = mixer.untouched("pop")
    assert "Bars to the right: none. Bars to the left: none." in pictures.words(before, before)
    said = pictures.words(mixer.listen("pop", brightness=0.0, key=2), before, "dull pop")
    assert "dull pop" in said
    assert "centroid" in said.split("Bars to the left: ")[1].split(".")[0]
    assert "turned by +2 semitones" in said


@pytest.mark.parametrize("rows", ["Hz", "mel"])
def test_an_image_writes_frequencies_where_they_are(rows):
    tone = np.sin(2 * np.pi * 2000 * np.arange(SR) / SR)
    S = np.abs(librosa.stft(tone)) ** 2
    frequencies = librosa.fft_frequencies(sr=SR)
    if rows == "mel":
        S, frequencies = (
            librosa.feature.melspectrogram(S=S, sr=SR),
            mixer.untouched("pop").frequencies,
        )
    ax = pictures.image(librosa.power_to_db(S), frequencies, 512)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert ax.get_yticks()[labels.index("2000")] == pytest.approx(S.mean(axis=1).argmax(), abs=1)


def test_players_carry_names_and_mp3():
    shown = pictures.players({"<before>": mixer.untouched("pop").y}).data
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
    assert [*controls][:-1] == ["style", *mixer.KNOBS, "window", "hop"]
    assert shown.value == panel.render("rock")
    assert "rock: all knobs as they are" in shown.value
    assert re.search(r'<img alt="The mixer with rock: [^"]+" width="\d+" height="\d+"', shown.value)
    assert "<audio controls" in shown.value


@pytest.mark.parametrize("knob", [*mixer.KNOBS, "window", "hop"])
def test_every_slider_changes_what_is_shown(mixed, knob):
    controls, shown = mixed
    before, slider = shown.value, controls[knob]
    slider.value = {"tempo": 111, "key": 1, "window": 8192, "hop": 64}.get(knob, 0.95)
    assert shown.value != before
    assert "<img" in shown.value
    assert f"rock: {knob}" in shown.value
    assert slider.continuous_update is False


def test_another_style_brings_its_own_knobs_and_the_button_brings_them_back(mixed):
    controls, shown = mixed
    controls["style"].value = "jazz"
    assert {k: controls[k].value for k in mixer.KNOBS} == asdict(jukebox.knobs_for("jazz"))
    as_it_is = shown.value
    assert as_it_is == panel.render("jazz")
    controls["drums"].value = 1.0
    controls["window"].value = 512
    assert "drums 1, window 512" in shown.value
    controls["as they are by default"].click()
    assert shown.value == as_it_is


def test_one_picture_is_drawn_for_each_change(mixed, monkeypatch):
    controls, _ = mixed
    drawn = []
    monkeypatch.setattr(panel, "render", lambda *args, **knobs: drawn.append(args) or str(args))
    controls["style"].value = "metal"
    controls["room"].value = 0.7
    assert len(drawn) == 2


def test_a_bad_window_or_hop_is_one_sentence(mixed):
    controls, shown = mixed
    controls["window"].value, controls["hop"].value = 512, 2048
    assert re.fullmatch(
        r"<p><b>Not like this:</b> a hop of 2,048 samples is longer .+\.</p>", shown.value
    )
    controls["hop"].value = 128
    assert "<img" in shown.value
    with pytest.raises(
        ValueError, match="window of 2,048 samples does not fit into a clip of 1,000"
    ):
        mixer.measure(np.zeros(1000, np.float32))
    assert "choose one of" in panel.render("polka")
    assert "Not like this" in panel.render("rock", key=99)


def test_no_figure_stays_open(mixed):
    controls, _ = mixed
    controls["drums"].value = 0.1
    assert not plt.get_fignums()


# The mystery


@pytest.mark.parametrize("seed", range(8))
def test_a_mystery_is_solved_by_trying_every_turn(seed):
    riddle = mixer.mystery(seed)
    turns = mixer.turns(riddle.genre)
    pictured = {t: mixer.listen(riddle.genre, **{t[0]: value}).db for t, value in turns.items()}
    distances = {t: np.abs(db - riddle.after.db).mean() for t, db in pictured.items()}
    found, second, *_ = sorted(distances, key=distances.get)
    assert found == mixer.reveal(seed)
    assert distances[second] > 0.5
    assert np.abs(riddle.after.db - riddle.before.db).mean() >= mixer.AUDIBLE_DB


def test_mysteries_differ_and_do_not_tell():
    assert len({mixer.reveal(seed) for seed in range(30)}) > 6
    knob, _ = mixer.reveal(3)
    assert knob not in repr(mixer.mystery(3))


@every_style
def test_each_style_has_turns_within_the_range(genre):
    default = asdict(jukebox.knobs_for(genre))
    for (knob, way), value in mixer.turns(genre).items():
        low, high = ENDS.get(knob, (0, 1))
        assert low <= value <= high
        assert (value > default[knob]) == (way == "up")
