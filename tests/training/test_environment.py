"""The rule that needs no model of persons: by school, class or phase alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.errors import ConfigurationError
from preprocessing.dataset import TrainingSet
from preprocessing.lanes import new_cases
from preprocessing.task.spec import TaskSpec, load_task, parse_task
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.comparison import compare
from retraining.run.report import told_environment
from retraining.run.window import baseline_answers
from tests.retraining.samples import POLICY
from tests.training.conftest import made_up
from training.baselines import environment, expected

TEXT = """
name: made_up
title: Made up
id: {name: student}
unit: [{name: town, kind: category}]
features: [{name: lag}, {name: school, kind: category}]
outcome: {column: {name: lag}, below: 0, persistence: lag}
"""


def by_school(task: TaskSpec) -> TaskSpec:
    return task.model_copy(update={"environment": ("school",)})


def test_a_place_is_shrunk_towards_everybody_by_one_place_of_mean_size() -> None:
    known = [("a",)] * 8 + [("b",)] * 2
    outcome = np.array([1.0] * 6 + [0.0] * 2 + [0.0, 0.0])

    found = expected(known, outcome, [("a",), ("b",), ("never seen",), ("",)])

    assert found.tolist() == pytest.approx([(6 + 5 * 0.6) / 13, 5 * 0.6 / 7, 0.6, 0.6])


def test_a_class_never_seen_has_the_share_of_its_phase() -> None:
    known = [("1", "x"), ("1", "x"), ("2", "y"), ("2", "y")]
    outcome = np.array([1.0, 1.0, 0.0, 0.0])

    new_class, new_phase = expected(known, outcome, [("1", "z"), ("3", "x")])

    assert (new_class, new_phase) == (0.75, 0.5)


def test_the_worst_places_come_first(task: TaskSpec) -> None:
    data = made_up(600)

    shares = environment(data, data, by_school(task), seed=0)

    assert shares is not None
    schools = np.array([record["school"] for record in data.records])
    worse = max(("private", "public"), key=lambda s: data.outcome[schools == s].mean())
    assert shares[schools == worse].min() > shares[schools != worse].max()


def test_no_outcome_of_a_student_enters_what_is_said_of_the_student(task: TaskSpec) -> None:
    data = made_up(300)
    alone = replace(data, students=np.array([f"s{i}" for i in range(300)]))
    of_each = replace(
        alone, records=tuple({**r, "school": f"own {i}"} for i, r in enumerate(alone.records))
    )

    shares = environment(of_each, of_each, by_school(task), seed=0)

    assert shares is not None
    at_risk = data.outcome == 1
    assert abs(shares[at_risk].mean() - shares[~at_risk].mean()) < 0.02


def test_without_a_place_there_is_no_such_rule(task: TaskSpec) -> None:
    data = made_up(60)
    nowhere = replace(data, records=tuple({"grade": 1.0} for _ in data.records))

    assert environment(data, data, task, seed=0) is None
    assert environment(nowhere, nowhere, by_school(task), seed=0) is None
    assert "environment" not in baseline_answers(data, by_school(task))


def test_as_many_are_flagged_as_the_budget_gives_to_either_model(task: TaskSpec) -> None:
    data, spec = made_up(400), by_school(task)
    rules = baseline_answers(data, spec, data)

    evidence = compare(
        Cases(
            data.outcome, data.students, data.periods, {}, rules, new=new_cases(data.records, spec)
        ),
        Answers("v1", 0.5 * data.outcome + 0.25, 0.5),
        None,
        POLICY,
        seed=0,
    )

    rule = next(one for one in evidence.baselines if one.name == "environment")
    assert rule.flagged * len(data) == pytest.approx(evidence.flagged)
    assert (rule.challenger, rule.new_challenger) == (1.0, 1.0)
    assert rule.new_recall is not None and 0 < rule.recall < 1
    told = told_environment(evidence.to_mapping())
    assert f"adds {(1 - rule.recall) * 100:+.1f} points of recall" in told
    assert f"{(1 - rule.new_recall) * 100:+.1f} of new cases" in told


def test_places_are_units_or_features_by_name() -> None:
    assert parse_task(TEXT, source="made up").environment_columns == ("town",)
    assert parse_task(TEXT + "environment: []", source="x").environment_columns == ()
    assert load_task("pede_lag").environment_columns == ("fase", "escola", "turma")
    with pytest.raises(ConfigurationError, match="no units or features: street"):
        parse_task(TEXT + "environment: [street]", source="made up")


def test_units_of_labels_reach_the_rule_and_follow_the_records(task: TaskSpec) -> None:
    data = made_up(40)
    placed = replace(data, places={"town": np.array(["a", "b"] * 20)})

    assert placed.take(np.arange(0, 40, 2)).places["town"].tolist() == ["a"] * 20
    assert isinstance(placed, TrainingSet)
