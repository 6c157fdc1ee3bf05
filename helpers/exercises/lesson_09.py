"""Exercises of lesson 09: has the model learned the genre, or the recording?"""

from functools import lru_cache

import librosa
import numpy as np

from helpers import audio, datasets, evaluation, features, jukebox, models, splits
from helpers.exercises.exercise import Exercise, collect, no, number, yes

HISS, MUFFLED, ORIGINAL = "noise 30 dB below", "low-pass 4 kHz", "original"


@lru_cache
def _sampler():
    table = datasets.sampler()
    return table, table[list(features.names("full"))].to_numpy(), models.baselines()["RBF SVM"]


@lru_cache
def _said():
    """What lesson 09's SVM says of the horse test's windows, by change."""
    from helpers.evaluation import robustness

    table, X, svm = _sampler()
    rows, described, _ = robustness.transformed()
    return robustness.examine(svm, X, table, splits.by_artist(table), described, rows)


@lru_cache
def _pair(model=None):
    """Answers before and after the hiss: of lesson 04's SVM, or of a network that ships."""
    from helpers.evaluation import robustness

    if model is None:
        return _said()[ORIGINAL], _said()[HISS]
    by = robustness.answers().assign(predicted=lambda table: table[model])
    return tuple(by[by.transformation == name].reset_index(drop=True) for name in (ORIGINAL, HISS))


def _flight(chosen=None, model="CNN", left="predicted"):
    """The genre that most of the chosen answers leave, and the one that most of them go to.

    Without a choice, those that flip; `left` may be "genre", the true one, by mistake.
    """
    before, after = _pair(model)
    chosen = before.predicted != after.predicted if chosen is None else chosen
    return before[left][chosen].mode().iloc[0], after.predicted[chosen].mode().iloc[0]


def _right_and_flipped():
    before, after = _pair("CNN")
    return (before.predicted == before.genre) & (before.predicted != after.predicted)


def _where_answers_go(answer):
    if isinstance(answer, str) or len(answer) != 2:
        return no("Two genres are wanted: `(left most often, gone to most often)`.")
    answer = tuple(str(genre).strip().lower() for genre in answer)
    if not set(answer) <= set(datasets.GENRES):
        return no("Both should be genres, as strings.")
    right, (before, after) = _flight(), _pair("CNN")
    if answer == right:
        arrived = ((before.predicted != after.predicted) & (after.predicted == right[1])).sum()
        gone = before[(before.predicted == right[0]) & (after.predicted != right[0])]
        return yes(
            f"From {right[0]} to {right[1]}, where {arrived} answers arrive. Not a note was "
            f"changed. But of the {len(gone)} songs that were called {right[0]} only "
            f"{(gone.genre == right[0]).sum()} *are* {right[0]}: an answer may leave a genre in "
            "which it had no business."
        )
    if answer == right[::-1]:
        return no("The right two, the wrong way round: first the genre that is left.")
    if answer == _flight(before.predicted.notna()):
        return no(
            "These are the most frequent answers of all, before and after. Count the flipped ones "
            "only: keep the rows in which the two differ."
        )
    if answer == _flight(_right_and_flipped()):
        return no(
            "You kept only answers that were right before. All that flip are wanted, right or not."
        )
    if answer == _flight(left="genre"):
        return no(
            "The question is about answers: by the *true* genres you count something else. "
            "Compare the two columns `predicted`."
        )
    if answer == _flight(model=None):
        return no("So it is for the SVM. The question is about the CNN.")
    if answer[1] == right[1]:
        return no("The destination is right. Which answer, among those that flipped, came before?")
    if answer[0] == right[0]:
        return no("The departure is right. Which answer, among those that flipped, came after?")
    return no(f"I count others, for the CNN and {HISS!r}. Take only rows where the answers differ.")


def _flips(change, chosen):
    before, after = _said()["original"], _said()[change]
    return float((before.predicted != after.predicted).to_numpy()[chosen].mean())


def _right_before():
    return (_said()["original"].predicted == _said()["original"].genre).to_numpy()


def _difference():
    """Flips among right answers minus flips among wrong ones, artists drawn for the interval."""
    before, after = _said()[ORIGINAL], _said()[MUFFLED]
    flips, right = (before.predicted != after.predicted).to_numpy(), _right_before()
    artist = np.unique(before.artist_group, return_inverse=True)[1]
    counts = np.stack([
        np.bincount(artist, some) for some in (flips & right, right, flips & ~right, ~right)
    ])  # fmt: skip

    def minus(who):
        a, n, b, m = counts[:, who].sum(axis=-1)
        return a / n - b / m

    everybody = np.arange(counts.shape[1])
    return minus(everybody), *evaluation._interval(minus, len(everybody))


def _right_and_wrong(answer):
    first, second = (number(part) for part in answer)
    right = _right_before()
    rates = _flips(MUFFLED, right), _flips(MUFFLED, ~right)

    def near(a, b):
        return abs(first - a) < 0.006 and abs(second - b) < 0.006

    if near(*rates):
        value, low, high = _difference()
        return yes(
            f"{first:.2f} of the right answers flip, and {second:.2f} of the wrong ones. Being "
            "right protects from nothing here: most of what this model was right about, it was "
            "right about for a reason that an old radio takes away. Do right answers flip *more*? "
            f"Draw artists for the difference: {value:.2f}, with an interval from {low:.2f} to "
            f"{high:.2f}. So that can't be said."
        )
    if (round(first, 1), round(second, 1)) == (first, second) == tuple(np.round(rates, 1)):
        return no("Rounded, that is it. Give two digits at least, or the shares as they are.")
    if max(first, second) > 1:
        return no("Shares between 0 and 1 are wanted, not percent or counts.")
    if near(*rates[::-1]):
        return no("The wrong way round: first the rate among answers that were right.")
    if near(1 - rates[0], 1 - rates[1]):
        return no("These are the shares that *stay*.")
    share = right.mean()
    flips = rates[0] * share, rates[1] * (1 - share)
    if near(*flips):
        return no(
            "You divided by all songs. Divide each count by the answers of its own kind: right "
            "ones, and wrong ones."
        )
    if near(flips[0] / sum(flips), flips[1] / sum(flips)):
        return no(
            "These say who the flipped answers were. The other way round is wanted: of the right "
            "answers, how many flip? And of the wrong ones?"
        )
    still = (_said()[MUFFLED].predicted == _said()[MUFFLED].genre).to_numpy()
    if near(_flips(MUFFLED, still), _flips(MUFFLED, ~still)):
        return no("You sorted them by who is right *after* the change. Sort by before.")
    return no(f"Other rates come out for the SVM and {MUFFLED!r}. Is it that model and change?")


# What the change of a song may be: softer or louder than it was, and how loud at most, in dB; and
# how much some band of it must move to be a change (lesson 06: 1 dB is the least one notices).
QUIETER, LOUDER, OVER, LEAST_DB = -30, 20, 12, 1
# By how many dB the music must be above what is added, how far the peak of what comes out above its
# mean level (a square wave: 0), and how much of it may have been made silent: a record at 45
# instead of 33 leaves 26 % of silence, cutting every other 50 ms leaves half.
ABOVE, CREST, MUTED = 0.3, 2, 1 / 3
KNOWN_AGAIN = 8  # of ten songs: honest changes leave 9 or 10, noise 0 to 4, reversing 7


@lru_cache
def _clips(seconds=2):
    return [jukebox.play(style, seconds=seconds, seed=1) for style in jukebox.GENRES]


def _fingerprint(y):
    """Who sounds when: levels of 38 bands over time, each about its mean; shape (38, 87).

    The bands are equally wide in octaves, so that a faster record moves the picture up; and what
    a filter does to a band goes with its mean. Frames without sound say nothing.
    """
    power = np.abs(librosa.stft(y.astype(np.float32), n_fft=4096, hop_length=512)) ** 2
    edges = np.geomspace(100, 8000, 39)
    band_of = np.digitize(librosa.fft_frequencies(n_fft=4096), edges)
    bands = np.stack([power[band_of == band].sum(axis=0) for band in range(1, len(edges))])
    db = 10 * np.log10(bands + 1e-12)
    db = np.maximum(db, db.max() - 60)
    heard = db.max(axis=0) > db.max() - 50
    db -= db[:, heard].mean(axis=1, keepdims=True)
    return np.where(heard, db, 0)


@lru_cache
def _references():
    """Fingerprints of the clips at seven speeds, as their Fourier transforms."""
    prints = []
    for clip in _clips():
        picture = _fingerprint(clip)
        for speed in (0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.35):
            times = np.arange(0, picture.shape[1] - 1, speed)
            played = np.stack([np.interp(times, np.arange(len(row)), row) for row in picture])
            prints.append(played / np.linalg.norm(played))
    return np.conj([np.fft.rfft2(played, (84, 256)) for played in prints])


def _known_again(changed):
    """How many of the changed clips resemble their own original more than the others' originals.

    At any speed, at any time, up to half an octave higher or lower.
    """
    found = 0
    for place, y in enumerate(changed):
        match = np.fft.irfft2(np.fft.rfft2(_fingerprint(y), (84, 256)) * _references(), (84, 256))
        near = match[:, [-3, -2, -1, 0, 1, 2, 3]].max(axis=(1, 2))
        found += near.argmax() // 7 == place
    return int(found)


def _level(y):
    return 20 * np.log10(np.sqrt(np.mean(np.square(y, dtype=float))))


def _moved(before, after):
    """By how many dB the mel band moves that moves most, on average over time; 30 Hz and up."""
    from helpers.evaluation import sounds

    heard = [sounds.cut(y, audio.SAMPLE_RATE, 30, "highpass") for y in (before, after)]
    pictures = [features.log_mel(y.astype(np.float32)) for y in heard]
    floor = pictures[0].max() - 60
    before, after = (np.maximum(picture, floor) for picture in pictures)
    return np.abs(after - before).mean(axis=1).max()


def _made(change, y):
    """What a change makes of samples of its own."""
    return np.asarray(change(y.copy()), dtype=float)


def _music_above_rest(change, y):
    """By how many dB the music is louder than what a change adds.

    Play the song upside down: the music comes out upside down, and what is added stays. So half
    the difference is music, and half the sum is the rest. What is anew at each call, such as noise
    without a seed, is in both, half and half: a second call shows how much of it there is. (A sound
    made anew from a spectrogram, which keeps no sign, counts as a rest altogether.)
    """
    once, again, upside_down = (_made(change, some) for some in (y, y, -y))
    anew = np.mean((once - again) ** 2) / 4
    music = np.mean((once - upside_down) ** 2) / 4 - anew
    rest = np.mean((once + upside_down) ** 2) / 4 + anew
    return 10 * np.log10(max(music, 1e-12) / max(rest, 1e-12))


def _out_of_order(change, y, sr=audio.SAMPLE_RATE):
    """Whether short bursts, each added by itself, come out in another order: far apart, and near.

    They go in by fours, 5 to 30 ms apart, so that sound which is reversed or shuffled within short
    windows is found, too (down to a hundredth of a second). A burst that changes everything, as in
    a phase vocoder, has no place.
    """
    before, burst, came = _made(change, y), np.random.default_rng(1).normal(size=44), []
    for seconds in np.add.outer((0.113, 0.707, 1.093, 1.417, 1.789), (0, 0.005, 0.012, 0.03)).flat:
        struck, at = y.copy(), round(seconds * sr)
        struck[at : at + 44] += (burst * np.hanning(44)).astype(np.float32)
        power = (_made(change, struck) - before) ** 2
        # A quarter of it within 40 ms; nothing of it if it was cut out.
        if np.convolve(power, np.ones(882)).max() > max(power.sum() / 4, 1e-9):
            came.append(np.convolve(power, np.ones(44), "same").argmax() / sr)
    later = np.diff(came)
    return bool((later < -0.05).any()), bool(np.sum(later < -0.004) > 0.1 * len(later))


def _muted(before, after):
    """Share of the hundredths of a second that hold sound before, and none (-50 dB) after."""
    sounding = []
    for y in (before, after):
        power = np.mean(y[: len(y) // 220 * 220].reshape(-1, 220).astype(float) ** 2, axis=1)
        sounding.append(power > power.max() * 1e-5)
    return np.mean(sounding[0] & ~sounding[1])


def _attack(answer):
    if not callable(answer):
        return no("A function is wanted, which takes samples and returns as many. No calling yet.")
    clips, changed = _clips(), []
    for clip in clips:
        y = _made(answer, clip)
        if y.ndim > 1:
            return no(
                f"An array of shape {y.shape} came out: several channels. Return one of them."
            )
        if y.shape != clip.shape:
            return no(
                f"{len(clip):,} samples went in, and {y.size:,} came out. Cut what is too long; if "
                f"it is too short, play on from the start: `np.resize(y, {len(clip)})`. (Zeros "
                "at the end would measure silence as well.)"
            )
        if not np.isfinite(y).all():
            return no("Some samples are no numbers (nan or inf). Was something divided by zero?")
        if np.abs(y).max() < audio.SILENCE_PEAK:
            return no("Only silence comes out. *That* changes the genre.")
        changed.append(y.astype(np.float32))
    if np.allclose(changed[0], changed[1]):
        return no("Two songs went in, and the same came out twice: nothing of the music is left.")
    return _damage(answer, clips, changed) or _verdict(clips, changed)


def _damage(change, clips, changed):
    """A sentence if a change is none, or none that leaves the music as it was."""
    if max(map(_moved, clips, changed)) < LEAST_DB:
        return no(
            "To the ear, what comes out is what went in: in no mel band does the level move by "
            f"{LEAST_DB} dB. Nobody would call that an attack."
        )
    known = _known_again(changed)
    if known < KNOWN_AGAIN:
        return no(
            f"Of ten songs only {known} can be told by what comes out: the music is gone, or a "
            "stranger to itself. The recording may suffer, but who plays what, and when, must stay."
        )
    return _level_is_off(clips, changed) or _music_is_harmed(change, clips, changed)


def _level_is_off(clips, changed):
    by = np.median([_level(y) - _level(clip) for clip, y in zip(clips, changed, strict=True)])
    peak = max(np.abs(y).max() for y in changed)
    if by > LOUDER or peak > 10 ** (OVER / 20):
        return no(
            f"It comes out {by:+.0f} dB louder, and its peak is {peak:.1f}, where a file holds 1 "
            "at most: no loudspeaker plays that. Scale it, or clip it as an amplifier would."
        )
    if by < QUIETER - 0.1:
        return no(
            f"It comes out {-by:.0f} dB softer. {-QUIETER} are allowed: by more than that nobody "
            "turns music down who wants to hear it."
        )
    return None


def _music_is_harmed(change, clips, changed):
    above = np.median([_music_above_rest(change, clip) for clip in clips])
    if above < ABOVE:
        louder = f"{abs(above):.1f} dB {'softer' if above < 0 else 'louder'}"
        return no(
            "The music must stay louder than what is added. Played upside down, it should come out "
            f"upside down; what comes out the same either way I call added. The music is {louder} "
            f"than that, and must be louder by {ABOVE} dB. Turn down what you add."
        )
    if np.median([_muted(*pair) for pair in zip(clips, changed, strict=True)]) > MUTED:
        return no(
            "More than a third of the music has become silence, and half a song isn't a song."
        )
    if np.median([np.abs(y).max() / 10 ** (_level(y) / 20) for y in changed]) < 10 ** (CREST / 20):
        return no(
            "Nearly all samples are equally strong: what was soft is now as loud as what was loud, "
            "a square wave. Distort it less."
        )
    far, near = np.all([_out_of_order(change, clip) for clip in clips[:2]], axis=0)
    if far:
        return no(
            "What came first must come first. I added a short burst to the music, here and there, "
            "and they came out in another order."
        )
    if near:
        return no(
            "Within a tenth of a second, too, what came first must come first: a stroke starts at "
            "once and dies away slowly. Short bursts that I added, 5 to 30 ms apart, came out in "
            "another order."
        )
    return None


def _verdict(clips, changed):
    table, X, svm = _sampler()
    svm.fit(X, table.genre.to_numpy(dtype=object))

    def says(some):
        return svm.predict([features.describe_fast(y) for y in some])

    flips = sum(says(clips) != says(changed))
    # By one delay alone, such as half a second, a beat may fall on a beat and nothing change.
    tenth, longer = audio.SAMPLE_RATE // 10, _clips(seconds=2.5)
    said = [says(y[k * tenth :][: len(clips[0])] for y in longer) for k in range(6)]
    yardstick = [sum(said[0] != later) for later in said[1:]]
    found = "An attack that runs" if flips else "It runs, but attacks nothing yet"
    return yes(
        f"{found}. Of ten toy songs of the jukebox the SVM's answer flips for {flips}; "
        "for the yardstick, the same toys a tenth to half a second later, it flips for "
        f"{min(yardstick)} to {max(yardstick)}. Toys say nothing of real songs: with GTZAN mini, "
        "count as the solution does. And whether a listener would still name the same genre, no "
        "check can tell. Listen."
    )


EXERCISES = collect(
    Exercise(
        name="09.1",
        minutes=10,
        wanted="a pair of genres, `(left most often, gone to most often)`",
        nudge='`said["CNN"]` holds a table for each change, and "original"; their rows '
        "go together, and so do their columns `predicted`.",
        partial="""Answers before and after, the flipped ones off the diagonal:

```python
by = said["CNN"]
pd.crosstab(by["original"].predicted, by["noise 30 dB below"].predicted.rename("after"))
```

Keep only rows in which the two differ, and count each column by itself.""",
        solution="""
by = said["CNN"]
before, after = by["original"].predicted, by["noise 30 dB below"].predicted
flipped = before != after
answer = before[flipped].mode()[0], after[flipped].mode()[0]
""",
        reasoning="A hiss fills the treble, and not a note was changed; yet the answers gather at "
        "two genres whose clips are full of treble (section 4): a *horse*. Don't read much into "
        "the genre that they leave, though: it must be one that was named often before, and "
        "another one loses nearly as many.",
        look=_where_answers_go,
    ),
    Exercise(
        name="09.2",
        minutes=10,
        wanted="a pair of shares, `(among right answers, among wrong ones)`",
        nudge="An answer is right if `predicted` and `genre` agree *before* the change. That "
        "gives a column of true and false, with which you can pick rows from both tables.",
        partial="""For the right ones:

```python
before, after = said["SVM, hand-made"]["original"], said["SVM, hand-made"]["low-pass 4 kHz"]
right = (before.predicted == before.genre).to_numpy()
robustness.flip_rate(before[right], after[right])
```

`~right` picks the others.""",
        solution="""
rates = {}
for model, by in said.items():
    before, after = by["original"], by["low-pass 4 kHz"]
    right = (before.predicted == before.genre).to_numpy()
    rates[model] = [robustness.flip_rate(before[part], after[part]) for part in (right, ~right)]
    print(f"{model:15} right: {rates[model][0]}   wrong: {rates[model][1]}")
answer = [rate.value for rate in rates["SVM, hand-made"]]
""",
        reasoning="One would hope that a model which is right knows why, and stays. A high flip "
        "rate among the right answers says that many of them hung on a property of the recording. "
        "Compare within each model, and mind the intervals: few songs are left on either side.",
        look=_right_and_wrong,
    ),
    Exercise(
        name="09.3",
        minutes=25,
        wanted="a function that takes samples of two seconds and returns as many",
        nudge="Think of what happens to music between the band and the ear: rooms, loudspeakers, "
        "neighbors. Then write it as a function of an array.",
        partial="""Half of an echo, to be added to the sound itself:

```python
late = np.concatenate([np.zeros(4410), y])[: len(y)]  # 0.2 s later
```

As many samples must come out as go in. What is too short plays on from the start:
`np.resize(y, 44_100)`.""",
        solution="""
def answer(y, delay=0.2, level=0.5, sr=22_050):
    late = np.concatenate([np.zeros(round(delay * sr)), y])[: len(y)]
    return y + level * late


if mini:
    paths = [mini / song.partition(".")[0] / f"{song}.wav" for song in table.song_id.iloc[rows]]
    clips = [audio.load(path, offset=12, duration=2)[0] for path in paths]
    mine = np.stack([features.describe_fast(answer(y).astype(np.float32)) for y in clips])
    by = robustness.examine(svm, X, table, folds, {"echo": mine}, rows)
    print(robustness.flip_rate(by["original"], by["echo"]))
""",
        reasoning="A bathroom is no genre, but the model may think otherwise. An attack of your "
        "own is worth more than ours: a model may have been trained against any list that was "
        "published. Report the change, the number of songs, and the yardstick (half a second "
        "later) beside the flips.",
        look=_attack,
    ),
)
