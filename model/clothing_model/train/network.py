"""The network: a convolutional body from timm and a linear head that can be asked where it looked.

The head is linear, so applying it before the average over places or after gives the same logits; applied before, it
yields a map for each label (class activation maps), which cost the app nothing.
"""
import pathlib

import timm
import torch
from safetensors.torch import load_file
from timm.layers import Conv2dSame
from torch import nn

from ..errors import PipelineError


class SamePadConv2d(nn.Conv2d):
    """Strided convolution with TensorFlow's SAME padding, as a fixed pad of (before, after).

    Right wherever the input's sides are multiples of the stride, which sizes divisible by the body's whole stride
    guarantee. timm's `Conv2dSame` works its padding out at run time, which ends as Shape and Gather nodes in ONNX.
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


# What timm has to be told so that weights converted from TensorFlow mean the same in it.
TENSORFLOW_PADDED = ("mobilenet_edgetpu_100", "mobilenetv2_100")


def _body(backbone: str, weights: pathlib.Path | None, pretrained: bool) -> nn.Module:
    """A timm model without head or pooling: [n, 3, S, S] -> [n, C, h, w]."""
    options = {"pad_type": "same"} if weights and backbone in TENSORFLOW_PADDED else {}
    try:
        body = timm.create_model(backbone, pretrained=pretrained and not weights, num_classes=0, global_pool="",
                                 **options)
    except Exception as error:  # timm and its hub client raise many kinds; all mean the same here
        raise PipelineError(f"backbone {backbone!r}: {error}",
                            "name one of which timm has weights and can reach its hub; or give a file of them with "
                            "--weights, or begin from an exported network with --begin") from error
    if weights and backbone == "mobilenet_edgetpu_100":
        body.blocks[0][0].bn1.act = nn.Identity()  # the published network projects linearly here, timm adds a ReLU
    if weights and pretrained:
        _load_weights(body, weights, backbone)
    _fix_padding(body)
    return body


def _load_weights(body: nn.Module, weights: pathlib.Path, backbone: str) -> None:
    try:
        state = load_file(weights) if weights.suffix == ".safetensors" else torch.load(weights, weights_only=True)
    except Exception as error:  # safetensors and pickle raise kinds of their own
        raise PipelineError(f"{weights}: {error}", "name a .safetensors or PyTorch state file") from error
    wanted = body.state_dict()
    given = state if all(key in state for key in wanted) else _in_order(state, wanted)
    missing = [key for key, value in wanted.items() if key not in given or given[key].shape != value.shape]
    if missing:
        raise PipelineError(f"{weights}: no fitting {missing[0]!r} in it ({len(missing)} of {len(wanted)} missing)",
                            f"give weights that belong to timm's {backbone}")
    body.load_state_dict({key: given[key] for key in wanted})


def _in_order(state: dict, wanted: dict) -> dict:
    """`state` under the names of `wanted`: files of the same network from elsewhere name their tensors otherwise, but list
    them in the same order, that of execution, with the head last. Counters of batches, which some lack, stay as they are."""
    names = [key for key in wanted if not key.endswith("num_batches_tracked")]
    tensors = [value for key, value in state.items() if not key.endswith("num_batches_tracked")]
    return wanted | dict(zip(names, tensors)) if len(names) <= len(tensors) else state


class Classifier(nn.Module):
    """[n, 3, S, S] -> logits [n, K].

    weights: a file of the body's ImageNet weights; None takes timm's. pretrained: False builds the same network
    without reading any, to load a checkpoint into.
    """

    EARLY_STAGES = 2  # edges and textures: of MobileNetEdgeTPU half the arithmetic, a twentieth of the weights

    def __init__(self, backbone: str, labels: int, weights: pathlib.Path | None = None, pretrained: bool = True,
                 dropout: float = 0.2):
        super().__init__()
        self.body = _body(backbone, weights, pretrained)
        try:
            with torch.no_grad():
                features = self.body.eval()(torch.zeros(1, 3, 64, 64))
        except RuntimeError as error:
            raise PipelineError(f"backbone {backbone!r} takes pictures of one size only: {error}",
                                "choose one that takes any") from error
        channels = {getattr(self.body, name, None) for name in ("num_features", "head_hidden_size")}
        if features.ndim != 4 or features.shape[1] not in channels and features.shape[3] in channels:
            raise PipelineError(f"backbone {backbone!r} yields {list(features.shape)}, not [n, C, h, w]",
                                "choose a convolutional one")
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(features.shape[1], labels)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, x):
        return self.head(self.dropout(self.body(x).mean((2, 3))))

    def groups(self) -> list[list[nn.Parameter]]:
        """Parameters as a fastai splitter gives them: the body's early stages where it has such, the rest, the head."""
        stages = list(getattr(self.body, "blocks", []))[:self.EARLY_STAGES]
        stem = [getattr(self.body, name) for name in ("conv_stem", "bn1") if stages and hasattr(self.body, name)]
        early = [parameter for module in (*stem, *stages) for parameter in module.parameters()]
        known = {id(parameter) for parameter in early}
        late = [parameter for parameter in self.body.parameters() if id(parameter) not in known]
        return [group for group in (early, late, list(self.head.parameters())) if group]


class WithClassMaps(nn.Module):
    """For export: [1, 3, S, S] -> logits [1, K], class_maps [1, K, h, w], with mean(map) + bias = logit."""

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
