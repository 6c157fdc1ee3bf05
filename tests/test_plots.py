"""Pictures that say what they show."""

import io

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

from helpers import datasets, evaluation, jukebox, plots

SMALLEST_TYPE = 8


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def sound():
    return jukebox.play("rock", seconds=2.0)


@pytest.fixture
def songs():
    """Predictions of thirty songs, two thirds of them right."""
    genre = np.repeat(["blues", "jazz", "rock"], 10)
    predicted = np.where(np.arange(30) % 3, genre, "rock")
    columns = {"song_id": range(30), "artist_group": range(30), "fold": 0}
    return pd.DataFrame({**columns, "genre": genre, "predicted": predicted})


def readable(figure):
    """Draw a figure and check its type; returns all that is written on it."""
    figure.canvas.draw()
    words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    assert min(text.get_fontsize() for text in words) >= SMALLEST_TYPE
    return [text.get_text() for text in words]


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


def test_figures_are_shown_with_words(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **data: shown.append(data))
    for _ in range(2):
        plt.subplots()
    plots.show("a wave", "a cloud")
    assert [data["metadata"]["image/png"]["alt"] for data in shown] == ["a wave", "a cloud"]
    assert not plt.get_fignums()


@pytest.mark.parametrize("alts", [(), ("",), ("a wave", "a cloud")])
def test_a_figure_without_words_is_refused(alts):
    plt.subplots()
    with pytest.raises(ValueError, match="describe each of the 1 open figures"):
        plots.show(*alts)


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
    assert {"rock", "time (s)", "frequency (Hz)", "level (dB)"} <= set(words)
    assert ax.collections[0].get_array().shape[0] == 128


def test_a_confusion_matrix_shows_counts_and_shares(songs):
    ax = plots.confusion(songs, title="guesses")
    words = readable(ax.figure)
    assert {"predicted genre", "true genre", "guesses", "share of the genre's songs"} <= set(words)
    assert words.count("10\n100%") == 1
    cells = [text for text in words if "\n" in text]
    assert sum(int(cell.split("\n")[0]) for cell in cells) == 30


def test_a_confusion_matrix_of_ten_genres_stays_readable():
    rng = np.random.default_rng(0)
    genre, predicted = rng.choice(datasets.GENRES, (2, 500))
    frame = pd.DataFrame({"song_id": range(500), "genre": genre, "predicted": predicted})
    assert len(readable(plots.confusion(frame).figure)) > 100


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


def test_a_learning_curve_with_and_without_validation():
    log = pd.DataFrame({"loss": [2.0, 1.0], "accuracy": [0.3, 0.6]}, index=[1, 2])
    axes = plots.history(log)
    assert [len(ax.lines) for ax in axes] == [1, 1]
    watched = plots.history(log.assign(val_loss=[2.1, 1.5], val_accuracy=[0.2, 0.5]), title="x")
    assert [len(ax.lines) for ax in watched] == [2, 2]
    words = readable(watched[0].figure)
    assert {"epoch", "loss", "accuracy", "training songs", "held out", "x"} <= set(words)


def test_the_song_map_shows_every_song_once():
    points = np.random.default_rng(0).normal(size=(40, 2))
    ax = plots.song_map(points, ["rock", "jazz", "my own", "blues"] * 10, title="songs")
    assert sum(len(dots.get_offsets()) for dots in ax.collections) == 40
    assert {"rock", "jazz", "blues", "my own", "songs"} <= set(readable(ax.figure))


def test_the_bars_of_artists_add_up_to_the_songs():
    songs = datasets.songs()
    ax = plots.artists(songs, title="who plays")
    widths = {}
    for bar in ax.patches:
        row = round(bar.get_y() + bar.get_height() / 2)
        widths[row] = widths.get(row, 0) + bar.get_width()
    assert widths == dict.fromkeys(range(10), 100)
    hatched = sum(bar.get_width() for bar in ax.patches if bar.get_hatch())
    assert hatched == songs.artist.isna().sum() == 81
    assert set(datasets.GENRES) <= set(readable(ax.figure))


@pytest.mark.parametrize("column", ["genre", "label"])
def test_boxes_by_genre(column):
    table = pd.DataFrame({column: ["rock", "jazz"] * 5, "rmse": np.linspace(0, 1, 10)})
    ax = plots.by_genre(table, "rmse", unit="full scale", title="louder")
    assert {"rmse (full scale)", "jazz", "rock", "louder"} <= set(readable(ax.figure))


def test_the_heat_map_of_flips_writes_every_rate_with_its_interval():
    low, high = (evaluation.Score(value, value - 0.1, value + 0.1, 100, 45) for value in (0.2, 0.8))
    rates = pd.DataFrame({"SVM": [low, high], "CNN": [high, low]}, index=["quieter", "slower"])
    ax = plots.flips(rates, title="who changes its mind")
    assert list(ax.collections[0].get_array().ravel()) == [0.2, 0.8, 0.8, 0.2]
    words = readable(ax.figure)
    assert words.count("0.20 [0.10, 0.30]") == words.count("0.80 [0.70, 0.90]") == 2
    assert {"SVM", "CNN", "quieter", "slower", "who changes its mind"} <= set(words)


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_same_picture_has_the_same_bytes(songs, kind):
    pictures = []
    for _ in range(2):
        file = io.BytesIO()
        plots.confusion(songs).figure.savefig(
            file, format=kind, metadata={"Date": None} if kind == "svg" else None
        )
        pictures.append(file.getvalue())
    assert pictures[0] == pictures[1]


def test_a_given_axis_is_drawn_on(sound, songs):
    figure, (first, second) = plt.subplots(2)
    assert plots.waveform(sound, ax=first) is first
    assert plots.confusion(songs, ax=second) is second
    assert plt.get_fignums() == [figure.number]


def test_the_bars_of_songs_are_as_long_as_their_weights():
    table = pd.DataFrame({"song_id": list("aaabcd"), "genre": ["jazz"] * 4 + ["my own"] * 2})
    weights = evaluation.balanced_weights(table)
    ax = plots.song_shares(table, weights, title="each song")
    ends = [bar.get_datalim(ax.transData).xmax for bar in ax.collections]
    assert ends == pytest.approx([3, 3])  # two genres share six rows
    assert [len(bar.get_paths()) for bar in ax.collections] == [2, 2]
    assert {"each song", "jazz", "my own"} <= set(readable(ax.figure))
