"""What the lessons share: a room for each question, and nothing else.

==========  =========================================  ======================================
room        its question                               lessons that use it
==========  =========================================  ======================================
audio       How does a file become samples?            00 01 02 02b 03 04 06 07 09 10
splits      Who may sit in the test set?               00 03 04 05 06 07 08 09
plots       How do we look at it?                      00 01 02 02b 03 04 05 06 07 08 09 10
features    What does a song look like as numbers?     00 01 02b 03 04 05 06 07 08 09
datasets    Which songs are there, and from where?     00 01 02b 03 04 05 06 07 08 09 10
models      Which models are there?                    00 03 04 05 06 07 08 09
evaluation  How good is it, and how sure are we?       00 03 04 05 06 07 08 09 10
jukebox     What would it sound like if…?              00 01 02 02b 03 06 07 09 10
song        What genre is my song?                     08 10
exercises   Did I get it right?                        00 01 02 02b 03 04 05 06 07 08 09 10 11
==========  =========================================  ======================================

``from helpers import audio`` is how a lesson enters a room. Where a question has an engine behind
it, the room is a folder: ``from helpers.evaluation import calibration``. Whoever reads the code can
read it in the order of the table: each room imports only from rooms above it. ``python -m helpers``
is the course from a shell.
"""
