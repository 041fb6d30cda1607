"""The command line: python -m clothing_model VERB --help."""
import argparse
import json
import pathlib
import sys
from dataclasses import replace

from . import BACKBONE, labels as labelling, photo_verbs
from .errors import PipelineError
from .words import percent

DEFAULT_DATA = [pathlib.Path("../shared/photos")]
DEFAULT_RUN = pathlib.Path("model/runs/main")
DEFAULT_ONNX = pathlib.Path("model/clothing.onnx")
ROUNDING_PHOTOS = 96  # of the training photos, by which the weights of an export are rounded
LARGEST_MB = 5.5  # of an exported file: what a first visit to the page can afford
CHECKED_PHOTOS = 1000  # with which an export is compared with PyTorch


def train(arguments) -> None:
    import torch

    from .clean import corrections
    from .export import exporting
    from .train import training
    from . import dataset

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    given = {key: _storable(value) for key, value in vars(arguments).items()
             if key in training.Settings.__dataclass_fields__ and value is not None}
    if arguments.resume:
        run = training.Run.load(arguments.run)
        run.settings = replace(run.settings, **given)
    else:
        settings = training.Settings(**{"data": _storable(DEFAULT_DATA)} | given)
        run = training.start(settings, arguments.run, corrections.scan(settings.roots))
    photos = corrections.scan(run.settings.roots)
    if run.state and dataset.digest(photos) != run.digest:
        raise PipelineError(f"{dataset.named(run.settings.roots)}: the photos are not those that this training began with",
                            "restore them, or begin a new run")
    exporting.foresee(run, bytes_of(arguments.largest))
    training.train(run, photos)


def _storable(value):
    """An argument as the settings keep it: paths as text."""
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return str(value) if isinstance(value, pathlib.Path) else value


def refine(arguments) -> None:
    """Trains the later stages of a backbone on kept views, near what it knew, taught by regressions that have not seen a
    photo's source: for photos of other people and shops than those trained on."""
    from .clean import corrections
    from .train import refining, training

    plan = refining.Plan(**{key: value for key, value in vars(arguments).items()
                            if key in refining.Plan.__dataclass_fields__ and value is not None})
    settings = training.Settings(data=tuple(map(str, arguments.data or DEFAULT_DATA)), backbone=arguments.backbone,
                                 weights=arguments.weights, labels=arguments.labels, input_size=arguments.input_size,
                                 skip_bad=arguments.skip_bad)
    photos = corrections.scan(settings.roots)
    others = {name: pathlib.Path(file) for name, file in (pair.split("=", 1) for pair in arguments.teachers)}
    run = refining.refine(settings, plan, arguments.run, photos, others, arguments.cache)
    print(f"trained: {run.checkpoint}")


def soup(arguments) -> None:
    """Averages the weights of runs that began from one another, for instance of a run and of the run before it."""
    from .train import training

    folders = [path for path in arguments.of if path.suffix != training.EXPORTED]
    if not folders:
        raise PipelineError("only exported files are named", "name the folder of a run that began from one, too")
    settings = training.Run.load(folders[0]).settings
    runs = [training.Run.open(path, settings) for path in arguments.of]
    print(json.dumps(training.soup(runs, arguments.shares or [1.0] * len(runs), arguments.run).state["soup"]))


def calibrate(arguments) -> None:
    """Temperature and thresholds of a run, from its val photos; stored in the run's folder."""
    import numpy as np

    from .clean import corrections
    from .judge import calibration, evaluation
    from .train import training
    from . import dataset
    from .onnx_file import softmax

    run = training.Run.load(arguments.run)
    photos, pixels = dataset.load(corrections.scan(arguments.data or run.settings.roots, ("val",)),
                               skip_bad=arguments.skip_bad)
    index = {label.id: i for i, label in enumerate(run.labels)}
    targets = np.array([index[photo.label] for photo in photos])
    logits = run.answers([run.settings.preprocessing.square(image) for image in pixels])
    temperature = calibration.fit_temperature(logits, targets)
    thresholds = calibration.fit_thresholds(softmax(logits, temperature), targets, run.labels)
    result = {"temperature": temperature, "thresholds": thresholds,
              "val": evaluation.report(logits, targets, run.labels, temperature, thresholds)["figures"]}
    (arguments.run / "calibration.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def export(arguments) -> None:
    """Writes the ONNX file of a run, if it answers as PyTorch does."""
    import numpy as np

    from .clean import corrections
    from .export import exporting
    from .train import training
    from . import dataset

    run = training.Run.load(arguments.run)
    file = arguments.run / "calibration.json"
    if not file.exists():
        calibrate(argparse.Namespace(run=arguments.run, data=arguments.data, skip_bad=arguments.skip_bad))
    roots = arguments.data or run.settings.roots

    def squares(split: str, count: int) -> np.ndarray:
        _, pixels = dataset.load(dataset.evenly(corrections.scan(roots, (split,)), count), skip_bad=arguments.skip_bad)
        return np.stack([run.settings.preprocessing.square(image) for image in pixels])

    version = arguments.version or exporting.default_version()
    print(f"rounding the weights by {ROUNDING_PHOTOS} photos", flush=True)
    model = exporting.build(run, json.loads(file.read_text()), version, squares("train", ROUNDING_PHOTOS))
    print(json.dumps(exporting.verify(model, run, squares("val", CHECKED_PHOTOS), bytes_of(arguments.largest))))
    exporting.write(model, arguments.onnx)
    print(f"wrote {arguments.onnx}")


def evaluate(arguments) -> None:
    """Figures of an ONNX file on one split."""
    import onnx

    from .clean import corrections
    from .collect import manifest
    from .judge import evaluation
    from . import dataset, onnx_file

    if arguments.against:
        from .train import training  # and with it PyTorch, which the rest does without
    model = onnx_file.OnnxModel.load(arguments.onnx)
    photos = corrections.scan(arguments.data, (arguments.split,))
    unknown = {photo.label for photo in photos} - {label.id for label in model.labels}
    if unknown:
        raise PipelineError(f"{dataset.named(arguments.data)}: the model has no label {', '.join(sorted(unknown))}",
                            "remove these folders, or train a model that has them")
    photos, pixels = dataset.load(photos, skip_bad=arguments.skip_bad)
    logits, targets = evaluation.run(model, photos, pixels)
    result = {"model": model.version, "split": arguments.split,
              **evaluation.report(logits, targets, model.labels, model.temperature, model.thresholds,
                                  manifest.rows(photos))}
    if arguments.changes:
        result["changed"] = evaluation.changed(model, pixels, targets)
    if arguments.against:
        result["agreement_with_float"] = evaluation.agreement(logits, training.Run.load(arguments.against), pixels)
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / f"{arguments.split}.json").write_text(json.dumps(result, indent=1) + "\n")
        evaluation.draw(result, arguments.out)
    if arguments.record:
        content = onnx.load(arguments.onnx)
        recorded = {"split": arguments.split, **result["figures"], "by_label": result["by_label"]}
        key = {"unseen": "metrics", "familiar": "metrics_familiar"}[arguments.record]
        onnx_file.set_metadata(content, {key: json.dumps(recorded)})
        onnx.save(content, arguments.onnx)
    print(json.dumps({key: value for key, value in result.items() if key not in ("confusion", "reliability")}, indent=1))


def predict(arguments) -> None:
    """One JSON line a picture."""
    from . import dataset, onnx_file

    model = onnx_file.OnnxModel.load(arguments.onnx)
    failed = False
    for path in arguments.paths:
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in dataset.SUFFIXES) if path.is_dir() else [path]
        for file in dataset.evenly(files, arguments.sample) if arguments.sample else files:
            try:
                answer = model.predict(file)
                if not arguments.json:
                    answer = f"{file}: {_in_words(answer)}"
                print(json.dumps(answer) if arguments.json else answer, flush=True)
            except PipelineError as error:
                failed = True
                print(f"error: {error}", file=sys.stderr)
    if failed:
        sys.exit(1)


def _in_words(answer: dict) -> str:
    family = answer["family"]
    if family:
        return f"{family['name']}, {percent(family['probability'])} (most like {answer['name']})"
    return f"{answer['name']}, {percent(answer['probability'])}" + " (not sure)" * (not answer["recognised"])


def sizes(text: str) -> tuple[int, ...]:
    """"160*2,192*4" -> (160, 160, 192, 192, 192, 192)"""
    parts = [part.partition("*") for part in text.split(",")]
    return tuple(int(size) for size, _, times in parts for _ in range(int(times or 1)))


def bytes_of(megabytes: float) -> int:
    return round(megabytes * 1e6)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="clothing_model", description=__doc__)
    verbs = top.add_subparsers(required=True, metavar="VERB")

    verb = verbs.add_parser("train", help="train a network on folders of photos", description="Transfer learning: "
                            "learning-rate finder, head first, then the body; a checkpoint after each epoch.")
    verb.set_defaults(call=train)
    verb.add_argument("--data", type=pathlib.Path, nargs="+", help="one folder or several: root/<train|val>/<label>/* or "
                      f"root/<label>/* ({DEFAULT_DATA[0]})")
    verb.add_argument("--run", type=pathlib.Path, default=DEFAULT_RUN, help="folder for checkpoint, history, plots (%(default)s)")
    verb.add_argument("--resume", action="store_true", help="go on with the run by its own settings, but for those given again")
    verb.add_argument("--backbone", help=f"any convolutional network of timm ({BACKBONE})")
    verb.add_argument("--weights", help="file of the backbone's ImageNet weights; without it they come from timm's hub")
    verb.add_argument("--begin", help="folder of a finished run, or exported file (clothing.onnx), to start from "
                      "instead of ImageNet weights; where its labels are others, its body with a new head")
    verb.add_argument("--teachers", nargs="+", help="folders of finished runs, or exported files, whose mean answer "
                      "becomes half of each target")
    verb.add_argument("--labels", help="JSON file of names, phrases and groups of labels (labels.json)")
    verb.add_argument("--sizes", type=sizes, help="input side of each epoch of the body, such as 160*2,192*6,224")
    verb.add_argument("--head-sizes", type=sizes, help="the same for the head's epochs")
    verb.add_argument("--input-size", type=int, help="side in validation and in the exported file (224)")
    verb.add_argument("--batch", type=int, help="photos a step (48)")
    verb.add_argument("--lr", type=float, help="highest learning rate for the body; default: the finder's")
    verb.add_argument("--head-lr", type=float, help="the same for the head's epochs")
    verb.add_argument("--keep-early", action="store_true", default=None,
                      help="leave stem and first two stages as they came: twice as fast on CPUs")
    verb.add_argument("--core-weight", type=float,
                      help="how often a photo of a core label is drawn, against others (1)")
    verb.add_argument("--augment", type=float, help="scales how probable each change of a training photo is (1)")
    verb.add_argument("--smoothing", type=float, help="label smoothing (0.05)")
    verb.add_argument("--seed", type=int, help="of everything random (1)")
    verb.add_argument("--steps", type=int, help="steps an epoch; default: as many as the photos fill")
    verb.add_argument("--workers", type=int, help="processes that prepare photos (1)")
    verb.add_argument("--threads", type=int, help="threads of PyTorch's arithmetic")
    verb.add_argument("--precision", choices=("float32", "bfloat16"),
                      help="of the convolutions (float32); bfloat16 is half again as fast on CPUs that know it")
    verb.add_argument("--device", help="cpu or cuda; default: cuda where there is one")
    verb.add_argument("--skip-bad", action="store_true", default=None, help="name unreadable files and go on without them")
    _largest_option(verb)

    verb = verbs.add_parser("refine", help="train the later stages only, fast and near the backbone", description=refine.__doc__)
    verb.set_defaults(call=refine)
    verb.add_argument("--data", type=pathlib.Path, nargs="+", help=f"one folder or several ({DEFAULT_DATA[0]})")
    verb.add_argument("--run", type=pathlib.Path, default=DEFAULT_RUN, help="folder for checkpoint and views (%(default)s)")
    verb.add_argument("--backbone", default=BACKBONE, help="of timm's EfficientNet family (%(default)s)")
    verb.add_argument("--weights", help="file of the backbone's ImageNet weights; without it they come from timm's hub")
    verb.add_argument("--teachers", nargs="+", default=[], metavar="BACKBONE=FILE",
                      help="other networks and their weights, on whose features regressions teach, too")
    verb.add_argument("--labels", default=str(labelling.DEFAULT_FILE), help="JSON file of names and groups (labels.json)")
    verb.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("model/runs/features"), help="folder for features")
    verb.add_argument("--input-size", type=int, default=224, help="side in the exported file (%(default)s)")
    verb.add_argument("--folds", type=photo_verbs.positive, help="networks trained, each without a part of the sources; their mean is kept (3)")
    verb.add_argument("--rounds", type=int, help="rounds of views, each of every photo (12)")
    verb.add_argument("--views", type=int, help="views drawn for each network (120000)")
    verb.add_argument("--side", type=int, help="of a view in pixels (192)")
    verb.add_argument("--rate", type=float, help="highest learning rate (4e-4)")
    verb.add_argument("--pull", type=float, help="towards the beginning, times the rate (1)")
    verb.add_argument("--taught", type=float, help="share of the regressions' word in a target (0.5)")
    verb.add_argument("--mix", type=float, help="of the trained weights in the result; the rest is where they began (1)")
    verb.add_argument("--seed", type=int, help="of everything random (1)")
    verb.add_argument("--skip-bad", action="store_true", help="name unreadable files and go on without them")

    verb = verbs.add_parser("soup", help="average the weights of runs", description=soup.__doc__)
    verb.set_defaults(call=soup)
    verb.add_argument("of", nargs="+", type=pathlib.Path, metavar="RUN",
                      help="folders of finished runs; exported files, too, beside at least one folder")
    verb.add_argument("--shares", nargs="+", type=float, help="of each run in the average; default: equal ones")
    verb.add_argument("--run", type=pathlib.Path, required=True, help="folder of the new run, which can be exported")

    verb = verbs.add_parser("calibrate", help="fit temperature and thresholds on val", description=calibrate.__doc__)
    verb.set_defaults(call=calibrate)
    _run_options(verb)

    verb = verbs.add_parser("export", help="write the ONNX file", description=export.__doc__)
    verb.set_defaults(call=export)
    _run_options(verb)
    verb.add_argument("--onnx", type=pathlib.Path, default=DEFAULT_ONNX, help="file to write (%(default)s)")
    verb.add_argument("--version", help="of the model, such as 2026.11-1; default: this month's first")
    _largest_option(verb)

    verb = verbs.add_parser("evaluate", help="judge an ONNX file on a split", description=evaluate.__doc__)
    verb.set_defaults(call=evaluate)
    verb.add_argument("--onnx", type=pathlib.Path, default=DEFAULT_ONNX, help="file to judge (%(default)s)")
    verb.add_argument("--data", type=pathlib.Path, nargs="+", default=DEFAULT_DATA,
                      help=f"one folder or several ({DEFAULT_DATA[0]})")
    verb.add_argument("--split", default="val", choices=("train", "val", "test"), help="(%(default)s)")
    verb.add_argument("--out", type=pathlib.Path, help="folder for SPLIT.json and pictures")
    verb.add_argument("--changes", action="store_true", help="also with each photo turned, blurred, dark, compressed, small")
    verb.add_argument("--against", type=pathlib.Path, metavar="RUN",
                      help="folder of the file's training: how often its network in floats says the same")
    verb.add_argument("--record", nargs="?", choices=("unseen", "familiar"), const="unseen",
                      help="write the headline figures and those of each label into the file's metadata: as those of sources that "
                      "nothing was trained on, or of familiar ones, which stand beside them (unseen)")
    verb.add_argument("--skip-bad", action="store_true", help="name unreadable files and go on without them")

    verb = verbs.add_parser("predict", help="answer for pictures, through onnxruntime", description=predict.__doc__)
    verb.set_defaults(call=predict)
    verb.add_argument("--onnx", type=pathlib.Path, default=DEFAULT_ONNX, help="file to ask (%(default)s)")
    verb.add_argument("--json", action="store_true", help="whole Predictions with all labels' probabilities and logits")
    verb.add_argument("--sample", type=int, help="of each folder only so many, evenly spaced")
    verb.add_argument("paths", nargs="+", type=pathlib.Path, metavar="PATH", help="picture, or folder of pictures")

    photo_verbs.add_to(verbs)
    return top


def _run_options(verb) -> None:
    verb.add_argument("--run", type=pathlib.Path, default=DEFAULT_RUN, help="folder of the training (%(default)s)")
    verb.add_argument("--data", type=pathlib.Path, nargs="+", help="folders of photos; default: those of the training")
    verb.add_argument("--skip-bad", action="store_true", help="name unreadable files and go on without them")


def _largest_option(verb) -> None:
    verb.add_argument("--largest", type=float, metavar="MB", default=LARGEST_MB,
                      help="size of the exported file that is allowed (%(default)s, for a network that the page comes with; "
                      "one that is dropped on the page may have 200)")


def main(argv: list[str] | None = None) -> None:
    arguments = parser().parse_args(argv)
    try:
        arguments.call(arguments)
    except PipelineError as error:
        sys.exit(f"error: {error}")
    except ModuleNotFoundError as error:
        extra = getattr(arguments, "extra", "train")
        sys.exit(f"error: {error}\n  -> install what this verb needs: pip install -e 'model[{extra}]'")
    except KeyboardInterrupt:
        sys.exit("stopped; what was finished is kept")
