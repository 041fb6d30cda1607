"""Calibration, fitted on val: a temperature for the probabilities, and thresholds for what counts as recognised."""
import numpy as np

from .. import verdict
from ..labels import Label
from ..onnx_file import softmax

GRID = np.round(np.arange(0.20, 0.991, 0.01), 2)  # candidate thresholds
MIN_PRECISION = 0.92  # share of the given answers that must be right
Z = 0.6745  # standard normal quantile of 0.75, for Wilson's bound: val is small, and models are selected on it


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """The divisor of the logits that minimises the negative log-likelihood (temperature scaling: Guo et al. 2017,
    arXiv:1706.04599). logits: float [n, K], targets: int [n]."""
    def loss(temperature):
        chosen = softmax(logits, temperature)[np.arange(len(targets)), targets]
        return -np.log(chosen.clip(1e-12)).mean()

    low, high = np.log(0.05), np.log(20)
    golden = (5 ** 0.5 - 1) / 2
    while high - low > 1e-4:  # the loss has one minimum, so a golden-section search finds it
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if loss(np.exp(left)) < loss(np.exp(right)) else (left, high)
    return round(float(np.exp((low + high) / 2)), 4)


def wilson_lower_bound(right: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The lower bound of Wilson's score interval (1927) for a share of which `right` of `count` were observed.

    right, count: int [n] -> float [n] in 0..1.
    """
    count = np.maximum(count, 1)
    share, spread = right / count, Z ** 2 / count
    return (share + spread / 2 - np.sqrt(spread * share * (1 - share) + spread ** 2 / 4)) / (1 + spread)


def fit_thresholds(probabilities: np.ndarray, targets: np.ndarray, labels: list[Label]) -> dict[str, float]:
    """The lowest probabilities at which an answer is given: by group for the best label to count as recognised, and, if there
    are families, for a family to be named where no label is recognised.

    Each is the lowest threshold in GRID at which at least MIN_PRECISION of the given answers are right, by Wilson's lower
    bound. If there is none, it is the threshold with the fewest errors: wrong answers given, and right ones withheld. Photos
    without a garment count like all others: any garment named on them is wrong.

    probabilities: float [n, K], targets: int [n].
    """
    groups = np.array([label.group for label in labels])
    best, sure = probabilities.argmax(1), probabilities.max(1)

    def lowest(sure, right):
        passes = sure[:, None] >= GRID
        good_enough = wilson_lower_bound((passes & right[:, None]).sum(0), passes.sum(0)) >= MIN_PRECISION
        return float(GRID[good_enough.argmax() if good_enough.any() else (passes != right[:, None]).sum(0).argmin()])

    thresholds = {group: lowest(sure[groups[best] == group], (best == targets)[groups[best] == group])
                  for group in ("core", "garment")}
    _, members = verdict.families(labels)
    if members.size:
        left = ~verdict.recognised(probabilities, labels, thresholds)
        sums = probabilities[left] @ members
        thresholds["family"] = lowest(sums.max(1), members[targets[left], sums.argmax(1)])
    return thresholds
