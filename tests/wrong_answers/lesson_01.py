"""Plausible wrong answers: each must get advice of its own."""

from helpers import datasets
from helpers.exercises import lesson_01


def per_cent():
    return lesson_01._plays(datasets.songs())


def of_known_songs():
    songs = datasets.songs()
    return lesson_01._plays(songs) / songs.groupby("genre").artist.count()


def busiest_alone():
    return (lesson_01._plays(datasets.songs(), 1) / 100).to_dict()


def of_all_genres():
    return (lesson_01._plays(datasets.songs()) / 1000).to_frame()


def artists():
    return datasets.songs().groupby("genre").artist.nunique()


def divided(seed=0):
    songs = datasets.songs()
    return int(lesson_01._divided(lesson_01._repeats(songs), lesson_01._deal(songs, seed)).sum())


def titles():
    songs = datasets.songs()
    repeats = lesson_01._repeats(songs)
    far = lesson_01._divided(repeats, lesson_01._deal(songs))
    return repeats[far].groupby(["artist", "title"]).ngroups, 0


def left_out_as_a_part():
    songs = datasets.songs()
    split = songs.fault_filtered_split.fillna("left out")
    return divided(), int(lesson_01._divided(lesson_01._repeats(songs), split).sum())


def together():
    return len(lesson_01._repeats(datasets.songs())) - divided(), 0


WRONG = {
    "01.1": [per_cent, of_known_songs, busiest_alone, of_all_genres, artists],
    "01.2": [
        lambda: (0, divided()),
        titles,
        together,
        left_out_as_a_part,
        lambda: (divided(), divided()),
        lambda: (divided(seed=7), 0),
        lambda: [1000, 0],
        lambda: (divided() / 143, 0.0),
        lambda: (round(100 * divided() / 143), 0),
    ],
    "01.3": [
        lambda: lesson_01._nearest_right()[0],
        lambda: lesson_01._nearest_right("song_id")[0],
        lambda: lesson_01._nearest_right("artist_group")[1],
        lambda: lesson_01._nearest_right("artist_group", among_several=True)[0],
        lambda: lesson_01._nearest_right("artist_group", standardized=False)[0],
        lambda: lesson_01._nearest_right("artist")[0],
        lambda: 0.45,
        lambda: 100 * lesson_01._nearest_right("artist_group")[0],
        lambda: 0.1,
    ],
}

# What a slip gets to hear, where a check once took it for another.
SENTENCES = {
    "01.2": [
        ((119 / 143, 0), "count the songs, don't divide"),
        ((83.2, 0), "count the songs, don't divide"),
        ((83, 0), "in per cent"),
        ((143, 0), "whether one lies in another part"),
    ],
    "01.3": [
        (0.45, "Give it unrounded"),
        (0.4, "Give it unrounded"),
        (0.73, "You barred the window's own *song*"),
        (-1, "A share is wanted"),
        (0.452, "You barred by the column `artist`"),
    ],
}
