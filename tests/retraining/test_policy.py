from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.promotion import DecisionStatus, PromotionDecision
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.cases import Answers
from retraining.promotion.comparison import compare
from retraining.promotion.decision import decide
from retraining.promotion.evidence import Baseline, BinaryEvidence, Gain, GroupRecall
from retraining.promotion.guards.rule import Stage
from retraining.promotion.guards.table import GUARDS
from tests.retraining.samples import (
    POLICY,
    better_challenger,
    blurred,
    cases,
    with_challenger,
    world,
)


@pytest.fixture(scope="module")
def better() -> BinaryEvidence:
    return better_challenger()


def objections(decision: PromotionDecision) -> list[str]:
    return [guard.name for guard in decision.guards if not guard.passed]


def regained(evidence: BinaryEvidence, metric: str, **changed: float) -> BinaryEvidence:
    gains = tuple(
        replace(g, **changed) if g.metric == metric else g  # type: ignore[arg-type]
        for g in evidence.gains
    )
    return replace(evidence, gains=gains)


def test_a_clearly_better_challenger_is_promoted_with_every_reason(better: BinaryEvidence) -> None:
    decision = decide(better, POLICY)

    assert decision.status is DecisionStatus.PROMOTED
    assert len(decision.reasons) == len(decision.guards)
    assert [guard.name for guard in decision.guards] == [
        rule.name
        for rule in GUARDS
        if "binary" in rule.kinds
        and rule.stages & {Stage.SAMPLE, Stage.SUCCESSOR}
        and rule.name != "precision_floor"  # The school sets none.
    ]
    assert all(guard.passed and guard.reason for guard in decision.guards)


def test_a_gain_no_larger_than_asked_keeps_the_champion(better: BinaryEvidence) -> None:
    decision = decide(regained(better, "recall_at_budget", gain=0.01), POLICY)

    assert decision.status is DecisionStatus.KEPT
    assert objections(decision) == ["min_recall_gain"]
    assert "more than +1.0 points is asked" in decision.reasons[0]


def test_a_gain_that_may_be_luck_keeps_the_champion(better: BinaryEvidence) -> None:
    lucky = regained(better, "recall_around_budget", gain=0.02, error=0.01)

    assert objections(decide(lucky, POLICY)) == ["confidence"]


@pytest.mark.parametrize(
    ("changed", "guard"),
    [
        ({"precision": 0.49}, "precision_floor"),
        ({"calibration_error": 0.3}, "max_calibration_error"),
        ({"auc": 0.5}, "max_auc_loss"),
        ({"flagged": 0.75}, "alert_budget"),
        ({"distinct": 1}, "selective"),
        ({"flagged": 0.0}, "selective"),
    ],
)
def test_one_bad_figure_is_enough_to_keep_the_champion(
    better: BinaryEvidence, changed: dict[str, float], guard: str
) -> None:
    policy = PromotionPolicy(precision_floor=0.5)

    assert objections(decide(with_challenger(better, **changed), policy)) == [guard]


def test_a_model_that_flags_everybody_is_refused_even_where_that_is_precise_enough(
    better: BinaryEvidence,
) -> None:
    generous = PromotionPolicy(alert_budget=1.0, precision_floor=0.0)

    decision = decide(with_challenger(better, flagged=1.0, recall=1.0), generous)

    assert objections(decision) == ["selective"]
    assert decision.reasons == ("the challenger flags everybody",)


def test_flagging_everybody_gains_nothing_at_equal_budget() -> None:
    risk, outcome = world(1000)

    evidence = compare(
        cases(outcome),
        Answers("v2", np.ones(1000), 0.5),
        Answers("v1", blurred(risk, 3.0, seed=1), 0.5),
        POLICY,
        seed=0,
        resamples=100,
    )

    assert evidence.challenger.recall == 1.0
    assert evidence.gain("recall_at_budget").gain < 0
    assert {"selective", "min_recall_gain", "confidence", "max_auc_loss"} <= set(
        objections(decide(evidence, POLICY))
    )


def test_the_champion_as_its_own_challenger_is_refused(better: BinaryEvidence) -> None:
    decision = decide(replace(better, same_model=True), POLICY)

    assert decision.reasons == ("challenger and champion are the same model",)


def test_too_few_labels_are_named_and_nothing_else_is_looked_at(better: BinaryEvidence) -> None:
    decision = decide(replace(better, rows=99, positives=40), POLICY)

    assert objections(decision) == ["min_labelled", "min_positives"]
    assert len(decision.guards) == 2
    assert "only 99 new labelled records" in decision.reasons[0]


def test_a_sample_without_students_who_did_well_is_refused(better: BinaryEvidence) -> None:
    decision = decide(replace(better, rows=300, positives=295), POLICY)

    assert objections(decision) == ["min_positives"]


def test_a_school_with_a_budget_is_not_sent_more_alarms_than_it_can_follow(
    better: BinaryEvidence,
) -> None:
    policy = PromotionPolicy(alert_budget=0.2)

    over = decide(with_challenger(better, flagged=0.25), policy)
    within_chance = decide(with_challenger(better, flagged=0.215), policy)

    assert objections(over) == ["alert_budget"]
    assert objections(within_chance) == []


def group(attribute: str, name: str, champion: float, challenger: float) -> GroupRecall:
    return GroupRecall(
        attribute, name, 200, 80, False, champion, challenger, challenger - 0.1, 1.0, 0.4
    )


def test_a_challenger_that_misses_one_group_is_refused(better: BinaryEvidence) -> None:
    groups = (group("gender", "boy", 0.7, 0.9), group("gender", "girl", 0.7, 0.7))

    decision = decide(replace(better, groups=groups), POLICY)

    assert objections(decision) == ["max_subgroup_gap"]
    assert "20.0 points between groups of gender" in decision.reasons[0]


def test_a_gap_that_the_champion_has_too_does_not_keep_it(better: BinaryEvidence) -> None:
    groups = (group("gender", "boy", 0.9, 0.9), group("gender", "girl", 0.6, 0.7))

    assert objections(decide(replace(better, groups=groups), POLICY)) == []


def test_every_attribute_is_held_against_its_own_champion_gap(better: BinaryEvidence) -> None:
    groups = (
        group("gender", "boy", 0.9, 0.9),
        group("gender", "girl", 0.5, 0.55),
        group("school", "public", 0.7, 0.9),
        group("school", "private", 0.7, 0.7),
    )

    decision = decide(replace(better, groups=groups), POLICY)

    assert "between groups of school" in decision.reasons[0]


def test_a_small_group_is_shown_and_not_judged(better: BinaryEvidence) -> None:
    small = replace(group("gender", "girl", 0.7, 0.2), small=True)
    groups = (group("gender", "boy", 0.7, 0.9), small)

    assert objections(decide(replace(better, groups=groups), POLICY)) == []


def test_a_better_calibrated_challenger_is_not_refused_for_a_limit_the_champion_breaks(
    better: BinaryEvidence,
) -> None:
    assert better.champion is not None
    poor = replace(better, champion=replace(better.champion, calibration_error=0.3))

    decision = decide(with_challenger(poor, calibration_error=0.2), POLICY)

    assert objections(decision) == []


def first(evidence: BinaryEvidence, *baselines: Baseline) -> BinaryEvidence:
    return replace(evidence, champion=None, gains=(), baselines=baselines)


def test_a_first_champion_must_beat_the_rules_that_need_no_model(better: BinaryEvidence) -> None:
    good = Baseline("dummy", 0.5, 0.5, 0.8)
    beaten = Baseline("persistence", 0.4, 0.75, 0.75)

    assert decide(first(better, good), POLICY).status is DecisionStatus.PROMOTED
    assert objections(decide(first(better, good, beaten), POLICY)) == ["beats_persistence"]


def test_a_first_champion_must_rank_well_in_absolute_terms(better: BinaryEvidence) -> None:
    weak = with_challenger(first(better), auc=0.649)

    assert objections(decide(weak, POLICY)) == ["first_min_auc"]


def test_the_decision_depends_on_nothing_but_its_arguments(better: BinaryEvidence) -> None:
    assert decide(better, POLICY) == decide(better, POLICY)


def test_a_gain_that_was_not_compared_is_an_error_and_not_a_zero(better: BinaryEvidence) -> None:
    with pytest.raises(KeyError):
        replace(better, gains=tuple[Gain, ...]()).gain("recall_at_budget")
