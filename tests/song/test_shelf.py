"""A folder of one's own: every song asked and counted, every file that can't be used named."""

from pathlib import Path

import ipywidgets
import librosa
import nbformat
import numpy as np
import pytest
import soundfile as sf

from helpers import audio, evaluation, jukebox
from helpers.song import PRETRAINED, SongClassifier, page, shelf

SR = audio.SAMPLE_RATE
LESSON = Path(__file__).resolve().parents[2] / "notebooks/10_your_own_song.ipynb"


@pytest.fixture(scope="module")
def classifier():
    return SongClassifier.load(PRETRAINED / "hand-made")


def write(path, y, artist="", **form):
    path.parent.mkdir(parents=True, exist_ok=True)
    with sf.SoundFile(path, "w", SR, 1, **form) as file:
        if artist:
            file.artist = artist
        file.write(y)


@pytest.fixture(scope="module")
def judged(classifier, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shelf")
    song = jukebox.play("jazz", 4.0)
    write(folder / "Jazz" / "tagged.mp3", song, "The Trio", format="MP3")
    write(folder / "Jazz" / "A Folder" / "tagged.flac", song, "the trio")
    write(folder / "Jazz" / "A Folder" / "plain.wav", song)
    write(folder / "Hip-Hop" / "alone.wav", song)
    write(folder / "Hip-Hop" / "silent.wav", np.zeros(SR))
    write(folder / "techno" / "one.wav", song)
    write(folder / "techno" / "two.wav", song)
    (folder / "Jazz" / "poem.mp3").write_text("Shall I compare thee to a summer's day?")
    return shelf.judge(classifier, folder)


def test_every_song_is_asked_and_its_folder_is_its_genre(judged, classifier):
    songs, _ = judged
    assert songs.song_id.tolist() == ["Hip-Hop/alone.wav", "Jazz/A Folder/plain.wav",
                                      "Jazz/A Folder/tagged.flac", "Jazz/tagged.mp3"]  # fmt: skip
    assert songs.genre.tolist() == ["hiphop", "jazz", "jazz", "jazz"]
    answer = classifier.predict(jukebox.play("jazz", 4.0), SR)
    assert songs.predicted[1] == answer.genre
    assert songs.first_guess[1] == answer.probabilities.index[0]


def test_artists_come_from_tags_then_from_folders_else_each_song_has_its_own(judged):
    songs, _ = judged
    assert songs.artist_group.tolist() == ["Hip-Hop/alone.wav", "afolder", "thetrio", "thetrio"]


def test_what_cannot_be_used_is_named_and_so_is_a_genre_without_a_name(judged):
    _, left_out = judged
    assert left_out.file.tolist() == ["Hip-Hop/silent.wav", "Jazz/poem.mp3", "techno/"]
    assert left_out.reason[1].startswith("cannot be decoded")
    assert left_out.reason[2] == "is no genre of this classifier (files: 2)"


def test_the_score_draws_artists_and_counts_not_sure_as_no_right_answer(judged):
    songs, _ = judged
    score = evaluation.accuracy(songs)
    assert (score.n, score.artists) == (4, 3)
    assert evaluation.accuracy(songs.assign(predicted="not sure")).value == 0


def test_a_folder_that_is_none_gets_a_sentence(classifier, tmp_path):
    with pytest.raises(ValueError, match="There is no folder"):
        shelf.judge(classifier, tmp_path / "nowhere")


# ---- lesson 10's button, behind which other music is fetched ----


@pytest.fixture
def lesson(classifier):
    """The lesson's two cells, run; what they define."""
    names = {"audio": audio, "widgets": ipywidgets, "page": page, "asked": [classifier]}
    for cell in nbformat.read(LESSON, as_version=4).cells:
        if cell.id in ("other-shelf", "other-shelf-button"):
            exec(cell.source, names)
    return names


def test_the_button_says_how_much_it_fetches(lesson, shared_data):
    paths = [shared_data / "librosa" / piece["file"] for piece in audio.PIECES.values()]
    assert f"({sum(path.stat().st_size for path in paths) / 1e6:.1f} MB)" in (
        lesson["button"].description
    )


def test_pressed_it_asks_about_each_piece(lesson, monkeypatch, tmp_path, capsys):
    write(tmp_path / "song.ogg", jukebox.play("jazz", 4.0))
    monkeypatch.setattr(librosa, "ex", lambda name: tmp_path / "song.ogg")
    monkeypatch.setattr(audio, "local_path", lambda name: None)
    lesson["button"].click()
    out = capsys.readouterr().out
    assert out.count("hand-made features: ") == len(audio.PIECES) == 7
    assert list(lesson["fetched"]) == list(audio.PIECES)


def test_pressed_without_a_network_it_says_that_the_lesson_goes_on(lesson, monkeypatch, capsys):
    def refuse(name):
        raise OSError("no network")

    monkeypatch.setattr(librosa, "ex", refuse)
    monkeypatch.setattr(audio, "local_path", lambda name: None)
    lesson["button"].click()
    assert "the lesson goes on without them" in capsys.readouterr().out
