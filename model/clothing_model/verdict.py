"""What probabilities amount to: a recognised garment, a known family, or neither. The same rules as src/classifier/decide.rs."""
import numpy as np

from .labels import Family, Label


def families(labels: list[Label]) -> tuple[list[Family], np.ndarray]:
    """(the F families that have several of these labels; bool [K, F], whether each label belongs to each family)."""
    ids = [label.family.id if label.family else None for label in labels]
    several = [id for id in dict.fromkeys(ids) if id and ids.count(id) > 1]
    members = np.array([[own == id for id in several] for own in ids], bool).reshape(len(labels), len(several))
    return [labels[ids.index(id)].family for id in several], members


def recognised(probabilities: np.ndarray, labels: list[Label], thresholds: dict[str, float]) -> np.ndarray:
    """Whether the best label is a garment whose probability reaches its group's threshold: float [n, K] -> bool [n]."""
    least = np.array([thresholds.get(label.group, np.inf) for label in labels])
    return probabilities.max(1) >= least[probabilities.argmax(1)]


def known_family(probabilities: np.ndarray, labels: list[Label], thresholds: dict[str, float]) -> np.ndarray:
    """The index in `families` of the family that reaches its threshold where no label is recognised, or -1.

    probabilities: float [n, K] -> int [n]."""
    _, members = families(labels)
    if not members.size:
        return np.full(len(probabilities), -1)
    sums = probabilities @ members
    sure = sums.max(1) >= thresholds.get("family", np.inf)
    return np.where(sure & ~recognised(probabilities, labels, thresholds), sums.argmax(1), -1)
