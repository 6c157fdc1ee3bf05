"""The README promises; these tests hold it to that."""

import re
from pathlib import Path

import pandas as pd
import pytest

import results
from helpers import datasets
from helpers.__main__ import main
from helpers.song import PRETRAINED, SongClassifier

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COUNTED = pd.read_csv(ROOT / "results/results.csv")
NETWORKS = ("the script's network", "small CNN")
# Five folds of a network take a minute: only `make results` counts those again.
COUNTED_AGAIN = [
    (model, protocol)
    for model in results.MODELS
    for protocol in (*results.PROTOCOLS, results.OUTSIDE)
    if model not in NETWORKS or protocol == "fault-filtered split"
] + [("the script's network", results.OUTSIDE)]


def test_the_tables_are_what_was_counted():
    tables = (
        pd.read_csv(ROOT / f"results/{name}.csv", dtype={"lesson": str})
        for name in ("jukebox", "costs", "lessons")
    )
    assert results.fill(README, COUNTED, *tables) == README
    assert README.count("<!-- results:") == README.count("<!-- end of") == 6


def test_every_lesson_was_run_and_measured():
    measured = pd.read_csv(ROOT / "results/lessons.csv", dtype={"lesson": str})
    lessons = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    assert list(measured.lesson) == [path.stem.partition("_")[0] for path in lessons]
    assert (measured[["seconds", "MB of memory"]] > 0).all(axis=None)


def test_each_classifier_that_ships_has_a_price():
    costs = pd.read_csv(ROOT / "results/costs.csv")
    assert list(costs.model) == list(results.SHIPPED)
    assert (costs.drop(columns="model") >= 0).all(axis=None)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "protocol"), COUNTED_AGAIN)
def test_every_accuracy_is_what_the_code_computes(model, protocol):
    rows = COUNTED[(COUNTED.model == model) & (COUNTED.protocol == protocol)]
    again = pd.DataFrame(results.scores(model, protocol))
    assert list(again.per) == list(rows.per)
    assert list(again.n) == list(rows.n)
    # Other processors may flip a window or two, and train another network.
    tolerance = 0.08 if model in NETWORKS else 0.015
    columns = ["accuracy", "low", "high"]
    assert again[columns].to_numpy() == pytest.approx(rows[columns].to_numpy(), abs=tolerance)


def test_never_an_accuracy_without_its_interval():
    assert (COUNTED.low <= COUNTED.accuracy).all()
    assert (COUNTED.accuracy <= COUNTED.high).all()
    counted = COUNTED.groupby("protocol").model.nunique()
    assert counted.pop(results.OUTSIDE) == len(results.MODELS) - 1, "all but the CNN"
    assert counted.to_dict() == dict.fromkeys(results.PROTOCOLS, len(results.MODELS))


def test_the_ladder_falls_and_neither_step_is_a_matter_of_rounding():
    svm = COUNTED[(COUNTED.model == "RBF SVM") & (COUNTED.per == "window")]
    rungs = svm.set_index("protocol").accuracy[list(results.PROTOCOLS)[:3]]
    assert rungs.diff().max() < -0.08


def test_the_words_of_the_readme_agree_with_the_classifier():
    card = SongClassifier.load(PRETRAINED / "musicnn-yamnet").card
    promise = card["when_sure"]
    assert promise["target"] == 0.9, "nine in ten"
    words = " ".join(README.split())
    there = card["outside"]["when_sure"]
    for part in (*map(promise.get, ("coverage", "accuracy")), there["coverage"], there["accuracy"]):
        share = "{value:.0%} [{low:.0%}, {high:.0%}]".format(**part).replace("%", " %")
        assert f"{share} of" in words
    assert f"of {promise['coverage']['n']} songs" in words
    assert f"of those {promise['accuracy']['n']}." in words
    others = card["outside"]["other_genres"]
    assert (
        f"of {others['n']} clips of genres that it doesn't know it is sure of {others['sure']}"
        in words
    )
    conversion = datasets.SOURCES["yamnet"].mirrors[0].sha256[:8]
    for name in ("yamnet", "musicnn-yamnet"):
        assert conversion in (PRETRAINED / name / "README.md").read_text(encoding="utf-8")


def test_every_make_target_that_it_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`?make (\w+)", README))
    assert {"lab", "check", "test", "course", "bench"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M), target


@pytest.mark.parametrize("command", sorted(set(re.findall(r"python -m helpers (\w+)", README))))
def test_every_command_that_it_names_exists(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert "://" in target or (ROOT / target).exists(), target


def test_numbers_of_the_data_are_right():
    sampler = datasets.sampler()
    assert f"{len(sampler):,} two-second windows of {sampler.song_id.nunique()} songs" in README
    assert f"by {sampler.artist_group.nunique()} artists" in README
    assert f"{len(datasets.songs()):,} songs" in README


def test_the_table_has_each_lesson_once_and_says_how_long_it_takes():
    rows = re.findall(r"^\| \[.+\]\((notebooks/\S+)\) \| .+\? \| (\d+) min \|$", README, re.M)
    lessons = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    assert [path for path, _ in rows] == [f"notebooks/{path.name}" for path in lessons]
    for path, minutes in rows:
        assert f"about {minutes} minutes" in (ROOT / path).read_text(encoding="utf-8"), path
