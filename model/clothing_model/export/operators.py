"""Which networks the page can open. The operators are listed in its reader's own file, src/classifier/onnx/operators.json.

There, `constant` lists the inputs of an operator that must be constants, `attributes` the supported values of some attributes,
and `outputs` how many of its outputs can be used (default: one).
"""
import json
import pathlib

import onnx
from onnx import helper

from ..errors import PipelineError

CONTRACT = json.loads((pathlib.Path(__file__).parents[3] / "src" / "classifier" / "onnx" / "operators.json").read_text())
OUTPUTS = ("logits", "class_maps")
GOOD_BACKBONES = "tf_efficientnet_lite0, mobilenet_edgetpu_100, mobilenetv3_large_100, ghostnet_100, convnext_atto"


def check(model: onnx.ModelProto, name: str) -> None:
    """Raises PipelineError with everything that keeps the page from opening a network. name: of the network or its backbone."""
    if found := faults(model):
        raise PipelineError("\n".join(f"{name}: {fault}" for fault in found),
                            f"choose a backbone that the page can open, such as {GOOD_BACKBONES}")


def faults(model: onnx.ModelProto) -> list[str]:
    """Everything that keeps the page from opening a network, apart from its metadata; empty if it can."""
    graph, found = model.graph, []
    version = max((own.version for own in model.opset_import if own.domain in ("", "ai.onnx")), default=0)
    least, most = CONTRACT["opset"]
    if not least <= version <= most:
        found.append(f"its opset version is {version}; versions {least} to {most} are supported")
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in graph.initializer):
        found.append("its weights are in another file: save it as one file")
    found += _unsupported(graph) + _shapes(graph)
    return list(dict.fromkeys(found))


def _unsupported(graph: onnx.GraphProto) -> list[str]:
    """Operators, or uses of them, that the page does not support."""
    known, found, unknown = CONTRACT["operators"], [], set()
    constants = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        operator = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
        if operator in known:
            found += _unsupported_uses(node, known[operator], constants)
        else:
            unknown.add(operator)
        if all(not name or name in constants for name in node.input):
            constants |= set(node.output)
    if unknown:
        found.append(f"it uses operators that the page does not support: {', '.join(sorted(unknown))}. "
                     f"Supported are {', '.join(known)}")
    return found


def _unsupported_uses(node: onnx.NodeProto, uses: dict, constants: set[str]) -> list[str]:
    found = []
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        value = value.decode() if isinstance(value, bytes) else value
        known = uses.get("attributes", {}).get(attribute.name)
        if known is not None and value not in known:
            found.append(f"{node.op_type} has a value of {attribute.name!r} other than {', '.join(map(str, known))}")
    for slot in uses.get("constant", ()):
        if slot < len(node.input) and node.input[slot] and node.input[slot] not in constants:
            found.append(f"{node.op_type} computes its input {slot}, which must be constant")
    if sum(map(bool, node.output)) > uses.get("outputs", 1):
        found.append(f"{node.op_type} has {len(node.output)} outputs, of which {uses.get('outputs', 1)} can be used")
    return found


def _shapes(graph: onnx.GraphProto) -> list[str]:
    """What is wrong with the shape of the input and with the names of the outputs."""
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    found, outputs = [], {value.name: _lengths(value) for value in graph.output}
    lengths = [_lengths(value) for value in inputs]
    if len(inputs) != 1 or len(lengths[0]) != 4 or lengths[0][:2] != [1, 3] or lengths[0][2] != lengths[0][3]:
        found.append(f"its input must be one float [1, 3, side, side] with fixed lengths, but is {lengths}")
    found += [f"it has no output {name!r}" for name in OUTPUTS if name not in outputs]
    return found


def _lengths(value: onnx.ValueInfoProto) -> list[int | str]:
    """The length of each axis of a tensor; if it is not fixed, its name."""
    return [side.dim_value or side.dim_param or "?" for side in value.type.tensor_type.shape.dim]
