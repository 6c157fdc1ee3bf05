"""Exercises of lesson 02b: which few numbers keep what an ear hears?"""

import warnings

import numpy as np

from helpers import audio, jukebox
from helpers.exercises import mystery
from helpers.exercises.exercise import Exercise, collect, no, yes
from helpers.jukebox import board, mixer

SR = audio.SAMPLE_RATE
SEED = 13  # of the lesson's mystery
COMPLEX = (
    "Your strengths are complex: `librosa.stft` gives strength and phase in one number. Take "
    "`np.abs` of it first, for only the strength counts here."
)


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

    C, f = librosa.stft(y), librosa.fft_frequencies(sr=SR)[:, None]
    S = np.abs(C)

    def mean(values, weights=S):
        return (values * weights).sum(axis=0) / weights.sum(axis=0)

    def width(center, weights=S):
        return np.sqrt(mean((f - center) ** 2, weights))

    center = mean(f)
    right = width(center)
    with_phase = width(mean(f, C), C)
    power = "You weighed with power, which is `S ** 2`. Here each frequency counts by its magnitude"
    return right, [
        (right**2, "Take the root at the end: as it is, the unit is Hz squared."),
        (
            right * np.sqrt(S.mean(axis=0)),
            "Weights must add up to 1: divide by the sum of the strengths, not by their number.",
        ),
        (np.abs(with_phase), COMPLEX),
        (with_phase.real, COMPLEX),
        (width(mean(f, S**2), S**2), f"{power}: leave out the square."),
        (width(center, S**2), f"{power}, for the width as for the centroid."),
        (
            np.sqrt(mean(f**2)),
            "You squared the frequencies themselves. Subtract the centroid first: what counts is "
            "the *distance* from it.",
        ),
        (
            np.sqrt(((f - center) ** 2).mean(axis=0)),
            "In your mean every frequency counts the same. Let each count by its strength.",
        ),
        (width(f.mean()), "That is around the middle of the axis. Where is the *centroid*?"),
        (0 * center, "Plain distances to both sides cancel. Square them before you take the mean."),
        (right * np.sqrt(S.sum(axis=0)), "Divide by the sum of the strengths, or loud means wide."),
        (right * 2048 / SR, "That is in rows of the spectrogram. One row is `sr / n_fft` Hz."),
        (mean(np.abs(f - center)), "That is the mean *absolute* distance. Square, mean, root."),
        (width(center.mean()), "That is around one centroid for all. Each frame has its *own*."),
        (center, "That is the centroid itself. How far does the rest lie from it?"),
    ]


def _own_bandwidth(answer):
    if not callable(answer):
        return no("Write a function: `def answer(y, sr): …`, and return what it finds.")
    said, right, mistakes = [], [], []
    for name, y in _sounds().items():
        widths, known = _widths(y)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what they warn of is told below, in our words
                numbers = np.ravel(answer(y, SR))
        except Exception as error:
            if "real-valued" in str(error):  # librosa's features refuse complex strengths
                return no(COMPLEX)
            raise
        if np.iscomplexobj(numbers):
            return no(COMPLEX)
        if len(numbers) != len(widths):
            return no(
                f"For {name} I expect {len(widths)} numbers, one for each frame (2048 samples, "
                f"hop 512), and get {len(numbers)}. Sum over the frequencies, which is `axis=0`."
            )
        said.append(numbers.astype(float))
        right.append(widths)
        mistakes.append([made for made, _ in known])
    if _alike(said, right):
        if not _alike([np.ravel(answer(y, 2 * SR))], [2 * right[-1]]):
            return no(
                "Right at 22,050 samples a second. At twice that rate each row stands for twice as "
                "many Hz, and your numbers don't know: hand `sr=sr` on wherever Hz are made."
            )
        return yes(
            "Two tones, noise and jazz: the same as librosa's, frame by frame. Two tones are "
            "*wide*, for nothing lies near their center. A number is not yet a picture. (Only the "
            "numbers are compared: if you let librosa do it, do it by hand once.)"
        )
    for (_, advice), *made in zip(known, *mistakes, strict=True):
        if _alike(said, made):
            return no(advice)
    median = f"{np.median(said[-1]):.4g}, mine {np.median(right[-1]):.4g} Hz"
    return no(f"For {name} your median is {median}. Distance, square, mean, root?")


def _alike(said, made):
    """Whether two answers agree within a percent, for every sound and however it was padded."""
    return all(np.allclose(a[3:-3], b[3:-3], 0.01, 0.01) for a, b in zip(said, made, strict=True))


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
    value = mystery.farthest(clips.genre, knob, way)
    if value == jukebox.knobs_for(clips.genre)[knob]:
        return f"In {clips.genre}, {knob} is at that end already: it cannot be turned {way}."
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


# In tune, an octave lower and higher, between two notes, a little below one, where the nearer one
# in Hz is not the nearer one in semitones, and just off a middle, where a wrong reference tells.
PITCHES = (440.0, 466.16, 261.63, 27.5, 4186.0, 300.0, 5100.0, 430.0, 97.0)
PITCHES += (453.0, 453.06, 453.09, 452.6)
FLATS = {"D♭": "C♯", "E♭": "D♯", "G♭": "F♯", "A♭": "G♯", "B♭": "A♯"}


def _named(steps, first=9):
    """The names of notes so many semitones above A; `first` is where A stands in the list."""
    return [board.PITCH_CLASSES[int(step + first) % 12] for step in steps]


def _pitch_class(answer):
    if not callable(answer):
        return no('Write a function: `def answer(frequency): …`, and return a name such as "A".')
    said = [answer(hz) for hz in PITCHES]
    if not all(isinstance(name, str) for name in said):
        return no("Return a *name*: the entry of `board.PITCH_CLASSES` at the place you found.")
    said = [name.strip().replace("#", "♯").replace("b", "♭") for name in said]
    said = [FLATS.get(name, name) for name in said]
    f = np.array(PITCHES) / 440
    steps = 12 * np.log2(f)
    right = _named(np.round(steps))
    if said == right:
        return yes(
            "That is how chroma folds: 110 Hz and 440 Hz raise the bar of A most. What lies "
            "between two notes, as 300 Hz does, goes to the nearer one (librosa shares it out). "
            "27.5 Hz is an A as well, but with our frames librosa's chroma can't tell: rows 10.8 "
            "Hz apart are wider than a semitone down there."
        )
    if any(name[-1:].isdigit() for name in said):
        return no("Leave the octave's number out: a pitch class is the same in all of them.")
    mistakes = [
        (_named(np.round(steps), 0), "You count from A, and the list begins with C. Where is A?"),
        (_named(np.floor(steps)), "430 Hz lies nearer to A than to G♯: *round*, don't cut off."),
        (_named(np.round(12 * np.log(f))), "Octaves are doublings: take `np.log2`."),
        (_named(np.round(np.log2(f))), "These are octaves from A. An octave has 12 semitones."),
        (
            _named(np.round(12 * (f - 1))),
            "You cut the octave into twelve equal steps of *Hz*. A semitone is a *ratio*, "
            "2 ** (1 / 12): twelve of them, multiplied, make 2.",
        ),
    ]
    notes = 440 * 2.0 ** (np.arange(-60, 60) / 12)
    in_hz = np.abs(notes - np.array(PITCHES)[:, np.newaxis]).argmin(axis=1) - 60
    middle = "The middle of two notes is a ratio, too: look for the nearest in *semitones*."
    mistakes.append((_named(in_hz), middle))
    reference = "Your reference is a little off: start from 440, the A."
    mistakes += [(_named(np.round(steps - off)), reference) for off in np.linspace(-0.3, 0.3, 121)]
    known = [say for names, say in mistakes if said == names]
    place = next(n for n, name in enumerate(right) if said[n] != name)
    unknown = f"{PITCHES[place]:g} Hz is {steps[place]:+.2f} semitones from 440 Hz, which makes "
    return no([*known, f"{unknown}it {right[place]}, and you say {said[place]}."][0])


EXERCISES = collect(
    Exercise(
        name="02b.1",
        minutes=20,
        wanted="a function of samples and sample rate that returns one number for each frame",
        nudge="Section 2: the bandwidth is the usual distance from the centroid, and strong "
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
        name="02b.2",
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
    Exercise(
        name="02b.3",
        minutes=10,
        wanted="a function of a frequency in Hz that returns the name of a pitch class",
        nudge="How many octaves above 440 Hz is it? How many semitones is that? And which of the "
        "twelve names is left when whole octaves don't count?",
        partial="`np.log2(frequency / 440)` counts octaves, and 12 times that semitones: round "
        "them. A stands at place 9 of `board.PITCH_CLASSES`, and `% 12` folds the octaves.",
        solution="""
def answer(frequency):
    semitones = round(12 * np.log2(frequency / 440))
    return board.PITCH_CLASSES[(semitones + 9) % 12]
""",
        reasoning="A logarithm turns ratios into steps: the same trick as for decibels. "
        "`librosa.hz_to_note(frequency, octave=False)` does it, too. What folds away is the "
        "octave: a bass and a flute on the same note raise the same bar most.",
        look=_pitch_class,
    ),
)
