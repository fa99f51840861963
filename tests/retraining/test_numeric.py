from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from database.driver.client import SyncRegistry
from database.labelling.recording import record_outcomes
from database.students import StudentRepository
from database.versions import ModelVersionRepository
from model.computing.pool import HERE, Pool
from model.label import Outcome
from model.promotion import DecisionStatus, PromotionDecision
from model.student import Observation
from preprocessing.task.policies import PromotionPolicy, StatusPolicy
from preprocessing.task.spec import TaskSpec
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.decision import decide
from retraining.promotion.numeric import NumericEvidence, compare_numeric
from retraining.promotion.ranking import Floats
from tests.backwards import Backwards
from tests.retraining.school import START, run, task

POLICY = PromotionPolicy()


def sample(n: int = 400, *, seed: int = 0) -> tuple[Cases, Floats]:
    """Grades, and what a model knows of them."""
    rng = np.random.default_rng(seed)
    known = rng.normal(60, 12, n)
    cases = Cases(
        outcome=known + rng.normal(0, 6, n),
        students=np.arange(n).astype(np.str_),
        periods=np.full(n, "2023"),
        protected={},
        rules={"dummy": np.full(n, 60.0)},
    )
    return cases, known


def judged(
    cases: Cases, challenger: Floats, champion: Floats | None, pool: Pool = HERE
) -> NumericEvidence:
    return compare_numeric(
        cases,
        Answers("v2", challenger, 0.0),
        None if champion is None else Answers("v1", champion, 0.0),
        POLICY,
        seed=0,
        resamples=500,
        pool=pool,
    )


def objections(decision: PromotionDecision) -> list[str]:
    return [guard.name for guard in decision.guards if not guard.passed]


def test_a_challenger_with_clearly_less_error_is_promoted() -> None:
    cases, known = sample()

    evidence = judged(cases, known, known + np.random.default_rng(1).normal(0, 8, 400))

    assert decide(evidence, POLICY).status is DecisionStatus.PROMOTED
    assert evidence.champion is not None and evidence.gain is not None
    assert evidence.gain == pytest.approx(1 - evidence.challenger.mae / evidence.champion.mae)


def test_the_error_saved_is_the_same_wherever_resamples_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("retraining.promotion.drawing.CELLS_AT_ONCE", 40_000)
    (cases, known), pool = sample(), Backwards()
    worse = known + np.random.default_rng(1).normal(0, 8, 400)

    assert judged(cases, known, worse, pool) == judged(cases, known, worse)
    assert len(pool.asked) == 5


def test_two_equally_good_models_are_rarely_promoted() -> None:
    promoted = 0
    for seed in range(200):
        cases, known = sample(300, seed=seed)
        first, second = np.random.default_rng([seed, 1]).normal(0, 5, (2, 300))
        decision = decide(judged(cases, known + first, known + second), POLICY)
        promoted += decision.status is DecisionStatus.PROMOTED

    assert promoted <= 10


def test_the_same_answers_are_refused_as_the_same_model() -> None:
    cases, known = sample()

    decision = decide(judged(cases, known, known.copy()), POLICY)

    assert "different_model" in objections(decision)


def test_a_first_model_must_beat_the_mean() -> None:
    cases, known = sample()

    good = decide(judged(cases, known, None), POLICY)
    bad = decide(judged(cases, 120 - known, None), POLICY)

    assert good.status is DecisionStatus.PROMOTED
    assert objections(bad) == ["first_min_r2", "beats_dummy"]


def test_a_first_model_must_explain_as_much_as_the_policy_asks() -> None:
    cases, known = sample()
    evidence = judged(cases, known, None)
    asked = POLICY.model_copy(update={"first_min_r2": 0.9})

    refused = decide(evidence, asked)

    assert 0 < evidence.challenger.r2 < 0.9
    assert objections(refused) == ["first_min_r2"]
    assert refused.reasons == (
        f"R² {evidence.challenger.r2:.3f}; a first model needs more than 0.900, "
        "and the mean alone has 0",
    )


def test_too_few_labels_are_named() -> None:
    cases, known = sample()

    decision = decide(replace(judged(cases, known, None), rows=20), POLICY)

    assert objections(decision) == ["min_labelled"]


def test_numeric_evidence_can_be_written_as_json() -> None:
    cases, known = sample()

    told = json.dumps(judged(cases, known, None).to_mapping(), allow_nan=False)

    assert json.loads(told)["kind"] == "numeric"


def numeric_task() -> TaskSpec:
    spec = task()
    outcome = spec.outcome.model_copy(update={"kind": "numeric", "below": None})
    training = spec.training.model_copy(update={"candidates": ("ridge",)})
    status = StatusPolicy(concern="low", alert=4.0, critical=2.0)
    return spec.model_copy(update={"outcome": outcome, "training": training, "status": status})


def test_a_numeric_task_gets_its_first_champion_from_the_same_pipeline(
    registry: SyncRegistry, home: Path
) -> None:
    rng = np.random.default_rng(0)
    grades = rng.uniform(0, 10, (300, 2)).round(2)
    now = START + timedelta(days=300)
    registry.run(
        StudentRepository().observe(
            [
                Observation(f"S{i}", "2022", {"reading": float(a), "sums": float(b)}, START)
                for i, (a, b) in enumerate(grades)
            ]
        )
    )
    outcome = grades.mean(axis=1) + rng.normal(0, 1, 300)
    reports = [
        Outcome(float(value), now, student_id=f"S{i}", period="2022")
        for i, value in enumerate(outcome)
    ]
    registry.run(record_outcomes(reports, now=now))

    result = run(registry, home, spec=numeric_task())

    assert result.status is DecisionStatus.PROMOTED
    assert result.evidence["challenger"]["r2"] > 0.5
    version = registry.run(ModelVersionRepository().get("v1"))
    assert version.thresholds == numeric_task().status.cutoffs()
    assert version.metrics["mae"] == pytest.approx(result.evidence["challenger"]["mae"])
