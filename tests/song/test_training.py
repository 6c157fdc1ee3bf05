"""What a classifier learns from: the sampler, or a table that may be anything."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from helpers import audio, datasets, features, jukebox
from helpers.song import training

LABELS = ["blues", "jazz", "rock"]


def write_table(path, songs, feature_set="script", **columns):
    """A table as `extract` writes it, of random features that differ a little by genre."""
    rng = np.random.default_rng(0)
    names = features.names(feature_set)
    shift = songs.genre.map({genre: i for i, genre in enumerate(sorted(set(songs.genre)))})
    X = rng.normal(size=(len(songs), len(names))) + shift.to_numpy()[:, np.newaxis]
    table = pd.DataFrame(X, columns=names)
    table.insert(0, "filename", [f"{name}.wav" for name in songs.song_id])
    table.assign(**columns, label=songs.genre.to_numpy()).to_csv(path, index=False)
    return path


def own_songs(n=6):
    rows = [(f"my {genre} {i}", genre) for genre in LABELS for i in range(n)]
    return pd.DataFrame(rows, columns=["song_id", "genre"])


def gtzan_songs(n=20):
    songs = datasets.songs()
    return songs[songs.genre.isin(LABELS)].groupby("genre").head(n)


def protocols(csv):
    return set(training.from_table(csv).folds)


@pytest.mark.parametrize("embedding", ["full", "musicnn"])
def test_the_sampler_is_a_training_set(embedding):
    learned = training.from_sampler(embedding)
    assert len(learned.table) == len(learned.X) == 1409
    assert learned.X.shape[1] == training.EMBEDDINGS[embedding][1]
    assert np.isfinite(learned.X).all()
    assert set(learned.folds) == set(training.PROTOCOLS)
    assert learned.facts["songs"] == 509
    artists = learned.table.artist_group.to_numpy()
    for protocol in ("artists kept whole", "fault-filtered split"):
        for train, test in learned.folds[protocol]:
            assert not set(artists[train]) & set(artists[test])
    for train, test in learned.folds["random split"]:
        assert not set(learned.table.song_id.iloc[train]) & set(learned.table.song_id.iloc[test])


def test_another_training_set_has_another_hash(monkeypatch):
    before = training.from_sampler("full").facts["training_data_sha256"]
    assert before == training.from_sampler("full").facts["training_data_sha256"]
    table = datasets.sampler()
    monkeypatch.setattr(datasets, "sampler", lambda: table.replace({"genre": {"pop": "rock"}}))
    assert training.from_sampler("full").facts["training_data_sha256"] != before


def test_an_embedding_that_the_sampler_lacks_is_refused():
    with pytest.raises(ValueError, match="choose 'full' or 'musicnn'"):
        training.from_sampler("script")


@pytest.mark.parametrize("embedding", ["script", "full"])
def test_an_embedding_is_what_its_classifier_expects(embedding):
    y = jukebox.play("jazz", 4.0)
    embedded = training.embed(audio.windows(y, hop_seconds=2), embedding)
    assert embedded.shape == (2, training.EMBEDDINGS[embedding][1])
    np.testing.assert_array_equal(
        embedded[0], features.describe_fast(y[:44100], feature_set=embedding)
    )


def test_a_window_is_embedded_as_the_sampler_was(shared_data):
    song = datasets.sampler().query("song_id == 'jazz.00000'")
    y, _ = audio.load(shared_data / "audio/gtzan_mini/genres/jazz/jazz.00000.wav")
    embedded = training.embed(audio.windows(y), "full")
    expected = song[list(features.names())].to_numpy()
    np.testing.assert_allclose(embedded, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_a_musicnn_window_is_embedded_as_the_sampler_was(shared_data):
    if datasets.local_path("musicnn") is None:
        pytest.skip("skipped, because MusiCNN's weights are not here")
    learned = training.from_sampler("musicnn")
    rows = np.flatnonzero(learned.table.song_id == "jazz.00000")[:3]
    y, _ = audio.load(shared_data / "audio/gtzan_mini/genres/jazz/jazz.00000.wav")
    embedded = training.embed(audio.windows(y)[:3], "musicnn")
    # What is stored has 16 bits.
    np.testing.assert_allclose(embedded, learned.X[rows], rtol=0.02, atol=0.02)


def test_a_table_is_a_training_set(tmp_path):
    csv = write_table(tmp_path / "table.csv", gtzan_songs())
    learned = training.from_table(csv)
    assert learned.X.shape == (60, 26)
    assert set(learned.folds) == {"random split", "artists kept whole"}
    assert learned.facts["embedding"] == "script"
    assert learned.facts["training_data_sha256"] == hashlib.sha256(csv.read_bytes()).hexdigest()


def test_unknown_artists_allow_no_claim_about_new_artists(tmp_path):
    assert protocols(write_table(tmp_path / "table.csv", own_songs(2))) == {"random split"}


def test_one_unknown_song_among_known_ones_is_enough(tmp_path):
    songs = pd.concat([gtzan_songs(5), own_songs(1)], ignore_index=True)
    csv = write_table(tmp_path / "table.csv", songs)
    assert datasets.read_table(csv)[0].artist_group.isna().sum() == 3
    assert protocols(csv) == {"random split"}


def test_a_column_of_artists_allows_both_splits(tmp_path):
    songs = own_songs(3)
    artists = [f"{genre} band {i % 3}" for i, genre in enumerate(songs.genre)]
    learned = training.from_table(write_table(tmp_path / "table.csv", songs, artist=artists))
    assert set(learned.folds) == {"random split", "artists kept whole"}
    assert learned.table.artist_group.nunique() == 9


def test_songs_without_an_artist_count_as_artists_of_their_own(tmp_path):
    songs = own_songs()
    artists = ["the band"] * 6 + [""] * 12
    table, _ = datasets.read_table(write_table(tmp_path / "table.csv", songs, artist=artists))
    assert table.artist_group.nunique() == 13


def test_too_few_artists_for_folds_leave_the_random_split(tmp_path):
    artists = ["one"] * 5 + ["two"] * 7
    csv = write_table(tmp_path / "table.csv", own_songs(4), artist=artists)
    assert protocols(csv) == {"random split"}


def test_files_of_one_name_in_two_genres_are_two_songs(tmp_path):
    songs = own_songs(3).assign(song_id=["take 0", "take 1", "take 2"] * 3)
    learned = training.from_table(write_table(tmp_path / "table.csv", songs))
    assert learned.table.song_id.nunique() == 9


def test_the_fuller_features_are_recognized(tmp_path):
    csv = write_table(tmp_path / "table.csv", own_songs(2), feature_set="full")
    table, feature_set = datasets.read_table(csv)
    assert feature_set == "full"
    assert len(table) == 6


def test_a_genre_may_be_called_none_and_a_column_genre(tmp_path):
    songs = pd.DataFrame({"song_id": list("abcd"), "genre": ["None", "None", "NA", "NA"]})
    csv = write_table(tmp_path / "table.csv", songs, genre="mine", song_id=7)
    table, _ = datasets.read_table(csv)
    assert table.genre.tolist() == songs.genre.tolist()
    assert table.song_id.tolist() == list("abcd")


def test_incomplete_rows_are_left_out(tmp_path):
    csv = write_table(tmp_path / "table.csv", own_songs(5))
    table = pd.read_csv(csv)
    table.loc[0, "rmse"], table.loc[1, "label"], table.loc[2, "filename"] = [np.nan, None, None]
    table.to_csv(csv, index=False)
    left = datasets.read_table(csv)[0].filename
    assert left.tolist() == table.filename[3:].tolist()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be read as a table"),
        (b"\xff\xfe\x00 no text", "cannot be read as a table"),
        (b"filename,label\na.wav,rock\n", "is no feature table: make one with 'python -m helpers"),
        (",".join(["filename", *features.names("script"), "label"]).encode(), "is too small"),
    ],
)
def test_other_files_are_refused_in_a_sentence(tmp_path, content, sentence):
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(ValueError, match=sentence) as caught:
        training.from_table(tmp_path / "table.csv")
    assert "\n" not in str(caught.value)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"table\.csv cannot be read as a table"):
        training.from_table(tmp_path / "table.csv")
