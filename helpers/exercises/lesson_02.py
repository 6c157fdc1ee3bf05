"""Exercises of lesson 02: how does sound become a picture?"""

import numpy as np

from helpers import audio
from helpers.exercises.exercise import Exercise, collect, no, yes

SR = audio.SAMPLE_RATE
# Samples, and the sines in them: frequency in Hz, amplitude, where in its swing it begins. The
# last one does not swing a whole number of times, so that no row of an FFT lies on it.
SOUNDS = (
    (2205, ((440, 0.5, 0.0), (1000, 0.3, 1.0), (2500, 0.1, 2.2))),
    (SR, ((261, 0.7, -1.2), (522, 0.2, 0.4))),
    (SR // 2, ((333, 0.8, 2.0),)),
)
ABSENT = 700  # Hz, in the first of them
# A piano's range in steps of 1.2 %: a gap that is more than 1 % off needs another frame at some of
# them. (So chosen that 1.06 may stand for 2^(1/12).)
PITCHES = 725.8 * 2 ** (np.arange(-280, 150) / 60)
# Where the rule of thumb is beyond doubt: with half the frame, both notes make one line.
PLAYED = (55.0, 65.4, 110.0, 220.0, 523.2, 880.0)
ROWS = 2
# Sample, frame and hop: in the middle, on the edge of a frame, near the start, with frames that
# do not overlap, and between two frames; then a hop that doesn't divide the frame, and one that is
# longer than the frame that holds the sample.
CLICKS = (
    (30_000, 2048, 512),
    (31_232, 2048, 512),
    (10_000, 1024, 256),
    (100, 2048, 512),
    (20_000, 2048, 2048),
    (20_000, 512, 2048),
    (9600, 2048, 800),
    (20_400, 512, 2048),
)


def _cases():
    for n, sines in SOUNDS:
        t = np.arange(n) / SR
        y = sum(a * np.sin(2 * np.pi * hz * t + start) for hz, a, start in sines)
        for hz in (*(hz for hz, _, _ in sines), *([ABSENT] if n == SOUNDS[0][0] else [])):
            yield y, hz


def _amplitude(y, hz):
    """The amplitude; what plausible mistakes make of it, each with its advice."""
    n = np.arange(len(y))
    angle = 2 * np.pi * hz * n / SR
    right, up = np.mean(y * np.cos(angle)), np.mean(y * np.sin(angle))
    far = np.hypot(right, up)

    def wound(angle):
        return np.abs(np.mean(y * np.exp(-1j * angle)))

    half = "That is half of it: the mean of a squared sine is one half (section 3). Times 2."
    total = "That grows with the length of the sound. Take the mean of the points, not their sum."
    second = "You divide by the samples of one second. The mean divides by those of *this* sound."
    corner = "Right and up lie at a right angle: the distance is the root of the *squares'* sum."
    early = "That is how long the hand is on average. First the mean of the points, *then* how far "
    early += "it lies from the middle: or nothing can cancel."
    fast = "Your hand turns `frequency` times in each *sample*. Sample number n comes at n / sr s."
    slow = "A full turn is an angle of 2 π. Your hand turns too slowly."
    one_way = "You look in one direction only. A sine that starts elsewhere in its swing pushes "
    one_way += "another way: take the distance from the middle, of right *and* up."
    row = "That is the nearest row of an FFT, and this sine lies between two rows. Wind it at its "
    row += "own frequency."
    twice = "That is twice the amplitude. The dot lies *half* of it out (section 3): times 2, once."
    rms = "That is the amplitude divided by √2, which is the RMS of this sine. Wanted is how high "
    rms += "it swings."
    fft = np.abs(np.fft.rfft(y))[round(hz * len(y) / SR)] / len(y)
    return 2 * far, [
        (far, half),
        (far * len(y), total),
        (2 * far * len(y), total),
        *((times * far * len(y) / SR, second) for times in (1, 2)),
        *((times * np.abs(one), one_way) for times in (1, 2) for one in (right, up)),
        *((times * one, one_way) for times in (1, 2) for one in (right, up, -up)),
        *((times * (abs(right) + abs(up)), corner) for times in (1, 2)),
        *((times * abs(right + up), corner) for times in (1, 2)),
        (4 * far, twice),
        (2 * far / np.sqrt(2), rms),
        (4 * far**2, "That is the amplitude squared. Take the root."),
        (far**2, "That is a square. Take the root, and then times 2: section 3 has half of it."),
        *((times * np.mean(np.abs(y)), early) for times in (1, 2)),
        *((times * wound(angle * SR), fast) for times in (1, 2)),
        *((times * wound(angle / (2 * np.pi)), slow) for times in (1, 2)),
        *((times * fft, row) for times in (1, 2)),
        (np.max(np.abs(y)), "That is the peak of the whole wave. How much of it is *this* sine?"),
    ]


def _own_coefficient(answer):
    if not callable(answer):
        return no("Write a function: `def answer(y, frequency): …`, and return the amplitude.")
    cases = list(_cases())
    said = [answer(y, hz) for y, hz in cases]
    if any(np.size(one) != 1 for one in said):
        return no("Return *one* number: the mean over all moments, and how far out that is.")
    if np.iscomplexobj(said):
        return no("That is a complex number, right and up at once: `np.abs` is how far out it is.")
    said = np.array([float(np.squeeze(one)) for one in said])
    right, mistakes = zip(*(_amplitude(y, hz) for y, hz in cases), strict=True)
    if np.allclose(said, right, rtol=0.01, atol=1e-3):
        return yes(
            "Three sounds, six sines and one that isn't there: each amplitude found. What you have "
            "written is one row of a Fourier transform; `np.fft.rfft` does it for all rows."
        )
    for same in zip(*mistakes, strict=True):  # one mistake, in each of the cases
        made, (advice, *_) = zip(*same, strict=True)
        if np.allclose(said, made, rtol=0.01, atol=1e-6):
            return no(advice)
    place = int(np.argmax(np.abs(said - right) > 0.01 * np.abs(right) + 1e-3))
    hz, mine, yours = cases[place][1], right[place], said[place]
    there = f"For the sine of {hz} Hz you say {yours:.3g}, and I find {mine:.3g}."
    if hz == ABSENT:
        there = (
            f"You say {yours:.3g} for {hz} Hz in a sound without a sine of {hz} Hz: wanted is 0."
        )
    return no(f"{there} Wind, take the mean, and then: how far from the middle?")


def _shortest(gap):
    """The shortest power of two by the rule."""
    return 2 ** int(np.ceil(np.log2(ROWS * SR / gap)))


def _gap(frequency):
    """From a note to the one a semitone above, in Hz."""
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


def _frames_amiss():
    """What plausible mistakes make of the frames, each with its advice."""
    needed = ROWS * SR / _gap(PITCHES)
    below = (
        "That is the gap to the semitone *below*. The other note is a factor of 2^(1/12) *above*."
    )
    twelfth = (
        "You take a semitone to be a twelfth of the frequency: an octave in twelve equal steps "
    )
    twelfth += (
        "of Hz. The twelve are equal *ratios* (section 1), so the lowest is the smallest in Hz."
    )
    nearest = (
        "You round to the *nearest* power of two. Where that is below, the frame is too short: "
    )
    nearest += "round up, with `np.ceil`."
    half = (
        "Each of your frames is half as long as it must be. Do you round *down* to a power of two, "
    )
    half += f"or leave room for one row? `np.ceil` rounds up, and {ROWS} rows are needed."
    return [
        ([_shortest(hz / 12) for hz in PITCHES], twelfth),
        ([_shortest(hz * (1 - 2 ** (-1 / 12))) for hz in PITCHES], below),
        (2 ** np.round(np.log2(needed)), nearest),
        (2 ** np.floor(np.log2(needed)), half),
    ]


def _shortest_frame(answer):
    if not callable(answer):
        return no("Write a function: `def answer(frequency): …`, and return a number of samples.")
    said = [answer(hz) for hz in PITCHES]
    if any(np.size(one) != 1 for one in said):
        return no("Return *one* number for each frequency: how many samples.")
    said = np.array([float(np.squeeze(one)) for one in said])
    right = np.array([_shortest(_gap(hz)) for hz in PITCHES])
    if np.array_equal(said, right):
        return yes(
            f"The shortest frame at each of {len(PITCHES)} pitches of a piano's range. At six more "
            "I played both notes: two lines each time, and one with half the frame. So no single "
            "frame suits all music: what shows a drum blurs the bass."
        )
    if np.ptp(said) == 0:
        return no(
            "You return the same frame at every pitch. A semitone is a *ratio*: how many Hz is it "
            f"at {PITCHES[0]:.0f} Hz, and how many at {PITCHES[-1]:.0f} Hz?"
        )
    if said[0] < said[-1]:
        return no(
            "Your frames get longer as the notes get higher. But in Hz, low notes lie closer "
            "together than high ones: who needs the finer rows?"
        )
    if said.min() > 4 and said.max() < 100:
        return no("That looks like the exponent. The frame has 2 to its power samples: `2 ** it`.")
    if said.max() < 100:
        return no("That looks like seconds. Return samples: times the sample rate.")
    for made, advice in _frames_amiss():
        if np.array_equal(said, made):
            return no(advice)
    if np.any(said <= 0) or np.any(np.log2(said) % 1):
        return no("These are not all powers of two. Round *up* to the next one.")
    place = int(np.argmax(said != right))
    hz, n_fft = PITCHES[place], int(said[place])
    rows = (
        f"At {hz:.1f} Hz the two notes lie {_gap(hz):.1f} Hz apart. A frame of {n_fft:,} samples "
    )
    rows += f"makes that {_gap(hz) * n_fft / SR:.1f} rows"
    if n_fft > right[place]:
        return no(f"{rows}. They are apart, but a shorter frame would do, too.")
    melted = "" if apart(hz, n_fft) else ", and when I play them, they melt into one line"
    return no(f"{rows}{melted}. At least {ROWS} are needed.")


def columns(sample, n_fft, hop_length):
    """The columns of `librosa.stft` that a click at this sample gets into: we click, and look."""
    import librosa

    click = np.zeros(2 * SR)
    click[sample] = 1
    flat = np.ones(n_fft)  # for the fade makes the first sample of a frame zero
    S = librosa.stft(click, n_fft=n_fft, hop_length=hop_length, window=flat)
    return list(map(int, np.flatnonzero(np.abs(S).max(axis=0) > 1e-6)))


def _holding(sample, first, last, hop_length, start=0):
    """The columns c from `start` on, in whose samples from c * hop + first to last it lies."""
    middles = range(start, 2 * SR // hop_length + 1)
    return [c for c in middles if first <= sample - c * hop_length <= last]


def _columns_amiss(sample, n_fft, hop):
    """What plausible mistakes make of the columns, each with its advice."""
    half = n_fft // 2
    middle = "librosa puts half a frame of zeros before the sound, so that a column's sample "
    middle += "`c * hop_length` is the *middle* of its frame, not its start."
    edge = "One too many at an edge: `n_fft` samples that begin at s end at s + n_fft - 1."
    first = "One is missing: the frame that *begins* with the sample. Its fade makes the click 0 "
    first += "there, but the sample lies in it: with `window=np.ones(n_fft)` librosa sees it, too."
    count = "You take the same number of columns wherever the sample lies. Where the hop doesn't "
    count += "divide the frame, it may be one more or one less: try every column for itself."
    start = (sample - half) // hop + 1
    counted = [
        ([c for c in range(start, start + many) if c >= 0], count)
        for many in (n_fft // hop, -(-n_fft // hop), n_fft // hop + 1, max(1, n_fft // hop))
    ]
    held = columns(sample, n_fft, hop)
    samples = "These are samples. Column c is about sample `c * hop_length`: wanted is c."
    return [
        ([c + 1 for c in held], "You count from 1. The first in `librosa.stft` is number 0."),
        *(([c * hop - before for c in held], samples) for before in (0, half)),
        *counted,
        (_holding(sample, 0, n_fft - 1, hop), middle),
        (_holding(sample, 0, n_fft, hop), middle),
        ([sample // hop], "One column only? Frames overlap: which others still hold the sample?"),
        ([round(sample / hop)], "That is the frame whose middle is nearest. Which others hold it?"),
        (_holding(sample, -half, half, hop), edge),
        (_holding(sample, 1 - half, half - 1, hop), first),
        (_holding(sample, -half, half - 1, hop, -9), "There is no column with a number below 0."),
        (_holding(sample, -half, half - 1, hop)[:: len(held) - 1 or 1],
         "First and last are right. Wanted are all of them: `range(first, last + 1)`."),
    ]  # fmt: skip


def _who_hears(answer):
    if not callable(answer):
        return no("Write a function: `def answer(sample, n_fft, hop_length): …`, with a list.")
    said = [answer(*case) for case in CLICKS]
    if any(np.ndim(one) == 0 for one in said):
        return no("Return a list of column numbers, even where it is only one or none.")
    said = [sorted(int(c) for c in one) for one in said]
    right = [columns(*case) for case in CLICKS]
    if said == right:
        return yes(
            "I clicked eight times and looked: the same columns. A click of one sample is as wide "
            "in the picture as a frame is long; and with a hop longer than the frame, it may fall "
            "between two frames, where nobody hears it."
        )
    amiss = zip(*(_columns_amiss(*case) for case in CLICKS), strict=True)
    for same in amiss:  # one mistake, in each of the cases
        made, (advice, *_) = zip(*same, strict=True)
        if said == list(made):
            return no(advice)
    place = next(
        n for n, (mine, yours) in enumerate(zip(right, said, strict=True)) if mine != yours
    )
    sample, n_fft, hop = CLICKS[place]
    return no(
        f"Sample {sample:,}, frames of {n_fft:,}, hop {hop:,}: you say {said[place]}, and I find "
        f"{right[place]}. From which sample to which does column c reach?"
    )


EXERCISES = collect(
    Exercise(
        name="02.1",
        minutes=15,
        wanted="a function of samples and a frequency that returns one number",
        nudge="Section 3: wind the wave at that frequency, and see how far out the center of mass "
        "lies. What was that distance for a sine of amplitude 1.0?",
        partial="""How far right the hand's tip is at each moment, and its mean:

```python
angle = 2 * np.pi * frequency * np.arange(len(y)) / sr
right = np.mean(y * np.cos(angle))
```

Do the same for up, with the sine. The distance is `np.hypot(right, up)`, and it is half of what
you want.""",
        solution="""
def answer(y, frequency):
    angle = 2 * np.pi * frequency * np.arange(len(y)) / sr
    right, up = np.mean(y * np.cos(angle)), np.mean(y * np.sin(angle))
    return 2 * np.hypot(right, up)
""",
        reasoning="The distance alone depends on the sine's strength; the direction says where in "
        "its swing it began. With one of the two sums only, a sine that begins elsewhere would be "
        "missed. The factor 2 undoes the mean of the squared sine, which is one half.",
        look=_own_coefficient,
    ),
    Exercise(
        name="02.2",
        minutes=15,
        wanted="a function of a frequency in Hz that returns a number of samples",
        nudge="Two numbers decide it: how many Hz lie between the two notes, and how many Hz lie "
        "between two rows. The first grows with the pitch, the second shrinks with the frame.",
        partial="""A semitone up is a factor of `2 ** (1 / 12)`, so the notes lie
`frequency * (2 ** (1 / 12) - 1)` Hz apart. Two rows are `2 * sr / n_fft` Hz. Set the two equal,
solve for `n_fft`, and round up to a power of two: `2 ** int(np.ceil(np.log2(x)))`.""",
        solution="""
def answer(frequency):
    gap = frequency * (2 ** (1 / 12) - 1)
    return 2 ** int(np.ceil(np.log2(2 * sr / gap)))
""",
        reasoning="Notes an octave lower lie half as many Hz apart, and need twice the frame. For "
        "deep bass that frame is longer than many a note: you cannot know exactly *which* and "
        "exactly *when*. This is no fault of the software, it is how waves are.",
        look=_shortest_frame,
    ),
    Exercise(
        name="02.3",
        minutes=10,
        wanted="a function of a sample's number, a frame's length and a hop that returns a list",
        nudge="Section 5: the middle of column c's frame is sample `c * hop_length`. So from "
        "which sample to which does the frame reach?",
        partial="""Column c holds the `n_fft` samples from `c * hop_length - n_fft // 2` on. Try
every column that could be, and keep those that hold the sample:

```python
start = c * hop_length - n_fft // 2
start <= sample < start + n_fft
```""",
        solution="""
def answer(sample, n_fft, hop_length):
    held = []
    for c in range((sample + n_fft) // hop_length + 1):
        start = c * hop_length - n_fft // 2
        if start <= sample < start + n_fft:
            held.append(c)
    return held
""",
        reasoning="Where frames are four hops long, each sample is seen four times, so a sudden "
        "click fills four columns. A shorter hop shows it in more columns, not more sharply.",
        look=_who_hears,
    ),
)
