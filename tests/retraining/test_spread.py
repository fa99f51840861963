from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.promotion import DecisionStatus, PromotionDecision
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import Metric, paired_resamples, scored
from retraining.promotion.decision import decide
from retraining.promotion.evidence import Origin
from retraining.promotion.guards import examples
from retraining.promotion.ranking import Ties
from retraining.promotion.resampled_metrics import around
from retraining.promotion.sampling_error import gain_error
from retraining.promotion.spread import Standing, expected, placed, pooled, spread, stated

WITHIN = examples.with_gain("recall_at_budget", error=0.012)
WITHIN = replace(WITHIN, gains=tuple(replace(gain, error=0.012) for gain in WITHIN.gains))
GAIN = WITHIN.gain("recall_at_budget")


def origins(*gains: float, error: float = 0.01, unshared: float = 0.0) -> tuple[Origin, ...]:
    return tuple(
        Origin(str(2020 + i), 700, gain, error, gain, error, unshared)
        for i, gain in enumerate(gains)
    )


def judged(at: Standing, **policy: str) -> PromotionDecision:
    asked = PromotionPolicy.model_validate(policy)
    return decide(placed(WITHIN, at, asked), asked)


def objections(decision: PromotionDecision) -> list[str]:
    return [guard.name for guard in decision.guards if not guard.passed]


def test_one_period_leaves_the_stated_spread() -> None:
    assert spread(origins(0.08)) == stated(0.0)


def test_gains_that_differ_widen_the_spread_and_equal_ones_narrow_it() -> None:
    assert spread(origins(-0.06, 0.0, 0.06)) > 3 * stated(0.0)
    assert spread(origins(0.02, 0.02, 0.02)) < stated(0.0)


def test_differences_that_sampled_students_explain_are_no_spread() -> None:
    assert spread(origins(-0.01, 0.0, 0.01, error=0.02)) < stated(0.0)


def test_models_that_share_fewer_records_are_expected_to_differ_more_between_periods() -> None:
    assert stated(0.0) < stated(0.3) < stated(1.0)


def test_more_periods_tell_the_mean_better() -> None:
    one, three = pooled([0.03], [0.01], 0.01), pooled([0.03] * 3, [0.01] * 3, 0.01)

    assert three.gain == pytest.approx(one.gain)
    assert three.error == pytest.approx(one.error / np.sqrt(3))


def test_a_gain_that_only_the_challenger_could_make_is_expected_to_shrink() -> None:
    alone = expected(GAIN, Standing(both=False, refresh=True, unshared=0.5))
    both = expected(GAIN, Standing(both=True, refresh=False, unshared=0.5))

    assert alone.basis == "persistence"
    assert 0 < alone.gain < GAIN.gain / 2
    assert alone.low < 0 < alone.high
    assert (both.basis, both.gain) == ("period", GAIN.gain)


def test_a_refresh_is_expected_to_bring_less_than_when_records_were_fewer() -> None:
    earlier = origins(0.02, unshared=0.5)
    next_one = expected(GAIN, Standing(both=False, refresh=True, origins=earlier, unshared=0.25))

    assert next_one.gain == pytest.approx(0.005)


def test_the_interval_holds_the_spread_between_periods() -> None:
    steady = expected(GAIN, Standing(False, False, origins(0.03, 0.03, 0.03)))
    moved = expected(GAIN, Standing(False, False, origins(-0.03, 0.03, 0.09)))

    assert moved.high - moved.low > 1.2 * (steady.high - steady.low)


def test_a_gain_within_a_period_that_only_the_challenger_knew_is_not_enough() -> None:
    at = Standing(both=False, refresh=False)

    assert objections(judged(at)) == ["evidence"]
    assert objections(judged(at, evidence="forward")) == ["evidence"]
    assert "evidence" not in objections(judged(at, evidence="within"))


def test_a_gain_in_a_period_that_both_knew_is_enough() -> None:
    at = Standing(both=True, refresh=False)

    assert judged(at).status is DecisionStatus.PROMOTED
    assert objections(judged(at, evidence="forward")) == ["evidence"]


def test_a_forward_gain_decides_and_not_the_one_within_the_period() -> None:
    good = Standing(False, False, origins(0.05, 0.05, 0.05))
    none = Standing(False, False, origins(0.0, 0.0, 0.0))

    assert judged(good).status is DecisionStatus.PROMOTED
    assert judged(good, evidence="forward").status is DecisionStatus.PROMOTED
    assert objections(judged(none)) == ["min_recall_gain", "confidence", "gain_at_budget"]


def test_the_same_mean_gain_is_less_sure_where_periods_differ() -> None:
    assert "confidence" in objections(judged(Standing(False, False, origins(-0.04, 0.03, 0.10))))


def test_a_refresh_is_measured_within_the_period_and_called_a_refresh() -> None:
    at = Standing(both=False, refresh=True, origins=origins(0.0, 0.0, unshared=0.5), unshared=0.3)

    decision = judged(at)

    assert decision.status is DecisionStatus.PROMOTED
    assert any("a refresh" in reason for reason in decision.reasons)
    assert objections(judged(at, refresh="evidence")) == [
        "min_recall_gain",
        "confidence",
        "gain_at_budget",
    ]


def test_a_refresh_can_be_promoted_always_and_other_guards_still_object() -> None:
    at = Standing(both=False, refresh=True)
    policy = PromotionPolicy(refresh="always")
    worse = replace(WITHIN, gains=tuple(replace(gain, gain=-0.01) for gain in WITHIN.gains))

    assert decide(placed(worse, at, policy), policy).status is DecisionStatus.PROMOTED
    failing = replace(worse, challenger=replace(worse.challenger, auc=0.5))
    assert objections(decide(placed(failing, at, policy), policy)) == ["max_auc_loss"]


def test_a_first_model_has_no_source() -> None:
    assert placed(examples.FIRST, Standing(False, False), PromotionPolicy()) == examples.FIRST


@pytest.mark.parametrize(("n", "prevalence"), [(300, 0.45), (2000, 0.1)])
def test_the_standard_error_without_resamples_is_that_of_the_bootstrap(
    n: int, prevalence: float
) -> None:
    rng = np.random.default_rng(3)
    risk = rng.normal(size=n)
    outcome = (rng.random(n) < 1 / (1 + np.exp(-2 * risk - np.log(prevalence)))).astype(float)
    models = {
        name: scored(risk + noise * rng.normal(size=n), outcome, Ties.FAIR)
        for name, noise in (("a", 0.5), ("b", 0.8))
    }
    students, share = np.arange(n).astype(np.str_), float(outcome.mean())
    metrics = (Metric.RECALL, Metric.RECALL_AROUND)

    drawn = paired_resamples(models, students, share=share, resamples=1000, seed=1, metrics=metrics)
    at, near = (drawn["a"] - drawn["b"]).std(axis=1)

    assert gain_error(models["a"], models["b"], students, (share,)) == pytest.approx(at, rel=0.15)
    assert gain_error(models["a"], models["b"], students, around(share)) == pytest.approx(
        near, rel=0.1
    )
