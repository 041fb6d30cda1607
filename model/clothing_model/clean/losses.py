"""Photos ranked by how much a network disagrees with their folder: wrong labels come first.

loss = -ln(probability of the photo's own label), as in training. It is what fastai's users know as the top losses.
"""
import pathlib
from collections.abc import Callable

import numpy as np

from .. import spreadsheet
from ..dataset import Photo
from .decisions import COLUMNS
from ..errors import PipelineError
from ..labels import Label
from ..words import count

FOLDS = 5
LEAST = 1e-12  # probability, so that no loss is infinite
HEAD = ("file", "label", "predicted", "probability", "own", "loss", "margin", *COLUMNS[2:])


def losses(probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """float [n, K], int [n] -> float [n], at least 0."""
    return -np.log(probabilities[np.arange(len(targets)), targets].clip(LEAST))


def swap(targets: np.ndarray, labels: int, share: float, seed: int, alike: np.ndarray | None = None
         ) -> tuple[np.ndarray, np.ndarray]:
    """Gives a share of the photos another label: (targets, which are changed).

    Any of the others equally often, or, where probabilities `alike` [n, K] are given, the likeliest of them: a mistake
    that a person could make.
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
    """Of the changed labels, the part among the `share` of the photos with the highest losses."""
    first = np.argsort(-loss, kind="stable")[:round(share * len(loss))]
    return float(changed[first].sum() / max(1, changed.sum()))


def cross_validated(vectors: np.ndarray, targets: np.ndarray, labels: int, seed: int,
                    people: list[str] | None = None, judge: Callable | None = None) -> np.ndarray:
    """Probabilities [n, K] by logistic regressions on features, each of which has not seen the photos it judges.

    people: who each photo is from ("" where that is not known); where there are enough of them, nor has it seen others of
    theirs. judge: makes an estimator of scikit-learn in the place of `comparison.logistic_regression`.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    from ..judge.comparison import logistic_regression

    counts = np.bincount(targets, minlength=labels)
    if counts.min() < FOLDS:
        raise PipelineError(f"a label has only {count(int(counts.min()), 'photo')}: too few to be judged in {FOLDS} parts",
                            f"give each label at least {FOLDS} photos, or judge by a trained network")
    probabilities = np.zeros((len(targets), labels))
    options = {"n_splits": FOLDS, "shuffle": True, "random_state": seed}
    groups = [name or str(i) for i, name in enumerate(people or [])]
    if any(people or []) and len(set(groups)) >= FOLDS:
        parts = StratifiedGroupKFold(**options).split(vectors, targets, groups)
    else:
        parts = StratifiedKFold(**options).split(vectors, targets)
    for train, rest in parts:
        fitted = (judge or logistic_regression)().fit(vectors[train], targets[train])
        probabilities[np.ix_(rest, fitted.classes_)] = fitted.predict_proba(vectors[rest])
    return probabilities


def files(out: pathlib.Path, roots: list[pathlib.Path]) -> dict[pathlib.Path, pathlib.Path]:
    """The ranking of each folder: `out` of a single one, otherwise a file for each with its name put in, for `apply`
    carries out decisions on one folder."""
    if len(roots) == 1:
        return {roots[0]: out}
    names = [root.resolve().name for root in roots]
    if len(set(names)) < len(names):
        raise PipelineError(f"{len(names)} folders, some of them of one name", "rank these one by one")
    return {root: out.with_stem(f"{out.stem}-{name}") for root, name in zip(roots, names)}


def write(file: pathlib.Path, root: pathlib.Path, photos: list[Photo], labels: list[Label], probabilities: np.ndarray,
          targets: np.ndarray, changed: np.ndarray | None) -> None:
    """One row a photo below `root`, the highest loss first. action and new_label are left empty: `apply` takes the file
    once they are filled in. own: probability of the photo's label; margin: by how much it exceeds the best other one."""
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
