"""The application: `uvicorn api.app:app --workers 4`.

Importing this makes the routes and nothing else. Settings are read, folders made and the registry
opened when a worker starts, and closed when it stops.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from api import health, metrics, openapi
from api.background import running
from api.champion import ChampionHolder
from api.durability.outbox import Outbox
from api.durability.prediction_log import LogPolicy, PredictionLog
from api.durability.shipper import Shipper
from api.durability.storage import Storage
from api.durability.worker_slots import claim
from api.erased import ErasedStudents
from api.http import origin, problems
from api.key_trust import KeyTrust
from api.metrics import Metrics
from api.predict_endpoint import PATH, PredictEndpoint
from api.refresher import Refresher
from api.registry import Registry, RegistryLink
from api.routes import labels, models, pages, predictions, runs, students, system
from api.security import KeyRing
from api.services import Folders, Services
from database import installation
from database.aliases import CHAMPION, AliasRepository
from database.driver.async_client import open_async_registry
from database.embedded import lifecycle, sqlite_files
from database.erasing.guarded import ErasureGuard
from deployment.following import follow
from deployment.settings import Settings, unusable
from deployment.wiring import (
    configure_logging,
    prepared,
    registry_uri,
    settings_from_environment,
    tombstone_key,
)
from model.errors import FarolError, RegistryError
from model.live import LiveModel
from model.trust.key_file import KeyFile
from preprocessing.task.spec import load_task

VERSION = "0.1.0"
PULSE_SECONDS = 0.5
REGISTRY_TIMEOUT_MS = 2_000
LAST_SHIPMENT_SECONDS = 2.0
START_SECONDS = 5.0
"""How long a starting worker looks for a champion; with one on this host's disk it takes none."""


class Farol(FastAPI):
    """FastAPI with `/predict` in front of it and the task's own OpenAPI page."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or the server's messages about its start and stop."""
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, partial(self._tell, send))
        elif scope["type"] != "http":
            await super().__call__(scope, receive, send)
        elif self.state.own_pages_only and (refused := origin.refusal(scope)):
            await refused.response()(scope, receive, send)
        elif scope["path"] == PATH:
            await self._predict(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The page of this installation's task."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.document(self, self.state.services.task)
        return self.openapi_schema

    async def _tell(self, send: Send, message: Message) -> None:
        """Passes a message on; a start that failed for a reason of ours is told by that alone."""
        reason = getattr(self.state, "refused", None)
        if message["type"] == "lifespan.startup.failed" and reason is not None:
            message = {**message, "message": f"farol: {reason}"}
        await send(message)

    async def _predict(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await self.state.predict(scope, receive, send)
            return
        response = problems.Problem(405, "Use POST.").response()
        response.headers["allow"] = "POST"
        await response(scope, receive, send)


def create_app(
    read_settings: Callable[[], Settings] = settings_from_environment,
    policy: LogPolicy = LogPolicy(),  # noqa: B008  frozen
) -> Farol:
    """The application; `read_settings` is called when it starts."""
    app = Farol(
        title="Farol",
        version=VERSION,
        lifespan=partial(_lifespan, read_settings, policy),
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,  # Ours is in `api.routes.pages`: FastAPI's fetches its scripts elsewhere.
        redoc_url=None,
    )
    problems.install(app)
    for routes in (predictions, labels, students, models, runs, system, pages):
        app.include_router(routes.router)
    app.router.routes.append(pages.scripts())
    return app


@asynccontextmanager
async def _lifespan(
    read_settings: Callable[[], Settings], policy: LogPolicy, app: FastAPI
) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        try:
            _follow_the_supervisor()
            settings = read_settings()
            configure_logging(settings)
            app.state.own_pages_only = settings.auth == "off"
            app.state.dashboard_port = settings.dashboard_port
            services = await _opened(settings, policy, stack)
        except FarolError as error:
            app.state.refused = str(error)
            raise
        app.state.services = services
        app.state.predict = PredictEndpoint(services)
        await stack.enter_async_context(
            running(
                services.keys.follow,
                services.erased.follow,
                services.refresher.follow,
                services.holder.watch,
                services.shipper.ship,
                services.shipper.adopt,
                partial(_pulse, services),
            )
        )
        await services.holder.refresh()
        if services.holder.current is None:
            await _champion_or_none(services)
        yield
        await services.log.flush()
        await services.shipper.drain(LAST_SHIPMENT_SECONDS)


def _follow_the_supervisor() -> None:
    """A worker of `uvicorn --workers` ends with its supervisor, even where that one is killed."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None and supervisor.pid is not None:
        follow(supervisor.pid)


async def _opened(settings: Settings, policy: LogPolicy, stack: AsyncExitStack) -> Services:
    try:
        return await _open(settings, policy, stack)
    except (OSError, sqlite3.Error) as error:
        raise unusable(settings.home, error) from error


async def _open(settings: Settings, policy: LogPolicy, stack: AsyncExitStack) -> Services:
    folders = Folders(settings.home)
    task = load_task(settings.task)
    slot = claim(folders.workers)
    stack.callback(slot.release)
    metrics.prepare(folders.metrics, slot.number, first=slot.first)
    stack.callback(metrics.retire, folders.metrics, slot.number)
    registry = RegistryLink(partial(registry_uri, settings), partial(_connect, settings))
    stack.push_async_callback(registry.close)
    outbox = Outbox(folders.outbox / f"slot-{slot.number}.sqlite")
    stack.callback(outbox.close)
    live = LiveModel(settings.home)
    key = settings.signing_key.get_secret_value()
    holder = ChampionHolder(live, task, key)
    log = PredictionLog(registry, outbox, policy)
    served_before = live.pointer_path.exists()
    trust = KeyTrust(KeyFile(settings.home), key, served_before=served_before, now=_now)
    storage = Storage(settings.home, outbox, log, embedded=settings.mongo_uri is None)
    measured = Metrics(folders.metrics)
    measured.reserve(slot.number)
    return Services(
        task=task,
        folders=folders,
        now=_now,
        registry=registry,
        live=live,
        holder=holder,
        refresher=Refresher(live, registry, holder, key, partial(prepared, settings)),
        log=log,
        outbox=outbox,
        storage=storage,
        shipper=Shipper(registry, log, outbox, folders.workers, folders.outbox),
        keys=KeyRing(registry, settings.auth, time.monotonic, trust),
        erased=ErasedStudents(registry, tombstone_key(settings)),
        empty_registry_log=partial(_empty_registry_log, settings),
        metrics=measured,
        slot=slot,
        started_at=_now(),
    )


async def _connect(settings: Settings, uri: str) -> Registry:
    key = tombstone_key(settings)
    opened = open_async_registry(
        uri,
        settings.mongo_db,
        driver=settings.async_driver,
        pool_size=settings.mongo_pool_size,
        timeout_ms=REGISTRY_TIMEOUT_MS,
        hook=ErasureGuard(key),
    )
    try:
        await opened.run(installation.claim(key))
    except FarolError:
        await opened.close()
        raise
    return opened


def _empty_registry_log(settings: Settings) -> bool:
    if settings.mongo_uri is not None:
        return True
    return sqlite_files.empty_log_of(lifecycle.data_file(settings.home, settings.mongo_db))


async def _champion_or_none(services: Services) -> None:
    """Waits until this worker serves, unless there is no champion or nobody knows of one."""
    with suppress(TimeoutError, RegistryError):
        async with asyncio.timeout(START_SECONDS):
            await services.registry.ping()
            if await services.registry.run(AliasRepository().find(CHAMPION)) is None:
                return
            while services.holder.current is None and services.live.quarantined() is None:
                await asyncio.sleep(0.01)


async def _pulse(services: Services) -> None:
    """Keeps what this worker tells of itself up to date."""
    told = None
    while True:
        services.storage.look()
        state = services.state(os.getpid())
        if state != told:
            services.slot.tell(state)
            told = state
        health.measure(services)
        await asyncio.sleep(PULSE_SECONDS)


def _now() -> datetime:
    return datetime.now(UTC)


app = create_app()
