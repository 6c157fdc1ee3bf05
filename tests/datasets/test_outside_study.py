"""Figures of the outside study are what its script counts; one of each kind is counted again."""

import build_outside_study as study
import pandas as pd
import pytest

from helpers.datasets import DATA
from helpers.song import training

KEYS = ["part", "recipe", "what", "clips", "half", "measure"]


@pytest.fixture(scope="module")
def shelves():
    return study.Shelves()


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(DATA / "outside_study.csv")


def test_every_part_speaks_of_every_recipe_once(table):
    assert not table.duplicated(KEYS).any()
    for part in ("ladder", "travel", "matched", "unknown", "promise", "learning"):
        assert set(table.recipe[table.part == part]) == set(training.RECIPES), part
    with_ends = table.dropna(subset=["low", "high"])
    assert (with_ends.low <= with_ends.value).all()
    assert (with_ends.value <= with_ends.high).all()


def test_no_artist_chooses_and_judges(shelves):
    clips = shelves.outside.drop_duplicates("song_id")
    assert clips.groupby("artist_group").half.nunique().max() == 1
    counts = clips.groupby(["known", "half"]).size()
    assert counts[True].to_dict() == {"choosing": 69, "judging": 64, "shared": 14}
    assert counts[False].to_dict() == {"choosing": 16, "judging": 16}


def test_halves_follow_the_rule_and_not_the_order_of_rows(shelves):
    shuffled = shelves.outside.sample(frac=1, random_state=0)
    assert study.halves(shuffled) == shuffled.half.tolist()


def recounted(shelves, table, part, recipe="full", what=None):
    made = pd.DataFrame(study.rows_of(part, shelves, recipe, what), columns=study.COLUMNS)
    stored = table[(table.part == part) & (table.recipe == recipe)]
    if what:
        stored = stored[stored.what == what]
    made["clips"] = pd.to_numeric(made.clips)
    pairs = stored.merge(made, on=KEYS, how="outer", suffixes=("", "_again"), indicator=True)
    assert (pairs._merge == "both").all()
    assert (pairs.n == pairs.n_again).all()
    # Another processor may hear one song of 64 otherwise.
    assert (pairs.value - pairs.value_again).abs().max() < 0.03


@pytest.mark.parametrize("part", ["ladder", "unknown", "promise"])
def test_one_recipe_of_a_part_counted_again(shelves, table, part):
    recounted(shelves, table, part)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["travel", "learning"])
def test_one_recipe_of_a_longer_part_counted_again(shelves, table, part):
    recounted(shelves, table, part)


@pytest.mark.slow
def test_hand_made_features_at_one_level_counted_again(table, shared_data):
    what = "one level"
    heard = study.hear(
        shared_data / "audio", shared_data / "musifeast", study.MATCHES[what], needed=()
    )
    recounted(study.Shelves(heard), table, "matched", what=what)
