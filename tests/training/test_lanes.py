"""A budget per lane: so many of those at risk now, so many of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from model.bundle import load_bundle
from model.errors import ConfigurationError
from model.prediction import RiskLabel, RiskStatus
from preprocessing.assessing import assess
from preprocessing.columnar.columns import columns_of
from preprocessing.dataset import TrainingSet
from preprocessing.lanes import Lanes, lanes_of, operating_cuts
from preprocessing.predictor import Predictor
from preprocessing.task.policies import LaneBudgets, PromotionPolicy
from preprocessing.task.spec import TaskSpec, parse_task
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.comparison import compare
from tests.retraining.samples import blurred, cases, world
from tests.training import conftest
from training.metrics import flags_at
from training.train import fit
from training.trained_model import FittedModel

BUDGETS = {"known": 0.2, "new": 0.1}


def with_lanes(task: TaskSpec, lanes: Mapping[str, float] | None = None) -> TaskSpec:
    policy = PromotionPolicy(lanes=LaneBudgets(**(lanes or BUDGETS)))
    outcome = task.outcome.model_copy(update={"persistence": "lag"})
    return task.model_copy(update={"promotion": policy, "outcome": outcome})


def test_the_order_of_lanes_flags_as_many_of_each_as_it_has_room_for() -> None:
    rng = np.random.default_rng(0)
    scores, new = rng.random(200), rng.random(200) < 0.6

    flags = flags_at(Lanes(new, 0.2, 0.1).order(scores), 0.3)

    assert (flags[~new].sum(), flags[new].sum()) == (40, 20)
    assert scores[~new][flags[~new] == 1].min() > scores[~new][flags[~new] == 0].max()
    assert scores[new][flags[new] == 1].min() > scores[new][flags[new] == 0].max()


def test_room_that_a_lane_has_no_students_for_goes_to_the_other() -> None:
    scores = np.linspace(0.9, 0.1, 10)
    new = np.arange(10) > 0

    flags = flags_at(Lanes(new, 0.3, 0.1).order(scores), 0.4)

    assert (flags[~new].sum(), flags[new].sum()) == (1, 3)


def test_a_lane_without_room_comes_last() -> None:
    new = np.array([True, False, True, False])

    flags = flags_at(Lanes(new, 0.0, 0.5).order(np.array([0.2, 0.9, 0.1, 0.8])), 0.5)

    assert flags.tolist() == [1.0, 0.0, 1.0, 0.0]


def judged(policy: PromotionPolicy, new: np.ndarray) -> tuple[Cases, Answers, Answers]:
    risk, outcome = world(len(new))
    made = replace(cases(outcome), new=new)
    return made, Answers("v2", risk, 0.5), Answers("v1", blurred(risk, 2.0, seed=1), 0.5)


def test_both_models_are_compared_at_the_same_budget_of_each_lane() -> None:
    new = np.random.default_rng(3).random(600) < 0.6
    policy = PromotionPolicy(lanes=LaneBudgets(**BUDGETS))
    made, ours, theirs = judged(policy, new)

    evidence = compare(made, ours, theirs, policy, seed=0, resamples=100)
    whole = compare(made, ours, theirs, PromotionPolicy(alert_budget=0.3), seed=0, resamples=100)

    found = 0.0
    for member, room in ((~new, 120), (new, 60)):
        top = np.argsort(-ours.scores[member])[:room]
        found += made.outcome[member][top].sum()
    assert evidence.flagged == 180
    assert evidence.challenger.recall_at_budget == pytest.approx(found / made.outcome.sum())
    assert evidence.challenger.auc == whole.challenger.auc
    assert evidence.gain("auc") == whole.gain("auc")
    assert evidence.gain("recall_at_budget").gain > 0


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("{lanes: {known: 0.2, new: 0.1}, alert_budget: 0.3}", "give one"),
        ("{lanes: {known: 0.9, new: 0.2}}", "at most 1"),
        ("{lanes: {known: 0.2, new: 0.1}}", "needs a binary outcome and outcome.persistence"),
    ],
)
def test_budgets_that_contradict_each_other_are_refused_by_name(key: str, said: str) -> None:
    text = f"""
name: made_up
title: Made up
id: {{name: student}}
features: [{{name: lag}}]
outcome: {{column: {{name: lag}}, below: 0}}
promotion: {key}
"""
    with pytest.raises(ConfigurationError, match=said):
        parse_task(text, source="made up")


@pytest.fixture(scope="module")
def fitted() -> tuple[FittedModel, TaskSpec, TrainingSet]:
    task = with_lanes(conftest.task.__wrapped__())  # type: ignore[attr-defined]
    students = conftest.made_up(400)
    model = fit(
        students, task, seed=0, family="logistic_regression", repeats=1, progress=lambda _: None
    )
    return model, task, students


def test_each_lane_is_flagged_up_to_its_own_room(
    fitted: tuple[FittedModel, TaskSpec, TrainingSet],
) -> None:
    model, task, data = fitted
    lanes = lanes_of(data.records, task)
    assert lanes is not None

    flags = model.held_out >= operating_cuts(model.thresholds, data.records)

    for member, share in ((~lanes.new, 0.2), (lanes.new, 0.1)):
        room = min(share * len(data), member.sum())
        assert 0.9 * room - 1 <= flags[member].sum() <= room


def test_a_bundle_serves_each_record_by_the_cut_offs_of_its_lane(
    fitted: tuple[FittedModel, TaskSpec, TrainingSet], tmp_path_factory: pytest.TempPathFactory
) -> None:
    model, task, data = fitted
    folder = tmp_path_factory.mktemp("bundle") / "v1"
    digest = model.write(folder)
    predictor = Predictor(load_bundle(folder, digest))
    records = data.records[:200]

    one_by_one = predictor.assess_many(records)
    together = assess(predictor, columns_of(records, task.features), task.feature_names)

    cuts = model.thresholds
    assert cuts.new is not None and cuts.new.operating != cuts.operating
    assert predictor.thresholds == cuts
    for record, found in zip(records, one_by_one, strict=True):
        own = cuts.operating if cuts.new.at_risk_now(record.get("lag")) else cuts.new.operating
        assert found.label is (RiskLabel.HIGH if found.score >= own else RiskLabel.LOW)
        assert (found.status is RiskStatus.EXPECTED) == (found.score < own)
        assert predictor.cuts_of(record).operating == own
    assert list(together.labels) == [one.label for one in one_by_one]
    assert list(together.statuses) == [one.status for one in one_by_one]
    assert together.operating == [predictor.cuts_of(record).operating for record in records]


def test_without_lanes_there_is_one_cut_off_and_nothing_is_looked_up(
    fitted: tuple[FittedModel, TaskSpec, TrainingSet],
) -> None:
    model, _, data = fitted
    cuts = replace(model.thresholds, new=None)

    assert cuts.for_record(data.records[0]) is cuts
    assert cuts.of_new is cuts
