"""The worker's jobs with a registry: begun once, recorded, tried again, caught up, taken over."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from database.driver.client import SyncRegistry
from database.runs import RunRepository
from database.watch.jobs import JobRepository
from model.errors import RegistryUnavailable
from model.run import Run, RunStatus
from model.watch.job import JobState
from retraining.notices.telling import surroundings
from retraining.worker.duties import DUTIES, Duty
from retraining.worker.jobs import Jobs
from retraining.worker.outcome import JobFailed, JobStopped, JobWaits
from retraining.worker.times import at
from tests.retraining.school import KEY
from tests.retraining.working import MINUTE, NOW, SECOND, Clock, Recorder, Work, at_work, jobs

HOUR = timedelta(hours=1)


def hourly(work: Work, name: str = "hourly") -> Duty:
    return Duty(name, at("0 * * * *"), work)


def up(registry: SyncRegistry, clock: Clock, *duties: Duty, holder: str = "a/1") -> Jobs:
    """A worker that has the lease and has seen its jobs."""
    one = jobs(registry, holder=holder, clock=clock, duties=duties)
    one.heartbeat()
    one.carry_out_due()
    return one


def state(registry: SyncRegistry, name: str = "hourly") -> JobState:
    return registry.run(JobRepository().get(name))


def after(one: Jobs, clock: Clock, wait: timedelta) -> None:
    """Some time later the worker looks."""
    clock.move(wait)
    one.heartbeat()
    one.carry_out_due()


def test_a_job_is_done_at_its_time_and_what_came_of_it_is_recorded(registry: SyncRegistry) -> None:
    clock, work = Clock(), Work()
    one = up(registry, clock, hourly(work))
    before = state(registry)

    after(one, clock, HOUR)
    one.carry_out_due()

    done = state(registry)
    assert (before.ok, before.next_at, work.done) == (None, NOW + HOUR, [NOW + HOUR])
    assert (done.ok, done.result, done.holder) == (True, "done", "a/1")
    assert (done.started_at, done.finished_at) == (NOW + HOUR, NOW + HOUR)
    assert done.next_at == NOW + 2 * HOUR


def test_of_two_workers_one_works(registry: SyncRegistry) -> None:
    clock, work = Clock(), Work()
    first, second = (up(registry, clock, hourly(work), holder=name) for name in ("a/1", "b/1"))

    clock.move(HOUR)
    for one in (second, first, second):
        one.heartbeat()
        one.carry_out_due()

    assert len(work.done) == 1
    assert [first.leading, second.leading].count(True) == 1


def test_two_that_take_themselves_for_the_leader_begin_a_job_once(registry: SyncRegistry) -> None:
    clock, work = Clock(), Work()
    first, second = (up(registry, clock, hourly(work), holder=name) for name in ("a/1", "b/1"))
    second._lease = first._lease
    clock.move(HOUR)
    first.heartbeat()
    second._lease = first._lease
    (begun,) = first.due()
    (seen,) = second.due()

    first.carry_out(begun)
    second.carry_out(seen)

    assert len(work.done) == 1


def test_who_lost_the_lease_after_the_look_begins_nothing(registry: SyncRegistry) -> None:
    clock, work = Clock(), Work()
    first = up(registry, clock, hourly(work))
    after(first, clock, HOUR - MINUTE)
    other = jobs(registry, holder="b/1", clock=Clock(clock.now + HOUR), duties=(hourly(work),))

    other.heartbeat()  # Its clock is ahead, so it takes the lease that the first still believes in.
    clock.move(20 * SECOND)
    first._begin(hourly(work))

    assert work.done == []


def test_every_job_that_was_missed_is_done_once_when_a_worker_is_back(
    registry: SyncRegistry,
) -> None:
    clock, first, second = Clock(), Work(), Work()
    duties = (hourly(first), Duty("daily", at("0 6 * * *"), second))
    up(registry, clock, *duties).leave()

    clock.move(timedelta(days=9))
    up(registry, clock, *duties, holder="b/1")

    assert (len(first.done), len(second.done)) == (1, 1)


def test_a_failing_job_backs_off_and_the_next_schedule_is_unharmed(registry: SyncRegistry) -> None:
    clock, work, other = Clock(), Work(RegistryUnavailable("away")), Work()
    daily = Duty("daily", at("0 2 * * *"), work)
    one = up(registry, clock, daily, hourly(other))

    clock.move(HOUR - MINUTE)
    for wait in (1, *(1 for _ in range(30)), 29, *(1 for _ in range(25)), 61):
        after(one, clock, wait * MINUTE)

    two = NOW + 2 * HOUR
    assert [(moment - two) / MINUTE for moment in work.done] == [0, 1, 5, 21, 85]
    assert [moment.hour for moment in other.done] == [1, 2, 3]
    failing = state(registry, "daily")
    assert (failing.ok, failing.failures, failing.detail) == (False, 5, "away")
    assert failing.next_at == two + 85 * MINUTE + 2 * HOUR

    work.error = None
    clock.now = two + timedelta(days=1)
    after(one, clock, timedelta())
    assert (state(registry, "daily").ok, state(registry, "daily").failures) == (True, 0)


def test_what_only_a_person_can_mend_is_not_tried_again(registry: SyncRegistry) -> None:
    clock, work = Clock(), Work(JobFailed("wrong setting", mendable=False))
    one = up(registry, clock, hourly(work))

    after(one, clock, HOUR)
    for _ in range(59):
        after(one, clock, MINUTE)

    assert len(work.done) == 1
    assert state(registry).detail == "wrong setting"


def test_an_unforeseen_error_is_told_by_its_kind_alone(
    registry: SyncRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    one = up(registry, clock, hourly(Work(ValueError("Maria Silva"))))

    after(one, clock, HOUR)

    assert state(registry).detail == "ValueError"


def test_a_wrong_address_fails_the_job_that_tells_alone_and_is_said_once(
    registry: SyncRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    clock, work = Clock(), Work()
    around = partial(surroundings, "nosuch://hush@host", "school", KEY, holder="a/1")
    notices = next(duty for duty in DUTIES if duty.name == "notices")
    here = at_work(registry, clock=clock, around=around)
    one = Jobs(here, holder="a/1", duties=(notices, Duty("other", notices.times, work)))
    one.heartbeat()
    one.carry_out_due()

    for _ in range(3):
        after(one, clock, MINUTE)

    telling = state(registry, "notices")
    assert (telling.ok, telling.failures, len(work.done)) == (False, 3, 3)
    assert telling.detail.startswith("FAROL_NOTICES: address 1 is of no kind")
    assert [one.levelname for one in caplog.records if "FAROL_NOTICES" in one.message] == [
        "WARNING"
    ]
    # pytest listens to the library's own logger too, which we have closed.
    logged = [one.getMessage() for one in caplog.records if one.name != "apprise"]
    assert "hush" not in telling.detail + "\n".join(logged)


def test_a_job_that_waits_is_done_when_the_other_is_through(registry: SyncRegistry) -> None:
    clock = Clock()
    work = Work(JobWaits("another run is under way", NOW + HOUR + 40 * SECOND))
    one = up(registry, clock, hourly(work))
    after(one, clock, HOUR)
    waiting = state(registry)

    work.error = None
    after(one, clock, 39 * SECOND)
    early = len(work.done)
    after(one, clock, SECOND)

    assert (waiting.ok, waiting.detail) == (None, "another run is under way")
    assert (early, len(work.done), state(registry).detail) == (1, 2, "")


def test_what_a_worker_that_died_had_begun_is_begun_again_by_the_next(
    registry: SyncRegistry,
) -> None:
    clock, work = Clock(), Work(JobStopped("killed"))
    dead = up(registry, clock, hourly(work))
    after(dead, clock, HOUR)
    left = state(registry)

    clock.move(34 * SECOND)
    up(registry, clock, hourly(work), holder="b/1")
    early = len(work.done)
    work.error = None
    clock.move(SECOND)
    up(registry, clock, hourly(work), holder="b/1")

    assert (left.running, left.holder) == (True, "a/1")
    assert (early, len(work.done)) == (1, 2)
    assert (state(registry).holder, state(registry).result) == ("b/1", "done")


def test_a_host_does_its_own_job_whoever_has_the_lease(registry: SyncRegistry) -> None:
    clock, work = Clock(), Work()
    own = Duty("files", at("0 * * * *"), work, on_every_host=True)
    both = [up(registry, clock, own, holder=name) for name in ("a/1", "b/1", "b/2")]

    clock.move(HOUR)
    for one in both:
        one.heartbeat()
        one.carry_out_due()

    assert len(work.done) == 2
    names = {job.name: job.holder for job in registry.run(JobRepository().all())}
    assert names == {"files@a": "a/1", "files@b": "b/1"}


def test_a_schedule_that_was_changed_is_told_at_the_next_look(registry: SyncRegistry) -> None:
    clock, work = Clock(), Work()
    up(registry, clock, hourly(work)).leave()

    up(registry, clock, Duty("hourly", at("30 * * * *"), work))

    assert state(registry).next_at == NOW + 30 * MINUTE


def test_the_scheduled_run_tells_the_pipeline_why(registry: SyncRegistry) -> None:
    clock, subprocesses = Clock(), Recorder()
    worker = jobs(registry, subprocesses, clock=clock)
    worker.heartbeat()
    worker.carry_out_due()
    clock.move(timedelta(days=1, hours=7))  # Monday, 7:00
    worker.heartbeat()

    worker.carry_out(DUTIES[0])

    assert subprocesses.asked[0][:3] == ("retraining.pipeline", "--requested-by", "schedule")
    assert '"its time has come: 0 7 * * mon, UTC"' in subprocesses.asked[0][4]


def test_a_dry_run_does_not_stand_for_the_scheduled_run_that_was_missed(
    registry: SyncRegistry,
) -> None:
    """Nothing is recorded of the job: a release of before kept the runs alone."""
    made = Run("run-1", RunStatus.KEPT, "schedule", requested_at=NOW - timedelta(days=30))
    asked = NOW - timedelta(hours=1)
    tried = Run("run-2", RunStatus.DECIDED, "api", requested_at=asked, options={"dry_run": True})
    for one in (made, tried):
        registry.run(RunRepository().start(one))
    subprocesses = Recorder()
    worker = jobs(registry, subprocesses)
    worker.heartbeat()

    worker.carry_out_due()

    assert subprocesses.modules == ["retraining.pipeline"]


def test_a_run_that_somebody_made_since_its_time_serves_the_schedule(
    registry: SyncRegistry,
) -> None:
    clock, subprocesses = Clock(), Recorder()
    worker = jobs(registry, subprocesses, clock=clock)
    worker.heartbeat()
    worker.carry_out_due()
    clock.move(timedelta(days=1, hours=8))
    made = Run("run-1", RunStatus.KEPT, "cli", requested_at=clock.now - timedelta(minutes=10))
    registry.run(RunRepository().start(made))
    worker.heartbeat()

    worker.carry_out(DUTIES[0])

    assert subprocesses.asked == []
    assert state(registry, "retrain").result == "run-1 was made since: kept"


@pytest.mark.parametrize(
    ("code", "ok", "told"),
    [
        (0, True, "a run ended"),
        (3, True, "not enough labelled records yet"),
        (1, False, "retraining.pipeline ended with exit code 1; see the worker's log"),
        (2, False, "retraining.pipeline ended with exit code 2; see the worker's log"),
        (-9, False, "retraining.pipeline was ended by signal 9; see the worker's log"),
        (4, None, "another run is under way"),
    ],
)
def test_what_the_exit_code_of_the_pipeline_means(
    registry: SyncRegistry, code: int, ok: bool | None, told: str
) -> None:
    clock = Clock()
    worker = jobs(registry, Recorder(code), clock=clock)
    worker.heartbeat()
    worker.carry_out_due()
    clock.move(timedelta(days=1, hours=7))
    worker.heartbeat()

    worker.carry_out(DUTIES[0])

    after_it = state(registry, "retrain")
    assert after_it.ok is ok
    assert told in (after_it.result, after_it.detail)
    assert (after_it.retry_at is None) == (code in {0, 3, 2})
