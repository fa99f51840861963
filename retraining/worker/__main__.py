"""`python -m retraining.worker`: retrains on schedule, on request and on drift."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from database.driver.client import SyncRegistry
from database.embedded import lifecycle
from database.erasing.tidying import tidy
from deployment.exit_codes import ExitCode, failed
from deployment.tasks.installed import InstalledTask, all_installed, installed
from deployment.tasks.opening import entered
from deployment.wiring import (
    configure_logging,
    root_registry,
    settings_from_environment,
    task_registry,
)
from model.errors import ConfigurationError, FarolError
from retraining.worker.jobs import HEARTBEAT, Jobs
from retraining.worker.subprocesses import Subprocesses
from retraining.worker.triggers import cron
from training.candidates import load_task_to_train

POLL = timedelta(seconds=3)
GRACE = timedelta(hours=1)
"""A run that is due while the worker is busy may still begin this much later."""

DUTIES = 4
"""Of one task at the same time, on the scheduler's threads: each may wait for its turn to run."""

NIGHT = "30 3 * * *"
"""When the files are tidied, UTC: outside school hours from Lisbon to São Paulo."""

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m retraining.worker",
        description="Retrains every task on its schedule, on POST /train, and when drift calls for "
        "it; checks drift daily. Several may be up; for each task one of them works. Ctrl-C or "
        "SIGTERM ends it.",
    )
    parser.add_argument(
        "--task", metavar="NAME", help="this one alone (default: all of FAROL_TASKS)"
    )
    given = parser.parse_args(argv)
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    try:
        settings = settings_from_environment(given.task)
        configure_logging(settings)
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        tasks = (installed(settings),) if given.task else all_installed(settings)
        with root_registry(settings) as root:
            subprocesses = Subprocesses(settings.runs_at_once)
            jobs = [_jobs(task, root, subprocesses) for task in tasks]
            work(jobs, subprocesses, done, at_night=partial(_tidy, tasks, root))
    except FarolError as error:
        return failed("worker", error)
    return ExitCode.DONE


def _jobs(task: InstalledTask, root: SyncRegistry, subprocesses: Subprocesses) -> Jobs:
    return Jobs(
        task_registry(root, task),
        root,
        load_task_to_train(task.settings.task),
        subprocesses,
        task.settings.signing_key.get_secret_value(),
        holder=f"{socket.gethostname()}/{os.getpid()}",
        clock=lambda: datetime.now(UTC),
    )


def work(
    jobs: Sequence[Jobs],
    subprocesses: Subprocesses,
    done: threading.Event,
    *,
    at_night: Callable[[], None],
    poll: timedelta = POLL,
) -> None:
    """Does the worker's jobs at their times until `done` is set.

    Args:
        jobs: what is done for each task.
        subprocesses: the processes that do it; they end with the worker.
        done: ends the worker when set.
        at_night: run once a day.
        poll: how often the queue is looked at.
    """
    for one in jobs:
        one.heartbeat()
    scheduler = scheduled(jobs)
    scheduler.add_job(at_night, cron(NIGHT), misfire_grace_time=int(GRACE.total_seconds()))
    scheduler.start()
    # Threads and no jobs: a run takes longer than the next look at the queue is away, and the
    # scheduler would warn each time that the one before has not ended.
    queues = [
        threading.Thread(target=_watch, args=(one, done, poll), name=f"queue of {one.task.name}")
        for one in jobs
    ]
    for queue in queues:
        queue.start()
    for one in jobs:
        plan = one.task.schedule
        log.info(
            "worker up for %s: retraining %r, drift %r, UTC",
            one.task.name,
            plan.retrain,
            plan.drift,
        )
    try:
        done.wait()
    finally:
        log.info("worker stops")
        done.set()
        subprocesses.stop()
        for queue in queues:
            queue.join()
        scheduler.shutdown(wait=True)
        for one in jobs:
            one.leave()


def _watch(jobs: Jobs, done: threading.Event, poll: timedelta) -> None:
    while not done.wait(poll.total_seconds()):
        jobs.carry_out_queued()


def _tidy(tasks: Sequence[InstalledTask], root: SyncRegistry) -> None:
    """Every worker does so for its own host's files, whoever has the lease."""
    held: list[str] = []
    for task in tasks:
        files = None
        if task.settings.mongo_uri is None:
            files = lifecycle.data_file(task.settings.home, root.run(entered(task)))
        held += tidy(task.home / "outbox", files)
    log.info("files tidied%s", f"; held by others: {', '.join(held)}" if held else "")


def scheduled(jobs: Sequence[Jobs]) -> BackgroundScheduler:
    """A scheduler with every duty that has its time, not yet started.

    Raises:
        ConfigurationError: a task's schedule is no crontab line.
    """
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1 + DUTIES * len(jobs))},
        # A busy machine may be late; what is due is done late rather than left out with a warning.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    # Jobs live in memory: they are made from the task at every start, and a job store in the
    # registry would hold pickles.
    for one in jobs:
        _schedule(one, scheduler)
    return scheduler


def _schedule(jobs: Jobs, scheduler: BackgroundScheduler) -> None:
    scheduler.add_job(jobs.heartbeat, "interval", seconds=HEARTBEAT.total_seconds())
    scheduler.add_job(jobs.catch_up)
    for line, duty in (
        (jobs.task.schedule.retrain, jobs.retrain),
        (jobs.task.schedule.drift, jobs.check_drift),
    ):
        try:
            trigger = cron(line)
        except ValueError as error:
            raise ConfigurationError(f"schedule {line!r} of {jobs.task.name}: {error}") from error
        scheduler.add_job(duty, trigger, misfire_grace_time=int(GRACE.total_seconds()))


if __name__ == "__main__":
    sys.exit(main())
