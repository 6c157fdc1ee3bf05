"""How good are we ourselves?

A person names the genre of twenty windows, by ear or by picture, and is marked as the models are:
on the same windows, with an interval, and against each of them.
"""

import re
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from helpers import evaluation
from helpers.datasets import GENRES

EACH = 2
SECONDS = 2.0
# What lies further below the loudest point than this is drawn black.
RANGE_DB = 70


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
    duets = [name for name in names if any(_within(one, name) for one in names)]
    pool = table[single & checked & ~table.artist.isin(duets)]
    one_song_each = pool.sample(frac=1, random_state=rng).drop_duplicates("artist_group")
    drawn = one_song_each.groupby("genre").sample(EACH, random_state=rng)
    return drawn.sample(frac=1, random_state=rng)


def _within(one, name):
    return one != name and re.search(rf"\b{re.escape(one)}\b", name)


def mark(windows, answers):
    """A person's answers in the form of a model's predictions.

    Parameters
    ----------
    windows : pd.DataFrame
        From `choose`.
    answers : sequence of str, or str
        A genre for each window, in their order (or in one string, with commas between); or the
        twenty digits that the form shows.

    Returns
    -------
    pd.DataFrame
        song_id, artist_group, genre and predicted, as from `evaluation.cross_validate`.

    Raises
    ------
    ValueError
        If there are more or fewer answers than windows, or one is no genre.
    """
    if isinstance(answers, str) and "," in answers:
        answers = answers.split(",")
    elif isinstance(answers, str):
        answers = [GENRES[int(digit)] if digit in "0123456789" else digit for digit in answers]
    named = [str(name).lower().replace("-", "").replace(" ", "") for name in answers]
    if len(named) != len(windows):
        raise ValueError(f"there are {len(windows)} windows and {len(named)} answers")
    for number, name in enumerate(named, 1):
        if name not in GENRES:
            raise ValueError(f"answer {number} is {name!r}: choose one of {', '.join(GENRES)}")
    return windows[list(evaluation.KEPT)].assign(predicted=named)


def as_digits(answers):
    """Answers as a digit each, to be sent and pooled: 0 is blues, 9 is rock."""
    return "".join(str(GENRES.index(name)) for name in answers)


def score(rows):
    """Share of right answers (from `mark`, or a model's), with Wilson's 95 % interval.

    No artist plays in two of the windows, so the answers count as independent, and the binomial
    distribution gives the interval. A bootstrap of so few would promise too much: who has all
    twenty right would get an interval without any width.

    Returns
    -------
    evaluation.Score
    """
    right, n = int((rows.predicted == rows.genre).sum()), len(rows)
    low, high = stats.binomtest(right, n).proportion_ci(method="wilson")
    return evaluation.Score(right / n, float(low), float(high), n, rows.artist_group.nunique())


def scoreboard(people):
    """One row for each person or model: by name, `mark`ed answers or predictions.

    Raises
    ------
    ValueError
        If they are not about the same windows.
    """
    first, *others = people.values()
    for rows in others:
        _check_same(first, rows)
    scores = {name: score(rows) for name, rows in people.items()}
    rows = [(name, f"{s.value * s.n:.0f} of {s.n}", str(s)) for name, s in scores.items()]
    return pd.DataFrame(rows, columns=["who", "right", "accuracy [95 %]"])


class Duel(NamedTuple):
    """Who was right where the other was not, and how often luck alone would part them as far."""

    only_a: int
    only_b: int
    n: int
    p: float

    def __str__(self):
        p = f"p = {self.p:.3f}" if self.p >= 0.001 else "p < 0.001"
        return f"{p}: of {self.n}, {self.only_a} right by A alone and {self.only_b} by B alone"


def duel(a, b):
    """A against B on the same windows: McNemar's exact test.

    Only windows on which one is right and the other is wrong say who is better; if neither were,
    each would be a toss of a coin. With one window an artist, the sign flips that
    `evaluation.compare` draws are such tosses: twenty of them can be counted out, not drawn.

    Raises
    ------
    ValueError
        If the two are not about the same windows.
    """
    _check_same(a, b)
    right_a = (a.predicted == a.genre).to_numpy()
    right_b = (b.predicted == b.genre).to_numpy()
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    apart = only_a + only_b
    p = float(stats.binomtest(only_a, apart).pvalue) if apart else 1.0
    return Duel(only_a, only_b, len(a), p)


def _check_same(a, b):
    if list(a.song_id) != list(b.song_id):
        raise ValueError("these are answers to other windows: ask both about the same twenty")


def pool(windows, answers_by_name):
    """A whole class on the same windows: how good one of them is on average, and all by vote.

    Thirty people are not thirty times twenty witnesses: a window that is hard for one is hard for
    most. So the interval of the average comes from drawing windows (artists), not answers.

    Parameters
    ----------
    windows : pd.DataFrame
    answers_by_name : mapping of str to answers
        As `mark` takes them.

    Returns
    -------
    dict of str to evaluation.Score
        Equal votes go to the first genre in the alphabet.
    """
    marked = pd.concat([mark(windows, answers) for answers in answers_by_name.values()])
    votes = marked.groupby("song_id").predicted.agg(lambda named: named.mode().iloc[0])
    by_vote = mark(windows, votes.loc[windows.song_id])
    return {
        "one of us, on average": evaluation.accuracy(marked),
        "all of us, by vote": score(by_vote),
    }


def sheet(patches):
    """A contact sheet of windows (log-mel patches in dB), numbered and without names."""
    fig, axes = plt.subplots(-(-len(patches) // 5), 5, figsize=(8, 1.35 * -(-len(patches) // 5)))
    for number, (ax, patch) in enumerate(zip(axes.flat, patches, strict=False), 1):
        draw(ax, patch)
        ax.set_title(f"{number}", fontsize=10, pad=2, loc="left")
        ax.set(xticks=[], yticks=[])
    return fig


def draw(ax, patch):
    """A log-mel patch in dB, on axes of its own."""
    bottom = patch.max() - RANGE_DB
    return ax.imshow(
        patch, origin="lower", aspect="auto", cmap="magma", vmin=bottom, interpolation="nearest",
        extent=(0, SECONDS, 0, len(patch)),
    )  # fmt: skip
