"""Opens what a worker needs: what its tasks share, and each of the tasks."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from api.audit.trail import Trail
from api.audit.writer import TrailWriter
from api.canary.follower import CanaryFollower
from api.canary.guard import GuardLimits
from api.canary.holder import CanaryHolder
from api.canary.tallies import CanaryTallies
from api.champion import ChampionHolder
from api.durability.bulk_log import BulkLog
from api.durability.outbox import Outbox, outbox_path
from api.durability.prediction_log import LogPolicy, PredictionLog
from api.durability.shipper import Shipper
from api.durability.storage import Storage
from api.durability.worker_slots import WorkerSlot, claim
from api.erased import ErasedStudents
from api.erasing.host import HostErasures
from api.erasing.host_files import carry_out
from api.idempotency.calls import RepeatableCalls, calls_path
from api.key_trust import KeyTrust
from api.keyring.jwks import KeySource
from api.keyring.of_task import TaskKeys
from api.keyring.tokens import TokenDoor
from api.keyring.uses import KeyUses
from api.metrics import files as metric_files
from api.metrics.declared import NO_ROUTE
from api.metrics.host import HostMetrics
from api.metrics.loop import LoopReader
from api.metrics.task import Metrics
from api.objections.objecting import ObjectingStudents
from api.people.desk import PeopleDesk
from api.people.sessions import SessionBook
from api.refresher import Refresher
from api.registry import OpenRegistry, RegistryLink, TaskRegistry
from api.security import Doors, KeyRing
from api.services import Folders, Services
from database import installation
from database.driver.async_client import open_async_registry
from database.driver.options import hosts_of
from database.driver.watched import watch_of
from database.embedded import lifecycle, sqlite_files
from database.embedded.outgrown import size_of
from database.erasing.guarded import ErasureGuard
from deployment.erasing.host_files import host_files
from deployment.home import unusable
from deployment.settings import Settings
from deployment.tasks.installed import InstalledTask, all_installed
from deployment.tasks.opening import claimed, entered, prepared
from deployment.wiring import registry_uri
from model.erasing.host import home_id
from model.errors import FarolError
from model.live.folder import CHALLENGER_POINTER, LiveModel
from model.telemetry.tracer import Tracer
from model.trust.key_file import KeyFile
from model.trust.keychain import KeyChange, stage_of
from preprocessing.task.policies import PromotionPolicy

REGISTRY_TIMEOUT_MS = 2_000
FIRST_LOOK_SECONDS = 10.0
"""How long a start waits for a registry that neither answers nor refuses: it may be a newer one."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a worker has open.

    Attributes:
        ring: the API keys.
        trail: what this worker tells the audit trail.
        tasks: the services of each task by its name, the default one first.
        tokens: the keys of an identity provider; None where no tokens are believed.
    """

    ring: KeyRing
    trail: TrailWriter
    tasks: dict[str, Services]
    tokens: KeySource | None = None

    @property
    def default(self) -> Services:
        """The services of the default task."""
        return next(iter(self.tasks.values()))

    @property
    def works(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What goes on beside the requests for all tasks."""
        more = () if self.tokens is None else (self.tokens.follow,)
        return (self.ring.follow, self.trail.follow, *more)


@dataclass(frozen=True, slots=True)
class _Host:
    """What the tasks of a worker share."""

    settings: Settings
    slot: WorkerSlot
    root: RegistryLink
    metrics: HostMetrics
    ring: KeyRing
    people: PeopleDesk
    trail: TrailWriter
    erasures: HostErasures
    started_at: datetime
    tokens: KeySource | None = None


async def opened(
    settings: Settings,
    policy: LogPolicy,
    stack: AsyncExitStack,
    operations: Sequence[str],
    tracer: Tracer | None = None,
) -> Opened:
    """Opens everything; the stack closes it.

    Args:
        settings: of the installation.
        policy: how predictions are kept.
        stack: closes what is opened.
        operations: the names of what is routed, for the metrics.
        tracer: told of every call of the registry; None: nobody is.

    Raises:
        ConfigurationError: a task cannot be read, the home not be used, or a newer release has
            written the registry.
    """
    try:
        return await _open(settings, policy, stack, operations, tracer)
    except (OSError, sqlite3.Error) as error:
        raise unusable(settings.home, error) from error


async def _open(
    settings: Settings,
    policy: LogPolicy,
    stack: AsyncExitStack,
    operations: Sequence[str],
    tracer: Tracer | None,
) -> Opened:
    tasks = all_installed(settings)
    host = _host(settings, [LiveModel(task.home) for task in tasks], stack, tracer)
    await host.root.refuse_newer(FIRST_LOOK_SECONDS)
    services = {task.name: _of_task(task, host, policy, stack) for task in tasks}
    for one in services.values():
        one.metrics.expect((*operations, NO_ROUTE))
    host.metrics.reserve(host.slot.number)
    if host.slot.first and settings.mongo_uri is None and (told := size_of(settings.home).told()):
        _log.warning("%s", told)
    return Opened(host.ring, host.trail, services, host.tokens)


def _host(
    settings: Settings, live: list[LiveModel], stack: AsyncExitStack, tracer: Tracer | None
) -> _Host:
    folders = Folders(settings.home, settings.home)
    slot = claim(folders.workers, partial(metric_files.clear, folders.metrics))
    stack.callback(slot.release)
    metric_files.prepare(folders.metrics, slot.number)
    stack.callback(metric_files.retire, folders.metrics, slot.number)
    root = RegistryLink(partial(registry_uri, settings), partial(_connect, settings, tracer))
    stack.push_async_callback(root.close)
    served_before = any(one.pointer_path.exists() for one in live)
    key = settings.signing_key.get_secret_value()
    notes = KeyFile(settings.home)
    trust = KeyTrust(notes, key, settings.tombstone_key, served_before=served_before, now=now)
    book = SessionBook(root, notes, key, now)
    issuer = settings.token_issuer
    tokens = None if issuer is None else KeySource(issuer, settings.home, now)
    door = None if issuer is None or tokens is None else TokenDoor(issuer, tokens, now)
    if tokens is not None:
        tokens.open()
    doors = Doors(book, door, KeyUses(root, now))
    return _Host(
        settings=settings,
        slot=slot,
        root=root,
        metrics=HostMetrics(folders.metrics),
        ring=KeyRing(root, settings.auth, time.monotonic, trust, doors, now=now),
        people=PeopleDesk(root, book, notes, key, settings.tombstone_key, now),
        trail=TrailWriter(root, settings.home, settings.tombstone_key, now),
        erasures=HostErasures(
            root,
            home_id(settings.home),
            partial(carry_out, host_files(settings)),
            now=now,
            backup_days=settings.backup_days,
        ),
        started_at=now(),
        tokens=tokens,
    )


def _of_task(
    task: InstalledTask, host: _Host, policy: LogPolicy, stack: AsyncExitStack
) -> Services:
    settings = host.settings
    folders = Folders(settings.home, task.home)
    registry = TaskRegistry(host.root, partial(entered, task), partial(claimed, task))
    outbox = Outbox(outbox_path(folders.outbox, host.slot.number))
    stack.callback(outbox.close)
    live = LiveModel(task.home)
    challenger = LiveModel(task.home, CHALLENGER_POINTER)
    key = settings.signing_key.get_secret_value()
    if stage_of(key) is KeyChange.SWITCHED:
        # `deployment.signing` reaches the pointers of its own host; the former key goes next.
        live.sign_anew(key)
        challenger.sign_anew(key)
    holder = ChampionHolder(live, task.spec, key)
    refresher = Refresher(live, registry, holder, key, partial(prepared, task))
    tallies = CanaryTallies(folders.canary, host.slot.number)
    log = PredictionLog(registry, outbox, policy)
    files = outbox_path(folders.outbox, host.slot.number, files=True)
    bulk = BulkLog(registry, files, lambda: log.written)
    stack.callback(bulk.close)
    erased = ErasedStudents(registry, settings.tombstone_key)
    calls = RepeatableCalls(
        calls_path(task.home), host.slot.number, erased, now, alone=host.slot.first
    )
    stack.callback(calls.close)
    return Services(
        task=task.spec,
        folders=folders,
        now=now,
        root=host.root,
        registry=registry,
        live=live,
        holder=holder,
        refresher=refresher,
        canary=CanaryHolder(challenger, holder.load, tallies),
        canary_follower=CanaryFollower(
            challenger,
            registry,
            holder.check,
            key,
            tallies,
            _canary_limits(task.spec.promotion),
            leads=lambda: refresher.leads,
            now=now,
        ),
        log=log,
        outbox=outbox,
        bulk=bulk,
        storage=Storage(
            settings.home,
            outbox,
            log,
            embedded=settings.mongo_uri is None,
            tried=folders.outbox / f"slot-{host.slot.number}.disk",
            monotonic=time.monotonic,
        ),
        shipper=Shipper(registry, log, outbox, folders.workers, folders.outbox),
        keys=TaskKeys(host.ring, task.name, tells_units=bool(task.spec.unit)),
        people=host.people,
        trail=Trail(task.name, host.trail),
        erased=erased,
        objections=ObjectingStudents(registry),
        pseudonyms=settings.student_pseudonyms,
        empty_registry_log=partial(_empty_registry_log, task, registry),
        host_erasures=host.erasures,
        calls=calls,
        metrics=Metrics(host.metrics, task.name, host.slot.number),
        loop=LoopReader(
            task.spec, registry, host.root, lambda: refresher.leads, folders.metrics, now
        ),
        slot=host.slot,
        started_at=host.started_at,
        tokens=host.tokens,
    )


def _canary_limits(policy: PromotionPolicy) -> GuardLimits:
    asked = policy.canary
    return GuardLimits() if asked is None else GuardLimits(*asked.guarded)


async def _connect(settings: Settings, tracer: Tracer | None, uri: str) -> OpenRegistry:
    key = settings.tombstone_key
    registry = open_async_registry(
        uri,
        settings.mongo_db,
        driver=settings.async_driver,
        pool_size=settings.mongo_pool_size,
        timeout_ms=REGISTRY_TIMEOUT_MS,
        hook=ErasureGuard(key),
        watch=None if tracer is None else watch_of(tracer),
    )
    try:
        if weakness := await registry.weakness():
            _log.warning("the registry (%s): %s", hosts_of(uri), weakness)
        await registry.run(installation.claim(key))
    except FarolError:
        await registry.close()
        raise
    return registry


def _empty_registry_log(task: InstalledTask, registry: TaskRegistry) -> bool:
    if task.settings.mongo_uri is not None or registry.database is None:
        return True
    return sqlite_files.empty_log_of(lifecycle.data_file(task.settings.home, registry.database))


def now() -> datetime:
    """The clock of the worker, aware UTC."""
    return datetime.now(UTC)
