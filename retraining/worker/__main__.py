"""`python -m retraining.worker`: every task's jobs, when they are due or asked for."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler

from database import installation
from database.driver.client import SyncRegistry
from database.embedded import lifecycle
from database.erasing.tidying import tidy
from deployment.exit_codes import ExitCode, failed
from deployment.tasks.installed import InstalledTask, all_installed, installed
from deployment.tasks.opening import present
from deployment.telemetry.opening import telemetry
from deployment.wiring import (
    configure_logging,
    root_registry,
    settings_from_environment,
    task_registry,
)
from model.errors import FarolError
from model.telemetry.tracer import Tracer
from retraining.notices.telling import surroundings
from retraining.worker.context import AtWork
from retraining.worker.duties import DUTIES
from retraining.worker.jobs import Jobs
from retraining.worker.subprocesses import Subprocesses
from retraining.worker.task_schedule import TaskSchedule
from retraining.worker.times import cron
from retraining.worker.wrong_clock import ClockWatch
from training.candidates import load_task_to_train

POLL = timedelta(seconds=3)

GRACE = timedelta(hours=1)
"""What is due at night while the host sleeps may still begin this much later."""

NIGHT = "30 3 * * *"
"""When the files are tidied, UTC: outside school hours from Lisbon to São Paulo."""

NIGHTLY = "night"

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m retraining.worker",
        description="Retrains every task on its schedule, on POST /train, and when drift, new "
        "labels or a broken promise call for it; checks drift; tidies up. What failed is tried "
        "again, and what was missed is caught up. Several may be up; for each task one of them "
        "works. Ctrl-C or SIGTERM ends it.",
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
        with (
            telemetry(settings, "worker") as told,
            root_registry(settings, tracer := told.tracer if told else None) as root,
        ):
            subprocesses = Subprocesses(settings.runs_at_once)
            holder = f"{socket.gethostname()}/{os.getpid()}"
            schedules = [
                TaskSchedule(
                    task.name,
                    TaskOfHost(task, root, subprocesses, holder, tracer).jobs,
                    root,
                    holder=holder,
                    clock=_now,
                )
                for task in tasks
            ]
            work(schedules, subprocesses, done, at_night=partial(_tidy, tasks, root))
    except FarolError as error:
        return failed("worker", error)
    return ExitCode.DONE


class TaskOfHost:
    """A task of this host, as its file and what is recorded of it say now.

    Args:
        task: as it was read at the start.
        root: the registry of what belongs to all tasks.
        subprocesses: start the pipeline and the drift check.
        holder: this worker's name in the lease.
        tracer: told of every job; None: nobody is.
    """

    def __init__(
        self,
        task: InstalledTask,
        root: SyncRegistry,
        subprocesses: Subprocesses,
        holder: str,
        tracer: Tracer | None = None,
    ) -> None:
        self._task = task
        self._root = root
        self._subprocesses = subprocesses
        self._holder = holder
        self._tracer = tracer
        self._jobs: Jobs | None = None

    def jobs(self) -> Jobs:
        """Its jobs; other ones once its file has changed in a way that is accepted.

        Raises:
            ConfigurationError: the task may not be worked on as it is; the message says what to do.
            RegistryError: the account has no rights on its database, or the registry fails.
        """
        task = self._root.run(present(self._task))
        if self._jobs is None or task.text != self._task.text:
            self._jobs = self._opened(task)
            self._task = task
        else:
            self._jobs.check()
        return self._jobs

    def _opened(self, task: InstalledTask) -> Jobs:
        registry, spec = task_registry(self._root, task), load_task_to_train(task.settings.task)
        if self._jobs is not None:
            # What it is at goes on, and is not begun a second time.
            here = replace(self._jobs.here, registry=registry, task=spec)
        else:
            here = AtWork(
                registry=registry,
                root=self._root,
                task=spec,
                signing_key=task.settings.signing_key.get_secret_value(),
                home=task.home,
                subprocesses=self._subprocesses,
                tracer=self._tracer,
                clock=_now,
                tracking=task.settings.tracking_digest,
                # Not before there is something to tell: a wrong address fails that job alone.
                around=cache(
                    partial(
                        surroundings,
                        task.settings.notices.get_secret_value(),
                        task.name,
                        task.settings.signing_key.get_secret_value(),
                        holder=self._holder,
                        home=task.home,
                        api_url=task.settings.api_url,
                        dashboard_url=task.settings.dashboard_url,
                    )
                ),
            )
        return Jobs(here, holder=self._holder)


def _now() -> datetime:
    return datetime.now(UTC)


def work(
    schedules: Sequence[TaskSchedule],
    subprocesses: Subprocesses,
    done: threading.Event,
    *,
    at_night: Callable[[], None],
    poll: timedelta = POLL,
) -> None:
    """Does each task's jobs at their times until `done` is set.

    Args:
        schedules: one for each task.
        subprocesses: the processes that do it; they end with the worker.
        done: ends the worker when set.
        at_night: run once a day.
        poll: how often the queues are looked at.
    """
    scheduler = BackgroundScheduler(
        timezone=UTC,
        # A thread for each duty, which may wait long for its turn, and one for the night.
        executors={"default": ThreadPoolExecutor(1 + len(DUTIES) * len(schedules))},
        # A busy machine may be late; what is due is done late rather than left out with a warning.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    # The scheduler keeps nothing: when what is due is recorded with each job in the registry.
    for one in schedules:
        one.look(scheduler)
    grace = int(GRACE.total_seconds())
    scheduler.add_job(at_night, cron(NIGHT), id=NIGHTLY, misfire_grace_time=grace)
    scheduler.start()
    # Threads and no jobs: a run takes longer than the next look at the queue is away, and the
    # scheduler would warn each time that the one before has not ended.
    threads = [
        threading.Thread(target=what, args=given, name=f"{about} of {one.name}")
        for one in schedules
        for about, what, given in (
            ("queue", one.watch, (scheduler, done, poll)),
            ("heartbeat", one.beat, (scheduler, done)),
        )
    ]
    for thread in threads:
        thread.start()
    try:
        _wait(done, scheduler, ClockWatch(_now, time.monotonic))
    finally:
        log.info("worker stops")
        done.set()
        subprocesses.stop()
        for thread in threads:
            thread.join()
        scheduler.shutdown(wait=True)
        for one in schedules:
            one.leave()


def _wait(done: threading.Event, scheduler: BaseScheduler, watch: ClockWatch) -> None:
    """Waits for the end. What the scheduler has planned for a clock that was set back is planned
    anew: it would wait until the clock comes there again."""
    while not done.wait(POLL.total_seconds()):
        by = watch.set_by()
        if by:
            log.warning("the clock was set by %d s", by.total_seconds())
        if by < timedelta():
            scheduler.reschedule_job(NIGHTLY, trigger=cron(NIGHT))


def _tidy(tasks: Sequence[InstalledTask], root: SyncRegistry) -> None:
    """Every worker does so for its own host's files, whoever has the lease."""
    held: list[str] = []
    first = root.run(installation.recorded_task())
    for task in tasks:
        files = None
        if task.settings.mongo_uri is None:
            database = installation.database_of(task.settings.mongo_db, first, task.name)
            files = lifecycle.data_file(task.settings.home, database)
        held += tidy(task.home / "outbox", files)
    log.info("files tidied%s", f"; held by others: {', '.join(held)}" if held else "")


if __name__ == "__main__":
    sys.exit(main())
