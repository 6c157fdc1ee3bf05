"""How do we look at it?

`y` are samples, shape (n,), and `sr` is their rate in Hz; what draws into `ax` returns it.
"""

import html
import io
import json
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.colors import to_rgb
from matplotlib.transforms import Bbox
from PIL import Image

from helpers import audio

SAMPLE_RATE = audio.SAMPLE_RATE
TRAIN_COLOR, TEST_COLOR = "#332288", "#CC6677"
# Frequencies that are written beside an image: where its rows are equally wide in Hz, and else.
LINEAR_TICKS, MEL_TICKS = (0, 2000, 4000, 6000, 8000, 10_000), (250, 500, 1000, 2000, 4000, 8000)
# An image shows levels down to so many decibels below its loudest point, in steps of a few: what a
# listener just notices. Fewer colors also make smaller files.
RANGE_DB, STEP_DB = 60, 3
ROOT = Path(__file__).resolve().parents[1]
MATRIX, PLAYHEAD = ROOT / "website/matrix.html", ROOT / "website/playhead.html"
LOOKS = tomllib.loads((ROOT / "data/genres.toml").read_text(encoding="utf-8"))
GENRE_COLORS = {genre: look["color"] for genre, look in LOOKS.items()}
GENRE_MARKERS = {genre: look["marker"] for genre, look in LOOKS.items()}
plt.style.use(ROOT / "data/pictures.mplstyle")
plt.rcParams["axes.prop_cycle"] = plt.cycler(color=list(GENRE_COLORS.values()))


def lesson_words(lesson):
    """All words of a lesson, by kind ("pictures", "guesses", "questions") and name.

    They lie beside the lessons, ``notebooks/words/02.toml``, so that no cell tells a result before
    it has come out.
    """
    path = ROOT / f"notebooks/words/{lesson}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def lookup(kind, key):
    """The words of a kind under a key: `lookup("pictures", "02.rooms")`; KeyError without any."""
    lesson, _, name = key.partition(".")
    try:
        return lesson_words(lesson)[kind][name]
    except KeyError:
        raise KeyError(f"notebooks/words/{lesson}.toml has no {name!r} in its {kind}") from None


def words(key, **figures):
    """The title (or "") and the alt text of a picture, with the figures that they ask for."""
    entry = {"title": "", **lookup("pictures", key)}
    return {name: text.format(**figures) for name, text in entry.items()}


def show(*keys, **figures):
    """Show the figures that are open, each with its title and with words for who can't see it.

    The words lie under the keys, one for each figure in the order in which they were drawn (see
    `words`), and become the pictures' alt attributes on the course's pages, which screen readers
    say. ValueError if there are more figures than keys, or fewer.
    """
    from IPython.display import display

    drawn = [plt.figure(number) for number in plt.get_fignums()]
    if len(drawn) != len(keys):
        raise ValueError(f"{len(drawn)} figures are open, and {len(keys)} keys describe them")
    for figure, key in zip(drawn, keys, strict=True):
        width, height = (figure.get_size_inches() * figure.dpi).round().astype(int).tolist()
        look = {"alt": describe(figure, key, **figures), "width": width, "height": height}
        shown = {"text/plain": f"<picture of {width} x {height} points>", "image/png": png(figure)}
        display(shown, metadata={"image/png": look}, raw=True)


def describe(figure, key, **figures):
    """Set the title that the words have for a figure, and return its alt text."""
    said = words(key, **figures)
    axes = _panels(figure)
    if said["title"] and len(axes) == 1:
        axes[0].set_title(said["title"])
    elif said["title"]:
        figure.suptitle(said["title"])
    return said["alt"]


def _panels(figure):
    return [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]


def playhead(y, sr=SAMPLE_RATE, *, key, **figures):
    """Show the one figure that is open, with a player whose playhead moves over it.

    Parameters
    ----------
    y : np.ndarray, shape (n,)
        The sound that is drawn: it starts at 0 s of the figure's lowest axes, which show seconds.
    key, **figures
        Of the picture's title and of its words, as for `show`. ValueError unless one is open.
    """
    from IPython.display import display

    if len(plt.get_fignums()) != 1:
        raise ValueError(f"one figure must be open, not {len(plt.get_fignums())}")
    figure = plt.gcf()
    alt = describe(figure, key, **figures)
    figure.canvas.draw()
    ax = min(_panels(figure), key=lambda ax: ax.get_position().y0)
    display(heard([(ax, alt, audio.player(y, sr).src_attr(), "")]))


def listen(clips, sr=SAMPLE_RATE, *, key, marks=None, **figures):
    """Show sounds side by side: mel spectrograms, each with a player and a moving playhead.

    One scale of time and one of levels for all of them: what is softer is darker.

    Parameters
    ----------
    clips : mapping of str to np.ndarray, shape (n,)
        Sounds by their names.
    key, **figures
        Of their title and of the words for all of them, as for `show`.
    marks : mapping of str to sequence of float, optional
        Seconds to be marked under each spectrogram, such as those of `jukebox.hits`.
    """
    from IPython.display import display

    said, parts, rows = words(key, **figures), [], len(marks or {})
    size = 8 if len(clips) == 1 else 3.75, 2.6 + 0.2 * rows
    for name, y in clips.items():
        shape = {"nrows": 2, "height_ratios": (12, rows)} if rows else {}
        ax, *below = np.atleast_1d(plt.subplots(figsize=size, sharex=True, **shape)[1])
        spectrogram(y, sr, ax=ax)
        for under in below:
            ax.set_xlabel("")
            under.eventplot(list(marks.values()), lineoffsets=range(rows), linelengths=0.7, lw=2)
            under.set(yticks=range(rows), yticklabels=marks, ylim=(rows - 0.4, -0.6))
            under.set_xlabel("time (s)")
        parts.append((ax, f"Mel spectrogram of {name}", audio.player(y, sr).src_attr(), name))
    top = max(ax.images[0].get_clim()[1] for ax, *_ in parts)
    for ax, *_ in parts:
        ax.images[0].set_clim(top - RANGE_DB, top)
        ax.set_xlim(0, max(map(len, clips.values())) / sr)
    display(heard(parts, title=said["title"], alt=said["alt"]))


def heard(parts, *, title="", alt=""):
    """Pictures of sounds with players whose playheads move over them, as HTML.

    It is HTML with a small script, ``website/playhead.html``: the same in JupyterLab, on the
    course's site and on the page of lesson 10.

    Parameters
    ----------
    parts : list of (matplotlib Axes, str, str, str)
        Axes over seconds of a figure of its own, which is closed; words for those who cannot see
        it; the sound's address, such as `audio.data_url` makes, or "" for that of the first; and
        its name. The line runs over the axes above and below that show the same time.
    title, alt : str
        For all of them.

    Returns
    -------
    IPython.display.HTML
    """
    from IPython.display import HTML

    (figure, script), shown = PLAYHEAD.read_text(encoding="utf-8").split("<style>"), ""
    for ax, words, source, name in parts:
        picture = audio.data_url("image/png", png(ax.figure))
        start, end = ax.get_xlim()
        same = [other for other in ax.figure.axes if other.get_xlim() == (start, end)]
        box = Bbox.union([other.get_position() for other in same])
        words, name = html.escape(words), html.escape(name)
        shown += figure.format(
            picture=picture, source=source, words=words, name=name, what=name or "the sound",
            start=start, end=end, wide=80 * ax.figure.get_figwidth(),
            left=box.x0, top=1 - box.y1, width=box.width, height=box.height,
        )  # fmt: skip
    label = f' role="group" aria-label="{html.escape(alt)}"' * bool(alt)
    title = f"<p>{html.escape(title)}</p>" * bool(title)
    shown = f'{title}<div class="sounds">{shown}</div><style>{script}'
    return HTML(f'<div class="playhead"{label}>{shown}</div>')


def png(figure):
    """A figure as a file's bytes, two points for one so that it is sharp; it is closed."""
    figure.savefig(file := io.BytesIO(), format="png", dpi=2 * plt.rcParams["figure.dpi"])
    plt.close(figure)
    # 256 colors are enough for every picture here, and make a file of less than half the size.
    picture = Image.open(file).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(small := io.BytesIO(), "PNG", optimize=True)
    return small.getvalue()


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

    Each cell holds its number of songs, and is as dark as their share of the row. It is HTML with a
    small script, ``website/matrix.html``: in JupyterLab, on the course's site, in the playgrounds.

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

    genres, size = sorted({*songs.genre, *songs.predicted}), songs.genre.value_counts()
    behind, rows = {}, ""
    for genre in genres:
        rows += f'<tr><th scope="row">{html.escape(genre)}</th>'
        for predicted in genres:
            found = songs[(songs.genre == genre) & (songs.predicted == predicted)]
            if found.empty:
                rows += "<td>"
                continue
            behind[key := f"{genre} {predicted}"] = [
                [name if artist == name else f"{name}, {artist}", (sounds or {}).get(name)]
                for name, artist in zip(found.song_id, found.artist_group, strict=True)
            ]
            words = f"{len(found)} of {size[genre]} songs of {genre} were called {predicted}"
            rows += (
                f'<td style="--share: {len(found) / size[genre]:.2f}">'
                f'<button value="{html.escape(key)}" aria-label="{html.escape(words)}">'
                f"{len(found)}</button>"
            )
    heads = "".join(f'<th scope="col"><span>{html.escape(genre)}</span></th>' for genre in genres)
    # "</" would end the script that holds the songs.
    data = json.dumps(behind, ensure_ascii=False).replace("</", "<\\/")
    table, script = MATRIX.read_text(encoding="utf-8").split("<style>")
    table = table.format(title=html.escape(title), heads=heads, rows=rows, songs=data)
    return HTML(f"{table}<style>{script}</div>")


def ladder(scores, *, title="", chance=None, ax=None):
    """Scores with their 95 % intervals, one under the other.

    Parameters
    ----------
    scores : mapping of str to evaluation.Score
    chance : float, optional
        What guessing would reach: a dotted line.
    """
    ax = ax or plt.subplots(figsize=(8, 0.9 + 0.45 * len(scores)))[1]
    beside = {"textcoords": "offset points", "va": "center"}
    backdrop = {"fc": "white", "ec": "none", "pad": 1}
    for y, score in enumerate(scores.values()):
        ax.plot([score.low, score.high], [y, y], color=TRAIN_COLOR, lw=5, alpha=0.35)
        ax.plot(score.value, y, "o", color=TRAIN_COLOR)
        label = f"{score.value:.2f}  (n = {score.n})"
        ax.annotate(label, (score.high, y), (8, 0), bbox=backdrop, **beside)
    if chance is not None:
        ax.axvline(chance, color="#444444", ls=":")
        ax.annotate("guessing", (chance, -0.55), (4, 0), color="#444444", **beside)
    ax.set(yticks=range(len(scores)), yticklabels=list(scores), xlim=(0, 1.12), title=title)
    ax.set(xlabel="accuracy, with its 95 % interval", ylim=(len(scores) - 0.5, -0.8))
    ax.set_xticks(np.arange(0, 1.01, 0.2))
    return ax


def history(log, *, axes=None):
    """A `NetworkClassifier.history_`: loss and accuracy by epoch, of held-out songs dashed."""
    axes = plt.subplots(1, 2, figsize=(8, 3))[1] if axes is None else axes
    for ax, name in zip(axes, ("loss", "accuracy"), strict=True):
        ax.plot(log.index, log[name], color=TRAIN_COLOR, label="training songs")
        if f"val_{name}" in log:
            ax.plot(log.index, log[f"val_{name}"], color=TEST_COLOR, ls="--", label="held out")
        ax.set(xlabel="epoch", ylabel=name)
    axes[1].set_ylim(0, 1)
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
        widest; below are those of 3 % and more that are too narrow for a name.
    """
    ax = ax or plt.subplots(figsize=(8, 3))[1]
    table, names = answer.timeline, list(answer.probabilities.index)
    step = table.index[1] - table.index[0] if len(table) > 1 else 3
    # Each window is as wide as the way to the next, so that nothing is seen between two.
    edges, base = np.append(table.index, table.index[-1] + step), np.zeros(len(table))
    (wide, high), narrow = ax.get_position().size * ax.figure.get_size_inches(), []
    for name in names:
        top, color = base + table[name].to_numpy(), GENRE_COLORS.get(name, "#777777")
        # A name takes so many windows, nine letters an inch.
        room = min(int(np.ceil(len(table) * (len(name) + 1) / (9 * wide))), len(table))
        area = ax.stairs(top, edges, baseline=base, fill=True, color=color, label=name)
        # A name must fit between the highest floor and the lowest ceiling of its windows.
        floor = np.lib.stride_tricks.sliding_window_view(base, room).max(axis=1)
        height = np.lib.stride_tricks.sliding_window_view(top, room).min(axis=1) - floor
        if np.nanmax(height, initial=0) >= 0.18 / high:
            first = np.nanargmax(height)
            middle = (edges[first] + edges[first + room]) / 2, floor[first] + height[first] / 2
            ax.annotate(name, middle, ha="center", va="center", fontsize=9, color=ink(color))
        elif np.nanmax(table[name]) >= 0.03:
            narrow.append(area)
        base = top
    ax.set(xlabel="time (s)", ylabel="probability", ylim=(0, 1), title=title)
    ax.set_xlim(edges[0], edges[-1])
    if narrow:
        below = {"loc": "upper left", "bbox_to_anchor": (0, -0.5 / high), "borderpad": 0}
        ax.legend(handles=narrow, ncols=5, frameon=False, fontsize=9, handlelength=1, **below)
    return ax


def ink(color):
    """Black or white, whichever can be read better on a color: 4.5:1 at least (WCAG 2)."""
    light = np.dot(np.array(to_rgb(color)) ** 2.2, (0.2126, 0.7152, 0.0722))
    return "white" if light < 0.179 else "black"
