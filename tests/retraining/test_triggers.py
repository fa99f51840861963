"""What calls for a run between the times of the schedule."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest

from model.decisions.cause import RunCause, TriggerKind
from model.run import Run, RunStatus
from retraining.worker.times import cron
from retraining.worker.triggers import (
    TRIGGERS,
    Seen,
    Trigger,
    TriggerRule,
    decide_trigger,
    scheduled_run,
    served,
)
from tests.retraining.school import task

NOW = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)  # a Wednesday
DRIFT = Seen("v1", ("inde",), (), unlearned=100, new_labels=100, runs=())
LABELS = Seen("v1", (), (), unlearned=500, new_labels=500, runs=())


def run(ago: timedelta, status: RunStatus = RunStatus.KEPT, number: int = 1) -> Run:
    at = NOW - ago
    return Run(f"run-{number}", status, "schedule", requested_at=at, finished_at=at)


def decide(seen: Seen) -> Trigger:
    return decide_trigger(seen, task(), now=NOW)


@pytest.mark.parametrize("rule", TRIGGERS, ids=lambda rule: rule.kind.value)
def test_a_trigger_calls_on_its_own_example_alone_and_says_why_in_both_languages(
    rule: TriggerRule,
) -> None:
    calls = [one.kind for one in TRIGGERS if one.calls(rule.loud, task()) is not None]

    assert calls == [rule.kind]
    assert rule.calls(rule.quiet, task()) is None
    cause = decide(rule.loud).cause
    assert cause is not None and cause.trigger is rule.kind
    assert cause.en and cause.pt and cause.en != cause.pt


def test_every_kind_of_trigger_between_the_times_is_declared_once() -> None:
    by_somebody_else = {TriggerKind.SCHEDULE, TriggerKind.REQUEST, TriggerKind.COMMAND}

    assert sorted(rule.kind for rule in TRIGGERS) == sorted({*TriggerKind} - by_somebody_else)


def test_drift_with_enough_new_outcomes_calls_for_a_run_and_says_why() -> None:
    assert decide(DRIFT).reason == "drift in inde, and 100 new labelled records"


def test_drift_without_outcomes_to_learn_from_does_not() -> None:
    trigger = decide(replace(DRIFT, unlearned=99))

    assert not trigger.fire
    assert "but 100 are needed to learn and to compare" in trigger.reason


def test_drift_that_the_last_run_looked_at_with_the_same_outcomes_does_not() -> None:
    trigger = decide(replace(DRIFT, new_labels=0, runs=(run(timedelta(days=3)),)))

    assert trigger.reason.endswith("but none of them came in since the last run")


def test_labels_call_from_the_tasks_number_on_and_not_where_it_names_none() -> None:
    spec = task()
    none = spec.schedule.model_copy(update={"new_labels": None})

    assert decide(LABELS).fire
    assert not decide(replace(LABELS, new_labels=499)).fire
    without = spec.model_copy(update={"schedule": none})
    assert not decide_trigger(LABELS, without, now=NOW).fire


def test_without_a_champion_nothing_calls() -> None:
    assert decide(replace(DRIFT, champion=None)) == Trigger(None, "there is no champion yet")


def test_where_nothing_calls_it_is_said_so() -> None:
    quiet = replace(DRIFT, drifted=())

    assert decide(quiet) == Trigger(None, "nothing calls for a run")


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING])
def test_while_a_run_is_under_way_nothing_calls_for_another(status: RunStatus) -> None:
    assert not decide(replace(DRIFT, runs=(run(timedelta(days=9), status),))).fire


def test_after_any_run_there_is_the_tasks_pause() -> None:
    at, spec = timedelta(hours=19), task()
    short = spec.schedule.model_copy(update={"pause_hours": 19})
    paused = replace(DRIFT, runs=(run(at),))

    assert not decide(paused).fire
    assert "the next one waits 20 hours" in decide(paused).reason
    assert decide(replace(DRIFT, runs=(run(timedelta(hours=20)),))).fire
    hasty = spec.model_copy(update={"schedule": short})
    assert decide_trigger(paused, hasty, now=NOW).fire


def test_after_a_run_that_failed_the_next_comes_sooner_and_after_many_it_does_not() -> None:
    def after(failures: int, ago: timedelta) -> bool:
        runs = tuple(run(ago, RunStatus.FAILED, n) for n in range(failures))
        return decide(replace(DRIFT, runs=runs)).fire

    assert (after(1, timedelta(seconds=59)), after(1, timedelta(minutes=1))) == (False, True)
    assert (after(3, timedelta(minutes=15)), after(3, timedelta(minutes=16))) == (False, True)
    assert (after(9, timedelta(hours=19)), after(9, timedelta(hours=20))) == (False, True)


def test_a_run_whose_worker_died_is_made_again_at_once_and_the_second_time_later() -> None:
    died = run(timedelta(seconds=1), RunStatus.ABANDONED)

    assert decide(replace(DRIFT, runs=(died,))).fire
    assert not decide(replace(DRIFT, runs=(died, died))).fire


def test_a_crontab_with_day_names_means_that_day_in_utc() -> None:
    due = cron("0 7 * * mon").get_next_fire_time(None, NOW)

    assert due == datetime(2026, 3, 9, 7, 0, tzinfo=UTC)


def test_a_line_that_is_no_crontab_is_refused() -> None:
    with pytest.raises(ValueError):
        cron("every monday")


def test_a_scheduled_run_is_served_by_whatever_run_came_to_its_end_since() -> None:
    weekly, monday = cron("0 7 * * mon"), timedelta(days=1, hours=23)
    since, before = run(timedelta(days=1)), run(timedelta(days=3))

    assert served(weekly, [since, before], NOW) == since
    assert served(weekly, [run(monday)], NOW) is not None
    assert served(weekly, [before], NOW) is None
    assert served(weekly, [], NOW) is None


@pytest.mark.parametrize(
    "status", [RunStatus.FAILED, RunStatus.ABANDONED, RunStatus.RUNNING, RunStatus.QUEUED]
)
def test_a_run_that_broke_off_or_has_not_ended_serves_no_schedule(status: RunStatus) -> None:
    assert served(cron("0 7 * * mon"), [run(timedelta(days=1), status)], NOW) is None


def test_a_cause_passes_a_command_line_whole() -> None:
    cause = scheduled_run("0 7 * * mon")

    assert RunCause.from_json(json.dumps(asdict(cause))) == cause
