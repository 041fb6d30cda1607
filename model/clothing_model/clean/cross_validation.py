"""Out-of-fold predictions: each photo's label, predicted by a regression that has not seen the photo."""
from collections.abc import Callable

import numpy as np

from ..errors import PipelineError
from ..words import count

FOLDS = 5


def logistic_regression(strength: float = 0.003):
    """Multinomial, on standardised features. strength: scikit-learn's C."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300))


def predict(vectors: np.ndarray, targets: np.ndarray, labels: int, seed: int, people: list[str] | None = None,
            make: Callable = logistic_regression) -> np.ndarray:
    """Probabilities, float [n, K], each row by an estimator fitted without that row.

    vectors: features, float [n, C]. targets: int [n]. labels: K. people: who each photo is from ("" if unknown); if there
    are at least FOLDS of them, the estimator has not seen other photos of the same person either. make: makes an estimator
    of scikit-learn. Raises PipelineError if a label has fewer than FOLDS photos.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    counts = np.bincount(targets, minlength=labels)
    if counts.min() < FOLDS:
        raise PipelineError(f"a label has only {count(int(counts.min()), 'photo')}: too few for {FOLDS}-fold cross-validation",
                            f"give each label at least {FOLDS} photos, or judge by a trained network")
    probabilities = np.zeros((len(targets), labels))
    options = {"n_splits": FOLDS, "shuffle": True, "random_state": seed}
    groups = [name or str(i) for i, name in enumerate(people or [])]
    if any(people or []) and len(set(groups)) >= FOLDS:
        folds = StratifiedGroupKFold(**options).split(vectors, targets, groups)
    else:
        folds = StratifiedKFold(**options).split(vectors, targets)
    for train, rest in folds:
        fitted = make().fit(vectors[train], targets[train])
        probabilities[np.ix_(rest, fitted.classes_)] = fitted.predict_proba(vectors[rest])
    return probabilities
