from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import Metric
from retraining.promotion.cases import Answers, Cases, flagged_within
from retraining.promotion.clustered import precision_against, precision_against_chance
from retraining.promotion.comparison import compare, compare_many
from retraining.promotion.drawing import student_weights
from retraining.promotion.evidence import BinaryEvidence
from retraining.promotion.ranking import Floats
from tests.retraining.samples import POLICY, better_challenger, blurred, cases, world


def small(
    challenger: Floats, champion: Floats | None, outcome: Floats, resamples: int = 200
) -> BinaryEvidence:
    return compare(
        cases(outcome),
        Answers("v2", challenger, 0.5),
        None if champion is None else Answers("v1", champion, 0.5),
        POLICY,
        seed=0,
        resamples=resamples,
    )


def test_both_models_flag_the_same_number_of_students() -> None:
    risk, outcome = world(400)

    evidence = small(risk, blurred(risk, 1.0, seed=1), outcome)

    assert evidence.champion is not None
    for card in (evidence.challenger, evidence.champion):
        caught = card.recall_at_budget * evidence.positives
        assert caught == pytest.approx(card.precision_at_budget * evidence.flagged)


def test_scores_on_another_scale_change_nothing_at_equal_budget() -> None:
    risk, outcome = world(400)
    champion = blurred(risk, 1.0, seed=1)

    plain = small(risk, champion, outcome).gain("recall_at_budget")
    squeezed = small(risk / 10, champion, outcome).gain("recall_at_budget")

    assert plain == squeezed


def test_a_model_against_itself_gains_nothing_and_is_seen_to_be_the_same() -> None:
    risk, outcome = world(400)

    evidence = small(risk, risk, outcome)

    assert evidence.same_model
    assert all(gain.gain <= 0 and gain.confidence == 0 for gain in evidence.gains)


def test_the_challenger_never_owes_a_gain_to_a_tie() -> None:
    risk, outcome = world(400)
    coarse = np.round(risk, 1)

    evidence = small(coarse, coarse + 0.0, outcome)

    assert evidence.gain("recall_at_budget").gain < 0
    assert evidence.gain("auc").gain < 0


def test_less_brier_counts_as_a_gain() -> None:
    evidence = better_challenger()

    brier = evidence.gain("brier")

    assert brier.challenger < brier.champion
    assert brier.gain == pytest.approx(brier.champion - brier.challenger)
    assert brier.low > 0


def test_an_alert_budget_is_a_share_of_the_students_rounded_down() -> None:
    outcome = np.array([1.0] * 50 + [0.0] * 51)

    assert flagged_within(outcome, 0.2) == 20
    assert flagged_within(outcome, None) == 50


def test_evidence_can_be_written_as_json_and_holds_no_nan() -> None:
    risk, outcome = world(150)
    nobody_at_risk = replace(
        cases(outcome), protected={"gender": np.where(outcome == 1, "girl", "boy")}
    )

    evidence = compare(nobody_at_risk, Answers("v2", risk, 0.5), None, POLICY, seed=0, resamples=20)

    told = json.loads(json.dumps(evidence.to_mapping(), allow_nan=False))
    boys = next(group for group in told["groups"] if group["group"] == "boy")
    assert boys["challenger"] is None
    assert told["challenger"]["version"] == "v2"


def test_a_baseline_is_compared_with_the_challenger_flagging_as_many() -> None:
    risk, outcome = world(400)
    rule = (blurred(risk, 4.0, seed=2) > 0.4).astype(np.float64)

    evidence = compare(
        replace(cases(outcome), rules={"persistence": rule}),
        Answers("v1", risk, 0.5),
        None,
        POLICY,
        seed=0,
    )

    (baseline,) = evidence.baselines
    top = np.argsort(-risk)[: int(rule.sum())]
    assert baseline.flagged == pytest.approx(rule.mean())
    assert baseline.recall == pytest.approx(rule @ outcome / outcome.sum())
    assert baseline.challenger == pytest.approx(outcome[top].sum() / outcome.sum())


def test_two_years_of_a_student_are_one_witness() -> None:
    risk, outcome = world(200)
    champion = blurred(risk, 1.5, seed=1)
    once = cases(outcome)
    twice = Cases(
        outcome=np.tile(outcome, 2),
        students=np.tile(once.students, 2),
        periods=np.repeat(["2022", "2023"], 200),
        protected={},
        rules={},
    )

    single = compare(
        once, Answers("v2", risk, 0.5), Answers("v1", champion, 0.5), POLICY, seed=0
    ).gain("recall_at_budget")
    doubled = compare(
        twice,
        Answers("v2", np.tile(risk, 2), 0.5),
        Answers("v1", np.tile(champion, 2), 0.5),
        POLICY,
        seed=0,
    ).gain("recall_at_budget")

    assert doubled.gain == pytest.approx(single.gain)
    assert doubled.high - doubled.low == pytest.approx(single.high - single.low, rel=0.1)


def test_several_challengers_are_each_compared_as_if_alone() -> None:
    risk, outcome = world(300)
    champion = Answers("v1", blurred(risk, 1.0, seed=1), 0.5)
    several = [Answers(f"v{i}", blurred(risk, 0.5, seed=i), 0.5) for i in (2, 3)]

    together = compare_many(
        cases(outcome), several, champion=champion, policy=POLICY, seed=4, resamples=50
    )

    assert together == [
        compare(cases(outcome), one, champion, POLICY, seed=4, resamples=50) for one in several
    ]


def test_luck_must_be_excluded_for_half_of_the_gain_asked_for() -> None:
    risk, outcome = world(400)
    two = Answers("v2", risk, 0.5), Answers("v1", blurred(risk, 3.0, seed=5), 0.5)

    def margins(asked: float) -> dict[str, tuple[float, float]]:
        policy = PromotionPolicy(min_recall_gain=asked)
        found = compare(cases(outcome), *two, policy, seed=0, resamples=100)
        return {gain.metric: (gain.margin, gain.confidence) for gain in found.gains}

    assert {metric: margin for metric, (margin, _) in margins(0.2).items()} == {
        **{metric.value: 0.0 for metric in Metric},
        "recall_around_budget": 0.1,
    }
    assert margins(0.0)["recall_around_budget"] == (0.0, 1.0)
    assert margins(1.0)["recall_around_budget"] == (0.5, 0.0)


def test_the_confidence_is_the_share_of_resamples_above_the_margin() -> None:
    risk, outcome = world(400)
    two = Answers("v2", risk, 0.5), Answers("v1", blurred(risk, 0.7, seed=1), 0.5)

    gain = compare(cases(outcome), *two, POLICY, seed=0, resamples=400).gain("auc")

    assert gain.low < gain.gain < gain.high
    assert gain.gain == pytest.approx(gain.challenger - gain.champion)
    assert 0.5 < gain.confidence < 1.0
    assert (gain.low > 0) == (gain.confidence > 0.975)


def test_the_evidence_says_what_was_compared_and_how() -> None:
    outcome = np.array([1.0, 0.0, 1.0, 0.0])
    asked = replace(
        cases(outcome),
        students=np.array(["a", "b", "a", "c"]),
        periods=np.array(["2023", "2022", "2022", "2023"]),
        early=3,
    )
    scores = np.array([0.9, 0.5, 0.5, 0.1])

    evidence = compare(asked, Answers("v2", scores, 0.5), None, POLICY, seed=7, resamples=9)

    assert (evidence.rows, evidence.students, evidence.positives) == (4, 3, 2)
    assert (evidence.periods, evidence.flagged, evidence.early) == (("2022", "2023"), 2, 3)
    assert (evidence.seed, evidence.resamples) == (7, 9)
    assert evidence.challenger_scored == "out_of_fold"
    assert (evidence.champion, evidence.gains, evidence.same_model) == (None, (), False)


def test_a_students_score_at_the_threshold_is_flagged() -> None:
    outcome = np.array([1.0, 0.0, 1.0, 0.0])
    scores = np.array([0.9, 0.5, 0.5, 0.1])

    card = small(scores, None, outcome).challenger

    assert (card.version, card.threshold, card.distinct) == ("v2", 0.5, 3)
    assert (card.flagged, card.recall) == (0.75, 1.0)
    assert card.precision == pytest.approx(2 / 3)


def test_a_threshold_that_nobody_reaches_catches_nobody() -> None:
    card = small(np.array([0.4, 0.3]), None, np.array([1.0, 0.0])).challenger

    assert (card.flagged, card.recall, card.precision) == (0.0, 0.0, 0.0)


def test_the_same_bundle_is_the_same_model_whatever_it_answers() -> None:
    risk, outcome = world(100)
    two = Answers("v2", risk, 0.5), Answers("v1", blurred(risk, 1.0, seed=1), 0.5)

    once = compare(cases(outcome), *two, POLICY, seed=0, resamples=5, same_bundle=True)
    (of_many,) = compare_many(
        cases(outcome), [two[0]], champion=two[1], policy=POLICY, seed=0, resamples=5
    )

    assert once.same_model
    assert not of_many.same_model
    assert not compare(cases(outcome), *two, POLICY, seed=0, resamples=5).same_model


def test_only_the_metrics_asked_for_are_bootstrapped_and_a_run_says_how_it_scored() -> None:
    risk, outcome = world(100)

    evidence = compare(
        cases(outcome),
        Answers("v2", risk, 0.5),
        Answers("v1", blurred(risk, 1.0, seed=1), 0.5),
        POLICY,
        seed=0,
        resamples=20,
        metrics=(Metric.BRIER, Metric.AUC),
        challenger_scored="group_holdout",
    )

    full = small(risk, blurred(risk, 1.0, seed=1), outcome, resamples=20)
    assert evidence.gains == (full.gain("brier"), full.gain("auc"))
    assert evidence.challenger_scored == "group_holdout"
    assert evidence.champion is not None
    for gain in evidence.gains:
        assert gain.champion == pytest.approx(getattr(evidence.champion, gain.metric))
        assert gain.challenger == pytest.approx(getattr(evidence.challenger, gain.metric))


def test_a_comparison_by_default_draws_two_thousand_resamples() -> None:
    evidence = compare(
        cases(np.array([1.0, 0.0])),
        Answers("v2", np.array([0.9, 0.1]), 0.5),
        None,
        POLICY,
        seed=0,
    )

    assert evidence.resamples == 2000
    (of_many,) = compare_many(
        cases(np.array([1.0, 0.0])),
        [Answers("v2", np.array([0.9, 0.1]), 0.5)],
        champion=None,
        policy=POLICY,
        seed=0,
    )
    assert of_many.resamples == 2000


def test_the_schools_budget_is_how_many_both_models_flag() -> None:
    risk, outcome = world(100)
    policy = PromotionPolicy(alert_budget=0.1)

    evidence = compare(cases(outcome), Answers("v2", risk, 0.5), None, policy, seed=0)

    top = np.argsort(-risk)[:10]
    assert evidence.flagged == 10
    assert evidence.challenger.precision_at_budget == pytest.approx(outcome[top].mean())


def test_one_student_at_risk_is_caught_or_not() -> None:
    outcome = np.array([1.0, 0.0, 0.0])
    scores = np.array([0.9, 0.3, 0.1])

    evidence = compare(
        replace(cases(outcome), rules={"first": np.array([1.0, 0.0, 0.0])}),
        Answers("v2", scores, 0.5),
        None,
        POLICY,
        seed=0,
    )

    assert (evidence.challenger.recall, evidence.challenger.precision) == (1.0, 1.0)
    (baseline,) = evidence.baselines
    assert (baseline.recall, baseline.challenger) == (1.0, 1.0)


def test_no_challenger_is_no_evidence() -> None:
    outcome = np.array([1.0, 0.0])

    assert compare_many(cases(outcome), [], champion=None, policy=POLICY, seed=0) == []


def test_at_least_one_student_is_flagged_however_small_the_budget() -> None:
    assert flagged_within(np.array([1.0, 0.0, 0.0]), 0.1) == 1
    assert flagged_within(np.zeros(3), None) == 1


def test_a_rule_catches_nothing_where_nobody_is_at_risk() -> None:
    outcome = np.zeros(4)

    evidence = compare(
        replace(cases(outcome), rules={"all": np.ones(4)}),
        Answers("v1", np.array([0.9, 0.7, 0.3, 0.1]), 0.5),
        None,
        POLICY,
        seed=0,
    )

    (baseline,) = evidence.baselines
    assert (baseline.name, baseline.flagged) == ("all", 1.0)
    assert (baseline.recall, baseline.challenger) == (0.0, 0.0)
    assert evidence.challenger.recall == 0.0


def test_groups_are_judged_by_who_each_model_flags() -> None:
    outcome = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    ours = np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1])
    theirs = np.array([0.9, 0.8, 0.2, 0.1, 0.7, 0.6, 0.4, 0.3])
    asked = replace(
        cases(outcome), protected={"gender": np.array(["girl", "girl", "boy", "boy"] * 2)}
    )

    evidence = compare(
        asked, Answers("v2", ours, 0.5), Answers("v1", theirs, 0.5), POLICY, seed=0, resamples=5
    )

    recalls = {g.group: (g.champion, g.challenger) for g in evidence.groups}
    assert recalls == {"girl": (1.0, 1.0), "boy": (0.0, 1.0)}


def test_the_error_of_a_precision_is_that_of_a_bootstrap_over_students() -> None:
    risk, outcome = world(600)
    students = np.repeat(np.arange(300), 2).astype(np.str_)
    ours = (risk > 0.5).astype(np.float64)
    theirs = (blurred(risk, 2.0, seed=2) > 0.5).astype(np.float64)

    found = precision_against(outcome, ours, theirs, students)
    alone = precision_against_chance(outcome, ours, students)
    (weights,) = student_weights(students, 2000, 0)
    two = [(weights @ (f * outcome)) / (weights @ f) for f in (ours, theirs, np.ones(600))]

    assert found is not None and alone is not None
    assert found.error == pytest.approx(np.std(two[0] - two[1]), rel=0.06)
    assert alone.error == pytest.approx(np.std(two[0] - two[2]), rel=0.06)
    assert found.ours == alone.ours == pytest.approx(outcome[ours == 1].mean())
    assert found.theirs == pytest.approx(outcome[theirs == 1].mean())


def test_flagging_nobody_has_no_precision() -> None:
    outcome, students = np.array([1.0, 0.0]), np.array(["a", "b"])

    assert precision_against_chance(outcome, np.zeros(2), students) is None
    assert precision_against(outcome, np.ones(2), np.zeros(2), students) is None


def test_how_far_a_group_moved_is_told_with_its_error_over_students() -> None:
    risk, outcome = world(800)
    sample = replace(cases(outcome), students=np.repeat(np.arange(400), 2).astype(np.str_))
    champion = Answers("v1", blurred(risk, 2.0, seed=2), 0.5)

    girls = compare(sample, Answers("v2", risk, 0.5), champion, POLICY, seed=0, resamples=2).groups[
        1
    ]

    assert girls.group == "girl" and girls.independent is not None
    assert girls.positives / 2 <= girls.independent < girls.positives
    assert 0.02 < girls.moved_error < 0.06
