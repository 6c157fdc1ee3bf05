"""Hostile input by the hundred: whatever is handed in is refused in a sentence, or used rightly.

A module for each kind of input has a COUNT and ``try_one(number, folder)``: it makes one case from
its number, feeds it to helpers, and returns what was done to it, "refused" or "used", and the
sentence. Whatever else happens is broken: an AssertionError says how. See `bench` for the bounds.
"""
