"""Exercises of lesson 01: what is in the data?"""

from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform
from sklearn.preprocessing import StandardScaler

from helpers import datasets, features
from helpers.exercises.exercise import Exercise, collect, no, number, yes

PARTS, BUSIEST = 5, 3


def _plays(songs, busiest=BUSIEST):
    """How many songs of each genre its busiest known artists play."""
    artists = songs.groupby("genre").artist
    return artists.agg(lambda artist: artist.value_counts().head(busiest).sum())


def _one_voice(answer):
    songs = datasets.songs()
    size, known = songs.groupby("genre").size(), songs.groupby("genre").artist.count()
    shares = pd.Series(answer.squeeze("columns") if isinstance(answer, pd.DataFrame) else answer)
    if set(shares.index) != set(size.index):
        return no("A table with one row for each genre is wanted, and the genre as its index.")
    shares = shares.astype(float)[size.index]

    def fits(other):
        return np.allclose(shares, other, atol=0.006)

    if fits(_plays(songs) / size):
        return yes(
            f"The three busiest play the most in {shares.idxmax()} ({shares.max():.0%}) and the "
            f"least in {shares.idxmin()}. A model that knew no more than their voices would be "
            "right that often."
        )
    if fits(_plays(songs)) or fits(100 * _plays(songs) / size):
        return no("So many songs, or per cent. A share goes from 0 to 1: divide by all songs.")
    if fits(_plays(songs) / known):
        return no(
            "That is their share of the songs whose artist is *known*. Divide by all songs of the "
            "genre: those of unknown artists are in the test, too."
        )
    if fits(_plays(songs, 1) / size):
        return no("That is the share of the busiest artist alone. Take the three busiest.")
    if fits(_plays(songs) / len(songs)):
        return no("Divide by the songs of the genre, not by those of the whole collection.")
    if fits(_plays(songs.fillna({"artist": "unknown"})) / size):
        return no("You counted all songs of unknown artists as one artist's. Leave them out above.")
    worst = (shares - _plays(songs) / size).abs().idxmax()
    return no(f"Not yet: for {worst}, for one, I find another share.")


def _repeats(songs):
    named = songs.dropna(subset=["artist", "title"])
    return named[named.duplicated(["artist", "title"], keep=False)]


def _divided(repeats, part):
    """For each repeat, whether a namesake lies in another part."""
    same = repeats.assign(part=part).groupby(["artist", "title"])
    return same.part.transform("nunique") > 1


def _deal(songs, seed=0):
    return pd.Series(np.random.default_rng(seed).integers(PARTS, size=len(songs)))


def _across(answer):
    first, second = map(number, answer)
    songs = datasets.songs()
    repeats, split = _repeats(songs), songs.fault_filtered_split
    if {first % 1, second % 1} != {0}:
        return no("Two whole numbers are wanted: count the songs, don't divide.")
    if not 0 <= min(first, second) <= max(first, second) <= len(repeats):
        return no(f"Only the {len(repeats)} repeats are asked, so each number is 0 to that.")
    dealt = _divided(repeats, _deal(songs))
    truth, published = dealt.sum(), _divided(repeats, split).sum()
    if (first, second) == (truth, published):
        return yes(
            f"Dealt at random, {truth} of {len(repeats)} repeats have a namesake on the other "
            f"side; in the fault-filtered split {published}. There artists were kept whole, and a "
            f"repeat has the same artist. Besides, {split[repeats.index].isna().sum()} of the "
            f"{len(repeats)} were left out of it altogether."
        )
    if (first, second) == (published, truth):
        return no("Both figures are right, but the random deal comes first.")
    if first == len(repeats):
        return no(
            "So many have a namesake *somewhere*. Ask of each whether one lies in another part."
        )
    if first == repeats[dealt].groupby(["artist", "title"]).ngroups:
        return no("So many *titles* are divided. Count the songs that have them.")
    if first == round(100 * truth / len(repeats)):
        return no("That is the first in per cent. Give the number of songs.")
    if first == len(repeats) - truth:
        return no("Those are the repeats whose namesakes all lie in the *same* part.")
    if first == truth and second == _divided(repeats, split.fillna("left out")).sum():
        return no(
            "The first figure is right. In the second you made a part of the songs that were left "
            "out of the split: they are in neither training nor test, so they give nothing away."
        )
    if first == truth:
        return no("The first figure is right. Do the same with `songs.fault_filtered_split`.")
    others = [_divided(repeats, _deal(songs, seed)).sum() for seed in range(1, 20)]
    if min(others) <= first <= max(others):
        return no(
            "The first figure is what a random deal gives, but not this one: use the line above, "
            "with the generator's seed 0, and give every song its part before you pick the repeats."
        )
    return no("The first figure is off. Two repeats belong together if artist *and* title agree.")


@lru_cache
def _nearest_right(barred=None, among_several=False, standardized=True):
    """Of the songs with several windows, how many of them have a nearest neighbor of their genre.

    `barred` names what the neighbor may not share: "song_id" or "artist_group".
    """
    sampler = datasets.sampler()
    points = sampler[list(features.names())]
    points = StandardScaler().fit_transform(points) if standardized else points.to_numpy()
    several = sampler.song_id.duplicated(keep=False).to_numpy()
    if among_several:
        sampler, points, several = sampler[several], points[several], several[several]
    distance = squareform(pdist(points))
    who = sampler[barred].to_numpy() if barred else np.arange(len(sampler))
    distance[who[:, None] == who] = np.inf
    genre = sampler.genre.to_numpy()
    right = genre[distance.argmin(axis=1)] == genre
    return right[several].mean(), right.mean()


def _new_artists_only(answer):
    share = number(answer)

    def fits(other):
        return abs(share - other) <= 0.003 or share == round(other, 2)

    truth, all_windows = _nearest_right("artist_group")
    anybody = _nearest_right()[0]
    if abs(share - truth) <= 0.003:
        return yes(
            f"{anybody:.0%} are right if anybody may be the neighbor, {truth:.0%} if it has to be "
            "a new artist. Nothing was trained: this is the ladder of lesson 00 once more."
        )
    if not 0 <= share <= 1:
        return no("A share is wanted, a number from 0 to 1.")
    if fits(truth) or share == round(truth, 1):
        return no("Give it unrounded: to so few digits a wrong way leads to the same number.")
    if fits(anybody):
        return no("That is the share with any neighbor. Now bar those by the same artist.")
    if fits(_nearest_right("artist")[0]):
        return no(
            "You barred by the column `artist`. An unknown artist is equal to nobody, not even to "
            "itself, so those windows still find their own song. Which column fills that gap?"
        )
    if fits(_nearest_right("song_id")[0]):
        return no(
            "You barred the window's own *song*. Its artist's other songs may still be chosen."
        )
    if fits(all_windows):
        return no("You asked all windows. Ask only those in `several`.")
    if fits(_nearest_right("artist_group", among_several=True)[0]):
        return no(
            "You also threw out the *candidates* that come from songs with a single window. Every "
            "window of another artist may be chosen; only those who ask are `several`."
        )
    if fits(_nearest_right("artist_group", standardized=False)[0]):
        return no("Measure on the standardized features: `distance` of section 9.")
    return no("I find another share. Did you set *every* pair by the same artist to infinity?")


EXERCISES = collect(
    Exercise(
        name="01.1",
        minutes=10,
        wanted="a table with the genres as its index and a share from 0 to 1 for each",
        nudge="`value_counts()` sorts, the busiest first, and leaves out missing values.",
        partial="""The songs that the three busiest play in one genre:

```python
songs[songs.genre == "blues"].artist.value_counts().head(3).sum()
```

`songs.groupby("genre").artist.agg(…)` does the same for each genre. What do you divide by?""",
        solution="""
top_three = songs.groupby("genre").artist.agg(lambda artist: artist.value_counts().head(3).sum())
answer = (top_three / songs.groupby("genre").size()).sort_values(ascending=False)
print(answer)
""",
        reasoning="`value_counts` skips missing artists, as it should: nobody knows whether they "
        "are among the three. `size` counts all songs, known or not. If windows or songs are "
        "shuffled, these three are in training *and* in the test, so a model can collect this "
        "share by knowing three voices.",
        look=_one_voice,
    ),
    Exercise(
        name="01.2",
        minutes=15,
        wanted="a pair of whole numbers",
        nudge="Group the repeats by artist and title, and count the different parts in each group.",
        partial="""Write the parts beside the repeats. `assign` goes by the row labels, so each
repeat gets its own:

```python
marked = repeats.assign(part=part)
```

Then `marked.groupby(["artist", "title"]).part.transform("nunique")` says for each repeat in how
many parts its namesakes lie.""",
        solution="""
part = pd.Series(np.random.default_rng(0).integers(5, size=len(songs)))


def divided(part):
    marked = repeats.assign(part=part)
    return (marked.groupby(["artist", "title"]).part.transform("nunique") > 1).sum()


answer = divided(part), divided(songs.fault_filtered_split)
print(answer)
""",
        reasoning="Five parts are many: two namesakes land in the same one only once in five. So "
        "plain cross-validation asks about songs whose other copy was in training. `nunique` does "
        "not count a missing part, so songs that were left out of the split do not matter. Keeping "
        "artists whole keeps repeats together without knowing of them, as long as the artist's "
        "name is known.",
        look=_across,
    ),
    Exercise(
        name="01.3",
        minutes=20,
        wanted="a share, a number from 0 to 1",
        nudge="Make a copy of `distance` in which every pair by the same artist is `np.inf`: "
        "nobody chooses a neighbor that is infinitely far away.",
        partial="""The first share, with any neighbor:

```python
genre = sampler.genre.to_numpy()
right = genre[distance.argmin(axis=1)] == genre
right[several].mean()
```

For the second, `same("artist_group")` is True for every pair by the same artist. `np.where` puts
the infinity there.""",
        solution="""
genre = sampler.genre.to_numpy()


def share_right(distance):
    return (genre[distance.argmin(axis=1)] == genre)[several].mean()


answer = share_right(np.where(same("artist_group"), np.inf, distance))
print(f"anybody: {share_right(distance):.2f}   new artists only: {answer:.2f}")
""",
        reasoning="Without its own song and artist, a window's nearest neighbor has its genre far "
        "less often. The rule did not change, only who may be asked. Much of what looked like "
        "knowing genres was recognizing songs and artists.",
        look=_new_artists_only,
    ),
)
