"""Measures how good an ONNX file is on one split."""
import json
import pathlib

from .options import DEFAULT_DATA, DEFAULT_ONNX, SPLITS, add_skip_bad


def add_to(verbs) -> None:
    verb = verbs.add_parser("evaluate", help="evaluate an ONNX file on a split", description="Measures how good an ONNX file is on "
                            "one split.")
    verb.set_defaults(call=run)
    verb.add_argument("--onnx", type=pathlib.Path, default=DEFAULT_ONNX, help="file to evaluate (%(default)s)")
    verb.add_argument("--data", type=pathlib.Path, nargs="+", default=DEFAULT_DATA,
                      help=f"one or more folders ({DEFAULT_DATA[0]})")
    verb.add_argument("--split", default="val", choices=SPLITS, help="(%(default)s)")
    verb.add_argument("--out", type=pathlib.Path, help="folder for SPLIT.json and plots")
    verb.add_argument("--changes", action="store_true",
                      help="also evaluate with each photo rotated, blurred, dark, compressed, small")
    verb.add_argument("--against", type=pathlib.Path, metavar="RUN",
                      help="folder of the run that was exported: also measure how often its float network gives the same answer")
    verb.add_argument("--record", nargs="?", choices=("unseen", "familiar"), const="unseen",
                      help="write the headline figures and those of each label into the file's metadata: as figures for unseen "
                      "sources, of which no photo was trained on, or for familiar ones, which are stored beside them (unseen)")
    add_skip_bad(verb)


def run(arguments) -> None:
    import onnx

    from .. import dataset, onnx_file
    from ..clean import corrections
    from ..collect import manifest
    from ..judge import evaluation

    if arguments.against:
        from ..train.run import Run  # imports PyTorch, which the rest does without
    model = onnx_file.OnnxModel.load(arguments.onnx)
    photos = corrections.scan(arguments.data, (arguments.split,))
    dataset.check_labels(photos, model.labels, dataset.named(arguments.data),
                         "remove these folders, or train a model that has them")
    photos, pixels = dataset.load(photos, skip_bad=arguments.skip_bad)
    logits, targets = evaluation.run(model, photos, pixels)
    result = {"model": model.version, "split": arguments.split,
              **evaluation.report(logits, targets, model.labels, model.temperature, model.thresholds,
                                  manifest.rows(photos))}
    if arguments.changes:
        result["changed"] = evaluation.changed(model, pixels, targets)
    if arguments.against:
        result["agreement_with_float"] = evaluation.agreement(logits, Run.load(arguments.against), pixels)
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
