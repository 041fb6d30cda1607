"""The report's charts as pictures."""
import pathlib
from collections import Counter

import numpy as np

from .exploration import Findings


def draw(findings: Findings, folder: pathlib.Path) -> None:
    """Writes counts.png, shapes.png, colours.png and akin.png; nothing where matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    height = 0.32 * len(findings.labels) + 1
    counts = Counter((photo.label, photo.split) for photo in findings.photos)
    figure, axes = pyplot.subplots(figsize=(8, height), layout="constrained")
    start = np.zeros(len(findings.labels))
    for split, colour in zip(findings.splits, ("#0e6b5e", "#e0a43a", "#8a5fbf")):
        own = np.array([counts[label, split] for label in findings.labels])
        axes.barh(findings.labels, own, left=start, label=split, color=colour)
        start += own
    axes.invert_yaxis()
    axes.set_xlabel("photos")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(folder / "counts.png", dpi=130)

    figure, axes = pyplot.subplots(figsize=(6, 6), layout="constrained")
    axes.scatter([own.width for own in findings.measurements], [own.height for own in findings.measurements],
                 s=4, alpha=0.25, color="#0e6b5e")
    axes.set_xlabel("width, pixels")
    axes.set_ylabel("height, pixels")
    axes.set_aspect("equal")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(folder / "shapes.png", dpi=130)

    figure, axes = pyplot.subplots(figsize=(8, height), layout="constrained")
    strips = np.zeros((len(findings.labels), 60, 3))
    for row, label in enumerate(findings.labels):
        own = np.array([each.colour for photo, each in zip(findings.photos, findings.measurements) if photo.label == label], float)
        own = own[np.argsort(own @ (0.299, 0.587, 0.114))]
        strips[row] = own[np.arange(60) * len(own) // 60] / 255
    axes.imshow(strips, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(len(findings.labels)), findings.labels)
    axes.set_xticks([])
    axes.set_xlabel("mean colour of each photo, from dark to light")
    axes.spines[:].set_visible(False)
    figure.savefig(folder / "colours.png", dpi=130)

    if findings.mixed_labels:
        figure, axes = pyplot.subplots(figsize=(8, 0.35 * len(findings.mixed_labels) + 1), layout="constrained")
        axes.barh([f"{label} among {other}" for label, other, _ in findings.mixed_labels],
                  [100 * share for *_, share in findings.mixed_labels], color="#0e6b5e")
        axes.invert_yaxis()
        axes.set_xlabel("share of its photos' neighbours, %")
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(folder / "akin.png", dpi=130)
    pyplot.close("all")
