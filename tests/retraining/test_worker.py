from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry
from database.leases import LeaseRepository, worker_lease
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.errors import AccessDenied, ConfigurationError, FarolError, RegistryUnavailable
from model.run import Lease, Run, RunStatus
from preprocessing.task.spec import TaskSpec
from retraining.worker.__main__ import work
from retraining.worker.jobs import Jobs
from retraining.worker.subprocesses import Subprocesses
from retraining.worker.task_schedule import TaskSchedule
from tests.retraining.school import KEY, READING, START, TASK, run, task, teach

ROOT = Path(__file__).parents[2]
NOW = START + timedelta(days=500)


class Recorder(Subprocesses):
    """Remembers what it was asked to run, and exits with a code of our choice."""

    def __init__(self, code: int | None = 0) -> None:
        super().__init__()
        self.code = code
        self.asked: list[tuple[str, ...]] = []

    def run(self, module: str, *arguments: str, task: str, wait: bool = True) -> int | None:
        assert arguments[:2] == ("--task", task)
        self.asked.append((module, *arguments[2:]))
        return self.code


def jobs(
    registry: SyncRegistry,
    subprocesses: Subprocesses,
    holder: str = "a",
    now: datetime = NOW,
    spec: TaskSpec | None = None,
) -> Jobs:
    return Jobs(
        registry, registry, spec or task(), subprocesses, KEY, holder=holder, clock=lambda: now
    )


def queue(registry: SyncRegistry, **options: object) -> None:
    registry.run(
        RunRepository().start(
            Run("run-q", RunStatus.QUEUED, "api", requested_at=NOW, options=options)
        )
    )


def test_of_two_workers_one_works(registry: SyncRegistry) -> None:
    subprocesses = Recorder()
    first, second = (jobs(registry, subprocesses, holder) for holder in "ab")

    for worker in (first, second):
        worker.heartbeat()
        worker.retrain()

    assert subprocesses.asked == [("retraining.pipeline", "--requested-by", "schedule")]
    assert (first.leading, second.leading) == (True, False)


def test_a_worker_that_leaves_hands_over_at_once(registry: SyncRegistry) -> None:
    first, second = (jobs(registry, Recorder(), holder) for holder in "ab")
    first.heartbeat()

    first.leave()
    second.heartbeat()

    assert second.leading


def test_a_worker_that_died_is_succeeded_when_its_lease_ends(registry: SyncRegistry) -> None:
    dead = jobs(registry, Recorder(), "a")
    dead.heartbeat()
    later = jobs(registry, Recorder(), "b", now=NOW + timedelta(seconds=36))

    later.heartbeat()
    dead.heartbeat()

    assert later.leading


def test_a_queued_run_is_carried_out_with_its_options(registry: SyncRegistry) -> None:
    subprocesses = Recorder(code=4)
    queue(
        registry, window=500, min_recall_gain=0.02, dry_run=True, trials=0, seconds=30.0, seed=None
    )
    worker = jobs(registry, subprocesses)
    worker.heartbeat()

    worker.carry_out_queued()

    assert subprocesses.asked == [
        (
            "retraining.pipeline", "--run-id", "run-q", "--requested-by", "api",
            "--window", "500", "--min-recall-gain", "0.02",
            "--dry-run", "--trials", "0", "--seconds", "30.0",
        )
    ]  # fmt: skip
    assert registry.run(RunRepository().get("run-q")).status is RunStatus.QUEUED


def test_a_queued_run_with_an_option_that_nobody_knows_is_refused(registry: SyncRegistry) -> None:
    subprocesses = Recorder()
    queue(registry, windows=500)
    worker = jobs(registry, subprocesses)
    worker.heartbeat()

    worker.carry_out_queued()

    refused = registry.run(RunRepository().get("run-q"))
    assert refused.status is RunStatus.FAILED
    assert refused.error is not None and refused.error.startswith("option windows: is no option")
    assert subprocesses.asked == []


def test_a_dry_run_does_not_stand_for_the_scheduled_run_that_was_missed(
    registry: SyncRegistry,
) -> None:
    subprocesses = Recorder()
    missed = Run("run-1", RunStatus.KEPT, "schedule", requested_at=NOW - timedelta(days=30))
    asked = NOW - timedelta(hours=1)
    tried = Run("run-2", RunStatus.DECIDED, "api", requested_at=asked, options={"dry_run": True})
    for one in (missed, tried):
        registry.run(RunRepository().start(one))
    worker = jobs(registry, subprocesses)
    worker.heartbeat()

    worker.catch_up()

    assert subprocesses.asked == [("retraining.pipeline", "--requested-by", "schedule")]


def test_a_queued_run_that_cannot_even_start_fails_and_is_not_tried_for_ever(
    registry: SyncRegistry,
) -> None:
    queue(registry)
    worker = jobs(registry, Recorder(code=2))
    worker.heartbeat()

    worker.carry_out_queued()

    failed = registry.run(RunRepository().get("run-q"))
    assert failed.status is RunStatus.FAILED
    assert failed.error == "the pipeline did not start (exit code 2); see the worker's log"


def test_drift_without_new_labels_does_not_retrain(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)
    run(registry, home)
    subprocesses = Recorder()
    worker = jobs(registry, subprocesses)
    worker.heartbeat()

    worker.check_drift()

    assert subprocesses.asked == [("drift.check", "--json")]


def schedule(registry: SyncRegistry, found: Jobs | FarolError, now: datetime = NOW) -> TaskSchedule:
    """The schedule of a task that has these jobs, or may not be worked on for this reason."""

    def find() -> Jobs:
        if isinstance(found, FarolError):
            raise found
        return found

    return TaskSchedule(task().name, find, registry, holder="a", clock=lambda: now)


def duties(scheduler: BackgroundScheduler) -> list[str]:
    return [job.name for job in scheduler.get_jobs() if isinstance(job.trigger, CronTrigger)]


def test_a_schedule_that_is_no_crontab_stops_its_task_and_names_the_key(
    registry: SyncRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    spec = task()
    wrong = spec.model_copy(
        update={"schedule": spec.schedule.model_copy(update={"retrain": "mondays"})}
    )
    scheduler = BackgroundScheduler(timezone=UTC)

    schedule(registry, jobs(registry, Recorder(), spec=wrong)).start(scheduler)

    assert duties(scheduler) == []
    assert "schedule.retrain of task 'school': 'mondays' is no crontab line" in caplog.text


def test_a_task_without_rights_on_its_database_is_told_once_with_the_grant(
    registry: SyncRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    reason = "no rights on database 'farol_school'; db.grantRolesToUser(...)"
    scheduler = BackgroundScheduler(timezone=UTC)
    refused = schedule(registry, AccessDenied(reason))

    for _ in range(3):
        refused.look(scheduler)

    lease = registry.run(LeaseRepository().find(worker_lease(task().name)))
    assert caplog.messages == [f"school does not run, other tasks do: {reason}"]
    assert lease is not None and (lease.detail, lease.expires_at <= NOW) == (reason, True)


def test_what_one_worker_may_not_work_on_another_takes_at_once(registry: SyncRegistry) -> None:
    able = jobs(registry, Recorder(), "b")
    scheduler = BackgroundScheduler(timezone=UTC)
    refused = schedule(registry, ConfigurationError("changed"))

    refused.look(scheduler)
    able.heartbeat()
    refused.look(scheduler)

    lease = registry.run(LeaseRepository().find(worker_lease(task().name)))
    assert able.leading
    assert lease is not None and (lease.holder, lease.detail) == ("b", "")


def test_a_registry_that_is_away_for_a_while_stops_no_schedule(
    registry: SyncRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    found: list[Jobs | None] = [jobs(registry, Recorder()), None, None]

    def find() -> Jobs:
        one = found.pop(0)
        if one is None:
            raise RegistryUnavailable("the registry does not answer")
        return one

    scheduler = BackgroundScheduler(timezone=UTC)
    known = TaskSchedule(task().name, find, registry, holder="a", clock=lambda: NOW)

    for _ in range(3):
        known.look(scheduler)

    assert duties(scheduler) == ["Jobs.retrain", "Jobs.check_drift"]
    warned = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert warned == ["school: no heartbeat: the registry does not answer"] * 2


def test_a_run_that_takes_long_makes_no_noise(
    registry: SyncRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    done = threading.Event()

    class Slow(Recorder):
        def run(self, module: str, *arguments: str, task: str, wait: bool = True) -> int | None:
            time.sleep(0.5)
            done.set()
            return super().run(module, *arguments, task=task, wait=wait)

    subprocesses = Slow()
    queue(registry)
    caplog.set_level("WARNING")

    often = timedelta(milliseconds=20)
    only = schedule(registry, jobs(registry, subprocesses))
    work([only], subprocesses, done, at_night=lambda: None, poll=often)

    assert len(subprocesses.asked) == 1
    assert caplog.records == []


def test_a_registry_that_is_away_is_told_once_and_not_every_few_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Away:
        def run(self, op: Any) -> Any:
            raise RegistryUnavailable("the registry does not answer")

    away = cast(SyncRegistry, Away())
    worker = Jobs(away, away, task(), Recorder(), KEY, holder="a", clock=lambda: NOW)
    worker._lease = Lease("worker", "a", 1, NOW + timedelta(hours=1))

    for _ in range(5):
        worker.carry_out_queued()

    assert len(caplog.records) == 1


def test_stopping_ends_the_running_process_and_starts_no_other() -> None:
    subprocesses = Subprocesses()
    ended: list[int | None] = []

    def serve() -> int | None:
        return subprocesses.run("http.server", "0", task="school")

    # `http.server` runs until it is told to stop.
    running = threading.Thread(target=lambda: ended.append(serve()))
    running.start()
    while not subprocesses._children:
        time.sleep(0.01)

    subprocesses.stop()
    running.join(20)

    assert ended == [-signal.SIGTERM]
    assert serve() is None


def test_runs_of_different_tasks_go_on_at_once_and_those_of_one_task_do_not() -> None:
    subprocesses = Subprocesses(at_once=2)
    first = _begun(subprocesses, "a")
    try:
        same = subprocesses.run("this", task="a", wait=False)
        other = subprocesses.run("this", task="b", wait=False)
    finally:
        subprocesses.stop()
        first.join(20)

    assert same is None
    assert other == 0


def _begun(subprocesses: Subprocesses, task: str) -> threading.Thread:
    """A command of that task that runs until it is told to stop."""
    thread = threading.Thread(
        target=subprocesses.run, args=("http.server", "0"), kwargs={"task": task}
    )
    thread.start()
    while not subprocesses._children:
        time.sleep(0.01)
    return thread


def test_no_more_runs_go_on_at_once_than_the_setting_allows() -> None:
    subprocesses = Subprocesses(at_once=1)
    first = _begun(subprocesses, "a")
    try:
        assert subprocesses.run("this", task="b", wait=False) is None
    finally:
        subprocesses.stop()
        first.join(20)


@pytest.mark.slow
def test_a_dry_run_that_was_asked_for_through_the_api_promotes_nothing(
    registry: SyncRegistry, embedded_uri: str, db: str, home: Path, tmp_path: Path
) -> None:
    teach(registry, "2022", READING, now=datetime.now(UTC) - timedelta(days=800))
    queue(registry, dry_run=True)
    with _worker(embedded_uri, db, home, tmp_path):
        _wait_for(lambda: registry.run(RunRepository().get("run-q")).finished_at is not None)

    told = registry.run(RunRepository().get("run-q"))
    assert told.status is RunStatus.DECIDED
    assert told.steps[-1].detail == "would have been promoted; nothing that serves was changed"
    assert told.reasons
    assert registry.run(AliasRepository().find(CHAMPION)) is None
    assert registry.run(ModelVersionRepository().newest()) == []
    assert registry.run(PromotionRepository().newest()) == []


@pytest.mark.slow
def test_the_worker_shows_itself_carries_out_a_request_and_ends_politely(
    registry: SyncRegistry, embedded_uri: str, db: str, home: Path, tmp_path: Path
) -> None:
    teach(registry, "2022", READING, now=datetime.now(UTC) - timedelta(days=800))
    now = datetime.now(UTC)
    registry.run(RunRepository().start(Run("run-q", RunStatus.QUEUED, "api", requested_at=now)))
    with _worker(embedded_uri, db, home, tmp_path):
        _wait_for(lambda: registry.run(RunRepository().get("run-q")).status is RunStatus.PROMOTED)
        lease = registry.run(LeaseRepository().find(worker_lease(task().name)))
        assert lease is not None and lease.expires_at > datetime.now(UTC)
    assert registry.run(AliasRepository().find(CHAMPION)) is not None
    lease = registry.run(LeaseRepository().find(worker_lease(task().name)))
    assert lease is not None and lease.expires_at < datetime.now(UTC)


@contextmanager
def _worker(uri: str, db: str, home: Path, folder: Path) -> Iterator[None]:
    """The worker as it really runs; ends politely."""
    spec = folder / "school.yaml"
    spec.write_text(TASK, encoding="utf-8")
    env = {
        **os.environ,
        "MONGO_URI": uri,
        "MONGO_DB": db,
        "FAROL_HOME": str(home),
        "FAROL_TASK": str(spec),
    }
    with subprocess.Popen([sys.executable, "-m", "retraining.worker"], cwd=ROOT, env=env) as worker:
        try:
            yield
        finally:
            worker.terminate()
        assert worker.wait(20) == 0


def _wait_for(condition: object, seconds: float = 90) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.2)
