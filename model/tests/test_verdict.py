"""Verdicts from probabilities, and the thresholds that they need."""
import json

import numpy as np
import pytest

from clothing_model import labels as labelling, verdict
from clothing_model.judge import calibration, evaluation
from clothing_model.labels import Family, Label

TOP = Family("top", "Top", "a top")
LABELS = [Label("shirt", "Shirt", "a shirt", "core", TOP), Label("sweater", "Sweater", "a sweater", "garment", TOP),
          Label("hat", "Hat", "a hat", "garment"), Label("not-clothing", "No garment", "nothing", "none")]
THRESHOLDS = {"core": 0.6, "garment": 0.7, "family": 0.8}


@pytest.mark.parametrize("probabilities, recognised, family", [
    ([0.60, 0.30, 0.05, 0.05], True, -1),
    ([0.59, 0.30, 0.05, 0.06], False, 0),
    ([0.50, 0.29, 0.11, 0.10], False, -1),
    ([0.30, 0.69, 0.00, 0.01], False, 0),
    ([0.00, 0.10, 0.71, 0.19], True, -1),
    ([0.00, 0.00, 0.69, 0.31], False, -1),  # a hat has no family
    ([0.01, 0.01, 0.00, 0.98], False, -1),
])
def test_a_garment_is_recognised_or_its_family_known(probabilities, recognised, family):
    probabilities = np.array([probabilities])
    assert verdict.recognised(probabilities, LABELS, THRESHOLDS)[0] == recognised
    assert verdict.known_family(probabilities, LABELS, THRESHOLDS)[0] == family


def test_labels_without_families_have_none():
    plain = [Label("a", "A", "an a", "core"), Label("b", "B", "a b", "core")]
    assert verdict.known_family(np.array([[0.5, 0.5]]), plain, THRESHOLDS)[0] == -1
    assert set(calibration.fit_thresholds(np.array([[0.5, 0.5]]), np.array([0]), plain)) == {"core", "garment"}


def test_families_survive_writing_and_reading():
    assert labelling.parse(labelling.dump(LABELS)) == LABELS
    assert "family" not in json.loads(labelling.dump(LABELS))[2]
    named = labelling.parse('[{"id": "a", "name": "A", "family": {"id": "top", "name": "Top"}}]')[0]
    assert (named.family, named.phrase) == (Family("top", "Top", "top"), "a")


def test_a_family_with_one_label_is_left_out():
    families = {label.id: label.family for label in labelling.describe({"jeans", "shirt", "polo-shirt", "cape"})}
    assert families["jeans"] is None and families["cape"] is None
    assert families["shirt"] == families["polo-shirt"] == TOP


def test_thresholds_are_the_lowest_with_enough_right_answers():
    # "shirt" is right from 0.8 on; below, the photo shows a sweater, but still a top
    rows, targets = [], []
    for sure in np.linspace(0.4, 0.99, 60):
        for _ in range(5):
            rows.append([sure, 1 - sure, 0, 0])
            targets.append(0 if sure >= 0.8 else 1)
        rows.append([0.3, 0.1, 0.25, 0.35])
        targets.append(3)
    thresholds = calibration.fit_thresholds(np.array(rows), np.array(targets), LABELS)
    right = [target == 0 for (sure, *_), target in zip(rows, targets) if sure >= thresholds["core"]]
    lower = [target == 0 for (sure, *_), target in zip(rows, targets) if sure >= thresholds["core"] - 0.02]
    assert np.mean(right) >= calibration.MIN_PRECISION > np.mean(lower)
    assert thresholds["family"] <= 0.9  # the family's probability is 1 or 0.4


def test_if_no_threshold_is_good_enough_the_one_with_fewest_errors_is_used():
    rows = np.array([[0.9, 0.0, 0.0, 0.1]] * 3 + [[0.5, 0.0, 0.0, 0.5]] * 6)
    targets = np.array([0, 0, 3] + [3] * 6)
    assert 0.5 < calibration.fit_thresholds(rows, targets, LABELS)["core"] <= 0.9


def test_naming_the_right_family_counts_as_a_right_answer():
    probabilities = np.array([[0.90, 0.05, 0.0, 0.05], [0.5, 0.45, 0.0, 0.05], [0.5, 0.45, 0.0, 0.05], [0.5, 0.45, 0.0, 0.05],
                              [0.4, 0.1, 0.1, 0.4]])
    targets = np.array([0, 1, 2, 3, 0])
    figures = evaluation.report(np.log(probabilities + 1e-9), targets, LABELS, 1.0, THRESHOLDS)["figures"]
    assert figures["garments_turned_away"] == 0.75 and figures["garments_unanswered"] == 0.25
    assert figures["garments_right_when_recognised"] == 1
    assert figures["garments_right_when_answered"] == pytest.approx(2 / 3, abs=1e-3)
    assert (figures["none_called_garment"], figures["none_called_garment_or_family"]) == (0, 1)
