"""The course from a shell: python -m helpers extract | train | predict | doctor | fetch."""

import argparse
import glob
import io
import json
import os
import sys
from pathlib import Path

from helpers import datasets, features
from helpers.audio import collection

# So much of a song is heard, so that an answer to a long one comes soon, too.
HEARD_SECONDS = 120.0


def main(arguments=None):
    """Run one command; whatever goes wrong becomes one sentence and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console may not know the letters of a name
            stream.reconfigure(errors="backslashreplace")
    arguments = sys.argv[1:] if arguments is None else arguments
    # A file may be called "-.mp3"; whoever has one means it.
    arguments = [f"./{a}" if a[:1] == "-" and os.path.lexists(a) else a for a in arguments]
    args = _parser().parse_args(arguments)
    try:
        return args.run(args) or 0
    except KeyboardInterrupt:
        _say("stopped; what was finished is kept", sys.stderr)
        return 130
    except (ValueError, OSError, MemoryError, datasets.FetchError) as error:
        _say(f"{args.command}: {_sentence(error)}", sys.stderr)
        return 2


def _say(text, stream=None):
    """Print a line, in which a name's control characters and broken bytes do no harm."""
    line = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    print("".join(line), file=stream)


def _parser():
    parser = argparse.ArgumentParser(prog="python -m helpers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    extract = commands.add_parser("extract", help="turn a folder of songs into a feature table")
    extract.add_argument("folder", help="holds <genre>/<file>")
    extract.add_argument("--out", required=True, help="CSV to write; goes on where it stopped")
    extract.add_argument("--features", choices=features.FEATURE_SETS, default="full")
    extract.add_argument("--jobs", type=_positive, help="threads (default: all cores)")
    extract.set_defaults(run=_extract)

    train = commands.add_parser("train", help="train the script's network on a feature table")
    train.add_argument("csv", help="made by extract")
    train.add_argument("--out", required=True, help="folder for the trained model")
    train.set_defaults(run=_train)

    predict = commands.add_parser("predict", help="name the genre of songs")
    predict.add_argument("song", nargs="+", help="a file, a folder or a pattern such as '*.mp3'")
    predict.add_argument(
        "--model", help="folder that train wrote (default: a model of the course's sampler)"
    )
    predict.add_argument(
        "--whole", action="store_true", help="hear more than the first two minutes"
    )
    predict.add_argument("--json", action="store_true", help="one JSON object a line")
    predict.set_defaults(run=_predict)

    doctor = commands.add_parser("doctor", help="look for files that would spoil a data set")
    doctor.add_argument("folder")
    doctor.set_defaults(run=_doctor)

    holds = {name: source.holds for name, source in datasets.SOURCES.items()}
    holds |= {name: f"{' and '.join(names)} together" for name, names in datasets.GROUPS.items()}
    about = "; ".join(f"{name}: {text}" for name, text in holds.items())
    fetch = commands.add_parser("fetch", help="download a data set", description=about)
    fetch.add_argument("name", choices=sorted(holds))
    fetch.set_defaults(run=_fetch)
    return parser


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _extract(args):
    files = datasets.from_folder(args.folder)
    table, failures = features.extract(
        files, out=args.out, feature_set=args.features, jobs=args.jobs
    )
    _say(f"{_count(len(table), 'song')} in {args.out}")
    for failure in failures.itertuples():
        _say(f"{failure.file} {failure.reason}; {failure.advice}", sys.stderr)
    if len(failures):
        _say(f"left out: {_count(len(failures), 'file')} of {len(files)}", sys.stderr)
    if len(table) == 0:
        count = _count(len(files), "file")
        raise ValueError(f"none of {count} could be used (see the lines above)")


def _train(args):
    from helpers.song import SongClassifier, training

    learned = training.from_table(args.csv)
    for line in training.overview(learned):
        _say(line)
    classifier = SongClassifier.fit(learned)
    counted = classifier.card.get("counted", "songs")
    classifier.save(args.out)
    for name, score in classifier.card["accuracy"].items():
        n = f"{score['n']} {counted}"
        print(f"{name}: accuracy {_interval(score)}, n = {n} ({score['protocol']})")
    print(training.trust(classifier.card))
    if "artists kept whole" not in classifier.card["accuracy"]:
        print("artists unknown or too few: expect less on artists that the model has never heard")
    print(f"trained on {classifier.card['songs']} {counted}, saved in {args.out}")


def _interval(score):
    if score["low"] is None:
        return f"{score['value']:.3f}"
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def _count(n, noun):
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _predict(args):
    from helpers.song import SongClassifier, training

    if os.path.isfile(args.model or ""):
        folder = (
            "--model takes the folder that train wrote: train one with 'python -m helpers train'"
        )
        raise ValueError(f"{args.model} is a file, and {folder}")
    if args.model:
        classifier = SongClassifier.load(args.model)
    else:
        classifier = SongClassifier.default()
        better = " 'python -m helpers fetch embeddings' gets the best ears (33 MB)."
        better = "" if datasets.local_path("embeddings") else better
        print(training.trust(classifier.card) + better, file=sys.stderr)
    failed, longer = 0, 0
    for song in _songs(args.song):
        try:
            answer = classifier.predict(song, seconds=None if args.whole else HEARD_SECONDS)
        except datasets.FetchError:
            raise
        except Exception as error:  # a bad song must not cost the others
            failed += 1
            _say(f"{song} {_sentence(error)}", sys.stderr)
            continue
        longer += not answer.whole
        if answer.silent:
            windows = f"{answer.silent} of {_count(len(answer.timeline), 'window')}"
            _say(f"{song} is silent in {windows}, which counts for nothing", sys.stderr)
        if args.json:
            rounded = {genre: round(float(p), 4) for genre, p in answer.probabilities.items()}
            print(json.dumps({"song": song, "genre": answer.genre, "p": rounded}))
        else:
            _say(f"{song}: {answer}")
    if longer:
        text = f"heard the first two minutes of {_count(longer, 'longer song')}: --whole hears all"
        print(text, file=sys.stderr)
    return 2 if failed else 0


def _songs(names):
    """The songs that are meant: files as they are, those in a folder, those that fit a pattern."""
    for name in names:
        found = []
        if os.path.isdir(name):
            found = [str(Path(name) / song) for song in collection.list_audio(name)[0]]
        elif not os.path.lexists(name):
            found = sorted(glob.glob(name, recursive=True))
        yield from found or [name]


def _doctor(args):
    findings = datasets.doctor(args.folder)
    for row in findings.itertuples():
        _say(f"{Path(row.genre or '') / row.filename}: {row.problem}; {row.advice}")
    count = _count(len(findings), "finding")
    _say(f"{count} in {args.folder}" if len(findings) else "nothing to mend")


def _fetch(args):
    for name in datasets.GROUPS.get(args.name, [args.name]):
        _say(str(datasets.fetch(name)))
        if name == "musicnn":
            from helpers.models import musicnn

            musicnn.prepare()


def _sentence(error):
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}"
    return str(error).strip() or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
