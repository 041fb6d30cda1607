"""Writes the ONNX file of a run, provided that it answers as PyTorch does."""
import argparse
import json
import pathlib

import numpy as np

from . import calibrate
from .options import DEFAULT_ONNX, add_largest, add_run, bytes_of

ROUNDING_PHOTOS = 96  # training photos on which the rounding of the weights is optimised
CHECKED_PHOTOS = 1000  # val photos on which the file is compared with PyTorch


def add_to(verbs) -> None:
    verb = verbs.add_parser("export", help="write the ONNX file", description="Writes the ONNX file of a run, provided that it "
                            "answers as PyTorch does.")
    verb.set_defaults(call=run)
    add_run(verb)
    verb.add_argument("--onnx", type=pathlib.Path, default=DEFAULT_ONNX, help="file to write (%(default)s)")
    verb.add_argument("--version", help="of the model, such as 2026.11-1; default: the first of this month")
    add_largest(verb)


def run(arguments) -> None:
    from .. import dataset
    from ..clean import corrections
    from ..export import exporting
    from ..train.run import Run

    run = Run.load(arguments.run)
    file = arguments.run / "calibration.json"
    if not file.exists():
        calibrate.run(argparse.Namespace(run=arguments.run, data=arguments.data, skip_bad=arguments.skip_bad))
    roots = arguments.data or run.settings.roots

    def squares(split: str, count: int) -> np.ndarray:
        _, pixels = dataset.load(dataset.evenly(corrections.scan(roots, (split,)), count), skip_bad=arguments.skip_bad)
        return np.stack([run.settings.preprocessing.square(image) for image in pixels])

    version = arguments.version or exporting.default_version()
    print(f"rounding the weights on {ROUNDING_PHOTOS} photos", flush=True)
    model = exporting.build(run, json.loads(file.read_text()), version, squares("train", ROUNDING_PHOTOS))
    print(json.dumps(exporting.verify(model, run, squares("val", CHECKED_PHOTOS), bytes_of(arguments.largest))))
    exporting.write(model, arguments.onnx)
    print(f"wrote {arguments.onnx}")
