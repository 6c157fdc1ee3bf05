"""Exercises of lesson 02: how does sound become a picture?"""

import numpy as np

from helpers import audio, jukebox
from helpers.exercises import mystery
from helpers.exercises.exercise import Exercise, collect, no, yes
from helpers.jukebox import mixer

SR = audio.SAMPLE_RATE
# Where the rule of thumb is beyond doubt: with half the window, both notes make one line.
PITCHES = (55.0, 65.4, 110.0, 220.0, 523.2, 880.0)
ROWS = 2
SEED = 13  # of the lesson's mystery


def _sounds():
    t = np.arange(2 * SR) / SR
    tones = 0.5 * np.sin(2 * np.pi * 330 * t) + 0.3 * np.sin(2 * np.pi * 3000 * t)
    noise = np.random.default_rng(0).normal(0, 0.1, len(t))
    return {
        "two pure tones": tones.astype(np.float32),
        "noise": noise.astype(np.float32),
        "two seconds of jazz": jukebox.play("jazz", 2.0),
    }


def _widths(y):
    """The bandwidth of each frame; what plausible mistakes make of it, each with its advice."""
    import librosa

    S, f = np.abs(librosa.stft(y)), librosa.fft_frequencies(sr=SR)[:, None]

    def mean(values, weights=S):
        return (values * weights).sum(axis=0) / weights.sum(axis=0)

    def width(center, weights=S):
        return np.sqrt(mean((f - center) ** 2, weights))

    center = mean(f)
    right = width(center)
    return right, [
        (right**2, "Take the root at the end: as it is, the unit is Hz squared."),
        (
            right * np.sqrt(S.mean(axis=0)),
            "Weights must add up to 1: divide by the sum of the strengths, not by their number.",
        ),
        (
            width(mean(f, S**2), S**2),
            "You weighed with power: leave out the square, and try again.",
        ),
        (right * np.sqrt(S.sum(axis=0)), "Divide by the sum of the strengths, or loud means wide."),
        (right * 2048 / SR, "That is in rows of the spectrogram. One row is `sr / n_fft` Hz."),
        (mean(np.abs(f - center)), "That is the mean *absolute* distance. Square, mean, root."),
        (width(center.mean()), "That is around one centroid for all. Each frame has its *own*."),
        (center, "That is the centroid itself. How far does the rest lie from it?"),
    ]


def _own_bandwidth(answer):
    if not callable(answer):
        return no("Write a function: `def answer(y, sr): …`, and return what it finds.")
    for name, y in _sounds().items():
        right, mistakes = _widths(y)
        said = np.ravel(np.asarray(answer(y, SR), dtype=float))
        if len(said) != len(right):
            return no(
                f"For {name} I expect {len(right)} numbers, one for each frame (window 2048, hop "
                f"512), and get {len(said)}. Sum over the frequencies, which is `axis=0`."
            )
        inner = slice(3, -3)  # however the ends were padded
        if not np.allclose(said[inner], right[inner], rtol=0.01):
            known = [say for made, say in mistakes if np.allclose(said[inner], made[inner], 0.01)]
            median = f"{np.median(said):.4g}, mine {np.median(right):.4g} Hz"
            unknown = f"For {name} your median is {median}. Distance, square, mean, root?"
            return no([*known, unknown][0])
    return yes(
        "Two tones, noise and jazz: the same as librosa's, frame by frame. Two tones are *wide*, "
        "for nothing lies near their center. A number is not yet a picture. (Only the numbers are "
        "compared: if you let librosa do it, do it by hand once.)"
    )


def _window(frequency):
    """The shortest power of two by the rule."""
    return 2 ** int(np.ceil(np.log2(ROWS * SR / _gap(frequency))))


def _gap(frequency):
    return frequency * (2 ** (1 / 12) - 1)


def apart(frequency, n_fft):
    """Whether two notes a semitone apart make two lines, with a gap of at least 3 dB."""
    import librosa

    t = np.arange(max(2 * SR, 4 * n_fft)) / SR
    notes = frequency, frequency + _gap(frequency)
    y = sum(0.4 * np.sin(2 * np.pi * hz * t) for hz in notes)
    power = (np.abs(librosa.stft(y, n_fft=n_fft, center=False)) ** 2).mean(axis=1)
    rows = [round(hz * n_fft / SR) for hz in notes]
    between = power[rows[0] : rows[1] + 1]
    return len(between) > 2 and min(between[0], between[-1]) > 2 * between[1:-1].min()


def _shortest_window(answer):
    if not callable(answer):
        return no("Write a function: `def answer(frequency): …`, and return a number of samples.")
    said = np.array([float(answer(hz)) for hz in PITCHES])
    right = np.array([_window(hz) for hz in PITCHES])
    if np.array_equal(said, right):
        return yes(
            "I played both notes at six pitches: two lines each time, and one line with half the "
            "window. So no single window suits all music: what shows a drum blurs the bass."
        )
    if np.ptp(said) == 0:
        return no(
            "You return the same window at every pitch. A semitone is a *ratio*: how many Hz is it "
            f"at {PITCHES[0]:.0f} Hz, and how many at {PITCHES[-1]:.0f} Hz?"
        )
    if said[0] < said[-1]:
        return no(
            "Your windows get longer as the notes get higher. But in Hz, low notes lie closer "
            "together than high ones: who needs the finer rows?"
        )
    if said.max() < 100:
        return no("That looks like seconds. Return samples: times the sample rate.")
    if np.any(np.log2(said) % 1):
        return no("These are not all powers of two. Round *up* to the next one.")
    place = int(np.argmax(said != right))
    hz, n_fft = PITCHES[place], int(said[place])
    rows = f"At {hz:g} Hz the two notes lie {_gap(hz):.1f} Hz apart. A window of {n_fft:,} samples "
    rows += f"makes that {_gap(hz) * n_fft / SR:.1f} rows"
    if n_fft > right[place]:
        return no(f"{rows}. They are apart, but a shorter window would do, too.")
    melted = "" if apart(hz, n_fft) else ", and when I play them, they melt into one line"
    return no(f"{rows}{melted}. At least {ROWS} are needed.")


def _riddle(answer):
    words = answer.split() if isinstance(answer, str) else [str(word) for word in answer]
    words = [word.strip(" ,;:()'\"").lower() for word in words]
    if len(words) != 2 or words[0] not in jukebox.KNOBS or words[1] not in ("up", "down"):
        return no(f'Wanted is a knob ({", ".join(jukebox.KNOBS)}) and "up" or "down", as a pair.')
    knob, way = words
    clips, (true_knob, true_way) = mystery.pose(SEED), mystery.reveal(SEED)
    seen = mixer.moved(clips.after, clips.before)
    most = seen.abs().idxmax()
    if (knob, way) == (true_knob, true_way):
        return yes(
            f"{knob} {way} it was. Most of all it moved “{most}” ({seen[most]:+.1f}). Another "
            "one? `mystery.pose` takes any number, and `mystery.reveal` tells what you have missed."
        )
    if knob == true_knob:
        return no(
            f"The right knob, but the other way. In the mystery, “{most}” went "
            f"{'up' if seen[most] > 0 else 'down'}: turn {knob} in your mixer, and see which way "
            "sends it there."
        )
    return no(f"{_evidence(knob, way, clips, seen)} {_pointer(clips, seen, most)}")


def _evidence(knob, way, clips, seen):
    """Why it cannot have been this knob."""
    steps = mixer.turned_by(clips.after, clips.before)
    if knob == "key" and steps == 0:
        return "The chroma profile is not turned, so the key stayed as it was."
    onsets = [clip.frames.onset_strength for clip in (clips.before, clips.after)]
    together = np.corrcoef(*onsets)[0, 1]
    if knob in ("tempo", "swing") and together > 0.5:
        return f"Both clips strike at the same moments, so {knob} stayed as it was."
    turned = mystery.turns(clips.genre)
    value = turned.get((knob, way))
    if value is None:
        return f"In {clips.genre}, {knob} cannot be turned {way} so far that one would hear it."
    expected = mixer.moved(mixer.clip(clips.genre, **{knob: value}), clips.before)
    bar = (expected - seen).abs().idxmax()
    return (
        f"I have tried {knob} {way} in {clips.genre}: “{bar}” moves by {expected[bar]:+.1f}. In "
        f"the mystery it moved by {seen[bar]:+.1f}."
    )


def _pointer(clips, seen, most):
    """Where to look instead."""
    if mixer.turned_by(clips.after, clips.before):
        return "But look at the chroma profile: it has the same shape in another place."
    if abs(seen[most]) < 0.5:
        return "The bars hardly move. Listen, and look at the times at which things happen."
    return f"What moved most is “{most}” ({seen[most]:+.1f}): which knob does that?"


EXERCISES = collect(
    Exercise(
        name="02.1",
        minutes=20,
        wanted="a function of samples and sample rate that returns one number for each frame",
        nudge="Section 5: the bandwidth is the usual distance from the centroid, and strong "
        "frequencies count more. `librosa.fft_frequencies(sr=sr, n_fft=2048)` has the frequency of "
        "each row.",
        partial="""`S` has the shape (1025, frames). Bring the frequencies into a column, so that
numpy pairs them with its rows:

```python
S = np.abs(librosa.stft(y, n_fft=2048, hop_length=512))
f = librosa.fft_frequencies(sr=sr, n_fft=2048)[:, np.newaxis]
weights = S / S.sum(axis=0)  # each column now sums to 1
centroid = (weights * f).sum(axis=0)
```

What is left is the weighted mean of the squared distances, and its root.""",
        solution="""
def answer(y, sr):
    S = np.abs(librosa.stft(y, n_fft=2048, hop_length=512))
    f = librosa.fft_frequencies(sr=sr, n_fft=2048)[:, np.newaxis]
    weights = S / S.sum(axis=0)
    centroid = (weights * f).sum(axis=0)
    return np.sqrt((weights * (f - centroid) ** 2).sum(axis=0))
""",
        reasoning="It is the standard deviation, with strengths in place of counts, just as the "
        "centroid is the mean. Both forget the shape: two pure tones far apart and a broad hiss "
        "can have the same center and the same width.",
        look=_own_bandwidth,
    ),
    Exercise(
        name="02.2",
        minutes=15,
        wanted="a function of a frequency in Hz that returns a number of samples",
        nudge="Two numbers decide it: how many Hz lie between the two notes, and how many Hz a row "
        "is high. The first grows with the pitch, the second shrinks with the window.",
        partial="""A semitone up is a factor of `2 ** (1 / 12)`, so the notes lie
`frequency * (2 ** (1 / 12) - 1)` Hz apart. Two rows are `2 * sr / n_fft` Hz. Set the two equal,
solve for `n_fft`, and round up to a power of two: `2 ** int(np.ceil(np.log2(x)))`.""",
        solution="""
def answer(frequency):
    gap = frequency * (2 ** (1 / 12) - 1)
    return 2 ** int(np.ceil(np.log2(2 * sr / gap)))
""",
        reasoning="Notes an octave lower lie half as many Hz apart, and need twice the window. For "
        "deep bass that window is longer than many a note: you cannot know exactly *which* and "
        "exactly *when*. This is no fault of the software, it is how waves are.",
        look=_shortest_window,
    ),
    Exercise(
        name="02.3",
        minutes=10,
        wanted="a pair: the name of a knob, and “up” or “down”",
        nudge="First rule knobs out. Is the chroma profile turned? Do the notes start at the same "
        "moments? In the gaps, is there an echo that fades? What is left?",
        partial="Take the style of the mystery in your mixer (`riddle.genre`), turn one knob that "
        "you suspect, and compare the bars with those of the mystery: they must agree in their "
        "directions, not only in one.",
        solution="""
def distance(knob, value):
    guess = mixer.clip(riddle.genre, **{knob: value})
    return np.abs(guess.db - riddle.after.db).mean()


turns = mystery.turns(riddle.genre)
answer = min(turns, key=lambda turn: distance(turn[0], turns[turn]))
""",
        reasoning="This solution plays every turn that there is and keeps the one whose picture "
        "comes nearest. It can, because the band and its knobs are known. With a real recording "
        "nobody hands you the untouched clip, and many causes move the same numbers: a brighter "
        "guitar and a better microphone look alike.",
        look=_riddle,
    ),
)
