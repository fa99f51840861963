"""A task's jobs: begun when they are due, by one worker, with what came of them recorded."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from database import installation
from database.leases import LeaseRepository, worker_lease
from database.watch.jobs import JobRepository
from model.errors import FarolError, LeaseHeld, LeaseLost
from model.run import Lease
from model.telemetry.context import TASK, doing
from model.watch.job import HOST, JobState
from preprocessing.task.spec import TaskSpec
from retraining.worker import due
from retraining.worker.context import AtWork
from retraining.worker.duties import DUTIES, Duty, planned
from retraining.worker.outcome import JobFailed, JobStopped, JobWaits
from retraining.worker.queued import QueuedRuns
from retraining.worker.wrong_clock import LeaseSilence

TTL = timedelta(seconds=35)

log = logging.getLogger(__name__)


class Jobs:
    """The worker's jobs for one task. Of several workers the one with the task's lease does them.

    Args:
        here: the task, its registry, and what the work needs.
        holder: this worker's name in the lease: `<host>/<process>`.
        duties: what there is to do.
        ttl: how long the lease lives that is not renewed.
        monotonic: seconds that only grow, whatever becomes of the clock.

    Raises:
        ConfigurationError: a line of the task's schedule is no crontab line; the key is named.
    """

    def __init__(
        self,
        here: AtWork,
        *,
        holder: str,
        duties: Sequence[Duty] = DUTIES,
        ttl: timedelta = TTL,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.here = here
        self._holder = holder
        self._duties = duties
        self._times = planned(here.task, duties)
        self._ttl = ttl
        self._lease: Lease | None = None
        self._silence = LeaseSilence(monotonic)
        self._queue = QueuedRuns(here)
        self._told: set[str] = set()
        self._failing: dict[str, str] = {}

    def check(self) -> None:
        """Makes sure that the task's database is still its own, and open to the account.

        Raises:
            ConfigurationError: it is of another task.
            RegistryError: the account has no rights on it, or the registry does not answer.
        """
        self.here.registry.run(installation.require_task(self.task.name))

    @property
    def task(self) -> TaskSpec:
        """The task whose schedule it is."""
        return self.here.task

    @property
    def leading(self) -> bool:
        """Whether this worker holds the lease."""
        return self._lease is not None and self._lease.expires_at > self.here.clock()

    def heartbeat(self) -> None:
        """Renews the worker's lease, or takes it when it is free."""
        name = self.task.name
        try:
            if self._lease is not None:
                self._renew(self._lease)
            if self._lease is None:
                self._lease = self._acquired()
                log.info("%s: this worker has the lease", name)
            self._told.clear()
        except LeaseHeld:
            self._told.clear()
            log.debug("%s: another worker has the lease", name)
        except FarolError as error:
            self._warn_once(f"no heartbeat: {error}")

    def _acquired(self) -> Lease:
        """Takes the lease once its time is over, or once its holder has not renewed it so long."""
        name = worker_lease(self.task.name)
        held = self.here.root.run(LeaseRepository().find(name))
        dead = held if held is not None and self._silence.of(held) > self._ttl else None
        now = self.here.clock()
        return self.here.root.run(
            LeaseRepository().acquire(name, self._holder, now=now, ttl=self._ttl, dead=dead)
        )

    def _renew(self, lease: Lease) -> None:
        try:
            renewed = LeaseRepository().renew(lease, self.here.clock(), self._ttl)
            self._lease = self.here.root.run(renewed)
        except LeaseLost as error:
            log.warning("%s: this worker lost the lease: %s", self.task.name, error)
            self._lease = None

    def due(self) -> list[Duty]:
        """What is due now, is this worker's to do, and is not being done by it."""
        try:
            found = self.here.registry.run(JobRepository().all())
            states = {state.name: state for state in found}
            return [duty for duty in self._mine() if self._is_due(duty, states)]
        except FarolError as error:
            self._warn_once(f"what is due is not known: {error}")
            return []

    def carry_out_due(self) -> None:
        """Does everything that is due, one after the other."""
        for duty in self.due():
            self.carry_out(duty)

    def carry_out(self, duty: Duty) -> None:
        """Does one duty, unless it is not due or not this worker's any more, and records it."""
        with doing(TASK, self.task.name), self._alone(duty) as alone:
            if not alone:
                return
            try:
                state = self._begin(duty)
                if state is not None:
                    self._record(self._done(duty, state))
            except FarolError as error:
                log.warning("%s: %s cannot be recorded: %s", self.task.name, duty.name, error)

    def carry_out_queued(self) -> None:
        """The oldest run that somebody asked for through the API."""
        if self.leading:
            self._queue.carry_out()

    def leave(self) -> None:
        """Gives the lease back, so that another worker need not wait."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        try:
            self.here.root.run(LeaseRepository().release(lease))
        except FarolError as error:
            log.warning("%s: the lease runs out by itself: %s", self.task.name, error)

    def _warn_once(self, told: str) -> None:
        """Asked every few seconds, so it is said once until it is over."""
        if told not in self._told:
            log.warning("%s: %s", self.task.name, told)
        self._told.add(told)

    def _mine(self) -> list[Duty]:
        leading = self.leading
        return [
            duty
            for duty in self._duties
            if (leading or duty.on_every_host) and duty.name not in self.here.busy
        ]

    def _is_due(self, duty: Duty, states: Mapping[str, JobState]) -> bool:
        state = states.get(self._name(duty)) or self._first_seen(duty)
        state = due.mended(state, self.here.clock())
        at = self._due_at(duty, state)
        # Of a schedule that has changed the next time is told anew.
        if not state.revision or (state.next_at != at and not state.running):
            self.here.registry.run(JobRepository().put(replace(state, next_at=at)))
        return at is not None and at <= self.here.clock()

    def _due_at(self, duty: Duty, state: JobState) -> datetime | None:
        return due.due_at(state, self._times[duty.name], duty.back_off)

    def _first_seen(self, duty: Duty) -> JobState:
        before = None if duty.before is None else duty.before(self.here.registry)
        since = before or self.here.clock()
        return due.first_seen(self._name(duty), self._times[duty.name], since)

    def _begin(self, duty: Duty) -> JobState | None:
        """The job as it is begun now; None where somebody else begins it, or it is not due.

        Whoever begins it replaces what is recorded at the revision that was read, so it is begun
        once. The lease is looked at after that: who lost it meanwhile begins nothing, and the new
        holder finds the job as one whose worker died.
        """
        state = self.here.registry.run(JobRepository().find(self._name(duty)))
        mine = self.leading or duty.on_every_host
        if state is None or not mine:
            return None
        state = due.mended(state, self.here.clock())
        at = self._due_at(duty, state)
        if at is None or at > self.here.clock():
            return None
        state = due.begun(state, self._times[duty.name], self._holder, self.here.clock())
        if not self.here.registry.run(JobRepository().put(state)):
            return None
        if not duty.on_every_host and not self._still_leading():
            return None
        return replace(state, revision=state.revision + 1)

    def _still_leading(self) -> bool:
        if self._lease is None:
            return False
        try:
            self.here.root.run(LeaseRepository().check(self._lease, self.here.clock()))
        except LeaseLost:
            return False
        return True

    def _worked(self, duty: Duty) -> str:
        """Does it, and gives what was done in words."""
        tracer = self.here.tracer
        if tracer is None:
            return duty.work(self.here)
        with tracer.work(f"job {duty.name}", {"farol.task": self.task.name}):
            return duty.work(self.here)

    def _done(self, duty: Duty, state: JobState) -> JobState | None:
        """Does it, and gives the job as it ended; None where it is to be begun again elsewhere."""
        name, times, clock = self.task.name, self._times[duty.name], self.here.clock
        try:
            told = self._worked(duty)
        except JobStopped:
            return None
        except JobWaits as wait:
            log.info("%s: %s waits: %s", name, duty.name, wait)
            return due.waits(state, times, str(wait), clock(), wait.until)
        except FarolError as error:
            if self._failing.get(duty.name) != str(error):
                # Some come every minute: said once until it changes; how often, the state tells.
                log.warning("%s: %s failed: %s", name, duty.name, error)
            self._failing[duty.name] = str(error)
            mendable = error.mendable if isinstance(error, JobFailed) else True
            back_off = duty.back_off if mendable else None
            return due.failed(state, times, str(error), clock(), back_off)
        except Exception as error:
            # Only its kind is kept: the message of an unforeseen error may quote a record.
            log.exception("%s: %s failed", name, duty.name)
            return due.failed(state, times, type(error).__name__, clock(), duty.back_off)
        self._failing.pop(duty.name, None)
        log.info("%s: %s: %s", name, duty.name, told)
        return due.succeeded(state, times, told, clock())

    def _record(self, state: JobState | None) -> None:
        if state is not None and not self.here.registry.run(JobRepository().put(state)):
            log.warning("%s: another worker has begun %s again", self.task.name, state.name)

    def _name(self, duty: Duty) -> str:
        host = self._holder.rsplit("/", 1)[0]
        return f"{duty.name}{HOST}{host}" if duty.on_every_host else duty.name

    @contextmanager
    def _alone(self, duty: Duty) -> Iterator[bool]:
        """Whether no other thread of this worker is at it; nor is one while it lasts."""
        here = self.here
        with here.guard:
            alone = duty.name not in here.busy
            here.busy.add(duty.name)
        try:
            yield alone
        finally:
            if alone:
                here.busy.discard(duty.name)
