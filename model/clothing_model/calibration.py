"""What makes a probability mean something: one temperature, and how sure an answer must be. Both are fitted on val."""
import numpy as np

from .labels import Label
from .onnx_file import softmax

GRID = np.round(np.arange(0.20, 0.801, 0.01), 2)  # thresholds that are tried
TOLERANCE = 0.01


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


def fit_thresholds(probabilities: np.ndarray, targets: np.ndarray, labels: list[Label]) -> dict[str, float]:
    """How probable the best label must be, by its group, for the answer to count as recognised.

    core: where the share of other photos taken for one of the core garments and the share of core garments turned away
    are both small (the larger of the two is least). garment: where firm answers that are wrong and right ones withheld
    are fewest, give or take TOLERANCE of the answers, which is chance. Of equally good thresholds the lowest.
    """
    groups = np.array([label.group for label in labels])
    best, sure = probabilities.argmax(1), probabilities.max(1)
    group, is_core = groups[best], groups[targets] == "core"

    def core_cost(threshold):
        accepted = (group == "core") & (sure >= threshold)
        refused = (group == "none") | (group == "core") & (sure < threshold)
        shares = [part.mean() for part in (accepted[~is_core], refused[is_core]) if part.size]
        return max(shares, default=0)

    def garment_cost(threshold):
        chosen = group == "garment"
        return ((sure[chosen] >= threshold) != (best[chosen] == targets[chosen])).mean() if chosen.any() else 0

    def lowest(cost, tolerance):
        costs = np.array([cost(threshold) for threshold in GRID])
        return float(GRID[np.argmax(costs <= costs.min() + tolerance)])

    return {"core": lowest(core_cost, 0), "garment": lowest(garment_cost, TOLERANCE)}
