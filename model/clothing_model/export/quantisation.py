"""Weight quantisation to int8: a file a quarter as large, while the arithmetic stays in floats.

Each convolution stores integers and one scale per output channel; a `DequantizeLinear` node turns them into floats when the
page loads the file. Large layers use fewer levels than int8 has: that does not make the file smaller, but its compressed
copy, which is what is sent.

Rounding each weight to its nearest level is not optimal. Where the inputs of a layer are correlated, weights that are rounded
later can compensate the error of those rounded before (GPTQ: Frantar et al. 2022, arXiv:2210.17323). The correlations are
measured on photos.
"""
import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import helper, numpy_helper

from ..onnx_file import open_session

LEVELS = 127  # on either side of zero: all of int8
LEVELS_LARGE = 45  # for large layers; the model card says what this costs and saves
LARGE = 20_000  # weights from which a layer counts as large
DAMPING = 0.01  # share of the diagonal's mean that is added to it, as in the paper
PLACES = 400  # positions per photo at which a layer's inputs are sampled


def quantise(model: onnx.ModelProto, images: np.ndarray) -> onnx.ModelProto:
    """Stores the weights of each convolution as int8, in place. images: float32 [n, 3, S, S], to measure correlations on."""
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    moments = _second_moments(model, [node for node in convolutions if _attribute(node, "group", 1) == 1], tensors, images)
    for conv in convolutions:
        name = conv.input[1]
        if name not in tensors:  # shared with another convolution, and already quantised
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
    """The scale of each row, [n, m] -> [n], with the smallest squared error, among some that clip its largest weights."""
    widest = np.maximum(np.abs(rows).max(1), 1e-12) / levels
    best, least = widest, np.full(len(rows), np.inf)
    for shrink in np.linspace(1, 0.6, 17):
        scale = widest * shrink
        stored = np.clip(np.round(rows / scale[:, None]), -levels, levels) * scale[:, None]
        error = ((stored - rows) ** 2).sum(1)
        best, least = np.where(error < least, scale, best), np.minimum(error, least)
    return best


def _round(rows: np.ndarray, scale: np.ndarray, levels: int, moment: np.ndarray | None) -> np.ndarray:
    """Rounds rows [n, m] to integers [n, m], column by column; later columns compensate the error of earlier ones.

    moment: [m, m], the mean product of each pair of inputs; None rounds each weight by itself.
    """
    if moment is None:
        return np.clip(np.round(rows / scale[:, None]), -levels, levels)
    order = np.argsort(-np.diag(moment))  # the strongest inputs first, while many columns are left to compensate
    damped = moment[np.ix_(order, order)] + DAMPING * np.mean(np.diag(moment)) * np.eye(len(moment))
    spread = np.linalg.cholesky(np.linalg.inv(damped)).T  # upper triangular: row i distributes the error of column i
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
    """For each convolution, by name: [m, m], the mean product of each pair of its inputs; m = C * kh * kw, as in a weight row."""
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
    """im2col, [C, h, w] -> [positions, C * kh * kw]: the inputs of the kernel at each position."""
    top, left, bottom, right = _attribute(node, "pads", [0, 0, 0, 0])
    down, across = _attribute(node, "strides", [1, 1])
    padded = np.pad(pixels, ((0, 0), (top, bottom), (left, right)))
    windows = sliding_window_view(padded, tuple(kernel), (1, 2))[:, ::down, ::across]
    return np.moveaxis(windows, 0, 2).reshape(windows.shape[1] * windows.shape[2], -1)


def _attribute(node: onnx.NodeProto, name: str, default):
    return next((helper.get_attribute_value(attribute) for attribute in node.attribute if attribute.name == name), default)
