"""One task's part of the worker: its jobs at their times, while the task may be worked on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger

from database.driver.client import SyncRegistry
from database.leases import LeaseRepository, worker_lease
from model.errors import FarolError, RegistryUnavailable
from retraining.run.lock import Clock
from retraining.worker.jobs import HEARTBEAT, Jobs
from retraining.worker.triggers import planned

GRACE = timedelta(hours=1)
"""A run that is due while the worker is busy may still begin this much later."""

DUTIES = 5
"""Of one task at the same time, on the scheduler's threads: each may wait for its turn to run."""

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
    """

    def __init__(
        self,
        name: str,
        find: Callable[[], Jobs],
        root: SyncRegistry,
        *,
        holder: str,
        clock: Clock,
    ) -> None:
        self.name = name
        self._find = find
        self._root = root
        self._holder = holder
        self._clock = clock
        self._jobs: Jobs | None = None
        self._reason = ""

    def start(self, scheduler: BaseScheduler) -> None:
        """Takes the task up, and looks at it with every heartbeat from here on."""
        self.look(scheduler)
        scheduler.add_job(
            self.look, "interval", seconds=HEARTBEAT.total_seconds(), args=(scheduler,)
        )

    def look(self, scheduler: BaseScheduler) -> None:
        """One heartbeat: begins, goes on or stops, as the task is now."""
        try:
            jobs = self._find()
            times = planned(jobs.task)
        except RegistryUnavailable as error:
            log.warning("%s: no heartbeat: %s", self.name, error)
        except FarolError as error:
            self._stop(scheduler, str(error))
        else:
            if jobs is self._jobs:
                jobs.heartbeat()
            else:
                self._begin(scheduler, jobs, times)

    def carry_out_queued(self) -> None:
        """The oldest run that somebody asked for, unless the task may not be worked on."""
        if (jobs := self._jobs) is not None:
            jobs.carry_out_queued()

    def leave(self) -> None:
        """Gives the lease back, so that another worker need not wait."""
        if self._jobs is not None:
            self._jobs.leave()

    def _begin(
        self, scheduler: BaseScheduler, jobs: Jobs, times: tuple[CronTrigger, CronTrigger]
    ) -> None:
        self.leave()
        jobs.heartbeat()
        for duty, trigger in zip((jobs.retrain, jobs.check_drift), times, strict=True):
            scheduler.add_job(
                duty,
                trigger,
                id=self._id(duty),
                replace_existing=True,
                misfire_grace_time=int(GRACE.total_seconds()),
            )
        scheduler.add_job(
            jobs.settle_approval,
            "interval",
            hours=1,
            id=self._id(jobs.settle_approval),
            replace_existing=True,
        )
        scheduler.add_job(jobs.catch_up)
        self._jobs, self._reason = jobs, ""
        plan = jobs.task.schedule
        told = "worker up for %s: retraining %r, drift %r, UTC"
        log.info(told, self.name, plan.retrain, plan.drift)

    def _stop(self, scheduler: BaseScheduler, reason: str) -> None:
        if (jobs := self._jobs) is not None:
            self._jobs = None
            for duty in (jobs.retrain, jobs.check_drift, jobs.settle_approval):
                with suppress(JobLookupError):
                    scheduler.remove_job(self._id(duty))
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

    def _id(self, duty: Callable[[], None]) -> str:
        return f"{self.name}: {duty.__name__}"
