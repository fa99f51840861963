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

from database.erasing.tidying import tidy
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.wiring import configure_logging, registry, settings_from_environment
from model.errors import ConfigurationError, FarolError
from preprocessing.task.spec import TaskSpec
from retraining.worker.jobs import HEARTBEAT, Jobs
from retraining.worker.subprocesses import Subprocesses
from retraining.worker.triggers import cron
from training.candidates import load_task_to_train

POLL = timedelta(seconds=3)
GRACE = timedelta(hours=1)
"""A run that is due while the worker is busy may still begin this much later."""

NIGHT = "30 3 * * *"
"""When the files are tidied, UTC: outside school hours from Lisbon to São Paulo."""

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m retraining.worker",
        description="Retrains on the task's schedule, on POST /train, and when drift calls for it; "
        "checks drift daily. Several may be up; one of them works. Ctrl-C or SIGTERM ends it.",
    )
    parser.parse_args(argv)
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    try:
        settings = settings_from_environment()
        configure_logging(settings)
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        task = load_task_to_train(settings.task)
        with registry(settings) as opened:
            subprocesses = Subprocesses()
            name = f"{socket.gethostname()}/{os.getpid()}"
            jobs = Jobs(
                opened,
                task,
                subprocesses,
                settings.signing_key.get_secret_value(),
                holder=name,
                clock=lambda: datetime.now(UTC),
            )
            work(jobs, subprocesses, task, done, at_night=partial(_tidy, settings))
    except FarolError as error:
        return failed("worker", error)
    return ExitCode.DONE


def work(
    jobs: Jobs,
    subprocesses: Subprocesses,
    task: TaskSpec,
    done: threading.Event,
    *,
    at_night: Callable[[], None],
    poll: timedelta = POLL,
) -> None:
    """Does the worker's jobs at their times until `done` is set.

    Args:
        jobs: what is done.
        subprocesses: the processes that do it; they end with the worker.
        task: whose schedule it is.
        done: ends the worker when set.
        at_night: run once a day.
        poll: how often the queue is looked at.
    """
    jobs.heartbeat()
    scheduler = scheduled(jobs, task)
    scheduler.add_job(at_night, cron(NIGHT), misfire_grace_time=int(GRACE.total_seconds()))
    scheduler.start()
    # A thread and no job: a run takes longer than the next look at the queue is away, and the
    # scheduler would warn each time that the one before has not ended.
    queue = threading.Thread(target=_watch, args=(jobs, done, poll), name="queue")
    queue.start()
    log.info("worker up: retraining %r, drift %r, UTC", task.schedule.retrain, task.schedule.drift)
    try:
        done.wait()
    finally:
        log.info("worker stops")
        done.set()
        subprocesses.stop()
        queue.join()
        scheduler.shutdown(wait=True)
        jobs.leave()


def _watch(jobs: Jobs, done: threading.Event, poll: timedelta) -> None:
    while not done.wait(poll.total_seconds()):
        jobs.carry_out_queued()


def _tidy(settings: Settings) -> None:
    """Every worker does so for its own host's files, whoever has the lease."""
    held = tidy(settings.home, settings.mongo_db if settings.mongo_uri is None else None)
    log.info("files tidied%s", f"; held by others: {', '.join(held)}" if held else "")


def scheduled(jobs: Jobs, task: TaskSpec) -> BackgroundScheduler:
    """A scheduler with every duty that has its time, not yet started.

    Raises:
        ConfigurationError: the task's schedule is no crontab line.
    """
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(5)},
        # A busy machine may be late; what is due is done late rather than left out with a warning.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    # Jobs live in memory: they are made from the task at every start, and a job store in the
    # registry would hold pickles.
    scheduler.add_job(jobs.heartbeat, "interval", seconds=HEARTBEAT.total_seconds())
    scheduler.add_job(jobs.catch_up)
    for line, duty in (
        (task.schedule.retrain, jobs.retrain),
        (task.schedule.drift, jobs.check_drift),
    ):
        try:
            trigger = cron(line)
        except ValueError as error:
            raise ConfigurationError(f"schedule {line!r} of {task.name}: {error}") from error
        scheduler.add_job(duty, trigger, misfire_grace_time=int(GRACE.total_seconds()))
    return scheduler


if __name__ == "__main__":
    sys.exit(main())
