from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.task.policies import PromotionPolicy, StatusPolicy
from training.operating_point import choose_thresholds

STATUS = StatusPolicy()


def test_no_more_are_flagged_than_the_budget_allows() -> None:
    random = np.random.default_rng(0)
    scores = random.random(1000)
    outcome = (random.random(1000) < scores).astype(np.float64)

    chosen = choose_thresholds(
        outcome, scores, PromotionPolicy(alert_budget=0.2, precision_floor=0.1), STATUS
    )

    assert (scores >= chosen.operating).mean() == pytest.approx(0.2)


def test_the_precision_floor_stops_before_the_budget_does() -> None:
    outcome = np.array([1.0] * 30 + [0.0] * 70)
    scores = np.linspace(1.0, 0.0, 100)

    chosen = choose_thresholds(
        outcome, scores, PromotionPolicy(alert_budget=0.9, precision_floor=0.5), STATUS
    )

    flagged = scores >= chosen.operating
    assert flagged.sum() == 60
    assert outcome[flagged].mean() == 0.5


def test_where_no_threshold_reaches_the_floor_the_most_precise_one_is_taken() -> None:
    outcome = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])

    chosen = choose_thresholds(
        outcome, scores, PromotionPolicy(alert_budget=1.0, precision_floor=0.9), STATUS
    )

    assert chosen.operating == pytest.approx(0.75)


def test_critical_begins_where_the_measured_precision_is_reached_or_nowhere() -> None:
    sure = np.array([1.0] * 20 + [0.0] * 20)
    unsure = np.array([1.0, 0.0] * 20)
    scores = np.linspace(0.99, 0.01, 40)

    assert choose_thresholds(sure, scores, PromotionPolicy(), STATUS).critical < 0.6
    assert choose_thresholds(unsure, scores, PromotionPolicy(), STATUS).critical == 1.0


def test_students_of_one_score_are_flagged_together_even_beyond_the_budget() -> None:
    outcome = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    scores = np.array([0.9, 0.9, 0.9, 0.2, 0.1])

    chosen = choose_thresholds(outcome, scores, PromotionPolicy(alert_budget=0.2), STATUS)

    assert chosen.operating == pytest.approx(0.55)


def test_the_lowest_cut_is_half_way_to_nothing() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])

    chosen = choose_thresholds(np.ones(5), scores, PromotionPolicy(), STATUS)

    assert chosen.operating == pytest.approx(0.25)
    assert chosen.critical == pytest.approx(0.25)


def test_critical_relies_on_ten_students_of_whom_nine_at_risk_are_enough() -> None:
    scores = np.linspace(1.0, 0.025, 40)

    def critical(at_risk: int) -> float:
        outcome = np.array([1.0] * at_risk + [0.0] * (40 - at_risk))
        wide = PromotionPolicy(alert_budget=0.5, precision_floor=0.1)
        return choose_thresholds(outcome, scores, wide, STATUS).critical

    assert critical(9) == pytest.approx(scores[9:11].mean())
    assert critical(8) == 1.0


def test_critical_never_begins_below_alert() -> None:
    outcome = np.array([1.0] * 20 + [0.0] * 20)
    scores = np.linspace(1.0, 0.025, 40)

    chosen = choose_thresholds(
        outcome, scores, PromotionPolicy(alert_budget=0.25), StatusPolicy(critical_precision=0.5)
    )

    assert chosen.critical == chosen.operating == pytest.approx(scores[9:11].mean())


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_thresholds_are_always_in_order_and_in_range(rows: list[tuple[bool, int]]) -> None:
    outcome = np.array([float(y) for y, _ in rows])
    scores = np.array([s / 5 for _, s in rows])

    chosen = choose_thresholds(outcome, scores, PromotionPolicy(), STATUS)

    assert 0.0 <= chosen.operating == chosen.alert <= chosen.critical <= 1.0
