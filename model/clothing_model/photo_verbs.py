"""The verbs for the photos themselves: collecting, looking, cleaning, comparing. `cli` adds them to its own."""
import argparse
import asyncio
import pathlib

from .errors import PipelineError


def collect(arguments) -> None:
    from . import collection, download, sources

    searches = [_pair(text) for text in arguments.phrases]
    for file in arguments.phrase_file or []:
        searches += collection.read_phrases(file)
    listed = []
    for text in arguments.urls or []:
        label, equals, file = text.rpartition("=")
        listed += sources.from_list(pathlib.Path(file), label if equals else None)
    if not searches and not listed:
        raise PipelineError("nothing to collect", 'give LABEL=PHRASE, such as "hat=straw hat", or --phrases, or --urls')
    manners = download.Manners(arguments.contact or "", 1 / arguments.rate, arguments.together, arguments.parallel,
                               arguments.tries, silence=arguments.timeout / 3, whole=arguments.timeout, most=arguments.bytes)
    if searches or arguments.contact:
        download.check_contact(manners.contact)
    wishes = collection.Wishes(
        arguments.out, tuple(dict.fromkeys(searches)), tuple(listed), tuple(arguments.sources),
        {"openverse": arguments.openverse, "commons": arguments.commons}, arguments.licences,
        arguments.each, arguments.listed, arguments.longest, arguments.least, arguments.near, manners)
    summary = asyncio.run(collection.collect(wishes, lambda text: print(text, flush=True)))
    print(f"{summary.kept.total()} photos in {arguments.out / 'photos'}")
    for label, count in sorted(summary.kept.items()):
        print(f"  {label}: {count}" + (" (as many as wished for)" if label in summary.full else ""))
    if summary.reasons:
        print(f"{summary.reasons.total()} addresses gave none, each named in {arguments.out / 'refused.csv'}")
        for reason, count in summary.reasons.most_common():
            print(f"  {count} x {reason}")
    if summary.failed_searches:
        raise PipelineError("searches that failed: " + "; ".join(summary.failed_searches),
                            "run the same command again later: it goes on where it stopped")


def _pair(text: str) -> tuple[str, str]:
    label, equals, phrase = text.partition("=")
    if not equals or not phrase.strip():
        raise PipelineError(f"{text!r}: not LABEL=PHRASE", 'write for example "hat=straw hat"')
    return label.strip(), phrase.strip()


def apply(arguments) -> None:
    from . import decisions

    if arguments.undo == bool(arguments.decisions):
        raise PipelineError("give either the CSV of decisions or --undo", "see apply --help")
    if arguments.undo:
        journal, moves = decisions.last(arguments.data)
        print(f"taking back {journal}:")
    else:
        moves = decisions.plan(arguments.data, arguments.decisions)
    print(decisions.describe(moves) if moves or not arguments.undo else "none of its moves was made")
    if not arguments.yes:
        print("nothing was changed; do it with --yes")
    elif arguments.undo:
        decisions.undo(arguments.data, journal, moves)
        print("done")
    elif moves:
        print(f"done; {decisions.carry_out(arguments.data, moves)} tells how to go back, and --undo does it")


def add_to(verbs) -> None:
    verb = verbs.add_parser(
        "collect", help="fetch photos for phrases, or for lists of URLs", description="Searches Openverse and Wikimedia "
        "Commons for phrases, or takes lists of URLs; keeps each picture once, with its author and licence. Stopped at "
        "any moment, the same command goes on.")
    verb.set_defaults(call=collect, extra="collect")
    verb.add_argument("phrases", nargs="*", metavar="LABEL=PHRASE", help='what to search for, such as "hat=straw hat"')
    verb.add_argument("--phrases", dest="phrase_file", type=pathlib.Path, action="append", metavar="FILE",
                      help='TOML: [phrases], then lines such as hat = ["straw hat", "felt hat"]')
    verb.add_argument("--urls", action="append", metavar="[LABEL=]FILE",
                      help="CSV with a column url (and label, source, author, licence, page), or one URL a line")
    verb.add_argument("--out", type=pathlib.Path, required=True, help="folder for photos/, manifest.csv and refused.csv")
    verb.add_argument("--contact", help="your mail address or page, told to the servers; searches need it")
    verb.add_argument("--sources", nargs="+", choices=("openverse", "commons"), default=["openverse", "commons"],
                      help="where to search (both)")
    verb.add_argument("--licences", default="", metavar="KINDS",
                      choices=("", "commercial", "modification", "commercial,modification"),
                      help="what Openverse's licences must allow: commercial, modification, or both with a comma; "
                      "default: any open licence")
    verb.add_argument("--each", type=_count, default=300, help="photos a label at most (%(default)s)")
    verb.add_argument("--listed", type=_count, default=200, help="addresses taken from one search at most (%(default)s)")
    verb.add_argument("--longest", type=_count, default=1024, help="longest side kept, pixels (%(default)s)")
    verb.add_argument("--least", type=_count, default=64, help="shortest side kept, pixels (%(default)s)")
    verb.add_argument("--bytes", type=_count, default=20_000_000, help="of one file at most (%(default)s)")
    verb.add_argument("--near", type=int, default=14,
                      help="bits of 256 in which two pictures' fingerprints may differ and be one (%(default)s); -1: only equal files")
    verb.add_argument("--rate", type=_rate, default=2.0, help="requests a second to one host (%(default)s)")
    verb.add_argument("--together", type=_count, default=2, help="requests to one host at a time (%(default)s)")
    verb.add_argument("--parallel", type=_count, default=8, help="requests at a time in all (%(default)s)")
    verb.add_argument("--tries", type=_count, default=4, help="of an address whose failure may pass (%(default)s)")
    verb.add_argument("--timeout", type=_rate, default=60.0, help="seconds for one file; a third of it without a byte (%(default)s)")
    verb.add_argument("--openverse", default="https://api.openverse.org/v1/images/", help="its address (%(default)s)")
    verb.add_argument("--commons", default="https://commons.wikimedia.org/w/api.php",
                      help="its address, or another MediaWiki's (%(default)s)")

    verb = verbs.add_parser(
        "apply", help="carry out a CSV of decisions: keep, relabel, delete", description="Moves photos as a CSV with the "
        "columns file, label, action (keep, relabel, delete), new_label says; deleted ones go to DATA/.bin. Tells what it "
        "would do; does it with --yes. Every row is checked first: one that is wrong, and nothing is done.")
    verb.set_defaults(call=apply)
    verb.add_argument("decisions", nargs="?", type=pathlib.Path, metavar="CSV", help="the decisions, as the page exports them")
    verb.add_argument("--data", type=pathlib.Path, required=True, help="root/<train|val|test>/<label>/* or root/<label>/*")
    verb.add_argument("--yes", action="store_true", help="do it, instead of telling what would be done")
    verb.add_argument("--undo", action="store_true", help="take the last journal back; again, the one before")


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _rate(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value
