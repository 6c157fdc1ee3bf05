"""How good is a classifier on one's own shelf? Its folders are the labels."""

import pandas as pd

from helpers import splits
from helpers.audio import AudioError, reader
from helpers.audio.collection import from_folder


def judge(classifier, folder):
    """Ask a classifier about a folder of labeled songs; `evaluation.accuracy` counts (lesson 10).

    Parameters
    ----------
    classifier : song.SongClassifier
    folder : path-like
        Holds ``<genre>/<file>`` or ``<genre>/<artist>/<file>``, a file for each song. Genres are
        compared by their letters and digits: "Hip-Hop" is hiphop.

    Returns
    -------
    songs : pd.DataFrame
        song_id (the file), artist_group (the artist in the file's tags, else the artist's folder,
        else the file: an artist of its own), genre, predicted (or "not sure") and first_guess.
    left_out : pd.DataFrame
        Columns file, reason and advice: what can't be used, and folders of genres without a name.

    Raises
    ------
    ValueError
        If there is no such folder, or no song in it.
    datasets.FetchError
        If the classifier embeds with weights that aren't here.
    """
    known = {splits.plain(label): label for label in classifier.labels}
    rows, left_out = [], []
    for genre, files in from_folder(folder).groupby("genre"):
        if splits.plain(genre) not in known:
            reason = f"is no genre of this classifier (files: {len(files)})"
            left_out.append((f"{genre}/", reason, f"rename it: {', '.join(classifier.labels)}"))
            continue
        for file in files.itertuples():
            name = f"{genre}/{file.filename}"
            try:
                answer = classifier.predict(file.path)
                artist = _artist(file) or name
            except AudioError as problem:
                left_out.append((name, problem.reason, problem.advice))
                continue
            first = answer.probabilities.index[0]
            rows.append((name, artist, known[splits.plain(genre)], answer.genre, first))
    columns = ["song_id", "artist_group", "genre", "predicted", "first_guess"]
    left_out = pd.DataFrame(left_out, columns=["file", "reason", "advice"])
    return pd.DataFrame(rows, columns=columns), left_out


def _artist(file):
    with reader.opened(file.path) as sound:
        tagged = sound.copy_metadata().get("artist", "")
    folder, inner, _ = file.filename.partition("/")
    return splits.plain(tagged.strip() or (folder if inner else ""))
