"""The README promises; these tests hold it to that."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import datasets, evaluation, features, models, musicnn, splits

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROTOCOLS = {
    "windows shuffled": splits.by_window,
    "songs kept whole": splits.by_song,
    "artists kept whole": splits.by_artist,
    "fault-filtered split": splits.fault_filtered,
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_ladder_is_what_the_code_computes(protocol):
    written = re.search(rf"^\| {protocol} \| (.+) \|$", README, re.M).group(1)
    sampler = datasets.sampler()
    X = sampler[list(features.names("full"))].to_numpy()
    folds = PROTOCOLS[protocol](sampler)
    score = evaluation.accuracy(
        evaluation.cross_validate(models.baselines()["RBF SVM"], X, sampler, folds)
    )
    figures = [float(figure) for figure in re.findall(r"\d\.\d+", written)]
    # Other processors may flip a window or two, never a hundredth and a half.
    assert [score.value, score.low, score.high] == pytest.approx(figures, abs=0.015)


@pytest.mark.parametrize(
    ("split", "end"),
    [
        (splits.by_artist, "(n = 509, artists kept whole)"),
        (splits.fault_filtered, "(n = 130, fault-filtered"),
    ],
)
def test_the_borrowed_ear_hears_as_well_as_it_says(split, end):
    written = re.search(rf"(0\.\d+ \[.{{10}}\]) {re.escape(end)}", README).group(1)
    sampler = datasets.sampler()
    described = sampler[list(features.names("full"))].to_numpy()
    X = musicnn.inputs(datasets.embeddings(), described)
    score = evaluation.accuracy(
        evaluation.vote(
            evaluation.cross_validate(
                musicnn.classifier(), X, sampler, split(sampler), balanced=True
            )
        )
    )
    figures = [float(figure) for figure in re.findall(r"\d\.\d+", written)]
    assert [score.value, score.low, score.high] == pytest.approx(figures, abs=0.015)


def test_every_make_target_that_it_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`?make (\w+)", README))
    assert {"lab", "test", "course", "bench"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_every_command_that_it_names_exists():
    for command in set(re.findall(r"python -m helpers (\w+)", README)):
        run = subprocess.run(
            [sys.executable, "-m", "helpers", command, "--help"], capture_output=True, cwd=ROOT
        )
        assert run.returncode == 0, command


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert "://" in target or (ROOT / target).exists(), target


def test_numbers_of_the_data_are_right():
    sampler = datasets.sampler()
    assert f"{len(sampler):,} two-second windows of {sampler.song_id.nunique()} songs" in README
    assert f"by {sampler.artist_group.nunique()} artists" in README
    assert f"{len(datasets.songs()):,} songs" in README


def test_lessons_take_as_long_as_the_map_says():
    rows = re.findall(r"\((notebooks/\S+\.ipynb)\) \| .+ \| (\d+) min \|", README)
    assert len(rows) == len(list((ROOT / "notebooks").glob("*.ipynb")))
    for path, minutes in rows:
        assert f"about {minutes} minutes" in (ROOT / path).read_text(encoding="utf-8"), path
