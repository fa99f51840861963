"""From a trial and the champion to a decision: who is compared, on what, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model.bundle import load_bundle
from model.calibration import Calibration
from model.erasing.record_ids import Learned
from model.prediction import Thresholds
from model.promotion import DecisionStatus
from model.scorers import linear
from model.version import Alias
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec
from retraining.promotion.evidence import BinaryEvidence
from retraining.promotion.numeric import NumericEvidence
from retraining.run.challenge import ScoredChallenger
from retraining.run.champion import StoredChampion
from retraining.run.verdict import comparable, judge
from tests.database import builders
from tests.retraining import school
from training.trained_model import FittedModel


@pytest.fixture(scope="module")
def task() -> TaskSpec:
    return school.task()


def cases(n: int = 300, at_risk: int | None = None, seed: int = 0) -> TrainingSet:
    """Students of two years whose reading decides, as far as it is told."""
    rng = np.random.default_rng(seed)
    reading = rng.uniform(0, 10, n)
    outcome = (reading + rng.normal(size=n) < 5).astype(np.float64)
    if at_risk is not None:
        outcome = (np.arange(n) < at_risk).astype(np.float64)
    return TrainingSet(
        records=tuple(
            {"reading": float(r), "sums": float(rng.uniform(0, 10)), "late": float(i % 3 - 1)}
            for i, r in enumerate(reading)
        ),
        outcome=outcome,
        students=np.array([f"S{i}" for i in range(n)]),
        periods=np.where(np.arange(n) % 2, "2024", "2025"),
        protected={"gender": np.where(np.arange(n) % 2, "girl", "boy")},
    )


def model(
    task: TaskSpec, data: TrainingSet, weights: tuple[float, ...], operating: float = 0.625
) -> FittedModel:
    encoder = FeatureEncoder.fit(task, data.records)
    full = np.zeros(len(encoder.columns))
    full[: len(weights)] = weights
    return FittedModel(
        task=task.name,
        family="logistic_regression",
        params={},
        encoder=encoder,
        scorer=linear.LinearScorer(full, 0.0),
        calibration=Calibration.sigmoid(1.0, 0.0),
        thresholds=Thresholds(operating, operating, critical=0.9),
        candidates=(),
        reference={},
        held_out=np.zeros(len(data)),
        feature_names=encoder.features,
        golden=data.records[:3],
    )


def trial(task: TaskSpec, data: TrainingSet, *, risk: Any = None) -> ScoredChallenger:
    """A challenger that reads `reading` right."""
    scores = (
        1 / (1 + np.exp([float(r["reading"]) - 5.0 for r in data.records]))
        if risk is None
        else risk
    )
    return ScoredChallenger(model(task, data, (-1.0,)), data, data, scores, "group_holdout")


def champion(task: TaskSpec, data: TrainingSet, folder: Path) -> StoredChampion:
    """One that reads only `sums`, which say nothing."""
    model(task, data, (0.0, -1.0), operating=0.375).write(folder)
    return StoredChampion(
        alias=Alias("champion", "v7", 7, builders.START),
        version=builders.model_version(7, thresholds=Thresholds(0.375, 0.375, 0.9)),
        predictor=Predictor(load_bundle(folder)),
        trained_on=Learned(),
    )


def test_a_challenger_that_reads_better_takes_over(task: TaskSpec, tmp_path: Path) -> None:
    data = cases()
    now = champion(task, data, tmp_path / "bundle")

    verdict = judge(trial(task, data), now, task, seed=5, same_bundle=False)

    assert verdict.decision.status is DecisionStatus.PROMOTED
    found = verdict.evidence
    assert isinstance(found, BinaryEvidence)
    assert (found.challenger.version, found.challenger.threshold) == ("challenger", 0.625)
    assert (found.seed, found.challenger_scored, found.same_model) == (5, "group_holdout", False)
    assert (found.rows, found.students, found.periods) == (300, 300, ("2024", "2025"))
    assert found.positives == data.outcome.sum()
    assert {(g.attribute, g.group) for g in found.groups} == {("gender", "girl"), ("gender", "boy")}
    assert [rule.name for rule in found.baselines] == ["dummy", "persistence"]


def test_the_champion_answers_from_its_stored_bundle(task: TaskSpec, tmp_path: Path) -> None:
    data = cases()
    now = champion(task, data, tmp_path / "bundle")

    found = judge(trial(task, data), now, task, seed=0, same_bundle=False).evidence

    assert isinstance(found, BinaryEvidence) and found.champion is not None
    scores = now.predictor.score_many(data.records)
    assert (found.champion.version, found.champion.threshold) == ("v7", 0.375)
    assert found.champion.auc == pytest.approx(roc_auc_score(data.outcome, scores))
    assert found.champion.flagged == pytest.approx((scores >= 0.375).mean())


def test_without_a_champion_it_is_asked_whether_the_first_may_serve(task: TaskSpec) -> None:
    data = cases()

    verdict = judge(trial(task, data), None, task, seed=0, same_bundle=False)

    assert isinstance(verdict.evidence, BinaryEvidence)
    assert (verdict.evidence.champion, verdict.evidence.gains) == (None, ())
    assert "first_min_auc" in {guard.name for guard in verdict.decision.guards}


@pytest.mark.parametrize(("early", "told"), [(None, 0), (3, 3)])
def test_the_evidence_tells_how_many_outcomes_were_observed_before_their_period(
    task: TaskSpec, early: int | None, told: int
) -> None:
    known = cases()
    data = replace(known, early=None if early is None else np.arange(len(known)) < early)

    found = judge(trial(task, data), None, task, seed=0, same_bundle=False).evidence

    assert isinstance(found, BinaryEvidence)
    assert found.early == told


def test_the_policy_of_the_task_decides(task: TaskSpec) -> None:
    data = cases()
    strict = school.task(first_min_auc=1.0)

    assert judge(trial(task, data), None, strict, seed=0, same_bundle=False).decision.reasons == (
        f"AUC {roc_auc_score(data.outcome, trial(task, data).scores):.3f}; "
        "a first model needs 1.000",
    )


def test_the_same_bundle_never_takes_over(task: TaskSpec, tmp_path: Path) -> None:
    data = cases()
    now = champion(task, data, tmp_path / "bundle")

    verdict = judge(trial(task, data), now, task, seed=0, same_bundle=True)

    assert verdict.decision.status is DecisionStatus.KEPT
    assert verdict.decision.reasons == ("challenger and champion are the same model",)


def test_too_few_records_are_refused_before_any_model_is_looked_at(task: TaskSpec) -> None:
    data = cases(99)

    verdict = judge(trial(task, data), None, task, seed=0, same_bundle=False)

    assert verdict.evidence is None
    assert verdict.decision.status is DecisionStatus.KEPT
    assert "only 99 new labelled records" in verdict.decision.reasons[0]


def test_records_that_suffice_have_no_objection_and_others_are_told_with_all_figures(
    task: TaskSpec,
) -> None:
    enough = comparable(cases(100, at_risk=50), task)
    too_few_at_risk = comparable(cases(100, at_risk=49), task)

    assert enough == ()
    assert [(guard.name, guard.passed, guard.value) for guard in too_few_at_risk] == [
        ("min_labelled", True, 100),
        ("min_positives", False, 49),
    ]


def numeric(task: TaskSpec) -> TaskSpec:
    rule = task.outcome.model_copy(update={"kind": "numeric", "below": None})
    return task.model_copy(update={"outcome": rule})


def test_a_numeric_task_is_judged_by_its_error(task: TaskSpec, tmp_path: Path) -> None:
    data = cases()
    graded = replace(data, outcome=np.array([float(r["reading"]) for r in data.records]))
    now = champion(task, data, tmp_path / "bundle")
    better = trial(task, graded, risk=graded.outcome + 0.1)

    verdict = judge(better, now, numeric(task), seed=3, same_bundle=False)
    same = judge(better, now, numeric(task), seed=3, same_bundle=True)

    found = verdict.evidence
    assert isinstance(found, NumericEvidence) and found.champion is not None
    assert verdict.decision.status is DecisionStatus.PROMOTED
    assert found.challenger.mae == pytest.approx(0.1)
    assert (found.champion.version, found.seed) == ("v7", 3)
    assert (found.challenger_scored, found.same_model) == ("group_holdout", False)
    assert same.decision.status is DecisionStatus.KEPT


def test_a_numeric_task_needs_records_and_no_students_at_risk(task: TaskSpec) -> None:
    assert comparable(cases(100, at_risk=0), numeric(task)) == ()
    assert [guard.passed for guard in comparable(cases(99), numeric(task))] == [False]
