"""Collects and cleans photos of garments, and trains, exports and evaluates the network that classifies them.

One folder per step of that story: `collect`, `explore`, `clean`, `train`, `export`, `judge`. A folder imports only from those
before it, and from the modules beside this one, which all share. `verbs` has the command line, one file per verb.
"""

# timm's name of the network in clothing.onnx; its ImageNet weights are on timm's hub. The default of all verbs.
BACKBONE = "tf_efficientnet_lite2"
