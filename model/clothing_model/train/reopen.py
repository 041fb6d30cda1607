"""Turns an exported file back into a network that can be trained further.

It undoes the export: int8 weights become floats, and the batch norms, which the export folded into the convolutions
before them, are restored. The file no longer has their running means and variances, which training needs, so these are
measured again on photos.
"""
import pathlib

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from ..errors import PipelineError
from ..onnx_file import OnnxModel
from .network import Classifier

BATCH = 32
COMPARED = 8  # photos on which the network's logits are compared with the file's
TOLERANCE = 1e-3  # largest difference of a logit, as a share of the range of all logits


def tensorflow_padded(file: pathlib.Path) -> bool:
    """Whether a convolution pads more at the end of an axis than at its start, as TensorFlow's SAME padding does."""
    pads = [attribute.ints for node in _graph(file).node for attribute in node.attribute if attribute.name == "pads"]
    return any(list(sides[:2]) != list(sides[2:]) for sides in pads)


def restore(network: Classifier, model: OnnxModel, squares: np.ndarray) -> None:
    """Loads the weights of the model's file into `network`, so that both give the same logits.

    squares: uint8 [n, S, S, 3], training photos on which the running means and variances of batch norms are measured.
    Raises PipelineError if the file is not of this backbone.
    """
    misfit = PipelineError(f"{model.file}: its network has another backbone than the one asked for",
                           "name the one it was trained with, with --backbone")
    graph = _graph(model.file)
    values = _initializers(graph)
    weights = [values.get(node.input[1]) for node in graph.node if node.op_type == "Conv"]
    biases = [values[node.input[2]] if len(node.input) > 2 else np.float32(0) for node in graph.node if node.op_type == "Conv"]
    head_bias = [values[name] for node in graph.node if "logits" in node.output for name in node.input if name in values]
    pairs = _convolutions(network.body)
    wanted = [*(tuple(conv.weight.shape) for conv, _ in pairs), (*network.head.weight.shape, 1, 1)]
    if [np.shape(weight) for weight in weights] != wanted or len(head_bias) != 1:
        raise misfit
    network.eval().requires_grad_(False)  # weights that require gradients cannot be overwritten in place
    for weight, bias, (conv, norm) in zip(weights, biases, pairs):
        conv.weight.copy_(torch.from_numpy(weight))
        if norm:
            _make_identity(norm, bias)
        elif conv.bias is not None:
            conv.bias.copy_(torch.as_tensor(bias))
    network.head.weight.copy_(torch.from_numpy(weights[-1][..., 0, 0]))
    network.head.bias.copy_(torch.from_numpy(head_bias[0]))
    _measure(network, [pair for pair in pairs if pair[1]], model.preprocessing.normalise(squares))
    compared = squares[:COMPARED]
    expected = model.logits(compared)
    answers = network(torch.from_numpy(model.preprocessing.normalise(compared))).numpy()
    if np.abs(answers - expected).max() > TOLERANCE * np.ptp(expected):
        raise misfit
    network.requires_grad_(True)


def _graph(file: pathlib.Path) -> onnx.GraphProto:
    try:
        return onnx.load(file).graph
    except FileNotFoundError:
        raise PipelineError(f"{file}: there is no such file", "name an exported file, or a run's folder") from None
    except Exception as error:  # protobuf raises exceptions of its own
        raise PipelineError(f"{file}: not an ONNX file: {error}", "name an exported file, or a run's folder") from error


def _initializers(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    """All constants by name. Weights stored as int8 are float32, under the name that the convolutions read."""
    values = {tensor.name: numpy_helper.to_array(tensor).copy() for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            whole, scale, zero = (values[name].astype(np.float32) for name in node.input)
            shape = [-1] + [1] * (whole.ndim - 1)  # one scale for each output channel
            values[node.output[0]] = (whole - zero.reshape(shape)) * scale.reshape(shape)
    return values


def _convolutions(body: nn.Module) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """Each convolution with the batch norm right after it, in the order of execution.

    That is also their order in the file, since the exporter traces the network.
    """
    executed = []
    hooks = [module.register_forward_hook(lambda module, *_: executed.append(module)) for module in body.modules()
             if isinstance(module, (nn.Conv2d, nn.BatchNorm2d))]
    with torch.no_grad():
        body.eval()(torch.zeros(1, 3, 64, 64))
    for hook in hooks:
        hook.remove()
    return [(module, after if isinstance(after, nn.BatchNorm2d) else None)
            for module, after in zip(executed, [*executed[1:], None]) if isinstance(module, nn.Conv2d)]


def _make_identity(norm: nn.BatchNorm2d, bias: np.ndarray) -> None:
    """Makes a batch norm add `bias` [C] and do nothing else."""
    norm.running_mean.zero_()
    norm.running_var.fill_(1)
    norm.weight.fill_((1 + norm.eps) ** 0.5)
    norm.bias.copy_(torch.as_tensor(bias))


def _measure(network: Classifier, pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d]], images: np.ndarray) -> None:
    """Sets the statistics of each batch norm to those of its convolution's output on these images [n, 3, S, S].

    Its weight and bias change along, so that norm(y) = (y - mean) / sqrt(var + eps) * weight + bias gives the same as before.
    """
    sums = {conv: 0.0 for conv, _ in pairs}  # of 1, y and y² over all photos: float64 [3, C]

    def add(conv, _, y):
        variance, mean = torch.var_mean(y, (0, 2, 3), correction=0)
        sums[conv] += len(y) * torch.stack([torch.ones_like(mean), mean, variance + mean ** 2]).double()

    hooks = [conv.register_forward_hook(add) for conv in sums]
    for first in range(0, len(images), BATCH):
        network(torch.from_numpy(images[first:first + BATCH]))
    for hook in hooks:
        hook.remove()
    for conv, norm in pairs:
        count, total, squared = sums[conv]
        mean = total / count
        norm.running_mean.copy_(mean)
        norm.running_var.copy_((squared / count - mean ** 2).clamp(min=0))
        norm.weight.copy_((norm.running_var + norm.eps).sqrt())
        norm.bias.add_(norm.running_mean)
