"""What makes a probability mean something: one temperature, and how sure an answer must be. Both are fitted on val."""
import numpy as np

from .. import verdict
from ..labels import Label
from ..onnx_file import softmax

GRID = np.round(np.arange(0.20, 0.991, 0.01), 2)  # thresholds that are tried
RIGHT = 0.92  # of the answers that are given, as far as thresholds can bring it about
SURELY = 0.6745  # standard normal quantile of 0.75: how certain that must be, since val is small and models are chosen by it


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """The divisor of the logits under which the right labels are likeliest (least negative log-likelihood)."""
    def loss(temperature):
        chosen = softmax(logits, temperature)[np.arange(len(targets)), targets]
        return -np.log(chosen.clip(1e-12)).mean()

    low, high = np.log(0.05), np.log(20)
    golden = (5 ** 0.5 - 1) / 2
    while high - low > 1e-4:  # the loss has one minimum, so a golden-section search finds it
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if loss(np.exp(left)) < loss(np.exp(right)) else (left, high)
    return round(float(np.exp((low + high) / 2)), 4)


def at_least(right: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Counts [n], [n] -> [n] in 0..1: the share that can be counted on where `right` of `of` were right: the lower bound of Wilson's interval (1927)."""
    of = np.maximum(of, 1)
    share, spread = right / of, SURELY ** 2 / of
    return (share + spread / 2 - np.sqrt(spread * share * (1 - share) + spread ** 2 / 4)) / (1 + spread)


def fit_thresholds(probabilities: np.ndarray, targets: np.ndarray, labels: list[Label]) -> dict[str, float]:
    """How probable the best label must be, by its group, for the answer to count as recognised; and a family, where there
    are families, for it to be named where no label is recognised.

    Each is the lowest with which at least RIGHT of the answers that it lets pass are right, by the lower bound of Wilson's
    interval; where none is, the one with which fewest answers are amiss, wrong and given or right and withheld. Photos
    without a garment count as all others do: what is said of them is wrong.
    """
    groups = np.array([label.group for label in labels])
    best, sure = probabilities.argmax(1), probabilities.max(1)

    def lowest(sure, right):
        passes = sure[:, None] >= GRID
        good_enough = at_least((passes & right[:, None]).sum(0), passes.sum(0)) >= RIGHT
        return float(GRID[good_enough.argmax() if good_enough.any() else (passes != right[:, None]).sum(0).argmin()])

    thresholds = {group: lowest(sure[groups[best] == group], (best == targets)[groups[best] == group])
                  for group in ("core", "garment")}
    _, members = verdict.families(labels)
    if members.size:
        left = ~verdict.recognised(probabilities, labels, thresholds)
        sums = probabilities[left] @ members
        thresholds["family"] = lowest(sums.max(1), members[targets[left], sums.argmax(1)])
    return thresholds
