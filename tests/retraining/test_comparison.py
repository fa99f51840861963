from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from retraining.comparison import Answers, Cases, compare, compare_many, flagged_within
from retraining.evidence import Evidence
from retraining.ranking import Floats
from tests.retraining.samples import POLICY, better_challenger, blurred, cases, world


def small(challenger: Floats, champion: Floats | None, outcome: Floats) -> Evidence:
    return compare(
        cases(outcome),
        Answers("v2", challenger, 0.5),
        None if champion is None else Answers("v1", champion, 0.5),
        POLICY,
        seed=0,
        resamples=200,
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
    assert brier.gain > 0
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
