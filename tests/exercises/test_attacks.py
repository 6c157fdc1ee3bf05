"""Exercise 09.3: which attacks are accepted, and which are none, as kinds."""

import numpy as np
import pytest
from scipy import signal

from helpers.evaluation import sounds
from helpers.exercises import lesson_09

SR = 22_050
pytestmark = pytest.mark.slow


def echo(y):
    return y + 0.5 * np.concatenate([np.zeros(SR // 5), y])[: len(y)]


def faster(y, speed=45 / 33.3):
    played = np.interp(np.arange(0, len(y) - 1, speed), np.arange(len(y)), y)
    return np.pad(played, (0, max(len(y) - len(played), 0)))[: len(y)]


def slower(y):
    return faster(y, 0.9)


def drill(y):
    return y + 0.3 * signal.sawtooth(2 * np.pi * 110 * np.arange(len(y)) / SR)


def cough(y):
    y = y.astype(float)
    y[15_000:21_000] += 0.5 * np.random.default_rng(1).normal(size=6000) * np.hanning(6000)
    return y


def crackle(y):
    rng = np.random.default_rng(2)
    return y + 0.3 * rng.normal(size=len(y)) * (rng.random(len(y)) < 0.001)


def room(y):
    fading = np.exp(-np.arange(SR) / (0.2 * SR)) * np.random.default_rng(3).normal(size=SR)
    return 0.05 * signal.oaconvolve(y, fading)[: len(y)]


def overdriven(y):
    return np.clip(3 * y, -1, 1)


def skipping(y):
    y = y.copy()
    y[10_000:18_000] = 0
    return y


def old_radio(y):
    return sounds.cut(y, SR, 4000, "lowpass")


def softer(y):
    return y / 4


def telephone(y):
    return signal.sosfiltfilt(
        signal.butter(4, [300, 3400], "bandpass", fs=SR, output="sos"), y.astype(float)
    )


def through_a_wall(y):
    return sounds.cut(y, SR, 400, "lowpass")


def hum(y):
    return y + 0.1 * np.sin(2 * np.pi * 50 * np.arange(len(y)) / SR)


def clipped(y):
    return np.clip(y, -0.2, 0.2)


def played_on(y):
    return np.resize(np.interp(np.arange(0, len(y) - 1, 1.35), np.arange(len(y)), y), len(y))


def whispered(y):
    return y * 10 ** (-30 / 20)


def hiss_of_its_own(y):
    return y + y.std() / 2 * rng.normal(size=len(y))


def shortened(y):
    """A tenth shorter, at the same pitch, by a phase vocoder; then from the start again."""
    return np.resize(sounds.tempo(y, SR, 1.1), len(y))


def lengthened(y):
    return sounds.tempo(y, SR, 0.9)[: len(y)]


def key_up(y):
    return sounds.pitch(y, SR, 1)


def warped(y):
    """A record whose hole is not in the middle."""
    t = np.arange(len(y))
    return np.interp(t + 60 * np.sin(2 * np.pi * 3 * t / SR), t, y)


HONEST = [echo, faster, slower, drill, cough, crackle, room, overdriven, skipping, old_radio]
HONEST += [softer, telephone, through_a_wall, hum, clipped, played_on, whispered, hiss_of_its_own]
HONEST += [shortened, lengthened, key_up, warped]


@pytest.mark.parametrize("attack", HONEST)
def test_honest_attacks_leave_the_music_known_again(attack):
    clips = lesson_09._clips()
    changed = [np.asarray(attack(clip.copy()), np.float32) for clip in clips]
    assert lesson_09._known_again(changed) >= 9
    assert lesson_09._damage(attack, clips, changed) is None


rng = np.random.default_rng(0)
NONE_OF_THE_MUSIC = {
    "noise each time anew": lambda y: rng.normal(size=len(y)),
    "noise as loud as the song": lambda y: rng.normal(0, y.std(), len(y)),
    "shuffled samples": rng.permutation,
    "drowned in noise": lambda y: y + 10 * y.std() * rng.normal(size=len(y)),
    "another song": lambda y: lesson_09._clips()[0] + 0.001 * y,
    "a tone as loud as the song": lambda y: y.std() * np.sin(np.arange(len(y)) / 8),
    "its spectrum alone": lambda y: np.fft.irfft(
        np.abs(np.fft.rfft(y)) * np.exp(2j * np.pi * rng.random(len(y) // 2 + 1)), len(y)
    ),
}


def other_song(y):
    other = lesson_09._clips()[0]
    return y + other * y.std() / other.std()


def noisy(db, new=None):
    def change(y):
        hiss = (new or np.random.default_rng(5)).normal(size=len(y))
        return y + y.std() * 10 ** (db / 20) * hiss

    return change


def half_muted(y):
    y[len(y) // 2 :] = 0
    return y


def every_other_50_ms(y):
    y[(np.arange(len(y)) // 1102) % 2 == 0] = 0
    return y


def half_reversed(y):
    y[len(y) // 2 :] = y[len(y) // 2 :][::-1]
    return y


def piecewise(window, order, piece=1):
    """Each window's pieces (of so many samples) in another order."""

    def change(y):
        width = round(window * SR) // piece
        whole = len(y) // (width * piece) * width * piece
        windows = y[:whole].reshape(-1, width, piece)
        return np.concatenate([*(order(one).ravel() for one in windows), y[whole:]])

    return change


def shuffled(pieces):
    return np.random.default_rng(0).permutation(pieces)


def vocoder(y):
    """Four bands of noise, as loud as the music's bands."""
    noise, out = np.random.default_rng(0).normal(size=len(y)), 0
    slow = signal.butter(2, 50, fs=SR, output="sos")
    for edges in ((100, 500), (500, 1500), (1500, 4000), (4000, 9000)):
        band = signal.butter(4, edges, "bandpass", fs=SR, output="sos")
        loud = np.abs(signal.hilbert(signal.sosfiltfilt(band, y)))
        out += signal.sosfiltfilt(slow, loud) * signal.sosfiltfilt(band, noise)
    return out


DISHONEST = {
    "noise 6 dB above": (noisy(6), "louder than what is added"),
    "noise 10 dB above": (noisy(10), "louder than what is added"),
    "noise 6 dB above, anew": (noisy(6, rng), "louder than what is added"),
    "noise as loud": (noisy(0), "louder than what is added"),
    "a vocoder of noise": (vocoder, "louder than what is added"),
    "half of it muted": (half_muted, "silence"),
    "every other 50 ms cut": (every_other_50_ms, "silence"),
    "a square wave": (lambda y: 0.1 * np.sign(y), "square wave"),
    "second half reversed": (half_reversed, "another order"),
    "halves swapped": (lambda y: np.roll(y, len(y) // 2), "another order"),
    **{
        f"reversed every {ms} ms": (piecewise(ms / 1000, np.flipud), "another order")
        for ms in (10, 20, 50, 100, 200)
    },
    **{
        f"5 ms shuffled within {ms} ms": (piecewise(ms / 1000, shuffled, 110), "another order")
        for ms in (50, 100, 300)
    },
    "another song as loud": (other_song, "Of ten songs"),
}


@pytest.mark.parametrize("name", DISHONEST)
def test_what_harms_the_music_is_refused(name):
    attack, sentence = DISHONEST[name]
    verdict = lesson_09._attack(attack)
    assert not verdict.right
    assert sentence in verdict.sentence


NO_CHANGE = {
    "upside down": lambda y: -y,
    "a hundredth of a decibel": lambda y: 1.001 * y,
    "less than one notices": lambda y: y * 10 ** (-0.4 / 20),
    "a constant": lambda y: y + 0.01,
    "a tone of 5 Hz": lambda y: y + 0.05 * np.sin(2 * np.pi * 5 * np.arange(len(y)) / SR),
    "a sample later": lambda y: np.roll(y, 1),
    "a hum that nobody hears": lambda y: y + 1e-5 * np.sin(np.arange(len(y)) / 8),
    "as a CD holds it": lambda y: np.round(y * 32_768) / 32_768,
}


@pytest.mark.parametrize("name", NONE_OF_THE_MUSIC)
def test_what_has_nothing_of_the_music_is_refused(name):
    verdict = lesson_09._attack(NONE_OF_THE_MUSIC[name])
    assert not verdict.right
    assert "can be told by what comes out" in verdict.sentence


@pytest.mark.parametrize("name", NO_CHANGE)
def test_what_nobody_hears_is_no_attack(name):
    verdict = lesson_09._attack(NO_CHANGE[name])
    assert not verdict.right
    assert "what comes out is what went in" in verdict.sentence


@pytest.mark.parametrize(
    ("factor", "sentence"), [(100, "dB louder"), (0.01, "dB softer"), (1e-9, "Only silence")]
)
def test_the_volume_stays_between_a_whisper_and_what_a_file_holds(factor, sentence):
    verdict = lesson_09._attack(lambda y: factor * y)
    assert not verdict.right
    assert sentence in verdict.sentence
