"""What does the jukebox's band play? Songs composed from a seed, in one of ten styles.

A style is a lead sheet. A seed fills it in: which chords, which grooves, and all the tunes, riffs
and bass lines. Four bars make a phrase; it comes back by its letter (AABA), never quite the same.
"""

import re
import tomllib
from collections import namedtuple

import numpy as np
from numpy.random import default_rng

from helpers.datasets import DATA

BAR, PHRASE = 16, 4  # sixteenth notes in a bar, bars in a phrase

# What lead sheets are spelled with.
HARMONY = tomllib.loads((DATA / "harmony.toml").read_text("utf-8"))
SCALES = HARMONY["scales"]
Chord = namedtuple("Chord", "root tones")
# One thing that is played: beats are quarter notes, midi is not a number for drums, and a bent note
# starts so many semitones off.
Note = namedtuple("Note", "beat beats player midi loudness bend")

# What the symbols of a pattern mean stands in data/styles.toml.
# `bars` says in which bars it plays (x) and in which it rests; `scale` is the tune's.
Part = namedtuple("Part", "player sound lowest loudness pattern bars scale", defaults=("x", ""))
# `knobs` as in `jukebox.KNOBS`, `mix` as in `band.perform`. Swing bends so many beats (1: eighths).
Style = namedtuple("Style", "chords form knobs swung mix drums parts")


def _style(sheet):
    """A style from its lead sheet in ``data/styles.toml``."""
    sheet["drums"] = tuple(_drum(*line.split()) for line in sheet["drums"])
    sheet["parts"] = tuple(Part(*part) for part in sheet["parts"])
    return Style(**sheet)


def _drum(name, loudness, *pattern):
    player, _, sound = name.replace("-", " ").partition("=")
    return Part(player, sound or player, None, float(loudness), *pattern)


SHEETS = tomllib.loads((DATA / "styles.toml").read_text("utf-8"))
STYLES = {name: _style(sheet) for name, sheet in SHEETS.items()}


def compose(style, seed, bars, key):
    """Fill in a lead sheet: every note of a song, a list of Note.

    `style` is a Style, `seed` a whole number from 0, `key` the pitch class of the tonic, `bars` how
    many bars of the song are wanted: more of them begin with the same notes.
    """
    chords, notes = changes(style, seed, bars), []
    for number, part in enumerate(style.drums + style.parts):
        player = _Player(part, number, chords, seed, key)
        for bar in range(bars):
            if part.bars[bar % len(part.bars)] == "x":
                notes += player.play(bar, style.form[bar // PHRASE % len(style.form)])
    return notes


def changes(style, seed, bars):
    """The chords of a song, two to a bar and a bar more; each chorus may choose other ones."""
    halves, chorus = [], 0
    while len(halves) < 2 * bars + 2:
        for bar in default_rng([seed, 0, chorus]).choice(style.chords).split():
            chords = [_parse(chord) for chord in bar.split(",")]
            halves += chords * (2 // len(chords))
        chorus += 1
    return halves


def _parse(chord):
    flat, numeral, kind = re.fullmatch("(b?)([IV]+|[iv]+)(.*)", chord).groups()
    tones = HARMONY["chords"][("I" if numeral.isupper() else "i") + kind]
    return Chord(HARMONY["degrees"][numeral.upper()] - len(flat), tuple(tones))


class _Player:
    """Somebody who knows the chords, and remembers the tune and the last note."""

    def __init__(self, part, number, chords, seed, key):
        self.part, self.number, self.chords, self.seed = part, number, chords, seed
        self.tonic = np.nan if part.lowest is None else part.lowest + (key - part.lowest) % 12
        # Two octaves of the scale, from the fourth below the tonic on.
        scale = np.add.outer((-12, 0, 12), SCALES[part.scale or "major"]).ravel()
        self.scale = scale[(scale >= -5) & (scale <= 16)]
        self.last = 0

    def play(self, bar, letter):
        """The notes of a bar of a phrase. Where its letters come back, so do tune and riff."""
        letters, line = self._groove(bar, letter)
        motif = default_rng([self.seed, self.number, *letters.encode()])
        self.dice = default_rng([self.seed, self.number, bar, 2, 2])
        # Mostly by step, now and then a skip or the same again.
        self.contour = iter(motif.choice((-2, -1, -1, -1, 0, 1, 1, 1, 2), BAR))
        self.riff, self.place = motif.integers(0, 30, BAR), motif.integers(2, len(self.scale) - 2)
        for match in re.finditer("[^.-]-*", line):
            symbol, step, length = match[0][0], match.start(), len(match[0])
            loudness = self.part.loudness * self.dice.uniform(0.9, 1.0)
            if self.part.lowest is None:
                pitches, loudness = [0], loudness * (0.4 if symbol == "o" else 0.9)
            else:
                pitches = self._pitches(symbol, 2 * bar + step // 8, step, length)
                # Beats are louder, and a phrase swells towards its third bar.
                swell = 0.8 + 0.2 * np.sin(bar % PHRASE + 0.5)
                loudness *= (1.0 if step % 4 == 0 else 0.8) * swell / len(pitches) ** 0.5
            bend = {"/": self.dice.choice((-2, -2, -1)), "y": 3}.get(symbol, 0)
            beat, beats = 4 * bar + step / 4, length / 4
            for pitch in pitches:
                yield Note(beat, beats, self.part.player, self.tonic + pitch, loudness, bend)

    def _groove(self, bar, letter):
        """The letters of a bar, of its phrase and within it, and its sixteen steps."""
        phrase, place = divmod(bar, PHRASE)
        grooves, _, endings = self.part.pattern.partition(">")
        grooves = grooves.split("|")
        # Parts with as many grooves change together: the bass locks in with the kick.
        dice = default_rng([self.seed, len(grooves), ord(letter)])
        small = str(dice.choice(("aaab", "abab", "abaa")))[place]
        line = dice.permutation(grooves)["ab".index(small) % len(grooves)]
        if endings and place == PHRASE - 1:
            dice = default_rng([self.seed, self.number, phrase, 1])
            line, small = dice.choice(endings.split("|")), "c"
        return letter + small, (line * BAR)[:BAR]

    def _pitches(self, symbol, half, step, length):
        """What a symbol plays in this half of a bar, in semitones above the tonic."""
        chord = self.chords[half]
        if symbol == "c":  # each tone in the octave around the tonic: the voices hardly move
            return sorted({(chord.root + tone + 5) % 12 - 5 for tone in chord.tones})
        if symbol == "w":
            self.last = self._walk(half, step)
        elif symbol in "?/P":
            self.last = self._tune(chord, step, length)
        elif symbol == "y":
            self.last = self.riff[step] % 6 - 2
        else:
            third, seventh = chord.tones[1], 11 if 11 in chord.tones else 10
            again = (0, 12, 7, third, -5, seventh)[self.riff[step] % 6]
            steps = {"3": third, "5": 7, "6": 9, "7": seventh, "8": 12, "~": again}
            self.last = chord.root - (12 if chord.root > 7 else 0) + steps.get(symbol, 0)
        return [self.last + above for above in HARMONY["stacks"].get(symbol, (0,))]

    def _tune(self, chord, step, length):
        top = len(self.scale) - 1
        # A tune never comes back quite the same.
        change = self.dice.choice((-1, 1)) * (self.dice.random() < 0.15)
        self.place = top - abs(top - abs(self.place + next(self.contour) + change))
        if length >= 4 or step % 8 == 0:  # what is long or on a strong beat belongs to the chord
            tones = {(chord.root + tone) % 12 for tone in chord.tones}
            home = {0} if length > 6 and 0 in tones else tones
            inside = [place for place, tone in enumerate(self.scale) if tone % 12 in home]
            self.place = min(inside, key=lambda place: abs(place - self.place), default=self.place)
        return self.scale[self.place]

    def _walk(self, half, step):
        now, then = self.chords[half], self.chords[half + 1]
        if step % 8 == 0 and (step == 0 or now != self.chords[half - 1]):
            return self._near(now.root)
        if step % 8 >= 4 and (then != now or step >= 12):
            # The last beat leads to the next root, mostly by a half step.
            return self._near(then.root) + self.dice.choice((-1, -1, 1, 2, -2))
        tones = [self._near(now.root + tone) for tone in (*now.tones, 2)]
        return self.dice.choice([tone for tone in tones if tone != self.last])

    def _near(self, pitch):
        """The octave of a pitch that lies closest to the last note, within the bass's range."""
        octaves = [tone for tone in pitch % 12 + np.array((-12, 0, 12)) if -5 <= tone <= 16]
        return min(octaves, key=lambda tone: abs(tone - self.last))
