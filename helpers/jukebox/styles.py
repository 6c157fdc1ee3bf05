"""What does the jukebox's band play? Ten styles as data, and songs composed from a seed.

A style is a lead sheet. A seed fills it in: which chords, which grooves, and all the tunes, riffs
and bass lines. Four bars make a phrase; it comes back by its letter (AABA), never quite the same.
"""

import re
from collections import namedtuple

import numpy as np
from numpy.random import default_rng

BAR, PHRASE = 16, 4  # sixteenth notes in a bar, bars in a phrase

# fmt: off
SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10), "blues": (0, 3, 5, 6, 7, 10),
    "pentatonic": (0, 2, 4, 7, 9), "minor pentatonic": (0, 3, 5, 7, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10)}
# Semitones above the root. Roman numerals as in harmony books: capitals major, small ones minor.
QUALITIES = {
    "I": (0, 4, 7), "i": (0, 3, 7), "I7": (0, 4, 7, 10), "i7": (0, 3, 7, 10), "I9": (0, 4, 10, 14),
    "i9": (0, 3, 10, 14), "IM7": (0, 4, 7, 11), "i6": (0, 3, 7, 9), "I5": (0, 7), "i5": (0, 7)}
STACKS = {"p": (0, 7, 12), "P": (0, 7, 12), "h": (0, 9)}
DEGREES = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
Chord = namedtuple("Chord", "root tones")
# One thing that is played: beats are quarter notes, midi is not a number for drums, and a bent note
# starts so many semitones off.
Note = namedtuple("Note", "beat beats player midi loudness bend")

# A part's pattern: "|" parts the grooves that a song chooses from, ">" the endings of a phrase from
# them. A step is a sixteenth note; - holds the note before, . rests. On drums x is a hit, o a soft
# one. Elsewhere
#   1 to 8  the chord's root, its third, its fifth …     c  the chord     p, h  with fifth, sixth
#   ?, /    a note of the tune, one that is bent into     w  walks to the next chord's root
#   ~       a chord tone, the same again next time        y  speech: near one pitch, and falling
#   P       a power chord on a note of the tune
# `bars` says in which bars it plays (x) and in which it rests; `scale` is the tune's.
Part = namedtuple("Part", "player sound lowest loudness pattern bars scale", defaults=("x", ""))
# `knobs` as in `jukebox.KNOBS`, `mix` as in `band.perform`. Swing bends so many beats (1: eighths).
Style = namedtuple("Style", "chords form knobs swung mix drums parts")


def _kit(*drums):
    """Parts of drums, from "player=sound loudness pattern bars"."""
    for drum in drums:
        name, loudness, *pattern = drum.split()
        player, _, sound = name.replace("-", " ").partition("=")
        yield Part(player, sound or player, None, float(loudness), *pattern)


STYLES = {
    "blues": Style(
        "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7,IV7 I7,V7|I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 "
        "I7,V7|I7 IV7 I7 I7 IV7 IV7 I7 VI7 II7 V7 I7,VI7 II7,V7", "AAB",
        (92, 9, 0.3, 0.55, 0.25, 0.86, 0.2), 1, {"glue": 0.7, "hiss": 0.002},
        (*_kit("kick 0.6 x.......|x.....o.x.......", "snare 0.8 ....x...|....x..o>....x...x.x.x.x.",
             "ride=hat 0.3 x.o.|x...x.o.", "crash 0.3 x............... x..........."),),
        (Part("bass", "upright", 28, 0.7, "1-3-5-6-7-6-5-3-|1-1-3-3-5-5-6-6-|1-3-5-6-8-6-5-3->"
              "1-3-5-3-1-w-w-w-|1---5---w---w---"),
         Part("rhythm", "electric", 40, 0.25, "p-p-h-h-|p-p-h-p-", "xxxx...."),
         Part("piano", "piano", 57, 0.3, "..c-|....c-....c-..c-|..c-....", "....xxxx"),
         Part("voice", "man", 48, 1.1, "/---?-?---?-----|..?-?-/-----?---|?-?-/---?-?-?-..>"
              "?-/-?-----......", "xx..", "blues"),
         Part("lead", "electric", 60, 1.0, "..?-/-?-?-/---?-|/---?-?-?-/-?-?-|/-?-/-?-?-?-?-..>"
              "?-/---?-/-......", "..xx", "blues"))),
    "classical": Style(
        "I V7 I V I IV I,V7 I|I IV V7 I I ii I,V7 I|I I V7 V V7 V7 I,V7 I|I vi ii V I IV I,V7 I",
        "AABA", (112, 7, 0.0, 0.5, 0.0, 0.0, 0.75), 1, {"glue": 0.3, "hall": 1},
        (*_kit("bass-drum=boom 0.6 x...............>x....... x.xx",
             "cymbals=crash 0.3 x............... x..."),),
        (Part("cello", "strings", 36, 0.7, "1---....5---....|1-------5-------|1---1---5---5---"),
         Part("piano", "grand", 48, 0.7, "1-5-3-5-|1-5-3-5-8-5-3-5->1-5-3-5-"),
         Part("viola", "strings", 52, 0.35, "c---------------|c-------"),
         Part("violin", "violin", 67, 0.9, "?---?-?-?---?---|?-----?-?-?-?-?-|?-------?-?-?-?-|"
              "?---?-??????????>?---?---?-------|?-?-?-?-?-------", "x", "major"),
         Part("flute", "flute", 79, 0.35, "?-?-?-?-?---?---|?---?---?-?-?-?->?-?-?---?-------",
              "....xxxx", "major"))),
    "country": Style(
        "I I IV I I I V V|I I IV IV I V I I|I IV I V I IV V I|I I V V V V I I", "AABA",
        (108, 7, 0.4, 0.7, 0.0, 0.1, 0.15), 1, {"glue": 1.0, "hiss": 0.004},
        (*_kit("kick 0.8 x.......", "snare=brush 1.0 ooxo|ooxoooxoooxooxxo>ooxoooxoxoxoxxxx"),),
        (Part("bass", "upright", 31, 1.1, "1-------5-------|1-------5----...>1---5---w---w---"),
         Part("guitar", "steel string", 52, 0.6, "....c-..|....c-c-"),
         Part("banjo", "banjo", 60, 0.55, "3581|58351853|8135813583518358"),
         Part("voice", "woman", 55, 0.95, "?---?-?-?-?-/---|..?-?-?-/-----..|?-?-?---/-?-?---|"
              "/-----?-?---?-..>/---?---?-------", "xxx.xxx.", "pentatonic"),
         Part("steel", "pedal steel", 60, 0.5, "/-------|/---/---/-------", "...xxxxx",
              "pentatonic"),
         Part("fiddle", "fiddle", 67, 0.45, "?-?-?-?-?-??/---|/---?-?-?-?-?-?->/-??/-------...",
              "...xxxxx", "pentatonic"))),
    "disco": Style(
        "i i iv iv|i7 i7 bVII bVII|i7 iv7 bVII bIIIM7 bVIM7 iv7 i i|i bVII bVI V7", "AABA",
        (122, 9, 0.65, 0.75, 0.1, 0.0, 0.2), 1, {"glue": 1.0, "hiss": 0.004},
        (*_kit("kick=thump 1.0 x...", "snare 0.6 ....x...>....x.......x.xx|....x.......xxxx",
             "clap 0.6 ....x...", "open-hat 0.8 ..x.", "hat 0.5 xo.o",
             "crash 0.4 x............... x......."),),
        (Part("bass", "bass", 31, 1.0, "1.8.|1.81>1.8.1.8.w-8-w-w-"),
         Part("wah", "wah", 57, 0.6, "..c.c.c...c.cc.c|c.cc..c.|..cc..c...cc.cc."),
         Part("keys", "electric piano", 57, 0.4, "c-----c---------|..c---....c-----"),
         Part("strings", "strings", 69, 0.5, "?---------------|?-------|?-?-?-?-?---?--->"
              "??????????------|........????????", "x", "minor"),
         Part("voice", "woman", 57, 0.9, "/---?-?-?---?---|..?-?-?-?---/---|?-?-/-----?-?-..>"
              "?-/-------......", "x", "minor pentatonic"),
         Part("horns", "brass", 62, 0.5, "c-....c.........|......c-..c-....|..........c.c-..",
              ".x.x"))),
    "hiphop": Style(
        "i9 i9|i9 iv9|i7 i7 bVIM7 v7|i9 bVIM7", "AABA", (92, 2, 0.85, 0.5, 0.1, 0.5, 0.1), 0.5,
        {"glue": 1.1, "hiss": 0.006, "dusty": ("keys", "loop", "horn")},
        (*_kit("kick=boom 1.0 x.....x...x.....|x......x..x.....|x..x......x..x..>x......x..xx....",
             "snare=crack 0.9 ....x...|....x..o>....x..o.o..x..x",
             "hat 0.9 x.o.x.o.x.o.x.oo|x.x.x.x.x.xxx.x.",
             "scratch 0.5 ........x.x.xx.x|x.xx..x.x...x.x. ...x", "crackle 0.15 x......."),),
        (Part("bass", "sub", 28, 1.4, "1-----~---~-....|1--1--..~-----~-|1---..1---~---~-"),
         Part("keys", "electric piano", 55, 0.45, "c-----------c---|c---------......|....c-.."),
         Part("loop", "piano", 67, 0.5, "..?-?-....?-....|?-..?---....?-?-|......?-?---?-..", "x",
              "minor pentatonic"),
         Part("voice", "rap", 45, 0.7, "y.yy.yy.y.yyy.y.|yy.yy.yyy.y.y-..|y.y.yyy.yy.yy.y->"
              "y.yy.y.yyyy-....|yyy.yyy.y.y-...."),
         Part("horn", "brass", 60, 0.3, "..........c---..|c---............", ".x"))),
    "jazz": Style(
        "IM7,vi7 ii7,V7 IM7,vi7 ii7,V7 IM7,I7 IV7,iv6 IM7,V7 IM7|ii9 V9 IM7 IM7 ii9 V9 IM7 IM7|"
        "IM7 vi7 ii9 V9 iii7 VI7 ii9,V9 IM7|IM7 IM7 iv6 bVII9 IM7 VI7 ii9,V9 IM7", "AABA",
        (160, 10, 0.35, 0.45, 0.0, 0.86, 0.35), 1, {"glue": 0.5, "hiss": 0.002},
        (*_kit("ride 0.8 x...x.x.|x...x.x.x...x...|x...x...x...x.x.", "hat 0.5 ....x...",
             "kick 0.3 o...", "snare=brush 0.8 ......o.......x.|..o.......x...o.|....o.....o."),),
        (Part("bass", "upright", 28, 1.3, "w---"),
         Part("piano", "piano", 53, 0.55, "c-----c-........|......c-|..c-....|c-....c-....c---"),
         Part("sax", "sax", 53, 1.0, "?-|..?-?-?-?---/---|/---..?-?-?-?-?-|?-?-??????-?-...>"
              "?-?-?-/-----....|..?-?-?-?-......", "xxxxxxxx........", "major"),
         Part("trumpet", "trumpet", 58, 0.8, "/-----?-?-?-?-..|..?-?-?-?-/---..|?-?-?-?-/-----..>"
              "?-/-------......", "........xxxxxxxx", "major"))),
    "metal": Style(
        "i5 i5 bII5 i5|i5 bII5 i5 bV5|i5 i5 bVI5 bV5|i5 bIII5 i5 bII5", "AABA",
        (176, 4, 0.75, 0.7, 0.86, 0.0, 0.1), 1, {"glue": 1.3},
        (*_kit("kick=click 0.9 xx|x.|x.xx", "snare=crack 1.0 ....x...|.x|....x...>....x...x.x.xxxx",
             "ride=open-hat 0.45 x...|x.|x.", "crash 0.6 x............... x.x.",
             "tom 0.8 ...............>.......x.x.x.... ...x"),),
        (Part("bass", "bass", 28, 0.7, "1-|11|1-11"),
         Part("guitar", "electric", 40, 0.9, "....P-....P-P---|P---..P-......P-|......P-P-....P-|"
              "P-P-P-P-P---P--->P---P---P-P-P-P-", "x", "phrygian"),
         Part("chug", "palm mute", 40, 0.9, "p.pp|pp|p.pp..p.pp.p..pp"),
         Part("voice", "growl", 40, 0.6, "y---y---y-y-y---|y-----y-y---y---|y-y-y-y-----....",
              "xxx.xxx........."),
         Part("solo", "electric", 64, 0.8, "??|?-????/-??????/-|/---????????/---",
              "........xxxxxxxx", "phrygian"))),
    "pop": Style(
        "I V vi IV|vi IV I V|I vi IV V|I IV vi V", "ABAB", (116, 0, 0.65, 0.9, 0.0, 0.0, 0.25), 1,
        {"glue": 1.1, "hiss": 0.004, "pump": ("pad", "synth", "bass")},
        (*_kit("kick=thump 1.0 x.....x...x.....|x.....x.x.......|x..x..x.x.......",
             "snare=crack 0.5 ....x...>....x.......x.xx", "clap 0.35 ....x...",
             "shaker 0.5 xoxo", "hat 1.2 x.|x.xx|xo", "crash 0.3 x............... x......."),),
        (Part("bass", "synth bass", 31, 1.7, "1-|1--1--1-|1-.1"),
         Part("pad", "saw", 55, 0.4, "c---------------|c-----c-----c---"),
         Part("synth", "pluck", 72, 0.3, "1-5-8-5-|8-5-3-5-|1.3.5.8.5.3.5.3."),
         Part("voice", "woman", 60, 0.8, "?-?-?-/-----?---|..?-?-?-/---?-?-|?---?-?-?-?-/---|"
              "/-?-?---..?-?-?->?-?-/-------....|/---?---?---....", "x", "pentatonic"))),
    "reggae": Style(
        "i i iv i|i bVII i bVII|i iv i v|i bVI bVII i", "AABA", (74, 9, 0.65, 0.6, 0.0, 0.3, 0.3),
        0.5, {"glue": 0.6, "echo": ("skank", "melodica", "rim")},
        (*_kit("kick=drop 1.0 ........x.......",
             "rim 1.0 ........x.......|........x.....o.>........x..x..xx",
             "hat 1.3 o.x.|o.xoo.xoo.xoo.x."),),
        (Part("bass", "round bass", 31, 1.3, "1---..~-~---....|1-~-~---..1-~---|..1-~-1---~-..~-|"
              "1-..~-5---8-5-.."),
         Part("skank", "skank", 57, 1.5, "..c."),
         Part("organ", "organ", 55, 0.4, ".cc.|..cc"),
         Part("voice", "man", 57, 0.6, "?---?-?-?-..?---|..?-?-?-/-----..|?-?---?-/---..?->"
              "?-?-/-----......", "xxxxxxxx....", "minor pentatonic"),
         Part("melodica", "melodica", 69, 0.5, "?---?-?-/-----..|/-----?-?---....|..?-?-?-/---....",
              "........xxxx", "minor"))),
    "rock": Style(
        "I5 bVII5 IV5 I5|I5 I5 IV5 bVII5|I5 IV5 V5 IV5|I5 I5 bIII5 IV5", "AABA",
        (128, 9, 0.7, 0.55, 0.55, 0.0, 0.2), 1, {"glue": 1.0},
        (*_kit("kick 1.0 x.....x.x.......|x.......x.x.....|x..x..x.x.x.....",
             "snare 1.0 ....x...>....x.x.x.xxxxxx|....x...xxxx....", "hat=open-hat 0.35 x.o.",
             "crash 0.7 x............... x...",
             "tom 0.9 ..>............xxxx|..............xx ...x"),),
        (Part("bass", "bass", 28, 0.9, "1-|1-1-1-5->1-1-1-1-w-w-w-w-"),
         Part("guitar", "electric", 45, 0.65, "p---p-p-..p-p-p-|p-|p-----p-"),
         Part("riff", "electric", 45, 0.6, "?-?-..?-?-/---..|/-?-?-..?-?-?-..|?---?-?-?-/-?---",
              "x", "minor pentatonic"),
         Part("voice", "man", 57, 0.8, "?-?-/-----?-?---|..?-?-?-/---?---|/---?-?-?---..?->"
              "/---------......", "xxxxxxxx....", "minor pentatonic"),
         Part("lead", "electric", 69, 0.7, "/---?-/-?-?-?-?-|????/---/---?-?-|/-----?-/-??????",
              "........xxxx", "minor pentatonic")))}
# fmt: on


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
        for bar in default_rng([seed, 0, chorus]).choice(style.chords.split("|")).split():
            chords = [_parse(chord) for chord in bar.split(",")]
            halves += chords * (2 // len(chords))
        chorus += 1
    return halves


def _parse(chord):
    flat, numeral, kind = re.fullmatch("(b?)([IV]+|[iv]+)(.*)", chord).groups()
    quality = QUALITIES[("I" if numeral.isupper() else "i") + kind]
    return Chord(DEGREES[numeral.upper()] - len(flat), quality)


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
        return [self.last + above for above in STACKS.get(symbol, (0,))]

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
