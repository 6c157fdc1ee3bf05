"""The course from a shell: python -m helpers extract | train | predict | doctor | fetch."""

import argparse
import json
import sys
from pathlib import Path

from helpers import audio, datasets, features


def main(arguments=None):
    """Run one command; whatever goes wrong becomes one sentence and exit code 2."""
    args = _parser().parse_args(arguments)
    try:
        return args.run(args) or 0
    except KeyboardInterrupt:
        print("stopped; what was finished is kept", file=sys.stderr)
        return 130
    except (ValueError, OSError, datasets.FetchError) as error:
        print(f"{args.command}: {_sentence(error)}", file=sys.stderr)
        return 2


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
    predict.add_argument("song", nargs="+")
    predict.add_argument(
        "--model", help="folder that train wrote (default: a model of the course's sampler)"
    )
    predict.add_argument("--json", action="store_true", help="one JSON object a line")
    predict.set_defaults(run=_predict)

    doctor = commands.add_parser("doctor", help="look for files that would spoil a data set")
    doctor.add_argument("folder")
    doctor.set_defaults(run=_doctor)

    fetch = commands.add_parser("fetch", help="download a data set")
    fetch.add_argument("name", choices=sorted(datasets.SOURCES))
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
    print(f"{_count(len(table), 'song')} in {args.out}")
    for failure in failures.itertuples():
        print(f"{failure.file} {failure.reason}; {failure.advice}", file=sys.stderr)
    if len(table) == 0:
        count = _count(len(files), "file")
        raise ValueError(f"none of {count} could be used (see the lines above)")


def _train(args):
    from helpers.song import SongClassifier, training

    for line in training.overview(training.from_table(args.csv)):
        print(line)
    classifier = SongClassifier.fit(args.csv)
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

    if args.model:
        classifier = SongClassifier.load(args.model)
    else:
        classifier = SongClassifier.default()
        better = " 'python -m helpers fetch musicnn' gets a better embedding."
        better = "" if classifier.card["embedding"] == "musicnn" else better
        print(training.trust(classifier.card) + better, file=sys.stderr)
    failed = 0
    for song in args.song:
        try:
            answer = classifier.predict(song)
        except audio.AudioError as error:
            failed += 1
            print(f"{song} {error}", file=sys.stderr)
            continue
        if answer.silent:
            windows = f"{answer.silent} of {_count(len(answer.timeline), 'window')}"
            print(f"{song} is silent in {windows}, which counts for nothing", file=sys.stderr)
        if args.json:
            rounded = {genre: round(float(p), 4) for genre, p in answer.probabilities.items()}
            print(json.dumps({"song": song, "genre": answer.genre, "p": rounded}))
        else:
            print(f"{song}: {answer}")
    return 2 if failed else 0


def _doctor(args):
    findings = datasets.doctor(args.folder)
    for row in findings.itertuples():
        print(f"{Path(row.genre or '') / row.filename}: {row.problem}; {row.advice}")
    count = _count(len(findings), "finding")
    print(f"{count} in {args.folder}" if len(findings) else "nothing to mend")


def _fetch(args):
    print(datasets.fetch(args.name))


def _sentence(error):
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}"
    return str(error).strip()


if __name__ == "__main__":
    sys.exit(main())
