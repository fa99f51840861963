"""One task's part of the worker: its jobs when they are due, while the task may be worked on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from apscheduler.schedulers.base import BaseScheduler

from database.driver.client import SyncRegistry
from database.leases import LeaseRepository, worker_lease
from model.errors import FarolError, RegistryUnavailable
from model.telemetry.context import TASK, doing
from retraining.run.lock import Clock
from retraining.worker.jobs import Jobs

HEARTBEAT = timedelta(seconds=10)

AT_ONCE = 3
"""Threads that may be asked to do one duty: all but the first find that it is being done."""

log = logging.getLogger(__name__)


class TaskSchedule:
    """The schedule of one task; what stops it stops no other task.

    A task that may not be worked on (changed in a way that was not accepted, retired, a database
    without rights) is looked at again with every heartbeat, and taken up once it may.

    Args:
        name: the task's.
        find: gives the task's jobs as they are now, the same object while nothing has changed, or
            raises why there are none.
        root: the registry that holds the workers' leases.
        holder: this worker's name in them.
        clock: gives now (aware UTC).
        heartbeat: how often it looks; a fraction of how long the lease lives.
    """

    def __init__(
        self,
        name: str,
        find: Callable[[], Jobs],
        root: SyncRegistry,
        *,
        holder: str,
        clock: Clock,
        heartbeat: timedelta = HEARTBEAT,
    ) -> None:
        self.name = name
        self._find = find
        self._root = root
        self._holder = holder
        self._clock = clock
        self._heartbeat = heartbeat
        self._jobs: Jobs | None = None
        self._reason = ""

    @property
    def working(self) -> bool:
        """Whether the task may be worked on."""
        return self._jobs is not None

    def beat(self, scheduler: BaseScheduler, done: threading.Event) -> None:
        """Looks at the task with every heartbeat until `done` is set.

        No job of the scheduler, which goes by the wall clock: where that is set back by an hour,
        the scheduler rests for an hour.
        """
        while not done.wait(self._heartbeat.total_seconds()):
            with self._going_on("a heartbeat"):
                self.look(scheduler)

    def watch(self, scheduler: BaseScheduler, done: threading.Event, poll: timedelta) -> None:
        """Stands by, and carries out what is queued, until `done` is set."""
        while not done.wait(poll.total_seconds()):
            with self._going_on("the queue"):
                self.stand_by(scheduler)
                self.carry_out_queued()

    @contextmanager
    def _going_on(self, what: str) -> Iterator[None]:
        """Keeps what nobody foresaw from ending a thread, in whose place nothing else would come.

        The task stops until the next heartbeat as if it might not be worked on: another worker may
        take it, and `/health` tells why this one does not.
        """
        with doing(TASK, self.name):
            try:
                yield
            except Exception as error:
                log.exception("%s: %s failed", self.name, what)
                # Only its kind is kept: the message of an unforeseen error may quote a record.
                self._stop(f"{what} failed ({type(error).__name__}); see the worker's log")

    def look(self, scheduler: BaseScheduler) -> None:
        """One heartbeat: begins, goes on or stops, as the task is now, and does what is due."""
        try:
            jobs = self._find()
        except RegistryUnavailable as error:
            log.warning("%s: no heartbeat: %s", self.name, error)
        except FarolError as error:
            self._stop(str(error))
        else:
            if jobs is not self._jobs:
                self._begin(jobs)
            jobs.heartbeat()
            self._do_what_is_due(jobs, scheduler)

    def stand_by(self, scheduler: BaseScheduler) -> None:
        """Takes the lease of a worker that is gone, sooner than the next heartbeat would."""
        jobs = self._jobs
        if jobs is not None and not jobs.leading:
            jobs.heartbeat()
            if jobs.leading:
                self._do_what_is_due(jobs, scheduler)

    def carry_out_queued(self) -> None:
        """The oldest run that somebody asked for, unless the task may not be worked on."""
        if (jobs := self._jobs) is not None:
            jobs.carry_out_queued()

    def leave(self) -> None:
        """Gives the lease back, so that another worker need not wait."""
        if self._jobs is not None:
            self._jobs.leave()

    def _begin(self, jobs: Jobs) -> None:
        self.leave()
        self._jobs, self._reason = jobs, ""
        plan = jobs.task.schedule
        told = "worker up for %s: retraining %r, drift %r, UTC"
        log.info(told, self.name, plan.retrain, plan.drift)

    def _do_what_is_due(self, jobs: Jobs, scheduler: BaseScheduler) -> None:
        """Each duty on a thread of its own, so that one that waits keeps no other from its time."""
        for duty in jobs.due():
            scheduler.add_job(
                jobs.carry_out,
                args=(duty,),
                id=f"{self.name}: {duty.name}",
                replace_existing=True,
                max_instances=AT_ONCE,
            )

    def _stop(self, reason: str) -> None:
        if (jobs := self._jobs) is not None:
            self._jobs = None
            jobs.leave()
        if reason != self._reason:  # Looked at every few seconds: said once until it changes.
            log.error("%s does not run, other tasks do: %s", self.name, reason)
        self._reason = reason
        declined = LeaseRepository().decline(
            worker_lease(self.name), self._holder, reason, self._clock()
        )
        try:
            self._root.run(declined)
        except FarolError as error:
            log.warning("%s: /health cannot tell that it does not run: %s", self.name, error)
