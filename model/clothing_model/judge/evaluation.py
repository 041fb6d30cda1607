"""How good an exported file is, computed from its logits: figures as JSON, and plots where matplotlib is installed."""
import pathlib
from functools import partial

import numpy as np

from .. import verdict
from ..dataset import Photo
from ..labels import Label
from ..onnx_file import OnnxModel, softmax
from .robustness import CHANGES, in_scene

BINS = 15
IN_SCENE = "a ninth of a scene"  # for photos of garments only: a scene pasted into a scene is still a scene


def auroc(scores: np.ndarray, positive: np.ndarray) -> float | None:
    """Area under the ROC curve: how often a positive sample scores higher than a negative one, ties counting half.

    scores: float [n], positive: bool [n]. None if there are no positive or no negative samples.
    """
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return None
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((rank[positive].sum() - n * (n + 1) / 2) / (n * m))


def reliability(sure: np.ndarray, right: np.ndarray) -> list[dict]:
    """Photos in bins of equal width by stated probability: its mean, the share that is right, and the number of photos.

    sure: stated probabilities, float [n] in 0..1. right: bool [n]. Empty bins are left out.
    """
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    return [{"sure": float(sure[place == i].mean()), "right": float(right[place == i].mean()),
             "photos": int((place == i).sum())} for i in range(BINS) if (place == i).any()]


def expected_calibration_error(sure: np.ndarray, right: np.ndarray) -> float:
    """The mean difference between stated probability and share that is right, over all bins weighted by photos
    (Naeini et al. 2015). sure: float [n], right: bool [n]."""
    return float(sum(abs(part["sure"] - part["right"]) * part["photos"] for part in reliability(sure, right)) / len(sure))


def report(logits: np.ndarray, targets: np.ndarray, labels: list[Label], temperature: float,
           thresholds: dict[str, float], origins: list[dict[str, str]] | None = None) -> dict:
    """All figures.

    logits: float [n, K]. targets: int [n], indices into labels. origins: the row of each photo, from `manifest.rows`.

    `by_source` and `by_setting` cover the photos whose manifest names one. `sources_alike` has means over sources, so that
    each source counts the same, however many photos it has. A photo is answered if its label is recognised or its family
    known; an answer that names a family is right if the photo's label belongs to it.
    """
    probabilities = softmax(logits, temperature)
    best, sure = probabilities.argmax(1), probabilities.max(1)
    right = best == targets
    groups = np.array([label.group for label in labels])
    core = np.flatnonzero(groups == "core")
    is_core, says_core, is_garment = np.isin(targets, core), np.isin(best, core), groups[targets] != "none"
    accepted = verdict.recognised(probabilities, labels, thresholds)
    family, (_, members) = verdict.known_family(probabilities, labels, thresholds), verdict.families(labels)
    answered = accepted | (family >= 0)
    right_answer = np.where(accepted, right, members[targets, family] if members.size else False)
    figures = {"photos": len(targets), "top1": _mean(right), "top1_core": _mean(right[is_core]),
               "top1_core_only": _mean(core[logits[is_core][:, core].argmax(1)] == targets[is_core]) if len(core) else None,
               "top1_garments": _mean(right[is_garment]), "top1_none": _mean(right[~is_garment]),
               "auroc_core": auroc(probabilities[:, core].sum(1), is_core),
               "others_called_core": _mean((says_core & accepted)[~is_core]), "core_turned_away": _mean(~accepted[is_core]),
               "none_called_garment": _mean(accepted[~is_garment]), "garments_turned_away": _mean(~accepted[is_garment]),
               "garments_right_when_recognised": _mean(right[is_garment & accepted]),
               "none_called_garment_or_family": _mean(answered[~is_garment]),
               "garments_unanswered": _mean(~answered[is_garment]),
               "garments_right_when_answered": _mean(right_answer[is_garment & answered]),
               "ece": expected_calibration_error(sure, right), "recognised": _mean(accepted),
               "right_when_recognised": _mean(right[accepted])}
    confusion = np.zeros((len(labels), len(labels)), int)
    np.add.at(confusion, (targets, best), 1)
    by_label = {label.id: {"photos": int((targets == i).sum()), "recall": _mean(right[targets == i]),
                           "precision": _mean(right[best == i])} for i, label in enumerate(labels)}

    def parts(column: str) -> dict[str, dict]:
        names = np.array([row.get(column) or "" for row in origins or []])
        return {name: {"photos": int((names == name).sum())}
                | {key: _mean(right[(names == name) & chosen])
                   for key, chosen in (("top1", True), ("top1_core", is_core), ("top1_garments", is_garment))}
                for name in sorted({*names} - {""})}

    by_source = parts("source")
    alike = {key: _mean(np.array([part[key] for part in by_source.values() if part[key] is not None]))
             for key in ("top1", "top1_core", "top1_garments")}
    return {"figures": figures, "by_label": by_label, "by_setting": parts("setting"),
            "sources_alike": {"sources": len(by_source), **alike}, "by_source": by_source,
            "reliability": reliability(sure, right),
            "confusion": {"labels": [label.id for label in labels], "rows_true_columns_said": confusion.tolist()}}


def _mean(values: np.ndarray) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None


def run(model: OnnxModel, photos: list[Photo], pixels: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(logits float [n, K], targets int [n]) of the file on these photos. pixels: of each, uint8 [h, w, 3]."""
    index = {label.id: i for i, label in enumerate(model.labels)}
    logits = model.logits(model.preprocessing.square(image) for image in pixels)
    return logits, np.array([index[photo.label] for photo in photos])


def changed(model: OnnxModel, pixels: list[np.ndarray], targets: np.ndarray) -> dict:
    """The accuracy on all photos and on those of core labels, under each of the changes in `robustness`.

    The scenes are photos of the same split that show no garment.
    """
    core, none = (np.isin(targets, [i for i, label in enumerate(model.labels) if label.group == group])
                  for group in ("core", "none"))
    scenes = [pixels[i] for i in np.flatnonzero(none)]
    changes = {name: [change] * len(pixels) for name, change in CHANGES.items()}
    if scenes:
        changes[IN_SCENE] = [partial(in_scene, scene=scenes[i % len(scenes)]) for i in range(len(pixels))]
    result = {}
    for name, each in changes.items():
        right = model.logits(model.preprocessing.square(change(image)) for change, image in zip(each, pixels)).argmax(1) == targets
        chosen = ~none if name == IN_SCENE else np.full(len(targets), True)
        result[name] = {"top1": _mean(right[chosen]), "top1_core": _mean(right[core])}
    return result


def agreement(logits: np.ndarray, run, pixels: list[np.ndarray]) -> float:
    """The share of photos on which the float network of a `train.run.Run` has the same best label as `logits` [n, K]."""
    preprocessing = run.settings.preprocessing
    return _mean(run.logits([preprocessing.square(image) for image in pixels]).argmax(1) == logits.argmax(1))


def draw(result: dict, folder: pathlib.Path) -> list[pathlib.Path]:
    """Writes the confusion matrix and the reliability plot as PNG; nothing where matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        return []
    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = result["confusion"]["labels"]
    matrix = np.array(result["confusion"]["rows_true_columns_said"])
    figure, axes = pyplot.subplots(figsize=(9, 8), layout="constrained")
    axes.imshow(matrix / np.maximum(matrix.sum(1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            share = count / matrix[row].sum()
            axes.text(column, row, count, ha="center", va="center", fontsize=7, color="white" if share > 0.5 else "black")
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("the network says")
    axes.set_ylabel("the photo shows")
    files = [folder / "confusion.png", folder / "reliability.png"]
    figure.savefig(files[0], dpi=110)
    figure, axes = pyplot.subplots(figsize=(5, 5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes.scatter([part["sure"] for part in result["reliability"]], [part["right"] for part in result["reliability"]],
                 s=[max(8, part["photos"] / 2) for part in result["reliability"]])
    axes.set_xlabel("stated probability")
    axes.set_ylabel("share that is right")
    figure.savefig(files[1], dpi=110)
    pyplot.close("all")
    return files
