"""Playgrounds: what was tried stays, and what it is worth is asked once."""

import re

import pandas as pd
import pytest

from helpers.evaluation import playground
from helpers.evaluation.playground import Trials

GENRES = ["blues", "jazz"] * 10


def answers(right):
    """Twenty songs by ten artists, the first `right` of which are named rightly."""
    songs = pd.DataFrame({"song_id": [f"s{i}" for i in range(20)], "genre": GENRES})
    songs["artist_group"] = [f"a{i // 2}" for i in range(20)]
    swapped = songs.genre.map({"blues": "jazz", "jazz": "blues"})
    return songs.assign(predicted=songs.genre.where(songs.index < right, swapped))


def train(progress, right=10, sealed=10, curves=False):
    """A model that is as good as it is told to be."""
    if right < 0:
        raise ValueError("fewer songs than none")
    if right > 20:
        raise KeyboardInterrupt
    progress(1, 1)
    history = pd.DataFrame({"loss": [2, 1], "accuracy": [0.2, 0.5], "val_loss": [2, 2.5],
                            "val_accuracy": [0.1, 0.2]}, index=[1, 2])  # fmt: skip
    outcome = {"training": 1.0, "watched": answers(right), "sealed": answers(sealed)}
    return {**outcome, "history": history} if curves else outcome


@pytest.fixture
def trials():
    return Trials(train)


def test_each_trial_is_a_row_that_can_be_sorted(trials):
    for right in (12, 18, 6):
        trials.run(right=right)
    assert list(trials.table()["trial"]) == [1, 2, 3]
    assert list(trials.table("watched")["right"]) == [18, 12, 6]
    assert list(trials.table("right")["right"]) == [6, 12, 18]
    assert trials.table()["watched"][1].startswith("0.90 [")
    assert (trials.table()["seconds"] >= 0).all()


def test_what_cannot_be_trained_or_is_stopped_loses_nothing(trials, capsys):
    trials.run(right=12)
    assert trials.run(right=-1) is None
    assert "can't be trained: fewer songs than none" in capsys.readouterr().out
    assert trials.run(right=21) is None
    assert capsys.readouterr().out == "Stopped, and not logged. The trials before it are kept: 1.\n"
    assert len(trials.log) == 1


@pytest.mark.parametrize("curves", [False, True])
def test_a_trial_shows_its_picture_matrix_and_log(trials, curves):
    first = trials.run(right=12, curves=curves).data
    assert "trial 2" not in re.search('alt="([^"]*)"', first)[1]
    second = trials.run(right=16, curves=curves, compare=1).data
    words = re.search('alt="([^"]*)"', second)[1]
    assert "trial 1" in words
    assert "trial 2" in words
    assert "Trial 2, watched artists: 0.80 [" in second
    assert second.count("<tr>") >= 2 + 2


def test_the_sealed_artists_are_asked_about_the_trial_that_looked_best(trials, capsys):
    trials.open()
    assert capsys.readouterr().out == "Run a trial first.\n"
    for right, sealed in ((10, 14), (14, 10), (11, 12), (2, 2), (12, 12)):
        trials.run(right=right, sealed=sealed)
    trials.open()
    said = capsys.readouterr().out
    assert "best of 5 trials on the watched artists: trial 2" in said
    assert re.search(r"watched artists: 0.70 .*n = 20 songs by 10 artists, \+0.15", said)
    assert re.search(r"sealed artists: +0.50 .*, -0.10", said)
    assert "Asked" not in said
    trials.open()
    assert "Asked 2 times" in capsys.readouterr().out


@pytest.mark.parametrize("right", [12, -1, 21])
def test_the_panel_says_that_it_trains_until_it_does_no_more(right, capsys):
    def slow(progress, right):
        said.append((bar.description, bar.value, button.disabled))
        return train(progress, right)

    said, trials = [], Trials(slow)
    panel = trials.panel(right=[right])
    button, bar = panel.children[1].children
    button.click()
    assert said == [("training …", 0, True)]
    assert (bar.description, button.disabled) == ("", False)


def test_the_names_of_curves_stand_below_both_rows():
    outcome = train(lambda done, total: None, curves=True)
    figure = playground._curves({"trial 2": outcome, "trial 1": outcome})
    figure.canvas.draw()
    (names,) = figure.legends
    assert len(names.get_texts()) == 4
    assert not any(ax.get_legend() for ax in figure.axes)
    top = names.get_window_extent().y1
    assert all(ax.get_tightbbox().y0 >= top for ax in figure.axes)
    assert min(text.get_fontsize() for text in names.get_texts()) * 80 / 100 >= 9
    playground.plt.close(figure)


def test_the_panel_runs_trials_and_keeps_them(trials, monkeypatch):
    shown = []
    monkeypatch.setattr(playground, "display", shown.append)
    trials.run(right=12)
    panel = trials.panel(right=[6, 12, 18])
    knobs, actions, choices, _ = panel.children
    (slider,), (button, bar), (compare, order) = (
        part.children for part in (knobs, actions, choices)
    )
    assert slider.value == 12
    slider.value = 18
    button.click()
    assert [trial["settings"]["right"] for trial in trials.log] == [12, 18]
    assert bar.value == bar.max == 1
    assert not button.disabled
    compare.value = 1
    assert "trial 2 and trial 1 on watched artists" in shown[-1].data
    order.value = "watched"
    slider.value = 6
    button.click()
    assert compare.value == 1
    assert len(trials.log) == 3
