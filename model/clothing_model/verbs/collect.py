"""Fetches photos for phrases, or for lists of URLs."""
import asyncio
import pathlib

from ..errors import PipelineError
from ..words import count
from .options import above_zero, positive


def add_to(verbs) -> None:
    verb = verbs.add_parser(
        "collect", help="fetch photos for phrases, or for lists of URLs", description="Searches Openverse and Wikimedia "
        "Commons for phrases, or takes lists of URLs. Each picture is kept once, with its author and licence. It can be "
        "stopped at any time; the same command continues.")
    verb.set_defaults(call=run, extra="collect")
    verb.add_argument("phrases", nargs="*", metavar="LABEL=PHRASE", help='what to search for, such as "hat=straw hat"')
    verb.add_argument("--phrases", dest="phrase_file", type=pathlib.Path, action="append", metavar="FILE",
                      help='TOML: [phrases], then lines such as hat = ["straw hat", "felt hat"]')
    verb.add_argument("--urls", action="append", metavar="[LABEL=]FILE",
                      help="CSV with a column url (and label, source, author, licence, page), or one URL per line")
    verb.add_argument("--out", type=pathlib.Path, required=True, help="folder for photos/, manifest.csv and refused.csv")
    verb.add_argument("--contact", help="your mail address or web page, sent to the servers; required for searches")
    verb.add_argument("--sources", nargs="+", choices=("openverse", "commons"), default=["openverse", "commons"],
                      help="where to search (both)")
    verb.add_argument("--licences", default="", metavar="KINDS",
                      choices=("", "commercial", "modification", "commercial,modification"),
                      help="what Openverse's licences must allow: commercial, modification, or both with a comma; "
                      "default: any open licence")
    verb.add_argument("--each", type=positive, default=300, help="most photos per label (%(default)s)")
    verb.add_argument("--listed", type=positive, default=200, help="most URLs taken from one search (%(default)s)")
    verb.add_argument("--longest", type=positive, default=1024,
                      help="larger photos are shrunk to this longest side, pixels (%(default)s)")
    verb.add_argument("--least", type=positive, default=64, help="photos with a shorter side are refused, pixels (%(default)s)")
    verb.add_argument("--bytes", type=positive, default=20_000_000, help="largest file accepted, bytes (%(default)s)")
    verb.add_argument("--near", type=int, default=14,
                      help="most bits, of 256, by which the fingerprints of near-duplicates differ (%(default)s); "
                      "-1: only identical files count")
    verb.add_argument("--rate", type=above_zero, default=2.0, help="requests per second to one host (%(default)s)")
    verb.add_argument("--together", type=positive, default=2, help="simultaneous requests to one host (%(default)s)")
    verb.add_argument("--parallel", type=positive, default=8, help="simultaneous requests in all (%(default)s)")
    verb.add_argument("--tries", type=positive, default=4, help="attempts per URL while its failure may be temporary (%(default)s)")
    verb.add_argument("--timeout", type=above_zero, default=60.0,
                      help="seconds for one file, and a third of them without receiving anything (%(default)s)")
    verb.add_argument("--openverse", default="https://api.openverse.org/v1/images/", help="address of its API (%(default)s)")
    verb.add_argument("--commons", default="https://commons.wikimedia.org/w/api.php",
                      help="address of its API, or of another MediaWiki's (%(default)s)")


def run(arguments) -> None:
    from ..collect import collection, download, sources

    searches = [_pair(text) for text in arguments.phrases]
    for file in arguments.phrase_file or []:
        searches += collection.read_phrases(file)
    listed = []
    for text in arguments.urls or []:
        label, equals, file = text.rpartition("=")
        listed += sources.from_list(pathlib.Path(file), label if equals else None)
    if not searches and not listed:
        raise PipelineError("nothing to collect", 'give LABEL=PHRASE, such as "hat=straw hat", or --phrases, or --urls')
    policy = download.Policy(arguments.contact or "", 1 / arguments.rate, arguments.together, arguments.parallel,
                             arguments.tries, silence_timeout=arguments.timeout / 3, body_timeout=arguments.timeout,
                             max_bytes=arguments.bytes)
    if searches or arguments.contact:
        download.check_contact(policy.contact)
    request = collection.Request(
        arguments.out, tuple(dict.fromkeys(searches)), tuple(listed), tuple(arguments.sources),
        {"openverse": arguments.openverse, "commons": arguments.commons}, arguments.licences,
        arguments.each, arguments.listed, arguments.longest, arguments.least, arguments.near, policy)
    summary = asyncio.run(collection.collect(request, lambda text: print(text, flush=True)))
    print(f"{count(summary.kept.total(), 'photo')} in {arguments.out / 'photos'}")
    for label, kept in sorted(summary.kept.items()):
        print(f"  {label}: {kept}" + (" (as many as asked for)" if label in summary.full else ""))
    if summary.reasons:
        print(f"{count(summary.reasons.total(), 'address', 'addresses')} without a photo; "
              f"{arguments.out / 'refused.csv'} says why")
        for reason, times in summary.reasons.most_common():
            print(f"  {times} x {reason}")
    if summary.failed_searches:
        raise PipelineError("searches that failed: " + "; ".join(summary.failed_searches),
                            "run the same command again later: it continues where it stopped")


def _pair(text: str) -> tuple[str, str]:
    label, equals, phrase = text.partition("=")
    if not equals or not phrase.strip():
        raise PipelineError(f"{text!r}: not LABEL=PHRASE", 'write for example "hat=straw hat"')
    return label.strip(), phrase.strip()
