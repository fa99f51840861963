from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from preprocessing.task.policies import PromotionPolicy, StatusPolicy
from tests.studies.status_precision import World, promises_kept
from training.operating_point import choose_thresholds, lower_bound

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


def test_critical_begins_where_the_precision_is_sure_to_be_reached_or_nowhere() -> None:
    sure = np.array([1.0] * 40 + [0.0] * 40)
    unsure = np.array([1.0, 0.0] * 40)
    scores = np.linspace(0.99, 0.01, 80)

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


def test_nine_of_ten_is_promised_by_29_of_29_and_by_no_fewer() -> None:
    scores = np.linspace(1.0, 0.0125, 80)

    def critical(at_risk: int) -> float:
        outcome = np.array([1.0] * at_risk + [0.0] * (80 - at_risk))
        wide = PromotionPolicy(alert_budget=0.6, precision_floor=0.1)
        return choose_thresholds(outcome, scores, wide, STATUS).critical

    assert critical(29) == pytest.approx(scores[28:30].mean())
    assert critical(28) == 1.0


def test_the_lower_bound_is_that_of_the_exact_binomial_test() -> None:
    caught, flagged = np.array([0.0, 9.0, 70.0]), np.array([5.0, 10.0, 70.0])

    exact = [
        binomtest(int(k), int(n), alternative="greater").proportion_ci(0.95).low
        for k, n in zip(caught, flagged, strict=True)
    ]

    assert lower_bound(caught, flagged) == pytest.approx(exact)


def test_critical_never_begins_below_alert() -> None:
    outcome = np.array([1.0] * 20 + [0.0] * 20)
    scores = np.linspace(1.0, 0.025, 40)

    chosen = choose_thresholds(
        outcome, scores, PromotionPolicy(alert_budget=0.25), StatusPolicy(critical_precision=0.5)
    )

    assert chosen.critical == chosen.operating == pytest.approx(scores[9:11].mean())


@pytest.mark.parametrize("prevalence", [0.46, 0.1])
def test_what_critical_promises_is_kept_in_nine_worlds_of_ten(prevalence: float) -> None:
    world = World(prevalence=prevalence, noise=0.4)

    kept = promises_kept(world, 765, 0.7, worlds=200, seed=1)

    assert kept.kept >= 0.88
    assert kept.somebody > 0.8


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_thresholds_are_always_in_order_and_in_range(rows: list[tuple[bool, int]]) -> None:
    outcome = np.array([float(y) for y, _ in rows])
    scores = np.array([s / 5 for _, s in rows])

    chosen = choose_thresholds(outcome, scores, PromotionPolicy(), STATUS)

    assert 0.0 <= chosen.operating == chosen.alert <= chosen.critical <= 1.0
