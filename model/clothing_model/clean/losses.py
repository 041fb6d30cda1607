"""Ranks photos by how strongly a network disagrees with their label, so that wrong labels come first (fastai's "top losses").

loss = -ln(probability of the photo's own label), as in training.
"""
import pathlib

import numpy as np

from .. import spreadsheet
from ..dataset import Photo
from ..errors import PipelineError
from ..labels import Label
from .decisions import COLUMNS

MIN_PROBABILITY = 1e-12  # so that no loss is infinite
HEAD = ("file", "label", "predicted", "probability", "own", "loss", "margin", *COLUMNS[2:])


def losses(probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """probabilities: float [n, K], targets: int [n] -> float [n], at least 0."""
    return -np.log(probabilities[np.arange(len(targets)), targets].clip(MIN_PROBABILITY))


def swap(targets: np.ndarray, labels: int, share: float, seed: int, alike: np.ndarray | None = None
         ) -> tuple[np.ndarray, np.ndarray]:
    """Gives a share of the photos a wrong label: (targets int [n], whether each was changed bool [n]).

    labels: K. alike: probabilities, float [n, K]; if given, a photo gets the likeliest wrong label, as a person might
    confuse them; otherwise any other label with equal probability.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(targets))[:round(share * len(targets))]
    swapped, changed = targets.copy(), np.zeros(len(targets), bool)
    if alike is None:
        swapped[chosen] = (targets[chosen] + rng.integers(1, labels, len(chosen))) % labels
    else:
        others = alike[chosen].copy()
        others[np.arange(len(chosen)), targets[chosen]] = -1
        swapped[chosen] = others.argmax(1)
    changed[chosen] = True
    return swapped, changed


def found(loss: np.ndarray, changed: np.ndarray, share: float) -> float:
    """The share (0..1) of the changed labels that are among the `share` of photos with the highest losses."""
    first = np.argsort(-loss, kind="stable")[:round(share * len(loss))]
    return float(changed[first].sum() / max(1, changed.sum()))


def files(out: pathlib.Path, roots: list[pathlib.Path]) -> dict[pathlib.Path, pathlib.Path]:
    """The file that each folder's ranking is written to, by folder: `out` for a single folder; otherwise `out` with the folder's
    name added, since `apply` works on one folder. Raises PipelineError if two folders have the same name."""
    if len(roots) == 1:
        return {roots[0]: out}
    names = [root.resolve().name for root in roots]
    if len(set(names)) < len(names):
        raise PipelineError(f"{len(names)} folders, some with the same name", "rank these one by one")
    return {root: out.with_stem(f"{out.stem}-{name}") for root, name in zip(roots, names)}


def write(file: pathlib.Path, root: pathlib.Path, photos: list[Photo], labels: list[Label], probabilities: np.ndarray,
          targets: np.ndarray, changed: np.ndarray | None) -> None:
    """Writes one row per photo below `root`, highest loss first.

    probabilities: float [n, K]. targets: int [n]. changed: bool [n], for `swap`. The columns action and new_label are empty;
    once they are filled in, `apply` carries them out. own: probability of the photo's label. margin: own minus the
    probability of the best other label.
    """
    loss = losses(probabilities, targets)
    own = probabilities[np.arange(len(targets)), targets]
    others = probabilities.copy()
    others[np.arange(len(targets)), targets] = -1
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = spreadsheet.Writer(out)
        writer.writerow([*HEAD, *(["swapped_from"] if changed is not None else [])])
        for i in np.argsort(-loss, kind="stable"):
            if photos[i].root != root:
                continue
            best = int(probabilities[i].argmax())
            row = [photos[i].path.relative_to(root).as_posix(), labels[targets[i]].id, labels[best].id,
                   *(f"{value:.4f}" for value in (probabilities[i, best], own[i], loss[i], own[i] - others[i].max())), "", ""]
            writer.writerow([*row, *([photos[i].label if changed[i] else ""] if changed is not None else [])])
