"""How good are we ourselves?

A person names the genre of twenty windows, by ear or by picture, and is marked as the models are,
on the same windows and with an interval. What compares people and models takes rows from `mark` or
a model's predictions.
"""

import re

import numpy as np
import pandas as pd
from scipy import stats

from helpers import audio, evaluation, features, plots
from helpers.datasets import GENRES

EACH = 2
SECONDS = 2.0


def choose(table, seed=0):
    """Twenty windows for a person: two of each genre, no artist twice, in a random order.

    They come from songs whose artist is known, whose label stood Sturm's check (the fault-filtered
    split kept them), and whose sound is one small download ("short-clips"); in GTZAN mini four of
    the genres are one artist each. An artist has one song in the draw, for else most of pop would
    be Britney Spears, and duets don't take part with those who sing them.

    Parameters
    ----------
    table : pd.DataFrame
        `datasets.sampler`.
    seed : int
        Another seed draws other windows; a few of them may be the same.

    Returns
    -------
    pd.DataFrame, 20 rows
        Rows of the table, under their own index: ``table.loc`` and ``predictions.loc`` find them.
    """
    rng = np.random.default_rng(seed)
    # Songs of GTZAN mini have ten windows each, songs of the short clips one.
    single = ~table.song_id.duplicated(keep=False)
    checked = table.artist.notna() & table.fault_filtered_split.notna()
    names = table.artist.dropna().unique()
    words = {one: re.compile(rf"\b{re.escape(one)}\b") for one in names}
    duets = [two for two in names if any(words[one].search(two) for one in names if one != two)]
    pool = table[single & checked & ~table.artist.isin(duets)]
    one_song_each = pool.sample(frac=1, random_state=rng).drop_duplicates("artist_group")
    drawn = one_song_each.groupby("genre").sample(EACH, random_state=rng)
    return drawn.sample(frac=1, random_state=rng)


def mark(windows, answers):
    """A person's answers in the form of a model's predictions, as from `cross_val_predict`.

    Columns song_id, artist_group, genre and predicted. `windows` come from `choose`, and `answers`
    are a genre for each, in their order (`from_digits` reads those of a class); ValueError if there
    are more or fewer of them, or one is no genre.
    """
    named = [str(name).strip().lower().replace("-", "").replace(" ", "") for name in answers]
    if len(named) != len(windows):
        raise ValueError(f"an answer to each window is wanted: {len(windows)}, not {len(named)}")
    for number, name in enumerate(named, 1):
        if name not in GENRES:
            raise ValueError(f"answer {number} is {name!r}: choose one of {', '.join(GENRES)}")
    return windows[list(evaluation.KEPT)].assign(predicted=named)


def as_digits(answers):
    """Answers as a digit each, to be sent and pooled: 0 is blues, 9 is rock."""
    return "".join(str(GENRES.index(name)) for name in answers)


def from_digits(digits):
    """The answers that `as_digits` wrote; what is no digit stays, for `mark` to name it."""
    return [GENRES[int(digit)] if digit in "0123456789" else digit for digit in digits]


def score(rows):
    """Share of right answers: an `evaluation.Score` with Wilson's 95 % interval.

    No artist plays in two of the windows, so the answers count as independent, and the binomial
    distribution gives the interval. A bootstrap of so few would promise too much: who has all
    twenty right would get an interval without any width.
    """
    right, n = int((rows.predicted == rows.genre).sum()), len(rows)
    low, high = stats.binomtest(right, n).proportion_ci(method="wilson")
    return evaluation.Score(right / n, float(low), float(high), n, rows.artist_group.nunique())


def scoreboard(people):
    """Who, how many right, and the share with its interval: a table of {name: rows}.

    ValueError if they are not about the same windows.
    """
    first, *others = (list(rows.song_id) for rows in people.values())
    if any(songs != first for songs in others):
        raise ValueError("these are answers to other windows: ask both about the same twenty")
    scores = {name: score(rows) for name, rows in people.items()}
    rows = [(name, f"{s.value * s.n:.0f} of {s.n}", str(s)) for name, s in scores.items()]
    return pd.DataFrame(rows, columns=["who", "right", "accuracy [95 %]"]).set_index("who")


def draw(patch, ax):
    """A window as a picture: a log-mel patch in dB."""
    import librosa

    frequencies = librosa.mel_frequencies(len(patch), fmax=audio.SAMPLE_RATE / 2)
    return plots.image(patch, frequencies, features.PATCH_HOP, ax=ax)
