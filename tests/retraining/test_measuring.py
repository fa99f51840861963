"""The worker's job that measures the champion, on a real registry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from database.driver.client import SyncRegistry
from database.driver.commands import Command, Find, Op
from database.driver.run import drive
from database.labelling.recording import record_outcomes
from database.predictions import PredictionRepository
from database.students import StudentRepository
from database.watch.statistics import (
    EstimateRepository,
    HourStatisticsRepository,
    PerformanceRepository,
)
from drift.check import run_drift_check
from model.label import Outcome
from model.student import Observation
from model.watch.performance import Measure
from retraining.measuring import served_hours
from retraining.measuring.job import watch_performance
from tests.drift.school import KEY, NOW, School, cohort, found_school, graduate, little_task, serve


@pytest.fixture
def opened(registry: SyncRegistry) -> SyncRegistry:
    return registry


@pytest.fixture
def school(registry: SyncRegistry) -> School:
    return found_school(registry)


def in_2024(opened: SyncRegistry, n: int = 200) -> list[Observation]:
    students = cohort(n, "2024", seed=5)
    opened.run(StudentRepository().observe(students))
    return students


def the_opposite(opened: SyncRegistry, school: School, seen: list[Observation]) -> None:
    """Outcomes that are the opposite of what the champion expects."""
    scores = school.predictor.score_many([o.features for o in seen])
    opened.run(record_outcomes([
        Outcome(value=float(score < 0.5), observed_at=NOW, student_id=o.student_id, period=o.period)
        for o, score in zip(seen, scores.tolist(), strict=True)
    ], now=NOW))  # fmt: skip


def test_outcomes_of_records_it_did_not_learn_from_are_measured_against_the_promise(
    opened: SyncRegistry, school: School
) -> None:
    students = in_2024(opened)
    serve(opened, school, students[:100], at=NOW - timedelta(hours=3))
    graduate(opened, school, students, seed=3, now=NOW)

    said = watch_performance(opened, school.task, KEY, NOW)

    found = opened.run(PerformanceRepository().current())
    assert found is not None and found.last is not None and "measured on 200 outcomes" in said
    assert (found.model_version, found.labelled, found.last.n) == ("v1", 200, 200)
    assert [row.name for row in found.periods] == ["2024"]
    assert [row.n for row in found.days] == [row.n for row in found.hours] == [200]
    assert {one.metric for one in found.promised} >= {Measure.RECALL, Measure.PRECISION}
    (look,) = found.looks
    assert (look.number, look.labelled) == (1, 200) and not found.degraded
    share = found.labelled_shares[0]
    assert (share.period, share.asked, share.labelled.value) == ("2024", 100, 1.0)


def test_outcomes_that_deny_the_scores_are_a_degradation_until_other_outcomes_come(
    opened: SyncRegistry, school: School
) -> None:
    the_opposite(opened, school, in_2024(opened))

    said = watch_performance(opened, school.task, KEY, NOW)
    watch_performance(opened, school.task, KEY, NOW + timedelta(days=30))

    found = opened.run(PerformanceRepository().current())
    assert found is not None and found.degraded and "was promised" in said
    assert Measure.RECALL in {one.metric for one in found.degradations}
    assert len(found.looks) == 1


def test_where_nothing_came_since_nothing_is_measured(opened: SyncRegistry, school: School) -> None:
    graduate(opened, school, in_2024(opened), seed=3, now=NOW)
    watch_performance(opened, school.task, KEY, NOW)
    before = opened.run(PerformanceRepository().current())

    said = watch_performance(opened, school.task, KEY, NOW + timedelta(hours=1))

    assert said.endswith("no outcome is new")
    assert opened.run(PerformanceRepository().current()) == before


def test_without_a_champion_the_hours_are_summed_up_and_that_is_said(
    opened: SyncRegistry,
) -> None:
    assert "there is no champion yet" in watch_performance(opened, little_task(), KEY, NOW)


def test_what_was_expected_of_a_period_stands_beside_what_came(
    opened: SyncRegistry, school: School
) -> None:
    students = in_2024(opened, 400)
    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)
    then = opened.run(EstimateRepository().get("v1 2024"))
    graduate(opened, school, students, seed=3, now=NOW)

    watch_performance(opened, school.task, KEY, NOW + timedelta(hours=1))
    run_drift_check(opened, school.task, now=NOW + timedelta(days=1), signing_key=KEY)

    found = opened.run(EstimateRepository().get("v1 2024"))
    assert report.estimated == then.named() and then.came is None and not then.withdrawn
    assert found.came is not None and found.came.n == 400
    assert (found.at, found.recall) == (then.at, then.recall)
    assert found.recall.low is not None and found.recall.high is not None
    assert found.came.recall.value is not None
    assert found.recall.low <= found.came.recall.value <= found.recall.high


def test_first_outcomes_that_deny_the_scores_withdraw_what_was_expected_with_a_warning(
    opened: SyncRegistry, school: School
) -> None:
    students = in_2024(opened, 400)
    run_drift_check(opened, school.task, now=NOW, signing_key=KEY)
    the_opposite(opened, school, students[:60])

    report = run_drift_check(opened, school.task, now=NOW + timedelta(days=1), signing_key=KEY)

    assert report.estimated == {}
    assert any("the newest outcomes disagree with the scores" in note for note in report.notes)
    assert opened.run(EstimateRepository().get("v1 2024")).withdrawn


def test_hours_are_read_from_the_newest_on_and_only_where_something_was_served(
    opened: SyncRegistry, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_hours, "PAGE", 50)
    students = cohort(300, "2024", seed=5)
    serve(opened, school, students, at=NOW - timedelta(hours=10))
    assert len(opened.run(served_hours.measure_hours(["ieg"], now=NOW))) == 5

    nothing = read_by_a_run(opened)
    later = [replace(o, student_id=f"L{o.student_id}") for o in students[:20]]
    serve(opened, school, later, at=NOW - timedelta(hours=4))
    read, hours = read_by_a_run(opened)

    assert nothing == (1, 0)
    # The newest hour was the fifth from 20:00 on: from two hours before it on is read.
    assert hours == 4 and read <= 260
    kept = opened.run(HourStatisticsRepository().newest(99))
    assert sum(hour.count for hour in kept) == 320
    assert np.isclose(kept[0].columns[0].mean or 0, np.mean(scores_of(opened, 20)))


def scores_of(opened: SyncRegistry, newest: int) -> list[float]:
    return [p.risk_score for p in opened.run(PredictionRepository().newest(newest))]


def read_by_a_run(opened: SyncRegistry) -> tuple[int, int]:
    """How many predictions a run reads, and how many hours it gives."""
    read = 0

    def execute(command: Command) -> Any:
        nonlocal read
        answer = opened.run(once(command))
        if isinstance(command, Find) and command.collection == "predictions":
            read += len(answer)
        return answer

    hours = drive(served_hours.measure_hours(["ieg"], now=NOW), execute)
    return read, len(hours)


def once(command: Command) -> Op[Any]:
    return (yield command)
