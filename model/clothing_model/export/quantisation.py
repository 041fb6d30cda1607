"""Weights in few bits, so that the file is a quarter as large, computed with in floats as before.

Each convolution keeps whole numbers and one scale for each output channel; a `DequantizeLinear` node makes floats of
them when the app loads the file. Large layers use fewer of int8's levels than there are: the file is then no smaller,
but what travels is, since it is sent compressed.

Rounding each weight to its nearest level is not the best choice. Where inputs of a layer go together, an error of one
weight can be made good by those not yet rounded (GPTQ: Frantar et al. 2022, arXiv:2210.17323). Which inputs go
together is measured on photos.
"""
import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import helper, numpy_helper

from ..onnx_file import open_session

LEVELS = 127  # on either side of zero: all that int8 has
LEVELS_LARGE = 45  # of layers with many weights; see the model card for what this costs and saves
LARGE = 20_000  # weights
DAMPING = 0.01  # share of the mean added to the diagonal, as in the paper
PLACES = 400  # of each photo, at which a layer's inputs are looked at


def quantise(model: onnx.ModelProto, images: np.ndarray) -> onnx.ModelProto:
    """Stores each convolution's weights as int8. images: float32 [n, 3, S, S], to measure the layers' inputs on."""
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    moments = _second_moments(model, [node for node in convolutions if _attribute(node, "group", 1) == 1], tensors, images)
    for conv in convolutions:
        name = conv.input[1]
        if name not in tensors:  # shared with another convolution, and done with it
            conv.input[1] = f"{name}.float"
            continue
        tensor = tensors.pop(name)
        weight = numpy_helper.to_array(tensor).astype(np.float64)
        rows = weight.reshape(len(weight), -1)
        levels = LEVELS_LARGE if weight.size >= LARGE and len(moments.get(conv.name, ())) else LEVELS
        scale = _best_scale(rows, levels)
        whole = _round(rows, scale, levels, moments.get(conv.name)).astype(np.int8).reshape(weight.shape)
        stored = {f"{name}.int8": whole, f"{name}.scale": scale.astype(np.float32),
                  f"{name}.zero": np.zeros(len(weight), np.int8)}
        graph.initializer.remove(tensor)
        graph.initializer.extend(numpy_helper.from_array(array, key) for key, array in stored.items())
        node = helper.make_node("DequantizeLinear", list(stored), [f"{name}.float"], name=f"{name}.dequantise", axis=0)
        graph.node.insert(list(graph.node).index(conv), node)
        conv.input[1] = f"{name}.float"
    return model


def _best_scale(rows: np.ndarray, levels: int) -> np.ndarray:
    """[n, m] -> [n]: for each row the step of least squared error, among some that clip its largest weights."""
    widest = np.maximum(np.abs(rows).max(1), 1e-12) / levels
    best, least = widest, np.full(len(rows), np.inf)
    for shrink in np.linspace(1, 0.6, 17):
        scale = widest * shrink
        stored = np.clip(np.round(rows / scale[:, None]), -levels, levels) * scale[:, None]
        error = ((stored - rows) ** 2).sum(1)
        best, least = np.where(error < least, scale, best), np.minimum(error, least)
    return best


def _round(rows: np.ndarray, scale: np.ndarray, levels: int, moment: np.ndarray | None) -> np.ndarray:
    """[n, m] -> whole numbers [n, m], column by column; what a column is off by, the later ones make good.

    moment: [m, m], mean product of each two inputs; None rounds each weight by itself.
    """
    if moment is None:
        return np.clip(np.round(rows / scale[:, None]), -levels, levels)
    order = np.argsort(-np.diag(moment))  # the strongest inputs first, while there are many left to make good
    damped = moment[np.ix_(order, order)] + DAMPING * np.mean(np.diag(moment)) * np.eye(len(moment))
    spread = np.linalg.cholesky(np.linalg.inv(damped)).T  # upper: row i tells how column i's error is shared out
    left, whole = rows[:, order].copy(), np.empty_like(rows)
    for i in range(len(order)):
        whole[:, i] = np.clip(np.round(left[:, i] / scale), -levels, levels)
        error = (left[:, i] - whole[:, i] * scale) / spread[i, i]
        left[:, i:] -= np.outer(error, spread[i, i:])
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return whole[:, back]


def _second_moments(model: onnx.ModelProto, convolutions: list[onnx.NodeProto], tensors: dict[str, onnx.TensorProto],
                    images: np.ndarray) -> dict[str, np.ndarray]:
    """For each convolution, by name: mean product of each two of the inputs that one weight row meets, [m, m]."""
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    inputs = sorted({node.input[0] for node in convolutions} - {model.graph.input[0].name})
    opened.graph.output.extend(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in inputs)
    session = open_session(opened.SerializeToString())
    rng = np.random.default_rng(0)
    sums = {}
    for image in images:
        values = dict(zip(inputs, session.run(inputs, {model.graph.input[0].name: image[None]})))
        values[model.graph.input[0].name] = image[None]
        for node in convolutions:
            patches = _patches(values[node.input[0]][0], node, tensors[node.input[1]].dims[2:])
            chosen = patches[rng.permutation(len(patches))[:PLACES]].astype(np.float64)
            sums[node.name] = sums.get(node.name, 0) + chosen.T @ chosen / (len(chosen) * len(images))
    return sums


def _patches(pixels: np.ndarray, node: onnx.NodeProto, kernel: tuple[int, int]) -> np.ndarray:
    """[C, h, w] -> [places, C * kh * kw]: what the kernel meets at each place."""
    top, left, bottom, right = _attribute(node, "pads", [0, 0, 0, 0])
    down, across = _attribute(node, "strides", [1, 1])
    padded = np.pad(pixels, ((0, 0), (top, bottom), (left, right)))
    windows = sliding_window_view(padded, tuple(kernel), (1, 2))[:, ::down, ::across]
    return np.moveaxis(windows, 0, 2).reshape(windows.shape[1] * windows.shape[2], -1)


def _attribute(node: onnx.NodeProto, name: str, default):
    return next((helper.get_attribute_value(attribute) for attribute in node.attribute if attribute.name == name), default)
