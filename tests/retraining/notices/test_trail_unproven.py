"""A trail that was touched is told at once; one that could not be looked at now is tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from model.watch.job import JobState
from retraining.notices.kinds.examples import NOW, QUIET
from retraining.notices.kinds.trail import CHECKS, unproven_trail
from retraining.worker import due
from retraining.worker.due import BACK_OFF, BackOff
from retraining.worker.duties import DUTIES
from retraining.worker.times import cron

DAILY = cron("10 2 * * *")
SOON = NOW + timedelta(minutes=1)


def failed(back_off: BackOff | None) -> JobState:
    seen = due.first_seen("trail_check@host", DAILY, NOW)
    return due.failed(due.begun(seen, DAILY, "host/1", NOW), DAILY, "touched", SOON, back_off)


def told(job: JobState) -> list[str]:
    return [fact.subject for fact in unproven_trail(replace(QUIET, jobs=(job,)))]


def test_the_first_failure_that_no_try_mends_is_told_until_the_check_succeeds() -> None:
    touched = failed(None)
    again = due.begun(touched, DAILY, "host/1", SOON)

    assert told(touched) == told(again) == ["trail_check@host"]
    assert told(due.succeeded(again, DAILY, "whole", SOON)) == []


def test_a_failure_that_is_tried_again_is_left_to_what_tells_of_jobs() -> None:
    assert told(failed(BACK_OFF)) == []


def test_the_duties_that_look_at_the_trail_are_duties() -> None:
    assert {duty.name for duty in DUTIES} >= CHECKS
