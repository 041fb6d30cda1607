"""From PyTorch to a plain static ONNX graph: traced, constants folded, paddings absorbed."""
import contextlib
import io
import os
import sys
import warnings

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from ..errors import PipelineError
from ..train.network import WithClassMaps
from ..train.run import Run
from . import operators

OPSET = 17  # the last in which ReduceMean takes its axes as an attribute


def graph_of(run: Run) -> onnx.ModelProto:
    """The run's network with float weights, as a static graph whose constants are folded."""
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
            warnings.simplefilter("ignore")  # the tracing exporter is deprecated; the new one needs more packages
            torch.onnx.export(network, (image,), buffer, input_names=["image"], output_names=list(operators.OUTPUTS),
                              opset_version=OPSET, dynamo=False)
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
        raise PipelineError(f"{run.settings.backbone}: PyTorch cannot export it: {str(error).splitlines()[0]}",
                            f"choose another backbone, such as {operators.GOOD_BACKBONES}") from error
    model = onnx.load_from_string(buffer.getvalue())
    for output, shape in zip(model.graph.output, shapes):  # the exporter leaves some dimensions open
        output.CopyFrom(helper.make_tensor_value_info(output.name, onnx.TensorProto.FLOAT, shape))
    return model


@contextlib.contextmanager
def _silent_stdout():
    """Discards what is printed, by C++ code too."""
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def fold(model: onnx.ModelProto) -> onnx.ModelProto:
    """Constant folding: replaces nodes that do not depend on the photo. Exporters write shapes and paddings as chains of nodes."""
    _bypass_identities(model.graph)
    before = None
    while before != len(model.graph.node):  # folding one shape may reveal another
        before = len(model.graph.node)
        constants = _constants(model)
        computed = [node for node in model.graph.node if all(name in constants for name in node.output)]
        for node in computed:
            model.graph.initializer.extend(numpy_helper.from_array(constants[name], name) for name in node.output)
            model.graph.node.remove(node)
        _drop_unused(model.graph)
    return model


def absorb_pads(model: onnx.ModelProto) -> onnx.ModelProto:
    """Merges each Pad with constant zeros into the `pads` of the convolution after it, which saves a pass over the pixels."""
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
    """Every value that does not depend on the photo, by name. Static shapes are among them."""
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
            with contextlib.suppress(Exception):  # a node that the evaluator does not support stays as it is
                values |= zip(node.output, ReferenceEvaluator(node).run(None, feed))
    return values


def _bypass_identities(graph: onnx.GraphProto) -> None:
    """Removes Identity nodes, by which the exporter names tensors that equal another and are stored only once."""
    for identity in [node for node in graph.node if node.op_type == "Identity"]:
        for node in graph.node:
            for i, name in enumerate(node.input):
                if name == identity.output[0]:
                    node.input[i] = identity.input[0]
        graph.node.remove(identity)


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Removes nodes and constants whose values nothing reads."""
    outputs = {output.name for output in graph.output}
    while unread := [node for node in graph.node if not outputs & set(node.output)
                     and not any(set(node.output) & set(other.input) for other in graph.node)]:
        for node in unread:
            graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
