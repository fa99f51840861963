from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from model.figures import share_of, wilson
from training.fairness import (
    MIN_POSITIVES,
    group_errors,
    group_figures,
    recall_gaps,
)


def school(positives: dict[str, int], caught: dict[str, int], extra: int = 20) -> tuple[
    np.ndarray, np.ndarray, np.ndarray
]:  # fmt: skip
    """Groups with so many at risk, so many of them flagged, and `extra` others, none flagged."""
    groups, outcome, flags = [], [], []
    for group, count in positives.items():
        groups += [group] * (count + extra)
        outcome += [1.0] * count + [0.0] * extra
        flags += [1.0] * caught[group] + [0.0] * (count - caught[group] + extra)
    return np.array(groups, dtype=np.str_), np.array(outcome), np.array(flags)


@pytest.mark.parametrize(("caught", "n"), [(0, 7), (7, 7), (8, 10), (240, 308)])
def test_the_interval_is_wilsons_as_scipy_computes_it(caught: int, n: int) -> None:
    expected = binomtest(caught, n).proportion_ci(method="wilson")

    assert wilson(caught, n) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_every_group_has_recall_precision_and_share_flagged() -> None:
    groups, outcome, flags = school({"girl": 40}, {"girl": 30})
    flags[-5:] = 1.0  # Five false alarms among the twenty others.

    (girl,) = group_figures(outcome, {"gender": groups}, flags)

    assert (girl.rows, girl.positives, girl.small) == (60, 40, False)
    assert girl.recall.value == pytest.approx(30 / 40)
    assert girl.precision.value == pytest.approx(30 / 35)
    assert girl.flagged.value == pytest.approx(35 / 60)
    assert girl.recall.low is not None and girl.recall.low < 0.75


def test_the_gap_is_between_groups_that_are_large_enough() -> None:
    groups, outcome, flags = school(
        {"a": 40, "b": 50, "tiny": MIN_POSITIVES - 1}, {"a": 20, "b": 40, "tiny": 0}
    )

    figures = group_figures(outcome, {"school": groups}, flags)

    assert [g.small for g in figures] == [False, False, True]
    assert recall_gaps(figures) == {"school": pytest.approx(0.8 - 0.5)}


def test_one_large_group_alone_has_no_gap() -> None:
    groups, outcome, flags = school({"a": 40, "tiny": 2}, {"a": 20, "tiny": 0})

    assert recall_gaps(group_figures(outcome, {"school": groups}, flags)) == {}


def test_students_of_unknown_group_are_in_no_group() -> None:
    groups, outcome, flags = school({"": 40, "a": 40}, {"": 0, "a": 20})

    assert [g.group for g in group_figures(outcome, {"school": groups}, flags)] == ["a"]


def test_a_group_with_nobody_at_risk_has_no_recall_but_a_share_flagged() -> None:
    (group,) = group_figures(
        np.zeros(12), {"school": np.full(12, "a")}, np.array([1.0] * 3 + [0.0] * 9)
    )

    assert group.recall == share_of(0, 0)
    assert group.precision.value == 0.0
    assert group.flagged.value == 0.25


def test_a_numeric_outcome_has_error_and_bias_by_group() -> None:
    random = np.random.default_rng(0)
    groups = np.array(["a"] * 100 + ["b"] * 5 + [""] * 5, dtype=np.str_)
    outcome = random.normal(60, 10, 110)
    predicted = outcome + np.where(groups == "a", 2.0, -3.0)

    large, few = group_errors(outcome, {"school": groups}, predicted)

    assert (large.group, large.rows, large.small) == ("a", 100, False)
    assert (few.rows, few.small) == (5, True)
    assert (large.mae, large.bias, few.bias) == pytest.approx((2.0, 2.0, -3.0))


def test_the_interval_of_a_groups_error_is_that_of_a_mean() -> None:
    error = np.array([1.0, -2.0, 3.0, -4.0] * 25)

    (group,) = group_errors(np.zeros(100), {"school": np.full(100, "a")}, error)

    half = 1.96 * np.abs(error).std(ddof=1) / 10
    assert (group.low, group.high) == pytest.approx((2.5 - half, 2.5 + half), abs=1e-3)
