"""From a trained run to the file that the page loads: a plain static graph, int8 weights, and metadata that describes it."""
import json
import pathlib
import time
from dataclasses import replace

import numpy as np
import onnx
import torch

from .. import labels as labelling
from ..errors import PipelineError
from ..onnx_file import FORMAT, open_session, set_metadata
from ..train.run import Run
from . import operators
from .graph import graph_of
from .quantisation import quantise

LICENSE = "Apache-2.0"
MIN_AGREEMENT = 0.99  # of top-1 between the file and PyTorch on the photos given
MAX_MAP_DIFFERENCE = 1e-3  # between the logits and the means of the class maps plus bias
TOO_LARGE = ("choose a smaller backbone; or, if the file is to be dropped on the page rather than shipped with it, allow its "
             "size with --largest MB")


def build(run: Run, calibration: dict, version: str, squares: np.ndarray) -> onnx.ModelProto:
    """The quantised graph with its metadata.

    calibration: temperature and thresholds. squares: uint8 [n, S, S, 3], training photos on which the rounding is optimised.
    """
    preprocessing = run.settings.preprocessing
    model = graph_of(run)
    operators.check(model, run.settings.backbone)
    model = quantise(model, preprocessing.normalise(squares))
    set_metadata(model, {
        "format": FORMAT, "version": version, "labels": labelling.dump(run.labels), **preprocessing.metadata(),
        "temperature": str(calibration["temperature"]), "thresholds": json.dumps(calibration["thresholds"]),
        "training_data": run.digest, "license": LICENSE,
    })
    onnx.checker.check_model(model, full_check=True)
    return model


def check_exportable(run: Run, max_bytes: int) -> None:
    """Checks, before training, that the exported file will open on the page and be small enough. Raises PipelineError."""
    weights = run.network().state_dict()  # random values, since a fresh network has equal tensors, which are stored only once
    weights = {key: torch.rand_like(value) if value.is_floating_point() else value for key, value in weights.items()}
    untrained = replace(run, state={"average": weights})
    model = graph_of(untrained)
    operators.check(model, run.settings.backbone)
    quantised = {node.input[1] for node in model.graph.node if node.op_type == "Conv"}
    count = sum(np.prod(tensor.dims) for tensor in model.graph.initializer if tensor.name in quantised)
    size = int(model.ByteSize() - 3 * count)  # one byte per weight instead of four
    if size > max_bytes:
        raise PipelineError(f"{run.settings.backbone}: its file would have about {size / 1e6:.1f} MB, over {max_bytes / 1e6:.1f}",
                            TOO_LARGE)


def verify(model: onnx.ModelProto, run: Run, squares: np.ndarray, max_bytes: int) -> dict:
    """Compares the file with PyTorch on real photos, uint8 [n, S, S, 3]: agreement, differences, size.

    Raises PipelineError if they differ too much, or if the file is larger than `max_bytes`.
    """
    content = model.SerializeToString()
    session = open_session(content)
    preprocessing = run.settings.preprocessing
    answers, map_difference = [], 0.0
    bias = run.classifier().head.bias.detach().numpy()
    for square in squares:
        logits, maps = session.run(["logits", "class_maps"], {"image": preprocessing.normalise(square[None])})
        map_difference = max(map_difference, float(np.abs(maps.mean((2, 3)) + bias - logits).max()))
        answers.append(logits[0])
    reference, answers = run.logits(list(squares)), np.array(answers)
    report = {"photos": len(squares), "bytes": len(content),
              "top1_agreement": float((reference.argmax(1) == answers.argmax(1)).mean()),
              "largest_logit_difference": float(np.abs(reference - answers).max()),
              "largest_map_difference": map_difference}
    for wrong, cause in ((len(content) > max_bytes, f"the file has {len(content)} bytes, over {max_bytes}"),
                         (report["top1_agreement"] < MIN_AGREEMENT, "the file and PyTorch answer differently"),
                         (map_difference > MAX_MAP_DIFFERENCE, "the class maps do not average to the logits")):
        if wrong:
            raise PipelineError(f"not written: {cause}: {report}", TOO_LARGE if "bytes" in cause else
                                "train longer, or look at the exported graph")
    return report


def write(model: onnx.ModelProto, file: pathlib.Path) -> None:
    """Replaces the file as a whole, so that it is never half written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    onnx.save(model, temporary)
    temporary.replace(file)


def default_version() -> str:
    """The first version of this month, such as 2026.11-1."""
    return time.strftime("%Y.%m-1")
