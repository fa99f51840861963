"""Performance measured with outcomes, and estimated without."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import fisher_exact
from sklearn.metrics import brier_score_loss, precision_score, recall_score, roc_auc_score

from drift.performance import (
    disagreements,
    estimated_performance,
    fall_by_chance,
    realised_performance,
)
from tests.studies import recall_falls


def test_realised_figures_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(2)
    scores = random.random(300).round(2)
    outcomes = (random.random(300) < scores).astype(float)

    ours = realised_performance(outcomes, scores, 0.4)

    assert ours["recall"] == pytest.approx(recall_score(outcomes, scores >= 0.4))
    assert ours["precision"] == pytest.approx(precision_score(outcomes, scores >= 0.4))
    assert ours["auc"] == pytest.approx(roc_auc_score(outcomes, scores))
    assert ours["brier"] == pytest.approx(brier_score_loss(outcomes, scores))


def test_estimated_recall_and_precision_are_the_means_over_outcomes_drawn_from_the_scores() -> None:
    random = np.random.default_rng(4)
    scores = random.beta(0.8, 0.8, size=400)
    drawn = [
        realised_performance((random.random(400) < scores).astype(float), scores, 0.5)
        for _ in range(400)
    ]

    ours = estimated_performance(scores, 0.5)

    assert ours["recall"] == pytest.approx(np.mean([d["recall"] for d in drawn]), abs=0.005)
    assert ours["precision"] == pytest.approx(np.mean([d["precision"] for d in drawn]), abs=0.005)
    assert ours["brier"] == pytest.approx(np.mean([d["brier"] for d in drawn]), abs=0.005)
    covered = np.mean([ours["recall_low"] <= d["recall"] <= ours["recall_high"] for d in drawn])
    assert 0.92 <= covered <= 0.98


def test_the_estimate_follows_a_change_in_who_is_scored() -> None:
    random = np.random.default_rng(6)
    harder = random.uniform(0.3, 0.7, size=500)

    estimate = estimated_performance(harder, 0.5)
    realised = realised_performance((random.random(500) < harder).astype(float), harder, 0.5)

    assert estimate["recall"] == pytest.approx(realised["recall"], abs=0.06)
    assert estimate["precision"] == pytest.approx(realised["precision"], abs=0.06)


def test_undefined_figures_are_left_out_and_the_others_given() -> None:
    nobody_flagged = estimated_performance(np.array([0.1, 0.2]), 0.5)
    nobody_at_risk = realised_performance(np.zeros(3), np.array([0.1, 0.9, 0.2]), 0.5)

    assert "precision" not in nobody_flagged and nobody_flagged["recall"] == 0.0
    assert "recall" not in estimated_performance(np.zeros(4), 0.5)
    assert nobody_at_risk.keys() & {"recall", "auc"} == set()
    assert nobody_at_risk["precision"] == 0.0


@pytest.mark.parametrize(
    ("now", "positives", "said"),
    [(0.50, 400, True), (0.72, 400, False), (0.60, 10, False), (0.71, 40_000, False)],
)
def test_a_fall_in_recall_is_told_when_it_is_more_than_chance_and_five_points(
    now: float, positives: float, said: bool
) -> None:
    sentences = disagreements(
        {"recall": now, "positives": positives}, {"recall": 0.75, "positives": 30_000}
    )

    assert bool(sentences) is said


def test_the_error_of_the_old_figure_counts() -> None:
    now = {"recall": 0.66, "positives": 300.0}

    assert disagreements(now, {"recall": 0.76, "positives": 308.0})
    assert not disagreements(now, {"recall": 0.76, "positives": 60.0})
    assert not disagreements(now, {"recall": 0.76})


@pytest.mark.parametrize("recall", [0.5, 0.76, 0.95])
@pytest.mark.parametrize(("then", "now"), [(308, 300), (100, 300), (60, 308)])
def test_without_a_change_recall_is_called_worse_in_at_most_five_of_a_hundred(
    then: int, now: int, recall: float
) -> None:
    assert recall_falls.alarms(then, now, recall, fall=0.0) <= 0.05


@pytest.mark.parametrize(("then", "now", "power"), [(308, 300, 0.8), (100, 300, 0.5)])
def test_a_fall_of_ten_points_is_told(then: int, now: int, power: float) -> None:
    assert recall_falls.alarms(then, now, 0.76, fall=0.1) >= power


def test_the_study_draws_what_the_sentence_says() -> None:
    for found_now in (150, 205, 215, 240):
        told = disagreements(
            {"recall": found_now / 300, "positives": 300.0},
            {"recall": 234 / 308, "positives": 308.0},
        )
        alarm = recall_falls.told(np.array([234]), 308, np.array([found_now]), 300)

        assert bool(told) is bool(alarm[0])


def test_a_fall_by_chance_is_fishers_exact_test() -> None:
    ours = fall_by_chance(np.array([76]), 100, np.array([198]), 300)

    exact = fisher_exact([[76, 24], [198, 102]], alternative="greater").pvalue
    assert ours[0] == pytest.approx(exact, rel=1e-9)
