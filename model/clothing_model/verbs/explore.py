"""Writes a report on a folder of photos."""
import pathlib

from ..words import count
from .options import add_cache, add_skip_bad, add_splits


def add_to(verbs) -> None:
    verb = verbs.add_parser(
        "explore", help="write a report on folders of photos", description="Writes one self-contained HTML file: counts by "
        "label, split and source, sizes and shapes, examples, colours, near-duplicates, and photos that lie among another "
        "label's. Its lists are also written as CSV, its charts as PNG.")
    verb.set_defaults(call=run)
    verb.add_argument("--data", type=pathlib.Path, required=True, help="root/<train|val|test>/<label>/* or root/<label>/*")
    add_splits(verb)
    verb.add_argument("--manifest", type=pathlib.Path,
                      help="CSV with split, label, file and source; default: manifest.csv in DATA, or beside it")
    verb.add_argument("--onnx", type=pathlib.Path, help="any exported network, whatever its labels; its features find odd photos")
    verb.add_argument("--out", type=pathlib.Path, default=pathlib.Path("model/runs/look"), help="folder to write (%(default)s)")
    add_cache(verb)
    add_skip_bad(verb)
    verb.add_argument("--open", action="store_true", help="open the report in the browser")


def run(arguments) -> None:
    import webbrowser

    from .. import dataset, features, onnx_file
    from ..collect import manifest
    from ..explore import exploration, report

    photos, vectors = dataset.scan(arguments.data, tuple(arguments.splits)), None
    if arguments.onnx:
        photos, vectors, _ = features.of_exported(onnx_file.OnnxModel.load(arguments.onnx), photos, arguments.cache,
                                                  arguments.skip_bad)
    sources = manifest.sources(photos, arguments.manifest)
    findings = exploration.examine(arguments.data, photos, sources, vectors, arguments.skip_bad)
    file = report.write(findings, arguments.out)
    print(f"{count(len(findings.photos), 'photo')} of {count(len(findings.labels), 'label')}; "
          f"{count(len(findings.near_duplicates), 'group')} of near-duplicates; "
          f"{count(len(findings.odd), 'photo')} among another label's\nwrote {file}")
    if arguments.open:
        webbrowser.open(file.resolve().as_uri())
