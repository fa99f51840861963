from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from model.drift import DriftReport, FeatureDrift
from model.run import Run, RunStatus
from preprocessing.task.policies import PromotionPolicy
from retraining.worker.triggers import Trigger, cron, decide_trigger, missed

NOW = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)  # a Wednesday
POLICY = PromotionPolicy()


def report(*, drifted: bool = True, version: str = "v1") -> DriftReport:
    feature = FeatureDrift("inde", "ks", 0.4, 1e-9, 1e-8, 0.4, 0.1, 0.3, drifted, 0.0, 0.0)
    return DriftReport("d1", NOW, version, 700, ("2023",), (feature,), drifted)


def finished(ago: timedelta, status: RunStatus = RunStatus.KEPT) -> Run:
    return Run("run-1", status, "schedule", requested_at=NOW - ago)


def test_drift_with_enough_new_outcomes_calls_for_a_run_and_says_why() -> None:
    trigger = decide_trigger(
        report(), 100, finished(timedelta(days=3)), POLICY, champion="v1", now=NOW
    )

    assert trigger.fire
    assert trigger.reason == "drift in inde, and 100 new labelled records"


def test_drift_without_new_outcomes_does_not() -> None:
    trigger = decide_trigger(report(), 99, None, POLICY, champion="v1", now=NOW)

    assert not trigger.fire
    assert "only 99 new labelled records" in trigger.reason


@pytest.mark.parametrize("given", [None, report(drifted=False), report(version="v0")])
def test_without_drift_of_the_serving_champion_there_is_no_run(given: DriftReport | None) -> None:
    assert not decide_trigger(given, 500, None, POLICY, champion="v1", now=NOW).fire


def test_a_check_that_compared_nothing_calls_for_no_run() -> None:
    nothing = replace(report(drifted=False), features=(), rows=0, periods=(), compared=False)

    trigger = decide_trigger(nothing, 500, None, POLICY, champion="v1", now=NOW)

    assert trigger == Trigger(False, "there was nothing to compare yet")


@pytest.mark.parametrize(
    "run",
    [finished(timedelta(hours=19)), finished(timedelta(days=9), RunStatus.RUNNING)],
    ids=["lately", "under way"],
)
def test_a_run_that_has_looked_at_it_or_is_looking_is_not_repeated(run: Run) -> None:
    assert not decide_trigger(report(), 500, run, POLICY, champion="v1", now=NOW).fire


def test_a_crontab_with_day_names_means_that_day_in_utc() -> None:
    due = cron("0 7 * * mon").get_next_fire_time(None, NOW)

    assert due == datetime(2026, 3, 9, 7, 0, tzinfo=UTC)


def test_a_line_that_is_no_crontab_is_refused() -> None:
    with pytest.raises(ValueError):
        cron("every monday")


def test_a_scheduled_run_is_missed_when_its_time_fell_after_the_last_run() -> None:
    weekly = cron("0 7 * * mon")

    assert missed(weekly, finished(timedelta(days=3)), NOW)
    assert not missed(weekly, finished(timedelta(days=1)), NOW)
    assert not missed(weekly, None, NOW)
