"""A clock that is set, or that of a host is ahead: the worker goes on once it is right again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from database.driver.client import SyncRegistry
from database.leases import LeaseRepository
from database.watch.jobs import JobRepository
from model.errors import LeaseHeld
from model.run import Run, RunStatus
from preprocessing.task.policies import Schedule
from retraining.run.lock import LEASE, exclusively
from retraining.worker.due import AHEAD, BACK_OFF, mended
from retraining.worker.duties import Duty
from retraining.worker.jobs import TTL, Jobs
from retraining.worker.times import at, cron
from retraining.worker.triggers import resting, served
from retraining.worker.wrong_clock import ClockWatch
from tests.retraining.working import MINUTE, NOW, SECOND, Clock, Work, at_work

HOUR, YEAR = timedelta(hours=1), timedelta(days=365)
SHORT = timedelta(seconds=0.4)


@dataclass(slots=True)
class Steady:
    """A clock that nobody sets, moved by hand."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def worker(
    registry: SyncRegistry, clock: Clock, steady: Steady, work: Work, holder: str = "a/1"
) -> Jobs:
    duty = Duty("hourly", at("0 * * * *"), work)
    return Jobs(at_work(registry, clock=clock), holder=holder, duties=(duty,), monotonic=steady)


def look(one: Jobs) -> None:
    one.heartbeat()
    one.carry_out_due()


def test_jobs_go_on_after_a_clock_that_was_a_year_ahead_was_set_right(
    registry: SyncRegistry,
) -> None:
    clock, work = Clock(), Work()
    one = worker(registry, clock, Steady(), work)
    look(one)
    clock.move(YEAR)
    look(one)
    ahead = list(work.done)

    clock.move(-YEAR)
    look(one)
    told = registry.run(JobRepository().get("hourly")).next_at
    clock.move(HOUR)
    look(one)

    assert ahead == [NOW + YEAR]
    assert told == NOW + HOUR
    assert work.done == [NOW + YEAR, NOW + HOUR]


@pytest.mark.parametrize("steps", [[HOUR, -HOUR / 2, HOUR, -HOUR / 2, HOUR]])
def test_a_clock_that_is_set_to_and_fro_within_the_hour_begins_no_job_twice(
    registry: SyncRegistry, steps: list[timedelta]
) -> None:
    clock, work = Clock(), Work()
    one = worker(registry, clock, Steady(), work)
    look(one)

    for step in steps:
        clock.move(step)
        look(one)

    hours = [moment.replace(minute=0) for moment in work.done]
    assert len(hours) == len(set(hours)) == 2


def test_the_lease_of_a_dead_host_whose_clock_was_ahead_is_taken_after_its_time_in_silence(
    registry: SyncRegistry,
) -> None:
    dead = worker(registry, Clock(NOW + YEAR), Steady(), Work())
    dead.heartbeat()
    steady = Steady()
    other = worker(registry, Clock(), steady, Work(), holder="b/1")

    other.heartbeat()
    steady.seconds = TTL.total_seconds()
    other.heartbeat()
    early = other.leading
    steady.seconds += 0.1
    other.heartbeat()

    assert (early, other.leading) == (False, True)


def test_a_host_whose_clock_is_ahead_keeps_the_lease_while_it_lives(registry: SyncRegistry) -> None:
    ahead = Clock(NOW + YEAR)
    alive = worker(registry, ahead, Steady(), Work())
    steady = Steady()
    other = worker(registry, Clock(), steady, Work(), holder="b/1")

    for _ in range(20):
        alive.heartbeat()
        other.heartbeat()
        ahead.move(10 * SECOND)
        steady.seconds += 10

    assert (alive.leading, other.leading) == (True, False)


def test_a_run_takes_over_from_a_dead_run_of_a_host_whose_clock_was_ahead(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    registry.run(LeaseRepository().acquire(LEASE, "other/run-1", now=NOW + YEAR, ttl=SHORT))

    with exclusively(registry, tmp_path, "run-2", Clock(), ttl=SHORT) as held:
        token = held.lease.token

    assert token == 2


def test_a_run_of_a_host_whose_clock_is_ahead_is_left_alone_while_it_lives(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    clock, done = Clock(NOW + YEAR), threading.Event()
    held = registry.run(LeaseRepository().acquire(LEASE, "other/1", now=clock(), ttl=SHORT))

    def renew() -> None:
        nonlocal held
        while not done.wait(SHORT.total_seconds() / 4):
            clock.move(SHORT / 4)
            held = registry.run(LeaseRepository().renew(held, clock(), SHORT))

    alive = threading.Thread(target=renew)
    alive.start()
    try:
        with pytest.raises(LeaseHeld), exclusively(registry, tmp_path, "2", Clock(), ttl=SHORT):
            pass
    finally:
        done.set()
        alive.join()


def test_times_that_other_hosts_clocks_may_tell_stay_as_they_are(registry: SyncRegistry) -> None:
    clock, work = Clock(), Work()
    look(worker(registry, clock, Steady(), work))
    state = registry.run(JobRepository().get("hourly"))
    near = replace(state, since=NOW + AHEAD, retry_at=NOW + AHEAD + BACK_OFF.longest)

    assert mended(near, NOW) == near


@pytest.mark.parametrize("ahead, counts", [(-HOUR, True), (YEAR, False)])
def test_a_run_of_a_year_to_come_serves_no_time_and_lets_nobody_wait(
    ahead: timedelta, counts: bool
) -> None:
    made = Run("run-1", RunStatus.KEPT, "schedule", NOW + ahead, finished_at=NOW + ahead)
    later = NOW + 8 * timedelta(days=1)

    assert (resting([made], Schedule(), NOW) is not None) is counts
    assert (served(cron("0 7 * * mon"), [made], NOW) is not None) is counts
    assert served(cron("0 7 * * mon"), [made], later) is None


def test_a_run_that_is_under_way_is_waited_for_whatever_its_time() -> None:
    made = Run("run-1", RunStatus.RUNNING, "schedule", NOW + YEAR)

    assert resting([made], Schedule(), NOW) == "run-1 is under way"


@pytest.mark.parametrize(
    "by, steady, told",
    [
        (10 * SECOND, 10.0, timedelta()),
        (30 * SECOND, 10.0, timedelta()),
        (HOUR + 10 * SECOND, 10.0, HOUR),
        (10 * SECOND - HOUR, 10.0, -HOUR),
        (MINUTE, 0.0, MINUTE),
    ],
)
def test_a_clock_that_was_set_is_noticed_once(
    by: timedelta, steady: float, told: timedelta
) -> None:
    clock, passing = Clock(), Steady()
    watch: Callable[[], timedelta] = ClockWatch(clock, passing).set_by

    clock.move(by)
    passing.seconds += steady

    assert (watch(), watch()) == (told, timedelta())
