"""The second ear hears what it should, whoever converted it, and says nothing else."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from helpers import audio, datasets, evaluation, features, jukebox, splits
from helpers.evaluation import calibration
from helpers.models import litert, yamnet
from helpers.song import PRETRAINED, inputs, training


def samples(rows, shared_data):
    """Sound of some rows of the sampler."""
    folders = [shared_data / "audio" / name for name in ("gtzan_clips", "gtzan_mini")]
    paths = {path.stem: path for folder in folders for path in folder.rglob("[!.]*.wav")}
    for row in datasets.sampler().iloc[rows].itertuples():
        yield audio.load(paths[row.song_id], offset=row.start, duration=2.0)[0]


@pytest.fixture(scope="module")
def other(shared_data):
    """Another conversion of the same weights."""
    path = shared_data / "yamnet/other.tflite"
    if not path.is_file():
        pytest.skip("skipped, because no other conversion of YAMNet lies beside the checkout")
    return path


def test_names_and_columns_go_together():
    assert len(yamnet.TAGS) == len(set(yamnet.TAGS)) == 521
    assert yamnet.TAGS[0] == "Speech"
    assert datasets.embeddings("yamnet").shape == (1409, 1024 + 521)
    assert datasets.embeddings("yamnet").dtype == np.float32
    assert {name: part.stop for name, part in yamnet.LAYOUT.items()} == {
        "embedding": 1024, "tags": 1545,
    }  # fmt: skip


def test_tags_of_known_genres_are_sensible():
    """Averaged over a genre's windows, the tag of that name is heard there more than anywhere."""
    tags = pd.DataFrame(datasets.embeddings("yamnet")[:, yamnet.LAYOUT["tags"]])
    tags.columns = yamnet.TAGS
    by_genre = tags.groupby(datasets.sampler().genre.to_numpy()).mean()
    same = {"blues": "Blues", "classical": "Classical music", "country": "Country",
            "hiphop": "Hip hop music", "jazz": "Jazz", "metal": "Heavy metal",
            "reggae": "Reggae"}  # fmt: skip
    for genre, tag in same.items():
        assert by_genre[tag].idxmax() == genre
    assert tags.mean().idxmax() == "Music"


@pytest.mark.usefixtures("yamnet_tflite")
def test_windows_of_any_length_and_rate_are_heard():
    y = jukebox.play("rock", seconds=3)
    for short, long in [(y[:44_100], y), *((y[:n], np.pad(y[:n], (0, 44_100 - n))) for n in
                                           (0, 1, 4410, 44_099))]:  # fmt: skip
        a, b = yamnet.embed([short, long])
        assert a.shape == (1545,)
        assert a.dtype == np.float32
        assert np.abs(a - b).mean() < 0.01, "what is lacking is silence, what is too much is cut"
    assert np.isfinite(yamnet.embed([y[::2]], sr=11_025)).all()


@pytest.mark.parametrize("content", [b"", b"something else", bytes(5000)])
def test_what_is_no_yamnet_is_said(tmp_path, monkeypatch, content):
    (tmp_path / "yamnet.tflite").write_bytes(content)
    monkeypatch.setenv("GENRE_DATA", str(tmp_path))
    yamnet._ready.cache_clear()
    with pytest.raises(ValueError, match=r"yamnet\.tflite holds no YAMNet: delete it"):
        yamnet.embed([np.zeros(44_100)])


@pytest.mark.usefixtures("yamnet_tflite")
def test_nothing_but_the_answer_is_said():
    """In a process of its own: LiteRT announces itself once, from C++."""
    script = "from helpers.models import yamnet; yamnet.embed([[0.0] * 9])"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_what_others_say_on_stderr_is_not_swallowed(capfd):
    with litert._quiet():
        subprocess.run(["sh", "-c", "echo from C++ >&2"], check=True)
    print("from Python", file=sys.stderr)
    subprocess.run(["sh", "-c", "echo later >&2"], check=True)
    assert capfd.readouterr().err == "from Python\nlater\n"


@pytest.fixture(scope="module")
def heard(shared_data, other):
    """What another conversion hears in the sampler."""
    with pytest.MonkeyPatch.context() as patch:
        run = litert.runner(yamnet.with_embedding(other.read_bytes()))
        patch.setattr(yamnet, "_ready", lambda: run)
        return yamnet.embed(samples(range(len(datasets.sampler())), shared_data))


@pytest.mark.slow
@pytest.mark.parametrize(("embedding", "least"), [("musicnn-yamnet", 0.95), ("yamnet", 0.9)])
def test_another_conversion_gives_the_same_genres(embedding, least, heard):
    """Trained on one conversion and asked with the other, by artists that were never heard."""
    table = datasets.sampler()
    known = training.from_sampler(embedding)
    asked = inputs.inputs(
        embedding, table[list(features.names("full"))], musicnn=datasets.embeddings(), yamnet=heard
    )
    assert np.abs(known.X - asked).max() > 0.1, "it is another conversion"
    said = {"ours": [], "theirs": []}
    for train, test in splits.by_artist(table):
        model = evaluation.fit(known.model, known.X[train], table.iloc[train], balanced=True)
        for name, X in (("ours", known.X), ("theirs", asked)):
            said[name].append(evaluation.predict(model, X[test], table.iloc[test]))
    songs = {name: calibration.by_song(pd.concat(parts)) for name, parts in said.items()}
    same = np.mean(songs["ours"].predicted == songs["theirs"].predicted)
    right = {name: np.mean(rows.predicted == rows.genre) for name, rows in songs.items()}
    assert len(songs["ours"]) == 509
    assert same >= least
    assert abs(right["ours"] - right["theirs"]) <= 0.01, right
    page = (PRETRAINED / embedding / "README.md").read_text(encoding="utf-8")
    assert f"the same genre for {100 * same:.0f} % of 509 songs" in " ".join(page.split())
    assert f"right for {right['theirs']:.3f} of them instead of {right['ours']:.3f}" in page
