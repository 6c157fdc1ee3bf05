"""Exercises of lesson 08: how good is it really?"""

from functools import lru_cache

import numpy as np

from helpers import datasets, evaluation, features, models, splits
from helpers.exercises.exercise import Exercise, collect, no, yes

GOAL = 0.03


@lru_cache
def _predictions(protocol):
    """What lesson 08's SVM says of each window under one of its protocols."""
    table = datasets.sampler()
    X = table[list(features.names("full"))].to_numpy()
    folds = {"songs": splits.by_song, "artists": splits.by_artist}[protocol](table)
    return evaluation.cross_val_predict(models.baselines()["RBF SVM"], X, table, folds)


def _recall(rows):
    return (rows.genre == rows.predicted).groupby(rows.genre).mean()


def _losses():
    """How much of each genre is lost when artists are kept whole: by songs, and by windows."""
    whole_songs, whole_artists = _predictions("songs"), _predictions("artists")
    by_song = _recall(evaluation.vote(whole_songs)) - _recall(evaluation.vote(whole_artists))
    return by_song, _recall(whole_songs) - _recall(whole_artists)


def _which_suffers(answer):
    by_song, by_window = _losses()
    answer = str(answer).strip().lower()
    if answer not in by_song:
        return no("Write one of the ten genres as a string.")
    if answer == by_song.idxmax():
        return yes(
            f"Yes: the share of {answer} that is named right drops by {by_song[answer]:.2f}. A "
            "handful of artists play most of it, so for most of its songs the model had known the "
            "artist; and the few new ones sound unlike each other."
        )
    if answer == by_song.idxmin():
        return no("That genre loses *least*: look at the other end, or turn the difference around.")
    if answer == by_window.idxmax():
        return no("That is the answer for windows. Let the windows of a song vote first.")
    return no(f"By the songs' votes {answer} loses {by_song[answer]:.2f}: another loses more.")


def _unknown_artists(answer):
    table = datasets.sampler()
    if callable(answer):
        answer = answer(table)
    folds = list(answer)
    if len(folds) != 1 or len(folds[0]) != 2:
        return no("A list with one pair is wanted: `[(train, test)]`.")
    train, test = (np.asarray(part) for part in folds[0])
    if bool in (train.dtype, test.dtype):
        return no("These are columns of true and false: `np.flatnonzero` makes positions of them.")
    if not all(np.issubdtype(part.dtype, np.integer) for part in (train, test)):
        return no("Row *positions* are wanted: whole numbers from 0.")
    if not len(train) or not len(test):
        return no("One of the two parts is empty.")
    if max(train.max(), test.max()) >= len(table) or min(train.min(), test.min()) < 0:
        return no(
            f"The sampler has {len(table)} rows, so positions run from 0 to {len(table) - 1}."
        )
    if set(train) & set(test):
        return no("Some windows are in both parts: the model is tested on what it has learned.")
    unknown = set(np.flatnonzero(table.artist.isna()))
    if set(train) == unknown:
        return no("Train and test are the wrong way round: the pair is `(train, test)`.")
    if set(test) != unknown:
        return no(
            f"Windows without a known artist: {len(unknown)}; in your test part: {len(set(test))}. "
            "`artist` is missing there (`isna`); `artist_group` never is."
        )
    if len(set(train)) + len(unknown) < len(table):
        return no("Right to test on those, but train on *all* other windows: some are left out.")
    genres = ", ".join(sorted(set(datasets.GENRES) - set(table.genre.iloc[list(unknown)])))
    return yes(
        "A fair exam, if none of these songs is by a known artist. That can't be checked, and a "
        "report has to say so. And don't hold its figure against the one for all artists: "
        f"{genres} have no song in this test at all, so it asks other, easier questions."
    )


def _how_many_artists(answer):
    answer = float(answer)
    songs = evaluation.vote(_predictions("artists"))
    windows = evaluation.accuracy(_predictions("artists"))
    score = evaluation.accuracy(songs)
    naive = evaluation.accuracy(songs.assign(artist_group=songs.song_id))
    ratio = (score.high - score.low) / 2 / GOAL

    def near(value):
        return abs(answer - value) <= 0.12 * value

    if near(score.artists * ratio**2):
        return yes(
            f"About {answer:,.0f}, if they are like those of the sampler. All of GTZAN has "
            f"{datasets.songs().artist.nunique()} whose names are known, and some songs more by "
            "unknown ones. That is why papers on it "
            "should report intervals, and why a gain of two points on it says so little."
        )
    if near(score.artists * (2 * ratio) ** 2):
        return no("±0.03 is *half* the width of the interval. You took the whole width for it.")
    if near(score.artists * ratio):
        return no("The width shrinks with the *square root* of the number: half the width, four "
                  "times the artists.")  # fmt: skip
    if near(score.n * ratio**2):
        return no("These would be songs. The interval was drawn from artists, so count those.")
    if near(naive.artists * ((naive.high - naive.low) / 2 / GOAL) ** 2):
        return no("That interval takes every song for a witness of its own (section 4).")
    if near(windows.artists * ((windows.high - windows.low) / 2 / GOAL) ** 2):
        return no("That is the interval per window. Take the one per song (`by_artist`).")
    if answer <= score.artists:
        return no(f"The interval of {score.artists} artists is wider than that: more are needed.")
    return no("Another number comes out here. How many times as wide as ±0.03 is the interval now?")


EXERCISES = collect(
    Exercise(
        name="08.1",
        minutes=10,
        wanted="the name of a genre, as a string",
        nudge="You need the share of right songs in each genre, twice, and the difference. "
        '`evaluation.vote(predictions["songs kept whole"])` makes songs of windows.',
        partial="""The share of right songs in each genre:

```python
(by_artist.genre == by_artist.predicted).groupby(by_artist.genre).mean()
```

Take the same for songs kept whole, and look for the largest difference.""",
        solution="""
def recall(rows):
    return (rows.genre == rows.predicted).groupby(rows.genre).mean()

whole_songs = evaluation.vote(predictions["songs kept whole"])
losses = recall(whole_songs) - recall(by_artist)
answer = losses.idxmax()
""",
        reasoning="Genres in which a few artists play most of the songs lose most: their songs had "
        "been recognized by the artist. Where nearly every song has an artist of its own, there "
        "was nothing to recognize, and nothing is lost. So a single overall figure flatters some "
        "genres far more than others.",
        look=_which_suffers,
    ),
    Exercise(
        name="08.2",
        minutes=15,
        wanted="a list of one pair, `[(train, test)]`, of row positions of the sampler",
        nudge="A split is a list of pairs of row positions. `sampler.artist` is missing where "
        "nobody knows who plays.",
        partial="""Positions of the windows without a known artist:

```python
np.flatnonzero(sampler.artist.isna())
```

The others are for training.""",
        solution="""
unknown = sampler.artist.isna().to_numpy()
answer = [(np.flatnonzero(~unknown), np.flatnonzero(unknown))]
rows = evaluation.vote(evaluation.cross_val_predict(svm, X, sampler, answer))
print(evaluation.accuracy(rows))
""",
        reasoning="It measures how the model does on songs that nobody could attribute, *if* none "
        "of them is by a known artist. Nobody can check that, so say it beside the figure. A split "
        "is an assumption about the world in which the model will be used: write it down.",
        look=_unknown_artists,
    ),
    Exercise(
        name="08.3",
        minutes=15,
        wanted="a number of artists",
        nudge="Four times the artists, half the width. How wide is the interval of `by_artist`, "
        "and how many artists are behind it?",
        partial="""`score = evaluation.accuracy(by_artist)` has `low`, `high` and `artists`. Half of
the width now, divided by 0.03, is the factor by which the interval must shrink. Its square is the
factor by which the artists must grow.""",
        solution="""
score = evaluation.accuracy(by_artist)
half_width = (score.high - score.low) / 2
answer = score.artists * (half_width / 0.03) ** 2
""",
        reasoning="The width of an interval shrinks with the square root of the number of "
        "independent witnesses, and here the witnesses are artists. More songs of the same artists "
        "would help little. The number that comes out is several times what GTZAN has, and that "
        "is why small differences on it can't be told from luck.",
        look=_how_many_artists,
    ),
)
