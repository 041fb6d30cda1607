"""What is said of probabilities: a garment, a family of garments, or neither. As src/classifier/decide.rs decides it."""
import numpy as np

from .labels import Family, Label


def families(labels: list[Label]) -> tuple[list[Family], np.ndarray]:
    """The families of several of these labels, and bool [K, F]: which label is of which."""
    ids = [label.family.id if label.family else None for label in labels]
    several = [id for id in dict.fromkeys(ids) if id and ids.count(id) > 1]
    members = np.array([[own == id for id in several] for own in ids], bool).reshape(len(labels), len(several))
    return [labels[ids.index(id)].family for id in several], members


def recognised(probabilities: np.ndarray, labels: list[Label], thresholds: dict[str, float]) -> np.ndarray:
    """float [n, K] -> bool [n]: the best label is a garment, and sure enough for its group."""
    least = np.array([thresholds.get(label.group, np.inf) for label in labels])
    return probabilities.max(1) >= least[probabilities.argmax(1)]


def known_family(probabilities: np.ndarray, labels: list[Label], thresholds: dict[str, float]) -> np.ndarray:
    """float [n, K] -> int [n]: the place in `families` of the one that is sure where no label is recognised, or -1."""
    _, members = families(labels)
    if not members.size:
        return np.full(len(probabilities), -1)
    sums = probabilities @ members
    sure = sums.max(1) >= thresholds.get("family", np.inf)
    return np.where(sure & ~recognised(probabilities, labels, thresholds), sums.argmax(1), -1)
