"""When a job is due: nothing twice, nothing left out, and failures tried again within bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from model.watch.job import JobState
from retraining.worker.due import BACK_OFF, BackOff, begun, due_at, failed, first_seen, succeeded
from retraining.worker.due import waits as waiting
from retraining.worker.times import cron
from tests.retraining.working import MINUTE, SECOND, utc

MONDAYS = cron("0 7 * * mon")
SUNDAY = utc("2026-03-01 12:00")
MONDAY = utc("2026-03-02 07:00")
NEXT_MONDAY = MONDAY + timedelta(days=7)


def seen() -> JobState:
    return first_seen("retrain", MONDAYS, SUNDAY)


def due(state: JobState) -> datetime | None:
    return due_at(state, MONDAYS, BACK_OFF)


def failing(times: int, at: datetime = MONDAY, back_off: BackOff | None = BACK_OFF) -> JobState:
    """The job after so many failed tries, each begun when it was due."""
    state = seen()
    for _ in range(times):
        state = begun(state, MONDAYS, "a", at)
        state = failed(state, MONDAYS, "broken", at, back_off)
        at = state.retry_at or at
    return state


def test_a_job_that_was_never_seen_is_due_at_its_next_time_and_not_before() -> None:
    assert due(seen()) == seen().next_at == MONDAY


def test_a_job_that_was_begun_on_the_second_is_not_due_for_that_second_again() -> None:
    state = succeeded(begun(seen(), MONDAYS, "a", MONDAY), MONDAYS, "done", MONDAY)

    assert due(state) == state.next_at == NEXT_MONDAY


def test_what_was_missed_for_weeks_is_due_once() -> None:
    back = MONDAY + timedelta(days=30)
    late = due(seen())
    state = succeeded(begun(seen(), MONDAYS, "a", back), MONDAYS, "done", back)

    assert late is not None and late <= back
    assert due(state) == utc("2026-04-06 07:00")


def test_a_failed_job_is_tried_again_after_waits_that_grow_and_not_for_ever() -> None:
    waits = [
        (state.retry_at - state.finished_at) / MINUTE
        for state in (failing(n) for n in range(1, 6))
        if state.retry_at is not None and state.finished_at is not None
    ]

    assert waits == [1, 4, 16, 64, 120]
    assert failing(6).retry_at is None
    assert due(failing(6)) == failing(6).next_at == NEXT_MONDAY
    assert failing(6).failures == 6


def test_all_further_tries_are_over_long_before_the_next_day() -> None:
    assert sum((BACK_OFF.after(n) or timedelta() for n in range(1, 9)), timedelta()) < timedelta(
        hours=4
    )


def test_the_next_scheduled_time_comes_while_a_job_waits_to_be_tried_and_begins_anew() -> None:
    hourly = cron("0 * * * *")
    state = first_seen("drift", hourly, utc("2026-03-02 06:30"))
    for _ in range(4):
        at = due_at(state, hourly, BACK_OFF)
        assert at is not None
        state = failed(begun(state, hourly, "a", at), hourly, "broken", at, BACK_OFF)

    # Tried at 7:00, 7:01, 7:05 and 7:21; the next try would be at 8:25.
    assert state.retry_at == utc("2026-03-02 08:25")
    assert due_at(state, hourly, BACK_OFF) == utc("2026-03-02 08:00")
    again = begun(state, hourly, "a", utc("2026-03-02 08:00"))
    assert (again.tries, again.retry_at, again.failures) == (0, None, 4)


def test_what_a_further_try_cannot_mend_waits_for_its_next_time() -> None:
    assert failing(1, back_off=None).retry_at is None
    assert due(failing(1, back_off=None)) == NEXT_MONDAY


def test_a_success_ends_the_failures() -> None:
    state = succeeded(begun(failing(3), MONDAYS, "a", NEXT_MONDAY), MONDAYS, "done", NEXT_MONDAY)

    assert (state.ok, state.failures, state.tries, state.detail) == (True, 0, 0, "")


def test_a_job_that_waits_for_somebody_has_not_failed() -> None:
    until = MONDAY + MINUTE
    state = waiting(begun(seen(), MONDAYS, "a", MONDAY), MONDAYS, "another run", MONDAY, until)

    assert (state.ok, state.failures, state.running) == (None, 0, False)
    assert due(state) == state.next_at == until


def test_a_job_whose_worker_died_is_due_at_once_and_then_as_if_it_had_failed() -> None:
    left = begun(seen(), MONDAYS, "a", MONDAY)
    again = begun(left, MONDAYS, "b", MONDAY + 35 * SECOND)

    assert due(left) == MONDAY
    assert (again.tries, again.holder) == (1, "b")
    assert due(again) == MONDAY + 35 * SECOND + MINUTE


def test_a_job_that_kills_every_worker_is_left_alone_until_its_next_time() -> None:
    left = begun(seen(), MONDAYS, "a", MONDAY)
    killing = replace(left, tries=BACK_OFF.most + 1)

    assert due(killing) == NEXT_MONDAY


@pytest.mark.parametrize("line", ["0 7 * * mon", "*/15 * * * *", "50 3 * * sun"])
def test_over_a_year_each_time_is_served_once_whenever_it_is_looked_at(line: str) -> None:
    times, state = cron(line), first_seen("job", cron(line), SUNDAY)
    at, served, end = SUNDAY, 0, SUNDAY + timedelta(days=20)
    while at < end:
        at += timedelta(seconds=613)  # Late by up to ten minutes, never twice between two times.
        when = due_at(state, times, BACK_OFF)
        if when is not None and when <= at:
            state = succeeded(begun(state, times, "a", at), times, "done", at)
            served += 1

    expected = _times(times, SUNDAY, at)
    assert served == expected


def _times(times: object, after: datetime, until: datetime) -> int:
    number, at = 0, after
    while True:
        found = times.get_next_fire_time(None, at + timedelta(microseconds=1))  # type: ignore[attr-defined]
        if found > until:
            return number
        number, at = number + 1, found
