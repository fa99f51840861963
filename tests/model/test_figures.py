"""Figures of scores that several folders show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from drift.performance import realised_performance
from model.figures import auc, calibration_error
from training.metrics import evaluate

cases = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=60).filter(
    lambda rows: 0 < sum(y for y, _ in rows) < len(rows)
)


@given(cases)
@settings(max_examples=60, deadline=None)
def test_auc_is_that_of_scikit_learn_also_under_ties(rows: list[tuple[int, int]]) -> None:
    outcome = np.array([y for y, _ in rows], dtype=np.float64)
    scores = np.array([s / 8 for _, s in rows])

    assert auc(outcome, scores) == pytest.approx(roc_auc_score(outcome, scores))


def test_calibration_error_is_zero_for_frequencies_and_the_gap_for_a_constant_lie() -> None:
    outcome = np.array([1.0, 0.0] * 50)

    assert calibration_error(outcome, np.full(100, 0.5), bins=1) == 0.0
    assert calibration_error(outcome, np.full(100, 0.9), bins=1) == pytest.approx(0.4)


@pytest.mark.parametrize(("n", "most"), [(30, 0.09), (100, 0.06), (300, 0.06), (2000, 0.03)])
def test_perfect_scores_show_a_small_calibration_error_however_few_they_are(
    n: int, most: float
) -> None:
    random = np.random.default_rng(1)
    scores = random.random((500, n))
    outcomes = (random.random((500, n)) < scores).astype(float)

    errors = [calibration_error(y, s) for y, s in zip(outcomes, scores, strict=True)]

    assert np.mean(errors) < most


def test_training_and_the_drift_watch_show_one_figure() -> None:
    random = np.random.default_rng(2)
    scores = random.random(140)
    outcomes = (random.random(140) < scores**2).astype(float)

    trained = evaluate(outcomes, scores, threshold=0.5)
    realised = realised_performance(outcomes, scores, 0.5)

    for name in ("calibration_error", "auc", "recall", "precision", "brier"):
        assert trained[name] == pytest.approx(realised[name], abs=1e-12)
