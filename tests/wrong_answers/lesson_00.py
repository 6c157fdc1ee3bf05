"""Plausible wrong answers: each must get advice of its own."""

from helpers.exercises import lesson_00


def not_rock():
    return int((lesson_00._guesses("rock") != "rock").sum())


WRONG = {
    "00.1": [not_rock, lambda: 100],
    "00.2": [lambda: "songs kept whole", lambda: "windows shuffled", lambda: 0.89],
}
