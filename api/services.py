"""Everything a worker has open, made once at its start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from starlette.requests import Request

from api.audit.trail import Trail
from api.canary.follower import CanaryFollower
from api.canary.holder import CanaryHolder
from api.champion import Champion, ChampionHolder, Fault
from api.cohorts.figures import Cohorts, Quartiles
from api.durability.bulk_log import BulkLog
from api.durability.outbox import Outbox
from api.durability.prediction_log import PredictionLog
from api.durability.shipment_gate import Gate
from api.durability.shipper import Shipper
from api.durability.storage import Storage
from api.durability.worker_slots import WorkerSlot, WorkerState
from api.erased import ErasedStudents
from api.erasing.host import HostErasures
from api.http.problems import Problem
from api.idempotency.calls import RepeatableCalls
from api.keyring.jwks import KeySource
from api.keyring.of_task import TaskKeys
from api.metrics.loop import LoopReader
from api.metrics.task import Metrics
from api.objections.objecting import ObjectingStudents
from api.people.desk import PeopleDesk
from api.ranked.kept import KeptLists
from api.ranked.shared import SharedLists
from api.refresher import Refresher
from api.registry import Registry
from api.units import UnitLimit
from model.live.folder import LiveModel
from model.live.pointer import Quarantine
from model.pseudonyms.pseudonyms import Pseudonyms
from preprocessing.task.spec import TaskSpec

SERVICES = "farol.services"
"""Where a request carries the services of its task."""

ONE_TASK = "farol.one_task"
"""Set in a request whose path names a task."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a host keeps what its workers share.

    Attributes:
        host: `FAROL_HOME`.
        task: the folder of one task in it.
    """

    host: Path
    task: Path

    @property
    def workers(self) -> Path:
        """The slots of the workers."""
        return self.host / "workers"

    @property
    def metrics(self) -> Path:
        """The workers' metrics."""
        return self.host / "metrics"

    @property
    def outbox(self) -> Path:
        """Predictions of the task that wait for the registry."""
        return self.task / "outbox"

    @property
    def canary(self) -> Path:
        """What the workers have counted of a canary of the task."""
        return self.task / "canary"

    @property
    def lists(self) -> Path:
        """Long lists that the workers share."""
        return self.task / "lists"

    @property
    def states(self) -> Path:
        """What each worker tells of the task."""
        return self.task / "workers"


@dataclass(frozen=True, slots=True)
class Services:
    """What routes work with, for one task.

    Attributes:
        now: the clock, aware UTC.
        root: the registry of what belongs to all tasks: keys, audit, workers' leases.
        registry: the task's own.
        trail: who did what, for the officer.
        cohorts: what one student is compared with.
        tokens: the keys of an identity provider; None where no tokens are believed.
        calls: those that may be sent again.
        pseudonyms: what students' ids become at the door; None where they are kept in the clear.
        empty_registry_log: empties the log of the embedded registry's file after an erasure.
        host_erasures: this host's part of erasures, of all its tasks.
    """

    task: TaskSpec
    folders: Folders
    now: Callable[[], datetime]
    root: Registry
    registry: Registry
    live: LiveModel
    holder: ChampionHolder
    refresher: Refresher
    canary: CanaryHolder
    canary_follower: CanaryFollower
    log: PredictionLog
    outbox: Outbox
    bulk: BulkLog
    storage: Storage
    shipper: Shipper
    keys: TaskKeys
    people: PeopleDesk
    trail: Trail
    erased: ErasedStudents
    objections: ObjectingStudents
    pseudonyms: Pseudonyms | None
    empty_registry_log: Callable[[], bool]
    host_erasures: HostErasures
    calls: RepeatableCalls
    metrics: Metrics
    loop: LoopReader
    slot: WorkerSlot
    started_at: datetime
    tokens: KeySource | None = None
    lists: KeptLists = field(default_factory=KeptLists)
    cohorts: Cohorts = field(default_factory=Cohorts)

    @property
    def shared_lists(self) -> SharedLists:
        """The lists that all workers of this host have read."""
        return SharedLists(self.folders.lists)

    def champion(self) -> Champion:
        """The champion.

        Raises:
            Problem: 503, there is none yet.
        """
        if self.holder.current is None:
            raise Problem(503, f"No prediction can be answered: {self.nobody()}.", retry_after=2)
        return self.holder.current

    def fault(self) -> Quarantine | Fault | None:
        """The version that should serve and cannot be trusted, if there is one."""
        return self.live.quarantined() or self.holder.fault

    def nobody(self) -> str:
        """Why no version serves, as every page and answer tells it."""
        refused = self.fault()
        if refused is not None:
            return f"the champion {refused.version} does not serve: {refused.reason}"
        return "no champion serves yet; train one first (python -m retraining.pipeline)"

    async def own_figures(self, limit: UnitLimit | None) -> Mapping[str, Quartiles] | None:
        """The newest figures of a key's units; None where it may know of all.

        Raises:
            RegistryError: they cannot be read.
        """
        if limit is None:
            return None
        return await self.cohorts.newest(self.registry, limit.chosen(None), self.now())

    def unable(self) -> str | None:
        """Why no prediction can be answered now; None where it can."""
        if self.holder.current is None:
            return self.nobody()
        return self.storage.told() if self.storage.closed else None

    @asynccontextmanager
    async def shipments_held(self) -> AsyncIterator[None]:
        """Nothing is shipped on this host meanwhile, and nothing is on its way."""
        with ExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, Gate(self.folders.outbox).closed())
            yield

    def state(self, pid: int) -> WorkerState:
        """What this worker tells of itself."""
        current = self.holder.current
        return WorkerState(
            slot=self.slot.number,
            pid=pid,
            generation=self.holder.generation,
            version=current.version if current else None,
            started_at=self.started_at,
        )


def services(request: Request) -> Services:
    """The services of the task that this request is about."""
    found: Services = request.scope[SERVICES]
    return found


def root_of(request: Request) -> str:
    """The path before the path of a route: where a proxy serves the API, and `/tasks/<task>`."""
    return str(request.scope.get("root_path", ""))
