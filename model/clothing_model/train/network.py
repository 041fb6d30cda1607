"""The network: a convolutional body from timm and a linear head, whose class maps show where it looked.

The head is linear, so it gives the same logits whether it is applied before or after average pooling. Applied before, it
also yields a map for each label at no extra cost (class activation maps: Zhou et al. 2016, arXiv:1512.04150).
"""
import pathlib

import numpy as np
import timm
import torch
from safetensors.torch import load_file
from timm.layers import Conv2dSame
from torch import nn

from .. import features
from ..dataset import Photo
from ..errors import PipelineError
from ..picture import Preprocessing


class SamePadConv2d(nn.Conv2d):
    """Strided convolution with TensorFlow's SAME padding, as a fixed pad of (before, after).

    It is correct where the input's sides are multiples of the stride; input sizes that are multiples of the body's total
    stride guarantee that. timm's `Conv2dSame` computes its padding at run time, which becomes Shape and Gather nodes in ONNX.
    """

    def forward(self, x):
        total = self.dilation[0] * (self.kernel_size[0] - 1) - (self.stride[0] - 1)
        before = total // 2
        x = nn.functional.pad(x, (before, total - before, before, total - before))
        return nn.functional.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def _fix_padding(model: nn.Module) -> None:
    for parent in list(model.modules()):
        for name, conv in list(parent.named_children()):
            if not isinstance(conv, Conv2dSame):
                continue
            strided = conv.stride[0] > 1
            padding = 0 if strided else conv.dilation[0] * (conv.kernel_size[0] - 1) // 2
            fixed = (SamePadConv2d if strided else nn.Conv2d)(
                conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, padding, conv.dilation,
                conv.groups, conv.bias is not None)
            fixed.load_state_dict(conv.state_dict())
            setattr(parent, name, fixed)


# Backbones that timm must build with TensorFlow's padding, so that weights converted from TensorFlow work.
TENSORFLOW_PADDED = ("mobilenet_edgetpu_100", "mobilenetv2_100")


def _body(backbone: str, weights: pathlib.Path | None, pretrained: bool) -> nn.Module:
    """A timm model without head or pooling: [n, 3, S, S] -> [n, C, h, w]."""
    options = {"pad_type": "same"} if weights and backbone in TENSORFLOW_PADDED else {}
    try:
        body = timm.create_model(backbone, pretrained=pretrained and not weights, num_classes=0, global_pool="",
                                 **options)
    except Exception as error:  # timm and its hub client raise many kinds; all mean the same here
        raise PipelineError(f"backbone {backbone!r}: {error}",
                            "name one that timm has weights for, while its hub can be reached; or give a file of weights with "
                            "--weights, or begin from an exported network with --begin") from error
    if weights and backbone == "mobilenet_edgetpu_100":
        body.blocks[0][0].bn1.act = nn.Identity()  # linear in the published network; timm adds a ReLU
    if weights and pretrained:
        _load_weights(body, weights, backbone)
    _fix_padding(body)
    return body


def _load_weights(body: nn.Module, weights: pathlib.Path, backbone: str) -> None:
    try:
        state = load_file(weights) if weights.suffix == ".safetensors" else torch.load(weights, weights_only=True)
    except Exception as error:  # safetensors and pickle raise exceptions of their own
        raise PipelineError(f"{weights}: {error}", "name a .safetensors file or a PyTorch state dict") from error
    wanted = body.state_dict()
    given = state if all(key in state for key in wanted) else _in_order(state, wanted)
    missing = [key for key, value in wanted.items() if key not in given or given[key].shape != value.shape]
    if missing:
        raise PipelineError(f"{weights}: it has no {missing[0]!r} that fits ({len(missing)} of {len(wanted)} missing)",
                            f"give weights for timm's {backbone}")
    body.load_state_dict({key: given[key] for key in wanted})


def _in_order(state: dict, wanted: dict) -> dict:
    """`state` with the tensor names of `wanted`, matched by order.

    Weights of the same network from elsewhere use other names, but the same order: that of execution, the head last.
    Batch counters, which some files lack, keep their values.
    """
    names = [key for key in wanted if not key.endswith("num_batches_tracked")]
    tensors = [value for key, value in state.items() if not key.endswith("num_batches_tracked")]
    return wanted | dict(zip(names, tensors)) if len(names) <= len(tensors) else state


class Classifier(nn.Module):
    """[n, 3, S, S] -> logits [n, K].

    weights: file with the body's ImageNet weights; None downloads timm's. pretrained: False builds the same network
    without reading weights, to load a checkpoint into. dropout: probability before the head, in training.
    """

    EARLY_STAGES = 2  # edges and textures: half of MobileNetEdgeTPU's arithmetic, a twentieth of its weights

    def __init__(self, backbone: str, labels: int, weights: pathlib.Path | None = None, pretrained: bool = True,
                 dropout: float = 0.2):
        super().__init__()
        self.body = _body(backbone, weights, pretrained)
        try:
            with torch.no_grad():
                output = self.body.eval()(torch.zeros(1, 3, 64, 64))
        except RuntimeError as error:
            raise PipelineError(f"backbone {backbone!r} accepts only one input size: {error}",
                                "choose one that accepts any size") from error
        channels = {getattr(self.body, name, None) for name in ("num_features", "head_hidden_size")}
        if output.ndim != 4 or output.shape[1] not in channels and output.shape[3] in channels:
            raise PipelineError(f"backbone {backbone!r} yields {list(output.shape)}, not [n, C, h, w]",
                                "choose a convolutional one")
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(output.shape[1], labels)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, x):
        return self.head(self.dropout(self.body(x).mean((2, 3))))

    def groups(self) -> list[list[nn.Parameter]]:
        """Parameter groups for fastai's `splitter`: the body's early stages (if it has any), the rest of it, the head."""
        stages = list(getattr(self.body, "blocks", []))[:self.EARLY_STAGES]
        stem = [getattr(self.body, name) for name in ("conv_stem", "bn1") if stages and hasattr(self.body, name)]
        early = [parameter for module in (*stem, *stages) for parameter in module.parameters()]
        known = {id(parameter) for parameter in early}
        late = [parameter for parameter in self.body.parameters() if id(parameter) not in known]
        return [group for group in (early, late, list(self.head.parameters())) if group]


class WithClassMaps(nn.Module):
    """For export: [1, 3, S, S] -> logits [1, K], class_maps [1, K, h, w], where mean(map) + bias = logit."""

    def __init__(self, classifier: Classifier):
        super().__init__()
        head = classifier.head
        self.body = classifier.body
        self.maps = nn.Conv2d(head.in_features, head.out_features, 1, bias=False)
        self.maps.weight = nn.Parameter(head.weight.detach()[..., None, None].clone())
        self.bias = nn.Parameter(head.bias.detach().clone())

    def forward(self, x):
        maps = self.maps(self.body(x))
        return maps.mean((2, 3)) + self.bias, maps


def backbone_features(backbone: str, weights: pathlib.Path | None, photos: list[Photo], cache: pathlib.Path,
                      size: int = 224, skip_bad: bool = False) -> tuple[list[Photo], np.ndarray]:
    """(photos, features float32 [n, C]) of a timm network with its ImageNet weights.

    weights: as for `Classifier`. cache, skip_bad: as for `features.cached`.
    """
    preprocessing = Preprocessing(size=size)
    network = Classifier(backbone, 1, weights).eval()

    def compute(squares):
        with torch.inference_mode():
            pooled = network.body(torch.from_numpy(preprocessing.normalise(squares))).mean((2, 3)).numpy()
        return pooled, np.zeros((len(squares), 0), np.float32)

    identity = weights.read_bytes() if weights else backbone.encode()
    photos, vectors, _ = features.cached(cache, identity, preprocessing, photos, compute, skip_bad)
    return photos, vectors
