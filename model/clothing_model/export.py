"""From a trained run to the file the app loads: a plain static graph, int8 weights, a full description of itself."""
import io
import json
import pathlib
import time
import warnings

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from . import labels as labelling
from .errors import PipelineError
from .network import WithClassMaps
from .onnx_file import FORMAT, open_session, set_metadata
from .quantisation import quantise
from .training import Run

OPSET = 13  # the first with per-channel DequantizeLinear; ReduceMean still takes its axes as an attribute
LICENSE = "Apache-2.0"
LEAST_AGREEMENT = 0.99  # of top-1 between the file and PyTorch on the photos given
LARGEST = 3_200_000  # bytes; what the app's first visit can afford


def build(run: Run, calibration: dict, version: str, squares: np.ndarray) -> onnx.ModelProto:
    """The graph with its metadata.

    calibration: temperature and thresholds. squares: uint8 [n, S, S, 3], training photos by which weights are rounded.
    """
    preprocessing = run.settings.preprocessing
    model = quantise(absorb_pads(_trace(run)), preprocessing.normalise(squares))
    set_metadata(model, {
        "format": FORMAT, "version": version, "labels": labelling.dump(run.labels), **preprocessing.metadata(),
        "temperature": str(calibration["temperature"]), "thresholds": json.dumps(calibration["thresholds"]),
        "training_data": run.digest, "license": LICENSE,
    })
    onnx.checker.check_model(model, full_check=True)
    return model


def _trace(run: Run) -> onnx.ModelProto:
    buffer = io.BytesIO()
    size = run.settings.input_size
    image = torch.zeros(1, 3, size, size)
    network = WithClassMaps(run.classifier()).eval()
    with torch.inference_mode():
        shapes = [list(output.shape) for output in network(image)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter calls itself old; the new one needs more packages
        torch.onnx.export(network, (image,), buffer, input_names=["image"], output_names=["logits", "class_maps"],
                          opset_version=OPSET, dynamo=False)
    model = onnx.load_from_string(buffer.getvalue())
    for output, shape in zip(model.graph.output, shapes):  # the exporter leaves some of their sides open
        output.CopyFrom(helper.make_tensor_value_info(output.name, onnx.TensorProto.FLOAT, shape))
    return model


def absorb_pads(model: onnx.ModelProto) -> onnx.ModelProto:
    """Moves each constant zero Pad into the `pads` of the convolution after it: one pass over the pixels fewer."""
    graph = model.graph
    _bypass_identities(graph)
    constants = _constants(graph)
    readers = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    for pad in [node for node in graph.node if node.op_type == "Pad"]:
        amounts = constants[pad.input[1]]
        value = float(constants[pad.input[2]]) if len(pad.input) > 2 and pad.input[2] else 0.0
        after = readers[pad.output[0]]
        if value or amounts[[0, 1, 4, 5]].any() or any(node.op_type != "Conv" for node in after):
            continue
        for conv in after:
            attribute = next(attribute for attribute in conv.attribute if attribute.name == "pads")
            attribute.ints[:] = [int(own + extra) for own, extra in zip(attribute.ints, amounts[[2, 3, 6, 7]])]
            conv.input[0] = pad.input[0]
        graph.node.remove(pad)
    _drop_unused(graph)
    return model


def _constants(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    """Every value that does not depend on the photo. The exporter writes pads as a chain of shape arithmetic."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if all(name in values for name in node.input if name):
            feed = {name: values[name] for name in node.input if name}
            values |= zip(node.output, ReferenceEvaluator(node).run(None, feed))
    return values


def _bypass_identities(graph: onnx.GraphProto) -> None:
    """The exporter stores equal tensors once and names the others by Identity nodes."""
    for identity in [node for node in graph.node if node.op_type == "Identity"]:
        for node in graph.node:
            for i, name in enumerate(node.input):
                if name == identity.output[0]:
                    node.input[i] = identity.input[0]
        graph.node.remove(identity)


def _drop_unused(graph: onnx.GraphProto) -> None:
    outputs = {output.name for output in graph.output}
    while unread := [node for node in graph.node if not outputs & set(node.output)
                     and not any(set(node.output) & set(other.input) for other in graph.node)]:
        for node in unread:
            graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)


def verify(model: onnx.ModelProto, run: Run, squares: np.ndarray) -> dict:
    """Compares the file with PyTorch on real photos (uint8 [n, S, S, 3]); raises where they differ too much."""
    content = model.SerializeToString()
    session = open_session(content)
    preprocessing = run.settings.preprocessing
    answers, largest = [], 0.0
    bias = run.classifier().head.bias.detach().numpy()
    for square in squares:
        logits, maps = session.run(["logits", "class_maps"], {"image": preprocessing.normalise(square[None])})
        largest = max(largest, float(np.abs(maps.mean((2, 3)) + bias - logits).max()))
        answers.append(logits[0])
    reference, answers = run.answers(list(squares)), np.array(answers)
    report = {"photos": len(squares), "bytes": len(content),
              "top1_agreement": float((reference.argmax(1) == answers.argmax(1)).mean()),
              "largest_logit_difference": float(np.abs(reference - answers).max()),
              "largest_map_difference": largest}
    for wrong, cause in ((len(content) > LARGEST, f"the file has {len(content)} bytes, over {LARGEST}"),
                         (report["top1_agreement"] < LEAST_AGREEMENT, "the file and PyTorch answer differently"),
                         (largest > 1e-3, "the class maps do not average to the logits")):
        if wrong:
            raise PipelineError(f"not written: {cause}: {report}", "choose a smaller backbone" if "bytes" in cause else
                                "train longer, or look at the exported graph")
    return report


def write(model: onnx.ModelProto, file: pathlib.Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    onnx.save(model, temporary)
    temporary.replace(file)


def default_version() -> str:
    return time.strftime("%Y.%m-1")
