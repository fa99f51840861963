from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, r2_score

from training.metrics import (
    average_precision,
    evaluate,
    evaluate_numeric,
    recall_at,
)

cases = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=60).filter(
    lambda rows: 0 < sum(y for y, _ in rows) < len(rows)
)


@given(cases)
@settings(max_examples=60, deadline=None)
def test_ranking_figures_are_those_of_scikit_learn_also_under_ties(
    rows: list[tuple[int, int]],
) -> None:
    outcome = np.array([y for y, _ in rows], dtype=np.float64)
    scores = np.array([s / 8 for _, s in rows])

    assert average_precision(outcome, scores) == pytest.approx(
        average_precision_score(outcome, scores)
    )
    assert evaluate(outcome, scores)["brier"] == pytest.approx(brier_score_loss(outcome, scores))


def test_recall_at_a_budget_is_the_expectation_over_orders_of_equal_scores() -> None:
    outcome = np.array([1.0, 0.0, 0.0, 1.0])
    scores = np.array([0.9, 0.5, 0.5, 0.5])

    assert recall_at(outcome, scores, 0.5) == pytest.approx((1 + 1 / 3) / 2)
    assert recall_at(outcome, scores, 1.0) == 1.0


def test_at_a_threshold_recall_precision_and_share_flagged_are_counted() -> None:
    figures = evaluate(
        np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.9, 0.2, 0.8, 0.1]), threshold=0.5
    )

    assert (figures["recall"], figures["precision"], figures["flagged"]) == (0.5, 0.5, 0.5)


def test_a_figure_that_is_not_defined_is_left_out() -> None:
    one_class = evaluate(np.ones(3), np.array([0.1, 0.5, 0.9]), threshold=0.95)

    assert "auc" not in one_class
    assert "precision" not in one_class
    assert one_class["recall"] == 0.0
    assert evaluate(np.zeros(0), np.zeros(0)) == {"n": 0.0, "positives": 0.0}


def test_numeric_figures_are_those_of_scikit_learn() -> None:
    outcome, predicted = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0])

    figures = evaluate_numeric(outcome, predicted)

    assert figures["mae"] == pytest.approx(0.5)
    assert figures["r2"] == pytest.approx(r2_score(outcome, predicted))
