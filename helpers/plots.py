"""How do we look at it?"""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from helpers import audio, evaluation
from helpers.palette import GENRE_COLORS, GENRE_MARKERS, TEST_COLOR, TRAIN_COLOR


def show(*alts):
    """Show the figures that are open, each with words for those who cannot see it.

    Parameters
    ----------
    *alts : str
        What each figure shows, in the order in which they were drawn. Screen readers say it on the
        course's pages, where it becomes the picture's alt attribute.

    Raises
    ------
    ValueError
        If a figure has no words, or there are words without a figure.
    """
    from IPython.display import display

    figures = [plt.figure(number) for number in plt.get_fignums()]
    if len(figures) != len(alts) or not all(alts):
        raise ValueError(f"describe each of the {len(figures)} open figures in a sentence or two")
    for figure, alt in zip(figures, alts, strict=True):
        display(figure, metadata={"image/png": {"alt": alt}})
        plt.close(figure)


def waveform(y, sr=audio.SAMPLE_RATE, *, title="", ax=None):
    """Samples over time, drawn as the range they cover so that a long clip stays small.

    Parameters
    ----------
    y : np.ndarray, shape (n,)
    sr : int
        Sample rate in Hz.
    """
    ax = ax or plt.subplots(figsize=(8, 1.6))[1]
    step = max(len(y) // 1500, 1)
    blocks = y[: len(y) // step * step].reshape(-1, step)
    time = np.arange(len(blocks)) * step / sr
    ax.fill_between(time, blocks.min(axis=1), blocks.max(axis=1), color=TRAIN_COLOR, lw=0.5)
    ax.set(xlabel="time (s)", ylabel="amplitude", ylim=(-1, 1), xlim=(0, len(y) / sr), title=title)
    return ax


def spectrogram(y, sr=audio.SAMPLE_RATE, *, title="", ax=None):
    """Mel spectrogram in decibels below the loudest point (128 bands, up to half the sample rate).

    Parameters
    ----------
    y : np.ndarray, shape (n,)
    sr : int
        Sample rate in Hz.
    """
    import librosa
    import librosa.display

    ax = ax or plt.subplots()[1]
    mel = librosa.feature.melspectrogram(y=y, sr=sr, n_mels=128)
    db = librosa.power_to_db(mel, ref=np.max)
    image = librosa.display.specshow(
        db, sr=sr, x_axis="time", y_axis="mel", cmap="magma", ax=ax, rasterized=True
    )
    ax.set(xlabel="time (s)", ylabel="frequency (Hz)", title=title)
    ax.figure.colorbar(image, ax=ax, label="level (dB)")
    return ax


def confusion(predictions, *, title="", ax=None):
    """Confusion matrix of songs: each cell its count and its share of the row.

    Parameters
    ----------
    predictions : pd.DataFrame
        From `evaluation.vote` (one row a song).
    """
    ax = ax or plt.subplots(figsize=(7.2, 6))[1]
    counts = evaluation.confusion(predictions)
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    text = [
        [f"{n}\n{share:.0%}" if n else "" for n, share in zip(row, row_shares, strict=True)]
        for row, row_shares in zip(counts.to_numpy(), shares.to_numpy(), strict=True)
    ]
    sns.heatmap(
        shares, annot=np.array(text), fmt="", cmap="Blues", vmin=0, vmax=1, ax=ax,
        annot_kws={"fontsize": 8}, linewidths=0.5, linecolor="#dddddd",
        cbar_kws={"label": "share of the genre's songs", "format": "{x:.0%}"},
    )  # fmt: skip
    ax.set(xlabel="predicted genre", ylabel="true genre", title=title)
    ax.tick_params(axis="x", rotation=45)
    ax.tick_params(axis="y", rotation=0)
    return ax


def ladder(scores, *, title="", chance=None, ax=None):
    """Scores with their 95 % intervals, one under the other.

    Parameters
    ----------
    scores : mapping of str to evaluation.Score
    chance : float, optional
        What guessing would reach: a dotted line.
    """
    ax = ax or plt.subplots(figsize=(8, 0.9 + 0.45 * len(scores)))[1]
    for y, score in enumerate(scores.values()):
        ax.plot([score.low, score.high], [y, y], color=TRAIN_COLOR, lw=5, alpha=0.35)
        ax.plot(score.value, y, "o", color=TRAIN_COLOR)
        label = f"{score.value:.2f}  (n = {score.n})"
        backdrop = {"fc": "white", "ec": "none", "pad": 1}
        ax.annotate(
            label, (score.high, y), (8, 0), textcoords="offset points", va="center", bbox=backdrop
        )
    if chance is not None:
        ax.axvline(chance, color="#444444", ls=":", label="guessing")
        ax.legend(loc="lower right", frameon=False)
    ax.set(yticks=range(len(scores)), yticklabels=list(scores), xlim=(0, 1.12), title=title)
    ax.set(xlabel="accuracy, with its 95 % interval", ylim=(len(scores) - 0.5, -0.5))
    ax.set_xticks(np.arange(0, 1.01, 0.2))
    return ax


def history(log, *, title="", axes=None):
    """Loss and accuracy after each epoch, on training and (dashed) on validation songs.

    Parameters
    ----------
    log : pd.DataFrame
        `NetworkClassifier.history_`.
    """
    axes = plt.subplots(1, 2, figsize=(8, 3))[1] if axes is None else axes
    for ax, name in zip(axes, ("loss", "accuracy"), strict=True):
        ax.plot(log.index, log[name], color=TRAIN_COLOR, label="training songs")
        if f"val_{name}" in log:
            ax.plot(log.index, log[f"val_{name}"], color=TEST_COLOR, ls="--", label="held out")
        ax.set(xlabel="epoch", ylabel=name)
    axes[1].set_ylim(0, 1)
    axes[0].set_title(title)
    axes[1].legend(frameon=False, loc="lower right")
    return axes


def song_map(points, genres, *, title="", ax=None):
    """A scatter plot with a colour and a shape for each genre.

    Parameters
    ----------
    points : np.ndarray, shape (n, 2)
    genres : sequence of str, length n
    """
    ax = ax or plt.subplots(figsize=(7, 4.6))[1]
    genres = np.asarray(genres, dtype=object)
    for genre in sorted(set(genres)):
        x, y = points[genres == genre].T
        color, marker = GENRE_COLORS.get(genre, "#777777"), GENRE_MARKERS.get(genre, "o")
        ax.scatter(x, y, s=22, color=color, marker=marker, label=genre, alpha=0.8, lw=0)
    ax.legend(frameon=False, bbox_to_anchor=(1, 1), loc="upper left")
    ax.set_title(title)
    return ax


def artists(songs, *, title="", ax=None):
    """One bar of songs for each genre, cut into its artists, those with the most songs first.

    Parameters
    ----------
    songs : pd.DataFrame
        From `datasets.songs`. Songs without a known artist come last, in white.
    """
    ax = ax or plt.subplots(figsize=(8, 3.8))[1]
    for genre, part in songs.groupby("genre"):
        counts, start = part.artist.value_counts(), 0
        for shade, count in enumerate(counts):
            alpha = 0.9 if shade % 2 == 0 else 0.55
            ax.barh(genre, count, left=start, color=GENRE_COLORS[genre], alpha=alpha, ec="white")
            start += count
        ax.barh(genre, len(part) - start, left=start, color="white", ec="#777777", hatch="///")
    ax.invert_yaxis()
    ax.set(xlabel="songs (each block is one artist; hatched: nobody knows)", title=title)
    return ax


def by_genre(table, feature, *, unit="", title="", ax=None):
    """How one feature spreads in each genre: a box from the first to the third quartile.

    Parameters
    ----------
    table : pd.DataFrame
        With a column genre (or label) and the feature.
    """
    ax = ax or plt.subplots(figsize=(8, 3.4))[1]
    column = "genre" if "genre" in table else "label"
    order = sorted(table[column].unique())
    palette = {genre: GENRE_COLORS.get(genre, "#777777") for genre in order}
    sns.boxplot(
        table, x=column, y=feature, order=order, hue=column, palette=palette, legend=False, ax=ax,
        fliersize=2,
    )  # fmt: skip
    ax.set(xlabel="", ylabel=f"{feature} ({unit})" if unit else feature, title=title)
    return ax


def timeline(answer, *, title="", ax=None):
    """The probabilities of a song's genres, window by window; silent windows are gaps.

    Parameters
    ----------
    answer : song.Prediction
        Genres that reach a tenth anywhere are named, the most probable over the song at the bottom.
    """
    ax = ax or plt.subplots(figsize=(8, 3))[1]
    table, names = answer.timeline, list(answer.probabilities.index)
    step = table.index[1] - table.index[0] if len(table) > 1 else 3
    # Each window is as wide as the way to the next, so that nothing is seen between two.
    edges, base = np.append(table.index, table.index[-1] + step), np.zeros(len(table))
    for name in names:
        top = base + table[name].to_numpy()
        label = name if table[name].max() >= 0.1 else None
        color = GENRE_COLORS.get(name, "#777777")
        ax.stairs(top, edges, baseline=base, fill=True, color=color, label=label)
        base = top
    ax.set(xlabel="time (s)", ylabel="probability", ylim=(0, 1), title=title)
    ax.set_xlim(edges[0], edges[-1])
    ax.legend(frameon=False, bbox_to_anchor=(1, 0.5), loc="center left", fontsize=9, reverse=True)
    return ax


def coverage(tables, *, title="", ax=None):
    """How often a classifier is right if it answers only the songs that it is surest of.

    Parameters
    ----------
    tables : mapping of str to pd.DataFrame
        From `calibration.coverage`.
    """
    ax = ax or plt.subplots(figsize=(8, 3.2))[1]
    for (name, table), color in zip(tables.items(), (TEST_COLOR, TRAIN_COLOR), strict=False):
        rows = table[table.coverage >= 0.05]  # of a handful of songs a share says nothing
        ax.plot(rows.coverage, rows.accuracy, color=color, label=name)
    ax.set(xlabel="share of the songs that get an answer", ylabel="share of right answers")
    ax.set(xlim=(0, 1.01), ylim=(0, 1.02), title=title)
    ax.legend(frameon=False, loc="lower left")
    return ax


def reliability(tables, *, title="", ax=None):
    """How sure a classifier is, and how often it is right: on the dotted line the two agree.

    Parameters
    ----------
    tables : mapping of str to pd.DataFrame
        From `calibration.reliability`.
    """
    ax = ax or plt.subplots(figsize=(4.6, 3.8))[1]
    ax.plot([0, 1], [0, 1], ":", color="#444444")
    looks = ((TEST_COLOR, "s--"), (TRAIN_COLOR, "o-"))
    for (name, table), (color, look) in zip(tables.items(), looks, strict=False):
        ax.plot(table.confidence, table.accuracy, look, color=color, label=name)
    ax.set(xlabel="probability of the answer (mean of a group)", ylabel="share of right answers")
    ax.set(xlim=(0, 1.03), ylim=(0, 1.03), title=title)
    ax.legend(frameon=False, loc="upper left")
    return ax


def flips(rates, *, title="", ax=None):
    """How often each model (a column) changes its mind under each change (a row): a heat map.

    Parameters
    ----------
    rates : pd.DataFrame of evaluation.Score
        From `probe.flip_rate`.
    """
    ax = ax or plt.subplots(figsize=(8, 0.9 + 0.42 * len(rates)))[1]
    values = rates.map(lambda score: score.value).astype(float)
    sns.heatmap(
        values, annot=rates.map(str).to_numpy(), fmt="", cmap="Reds", vmin=0, vmax=1, ax=ax,
        annot_kws={"fontsize": 9}, linewidths=0.5, linecolor="#dddddd",
        cbar_kws={"label": "share of windows that flip"},
    )  # fmt: skip
    ax.set(xlabel="", ylabel="", title=title)
    ax.tick_params(length=0)
    return ax


def song_shares(table, weights, *, title="", ax=None):
    """One bar for each genre, cut into its songs: how much each of them counts in training.

    Parameters
    ----------
    table : pd.DataFrame, n rows
        With columns song_id and genre.
    weights : np.ndarray, shape (n,)
        Of the rows, for example `evaluation.balanced_weights`.
    """
    ax = ax or plt.subplots(figsize=(8, 3.4))[1]
    shares = table.assign(weight=weights).groupby(["genre", "song_id"]).weight.sum()
    for y, (genre, part) in enumerate(shares.groupby("genre")):
        widths = part.sort_values(ascending=False).to_numpy()
        blocks = list(zip(np.cumsum(widths) - widths, widths, strict=True))
        color = GENRE_COLORS.get(genre, "#777777")
        ax.broken_barh(blocks, (y - 0.4, 0.8), color=color, ec="white", lw=0.5)
    genres = shares.index.unique("genre")
    ax.set(yticks=range(len(genres)), yticklabels=genres, ylim=(len(genres) - 0.5, -0.5))
    ax.set(xlabel="sum of weights (each block is one song)", title=title)
    return ax
