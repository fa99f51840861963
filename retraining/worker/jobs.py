"""What the worker does when its time comes."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

from database import installation
from database.aliases import CHAMPION, AliasRepository
from database.decisions import approval
from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from database.leases import LeaseRepository, worker_lease
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.errors import FarolError, InvalidRecord, LeaseHeld, LeaseLost, NotFound
from model.options import RunOptions
from model.run import Lease, Run, RunStatus
from preprocessing.dataset import training_set
from preprocessing.task.spec import TaskSpec
from retraining.run.champion import training_ids
from retraining.run.lock import Clock
from retraining.run.window import fresh_mask
from retraining.worker.subprocesses import Subprocesses
from retraining.worker.triggers import cron, decide_trigger, missed

HEARTBEAT = timedelta(seconds=10)
TTL = timedelta(seconds=35)
LEASE_HELD = 4
NEWEST = 50

log = logging.getLogger(__name__)


class Jobs:
    """The worker's jobs for one task. Of several workers the one with the task's lease does them.

    Args:
        registry: the task's: where runs are queued and recorded.
        root: the registry that holds the workers' leases.
        task: its schedule and policy.
        subprocesses: starts the pipeline and the drift check.
        signing_key: the installation's key.
        holder: this worker's name in the lease.
        clock: gives now (aware UTC).
    """

    def __init__(
        self,
        registry: SyncRegistry,
        root: SyncRegistry,
        task: TaskSpec,
        subprocesses: Subprocesses,
        signing_key: bytes,
        *,
        holder: str,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._root = root
        self._task = task
        self._subprocesses = subprocesses
        self._key = signing_key
        self._holder = holder
        self._clock = clock
        self._lease: Lease | None = None
        self._silent_on = ""

    def check(self) -> None:
        """Makes sure that the task's database is still its own, and open to the account.

        Raises:
            ConfigurationError: it is of another task.
            RegistryError: the account has no rights on it, or the registry does not answer.
        """
        self._registry.run(installation.require_task(self._task.name))

    def heartbeat(self) -> None:
        """Renews the worker's lease, or takes it when it is free."""
        now = self._clock()
        try:
            if self._lease is None:
                name = worker_lease(self._task.name)
                acquired = LeaseRepository().acquire(name, self._holder, now=now, ttl=TTL)
                self._lease = self._root.run(acquired)
                log.info("%s: this worker has the lease", self._task.name)
            else:
                self._lease = self._root.run(LeaseRepository().renew(self._lease, now, TTL))
        except LeaseHeld:
            log.debug("%s: another worker has the lease", self._task.name)
        except LeaseLost:
            log.warning("%s: another worker has taken the lease", self._task.name)
            self._lease = None
        except FarolError as error:
            log.warning("%s: no heartbeat: %s", self._task.name, error)

    @property
    def task(self) -> TaskSpec:
        """The task whose schedule it is."""
        return self._task

    @property
    def leading(self) -> bool:
        """Whether this worker holds the lease."""
        return self._lease is not None and self._lease.expires_at > self._clock()

    def retrain(self) -> None:
        """One run, because the schedule says so."""
        if self.leading:
            self._pipeline("--requested-by", "schedule")

    def catch_up(self) -> None:
        """One run, if the schedule's last one fell into a time without a worker."""
        if self.leading and missed(
            cron(self._task.schedule.retrain), self._last_run(), self._clock()
        ):
            log.info("%s: a scheduled run was missed", self._task.name)
            self.retrain()

    def check_drift(self) -> None:
        """One drift report, and a run if it calls for one."""
        if not self.leading:
            return
        code = self._command("drift.check", "--json")
        log.info("%s: drift check: exit code %s", self._task.name, code)
        if code != 0:
            return
        try:
            self._react_to_drift()
        except FarolError as error:
            log.warning("%s: drift cannot be judged: %s", self._task.name, error)

    def _react_to_drift(self) -> None:
        champion = self._registry.run(AliasRepository().find(CHAMPION))
        if champion is None:
            return
        reports = self._registry.run(DriftReportRepository().newest(1))
        trigger = decide_trigger(
            reports[0] if reports else None,
            self._fresh_labels(champion.version),
            self._last_run(),
            self._task.promotion,
            champion=champion.version,
            now=self._clock(),
        )
        log.info("%s: drift: %s", self._task.name, trigger.reason)
        if trigger.fire:
            self._pipeline("--requested-by", "drift")

    def settle_approval(self) -> None:
        """Refuses a version that waited for approval too long."""
        if not self.leading:
            return
        days = self._task.promotion.approval_days
        try:
            self._registry.run(approval.settle(days, now=self._clock()))
        except FarolError as error:
            log.warning("%s: what waits is not looked at: %s", self._task.name, error)

    def carry_out_queued(self) -> None:
        """The oldest run that somebody asked for through the API."""
        if not self.leading:
            return
        try:
            waiting = self._registry.run(RunRepository().queued())
            if waiting:
                self._carry_out(waiting[0])
            self._silent_on = ""
        except FarolError as error:
            # Asked every few seconds: said once until it is over.
            if str(error) != self._silent_on:
                log.warning("%s: queued runs cannot be carried out: %s", self._task.name, error)
            self._silent_on = str(error)

    def _carry_out(self, run: Run) -> None:
        try:
            options = RunOptions.from_mapping(run.options)
        except InvalidRecord as error:
            self._refuse(run, f"option {error}")
            return
        code = self._pipeline(
            *("--run-id", run.run_id, "--requested-by", run.requested_by),
            *options.to_arguments(),
            wait=False,
        )
        if code is None or code == LEASE_HELD:
            return  # It stays queued and has its turn later.
        try:
            after = self._registry.run(RunRepository().get(run.run_id))
        except NotFound:
            return
        if after.status is RunStatus.QUEUED:
            # It never began; left queued it would be tried again every few seconds for ever.
            self._refuse(
                after, f"the pipeline did not start (exit code {code}); see the worker's log"
            )

    def _refuse(self, run: Run, error: str) -> None:
        failed = replace(run, status=RunStatus.FAILED, finished_at=self._clock(), error=error)
        self._registry.run(RunRepository().finish(failed))

    def _pipeline(self, *arguments: str, wait: bool = True) -> int | None:
        code = self._command("retraining.pipeline", *arguments, wait=wait)
        if code is not None:
            log.info("%s: retraining run: exit code %d", self._task.name, code)
        return code

    def _command(self, module: str, *arguments: str, wait: bool = True) -> int | None:
        name = self._task.name
        return self._subprocesses.run(module, "--task", name, *arguments, task=name, wait=wait)

    def _last_run(self) -> Run | None:
        """The newest run that may promote; a dry run has looked and settled nothing."""
        newest = self._registry.run(RunRepository().newest(NEWEST))
        return next((run for run in newest if not run.options.get("dry_run")), None)

    def _fresh_labels(self, version: str) -> int:
        window = LabelRepository().window(
            arrived_until=self._clock(), limit=self._task.training.window
        )
        data = training_set(self._registry.run(window), [])
        served = self._registry.run(ModelVersionRepository().get(version))
        seen = training_ids(self._registry, served, self._key)
        return int(fresh_mask(data, seen).sum())

    def leave(self) -> None:
        """Gives the lease back, so that another worker need not wait."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        try:
            self._root.run(LeaseRepository().release(lease))
        except FarolError as error:
            log.warning("%s: the lease runs out by itself: %s", self._task.name, error)
