"""The song list, the script's table, and anybody's folder of songs."""

import os
from pathlib import Path

import pandas as pd
import pytest

from helpers import audio, datasets, features
from helpers.datasets import shipped


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_the_song_list_holds_a_hundred_songs_of_each_genre():
    table = datasets.songs()
    assert list(table.columns) == [
        "song_id", "genre", "artist", "title", "fault_filtered_split", "artist_group",
    ]  # fmt: skip
    assert table["song_id"].is_unique
    assert table["genre"].value_counts().to_dict() == dict.fromkeys(datasets.GENRES, 100)
    assert (table["song_id"].str.split(".").str[0] == table["genre"]).all()
    split = table["fault_filtered_split"].value_counts()
    assert split.to_dict() == {"train": 443, "valid": 197, "test": 290}


def test_a_song_of_unknown_artist_is_an_artist_of_its_own():
    table = datasets.songs()
    unknown = table["artist"].isna()
    assert unknown.sum() == 81
    assert (table["artist_group"] == table["artist"].where(~unknown, table["song_id"])).all()
    assert not set(table.loc[unknown, "artist_group"]) & set(table["artist"].dropna())


def test_the_song_list_is_the_published_one(shared_data):
    published = (shared_data / "facts/gtzan_songs.csv").read_bytes()
    assert (datasets.DATA / "songs.csv").read_bytes() == published


def test_titles_that_read_like_a_missing_value_stay_titles(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "DATA", tmp_path)
    header = "song_id,genre,artist,title,fault_filtered_split"
    (tmp_path / "songs.csv").write_text(f"{header}\nrock.00000,rock,NA,None,\n")
    (row,) = datasets.songs().to_dict("records")
    assert (row["artist"], row["title"]) == ("NA", "None")
    assert pd.isna(row["fault_filtered_split"])


def test_the_table_of_the_script_knows_its_songs():
    table = datasets.script_table()
    assert sorted(table["song_id"]) == sorted(datasets.songs()["song_id"])
    assert {"genre", "artist_group", "fault_filtered_split"} <= set(table)
    assert table[["artist_group", *features.names("script")]].notna().all(axis=None)


def test_a_folder_per_genre_becomes_a_table(tmp_path):
    put(tmp_path, "zydeco/b.WAV", "zydeco/a.mp3", "bebop/live/1949.flac", "bebop/x.aif")
    put(tmp_path, "bebop/live-2.ogg", "bebop/B.Au", "bebop/take 1.aiff")
    put(tmp_path, "bebop/notes.txt", "bebop/._x.aif", "bebop/.hidden.wav", ".trash/old/y.wav")
    table = datasets.from_folder(str(tmp_path))
    assert list(table.columns) == ["path", "filename", "genre"]
    assert list(zip(table["genre"], table["filename"], strict=True)) == [
        ("bebop", "B.Au"),
        ("bebop", "live-2.ogg"),
        ("bebop", "live/1949.flac"),
        ("bebop", "take 1.aiff"),
        ("bebop", "x.aif"),
        ("zydeco", "a.mp3"),
        ("zydeco", "b.WAV"),
    ]
    assert all(Path(path).is_file() for path in table["path"])


def test_links_are_followed_and_loops_are_harmless(tmp_path):
    put(tmp_path / "elsewhere", "1.wav")
    music = put(tmp_path / "music", "rock/2.wav")
    try:
        (music / "jazz").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
        (music / "rock/again").symlink_to(music, target_is_directory=True)
        (tmp_path / "elsewhere/back").symlink_to(music / "rock", target_is_directory=True)
    except OSError:
        pytest.skip("skipped, because this system makes no links")
    table = datasets.from_folder(music)
    assert sorted(name[-5:] for name in table["filename"]) == ["1.wav", "2.wav"]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (["rock/readme.txt", "rock/._1.wav"], "holds no WAV, FLAC, MP3, OGG or other sound files"),
        (["1.wav", "2.wav"], r"2 sound files lie outside the genres' folders \(1\.wav\)"),
        (["rock/1.wav", "stray.mp3"], r"1 sound file lies outside.*stray\.mp3"),
        (
            ["genres_original/rock/1.wav", "genres_original/jazz/1.wav", "images/rock/1.png"],
            r"holds one folder, \S*genres_original, and in it 2: if those are the genres, give it",
        ),
    ],
)
def test_a_folder_of_another_layout_is_told_the_expected_one(tmp_path, files, problem):
    with pytest.raises(ValueError, match=problem) as caught:
        datasets.from_folder(put(tmp_path, *files))
    assert f"{tmp_path}/<genre>/<song>.wav" in str(caught.value)


def test_what_is_no_folder_is_named(tmp_path):
    for path in (tmp_path / "nowhere", put(tmp_path, "song.wav") / "song.wav"):
        with pytest.raises(ValueError, match=f"There is no folder {path}; expected"):
            datasets.from_folder(path)


def test_the_real_songs_are_found(shared_data):
    table = datasets.from_folder(shared_data / "audio/gtzan_mini/genres")
    assert table["genre"].value_counts().to_dict() == dict.fromkeys(datasets.GENRES, 10)
    assert set(table["filename"].str.removesuffix(".wav")) <= set(datasets.songs()["song_id"])


ENDINGS = ["wav", "FLAC", "mp3", "opus", "oga", "aifc", "caf", "w64", "m4a", "wma", "aac", "mp4"]


def test_sound_files_of_every_ending_are_listed(tmp_path):
    table = datasets.from_folder(put(tmp_path, *(f"rock/a.{ending}" for ending in ENDINGS)))
    assert sorted(table.filename) == sorted(f"a.{ending}" for ending in ENDINGS)


def test_a_folder_that_may_not_be_opened_stands_in_the_list(tmp_path, monkeypatch):
    put(tmp_path, "rock/1.wav", "rock/closed/2.wav", "jazz/3.wav")
    real = os.scandir

    def scandir(path):
        if os.fspath(path).endswith(("closed", "jazz")):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    table = datasets.from_folder(tmp_path)
    assert sorted(table.filename) == ["", "1.wav", "closed"]
    for path in table.path[table.filename != "1.wav"]:
        with pytest.raises(audio.AudioError, match=r"cannot be opened \(Permission denied\)"):
            audio.load(path)
    findings = datasets.doctor(tmp_path)
    assert findings.advice.str.contains("cannot be opened").sum() == 2
    with pytest.raises(PermissionError):
        datasets.from_folder(tmp_path / "jazz")
