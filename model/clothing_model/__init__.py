"""Trains, exports and judges the network that tells garments apart on photos."""

# timm's name of the network in clothing.onnx; its ImageNet weights are in timm's hub, too. The default of all verbs.
BACKBONE = "tf_efficientnet_lite2"
