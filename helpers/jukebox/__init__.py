"""What would it sound like if…? A small band made of numpy.

The jukebox plays ten styles named after GTZAN's genres, from a seed and seven knobs. Every cause is
known: turn one knob, and only that changes. A score on its music says nothing about real music.
What the band plays is composed in `styles`; how it sounds is made in `band`.
"""

from numbers import Integral, Real
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf

from helpers.audio import SAMPLE_RATE
from helpers.jukebox import band
from helpers.jukebox.styles import STYLES, compose

GENRES = tuple(STYLES)
# From where to where each knob goes, and by which kind of numbers.
KNOBS = {
    "tempo": (40, 240, Real),  # beats per minute
    "key": (0, 11, Integral),  # pitch class of the tonic: 0 is C, 1 is C sharp, … 11 is B
    "drums": (0, 1, Real),  # loudness
    "brightness": (0, 1, Real),  # tone control: a low-pass filter
    "distortion": (0, 1, Real),  # of everything but the drums, the bass and the voice
    "swing": (0, 1, Real),  # 1: off-beat eighths (hip-hop, reggae: sixteenths) on the third triplet
    "room": (0, 1, Real),  # loudness and length of the reverberation
}
RANGES = KNOBS | {
    "seconds": (0.1, 600, Real),
    "seed": (0, 2**63 - 1, Integral),
    "sr": (8000, 96000, Integral),
    "songs_per_genre": (1, 100000, Integral),
}


def knobs_for(genre):
    """A dict: the knobs of a style as they are by default. ValueError if the band can't play it."""
    if genre not in GENRES:
        raise ValueError(f"the jukebox cannot play {genre!r}; choose one of {', '.join(GENRES)}")
    return dict(zip(KNOBS, STYLES[genre].knobs, strict=True))


def notes(genre="rock", seconds=10.0, seed=0, **knobs):
    """What the band plays, note for note: the same seed gives the same song, another another.

    Parameters
    ----------
    genre, seconds, seed, **knobs
        As for `play`. Tempo and swing move the notes in time, key moves their pitch, and drums
        sets how loud those are; no other knob changes the notes. What `play` refuses, this does.

    Returns
    -------
    pd.DataFrame
        A row for each note, in order of time: start and duration (s), player, midi (note number;
        missing for drums), loudness (1 is a leading player's beat) and bend (semitones from which
        the note slides to its pitch).
    """
    usual = knobs_for(genre)
    for name in knobs.keys() - KNOBS.keys():
        raise ValueError(f"there is no knob {name!r}; choose from {', '.join(KNOBS)}")
    _check(seconds=seconds, seed=seed, **knobs)
    knobs, style = usual | knobs, STYLES[genre]
    bars = int(seconds * knobs["tempo"] / 60 // 4) + 1
    song = zip(*compose(style, seed, bars, knobs["key"]), strict=True)
    beat, beats, player, midi, loudness, bend = map(np.array, song)
    # Swing bends the time within each beat (or half of one): its middle moves from 1/2 to 2/3.
    whole, part = np.divmod(np.array([beat, beat + beats]) / style.swung, 1)
    part = np.interp(part, (0, 0.5, 1), (0, 0.5 + knobs["swing"] / 6, 1))
    start, end = (whole + part) * style.swung * 60 / knobs["tempo"]
    table = pd.DataFrame(
        {
            "start": start,
            "duration": end - start,
            "player": player,
            "midi": midi,
            "loudness": loudness * np.where(np.isnan(midi), 2 * knobs["drums"], 1.0),
            "bend": bend,
        }
    )
    # Who plays at no loudness does not play.
    table = table[(table.loudness > 0) & (table.start < seconds)]
    return table.sort_values("start", kind="stable", ignore_index=True)


def play(genre="rock", seconds=10.0, seed=0, sr=SAMPLE_RATE, **knobs):
    """Let the band play: the same seed gives the same samples, another seed another song.

    Parameters
    ----------
    genre : str, one of `GENRES`
    seconds : float, 0.1 to 600
    seed : int, 0 or more
    sr : int, sample rate in Hz, 8,000 to 96,000
    **knobs : names in `KNOBS`; the others stay as the style has them

    Returns
    -------
    y : np.ndarray, shape (round(seconds * sr),), float32, values between -0.9 and 0.9

    Raises
    ------
    ValueError
        If the genre or a knob is unknown, or a value is out of its range.
    """
    _check(sr=sr)
    played = notes(genre, seconds, seed, **knobs)
    settings = knobs_for(genre) | knobs
    return band.perform(played, STYLES[genre], settings, round(seconds * sr), sr)


def hits(genre="rock", seconds=10.0, seed=0, sr=SAMPLE_RATE, **knobs):
    """When each drum is hit in what `play` plays: {"kick": array of seconds, …}, of those alone."""
    played = notes(genre, seconds, seed, **knobs)
    drums = played[played.midi.isna()].groupby("player").start
    return {player: start.to_numpy() for player, start in drums}


def _check(**values):
    for name, value in values.items():
        low, high, kind = RANGES[name]
        if not (isinstance(value, kind) and low <= value <= high):
            what = "a whole number" if kind is Integral else "a number"
            raise ValueError(f"{name} must be {what} from {low} to {high}, not {value!r}")


def album(folder, songs_per_genre=10, seconds=30.0, seed=0):
    """Write songs in GTZAN's layout, <folder>/jazz/jazz.00000.wav and so on (16 bit, mono).

    Every song has a seed of its own and knobs near its style's. The comment inside a file is the
    call of `play` that made it; a file whose comment and length are right is not written again.

    Returns
    -------
    pd.DataFrame with the columns path, filename and genre

    Raises
    ------
    ValueError
        If an argument is out of its range.
    OSError
        If the folder cannot be written, or holds other music under these names.
    """
    _check(songs_per_genre=songs_per_genre, seconds=seconds, seed=seed)
    songs = []
    for style, genre in enumerate(GENRES):
        for number in range(songs_per_genre):
            path = Path(folder) / genre / f"{genre}.{number:05d}.wav"
            rng = np.random.default_rng([seed, style, number])
            near = {k: round(v * rng.uniform(0.85, 1.15), 2) for k, v in knobs_for(genre).items()}
            near["key"] = int(rng.integers(12))
            _record(path, genre, float(seconds), int(rng.integers(2**31)), near)
            songs.append((str(path), path.name, genre))
    return pd.DataFrame(songs, columns=["path", "filename", "genre"])


def _record(path, genre, seconds, seed, knobs):
    recipe = f"play({genre!r}, {seconds}, {seed}, **{knobs})"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            with sf.SoundFile(path) as file:
                if (file.comment, file.frames) == (recipe, round(seconds * SAMPLE_RATE)):
                    return
                if not file.comment.startswith("play("):
                    raise OSError("other music has that name")
        with sf.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_16", format="WAV") as file:
            file.comment = recipe
            file.write(play(genre, seconds, seed, **knobs))
    except (OSError, sf.LibsndfileError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OSError(f"cannot write {path} ({reason}); choose another folder") from None
