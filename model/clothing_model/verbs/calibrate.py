"""Fits the temperature and the thresholds of a run on its val photos."""
import json

import numpy as np

from .options import add_run


def add_to(verbs) -> None:
    verb = verbs.add_parser("calibrate", help="fit temperature and thresholds on val", description="Fits the temperature and the "
                            "thresholds of a run on its val photos, and stores them in the run's folder.")
    verb.set_defaults(call=run)
    add_run(verb)


def run(arguments) -> None:
    from .. import dataset
    from ..clean import corrections
    from ..judge import calibration, evaluation
    from ..onnx_file import softmax
    from ..train.run import Run

    run = Run.load(arguments.run)
    photos, pixels = dataset.load(corrections.scan(arguments.data or run.settings.roots, ("val",)),
                                  skip_bad=arguments.skip_bad)
    index = {label.id: i for i, label in enumerate(run.labels)}
    targets = np.array([index[photo.label] for photo in photos])
    logits = run.logits([run.settings.preprocessing.square(image) for image in pixels])
    temperature = calibration.fit_temperature(logits, targets)
    thresholds = calibration.fit_thresholds(softmax(logits, temperature), targets, run.labels)
    result = {"temperature": temperature, "thresholds": thresholds,
              "val": evaluation.report(logits, targets, run.labels, temperature, thresholds)["figures"]}
    (arguments.run / "calibration.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
