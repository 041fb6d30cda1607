"""Compares the network with classic methods."""
import pathlib

import numpy as np

from .. import labels as labelling
from ..errors import PipelineError
from ..words import count
from .options import add_networks


def add_to(verbs) -> None:
    verb = verbs.add_parser(
        "compare", help="compare the network with classic methods", description="Fits linear, ridge and logistic regression, "
        "lasso, random forest, XGBoost, nearest neighbours and a stack of them on the frozen ImageNet network's features, and "
        "compares them with the fine-tuned network: mean absolute error on one-hot targets, accuracy, log loss, seconds.")
    verb.set_defaults(call=run, extra="train,compare")
    verb.add_argument("--data", type=pathlib.Path, required=True, help="root/<train|val|test>/<label>/* or root/<label>/*")
    verb.add_argument("--split", choices=("val", "test"), default="val",
                      help="to compare on; settings are chosen on val (%(default)s)")
    verb.add_argument("--labels", type=pathlib.Path, default=labelling.DEFAULT_FILE, help="JSON file of labels, as for training")
    verb.add_argument("--history", type=pathlib.Path, nargs="+", help="history.csv of the network's training runs, for its seconds")
    verb.add_argument("--out", type=pathlib.Path, default=pathlib.Path("model/runs/comparison"),
                      help="folder to write (%(default)s)")
    add_networks(verb)


def run(arguments) -> None:
    from .. import features, onnx_file, spreadsheet
    from ..clean import corrections
    from ..judge import comparison
    from ..train.network import backbone_features

    model = onnx_file.OnnxModel.load(arguments.onnx)
    splits = ("train", "val", *(["test"] if arguments.split == "test" else []))
    photos = corrections.scan(arguments.data, splits)
    labels = labelling.describe({photo.label for photo in photos}, arguments.labels)
    if labels != model.labels:
        raise PipelineError(f"{arguments.onnx}: its labels are not those of {arguments.data}",
                            "compare a network that was trained on these photos")
    index = {label.id: i for i, label in enumerate(labels)}
    parts, shown = {}, []
    for split in splits:
        own = [photo for photo in photos if photo.split == split]
        own, vectors = backbone_features(arguments.backbone, arguments.weights, own, arguments.cache,
                                         skip_bad=arguments.skip_bad)
        parts[split] = comparison.Part(vectors, np.array([index[photo.label] for photo in own]))
        shown = own if split == arguments.split else shown
    _, _, logits = features.of_exported(model, shown, arguments.cache, arguments.skip_bad)
    seconds = None
    for file in arguments.history or []:
        seconds = (seconds or 0) + sum(spreadsheet.number(row["seconds"]) for _, row in spreadsheet.read(file, ("seconds",)))
    targets, figures = parts[arguments.split].targets, []
    print(f"fitting on {count(len(parts['train'].targets), 'photo')}, choosing on {len(parts['val'].targets)}, "
          f"comparing on {len(targets)} of {arguments.split}", flush=True)

    def add(row):
        figures.append(row.figures(targets))
        print(comparison.table(figures[-1:]).splitlines()[-1], flush=True)

    for row in comparison.classic(parts["train"], parts["val"], parts[arguments.split], len(labels)):
        add(row)
    add(comparison.Row("fine-tuned network", model.version, onnx_file.softmax(logits, model.temperature), seconds))
    files = comparison.write(arguments.out, arguments.split, figures,
                             {"model": model.version, "backbone": arguments.backbone, "photos": len(targets)})
    print("wrote " + ", ".join(map(str, files)))
