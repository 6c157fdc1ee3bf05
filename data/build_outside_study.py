"""How far do the sampler's classifiers get with another collection? ``outside_study.csv``.

    python data/build_outside_study.py      a few minutes; rows of part "matched" stay as they are
    python data/build_outside_study.py --matched SAMPLER CLIPS   those, too: half an hour, two ears

SAMPLER holds gtzan_mini and gtzan_clips, CLIPS the outside collection's MP3s. Lesson 08 shows most
of it; a row is one figure, with its 95 % interval:

    part      ladder, travel, matched, unknown, promise or learning
    recipe    what a window is turned into, as in `training.RECIPES`
    what      what was tried: "plain" is the recipe as it is (of unknown: a score)
    clips     of each genre that it learned from (learning only)
    half      which outside artists: choosing, judging or both ("all"); gtzan: new artists within it
    measure   what was counted, on n songs

Clips by artists who play in GTZAN are left out, but for the ladder's half "with shared artists".
The rule for the halves (see `halves`) was written down before anything was tried; a prototype of
the plain recipes had seen all clips. A try counts as better than plain if its loss on the choosing
half is lower by more than one standard error, and its figures are then those of the judging half.
"""

import argparse
import hashlib
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import firwin, oaconvolve
from scipy.special import logsumexp
from scipy.stats import rankdata
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from helpers import datasets, evaluation, features, splits
from helpers.evaluation import calibration
from helpers.song import training
from helpers.song.inputs import ears, inputs

HERE = Path(__file__).resolve().parent
HAND = list(features.names("full"))
COLUMNS = ["part", "recipe", "what", "clips", "half", "measure", "value", "low", "high", "n"]
CLIPS, DRAWS, TIMES, COMPONENTS = (1, 3, 5, 10), 20, 5, 200
# Both collections at one level, and without what only one of them has above 7 kHz.
LEVEL, CUTOFF = -15.0, 7000
GUARD = "deviations from the mean, clipped at 5"


def halves(table):
    """Who chooses, and who judges?

    The artists of a genre are sorted by the SHA-256 of their name (`splits.plain`, UTF-8) and dealt
    in turn: the first chooses, the second judges.

    Returns
    -------
    list of str
        "choosing", "judging" or, where the artist plays in GTZAN, "shared"; one for each row.
    """
    artists = table[~table.in_gtzan].drop_duplicates(["genre", "artist_group"])
    names = artists.artist.map(splits.plain)
    key = names.map(lambda name: hashlib.sha256(name.encode()).hexdigest())
    artists = artists.assign(key=key).sort_values("key")
    turn = np.where(artists.groupby("genre").cumcount() % 2, "judging", "choosing")
    dealt = dict(zip(zip(artists.genre, artists.artist_group, strict=True), turn, strict=True))
    pairs = zip(table.genre, table.artist_group, strict=True)
    return [dealt.get(who, "shared") for who in pairs]


class Shelves:
    """Both collections: tables with a column half, and what the recipes make of their windows."""

    def __init__(self, heard=None):
        self.sampler, self.outside = datasets.sampler(), datasets.outside()
        self.outside["half"] = halves(self.outside)
        self.genres = sorted(self.outside.genre[self.outside.known].unique())
        # Matched windows are described anew; by default it is what ships.
        self.heard = heard or {
            "described": (self.sampler[HAND].to_numpy(), self.outside[HAND].to_numpy()),
            **{
                ear: (datasets.embeddings(ear), datasets.embeddings(ear, "outside"))
                for ear in ("musicnn", "yamnet")
            },
        }

    def inputs(self, recipe):
        """What the recipe makes of the sampler's windows, and of the outside ones."""
        pairs = [self.heard[name] for name in ("described", *ears(recipe))]
        return [
            inputs(recipe, described, **dict(zip(ears(recipe), heard, strict=True)))
            for described, *heard in zip(*pairs, strict=True)
        ]

    def answers(self, recipe, learned, asked, C=1.0):
        """One row for each known clip, as `calibration.by_song`, by a model of learned rows."""
        known = self.outside.known.to_numpy()
        fitted = evaluation.fit(model(recipe, C), learned, self.sampler, balanced=True)
        songs = calibration.by_song(evaluation.predict(fitted, asked[known], self.outside[known]))
        half = self.outside.groupby("song_id").half.first()
        return songs.assign(half=songs.song_id.map(half))


def model(recipe, factor=1.0):
    """The recipe's classifier, its C multiplied by a factor."""
    C = training.RECIPES[recipe][0] * factor
    return training.classifier(recipe).set_params(logisticregression__C=C)


def best_of(songs, genres):
    """The same songs, with the most probable of these genres."""
    columns = [f"p_{genre}" for genre in genres]
    best = np.array(genres, dtype=object)[songs[columns].to_numpy().argmax(axis=1)]
    return songs.assign(predicted=best)


def scores(songs, genres, half):
    """Rows of accuracy: any of ten genres, and the best of those that the collection has."""
    for measure, answered in (("any of ten", songs), ("best of seven", best_of(songs, genres))):
        score = evaluation.accuracy(answered)
        yield half, measure, score.value, score.low, score.high, score.n


def share(flags, artists):
    """A share with its interval, as `scores` has it: artists are drawn."""
    answered = pd.DataFrame({"genre": True, "predicted": flags, "artist_group": artists})
    score = evaluation.accuracy(answered)
    return score.value, score.low, score.high, score.n


# The ladder ------------------------------------------------------------------------------------


def ladder(shelves, recipe):
    """Within GTZAN and outside, the same two questions."""
    learned, asked = shelves.inputs(recipe)
    yield "plain", within(shelves, recipe, learned)
    songs = shelves.answers(recipe, learned, asked)
    yield "plain", scores(songs, shelves.genres, "with shared artists")
    yield "plain", by_half(songs, shelves.genres)


def within(shelves, recipe, learned):
    """Accuracy by new artists of GTZAN, on songs of the outside collection's seven genres."""
    folds = splits.by_artist(shelves.sampler)
    predictions = evaluation.cross_val_predict(
        model(recipe), learned, shelves.sampler, folds, balanced=True
    )
    songs = calibration.by_song(predictions)
    yield from scores(songs[songs.genre.isin(shelves.genres)], shelves.genres, "gtzan")


def by_half(songs, genres):
    """Scores of all artists who aren't in GTZAN, of those who choose, and of those who judge."""
    songs = songs[songs.half != "shared"]
    yield from scores(songs, genres, "all")
    for half in ("choosing", "judging"):
        yield from scores(songs[songs.half == half], genres, half)


# What helps to travel? -------------------------------------------------------------------------


def travel(shelves, recipe):
    """Every try, with its loss against the plain recipe's."""
    plain = None
    for what, learned, asked, factor in tries(shelves, *shelves.inputs(recipe)):
        songs = shelves.answers(recipe, learned, asked, factor)
        songs = songs[songs.half != "shared"]
        surprise = losses(songs)
        plain = surprise if plain is None else plain
        yield what, by_half(songs, shelves.genres)
        for half in ("choosing", "judging"):
            here = songs.half == half
            gain = (surprise - plain)[here]
            # Songs of one artist are surprising together.
            apart = (gain - gain.mean()).groupby(songs.artist_group[here]).sum()
            error = np.sqrt((apart**2).sum()) / len(gain)
            mean, n = gain.mean(), len(gain)
            yield what, [(half, "loss", surprise[here].mean(), np.nan, np.nan, n)]
            ends = mean - error, mean + error
            yield what, [(half, "loss against plain, one standard error", mean, *ends, n)]


def losses(songs):
    """How surprising each song's genre is, at the temperature that suits the choosing half."""
    temperature = calibration.fit_temperature(songs[songs.half == "choosing"])
    tempered = calibration.apply_temperature(songs, temperature)
    chance = [tempered.at[row, f"p_{genre}"] for row, genre in songs.genre.items()]
    return pd.Series(-np.log(chance), songs.index)


def tries(shelves, learned, asked):
    """What is tried: its name, the inputs learned from and asked about, and a factor for C."""
    yield "plain", learned, asked, 1
    for factor in (0.3, 0.1, 0.03):
        yield f"C times {factor}", learned, asked, factor
    if learned.shape[1] > len(HAND):
        yield "without hand-made features", learned[:, : -len(HAND)], asked[:, : -len(HAND)], 1
    # No label is looked at. But it takes a whole collection, whose genres are mixed as GTZAN's.
    known = asked[shelves.outside.known]
    center, width = learned.mean(axis=0), learned.std(axis=0)
    shifted = asked - known.mean(axis=0)
    yield "own mean", learned, shifted + center, 1
    own = np.maximum(known.std(axis=0), 0.1 * width)
    yield "own mean and deviation", learned, shifted / own * width + center, 1
    mean = song_means(asked, shelves.outside)
    yield "songs' mean inputs asked", learned, mean, 1
    yield "songs' mean inputs learned and asked", song_means(learned, shelves.sampler), mean, 1
    kept = np.array([True] * (learned.shape[1] - len(HAND)) + ["contrast7" not in h for h in HAND])
    yield "without contrast7", learned[:, kept], asked[:, kept], 1
    tell = telling(shelves, learned, asked)
    for part in (0.02, 0.05, 0.1, 0.25, 0.5):
        kept = tell <= np.quantile(tell, 1 - part)
        yield f"without the {part:.0%} that tell most", learned[:, kept], asked[:, kept], 1


def song_means(X, table):
    """Each window's inputs replaced by their mean over its song."""
    return pd.DataFrame(X).groupby(table.song_id.to_numpy()).transform("mean").to_numpy()


def telling(shelves, learned, asked):
    """How well each input alone tells the collections apart: distance of its ROC area from 0.5.

    GTZAN's songs of the seven genres against the choosing half's clips, whose genres stay unseen.
    """
    there = learned[shelves.sampler.genre.isin(shelves.genres)]
    here = asked[shelves.outside.known & (shelves.outside.half == "choosing")]
    ranks = rankdata(np.vstack([there, here]), axis=0)[len(there) :]
    area = (ranks.sum(axis=0) / len(here) - (len(here) + 1) / 2) / len(there)
    return np.abs(area - 0.5)


# Does loudness or bandwidth explain the fall? --------------------------------------------------

MATCHES = {
    "one level": lambda y: one_level(y),
    "one level below 7 kHz": lambda y: one_level(low_pass(y)),
}


def one_level(y):
    """A window at `LEVEL` decibels below full scale, by its root mean square."""
    return y * np.float32(10 ** (LEVEL / 20) / np.sqrt(np.mean(y**2) + 1e-10))


def low_pass(y):
    """A window without what lies above `CUTOFF`."""
    taps = firwin(255, CUTOFF, fs=22050)
    return oaconvolve(y, taps, mode="same").astype(np.float32)


def matched(shelves, recipe):
    """Both collections, learned and asked with their levels or bandwidths made alike."""
    learned, asked = shelves.inputs(recipe)
    yield within(shelves, recipe, learned)
    yield by_half(shelves.answers(recipe, learned, asked), shelves.genres)


def hear(sampler, clips, change, needed):
    """What `Shelves` takes as heard: changed windows, described and heard by ears."""
    sys.path.insert(0, str(HERE))
    from build_outside import windows_of
    from build_sampler import WINDOW_SECONDS, window_list

    from helpers import audio

    listed = window_list(Path(sampler) / "gtzan_mini", Path(sampler) / "gtzan_clips")
    pieces = [[audio.load(w.path, offset=w.start, duration=WINDOW_SECONDS)[0] for w in
               listed.itertuples()], []]  # fmt: skip
    paths = {path.stem: path for path in Path(clips).rglob("[!.]*.mp3")}
    for song, rows in datasets.outside().groupby("song_id", sort=False):
        pieces[1] += windows_of(paths[song], len(rows))
    pieces = [[change(y) for y in part] for part in pieces]
    made = {"described": [np.stack([features.describe_fast(y, audio.SAMPLE_RATE) for y in part])
                          for part in pieces]}  # fmt: skip
    for ear in needed:
        embed = import_module(f"helpers.models.{ear}").embed
        made[ear] = [embed(part) for part in pieces]
    return made


# Genres that it doesn't know -------------------------------------------------------------------


def unknown(shelves, recipe):
    """How many others and known clips each score refuses, at one in ten of GTZAN's new artists."""
    calibrated, far = distances(shelves, recipe)
    clips = shelves.outside.groupby("song_id")[["artist_group", "known", "half"]].first()
    refused = far > calibrated.quantile(0.9)
    for what in far:
        for half in ("all", "choosing", "judging"):
            here = (clips.half == half) | ((half == "all") & (clips.half != "shared"))
            for measure, kind in (("known refused", True), ("others refused", False)):
                rows = here & (clips.known == kind)
                yield what, [(half, measure, *share(refused[what][rows], clips.artist_group[rows]))]
            area = roc_auc_score(~clips.known[here], far[what][here])
            yield what, [(half, "ROC area, others against known", area, np.nan, np.nan, here.sum())]


def distances(shelves, recipe):
    """All scores of songs: of GTZAN's by new artists, and of the outside clips."""
    learned, asked = shelves.inputs(recipe)
    parts = []
    for fit, rest in splits.by_artist(shelves.sampler):
        table = shelves.sampler.iloc[fit]
        far = strangeness(recipe, learned[fit], table, learned[rest])
        parts.append(far.groupby(shelves.sampler.song_id.to_numpy()[rest]).mean())
    far = strangeness(recipe, learned, shelves.sampler, asked)
    return pd.concat(parts), far.groupby(shelves.outside.song_id).mean()


def strangeness(recipe, learned, table, asked):
    """Scores of how far each asked window lies from what was learned: a column each."""
    fitted = evaluation.fit(model(recipe), learned, table, balanced=True)
    scaler, classifier = fitted
    with threadpool_limits(1, user_api="blas"):
        known, z = scaler.transform(learned), scaler.transform(asked)
        logits = classifier.decision_function(z)
        pca = PCA(20, random_state=0).fit(known)
        inside, here = pca.transform(known), pca.transform(z)
        left = np.sqrt(np.maximum((z**2).sum(axis=1) - (here**2).sum(axis=1), 0))
        centers = np.stack([inside[table.genre == g].mean(axis=0) for g in classifier.classes_])
        rest = inside - centers[np.searchsorted(classifier.classes_, table.genre)]
        precision = np.linalg.inv(np.cov(rest.T))
        apart = here[:, None] - centers
        firsts = known[~table.song_id.duplicated().to_numpy()]
        neighbors = NearestNeighbors(n_neighbors=5).fit(firsts).kneighbors(z)[0][:, -1]
    return pd.DataFrame({
        "1 - highest probability": 1 - classifier.predict_proba(z).max(axis=1),
        "energy: -log sum exp of the logits": -logsumexp(logits, axis=1),
        GUARD: np.sqrt((np.clip(z, -5, 5) ** 2).mean(axis=1)),
        "Mahalanobis in 20 components": np.sqrt(((here / inside.std(axis=0)) ** 2).mean(axis=1)),
        "outside 20 components": left,
        "nearest genre in 20 components":
            np.einsum("nkd,de,nke->nk", apart, precision, apart).min(axis=1),
        "fifth-nearest song": neighbors,
    })  # fmt: skip


# Does the promise hold, and what would a guard do? ---------------------------------------------


def promise(shelves, recipe):
    """Sure answers, by temperature and threshold from GTZAN; alone, and if a guard may refuse.

    The guard asks how far the 70 hand-made features lie from the sampler's mean.
    """
    learned, asked = shelves.inputs(recipe)
    folds, target = splits.by_artist(shelves.sampler), training.RECIPES[recipe][1]
    predictions = evaluation.cross_val_predict(
        model(recipe), learned, shelves.sampler, folds, balanced=True
    )
    inside = calibration.by_song(predictions)
    temperature = calibration.fit_temperature(inside)
    threshold = calibration.fit_threshold(
        calibration.apply_temperature(inside, temperature), target
    )
    fitted = evaluation.fit(model(recipe), learned, shelves.sampler, balanced=True)
    songs = calibration.by_song(evaluation.predict(fitted, asked, shelves.outside))
    songs = calibration.apply_temperature(songs, temperature).set_index("song_id")
    calibrated, far = distances(shelves, "full")
    near = far[GUARD] <= calibrated[GUARD].quantile(0.9)
    about = shelves.outside.groupby("song_id")[["known", "half"]].first()
    known = about.known & (about.half != "shared")
    for what, sure in (
        ("plain", songs.confidence > threshold),
        ("guard", (songs.confidence > threshold) & near),
    ):
        right = (songs.predicted == songs.genre)[known & sure]
        for measure, flags in (("known answered", sure[known]), ("right when sure", right),
                               ("others answered", sure[~about.known])):  # fmt: skip
            yield what, [("all", measure, *share(flags, songs.artist_group[flags.index]))]


# Can it learn the new shelf? -------------------------------------------------------------------


def learning(shelves, recipe):
    """Best of seven with 1 to 10 clips a genre by other artists: alone, and beside the sampler.

    An added clip counts as much as five of the sampler's songs. In each draw the artists of each
    genre are shuffled; ten may be learned from, the others are asked about. Where there are more
    inputs, `COMPONENTS` principal components of the sampler stand for them: a tenth of the time.
    The interval is that of single draws.
    """
    learned, asked = standardized(*shelves.inputs(recipe))
    sampler, outside = shelves.sampler, shelves.outside
    known = outside[outside.known & (outside.half != "shared")].drop_duplicates("artist_group")
    weights = evaluation.balanced_weights(sampler)
    song = weights.sum() / len(sampler.genre.unique()) / sampler.groupby("genre").song_id.nunique()
    # Two of a thousand fits never come closer to the optimum than that.
    C = training.RECIPES[recipe][0]
    classifier = LogisticRegression(C=C, max_iter=1000, tol=1e-3)
    found = []
    for draw in range(DRAWS):
        rng = np.random.default_rng(draw)
        order = {g: rng.permutation(known.song_id[known.genre == g]) for g in shelves.genres}
        test = outside.song_id.isin(np.concatenate([names[10:] for names in order.values()]))
        for clips in (0, *CLIPS):
            new = outside.song_id.isin(np.concatenate([names[:clips] for names in order.values()]))
            X, y = asked[new], outside.genre[new].to_numpy(dtype=object)
            for what in ("alone", "added") if clips else ("added",):
                if what == "alone":
                    rows, genres, w = X, y, np.full(len(y), len(sampler) / len(y))
                else:
                    rows = np.vstack([learned, X])
                    genres = np.concatenate([sampler.genre.to_numpy(dtype=object), y])
                    w = np.concatenate([weights, TIMES * song[y].to_numpy() / 8])
                with threadpool_limits(1, user_api="blas"):
                    classifier.fit(rows, genres, sample_weight=w)
                said = evaluation.predict(classifier, asked[test], outside[test])
                songs = best_of(calibration.by_song(said), shelves.genres)
                right = (songs.predicted == songs.genre).groupby(songs.genre).mean().mean()
                found.append((what, clips, draw, right, len(songs)))
    found = pd.DataFrame(found, columns=["what", "clips", "draw", "right", "n"])
    sampler_alone = found[found.clips == 0].set_index("draw").right
    found["gain"] = found.right - found.draw.map(sampler_alone)
    for (what, clips), rows in found.groupby(["what", "clips"]):
        for measure, values in (("best of seven (mean over genres)", rows.right),
                                ("gain over the sampler", rows.gain)):  # fmt: skip
            ends = values.quantile([0.025, 0.975])
            yield what, clips, ("all", measure, values.mean(), *ends, rows.n.iloc[0])


def standardized(learned, asked):
    """By the sampler's mean and deviation, in at most `COMPONENTS` dimensions."""
    scaler = StandardScaler().fit(learned)
    learned, asked = scaler.transform(learned), scaler.transform(asked)
    if learned.shape[1] <= COMPONENTS:
        return learned, asked
    pca = PCA(COMPONENTS, random_state=0).fit(learned)
    return pca.transform(learned), pca.transform(asked)


def rows_of(part, shelves, recipe, what=None):
    """The table's rows of one part for one recipe."""
    made = {"ladder": ladder, "travel": travel, "unknown": unknown, "promise": promise}.get(part)
    if part == "learning":
        return [(part, recipe, w, clips, *row) for w, clips, row in learning(shelves, recipe)]
    if part == "matched":
        return [(part, recipe, what, "", *row) for rows in matched(shelves, recipe) for row in rows]
    return [(part, recipe, w, "", *row) for w, rows in made(shelves, recipe) for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--matched", nargs=2, type=Path, metavar=("SAMPLER", "CLIPS"))
    args = parser.parse_args()
    shelves, rows = Shelves(), []
    for part in ("ladder", "travel", "unknown", "promise", "learning"):
        for recipe in training.RECIPES:
            rows += rows_of(part, shelves, recipe)
            print(part, recipe, flush=True)
    table = pd.DataFrame(rows, columns=COLUMNS)
    path = HERE / "outside_study.csv"
    if args.matched:
        rows = []
        for what, change in MATCHES.items():
            changed = Shelves(hear(*args.matched, change, ("musicnn", "yamnet")))
            for recipe in training.RECIPES:
                rows += rows_of("matched", changed, recipe, what)
        kept = pd.DataFrame(rows, columns=COLUMNS)
    else:
        kept = pd.read_csv(path, keep_default_na=False).query("part == 'matched'")
    pd.concat([table, kept]).to_csv(path, index=False, float_format="%.4f")


if __name__ == "__main__":
    main()
