"""Classifies pictures through onnxruntime."""
import json
import pathlib
import sys

from ..errors import PipelineError
from ..words import percent
from .options import DEFAULT_ONNX


def add_to(verbs) -> None:
    verb = verbs.add_parser("predict", help="classify pictures through onnxruntime", description="Prints one line per picture.")
    verb.set_defaults(call=run)
    verb.add_argument("--onnx", type=pathlib.Path, default=DEFAULT_ONNX, help="exported network (%(default)s)")
    verb.add_argument("--json", action="store_true",
                      help="print each Prediction as JSON, with all labels' probabilities and logits")
    verb.add_argument("--sample", type=int, help="only this many pictures of each folder, evenly spaced")
    verb.add_argument("paths", nargs="+", type=pathlib.Path, metavar="PATH", help="picture, or folder of pictures")


def run(arguments) -> None:
    from .. import dataset, onnx_file

    model = onnx_file.OnnxModel.load(arguments.onnx)
    failed = False
    for path in arguments.paths:
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in dataset.SUFFIXES) if path.is_dir() else [path]
        for file in dataset.evenly(files, arguments.sample) if arguments.sample else files:
            try:
                answer = model.predict(file)
                print(json.dumps(answer) if arguments.json else f"{file}: {_in_words(answer)}", flush=True)
            except PipelineError as error:
                failed = True
                print(f"error: {error}", file=sys.stderr)
    if failed:
        sys.exit(1)


def _in_words(answer: dict) -> str:
    family = answer["family"]
    if family:
        return f"{family['name']}, {percent(family['probability'])} (most like {answer['name']})"
    return f"{answer['name']}, {percent(answer['probability'])}" + " (not sure)" * (not answer["recognised"])
