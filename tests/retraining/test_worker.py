"""The worker: who works, what is asked for through the API, and how its processes end."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry
from database.leases import LeaseRepository, worker_lease
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.errors import AccessDenied, ConfigurationError, FarolError, RegistryUnavailable
from model.run import Lease, Run, RunStatus
from retraining.worker.__main__ import work
from retraining.worker.jobs import Jobs
from retraining.worker.subprocesses import Subprocesses
from retraining.worker.task_schedule import TaskSchedule
from tests.retraining.school import READING, TASK, task, teach
from tests.retraining.working import NOW, Clock, Recorder, jobs

ROOT = Path(__file__).parents[2]


def queue(registry: SyncRegistry, **options: object) -> None:
    registry.run(
        RunRepository().start(
            Run("run-q", RunStatus.QUEUED, "api", requested_at=NOW, options=options)
        )
    )


def test_a_worker_that_leaves_hands_over_at_once(registry: SyncRegistry) -> None:
    first, second = (jobs(registry, holder=holder) for holder in "ab")
    first.heartbeat()

    first.leave()
    second.heartbeat()

    assert second.leading


def test_a_worker_that_died_is_succeeded_when_its_lease_ends(registry: SyncRegistry) -> None:
    dead = jobs(registry, holder="a")
    dead.heartbeat()
    later = jobs(registry, holder="b", clock=Clock(NOW + timedelta(seconds=36)))

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


def schedule(registry: SyncRegistry, find: Callable[[], Jobs]) -> TaskSchedule:
    return TaskSchedule(task().name, find, registry, holder="a", clock=Clock())


def refusing(error: FarolError) -> Callable[[], Jobs]:
    """Finds that the task may not be worked on."""

    def find() -> Jobs:
        raise error

    return find


def test_a_schedule_that_is_no_crontab_stops_its_task_and_names_the_key(
    registry: SyncRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    spec = task()
    wrong = spec.model_copy(
        update={"schedule": spec.schedule.model_copy(update={"retrain": "mondays"})}
    )
    scheduler = BackgroundScheduler(timezone=UTC)
    stopped = schedule(registry, lambda: jobs(registry, spec=wrong))

    stopped.look(scheduler)

    assert not stopped.working
    assert "schedule.retrain of task 'school': 'mondays' is no crontab line" in caplog.text


def test_a_task_without_rights_on_its_database_is_told_once_with_the_grant(
    registry: SyncRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    reason = "no rights on database 'farol_school'; db.grantRolesToUser(...)"
    scheduler = BackgroundScheduler(timezone=UTC)
    refused = schedule(registry, refusing(AccessDenied(reason)))

    for _ in range(3):
        refused.look(scheduler)

    lease = registry.run(LeaseRepository().find(worker_lease(task().name)))
    assert caplog.messages == [f"school does not run, other tasks do: {reason}"]
    assert lease is not None and (lease.detail, lease.expires_at <= NOW) == (reason, True)


def test_what_one_worker_may_not_work_on_another_takes_at_once(registry: SyncRegistry) -> None:
    able = jobs(registry, holder="b")
    scheduler = BackgroundScheduler(timezone=UTC)
    refused = schedule(registry, refusing(ConfigurationError("changed")))

    refused.look(scheduler)
    able.heartbeat()
    refused.look(scheduler)

    lease = registry.run(LeaseRepository().find(worker_lease(task().name)))
    assert able.leading
    assert lease is not None and (lease.holder, lease.detail) == ("b", "")


def test_a_registry_that_is_away_for_a_while_stops_no_schedule(
    registry: SyncRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    found: list[Jobs | None] = [jobs(registry), None, None]

    def find() -> Jobs:
        one = found.pop(0)
        if one is None:
            raise RegistryUnavailable("the registry does not answer")
        return one

    scheduler = BackgroundScheduler(timezone=UTC)
    known = schedule(registry, find)

    for _ in range(3):
        known.look(scheduler)

    assert known.working
    warned = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert warned == ["school: no heartbeat: the registry does not answer"] * 2


def test_a_heartbeat_that_fails_as_nobody_foresaw_is_told_and_the_next_one_goes_on(
    registry: SyncRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    mine, done, asked = jobs(registry, duties=()), threading.Event(), []
    details: list[str] = []

    def find() -> Jobs:
        asked.append(1)
        if len(asked) == 2:
            raise ZeroDivisionError("RA-1")
        if len(asked) == 3:
            lease = registry.run(LeaseRepository().find(worker_lease(task().name)))
            details.append(lease.detail if lease is not None else "")
        if len(asked) == 4:
            done.set()
        return mine

    often = timedelta(milliseconds=20)
    only = TaskSchedule(task().name, find, registry, holder="a", clock=Clock(), heartbeat=often)
    only.beat(BackgroundScheduler(timezone=UTC), done)

    assert details == ["a heartbeat failed (ZeroDivisionError); see the worker's log"]
    assert "a heartbeat failed" in caplog.text
    assert only.working and mine.leading


def test_a_queue_that_fails_as_nobody_foresaw_is_told_and_taken_up_again(
    registry: SyncRegistry,
) -> None:
    done = threading.Event()

    class BrokenOnce(Recorder):
        def run(self, module: str, *arguments: str, task: str, wait: bool = True) -> int | None:
            if not done.is_set():
                done.set()
                raise ZeroDivisionError("RA-1")
            return super().run(module, *arguments, task=task, wait=wait)

    queue(registry)
    subprocesses, scheduler = BrokenOnce(), BackgroundScheduler(timezone=UTC)
    mine = jobs(registry, subprocesses, duties=())
    only = schedule(registry, lambda: mine)
    only.look(scheduler)

    only.watch(scheduler, done, timedelta(milliseconds=1))

    lease = registry.run(LeaseRepository().find(worker_lease(task().name)))
    assert lease is not None
    assert lease.detail == "the queue failed (ZeroDivisionError); see the worker's log"
    only.look(scheduler)
    only.carry_out_queued()
    assert len(subprocesses.asked) == 1


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
    mine = jobs(registry, subprocesses, duties=())
    only = schedule(registry, lambda: mine)
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
    worker = jobs(away)
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
