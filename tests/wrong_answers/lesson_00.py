"""Plausible wrong answers: each must get advice of its own."""

from helpers.exercises import lesson_00


def rock(*args, **kwargs):
    return lesson_00._guesses(*args, **kwargs).count("rock")


def not_rock():
    return 10 - rock("country")


def from_one():
    return rock("country", range(1, 11))


def all_five_seconds():
    return rock("country", heard=5)


WRONG = {
    "00.1": [not_rock, from_one, all_five_seconds, lambda: 100, lambda: 0.8],
    "00.2": [lambda: "songs kept whole", lambda: "windows shuffled", lambda: 0.89],
}

# What a slip gets to hear, where a check once said nothing that helps.
SENTENCES = {
    "00.1": [
        (6, "The first seed is 0"),
        (9, "The model hears the first two"),
        (6.0, "The first seed is 0"),
        (10, "style country"),
    ],
}
