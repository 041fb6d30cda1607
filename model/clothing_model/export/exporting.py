"""From a trained run to the file the app loads: a plain static graph, int8 weights, a full description of itself."""
import contextlib
import io
import json
import os
import pathlib
import sys
import time
import warnings
from dataclasses import replace

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from .. import labels as labelling
from . import operators
from ..errors import PipelineError
from ..train.network import WithClassMaps
from ..onnx_file import FORMAT, open_session, set_metadata
from .quantisation import quantise
from ..train.training import Run

OPSET = 17  # the last in which ReduceMean takes its axes as an attribute
LICENSE = "Apache-2.0"
LEAST_AGREEMENT = 0.99  # of top-1 between the file and PyTorch on the photos given
TOO_LARGE = ("choose a smaller backbone; or allow it with --largest MB, if it is not to be the page's own network but to be "
             "dropped on the page")


def build(run: Run, calibration: dict, version: str, squares: np.ndarray) -> onnx.ModelProto:
    """The graph with its metadata.

    calibration: temperature and thresholds. squares: uint8 [n, S, S, 3], training photos by which weights are rounded.
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


def foresee(run: Run, largest: int) -> None:
    """Raises where the file that a training is to end in could not be opened, or has more bytes than `largest`."""
    weights = run.network().state_dict()  # which may begin with many zeros, and equal tensors are stored once
    weights = {key: torch.rand_like(value) if value.is_floating_point() else value for key, value in weights.items()}
    untrained = replace(run, state={"average": weights})
    model = graph_of(untrained)
    operators.check(model, run.settings.backbone)
    kept = {node.input[1] for node in model.graph.node if node.op_type == "Conv"}
    whole = sum(np.prod(tensor.dims) for tensor in model.graph.initializer if tensor.name in kept)
    size = int(model.ByteSize() - 3 * whole)  # a byte a weight instead of four
    if size > largest:
        raise PipelineError(f"{run.settings.backbone}: its file would have about {size / 1e6:.1f} MB, over {largest / 1e6:.1f}",
                            TOO_LARGE)


def graph_of(run: Run) -> onnx.ModelProto:
    """The run's network with float weights: a plain static graph without what could be worked out before."""
    return absorb_pads(fold(_trace(run)))


def _trace(run: Run) -> onnx.ModelProto:
    buffer = io.BytesIO()
    size = run.settings.input_size
    image = torch.zeros(1, 3, size, size)
    network = WithClassMaps(run.classifier()).eval()
    with torch.inference_mode():
        shapes = [list(output.shape) for output in network(image)]
    try:
        with warnings.catch_warnings(), _silent_stdout():  # it prints the whole graph before it raises
            warnings.simplefilter("ignore")  # the tracing exporter calls itself old; the new one needs more packages
            torch.onnx.export(network, (image,), buffer, input_names=["image"], output_names=list(operators.OUTPUTS),
                              opset_version=OPSET, dynamo=False)
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
        raise PipelineError(f"{run.settings.backbone}: PyTorch cannot export it: {str(error).splitlines()[0]}",
                            f"choose another backbone, such as {operators.GOOD_BACKBONES}") from error
    model = onnx.load_from_string(buffer.getvalue())
    for output, shape in zip(model.graph.output, shapes):  # the exporter leaves some of their sides open
        output.CopyFrom(helper.make_tensor_value_info(output.name, onnx.TensorProto.FLOAT, shape))
    return model


@contextlib.contextmanager
def _silent_stdout():
    """What C++ prints, too, goes nowhere."""
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def fold(model: onnx.ModelProto) -> onnx.ModelProto:
    """Makes constants of what does not depend on the photo: exporters write shapes and paddings as chains of nodes."""
    _bypass_identities(model.graph)
    before = None
    while before != len(model.graph.node):  # a shape may show only once another is known
        before = len(model.graph.node)
        constants = _constants(model)
        computed = [node for node in model.graph.node if all(name in constants for name in node.output)]
        for node in computed:
            model.graph.initializer.extend(numpy_helper.from_array(constants[name], name) for name in node.output)
            model.graph.node.remove(node)
        _drop_unused(model.graph)
    return model


def absorb_pads(model: onnx.ModelProto) -> onnx.ModelProto:
    """Moves each constant zero Pad into the `pads` of the convolution after it: one pass over the pixels fewer."""
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
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


def _constants(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """Every value that does not depend on the photo; shapes do not, where they are static."""
    graph = model.graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    shapes = {}
    if any(node.op_type == "Shape" for node in graph.node):
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
        shapes = {value.name: [side.dim_value for side in value.type.tensor_type.shape.dim]
                  for value in (*inferred.value_info, *inferred.input)
                  if all(side.dim_value > 0 for side in value.type.tensor_type.shape.dim)}
    for node in graph.node:
        if node.op_type == "Shape" and node.input[0] in shapes:
            values[node.output[0]] = np.array(shapes[node.input[0]], np.int64)
        elif all(name in values for name in node.input if name):
            feed = {name: values[name] for name in node.input if name}
            with contextlib.suppress(Exception):  # what the evaluator cannot do stays as it is
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


def verify(model: onnx.ModelProto, run: Run, squares: np.ndarray, largest: int) -> dict:
    """Compares the file with PyTorch on real photos (uint8 [n, S, S, 3]); raises where they differ too much, or where the
    file has more bytes than `largest`."""
    content = model.SerializeToString()
    session = open_session(content)
    preprocessing = run.settings.preprocessing
    answers, off = [], 0.0
    bias = run.classifier().head.bias.detach().numpy()
    for square in squares:
        logits, maps = session.run(["logits", "class_maps"], {"image": preprocessing.normalise(square[None])})
        off = max(off, float(np.abs(maps.mean((2, 3)) + bias - logits).max()))
        answers.append(logits[0])
    reference, answers = run.answers(list(squares)), np.array(answers)
    report = {"photos": len(squares), "bytes": len(content),
              "top1_agreement": float((reference.argmax(1) == answers.argmax(1)).mean()),
              "largest_logit_difference": float(np.abs(reference - answers).max()),
              "largest_map_difference": off}
    for wrong, cause in ((len(content) > largest, f"the file has {len(content)} bytes, over {largest}"),
                         (report["top1_agreement"] < LEAST_AGREEMENT, "the file and PyTorch answer differently"),
                         (off > 1e-3, "the class maps do not average to the logits")):
        if wrong:
            raise PipelineError(f"not written: {cause}: {report}", TOO_LARGE if "bytes" in cause else
                                "train longer, or look at the exported graph")
    return report


def write(model: onnx.ModelProto, file: pathlib.Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    onnx.save(model, temporary)
    temporary.replace(file)


def default_version() -> str:
    return time.strftime("%Y.%m-1")
