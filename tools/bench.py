# ruff: noqa: E402
"""What does a song cost?

    python tools/bench.py [FOLDER OF GENRE FOLDERS]

Milliseconds for the script's 26 features of a 30 s song on one core, decoding included: with
librosa as the well-known script calls it, with the shared spectrogram of lesson 03, and with the
fused pass of `extract`; the floor only decodes and transforms. Rounds are interleaved, so that a
machine that slows down slows all of them. Then 1,000 songs on two cores, start-up counted; what
``predict`` costs for an MP3 of three minutes, each time in a fresh Python, beside decoding it
(``results/costs.csv`` keeps that, if all ears are here); how long lesson 02b's mixer takes from
a slider to its new picture and player, beside the half second it may take; and what all cells of
each lesson take, with nothing fetched (``results/lessons.csv`` keeps that).
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
from helpers.song import PRETRAINED, inputs

SECONDS, SONGS, ROUNDS = 30.0, 10, 5
REDRAW_SECONDS = 0.5
ROOT = Path(__file__).resolve().parents[1]
CLASSIFIERS = ("hand-made", "yamnet", "musicnn", "musicnn-yamnet")
# The wheel of LiteRT 2.3.0 for Linux, as its index offers it.
LITERT_MB = 21.8


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
DECODE = "import sys, soundfile; soundfile.read(sys.argv[1], dtype='float32')"
COLD = """
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, capture_output=True)
seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
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
        subprocess.run(command, check=True, cwd=ROOT)
        return time.perf_counter() - start


def three_minutes(songs, path):
    """Write an MP3 as people have them, 44,100 samples a second in stereo, from songs of 30 s."""
    y = np.concatenate([audio.load(song, sr=44_100, duration=SECONDS)[0] for song in songs])
    y = np.resize(y, 180 * 44_100)
    sf.write(path, np.column_stack([y, 0.9 * np.roll(y, 7)]), 44_100, format="MP3")


def costs(song):
    """Seconds, in proportion to decoding, and MB of what predict does, a row for each classifier.

    What it takes to install is what is downloaded for the ears alone; MusiCNN's conversion also
    needs TensorFlow, once.
    """
    commands = {"decoding": ["-c", DECODE, song]}
    for name in CLASSIFIERS:
        folder = PRETRAINED / name
        if folder.is_dir() and all(map(datasets.local_path, inputs.ears(name))):
            commands[name] = ["-m", "helpers", "predict", song, "--model", folder]
    rounds = [{name: cold(command) for name, command in commands.items()} for _ in range(ROUNDS)]
    rows = {}
    for name in list(commands)[1:]:
        seconds, megabytes = zip(*(taken[name] for taken in rounds), strict=True)
        ratio = median(taken[name][0] / taken["decoding"][0] for taken in rounds)
        weights = [datasets.local_path(ear).stat().st_size / 1e6 for ear in inputs.ears(name)]
        install = sum(weights) + LITERT_MB if weights else 0
        rows[name] = (median(seconds), ratio, max(megabytes), install)
    digits = {"seconds a song": 2, "ratio to decoding": 1, "MB of memory": 0, "MB to install": 0}
    table = pd.DataFrame.from_dict(rows, "index", columns=list(digits))
    return table.round(digits).rename_axis("model")


def cold(arguments, environment=None):
    """Wall time in seconds of a fresh Python, and its highest use of memory in MB."""
    # A small process in between: a child starts with the highest use of its parent.
    command = [sys.executable, "-c", COLD, sys.executable, *arguments]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, cwd=ROOT, text=True, env=environment
    )
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


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


def lessons():
    """Seconds and MB of memory for all cells of each lesson in a clean kernel, nothing fetched.

    The memory is that of the largest process, which is the lesson's kernel.
    """
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        # As a learner runs it: on all cores.
        shell = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
        shell |= {"GENRE_DATA": folder, "LIBROSA_DATA_DIR": folder}
        for path in sorted(ROOT.glob("notebooks/[0-9]*.ipynb")):
            options = ["--to", "notebook", "--execute", "--output-dir", folder]
            options += ["--KernelManager.transport_encryption=auto"]
            options += ["--ExecutePreprocessor.timeout=600"]
            seconds, megabytes = cold(["-m", "nbconvert", *options, path], shell)
            rows[path.stem.partition("_")[0]] = (round(seconds), round(megabytes, -1))
            print(f"{path.stem:40}{seconds:11.0f} s{megabytes:10.0f} MB", flush=True)
    table = pd.DataFrame.from_dict(rows, "index", columns=["seconds", "MB of memory"], dtype=int)
    return table.rename_axis("lesson")


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
        three_minutes(songs[:: max(1, len(songs) // 6)][:6], Path(album, "song.mp3"))
        answers = costs(Path(album, "song.mp3"))
    print("\n1,000 songs, start-up counted")
    print(f"{'the script on one core (from its median)':40}{one_core:11.1f} s")
    print(f"{'extract on two cores, a fresh Python':40}{total:11.1f} s{one_core / total:13.1f}")
    print(f"\nan answer for one MP3 of three minutes, in a fresh Python\n{answers}")
    if len(answers) == len(CLASSIFIERS):
        answers.to_csv(ROOT / "results/costs.csv", lineterminator="\n")
    print(
        f"\n{'a turn of a knob in the mixer':40}{'median ms':>12}{'longest ms':>14}{'of 0.5 s':>10}"
    )
    for genre in jukebox.GENRES:
        own = redraws(genre)
        share = max(own) / REDRAW_SECONDS
        print(f"{genre:40}{1000 * median(own):12.1f}{1000 * max(own):14.1f}{share:10.2f}")
    print("\nall cells of a lesson, nothing fetched")
    lessons().to_csv(ROOT / "results/lessons.csv", lineterminator="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
