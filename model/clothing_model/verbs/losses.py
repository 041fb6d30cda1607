"""Ranks photos by loss, so that wrong labels come first."""
import pathlib

import numpy as np

from .. import labels as labelling
from ..words import count
from .options import add_networks, add_splits


def add_to(verbs) -> None:
    verb = verbs.add_parser(
        "losses", help="rank photos by loss, so that wrong labels come first", description="Writes a CSV with each photo, its "
        "label, the label that the judge predicts, and the loss; highest losses first. Once action and new_label are filled in, "
        "`apply` carries it out.")
    verb.set_defaults(call=run, extra="train,compare")
    verb.add_argument("--data", type=pathlib.Path, nargs="+", required=True,
                      help="one or more folders: root/<train|val|test>/<label>/* or root/<label>/*")
    add_splits(verb)
    verb.add_argument("--judge", choices=("network", "cross-validation"), default="network",
                      help="the ONNX file, or logistic regressions on frozen ImageNet features; each regression judges only photos "
                      "that it has not seen, and of people it has seen no photo of where the manifest names them (%(default)s)")
    verb.add_argument("--out", type=pathlib.Path, default=pathlib.Path("losses.csv"),
                      help="file to write (%(default)s); with several folders one file each, with the folder's name added")
    verb.add_argument("--swap", type=float, default=0.0, metavar="SHARE",
                      help="an experiment: first give this share of the photos a wrong label, then report how many are found")
    verb.add_argument("--swap-to", choices=("any", "alike"), default="any",
                      help="any other label, or the one that the judge finds likeliest: the hardest case (%(default)s)")
    verb.add_argument("--seed", type=int, default=1, help="seed of the experiment and of the folds (%(default)s)")
    add_networks(verb)


def run(arguments) -> None:
    from .. import dataset, features, onnx_file
    from ..clean import cross_validation, losses
    from ..collect import manifest

    photos = dataset.scan(arguments.data, tuple(arguments.splits))
    files = losses.files(arguments.out, arguments.data)
    if arguments.judge == "network":
        model = onnx_file.OnnxModel.load(arguments.onnx)
        labels = model.labels
        dataset.check_labels(photos, labels, dataset.named(arguments.data),
                             "remove these folders, train a model that has them, or use --judge cross-validation")
        photos, _, logits = features.of_exported(model, photos, arguments.cache, arguments.skip_bad)
    else:
        from ..train.network import backbone_features

        labels = labelling.describe({photo.label for photo in photos})
        photos, vectors = backbone_features(arguments.backbone, arguments.weights, photos, arguments.cache,
                                            skip_bad=arguments.skip_bad)
    index = {label.id: i for i, label in enumerate(labels)}
    targets, swapped = np.array([index[photo.label] for photo in photos]), None

    def judge():
        return (onnx_file.softmax(logits, model.temperature) if arguments.judge == "network"
                else cross_validation.predict(vectors, targets, len(labels), arguments.seed, manifest.people(photos)))

    if arguments.swap:
        alike = judge() if arguments.swap_to == "alike" else None
        targets, swapped = losses.swap(targets, len(labels), arguments.swap, arguments.seed, alike)
    probabilities = judge()
    for root, file in files.items():
        losses.write(file, root, photos, labels, probabilities, targets, swapped)
    loss = losses.losses(probabilities, targets)
    others = count(int((probabilities.argmax(1) != targets).sum()), "photo seems", "photos seem")
    print(f"{count(len(photos), 'photo')} ranked in {dataset.named(files.values())}; mean loss {loss.mean():.3f}; "
          f"{others} to have another label")
    if swapped is not None:
        told = count(int(swapped.sum()), "label was", "labels were")
        print(f"{told} swapped (seed {arguments.seed}); found among the highest losses: " + ", ".join(
            f"{losses.found(loss, swapped, share):.3f} in the first {share:.0%}" for share in (0.05, 0.1, 0.2)))
