"""The horse test changes what it says, and counts what it should."""

from pathlib import Path

import build_probe as builder
import numpy as np
import pandas as pd
import pytest
from scipy import signal
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import audio, datasets, evaluation, features, jukebox, splits
from helpers.evaluation import robustness, sounds

SR = audio.SAMPLE_RATE
TIME = np.arange(3 * SR) / SR
DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def music():
    return jukebox.play("rock", seconds=3)


def tone(hz):
    return (0.3 * np.sin(2 * np.pi * hz * TIME)).astype(np.float32)


def loudness(y):
    return np.sqrt(np.mean(np.asarray(y, dtype=float)[SR // 4 : -SR // 4] ** 2))


def pitch_of(y):
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    return spectrum.argmax() * SR / len(y)


# ---- transformations ----


@pytest.mark.parametrize("name", sounds.TRANSFORMATIONS)
def test_every_change_gives_two_seconds_that_differ_and_are_the_same_each_time(music, name):
    kept = music.copy()
    once, again = sounds.transform(music, name), sounds.transform(music, name)
    assert once.dtype == np.float32
    assert once.shape == (2 * SR,)
    assert np.isfinite(once).all()
    assert np.array_equal(once, again)
    assert np.array_equal(music, kept)
    assert not np.allclose(once, music[: 2 * SR], atol=1e-4)
    assert len(sounds.TRANSFORMATIONS[name][2].split()) >= 3


def test_the_original_is_two_seconds_of_it(music):
    assert np.array_equal(sounds.transform(music, "original"), music[: 2 * SR])


def test_gain_takes_twelve_decibels_from_every_band(music):
    before = features.log_mel(sounds.transform(music, "original"))
    after = features.log_mel(sounds.transform(music, "gain -12 dB"))
    heard = before > -60
    np.testing.assert_allclose((after - before)[heard], -12, atol=0.01)


@pytest.mark.parametrize(("name", "slope"), [("tilt +3 dB/octave", 3), ("tilt -3 dB/octave", -3)])
def test_tilt_turns_the_spectrum_and_not_the_volume(name, slope):
    white = np.random.default_rng(0).normal(0, 0.1, 3 * SR).astype(np.float32)
    tilted = sounds.transform(white, name)
    _, before = signal.welch(white[: 2 * SR], SR, nperseg=4096)
    f, after = signal.welch(tilted, SR, nperseg=4096)
    heard = (f > 100) & (f < 10_000)
    change = 10 * np.log10(after / before)[heard]
    assert np.polyfit(np.log2(f[heard]), change, 1)[0] == pytest.approx(slope, abs=0.1)
    assert loudness(tilted) == pytest.approx(loudness(white), rel=0.03)


@pytest.mark.parametrize(
    ("name", "gone", "stays"), [("low-pass 4 kHz", 8000, 1000), ("high-pass 200 Hz", 60, 1000)]
)
def test_filters_take_one_side_and_leave_the_other(name, gone, stays):
    assert loudness(sounds.transform(tone(gone), name)) < 0.01 * loudness(tone(gone))
    assert loudness(sounds.transform(tone(stays), name)) == pytest.approx(
        loudness(tone(stays)), rel=0.01
    )


@pytest.mark.parametrize(("factor", "seconds"), [(1.1, 3 / 1.1), (0.9, 3 / 0.9)])
def test_tempo_changes_the_length_and_not_the_pitch(factor, seconds):
    changed = sounds.tempo(tone(440), SR, factor)
    assert len(changed) / SR == pytest.approx(seconds, abs=0.01)
    assert pitch_of(changed) == pytest.approx(440, abs=1)


@pytest.mark.parametrize(("name", "steps"), [("pitch +1 semitone", 1), ("pitch -1 semitone", -1)])
def test_pitch_goes_by_a_semitone(name, steps):
    changed = sounds.transform(tone(440), name)
    assert pitch_of(changed) == pytest.approx(440 * 2 ** (steps / 12), abs=1)


def test_noise_lies_thirty_decibels_below(music):
    hiss = sounds.transform(music, "noise 30 dB below") - music[: 2 * SR]
    ratio = np.mean(music**2) / np.mean(hiss**2)
    assert 10 * np.log10(ratio) == pytest.approx(30, abs=0.1)


def test_mp3_has_64_kilobits_a_second_and_stays_in_place(music, monkeypatch):
    sizes = []
    write = sounds.sf.write

    def weigh(file, *args, **options):
        write(file, *args, **options)
        sizes.append(len(file.getvalue()))

    monkeypatch.setattr(sounds.sf, "write", weigh)
    thirty_seconds = np.tile(music, 10)
    changed = sounds.mp3(thirty_seconds, SR, **sounds.TRANSFORMATIONS["MP3 64 kb/s"][1])
    assert sizes[0] * 8 / 30 == pytest.approx(64_000, rel=0.02)
    assert len(changed) >= len(thirty_seconds)
    assert np.corrcoef(changed[: len(thirty_seconds)], thirty_seconds)[0, 1] > 0.99


def test_silence_waits_and_later_does_not(music):
    half = SR // 2
    waited, later = (sounds.transform(music, name) for name in ("silence 0.5 s", "0.5 s later"))
    assert not waited[:half].any()
    assert np.array_equal(waited[half:], music[: 2 * SR - half])
    assert np.array_equal(later, music[half : half + 2 * SR])


def test_bad_input_gets_a_sentence(music):
    with pytest.raises(ValueError, match=r"no transformation 'reverb': choose one of 0\.5 s later"):
        sounds.transform(music, "reverb")
    with pytest.raises(ValueError, match=r"2\.00 s are too short: bring 3 s"):
        sounds.transform(music[: 2 * SR], "tempo +10 %")


# ---- who changes their mind ----


@pytest.fixture(scope="module")
def songs():
    """Forty windows of twenty songs by ten artists, and two numbers that say the genre."""
    n = np.arange(40)
    genre = np.array(["blues", "rock"], dtype=object)[n // 4 % 2]
    table = pd.DataFrame(
        {"song_id": n // 2, "artist_group": n // 4, "genre": genre}, index=np.arange(100, 140)
    )
    X = np.column_stack([genre == "rock", n / 40]) + np.random.default_rng(0).normal(
        0, 0.2, (40, 2)
    )
    return X, table


@pytest.fixture
def model():
    return make_pipeline(StandardScaler(), KNeighborsClassifier(3))


def test_the_answers_before_are_those_of_cross_validation(songs, model):
    X, table = songs
    folds = splits.by_artist(table, 5)
    rows = np.array([31, 2, 17, 8])
    answers = robustness.examine(model, X, table, folds, {"nothing": X[rows]}, rows)
    usual = evaluation.cross_val_predict(model, X, table, folds)
    assert list(answers) == ["original", "nothing"]
    for part in answers.values():
        wanted = usual.loc[part.index].drop(columns="fold")
        pd.testing.assert_frame_equal(part.drop(columns="fold"), wanted)
        assert list(part.index) == list(table.index[rows])


def test_changes_are_told_apart_and_kept_in_the_order_of_the_rows(songs, model):
    X, table = songs
    folds = splits.by_artist(table, 5)
    louder = np.where(np.arange(40)[:, None] == 10, [[5.0, 0.0]], X)
    answers = robustness.examine(
        model, X, table, folds, {"all swapped": 1 - X, "one window": louder}
    )
    before, swapped, one = answers.values()
    assert list(before.index) == list(swapped.index) == list(table.index)
    assert (before.predicted == table.genre).mean() > 0.9
    assert (swapped.predicted != before.predicted).mean() > 0.9
    moved = one.predicted != before.predicted
    assert list(table.index[moved]) == [110]


def test_a_change_teaches_the_model_nothing(songs, model):
    """A scaler that saw the changed rows would be thrown off by them."""
    X, table = songs
    folds = splits.by_artist(table, 5)
    alone = robustness.examine(model, X, table, folds, {"a": X + 0.3})
    with_madness = robustness.examine(model, X, table, folds, {"mad": X * 1e6, "a": X + 0.3})
    pd.testing.assert_frame_equal(alone["a"], with_madness["a"])


def test_folds_that_test_none_of_the_rows_are_left_out(songs, model):
    X, table = songs
    train, test = np.arange(20), np.arange(20, 40)
    answers = robustness.examine(
        model, X, table, [(test, train), (train, test)], {"a": X[:3]}, [0, 1, 2]
    )
    assert len(answers["a"]) == 3
    partly = robustness.examine(model, X, table, [(train, test)], {"a": X[[3, 30]]}, [3, 30])
    assert list(partly["a"].index) == [table.index[30]]


def test_weights_reach_the_model(songs):
    X, table = songs
    lopsided = table.assign(genre=np.where(np.arange(40) < 4, "blues", "rock"))
    # Of one song in ten windows and one in a single one, the weights make equals.
    dummy = make_pipeline(StandardScaler(), DummyClassifier(strategy="prior"))
    folds = [(np.arange(40), np.arange(40))]
    plain = robustness.examine(dummy, X, lopsided, folds, {})["original"]
    weighed = robustness.examine(dummy, X, lopsided, folds, {}, balanced=True)["original"]
    assert plain.p_blues.iloc[0] == pytest.approx(0.1)
    assert weighed.p_blues.iloc[0] == pytest.approx(0.5)


def answers_of(predicted):
    columns = {"song_id": range(8), "artist_group": list("aabbccdd"), "genre": "rock"}
    return pd.DataFrame({**columns, "predicted": list(predicted)})


def test_the_flip_rate_counts_changed_answers_right_or_wrong():
    score = robustness.flip_rate(answers_of("rrrrbbbb"), answers_of("rrrbrbbb"))
    assert score.value == pytest.approx(0.25)
    assert 0 <= score.low <= 0.25 <= score.high <= 1
    assert (score.n, score.artists) == (8, 4)
    assert robustness.flip_rate(answers_of("rrrrbbbb"), answers_of("bbbbrrrr")).value == 1
    nothing = robustness.flip_rate(answers_of("rrrrbbbb"), answers_of("rrrrbbbb"))
    assert nothing[:3] == (0, 0, 0)


def test_flips_of_one_artist_make_a_wider_interval_than_flips_of_many():
    one = robustness.flip_rate(answers_of("rrrrrrrr"), answers_of("bbrrrrrr"))
    many = robustness.flip_rate(answers_of("rrrrrrrr"), answers_of("brbrrrrr"))
    assert one.value == many.value
    assert one.high - one.low > many.high - many.low


def test_flips_of_different_rows_are_refused():
    with pytest.raises(ValueError, match="different songs: take both from one examination"):
        robustness.flip_rate(answers_of("rrrrbbbb"), answers_of("rrrrbbbb").iloc[::-1])


# ---- features ----


def test_bands_are_blind_to_the_order_of_frames():
    patches = np.random.default_rng(0).normal(size=(3, 64, 20))
    shuffled = patches[:, :, np.random.default_rng(1).permutation(20)]
    np.testing.assert_allclose(robustness.bands(patches), robustness.bands(shuffled))
    assert robustness.bands(patches).shape == (3, 128)
    np.testing.assert_allclose(
        robustness.bands(patches + 6)[:, :64], robustness.bands(patches)[:, :64] + 6
    )
    np.testing.assert_allclose(
        robustness.bands(patches + 6)[:, 64:], robustness.bands(patches)[:, 64:]
    )


# ---- what ships ----


def test_the_windows_that_ship_are_those_of_gtzan_mini_at_12_seconds():
    rows, described, spectra = robustness.transformed()
    sampler = datasets.sampler().iloc[rows]
    assert (sampler.start == 12).all()
    assert sampler.song_id.nunique() == len(rows) == 100
    assert list(described) == list(spectra) == list(sounds.TRANSFORMATIONS)
    assert {part.shape for part in described.values()} == {(100, 70)}
    assert {part.shape for part in spectra.values()} == {(100, 128)}
    assert all(np.isfinite(part).all() for part in [*described.values(), *spectra.values()])


def test_gain_moves_the_level_of_the_bands_and_the_loudness_and_nothing_else():
    rows, described, spectra = robustness.transformed()
    sampler = datasets.sampler()
    bands = robustness.bands(features.from_bytes(datasets.patches()[rows]))
    change = spectra["gain -12 dB"] - bands
    assert np.median(change[:, :64]) == pytest.approx(-12, abs=0.1)
    assert np.abs(np.median(change[:, 64:], axis=0)).max() < 0.1
    X = sampler[list(features.names("full"))].to_numpy()
    moved = np.median(np.abs(described["gain -12 dB"] - X[rows]), axis=0) / X.std(axis=0)
    names = np.array(features.names("full"))
    assert set(names[moved > 0.1]) == {"rmse_mean", "rmse_std", "mfcc1_mean"}


def test_every_network_answered_every_window():
    answers = robustness.answers()
    names = ["original", *sounds.TRANSFORMATIONS]
    assert answers.transformation.drop_duplicates().tolist() == names
    assert answers.groupby("transformation").song_id.apply(list).map(tuple).nunique() == 1
    assert len(answers) == 14 * 100
    assert answers.artist_group.notna().all()
    models = ["CNN", "MusiCNN", "both ears"]
    assert set(answers[models].to_numpy().ravel()) <= set(datasets.GENRES)
    untouched = answers[answers.transformation == "original"]
    assert (untouched.MusiCNN == untouched.genre).mean() > 0.65
    assert (untouched["both ears"] == untouched.genre).mean() > 0.7
    assert 0.3 < (untouched.genre == untouched.CNN).mean() < 0.6


def test_the_cnn_scales_its_patches_and_so_is_deaf_to_gain():
    answers = robustness.answers().set_index(["transformation", "song_id"]).CNN
    assert (answers["gain -12 dB"] == answers["original"]).all()


def test_a_part_is_covered_by_what_the_training_windows_have_there():
    patches = np.random.default_rng(0).normal(size=(6, 64, 128)).astype(np.float32)
    folds = [(np.arange(3), np.arange(3, 6)), (np.arange(3, 6), np.arange(3))]
    parts = builder.parts()
    assert len(parts) == 12
    touched = np.zeros((2, 64, 128), int)
    for kind, part in zip([0] * 8 + [1] * 4, parts, strict=True):
        touched[kind][part] += 1
        covered = builder.cover(patches, folds, part)
        same = covered == patches
        same[:, part[0], part[1]] = True
        assert same.all()
        level = patches[:3].mean(axis=(0, 2))[part[0], None]
        np.testing.assert_allclose(covered[3:][:, part[0], part[1]] - level, 0, atol=1e-6)
        silent = builder.cover(patches, folds, part, silent=True)
        assert (silent[:, part[0], part[1]] == features.PATCH_FLOOR_DB).all()
    assert (touched == 1).all()


def test_the_covered_answers_and_the_outside_levels_belong_to_what_ships():
    with np.load(DATA / "probe.npz") as stored:
        covered, outside = stored["covered"], stored["outside"].astype(float)
    sampler = datasets.sampler()
    assert covered.shape == (25, len(sampler))
    named = np.array(datasets.GENRES)[covered]
    rows, _, _ = robustness.transformed()
    answers = robustness.answers()
    untouched = answers[answers.transformation == "original"]
    assert (named[0][rows] == untouched.CNN.to_numpy()).mean() > 0.9
    # With all of a patch at hand it is right most often, with a silent hole hardly more than luck.
    right = (named == sampler.genre.to_numpy()).mean(axis=1)
    assert right[0] > 0.35
    assert right[13:].max() < 0.2
    assert outside.shape == (len(pd.read_csv(DATA / "outside.csv")), 64)
    assert (outside[:, 57] - outside[:, 63]).max() < 25


def test_outside_levels_made_again_are_those_that_ship(shared_data):
    clips = pd.read_csv(DATA / "outside.csv").iloc[[4, 90, 170]]
    made = builder.outside_levels(shared_data / "musifeast", clips)
    with np.load(DATA / "probe.npz") as stored:
        np.testing.assert_allclose(made, stored["outside"][clips.index], atol=0.2)


def test_windows_made_again_are_those_that_ship(shared_data):
    rows, described, spectra = robustness.transformed()
    songs = datasets.sampler().song_id.iloc[rows]
    some = [3, 27, 64]
    folder = shared_data / "audio" / "gtzan_mini" / "genres"
    windows = builder.change_windows(folder, songs.iloc[some].tolist())
    spread = datasets.sampler()[list(features.names("full"))].std().to_numpy()
    for name in ("0.5 s later", "tilt -3 dB/octave", "pitch +1 semitone", "MP3 64 kb/s"):
        made, patches = builder.describe(windows[name])
        # Codecs and resamplers may round otherwise elsewhere.
        assert (np.abs(made - described[name][some]) / spread).max() < 0.05, name
        np.testing.assert_allclose(robustness.bands(patches), spectra[name][some], atol=0.5)


@pytest.mark.slow
@pytest.mark.usefixtures("musicnn_wheel")
@pytest.mark.parametrize(
    ("model", "embedding"), [("MusiCNN", "musicnn"), ("both ears", "musicnn-yamnet")]
)
def test_borrowed_ears_answer_as_they_did(shared_data, model, embedding):
    rows, described, _ = robustness.transformed()
    songs = datasets.sampler().song_id.iloc[rows]
    some, name = [5, 50, 95], "tempo -10 %"
    folder = shared_data / "audio" / "gtzan_mini" / "genres"
    windows = builder.change_windows(folder, songs.iloc[some].tolist())[name]
    heard = {name: builder.hear(windows)}
    said = builder.ask_ears(embedding, rows[some], {name: described[name][some]}, heard)
    stored = robustness.answers().set_index(["transformation", "song_id"])[model]
    for change in ("original", name):
        assert said[change].predicted.tolist() == stored[change].loc[songs.iloc[some]].tolist()
