"""What is to be expected before outcomes come, how sure it is, and when it is not said."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from drift.comparing.expecting import warning
from drift.performance.expected import (
    ScoredBatch,
    expected_figures,
    expected_shares,
    miscalibrated,
    too_few,
    too_unlike,
)
from drift.performance.held_out import (
    disagreement_by_chance,
    doubt_of,
    log_odds_of,
    map_of_scores,
    risk_of,
)
from drift.performance.over_time import JudgedRecords
from model.drift import FeatureDrift
from model.figures import Share
from model.profile import profile_numbers
from model.risk_interval import HeldOutMap
from model.watch.expected import Unsafe, UnsafeReason
from training.estimating.held_out_map import held_out_map

Floats = NDArray[np.float64]
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def scored(n: int, random: np.random.Generator) -> Floats:
    return risk_of(random.normal(-0.2, 1.7, size=n))


def came(risks: Floats, random: np.random.Generator) -> Floats:
    return (random.random(len(risks)) < risks).astype(float)


def learned(n: int, random: np.random.Generator) -> HeldOutMap:
    held = scored(n, random)
    known = held_out_map(came(held, random), held, random.normal(size=(n, 4)))
    assert known is not None
    return known


def test_the_map_of_calibrated_scores_is_the_identity_within_its_own_error() -> None:
    random = np.random.default_rng(1)
    off = []
    for _ in range(60):
        known = learned(600, random)
        size = len(known.means)
        factor = np.zeros((size, size))
        factor[np.tril_indices(size)] = known.factor
        errors = np.sqrt(np.diag(factor @ factor.T))
        off.append((np.array(known.means[:2]) - [0.0, 1.0]) / errors[:2])

    assert np.mean(np.abs(off) < 1.96) > 0.88


def test_a_column_that_the_scores_missed_is_found_and_a_batch_full_of_it_is_estimated_right() -> (
    None
):
    random = np.random.default_rng(2)
    rows, logits = random.normal(size=(4_000, 2)), random.normal(-0.2, 1.7, size=4_000)
    outcome = came(risk_of(logits + 0.8 * rows[:, 0]), random)
    known = held_out_map(outcome, risk_of(logits), rows)
    assert known is not None
    many = random.normal([1.5, 0.0], 1.0, size=(2_000, 2))
    theirs = random.normal(-0.2, 1.7, size=2_000)
    truth = risk_of(theirs + 0.8 * many[:, 0]).mean()

    batch = ScoredBatch(risk_of(theirs), np.full(2_000, 0.5), many)
    found = expected_shares(batch, doubt_of(batch.scores, known, many), seed=0)

    assert found.prevalence.value == pytest.approx(truth, abs=0.04)
    assert batch.scores.mean() < truth - 0.08


def test_the_interval_holds_what_came_and_is_wider_where_less_was_held_out() -> None:
    random = np.random.default_rng(3)
    holds, widths = [], {150: 0.0, 2_000: 0.0}
    for _ in range(30):
        for n in widths:
            known = learned(n, random)
            scores = scored(500, random)
            outcome = came(scores, random)
            batch = ScoredBatch(scores, np.full(500, 0.5))
            recall = expected_shares(batch, doubt_of(scores, known), seed=0).recall
            assert recall.low is not None and recall.high is not None
            widths[n] += recall.high - recall.low
            true = outcome[scores >= 0.5].sum() / outcome.sum()
            holds.append(recall.low <= true <= recall.high)

    assert np.mean(holds) >= 0.9
    assert widths[150] > 1.1 * widths[2_000]


def test_students_unlike_those_held_out_widen_the_interval() -> None:
    random = np.random.default_rng(4)
    known = learned(600, random)
    scores = scored(1_000, random)
    like = random.normal(size=(1_000, 4))
    batches = [ScoredBatch(scores, np.full(1_000, 0.5), rows) for rows in (like, like + 3.0)]

    near, far = (
        expected_shares(batch, doubt_of(scores, known, batch.rows), seed=0).prevalence
        for batch in batches
    )

    assert width(far) > 1.2 * width(near)


def width(share: Share) -> float:
    assert share.low is not None and share.high is not None
    return share.high - share.low


def test_a_version_of_before_maps_were_kept_is_judged_by_the_profile_of_its_scores() -> None:
    random = np.random.default_rng(5)
    scores = scored(800, random)
    kept = map_of_scores(profile_numbers(scores.tolist(), missing=0, grid=128))
    fitted = held_out_map(came(scores, random), scores, np.zeros((800, 0)))
    assert fitted is not None

    assert kept.means == (0.0, 1.0)
    assert np.array(kept.factor) == pytest.approx(np.array(fitted.factor), rel=0.25, abs=0.02)


def test_outcomes_drawn_from_the_scores_disagree_as_rarely_as_the_test_says() -> None:
    random = np.random.default_rng(6)
    chances = []
    for _ in range(150):
        known = learned(500, random)
        scores = scored(300, random)
        chances.append(
            disagreement_by_chance(came(scores, random), scores, doubt_of(scores, known))
        )

    assert np.mean(np.array(chances) < 0.05) <= 0.08


def judged(outcomes: Floats, scores: Floats) -> JudgedRecords:
    return JudgedRecords(outcomes, scores, np.full(len(scores), 0.5))


def test_after_a_change_in_what_indicators_mean_the_first_outcomes_withdraw_the_estimate() -> None:
    random = np.random.default_rng(7)
    known = learned(800, random)
    scores = scored(200, random)
    changed = came(risk_of(0.2 * log_odds_of(scores)), random)

    (found,) = miscalibrated(judged(changed, scores), known)

    assert found.reason is UnsafeReason.CALIBRATION and found.value > found.limit
    assert miscalibrated(judged(came(scores, random), scores), known) == []


def test_before_enough_outcomes_nothing_is_said_of_the_calibration() -> None:
    random = np.random.default_rng(8)
    scores = scored(29, random)

    assert miscalibrated(judged(1 - np.round(scores), scores), learned(800, random)) == []
    assert miscalibrated(None, learned(800, random)) == []


@pytest.mark.parametrize(
    ("test", "effect", "said"),
    [("ks", 0.6, True), ("ks", 0.4, False), ("missingness", 1.0, True),
     ("new_categories", 0.3, True), ("wasserstein", 9.0, False)],
)  # fmt: skip
def test_a_column_that_hardly_overlaps_withdraws_the_estimate(
    test: str, effect: float, said: bool
) -> None:
    row = FeatureDrift("ipp", test, effect, 0.0, 0.0, effect, 0.1, 3.0, True, 0.0, 0.0)

    assert bool(too_unlike([row])) is said


def test_the_limit_of_a_column_that_hardly_overlaps_is_that_of_its_test() -> None:
    row = FeatureDrift("stone", "new_categories", 0.3, 0.0, 0.0, 0.3, 0.1, 3.0, True, 0.0, 0.0)

    assert too_unlike([row]) == [Unsafe(UnsafeReason.OVERLAP, 0.3, 0.2, ("stone",))]


def test_few_students_at_risk_or_flagged_give_no_estimate() -> None:
    random = np.random.default_rng(9)
    known = learned(300, random)
    few, none = np.full(40, 0.5), np.full(500, 0.01)

    assert too_few(ScoredBatch(few, few), doubt_of(few, known))[0].value == 40
    assert too_few(ScoredBatch(none, np.full(500, 0.5)), doubt_of(none, known))


def test_withdrawn_figures_are_kept_with_their_reason_and_never_named() -> None:
    random = np.random.default_rng(10)
    scores = scored(30, random)

    found = expected_figures(
        ScoredBatch(scores, np.full(30, 0.5)), learned(300, random), None, (),
        version="v3", period="2026", now=NOW, seed=0,
    )  # fmt: skip

    assert found.key == "v3 2026" and found.recall.value is not None
    assert found.withdrawn == (Unsafe(UnsafeReason.FEW, 30, 50),)
    assert found.named() == {}


@pytest.mark.parametrize("reason", UnsafeReason)
def test_every_reason_is_told_in_words(reason: UnsafeReason) -> None:
    assert warning(Unsafe(reason, 0.6, 0.5, ("ipp",))).startswith("no figures are expected")


def test_too_few_records_held_out_or_one_outcome_make_no_map() -> None:
    assert held_out_map(np.ones(100), np.full(100, 0.5), np.zeros((100, 0))) is None
    assert held_out_map(np.r_[1.0, np.zeros(30)], np.full(31, 0.5), np.zeros((31, 0))) is None
