"""Exercises of lesson 08: how good is it really?"""

import json
from functools import lru_cache

import numpy as np

from helpers import datasets, evaluation, features, models, splits
from helpers.evaluation import calibration
from helpers.exercises.exercise import Exercise, collect, no, number, yes
from helpers.song import PRETRAINED, training

GOAL = 0.03


@lru_cache
def _predictions(protocol):
    """What lesson 08's SVM says of each window under one of its protocols."""
    table = datasets.sampler()
    X = table[list(features.names("full"))].to_numpy()
    folds = {"songs": splits.by_song, "artists": splits.by_artist}[protocol](table)
    return evaluation.cross_val_predict(models.baselines()["RBF SVM"], X, table, folds)


@lru_cache
def _lost():
    """Songs that are right with songs kept whole and wrong with artists kept whole, by artist."""
    songs = evaluation.vote(_predictions("songs"))
    return songs.artist_group[_only_left(songs, evaluation.vote(_predictions("artists")))]


def _only_left(a, b):
    """Which rows are right in a and wrong in b; both hold the same songs in the same order."""
    return (a.genre == a.predicted).to_numpy() & (b.genre != b.predicted).to_numpy()


@lru_cache
def _lost_windows():
    """The same as `_lost`, by window."""
    rows, strict = _predictions("songs").sort_index(), _predictions("artists").sort_index()
    return rows.artist_group[_only_left(rows, strict)]


def _whose_points(answer):
    by_song, by_window = _lost().value_counts(), _lost_windows().value_counts()
    played = evaluation.vote(_predictions("songs")).artist_group.value_counts()
    names = {name.lower(): name for name in played.index}
    name = names.get(str(answer).strip().lower())
    if name is None:
        if str(answer).strip().lower() in datasets.GENRES:
            return no("That is a genre. The *artist* is wanted, as `artist_group` names them.")
        return no("Nobody in the sampler has this name. `artist_group` says how names are written.")
    if name == by_song.idxmax():
        return yes(
            f"Yes: of {by_song.sum()} such songs, {by_song[name]} are by {name}, more than by any "
            f"other of the {len(by_song)} artists among them. So a large part of what the lenient "
            "split brought was a few acquaintances, and that is why artists have to be drawn."
        )
    if name == by_window.idxmax():
        return no("That is the answer for windows. Let the windows of a song vote first.")
    if name not in by_song:
        return no(f"{name} loses no song at all between the two splits.")
    return no(f"{name} plays {by_song[name]} of these {by_song.sum()} songs: another plays more.")


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
    if not 0 < answer < np.inf:
        return no("A number of artists is wanted: more than none, and less than endless.")
    songs = evaluation.vote(_predictions("artists"))
    score, windows = evaluation.accuracy(songs), evaluation.accuracy(_predictions("artists"))
    naive = evaluation.accuracy(songs.assign(artist_group=songs.song_id))
    known = evaluation.accuracy(evaluation.vote(_predictions("songs")))
    n, ratio = score.artists, _ratio(score)
    truth = n * ratio**2
    if abs(answer - truth) <= 0.08 * truth:
        return yes(
            f"About {answer:,.0f}, if they are like those of the sampler. All of GTZAN has "
            f"{datasets.songs().artist.nunique()} whose names are known, and some songs more by "
            "unknown ones. That is why papers on it "
            "should report intervals, and why a gain of two points on it says so little."
        )
    one_by_one = "That interval takes every song for a witness of its own (section 4)."
    slips = [
        (4 * truth, "±0.03 is *half* the width of the interval. You took the whole width for it."),
        (truth / 4, "±0.03 makes an interval 0.06 wide. Compare half with half, or whole with "
         "whole: you compared half the width of now with all of that."),
        (n * ratio, "The width shrinks with the *square root* of the number: half the width, four "
         "times the artists. You took the factor as it is: square it."),
        (n * 2 * ratio, "Two slips: ±0.03 is *half* the width, and the factor has to be squared."),
        (ratio**2, "That is *how many times* as many artists are needed. How many is that, if "
         f"there are {n} now?"),
        (ratio, "That is by how much the interval has to shrink. Square it, and multiply by the "
         "artists that there are."),
        (n / ratio**2, "Turned around: a narrower interval needs more artists, not fewer."),
        (truth - n, "So many *more* than there are now. How many is that in all?"),
        (score.n * ratio**2, "These would be songs. The interval was drawn from artists, so count "
         "those."),
        (naive.artists * _ratio(naive) ** 2, one_by_one),
        (n * _ratio(naive) ** 2, one_by_one),
        (1.96**2 * score.value * (1 - score.value) / GOAL**2, "The formula for independent tosses "
         "gives this. Songs of one artist are not independent: start from the interval that was "
         "drawn from artists."),
        (n * _ratio(windows) ** 2, "That is the interval per window. Take the one per song "
         "(`by_artist`)."),
        (n * _ratio(known) ** 2, "That is the interval with songs kept whole. Take the one for new "
         "artists (`by_artist`)."),
    ]  # fmt: skip
    value, sentence = min(slips, key=lambda slip: abs(np.log(answer / slip[0])))
    if abs(answer - value) <= 0.035 * value:
        return no(sentence)
    if answer <= n:
        return no(f"Already {n} artists give a wider interval than that: more are needed.")
    side = "wider than ±0.03: more are needed" if answer < truth else "narrower: fewer will do"
    return no(f"With so many artists the interval would be {side}.")


def _ratio(score):
    """How many times as wide as wanted an interval is."""
    return (score.high - score.low) / 2 / GOAL


@lru_cache
def _outside():
    """What both ears say of the clips by artists whom GTZAN doesn't have, not tempered."""
    learned, table = training.from_sampler("musicnn-yamnet"), datasets.outside()
    X = training.shipped("musicnn-yamnet", table, "outside")
    fitted = evaluation.fit(learned.model, learned.X, learned.table, balanced=True)
    new = table.known & ~table.in_gtzan
    said = evaluation.predict(fitted, X[new.to_numpy()], table[new])
    return calibration.by_song(said)


def _gap(temperature, test):
    """How much surer than right a model is on clips."""
    songs = calibration.apply_temperature(_outside().iloc[test], temperature)
    return songs.confidence.mean() - (songs.predicted == songs.genre).mean()


@lru_cache
def _gaps(learn=1, test=0):
    """Gaps on one part of each fold (0 large, 1 small) with the temperature of another."""
    fit = calibration.fit_temperature
    return np.array([_gap(fit(_outside().iloc[fold[learn]]), fold[test])
                     for fold in splits.by_artist(_outside(), 10)])  # fmt: skip


def _tenth(answer):
    if np.ndim(answer) == 1 and len(answer) == 10:
        return no("Ten gaps, good. Now one number: the mean of their sizes (`np.abs`).")
    answer = number(answer)
    right, all_rows = np.abs(_gaps()).mean(), np.arange(len(_outside()))
    card = json.loads((PRETRAINED / "musicnn-yamnet/card.json").read_text(encoding="utf-8"))
    home = _gap(card["temperature"], all_rows)
    if abs(answer - right) < 0.0025:
        return yes(
            f"Yes, {right:.3f}. GTZAN's temperature left a gap of {home:.3f}, on the sure side; "
            f"a tenth's gaps go from {_gaps().min():+.2f} to {_gaps().max():+.2f}. They hardly "
            "lean to one side, but each is off by about as much: thirteen clips are too few to say "
            "how sure one may be."
        )
    slips = [
        (_gaps().mean(), "There the signs cancel each other: somebody who uses *one* tenth gets "
         "one of these gaps, not their mean. Take their sizes, `abs`, first."),
        (np.abs(_gaps(0, 1)).mean(), "You learned from nine tenths and tested on one. Turn each "
         "pair around: `splits` gives the large part first."),
        (np.abs(_gaps(1, 1)).mean(), "That is the gap on the very clips that the temperature was "
         "fitted on. Test on the nine tenths."),
        (np.abs(_gaps(0, 0)).mean(), "Both parts of a pair are wanted: learn from the small one, "
         "test on the large one."),
        (home, "That is the gap with GTZAN's temperature, the one to compare with. Fit a new one "
         "with `calibration.fit_temperature`."),
        (_gap(1, all_rows), "That is the gap without any temperature: `fit_temperature` gives "
         "one, `calibration.apply_temperature` uses it."),
        (100 * right, "In percent? A gap is a difference of two shares: give it as such."),
    ]  # fmt: skip
    value, sentence = min(slips, key=lambda slip: abs(abs(answer) - abs(slip[0])))
    if abs(abs(answer) - abs(value)) < max(0.0025, 0.01 * abs(value)):
        return no(sentence)
    return no(
        "For each pair: `fit_temperature` of the small part, `apply_temperature` to the large one, "
        "then mean confidence minus share of right answers. Ten gaps; what is their mean size?"
    )


EXERCISES = collect(
    Exercise(
        name="08.1",
        minutes=10,
        wanted="the name of an artist, as a string",
        nudge='`per_song["songs kept whole"]` and `per_song["artists kept whole"]` hold the same '
        "songs in the same order. Which rows are right in the one and wrong in the other?",
        partial="""Whether each song is right, with songs kept whole:

```python
known = per_song["songs kept whole"]
known.genre == known.predicted
```

Do the same for `by_artist`, put the two together with `&` and `~`, and count `artist_group`.""",
        solution="""
known = per_song["songs kept whole"]
lost = (known.genre == known.predicted) & (by_artist.genre != by_artist.predicted)
print(known.artist_group[lost].value_counts().head())
answer = known.artist_group[lost].value_counts().idxmax()
""",
        reasoning="What is lost between the two splits is what knowing the artist was worth. A few "
        "artists with many songs in the sampler hold most of it; those with a single song have "
        "next to nothing to lose, for there was nobody to recognize. So one overall figure "
        "flatters some artists, and with them their genres, far more than others.",
        look=_whose_points,
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
        "how wide is ±0.03, and how many artists are there now?",
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
    Exercise(
        name="08.4",
        minutes=15,
        wanted="a number: the mean size of ten gaps",
        nudge="`for rest, tenth in splits.by_artist(clips, 10)`, where `clips` is "
        '`untuned["both ears"]`: positions of nine tenths, and of one. Which of them may the '
        "temperature see?",
        partial="""For one pair:

```python
temperature = calibration.fit_temperature(clips.iloc[tenth])
tested = calibration.apply_temperature(clips.iloc[rest], temperature)
```

`tested.confidence.mean()` says how sure it is on average. How often is it right?""",
        solution="""
clips_said, gaps = untuned["both ears"], []
for rest, tenth in splits.by_artist(clips_said, 10):
    temperature = calibration.fit_temperature(clips_said.iloc[tenth])
    tested = calibration.apply_temperature(clips_said.iloc[rest], temperature)
    gaps.append(tested.confidence.mean() - (tested.predicted == tested.genre).mean())
print(np.round(gaps, 2))
answer = np.mean(np.abs(gaps))
""",
        reasoning="A temperature is a single number, and still thirteen clips don't fix it: some "
        "tenths are easy by luck, some hard, and the model ends up too sure or too modest. With "
        "GTZAN's temperature it is too sure, but by about as much only. To promise something about "
        "a new collection, you need some labels of it, and more than a handful. (A threshold asks "
        "for more yet: `calibration.fit_threshold` wants ten sure clips at least.)",
        look=_tenth,
    ),
)
