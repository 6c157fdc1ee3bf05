"""What a classifier learns from: the sampler, or a table that may be anything."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from helpers import audio, datasets, features, jukebox
from helpers.song import inputs, training

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


@pytest.mark.parametrize("embedding", training.RECIPES)
def test_the_sampler_is_a_training_set(embedding):
    learned = training.from_sampler(embedding)
    assert len(learned.table) == len(learned.X) == 1409
    assert learned.X.shape[1] == inputs.EMBEDDINGS[embedding][1]
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
    with pytest.raises(ValueError, match="choose one of 'full', 'yamnet', 'mus"):
        training.from_sampler("script")


@pytest.mark.parametrize("embedding", ["script", "full"])
def test_an_embedding_is_what_its_classifier_expects(embedding):
    y = jukebox.play("jazz", 4.0)
    embedded = inputs.embed(audio.windows(y, hop_seconds=2), embedding)
    assert embedded.shape == (2, inputs.EMBEDDINGS[embedding][1])
    # Another number of BLAS threads rounds otherwise.
    alone = features.describe_fast(y[:44100], feature_set=embedding)
    np.testing.assert_allclose(embedded[0], alone, rtol=1e-5, atol=1e-5)


def test_inputs_stand_beside_each_other_in_one_order():
    described, heard = np.full((2, 70), 7.0), np.full((2, 300), 0.5)
    heard[:, :200], heard[:, 250:] = 3, [[1 / (1 + np.exp(-2))], [0.0]]
    yamnet = np.arange(2 * 1545).reshape(2, 1545)
    both = inputs.inputs("musicnn-yamnet", described, musicnn=heard, yamnet=yamnet)
    assert (both[:, :200] == 3).all()
    assert (both[:, 200:250] == 0).all()
    np.testing.assert_allclose(both[:, 299], [2, np.log(1e-4 / (1 - 1e-4))])
    np.testing.assert_allclose(both[:, 300:1324] ** 2, yamnet[:, :1024])
    assert (both[:, 1324:] == 7).all()
    sizes = {name: size for name, (_, size) in inputs.EMBEDDINGS.items()}
    for name, size in sizes.items():
        if name != "script":
            made = inputs.inputs(name, described, musicnn=heard, yamnet=yamnet)
            assert made.shape == (2, size)
    assert inputs.EMBEDDINGS["musicnn"] == ("1 + musicnn 0.1.0", 370)
    assert inputs.EMBEDDINGS["musicnn-yamnet"] == ("1 + musicnn 0.1.0 + yamnet 1", 1394)


def test_a_window_is_embedded_as_the_sampler_was(shared_data):
    song = datasets.sampler().query("song_id == 'jazz.00000'")
    y, _ = audio.load(shared_data / "audio/gtzan_mini/genres/jazz/jazz.00000.wav")
    embedded = inputs.embed(audio.windows(y), "full")
    expected = song[list(features.names())].to_numpy()
    np.testing.assert_allclose(embedded, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_a_musicnn_window_is_embedded_as_the_sampler_was(shared_data):
    if datasets.local_path("musicnn") is None:
        pytest.skip("skipped, because MusiCNN's weights are not here")
    learned = training.from_sampler("musicnn")
    rows = np.flatnonzero(learned.table.song_id == "jazz.00000")[:3]
    y, _ = audio.load(shared_data / "audio/gtzan_mini/genres/jazz/jazz.00000.wav")
    embedded = inputs.embed(audio.windows(y)[:3], "musicnn")
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
    table, *_ = datasets.read_table(write_table(tmp_path / "table.csv", songs, artist=artists))
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
    table, feature_set, _ = datasets.read_table(csv)
    assert feature_set == "full"
    assert len(table) == 6


def test_a_genre_may_be_called_none_and_a_column_genre(tmp_path):
    songs = pd.DataFrame({"song_id": list("abcd"), "genre": ["None", "None", "NA", "NA"]})
    csv = write_table(tmp_path / "table.csv", songs, genre="mine", song_id=7)
    table, *_ = datasets.read_table(csv)
    assert table.genre.tolist() == songs.genre.tolist()
    assert table.song_id.tolist() == list("abcd")


def test_incomplete_rows_are_left_out(tmp_path):
    csv = write_table(tmp_path / "table.csv", own_songs(5))
    table = pd.read_csv(csv)
    table.loc[0, "rmse"], table.loc[1, "label"], table.loc[2, "filename"] = [np.nan, None, None]
    table.to_csv(csv, index=False)
    left, _, about = datasets.read_table(csv)
    assert left.filename.tolist() == table.filename[3:].tolist()
    assert about["notes"] == [
        "3 rows left out: values missing or no numbers (first: row 2, rmse is '')"
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be read as a table"),
        (b"\xff\xfe\x00 no text", "holds no text: export it as CSV"),
        (b"PK\x03\x04\x00", "holds no text: export it as CSV"),
        (b",,,\n" * 9, "holds no text: export it as CSV"),
        (
            b"filename,label\na.wav,rock\n",
            "row 1 should name chroma_stft, rmse, .*python -m helpers",
        ),
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


def said_of(path, table=None, **how):
    """What reading a table says; the table is written first."""
    if table is not None:
        table.to_csv(path, index=False, **how)
    return datasets.read_table(path)[2]["notes"]


@pytest.fixture
def script_rows():
    """Twelve songs of each of three genres, as the script's table holds them."""
    table = datasets.script_table()
    table = (
        table[table.genre.isin(LABELS)]
        .groupby("genre")
        .nth(slice(None, None, 8))
        .groupby("genre")
        .head(12)
    )
    table = table[["filename", *features.names("script"), "genre"]]
    return table.rename(columns={"genre": "label"}).reset_index(drop=True)


def in_pieces(table, n=8, noise=0.003, name="{}.{}.wav"):
    """Each row n times, as pieces of its song."""
    rng, columns = np.random.default_rng(0), list(features.names("script"))
    pieces = table.loc[table.index.repeat(n)].reset_index(drop=True)
    pieces[columns] *= 1 + noise * rng.normal(size=(len(pieces), len(columns)))
    names = pieces.filename.str.removesuffix(".wav")
    numbers = [i % n for i in range(len(pieces))]
    return pieces.assign(filename=[name.format(*pair) for pair in zip(names, numbers, strict=True)])


@pytest.mark.parametrize(
    "how",
    [
        {"encoding": "utf-8-sig"},
        {"encoding": "utf-16"},
        {"encoding": "cp1252"},
        {"sep": "\t"},
        {"sep": ";", "decimal": ","},
        {"decimal": ","},
        {"lineterminator": "\r\n"},
    ],
)
def test_a_table_is_read_however_a_spreadsheet_wrote_it(script_rows, tmp_path, how):
    script_rows.loc[0, "filename"] = "Café.wav"
    script_rows.to_csv(tmp_path / "a.csv", index=False, **how)
    table, feature_set, about = datasets.read_table(tmp_path / "a.csv")
    assert (feature_set, about["notes"]) == ("script", [])
    assert table.filename.tolist() == script_rows.filename.tolist()
    pd.testing.assert_frame_equal(
        table[list(features.names("script"))].reset_index(drop=True),
        script_rows[list(features.names("script"))],
    )


def test_headers_may_be_written_as_people_write_them(script_rows, tmp_path):
    theirs = {"filename": "File Name", "label": " Genre", "rmse": "RMS ", "mfcc1": "MFCC1"}
    theirs |= {"spectral_centroid": "Spectral Centroid", "zero_crossing_rate": "zero-crossing rate"}
    assert said_of(tmp_path / "a.csv", script_rows.rename(columns=theirs)) == []


@pytest.mark.parametrize(("pieces", "samples", "seconds"), [(1, 661_794, 30.0), (10, 66_149, 3.0)])
def test_kaggles_tables_know_their_songs_and_artists(
    script_rows, tmp_path, pieces, samples, seconds
):
    table = in_pieces(script_rows, pieces) if pieces > 1 else script_rows
    means = {name: f"{name}_mean".replace("rmse", "rms") for name in features.names("script")}
    table = table.rename(columns=means).assign(length=samples, tempo=120.0, mfcc1_var=1.0)
    table.to_csv(tmp_path / "features.csv", index=False)
    learned = training.from_table(tmp_path / "features.csv")
    assert learned.X.shape == (36 * pieces, 26)
    assert learned.facts["songs"] == 36
    assert learned.facts["window_seconds"] == learned.facts["hop_seconds"] == seconds
    songs = datasets.songs().set_index("song_id").loc[learned.table.song_id]
    assert learned.table.artist_group.tolist() == songs.artist_group.tolist()
    known = learned.table.fault_filtered_split.fillna("").tolist()
    assert known == songs.fault_filtered_split.fillna("").tolist()


@pytest.mark.parametrize("name", ["{}.{}.wav", "{}_{}.wav", "{} ({}).mp3", "{} part {}"])
def test_pieces_stay_together_in_every_protocol_and_count_once(script_rows, tmp_path, name):
    csv = tmp_path / "a.csv"
    in_pieces(script_rows, name=name).to_csv(csv, index=False)
    learned = training.from_table(csv)
    assert set(learned.folds) == {"random split", "artists kept whole"}
    for folds in learned.folds.values():
        for train, test in folds:
            assert not {*learned.table.song_id.iloc[train]} & {*learned.table.song_id.iloc[test]}
    assert (len(learned.table), learned.facts["songs"]) == (288, 36)
    *genres, note = training.overview(learned)
    assert note == "288 rows count as 36: pieces stay together, by the last numbers of the names"
    known = datasets.songs().set_index("song_id").loc[learned.table.song_id]
    artists = known.groupby("genre").artist_group.nunique()
    assert genres == [f"{genre!r}: 12 songs, artists: {artists[genre]}" for genre in LABELS]


def test_copies_are_left_out_and_counted(script_rows, tmp_path):
    copies = in_pieces(script_rows, noise=0)
    [note] = said_of(tmp_path / "a.csv", copies)
    assert note == "252 rows left out: copies of others (first: row 3)"
    assert len(datasets.read_table(tmp_path / "a.csv")[0]) == 36


def test_a_column_of_songs_says_more_than_names(script_rows, tmp_path):
    table = script_rows.assign(song=[f"Song {i // 3}" for i in range(36)])
    [note] = said_of(tmp_path / "a.csv", table)
    assert note == "36 rows count as 12: pieces stay together, by the column song"


def test_what_cannot_be_known_is_called_rows(script_rows, tmp_path):
    names = [f"a_{i}" for i in range(12)] + [f"b{i // 3}_{i % 3}" for i in range(24)]
    script_rows.assign(filename=names).to_csv(tmp_path / "a.csv", index=False)
    learned = training.from_table(tmp_path / "a.csv")
    assert learned.facts["counted"] == "songs or rows"
    first, *_, note, _ = training.overview(learned)
    assert first == "'blues': 12 songs or rows, artists: unknown or too few"
    assert "counted as rows in ['blues']: a column 'song'" in note
    score = {"value": 0.5, "low": 0.2, "high": 0.8, "n": 20}
    card = learned.facts | {"accuracy": {"random split": score}, "labels": LABELS}
    card["when_sure"] = {"accuracy": None}
    assert "of 20 songs or rows that it had not" in training.trust(card)


@pytest.mark.parametrize("value", ["inf", "#DIV/0!", "high", "", "1e300", "0,5", "rmse"])
def test_a_value_that_is_no_number_is_named_by_row_and_column(script_rows, tmp_path, value):
    table = script_rows.astype({"mfcc2": object})
    table.loc[3, "mfcc2"] = value
    [note] = said_of(tmp_path / "a.csv", table)
    assert note == (
        f"1 row left out: values missing or no numbers (first: row 5, mfcc2 is {value!r})"
    )


def test_a_genre_that_is_lost_small_or_written_twice_is_named(script_rows, tmp_path):
    script_rows.loc[script_rows.label == "jazz", "mfcc2"] = np.nan
    script_rows.loc[:2, "label"] = ["lone", "Blues", "Blues"]
    script_rows.loc[3:4, "label"] = "blues "
    assert said_of(tmp_path / "a.csv", script_rows)[1:] == [
        "genres left out, for they need two songs: ['jazz', 'lone']",
        "genres that look alike count apart: ['Blues', 'blues', 'blues ']",
    ]
    lines = list(training.overview(training.from_table(tmp_path / "a.csv")))
    assert lines[0].startswith("'Blues': 2 songs, ")
    assert lines[0].endswith("; a small genre")


@pytest.mark.parametrize("name", ["not sure", "a" * 101])
def test_a_genre_that_no_model_can_say_is_refused_before_training(script_rows, tmp_path, name):
    script_rows.loc[script_rows.label == "jazz", "label"] = name
    script_rows.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(ValueError, match=f"no model may call a genre '{name[:40]}': rename it"):
        training.from_table(tmp_path / "a.csv")


def test_a_header_in_the_middle_is_left_out(script_rows, tmp_path):
    text = script_rows.to_csv(index=False)
    (tmp_path / "a.csv").write_text(text + text)
    notes = said_of(tmp_path / "a.csv")
    assert "1 row left out" in notes[0]
    assert "first: row 38, chroma_stft is 'chroma_stft'" in notes[0]
    assert notes[1].startswith("36 rows left out: copies")
    assert len(notes) == 2


def test_columns_that_are_missing_or_there_twice_are_named(script_rows, tmp_path):
    table = script_rows.drop(columns=["label", "mfcc3"]).assign(MFCC4=1)
    with pytest.raises(ValueError, match=r"row 1 should name label, mfcc3, mfcc4 once") as caught:
        said_of(tmp_path / "a.csv", table)
    # Whoever follows advice must not lose a table.
    assert "--out ANOTHER.csv" in str(caught.value)


def test_an_artist_who_plays_a_whole_genre_allows_no_claim_about_new_artists(script_rows, tmp_path):
    bands = [
        f"{label} band {i % 4 * (label != 'jazz')}" for i, label in enumerate(script_rows.label)
    ]
    script_rows.assign(artist=bands).to_csv(tmp_path / "a.csv", index=False)
    assert protocols(tmp_path / "a.csv") == {"random split"}


def test_one_artist_in_two_spellings_is_one(script_rows, tmp_path):
    bands = ["ABBA", "Abba "] + [f"band {i}" for i in range(34)]
    script_rows.assign(artist=bands).to_csv(tmp_path / "a.csv", index=False)
    assert datasets.read_table(tmp_path / "a.csv")[0].artist_group.nunique() == 35
