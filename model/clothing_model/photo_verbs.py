"""The verbs for the photos themselves: collecting, looking, cleaning, comparing. `cli` adds them to its own."""
import argparse
import asyncio
import pathlib

from . import BACKBONE, labels as labelling
from .errors import PipelineError
from .words import count

DEFAULT_ONNX = pathlib.Path("model/clothing.onnx")
DEFAULT_CACHE = pathlib.Path("model/runs/features")


def collect(arguments) -> None:
    from .collect import collection, download, sources

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
    print(f"{count(summary.kept.total(), 'photo')} in {arguments.out / 'photos'}")
    for label, kept in sorted(summary.kept.items()):
        print(f"  {label}: {kept}" + (" (as many as wished for)" if label in summary.full else ""))
    if summary.reasons:
        print(f"{count(summary.reasons.total(), 'address', 'addresses')} without a photo; "
              f"{arguments.out / 'refused.csv'} says why")
        for reason, times in summary.reasons.most_common():
            print(f"  {times} x {reason}")
    if summary.failed_searches:
        raise PipelineError("searches that failed: " + "; ".join(summary.failed_searches),
                            "run the same command again later: it goes on where it stopped")


def _pair(text: str) -> tuple[str, str]:
    label, equals, phrase = text.partition("=")
    if not equals or not phrase.strip():
        raise PipelineError(f"{text!r}: not LABEL=PHRASE", 'write for example "hat=straw hat"')
    return label.strip(), phrase.strip()


def explore(arguments) -> None:
    import webbrowser

    from .collect import manifest
    from .explore import exploration
    from . import dataset, features, onnx_file

    photos, vectors = dataset.scan(arguments.data, tuple(arguments.splits)), None
    if arguments.onnx:
        photos, vectors, _ = features.of_exported(onnx_file.OnnxModel.load(arguments.onnx), photos, arguments.cache,
                                                  arguments.skip_bad)
    sources = manifest.sources(photos, arguments.manifest)
    look = exploration.examine(arguments.data, photos, sources, vectors, arguments.skip_bad)
    file = exploration.report(look, arguments.out)
    print(f"{count(len(look.photos), 'photo')} of {count(len(look.labels), 'label')}; "
          f"{count(len(look.twins), 'group')} of near-duplicates; "
          f"{count(len(look.odd), 'photo')} among another label's\nwrote {file}")
    if arguments.open:
        webbrowser.open(file.resolve().as_uri())


def apply(arguments) -> None:
    from .clean import decisions

    if arguments.undo == bool(arguments.decisions):
        raise PipelineError("either a CSV of decisions or --undo is needed", "see apply --help")
    if arguments.undo:
        journal, moves = decisions.last(arguments.data)
        print(f"taking back {journal}:")
    else:
        moves = decisions.plan(arguments.data, arguments.decisions)
    print(decisions.describe(moves) if moves or not arguments.undo else "nothing to take back: none of its moves was made")
    if not arguments.yes:
        print("nothing was changed yet; add --yes to do it")
    elif arguments.undo:
        decisions.undo(arguments.data, journal, moves)
        print("done")
    elif moves:
        print(f"done; to take it back, use --undo ({decisions.carry_out(arguments.data, moves)} lists the moves)")


def losses(arguments) -> None:
    import numpy as np

    from .clean import losses as ranking
    from .collect import manifest
    from . import dataset, features, onnx_file

    photos = dataset.scan(arguments.data, tuple(arguments.splits))
    files = ranking.files(arguments.out, arguments.data)
    if arguments.judge == "network":
        model = onnx_file.OnnxModel.load(arguments.onnx)
        labels = model.labels
        if unknown := {photo.label for photo in photos} - {label.id for label in labels}:
            raise PipelineError(f"{dataset.named(arguments.data)}: the model has no label {', '.join(sorted(unknown))}",
                                "remove these folders, train a model that has them, or use --judge cross-validation")
        photos, _, logits = features.of_exported(model, photos, arguments.cache, arguments.skip_bad)
    else:
        labels = labelling.describe({photo.label for photo in photos})
        photos, vectors = features.of_backbone(arguments.backbone, arguments.weights, photos, arguments.cache,
                                               skip_bad=arguments.skip_bad)
    index = {label.id: i for i, label in enumerate(labels)}
    targets, changed = np.array([index[photo.label] for photo in photos]), None

    def judge():
        return (onnx_file.softmax(logits, model.temperature) if arguments.judge == "network"
                else ranking.cross_validated(vectors, targets, len(labels), arguments.seed, manifest.people(photos)))

    if arguments.swap:
        alike = judge() if arguments.swap_to == "alike" else None
        targets, changed = ranking.swap(targets, len(labels), arguments.swap, arguments.seed, alike)
    probabilities = judge()
    for root, file in files.items():
        ranking.write(file, root, photos, labels, probabilities, targets, changed)
    loss = ranking.losses(probabilities, targets)
    others = count(int((probabilities.argmax(1) != targets).sum()), "photo seems", "photos seem")
    print(f"{count(len(photos), 'photo')} ranked in {dataset.named(files.values())}; mean loss {loss.mean():.3f}; "
          f"{others} to have another label")
    if changed is not None:
        swapped = count(int(changed.sum()), "label was", "labels were")
        print(f"{swapped} swapped (seed {arguments.seed}); found among the highest losses: " + ", ".join(
            f"{ranking.found(loss, changed, share):.3f} in the first {share:.0%}" for share in (0.05, 0.1, 0.2)))


def compare(arguments) -> None:
    import numpy as np

    from .clean import corrections
    from .judge import comparison
    from . import features, onnx_file, spreadsheet

    model = onnx_file.OnnxModel.load(arguments.onnx)
    splits = ("train", "val", *(["test"] if arguments.split == "test" else []))
    photos = corrections.scan(arguments.data, splits)
    labels = labelling.describe({photo.label for photo in photos}, arguments.labels)
    if labels != model.labels:
        raise PipelineError(f"{arguments.onnx}: its labels are not those of {arguments.data}",
                            "compare a network that was trained on these photos")
    index = {label.id: i for i, label in enumerate(labels)}
    parts, shown = {}, []
    for split in splits:
        own = [photo for photo in photos if photo.split == split]
        own, vectors = features.of_backbone(arguments.backbone, arguments.weights, own, arguments.cache,
                                            skip_bad=arguments.skip_bad)
        parts[split] = comparison.Part(vectors, np.array([index[photo.label] for photo in own]))
        shown = own if split == arguments.split else shown
    _, _, logits = features.of_exported(model, shown, arguments.cache, arguments.skip_bad)
    seconds = None
    for file in arguments.history or []:
        seconds = (seconds or 0) + sum(spreadsheet.number(row["seconds"]) for _, row in spreadsheet.read(file, ("seconds",)))
    targets, figures = parts[arguments.split].targets, []
    print(f"fitting on {count(len(parts['train'].targets), 'photo')}, choosing on {len(parts['val'].targets)}, "
          f"showing {len(targets)} of {arguments.split}", flush=True)

    def add(row):
        figures.append(row.figures(targets))
        print(comparison.table(figures[-1:]).splitlines()[-1], flush=True)

    for row in comparison.classic(parts["train"], parts["val"], parts[arguments.split], len(labels)):
        add(row)
    add(comparison.Row("fine-tuned network", model.version, onnx_file.softmax(logits, model.temperature), seconds))
    files = comparison.write(arguments.out, arguments.split, figures,
                             {"model": model.version, "backbone": arguments.backbone, "photos": len(targets)})
    print("wrote " + ", ".join(map(str, files)))


def add_to(verbs) -> None:
    verb = verbs.add_parser(
        "collect", help="fetch photos for phrases, or for lists of URLs", description="Searches Openverse and Wikimedia "
        "Commons for phrases, or takes lists of URLs; keeps each picture once, with its author and licence. It can be "
        "stopped at any moment; the same command goes on.")
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
    verb.add_argument("--each", type=positive, default=300, help="photos a label at most (%(default)s)")
    verb.add_argument("--listed", type=positive, default=200, help="addresses taken from one search at most (%(default)s)")
    verb.add_argument("--longest", type=positive, default=1024, help="longest side kept, pixels (%(default)s)")
    verb.add_argument("--least", type=positive, default=64, help="shortest side kept, pixels (%(default)s)")
    verb.add_argument("--bytes", type=positive, default=20_000_000, help="bytes of one file at most (%(default)s)")
    verb.add_argument("--near", type=int, default=14,
                      help="two pictures count as one if their fingerprints differ in at most so many of 256 bits (%(default)s); "
                      "-1: only identical files")
    verb.add_argument("--rate", type=_rate, default=2.0, help="requests a second to one host (%(default)s)")
    verb.add_argument("--together", type=positive, default=2, help="requests to one host at a time (%(default)s)")
    verb.add_argument("--parallel", type=positive, default=8, help="requests at a time in all (%(default)s)")
    verb.add_argument("--tries", type=positive, default=4, help="for an address whose failure may be temporary (%(default)s)")
    verb.add_argument("--timeout", type=_rate, default=60.0, help="seconds for one file, a third of them without a byte (%(default)s)")
    verb.add_argument("--openverse", default="https://api.openverse.org/v1/images/", help="its address (%(default)s)")
    verb.add_argument("--commons", default="https://commons.wikimedia.org/w/api.php",
                      help="its address, or another MediaWiki's (%(default)s)")

    verb = verbs.add_parser(
        "explore", help="write a report on folders of photos", description="One HTML file that needs nothing else: counts by "
        "label, split and source, sizes and shapes, examples, colours, near-duplicates, photos that lie among another label; "
        "its lists as CSV, its charts as PNG.")
    verb.set_defaults(call=explore)
    verb.add_argument("--data", type=pathlib.Path, required=True, help="root/<train|val|test>/<label>/* or root/<label>/*")
    verb.add_argument("--splits", nargs="+", choices=("train", "val", "test"), default=["train", "val"], help="(train val)")
    verb.add_argument("--manifest", type=pathlib.Path, help="CSV of split, label, file, source; default: manifest.csv in DATA, or beside it")
    verb.add_argument("--onnx", type=pathlib.Path, help="an exported network, of whatever labels; its features find odd photos")
    verb.add_argument("--out", type=pathlib.Path, default=pathlib.Path("model/runs/look"), help="folder to write (%(default)s)")
    verb.add_argument("--cache", type=pathlib.Path, default=DEFAULT_CACHE, help="folder where features are kept (%(default)s)")
    verb.add_argument("--skip-bad", action="store_true", help="name unreadable files and go on without them")
    verb.add_argument("--open", action="store_true", help="show it in the browser")

    verb = verbs.add_parser(
        "apply", help="carry out a CSV of decisions: keep, relabel, delete", description="Moves photos as a CSV with the "
        "columns file, label, action (keep, relabel, delete), new_label says, as any spreadsheet saves it; deleted ones go to "
        "DATA/.bin. Tells what it would do; does it with --yes. Every row is checked first: if one is wrong, nothing is done.")
    verb.set_defaults(call=apply)
    verb.add_argument("decisions", nargs="?", type=pathlib.Path, metavar="CSV", help="the decisions, as the page saves them")
    verb.add_argument("--data", type=pathlib.Path, required=True, help="root/<train|val|test>/<label>/* or root/<label>/*")
    verb.add_argument("--yes", action="store_true", help="do it, instead of only telling what would be done")
    verb.add_argument("--undo", action="store_true", help="take back what was applied last; once more, what was applied before that")

    verb = verbs.add_parser(
        "losses", help="rank photos by loss, so that wrong labels come first", description="Writes a CSV: each photo, its "
        "label, what the judge says instead, and the loss; the highest first. With action and new_label filled in, "
        "`apply` carries it out.")
    verb.set_defaults(call=losses, extra="train,compare")
    verb.add_argument("--data", type=pathlib.Path, nargs="+", required=True,
                      help="one folder or several: root/<train|val|test>/<label>/* or root/<label>/*")
    verb.add_argument("--splits", nargs="+", choices=("train", "val", "test"), default=["train", "val"], help="(train val)")
    verb.add_argument("--judge", choices=("network", "cross-validation"), default="network",
                      help="the ONNX file, or logistic regressions on frozen ImageNet features, each of which has not seen the "
                      "photos that it judges, nor others of the same people where the manifest names them (%(default)s)")
    verb.add_argument("--out", type=pathlib.Path, default=pathlib.Path("losses.csv"),
                      help="file to write (%(default)s); of several folders one each, with the folder's name put in")
    verb.add_argument("--swap", type=float, default=0.0, metavar="SHARE",
                      help="an experiment: first give this share of the photos a wrong label, then tell how many are found")
    verb.add_argument("--swap-to", choices=("any", "alike"), default="any",
                      help="any other label, or the one that the judge finds likeliest: the hardest case (%(default)s)")
    verb.add_argument("--seed", type=int, default=1, help="of the experiment and of the parts of the data (%(default)s)")
    _judge_options(verb)

    verb = verbs.add_parser(
        "compare", help="set the network against classic methods", description="Fits linear, ridge and logistic regression, "
        "lasso, random forest, XGBoost, nearest neighbours and a stack of them on the frozen ImageNet network's features, and "
        "sets them beside the fine-tuned network: mean absolute error on one-hot targets, accuracy, log loss, seconds.")
    verb.set_defaults(call=compare, extra="train,compare")
    verb.add_argument("--data", type=pathlib.Path, required=True, help="root/<train|val|test>/<label>/* or root/<label>/*")
    verb.add_argument("--split", choices=("val", "test"), default="val", help="to show; methods are chosen on val (%(default)s)")
    verb.add_argument("--labels", type=pathlib.Path, default=labelling.DEFAULT_FILE, help="JSON file of labels, as for training")
    verb.add_argument("--history", type=pathlib.Path, nargs="+", help="history.csv of the network's trainings, for its seconds")
    verb.add_argument("--out", type=pathlib.Path, default=pathlib.Path("model/runs/comparison"), help="folder (%(default)s)")
    _judge_options(verb)


def _judge_options(verb) -> None:
    verb.add_argument("--onnx", type=pathlib.Path, default=DEFAULT_ONNX, help="the network's file (%(default)s)")
    verb.add_argument("--backbone", default=BACKBONE, help="network for frozen features, any of timm (%(default)s)")
    verb.add_argument("--weights", type=pathlib.Path, help="file of its ImageNet weights; without it they come from timm's hub")
    verb.add_argument("--cache", type=pathlib.Path, default=DEFAULT_CACHE, help="folder where features are kept (%(default)s)")
    verb.add_argument("--skip-bad", action="store_true", help="name unreadable files and go on without them")


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _rate(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value
