# ruff: noqa: E402
"""What does a song cost?

    python tools/bench.py [FOLDER OF GENRE FOLDERS]

Milliseconds for the script's 26 features of a 30 s song on one core, decoding included: with
librosa as the well-known script calls it, with the shared spectrogram of lesson 03, and with the
fused pass of `extract`; the floor only decodes and transforms. Rounds are interleaved, so that a
machine that slows down slows all of them. Then 1,000 songs on two cores, start-up counted; how long
a classifier takes to answer for a song as MP3, after its first answer; and how long lesson 02's
mixer takes from a slider to its new picture and player, beside the half second it may take.
"""

import os

# Read when numpy and tqdm are imported.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ["TQDM_DISABLE"] = "1"

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import librosa
import numpy as np
import pandas as pd
import scipy.fft
import soundfile as sf

from helpers import audio, datasets, features, jukebox
from helpers.jukebox import panel
from helpers.song import PRETRAINED, SongClassifier

SECONDS, SONGS, ROUNDS = 30.0, 10, 5
REDRAW_SECONDS = 0.5


def script(path):
    """Each feature from the samples, one by one."""
    y, sr = librosa.load(path, mono=True, duration=SECONDS)
    values = [
        librosa.feature.chroma_stft(y=y, sr=sr),
        librosa.feature.rms(y=y),
        librosa.feature.spectral_centroid(y=y, sr=sr),
        librosa.feature.spectral_bandwidth(y=y, sr=sr),
        librosa.feature.spectral_rolloff(y=y, sr=sr),
        librosa.feature.zero_crossing_rate(y),
        *librosa.feature.mfcc(y=y, sr=sr),
    ]
    return [np.mean(value) for value in values]


def reference(path):
    """The script's features from one spectrogram, in librosa's calls."""
    return features.describe(*audio.load(path, duration=SECONDS), feature_set="script")


def floor(path):
    """What cannot be saved: decoding, and one Fourier transform."""
    y, _ = audio.load(path, duration=SECONDS)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(y, 1024, mode="reflect"), 2048)[::512]
    window = np.hanning(2049)[:-1]
    for start in range(0, len(frames), 32):
        scipy.fft.rfft(frames[start : start + 32] * window, axis=1)


def extract(songs):
    """The fused pass on one core."""
    features.extract(songs, feature_set="script", jobs=1, duration=SECONDS)


VARIANTS = {
    "the script, feature by feature": lambda songs: [script(path) for path in songs],
    "librosa on one spectrogram (describe)": lambda songs: [reference(path) for path in songs],
    "the fused pass (extract)": extract,
    "floor: decode, one Fourier transform": lambda songs: [floor(path) for path in songs],
}
THOUSAND = """
import sys, pandas as pd
from helpers import features
files = pd.read_csv(sys.argv[1], dtype=str)
table, _ = features.extract(files, out=sys.argv[2], feature_set="script", jobs=2, duration=30.0)
assert len(table) == 1000, "some songs could not be read"
"""


def measure(songs):
    """Seconds per song of each variant, shape (ROUNDS, len(VARIANTS)); a first round warms up."""
    times = np.zeros((1 + ROUNDS, len(VARIANTS)))
    for row in times:
        for i, variant in enumerate(VARIANTS.values()):
            start = time.perf_counter()
            variant(songs)
            row[i] = (time.perf_counter() - start) / len(songs)
    return times[1:]


def thousand(songs):
    """Wall time of a fresh Python that extracts 1,000 songs with two jobs."""
    rows = [(songs[i % len(songs)], f"{i:03d}.wav", "any") for i in range(1000)]
    with tempfile.TemporaryDirectory() as folder:
        files, out = Path(folder, "files.csv"), Path(folder, "table.csv")
        pd.DataFrame(rows, columns=["path", "filename", "genre"]).to_csv(files, index=False)
        command = [sys.executable, "-c", THOUSAND, files, out]
        start = time.perf_counter()
        subprocess.run(command, check=True, cwd=Path(__file__).parents[1])
        return time.perf_counter() - start


def answers(path):
    """Seconds to answer for a song with each classifier at hand; rounds are interleaved."""
    names = ["hand-made", "musicnn"] if datasets.local_path("musicnn") else ["hand-made"]
    classifiers = [SongClassifier.load(PRETRAINED / name) for name in names]
    times = np.zeros((1 + ROUNDS, len(names)))
    with tempfile.TemporaryDirectory() as folder:
        song = Path(folder, "song.mp3")
        sf.write(song, *audio.load(path, duration=SECONDS), format="MP3")
        for row in times:
            for i, classifier in enumerate(classifiers):
                start = time.perf_counter()
                classifier.predict(song)
                row[i] = time.perf_counter() - start
    return dict(zip(names, times[1:].T, strict=True))


def redraws(genre):
    """Seconds that the mixer takes after each of some turns, new to it, of a style's knobs."""
    panel.render(genre)
    times = []
    for turn in range(ROUNDS):
        for knob, value in (("brightness", 0.1), ("tempo", 90), ("key", 2), ("distortion", 0.6)):
            start = time.perf_counter()
            panel.render(genre, **{knob: value + turn if knob in ("tempo", "key") else value})
            times.append(time.perf_counter() - start)
    return times


def main(arguments):
    """Measure everything and print it."""
    with tempfile.TemporaryDirectory() as album:
        folder = arguments[0] if arguments else datasets.local_path("gtzan-mini")
        files = datasets.from_folder(folder) if folder else jukebox.album(album, songs_per_genre=1)
        songs = [Path(path).resolve() for path in files.path]
        print(f"{len(songs)} songs of {folder or 'the jukebox'}; median of {ROUNDS} rounds\n")
        times = measure(songs[:: max(1, len(songs) // SONGS)][:SONGS])
        print(f"{'one core':40}{'ms per song':>12}{'times faster':>14}")
        for name, own in zip(VARIANTS, times.T, strict=True):
            print(f"{name:40}{1000 * median(own):12.1f}{median(times[:, 0] / own):14.1f}")
        total, one_core = thousand(songs), 1000 * median(times[:, 0])
        answered = answers(songs[0])
    print("\n1,000 songs, start-up counted")
    print(f"{'the script on one core (from its median)':40}{one_core:11.1f} s")
    print(f"{'extract on two cores, a fresh Python':40}{total:11.1f} s{one_core / total:13.1f}")
    print(f"\n{'an answer for one MP3 of 30 s':40}{'ms':>12}{'times longer':>14}")
    for name, own in answered.items():
        longer = median(own / answered["hand-made"])
        print(f"with {name:35}{1000 * median(own):12.1f}{longer:14.1f}")
    print(
        f"\n{'a turn of a knob in the mixer':40}{'median ms':>12}{'longest ms':>14}{'of 0.5 s':>10}"
    )
    for genre in jukebox.GENRES:
        own = redraws(genre)
        share = max(own) / REDRAW_SECONDS
        print(f"{genre:40}{1000 * median(own):12.1f}{1000 * max(own):14.1f}{share:10.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
