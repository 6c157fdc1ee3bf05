"""The course's results: ``make results`` writes the folder results/ and the tables in README.md.

Every accuracy is counted on the sampler, with its protocol, n and interval; a test counts again.
"""

import re
from pathlib import Path

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import softmax

from helpers import audio, datasets, evaluation, features, jukebox, models, plots, splits
from helpers.evaluation import calibration
from helpers.song import PRETRAINED, Prediction, SongClassifier, training

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "results"
PROTOCOLS = {
    "windows shuffled": splits.by_row,
    "songs kept whole": splits.by_song,
    "artists kept whole": splits.by_artist,
    "fault-filtered split": splits.fault_filtered,
}
HONEST = ("artists kept whole", "fault-filtered split")
# Trained on all of the sampler, asked about another collection, by artists who aren't in GTZAN.
OUTSIDE = "other music"
MODELS = (
    "most frequent genre",
    "the script's network",
    "small CNN",
    "RBF SVM",
    "YAMNet + linear layer",
    "MusiCNN + linear layer",
    "MusiCNN + YAMNet + linear layer",
)
BEST = MODELS[-1]
# What `training.RECIPES` calls them.
EARS = dict(zip(MODELS[-3:], ("yamnet", "musicnn", "musicnn-yamnet"), strict=True))
SHIPPED = {"hand-made": "hand-made features", "yamnet": "and YAMNet", "musicnn": "and MusiCNN",
           "musicnn-yamnet": "and both ears"}  # fmt: skip
SONG = "hiphop.00000"
SONGS, SECONDS = 10, 10.0  # how many of each style the jukebox plays to the classifiers


def contestant(name, of="sampler"):
    """A model of the course, what it looks at, and whether its training rows are weighed.

    Parameters
    ----------
    name : str
        One of `MODELS`.
    of : {"sampler", "outside"}

    Returns
    -------
    model : scikit-learn estimator
    X : np.ndarray
        A row for each row of `datasets.sampler` or `datasets.outside` (of which no patches ship).
    balanced : bool
    """
    table, baselines = getattr(datasets, of)(), models.baselines()
    described = table[list(features.names("full"))].to_numpy()
    if name == "the script's network":
        means = [f"{feature}_mean" for feature in features.names("script")]
        return models.script_network(), table[means].to_numpy(), False
    if name == "small CNN":
        return models.small_cnn(), features.from_bytes(datasets.patches()), False
    if name in EARS:
        return training.classifier(EARS[name]), training.shipped(EARS[name], table, of), True
    return baselines[name], described, False


def predictions(name, protocol):
    """Every test window of a protocol, predicted by a model that was not trained on it."""
    model, X, balanced = contestant(name)
    sampler = datasets.sampler()
    if protocol == OUTSIDE:
        table = datasets.outside()
        new = (table.known & ~table.in_gtzan).to_numpy()
        fitted = evaluation.fit(model, X, sampler, balanced=balanced)
        return evaluation.predict(fitted, contestant(name, "outside")[1][new], table[new])
    folds = PROTOCOLS[protocol](sampler)
    return evaluation.cross_val_predict(model, X, sampler, folds, balanced=balanced)


def scores(name, protocol):
    """One or two rows of the results: per window, and per song where a song is in one fold.

    Returns
    -------
    list of dict
        model, protocol, per, accuracy, low, high, n and artists.
    """
    windows = predictions(name, protocol)
    tested = {"window": windows}
    if protocol != "windows shuffled":
        tested["song"] = evaluation.vote(windows)
    rows = []
    for per, table in tested.items():
        score = evaluation.accuracy(table)
        figures = {k: round(v, 6) for k, v in score._asdict().items() if k in ("low", "high")}
        row = {"model": name, "protocol": protocol, "per": per, "accuracy": round(score.value, 6)}
        rows.append({**row, **figures, "n": score.n, "artists": score.artists})
    return rows


def table(results, per, protocols):
    """Results as a Markdown table: a row for each model, a column for each protocol."""
    part = results[results.per == per]
    n = {p: part[part.protocol == p].n.iloc[0] for p in protocols}
    lines = ["| model | " + " | ".join(f"{p}, n = {n[p]:,}" for p in protocols) + " |"]
    lines.append("|---" * (len(protocols) + 1) + "|")
    for model in MODELS:
        cells = []
        for protocol in protocols:
            rows = part[(part.model == model) & (part.protocol == protocol)]
            scored = rows[["accuracy", "low", "high", "n", "artists"]].itertuples(index=False)
            cells.append(next((str(evaluation.Score(*row)) for row in scored), "–"))
        lines.append(f"| {model} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def markdown(table):
    """A table as Markdown."""
    lines = ["| " + " | ".join(table) + " |", "|---" * len(table.columns) + "|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines)


def prices(costs):
    """What `predict` costs with each classifier that ships, and how good it is, as Markdown.

    Parameters
    ----------
    costs : pd.DataFrame
        As ``make bench`` writes it, a row for each of `SHIPPED`.
    """
    cards = [SongClassifier.load(PRETRAINED / name).card for name in costs.model]
    scores = {
        "GTZAN, new artists": [card["accuracy"][HONEST[0]] for card in cards],
        "other music": [card["outside"]["accuracy"] for card in cards],
    }
    table = pd.DataFrame({
        "hears": costs.model.map(SHIPPED),
        **{
            where: ["{value:.2f} [{low:.2f}, {high:.2f}]".format(**score) for score in each]
            for where, each in scores.items()
        },
        "seconds a song": costs["seconds a song"].map("{:.1f}".format),
        "times as long as decoding": costs["ratio to decoding"].map("{:.1f}".format),
        "MB of memory": costs["MB of memory"].map("{:.0f}".format),
        "MB more to install": costs["MB to install"].map("{:.0f}".format),
    })  # fmt: skip
    return markdown(table)


def promises(costs, readme):
    """What the best classifier that ships promises, and what the course survives, as Markdown."""
    best = costs.iloc[-1]
    card = SongClassifier.load(PRETRAINED / best.model).card
    there, rows = card["outside"], []
    for where, score, sure in (
        ("GTZAN", card["accuracy"][HONEST[0]], card["when_sure"]),
        (f"other music, {there['collection']}", there["accuracy"], there["when_sure"]),
    ):
        counted = f"n = {score['n']}, artists never heard"
        rows.append((f"right about a song of {where}", f"{_share(score)}, {counted}"))
        coverage, right = _share(sure["coverage"]), sure["accuracy"]
        rows.append((f"… where it says that it is sure ({coverage})",
                     f"{_share(right)}, n = {right['n']}"))  # fmt: skip
    seconds, memory = best["seconds a song"], best["MB of memory"]
    rows.append(("an answer for a song of three minutes", f"{seconds:.1f} s, {memory:.0f} MB"))
    # The table that stands further down: kind, tried, refused, used, broke, promise.
    kinds = "sounds|tables|archives|bundles"
    row = rf"^\| (?:{kinds}) \| (\d+) \| \d+ \| \d+ \| (\d+) \|"
    hostile = re.findall(row, readme, re.M)
    tried, broke = (sum(map(int, column)) for column in zip(*hostile, strict=True))
    rows.append(("corrupt files, tables, downloads, models", f"{tried} tried, {broke} broke"))
    return markdown(pd.DataFrame(rows, columns=["promise", "counted"]))


def _share(score):
    return f"{score['value']:.0%} [{score['low']:.0%}, {score['high']:.0%}]"


def runs(lessons):
    """What all cells of each lesson take, as ``make bench`` measured it, as Markdown."""
    return markdown(pd.DataFrame({
        "lesson": lessons.lesson,
        "all cells run in": lessons.seconds.map("{} s".format),
        "memory": (lessons["MB of memory"] / 1000).map("{:.1f} GB".format),
    }))  # fmt: skip


def fill(text, results, heard, costs, lessons):
    """The README with its generated parts written anew."""
    parts = {
        "promises": promises(costs, text),
        "windows": table(results, "window", PROTOCOLS),
        "songs": table(results, "song", (*HONEST, OUTSIDE)),
        "costs": prices(costs),
        "jukebox": markdown(heard),
        "lessons": runs(lessons),
    }
    for name, content in parts.items():
        before, _, rest = text.partition(f"<!-- results: {name} -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->")
        text = f"{before}<!-- results: {name} -->\n{content}\n{end}{after}"
    return text


def ask_about_the_jukebox():
    """How many of ten songs in each style the classifiers name as the band means them.

    Returns
    -------
    pd.DataFrame
        style, RBF SVM, three of lesson 10's classifiers (their most probable genre counts, whether
        they are sure or not), and what the last of these, with both ears, takes it for.
    """
    described = training.from_sampler("full")
    svm = models.baselines()["RBF SVM"].fit(described.X, described.table.genre)
    judges = {
        "hand-made": SongClassifier.load(PRETRAINED / "hand-made"),
        "MusiCNN": SongClassifier.load(PRETRAINED / "musicnn"),
        "both ears": SongClassifier.load(PRETRAINED / "musicnn-yamnet"),
    }
    rows = []
    for style in jukebox.GENRES:
        songs = [jukebox.play(style, SECONDS, seed) for seed in range(SONGS)]
        two = [features.describe(y[: 2 * audio.SAMPLE_RATE]) for y in songs]
        row = {"style": style, "RBF SVM": int((svm.predict(two) == style).sum())}
        for name, judge in judges.items():
            answers = [judge.predict(y, audio.SAMPLE_RATE).probabilities.idxmax() for y in songs]
            row[name] = answers.count(style)
        counts = pd.Series(answers).value_counts()
        row["both ears say"] = ", ".join(f"{genre} {n}" for genre, n in counts.items())
        rows.append(row)
    return pd.DataFrame(rows)


def draw_ladder(results):
    """The picture at the top of the README: one model, four protocols."""
    part = results[(results.model == "RBF SVM") & (results.per == "window")].set_index("protocol")
    rungs = {
        protocol: evaluation.Score(row.accuracy, row.low, row.high, int(row.n), int(row.artists))
        for protocol, row in part.loc[list(PROTOCOLS)].iterrows()
    }
    title = "One model: brilliant where it knows the songs, mediocre on new artists"
    ax = plots.ladder(rungs, title=title, chance=0.1)
    _save(ax.figure, "ladder.png")


def draw_song():
    """A song's ten windows, and what a model hears that has never heard its artist."""
    sampler = datasets.sampler()
    rows = predictions(BEST, "artists kept whole")
    fold = rows[rows.song_id == SONG].fold.iloc[0]
    temperature = calibration.fit_temperature(calibration.by_song(rows[rows.fold != fold]))
    columns = [f"p_{genre}" for genre in datasets.GENRES]
    windows = rows[rows.song_id == SONG][columns].to_numpy()
    seconds = pd.Index(3.0 * np.arange(len(windows)), name="seconds")
    tempered = softmax(np.log(windows) / temperature, axis=1)
    timeline = pd.DataFrame(tempered, seconds, datasets.GENRES)
    song = pd.Series(calibration.combine(windows, temperature), datasets.GENRES)
    song = song.sort_values(ascending=False)
    fig, axes = plt.subplots(2, 1, figsize=(8, 4.6), sharex=True)
    patches = features.from_bytes(datasets.patches()[(sampler.song_id == SONG).to_numpy()])
    # Two seconds of sound, and one that nobody listened to.
    gap = np.full((64, 64), np.nan)
    picture = np.hstack([part for patch in patches for part in (patch, gap)])
    plots.image(picture, librosa.mel_frequencies(64, fmax=audio.SAMPLE_RATE / 2), 345, ax=axes[0])
    facts = sampler[sampler.song_id == SONG].iloc[0]
    axes[0].set(xlabel="", title=f"{facts.artist}, “{facts.title}”: two of every 3 s")
    title = "What a model makes of it that has never heard this artist"
    plots.timeline(Prediction(song.index[0], song, timeline), title=title, ax=axes[1])
    _save(fig, "song.png")


def _save(figure, name):
    # Without the version of matplotlib inside, the same picture is the same file.
    figure.savefig(FOLDER / name, dpi=144, metadata={"Software": None})
    plt.close(figure)


def main():
    """Count every accuracy, and write results/ and the README's tables."""
    FOLDER.mkdir(exist_ok=True)
    rows = []
    for name in MODELS:
        for protocol in PROTOCOLS if name == "small CNN" else (*PROTOCOLS, OUTSIDE):
            rows += scores(name, protocol)
            print(name, protocol, rows[-1]["accuracy"], flush=True)
    results = pd.DataFrame(rows)
    results.to_csv(FOLDER / "results.csv", index=False)
    heard = ask_about_the_jukebox()
    heard.to_csv(FOLDER / "jukebox.csv", index=False)
    draw_ladder(results)
    draw_song()
    readme = ROOT / "README.md"
    costs = pd.read_csv(FOLDER / "costs.csv")  # these two `make bench` writes
    lessons = pd.read_csv(FOLDER / "lessons.csv", dtype={"lesson": str})
    text = fill(readme.read_text(encoding="utf-8"), results, heard, costs, lessons)
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
