"""How do we look at it?

`y` are samples, shape (n,), and `sr` is their rate in Hz; what draws into `ax` returns it.
"""

import html
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.colors import to_rgb

SAMPLE_RATE = 22_050
# After Paul Tol's "muted" scheme, moved apart until every pair can be told by people with
# protanopia, deuteranopia or tritanopia as well (a test simulates them, after Machado et al. 2009).
GENRE_COLORS = {
    "blues": "#1E009E",
    "classical": "#B3D7F7",
    "country": "#DAD786",
    "disco": "#CE5F72",
    "hiphop": "#99285C",
    "jazz": "#4CAAAA",
    "metal": "#303127",
    "pop": "#9A54AE",
    "reggae": "#396D00",
    "rock": "#A9A108",
}
# Shapes say the genre once more, for prints in grey.
GENRE_MARKERS = dict(zip(GENRE_COLORS, "osD^vP*X<>", strict=True))
TRAIN_COLOR, TEST_COLOR = "#332288", "#CC6677"

plt.rcParams.update(
    {
        "figure.figsize": (8, 3.2),
        "figure.dpi": 80,
        "figure.constrained_layout.use": True,
        "font.size": 10,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": plt.cycler(color=list(GENRE_COLORS.values())),
        # The same bytes every time: no creation date, no random identifiers.
        "svg.hashsalt": "hear-the-genre",
    }
)
# Frequencies that are written beside an image: where its rows are equally wide in Hz, and else.
LINEAR_TICKS, MEL_TICKS = (0, 2000, 4000, 6000, 8000, 10_000), (250, 500, 1000, 2000, 4000, 8000)
# An image shows levels down to so many decibels below its loudest point, in steps of a few: what a
# listener just notices. Fewer colors also make smaller files.
RANGE_DB, STEP_DB = 60, 3
MATRIX = Path(__file__).resolve().parents[1] / "website/matrix.html"


def show(*alts):
    """Show the figures that are open, each with words for those who cannot see it.

    The words say what each shows, in the order in which they were drawn, and become the pictures'
    alt attributes on the course's pages, which screen readers say. ValueError if a figure has no
    words, or there are words without a figure.
    """
    from IPython.display import display

    figures = [plt.figure(number) for number in plt.get_fignums()]
    if len(figures) != len(alts) or not all(alts):
        raise ValueError(f"describe each of the {len(figures)} open figures in a sentence or two")
    for figure, alt in zip(figures, alts, strict=True):
        display(figure, metadata={"image/png": {"alt": alt}})
        plt.close(figure)


def waveform(y, sr=SAMPLE_RATE, *, title="", ax=None):
    """Samples over time, drawn as the range they cover so that a long clip stays small."""
    ax = ax or plt.subplots(figsize=(8, 1.6))[1]
    step = max(len(y) // 1500, 1)
    blocks = y[: len(y) // step * step].reshape(-1, step)
    time = np.arange(len(blocks)) * step / sr
    ax.fill_between(time, blocks.min(axis=1), blocks.max(axis=1), color=TRAIN_COLOR, lw=0.5)
    ax.set(xlabel="time (s)", ylabel="amplitude", ylim=(-1, 1), xlim=(0, len(y) / sr), title=title)
    return ax


def spectrogram(y, sr=SAMPLE_RATE, *, title="", ax=None):
    """Mel spectrogram (128 bands, up to half the sample rate), drawn as an `image`."""
    import librosa

    mel = librosa.feature.melspectrogram(y=y, sr=sr, n_mels=128)
    frequencies = librosa.mel_frequencies(128, fmax=sr / 2)
    return image(librosa.power_to_db(mel), frequencies, 512, sr, title=title, ax=ax)


def image(db, frequencies, hop_length, sr=SAMPLE_RATE, *, title="", highest=None, ax=None):
    """A spectrogram as it is: one pixel for each number.

    Parameters
    ----------
    db : np.ndarray, shape (n_rows, n_frames)
        Levels in dB; all that is more than 60 dB below the loudest is black, missing values white.
    frequencies : np.ndarray, shape (n_rows,)
        Of the rows, in Hz, rising: `librosa.fft_frequencies` or `librosa.mel_frequencies`.
    hop_length : int
        Samples from one frame to the next.
    highest : float, optional
        Show no frequencies above this many Hz.
    """
    ax = ax or plt.subplots(figsize=(8, 2.8))[1]
    rows = np.arange(len(frequencies))
    extent = (0, db.shape[1] * hop_length / sr, -0.5, len(rows) - 0.5)
    top = np.nanmax(db)
    ax.imshow(
        db, origin="lower", aspect="auto", interpolation="nearest",
        cmap=plt.get_cmap("magma", RANGE_DB // STEP_DB),
        extent=extent, vmin=top - RANGE_DB, vmax=top,
    )  # fmt: skip
    ends = frequencies[1] - frequencies[0], frequencies[-1] - frequencies[-2]
    ticks = LINEAR_TICKS if np.isclose(*ends) else MEL_TICKS
    if highest:
        ticks = np.linspace(0, highest, 5)
        ax.set_ylim(-0.5, np.interp(highest, frequencies, rows))
    ax.set_yticks(np.interp(ticks, frequencies, rows), [f"{hz:.0f}" for hz in ticks])
    ax.set(xlabel="time (s)", ylabel="frequency (Hz)", title=title)
    return ax


def confusion(songs, *, title="", sounds=None):
    """Confusion matrix of songs, whose cells list the songs behind them when one clicks.

    Each cell holds its number of songs and their share of the row. It is HTML with a small script,
    ``website/matrix.html``: the same in JupyterLab, on the course's site and in the playgrounds.

    Parameters
    ----------
    songs : pd.DataFrame
        From `evaluation.vote`: columns song_id, artist_group, genre and predicted, a row for each
        song. A genre that was named but never played has an empty row, so that no song is lost.
    title : str
    sounds : mapping of str to str, optional
        An address, such as `audio.data_url` makes, for each song that can be played.

    Returns
    -------
    IPython.display.HTML
    """
    from IPython.display import HTML

    genres = sorted({*songs.genre, *songs.predicted})
    size = songs.genre.value_counts()
    behind, rows = {}, ""
    for genre in genres:
        rows += f'<tr><th scope="row">{html.escape(genre)}</th>'
        for predicted in genres:
            found = songs[(songs.genre == genre) & (songs.predicted == predicted)]
            if found.empty:
                rows += "<td>"
                continue
            key, share = f"{genre} {predicted}", len(found) / size[genre]
            behind[key] = [
                [name if artist == name else f"{name}, {artist}", (sounds or {}).get(name)]
                for name, artist in zip(found.song_id, found.artist_group, strict=True)
            ]
            words = f"{len(found)} of {size[genre]} songs of {genre} were called {predicted}"
            rows += (
                f'<td style="--share: {share:.2f}"><button value="{html.escape(key)}" '
                f'aria-label="{html.escape(words)}">{len(found)}<small>{share:.0%}</small></button>'
            )
    heads = "".join(f'<th scope="col"><span>{html.escape(genre)}</span></th>' for genre in genres)
    # "</" would end the script that holds the songs.
    data = json.dumps(behind, ensure_ascii=False).replace("</", "<\\/")
    return HTML(
        f'<div class="songs-behind"><table><caption>{html.escape(title)}</caption><thead><tr>'
        f"<td>true ↓<br>called →</td>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f'<div aria-live="polite"><p>Click on a cell to see its songs.</p></div>'
        f'<script type="application/json">{data}</script>{MATRIX.read_text(encoding="utf-8")}</div>'
    )


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
    """A `NetworkClassifier.history_`: loss and accuracy by epoch, of held-out songs dashed."""
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


def by_genre(table, feature, *, title=""):
    """How one feature of a table (with genre or label) spreads: a box from quartile to quartile."""
    ax = plt.subplots(figsize=(8, 3.4))[1]
    column = "genre" if "genre" in table else "label"
    order = sorted(table[column].unique())
    palette = {genre: GENRE_COLORS.get(genre, "#777777") for genre in order}
    sns.boxplot(
        table, x=column, y=feature, order=order, hue=column, palette=palette, legend=False, ax=ax,
        fliersize=2,
    )  # fmt: skip
    ax.set(xlabel="", ylabel=feature, title=title)
    return ax


def timeline(answer, *, title="", ax=None):
    """The probabilities of a song's genres, window by window; silent windows are gaps.

    Parameters
    ----------
    answer : song.Prediction
        The most probable genre over the song lies at the bottom. An area is named where it is
        widest, if a name fits in.
    """
    ax = ax or plt.subplots(figsize=(8, 3))[1]
    table, names = answer.timeline, list(answer.probabilities.index)
    step = table.index[1] - table.index[0] if len(table) > 1 else 3
    # Each window is as wide as the way to the next, so that nothing is seen between two.
    edges, base = np.append(table.index, table.index[-1] + step), np.zeros(len(table))
    for name in names:
        top, color = base + table[name].to_numpy(), GENRE_COLORS.get(name, "#777777")
        room = min(-(-len(table) * (len(name) + 1) // 55), len(table))  # windows that a name takes
        ax.stairs(top, edges, baseline=base, fill=True, color=color)
        # A name must fit between the highest floor and the lowest ceiling of its windows.
        floor = np.lib.stride_tricks.sliding_window_view(base, room).max(axis=1)
        height = np.lib.stride_tricks.sliding_window_view(top, room).min(axis=1) - floor
        if np.nanmax(height, initial=0) >= 0.08:
            first = np.nanargmax(height)
            middle = (edges[first] + edges[first + room]) / 2, floor[first] + height[first] / 2
            ink = "white" if np.dot(to_rgb(color), (0.299, 0.587, 0.114)) < 0.5 else "black"
            ax.annotate(name, middle, ha="center", va="center", fontsize=9, color=ink)
        base = top
    ax.set(xlabel="time (s)", ylabel="probability", ylim=(0, 1), title=title)
    ax.set_xlim(edges[0], edges[-1])
    return ax
