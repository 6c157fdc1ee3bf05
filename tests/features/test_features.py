"""The fast features are librosa's, and the script's table comes out again."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers import audio, features
from helpers.features import filters, fused

SR = audio.SAMPLE_RATE
MEANS = features.names("full")[: len(features.FRAME_FEATURES)]
DEVIATIONS = features.names("full")[len(features.FRAME_FEATURES) :]
DECIBELS = ("mfcc", "contrast", "onset_strength")


def differences(fast, reference):
    """The columns that differ by more than one part in 10,000 of the reference's size.

    Numbers in decibels cross zero without meaning anything by it, so theirs counts as 1 dB at
    least. The deviation of a steady sound is nothing but its frames' rounding in 32 bits; what is
    below a hundredth of its mean is compared with that.
    """
    reference = pd.Series(np.asarray(reference, float), index=features.names("full"))
    size = reference.abs()
    size[list(DEVIATIONS)] = np.maximum(size[list(DEVIATIONS)], 0.01 * size[list(MEANS)].to_numpy())
    size[size.index.str.startswith(DECIBELS)] = size.clip(lower=1)
    off = np.abs(fast - reference) > 1e-4 * size
    return pd.DataFrame({"fast": fast, "reference": reference})[off]


@pytest.fixture(scope="module")
def mini(shared_data):
    songs = sorted((shared_data / "audio/gtzan_mini/genres").glob("*/*.wav"))
    assert len(songs) == 100
    return songs


@pytest.mark.slow
def test_a_real_song_of_each_genre_equals_the_reference(mini):
    """The other ninety are compared with the published table below."""
    for path in mini[::10]:
        y, sr = audio.load(path, duration=30.0)
        assert differences(features.describe_fast(y, sr), features.describe(y, sr)).empty, path.name


@pytest.mark.slow
def test_the_published_table_comes_out_again(mini, shared_data):
    table, failures = features.extract(mini, feature_set="script")
    published = pd.read_csv(shared_data / "gtzan/GTZAN.csv")
    assert failures.empty
    assert list(table.columns) == list(published.columns)
    published = published.set_index("filename").loc[table.filename]
    assert (published.label.to_numpy() == table.label.to_numpy()).all()
    size = published[list(features.SCRIPT_FEATURES)].abs()
    mfcc = size.columns.str.startswith("mfcc")
    size.loc[:, mfcc] = size.loc[:, mfcc].clip(lower=1)
    ours = table.set_index("filename")[size.columns]
    assert (np.abs(ours - published[size.columns]) <= 1e-4 * size).all(axis=None)


@pytest.mark.parametrize(
    ("sr", "n_fft", "n_mels"),
    [(SR, 2048, 128), (44_100, 2048, 128), (16_000, 512, 96), (1_900, 512, 20)],
)
def test_windows_and_mel_bands_are_librosas(sr, n_fft, n_mels):
    import librosa

    bank = librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels)
    assert filters.mel(sr, n_fft, n_mels).dtype == np.float32
    np.testing.assert_allclose(filters.mel(sr, n_fft, n_mels), bank, rtol=1e-6, atol=1e-9)
    window = librosa.filters.get_window("hann", n_fft)
    np.testing.assert_allclose(filters.hann(n_fft), window, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("sr", [SR, 16_000, 44_100])
@pytest.mark.parametrize("tuning", [-0.5, 0.0, 0.13, 0.49])
def test_pitch_classes_are_librosas(sr, tuning):
    import librosa

    bank = librosa.filters.chroma(sr=sr, n_fft=filters.N_FFT, tuning=tuning)
    np.testing.assert_allclose(filters.chroma_filter(sr, tuning), bank.T, rtol=1e-6)


@given(hz=st.lists(st.floats(150, 4000, width=32), min_size=1, max_size=200))
@example(hz=[440.0])
@example(hz=[float(np.float32(440 * 2 ** (0.5 / 12)))])
def test_the_tuning_is_librosas(hz):
    import librosa

    assert filters.tuning(np.array(hz, np.float32)) == librosa.pitch_tuning(
        np.array(hz, np.float32)
    )


def tone(hz, phase=0.0, amplitude=0.5):
    return lambda t: amplitude * np.sin(2 * np.pi * hz * t + phase)


def noise(amplitude):
    return lambda t: amplitude * np.random.default_rng(0).uniform(-1, 1, len(t))


def bin_centre(k, phase=0.0):
    return lambda t: tone(k / (t[1] * filters.N_FFT), phase)(t)


SOUNDS = {
    "silence": lambda t: 0 * t,
    "next to silence": lambda t: 0 * t + 1e-12,
    "DC": lambda t: 0 * t + 0.5,
    "full-scale DC": lambda t: 0 * t + 1,
    "white noise": noise(1),
    "very quiet noise": noise(1e-4),
    "all too loud noise": noise(1e6),
    "square wave": lambda t: np.where(np.sin(2 * np.pi * 440 * t) >= 0, 1.0, -1.0),
    "very quiet tone": tone(440, amplitude=7e-5),
    "tone on DC": lambda t: 0.3 + tone(440)(t),
    "16-bit tone": lambda t: np.round(tone(440)(t) * 32767) / 32768,
    "half silent": lambda t: tone(440)(t) * (t < t[-1] / 2),
    "sweep": lambda t: tone(1500)(t * t),
    "alternating": lambda t: tone(0.5 / t[1], phase=np.pi / 2)(t),
    **{f"{hz} Hz": tone(hz) for hz in (27.5, 55, 110, 220, 440, 441, 446.2, 880, 997, 3999, 7000)},
    **{f"bin {k}": bin_centre(k) for k in (1, 2, 40, 41.5, 100, 511.5, 512, 1023)},
    **{f"bin {k}, cosine": bin_centre(k, np.pi / 2) for k in (1, 40, 512, 1023)},
}


@pytest.mark.filterwarnings("error:::helpers")
@pytest.mark.parametrize(
    ("name", "sr"),
    [
        *((name, SR) for name in SOUNDS),
        # Another rate is another set of filters: a sound that has all frequencies, a tone, nothing.
        *((name, sr) for name in ("white noise", "440 Hz", "silence") for sr in (16_000, 44_100)),
    ],
)
def test_strange_sounds_equal_the_reference(name, sr):
    assert_equal_but_for_touching_rolloff(SOUNDS[name](np.arange(sr) / sr), sr)


@pytest.mark.parametrize("n", [1, 2, 500, 1024, 1103, 1544, 2048, 2049, 5000])
def test_short_sounds_equal_the_reference(n):
    t = np.arange(n) / SR
    assert_equal_but_for_touching_rolloff(np.random.default_rng(n).uniform(-0.5, 0.5, n))
    assert_equal_but_for_touching_rolloff(0.1 + 0.3 * np.sin(2 * np.pi * 440 * t))


def assert_equal_but_for_touching_rolloff(y, sr=SR):
    """Where the running sum touches 85 % to 32 bits, rounding decides between two bins."""
    y = np.asarray(y, np.float32)
    reference, fast = features.frames(y, sr).to_numpy().T, fused.frames(y, sr)
    row = features.FRAME_FEATURES.index("rolloff")
    bins_off = np.abs(fast[row] - reference[row]) / (sr / filters.N_FFT)
    assert bins_off.max() < 1.001
    assert np.mean(bins_off > 1e-3) < 0.03
    fast[row] = reference[row]
    off = differences(features._summarize(fast, "full"), features._summarize(reference, "full"))
    assert off.empty, off


@pytest.mark.parametrize("at", [0, 1000, SR // 2, SR - 1])
def test_a_click_equals_the_reference(at):
    y = np.zeros(SR, np.float32)
    y[at] = 1
    off = differences(features.describe_fast(y), features.describe(y))
    # The spectrum of a lone click is flat. Its only peaks are rounding, and they set the tuning.
    assert set(off.index) <= {"chroma_stft_mean", "chroma_stft_std"}
    np.testing.assert_allclose(off.fast, off.reference, rtol=0.01)


def test_8_khz_stereo_is_resampled_and_equals_the_reference(tmp_path):
    y = np.random.default_rng(0).uniform(-0.5, 0.5, (8000, 2))
    sf.write(tmp_path / "a.wav", y, 8000)
    y, sr = audio.load(tmp_path / "a.wav")
    assert differences(features.describe_fast(y, sr), features.describe(y, sr)).empty


@pytest.mark.parametrize("describe", [features.describe, features.describe_fast])
@pytest.mark.parametrize("sr", [8_000, 12_800])
def test_a_rate_too_low_for_spectral_contrast_is_refused(describe, sr):
    with pytest.raises(ValueError, match=f"{sr} samples a second are too few"):
        describe(np.ones(sr, np.float32), sr)


@pytest.mark.parametrize("describe", [features.describe, features.describe_fast])
@pytest.mark.parametrize(("dtype", "full"), [("int16", 2**15), ("int32", 2**31), ("uint8", 2**7)])
def test_samples_of_integers_are_described_as_the_floats_that_they_mean(describe, dtype, full):
    y = noise(0.5)(np.arange(SR) / SR)
    whole = np.round(y * full + full * (dtype == "uint8")).astype(dtype)
    means = ((whole.astype(float) - full * (dtype == "uint8")) / full).astype(np.float32)
    for samples in (whole, np.column_stack([whole, whole]), np.vstack([whole, whole])):
        np.testing.assert_array_equal(describe(samples), describe(means))


def test_the_script_set_is_part_of_the_full_one():
    y = noise(0.5)(np.arange(SR) / SR).astype(np.float32)
    full, script = features.describe_fast(y), features.describe_fast(y, feature_set="script")
    np.testing.assert_array_equal(script, full[: len(features.SCRIPT_FEATURES)])
    reference = features.describe(y)
    script = features.describe(y, feature_set="script")
    assert tuple(script.index) == features.SCRIPT_FEATURES
    np.testing.assert_array_equal(script, reference[: len(script)])
    assert tuple(reference.index) == features.names("full")


def test_an_unknown_feature_set_is_refused():
    with pytest.raises(ValueError, match="choose one of"):
        features.names("fool")
    with pytest.raises(ValueError, match="choose one of"):
        features.extract([], feature_set="fool")


LOUDEST = audio.LOUDEST_PEAK


@settings(max_examples=60)
@given(
    values=st.lists(st.floats(-LOUDEST, LOUDEST, width=32), min_size=1, max_size=40)
    | st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=40),
    n=st.integers(1, SR // 2),
)
def test_all_finite_sound_gives_finite_features(values, n):
    y = np.resize(np.array(values, np.float32), n)
    for feature_set in features.FEATURE_SETS:
        row = features.describe_fast(y, feature_set=feature_set)
        assert row.shape == (len(features.names(feature_set)),)
        assert np.isfinite(row).all()


def test_the_frames_of_lesson_03_have_time_and_names():
    table = features.frames(noise(0.5)(np.arange(SR) / SR).astype(np.float32))
    assert table.shape == (1 + SR // 512, 35)
    assert tuple(table.columns) == features.FRAME_FEATURES
    assert table.index[1] == 512 / SR


def test_frames_of_another_window_are_those_of_librosa():
    import librosa

    y = noise(0.5)(np.arange(SR) / SR).astype(np.float32)
    table = features.frames(y, n_fft=4096, hop_length=1024)
    assert table.shape == (1 + SR // 1024, 35)
    assert table.index[1] == 1024 / SR
    centroid = librosa.feature.spectral_centroid(y=y, sr=SR, n_fft=4096, hop_length=1024)[0]
    inner = slice(2, -2)  # however the ends were padded
    np.testing.assert_allclose(table.spectral_centroid[inner], centroid[inner], rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_fft": 32_768}, r"a frame of 32,768 samples does not fit into a clip of 22,050"),
        ({"hop_length": 4096}, "a hop of 4,096 samples is longer than the frame of 2,048"),
    ],
)
def test_frames_that_cannot_be_cut_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        features.frames(np.ones(SR, np.float32), **options)


@settings(max_examples=20)
@given(values=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=40))
def test_a_patch_in_bytes_is_off_by_half_a_step_at_most(values):
    db = features.log_mel(np.resize(np.array(values, np.float32), 2048))
    assert db.shape == (64, 1 + 2048 // 345)
    back = features.from_bytes(features.to_bytes(db))
    assert np.abs(back - np.maximum(db, features.PATCH_FLOOR_DB)).max() <= 0.7501


MEMORY = """
import sys
from pathlib import Path
import pandas as pd, psutil
from helpers import features

def extract(n):
    songs = sorted(Path(sys.argv[1]).glob("*.wav"))
    rows = [(songs[i % len(songs)], f"{i}.wav", "noise") for i in range(n)]
    table, _ = features.extract(pd.DataFrame(rows, columns=["path", "filename", "genre"]), jobs=2)
    assert len(table) == n
    return psutil.Process().memory_info().rss

print(extract(30), extract(180))
"""


@pytest.mark.slow
def test_many_songs_need_no_more_memory_than_a_few(tmp_path):
    for i in range(10):
        sf.write(tmp_path / f"{i}.wav", noise(0.5)(np.arange(3 * SR) / SR), SR)
    run = [sys.executable, "-c", MEMORY, str(tmp_path)]
    answer = subprocess.run(run, capture_output=True, text=True, check=True)
    few, many = map(int, answer.stdout.split())
    # Keeping the samples of 150 songs would add 40 MB, their spectra the double.
    assert many < few + 20e6
