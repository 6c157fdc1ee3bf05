"""Plausible wrong answers: each must get advice of its own."""

import librosa
import numpy as np

from helpers.exercises import lesson_02

SR = lesson_02.SR


def wound(y, frequency):
    n = np.arange(len(y))
    return y * np.exp(-2j * np.pi * frequency * n / SR)


def half_of_it(y, frequency):
    return np.abs(np.mean(wound(y, frequency)))


def a_sum(y, frequency):
    return np.abs(np.sum(wound(y, frequency)))


def by_the_second(y, frequency):
    return 2 * a_sum(y, frequency) / SR


def one_direction(y, frequency):
    return 2 * np.abs(np.mean(wound(y, frequency).real))


def without_a_root(y, frequency):
    return (2 * half_of_it(y, frequency)) ** 2


def around_the_corner(y, frequency):
    center = np.mean(wound(y, frequency))
    return 2 * (np.abs(center.real) + np.abs(center.imag))


def distance_before_the_mean(y, frequency):
    return 2 * np.mean(np.abs(wound(y, frequency)))


def turns_a_sample(y, frequency):
    return 2 * np.abs(np.mean(y * np.exp(-2j * np.pi * frequency * np.arange(len(y)))))


def no_full_turn(y, frequency):
    return 2 * np.abs(np.mean(y * np.exp(-1j * frequency * np.arange(len(y)) / SR)))


def nearest_row(y, frequency):
    return 2 * np.abs(np.fft.rfft(y))[round(frequency * len(y) / SR)] / len(y)


def highest(y, _):
    return np.max(np.abs(y))


def complex_number(y, frequency):
    return 2 * np.mean(wound(y, frequency))


def every_moment(y, frequency):
    return np.abs(wound(y, frequency))


def four_times(y, frequency):
    return 8 * half_of_it(y, frequency)


def rows_apart(rows):
    """The right function, but for the number of rows between two notes."""
    return lambda hz: 2 ** int(np.ceil(np.log2(rows * SR / (hz * (2 ** (1 / 12) - 1)))))


def a_twelfth(hz):
    return 2 ** int(np.ceil(np.log2(2 * SR / (hz / 12))))


def to_a_power(rounded, gap=2 ** (1 / 12) - 1):
    return lambda hz: 2 ** int(rounded(np.log2(2 * SR / (hz * gap))))


def thresholds(hz):
    """Right at the pitches that the course names, and by no rule."""
    return 2 ** (13 - int(np.searchsorted([97, 195, 390, 780], hz)))


def one_period(hz):
    return 2 ** int(np.ceil(np.log2(SR / hz)))


def not_rounded(hz):
    return 2 * SR / (hz * (2 ** (1 / 12) - 1))


def from_to(first, last, start=0):
    """Columns c whose samples reach from c * hop + first(n_fft) to last(n_fft)."""

    def answer(sample, n_fft, hop):
        near = range(start, sample // hop + n_fft // hop + 2)
        return [c for c in near if first(n_fft) <= sample - c * hop <= last(n_fft)]

    return answer


def looked(sample, n_fft, hop):
    """With librosa's fade, which is 0 at a frame's first sample."""
    click = np.zeros(2 * SR)
    click[sample] = 1
    S = librosa.stft(click, n_fft=n_fft, hop_length=hop)
    return list(np.flatnonzero((np.abs(S) > 0).any(axis=0)))


def ends(sample, n_fft, hop):
    held = lesson_02.columns(sample, n_fft, hop)
    return [held[0], held[-1]] if len(held) > 1 else held


def as_many(count):
    """The right first column, and then so many of them, wherever the sample lies."""

    def answer(sample, n_fft, hop):
        first = (sample - n_fft // 2) // hop + 1
        return [c for c in range(first, first + count(n_fft, hop)) if c >= 0]

    return answer


def moved(change):
    """The right columns, each changed."""
    return lambda *case: [change(c, *case) for c in lesson_02.columns(*case)]


def times(factor):
    return lambda y, frequency: 2 * factor * half_of_it(y, frequency)


def never_nothing(y, frequency):
    return max(0.05, times(1)(y, frequency))


WRONG = {
    "02.1": [
        lambda: half_of_it,
        lambda: a_sum,
        lambda: by_the_second,
        lambda: one_direction,
        lambda: without_a_root,
        lambda: around_the_corner,
        lambda: distance_before_the_mean,
        lambda: turns_a_sample,
        lambda: no_full_turn,
        lambda: nearest_row,
        lambda: highest,
        lambda: complex_number,
        lambda: every_moment,
        lambda: four_times,
        lambda: 0.5,
    ],
    "02.2": [
        lambda: rows_apart(1),
        lambda: rows_apart(4),
        lambda: a_twelfth,
        lambda: one_period,
        lambda: lambda hz: 2048,
        lambda: lambda hz: 2 ** int(np.ceil(np.log2(hz * 40))),
        lambda: lambda hz: 2 / (hz * (2 ** (1 / 12) - 1)),
        lambda: not_rounded,
        lambda: to_a_power(round),
        lambda: to_a_power(np.ceil, 1 - 2 ** (-1 / 12)),  # the semitone below
        lambda: to_a_power(np.ceil, 0.05),
        lambda: to_a_power(np.ceil, 0.07),
        lambda: thresholds,
        lambda: lambda hz: [2048, 4096],
        lambda: lambda hz: None,
        lambda: 4096,
    ],
    "02.3": [
        lambda: from_to(lambda n: 0, lambda n: n - 1),
        lambda: lambda sample, n_fft, hop: [sample // hop],
        lambda: lambda sample, n_fft, hop: [round(sample / hop)],
        lambda: from_to(lambda n: -n // 2, lambda n: n // 2),
        lambda: looked,
        lambda: from_to(lambda n: -n // 2, lambda n: n // 2 - 1, start=-4),
        lambda: ends,
        lambda: lambda sample, n_fft, hop: n_fft // hop,
        lambda: lambda sample, n_fft, hop: [0, 1, 2, 3],
        lambda: [0, 1, 2, 3],
    ],
}

# What each of these must be told, in a part of its sentence.
SENTENCES = {
    "02.1": [
        (times(2), "twice the amplitude"),
        (times(2**-0.5), "divided by √2"),
        (never_nothing, "You say 0.05 for 700 Hz in a sound without a sine of 700 Hz: wanted is 0"),
        (times(3), "For the sine of 440 Hz you say 1.5, and I find 0.5"),
    ],
    "02.2": [
        (lambda hz: int(np.log2(to_a_power(np.ceil)(hz))), "looks like the exponent"),
        (lambda hz: np.log2(not_rounded(hz)), "looks like the exponent"),
        (lambda hz: not_rounded(hz) / SR, "looks like seconds"),
    ],
    "02.3": [
        (as_many(lambda n, hop: n // hop), "the same number of columns"),
        (as_many(lambda n, hop: -(-n // hop)), "the same number of columns"),
        (as_many(lambda n, hop: max(1, n // hop)), "the same number of columns"),
        (moved(lambda c, *_: c + 1), "You count from 1"),
        (moved(lambda c, _, n, hop: c * hop - n // 2), "These are samples"),
        (moved(lambda c, _, n, hop: c * hop), "These are samples"),
    ],
}
