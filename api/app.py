"""The application: `uvicorn api.app:app --workers 4`.

Importing this makes the routes and nothing else. Settings are read, folders made and the registry
opened when a worker starts, and closed when it stops.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import health
from api.ageing import route as retention
from api.background import running
from api.bulk import route as bulk
from api.bundles import route as bundles
from api.durability.prediction_log import LogPolicy
from api.durability.worker_slots import alive
from api.http import origin, problems, request_ids
from api.http.direct import DIRECT
from api.http.secure_headers import secured
from api.limits.gate import CallGate
from api.limits.kinds import CallLimit
from api.limits.rates import CallRates
from api.lists.warming import keep_lists
from api.metrics.requests import counted
from api.opening import Opened, opened
from api.origins import route as origins
from api.predict_endpoint import PredictEndpoint
from api.routes import (
    alarms,
    assessments,
    comparisons,
    decisions,
    dossiers,
    effects,
    erasure,
    files,
    helped,
    helping,
    labels,
    lists,
    models,
    notices,
    outcomes,
    pages,
    people,
    performance,
    predictions,
    rights,
    runs,
    students,
    system,
    trials,
)
from api.services import SERVICES, Services
from api.task_paths import TaskPaths
from api.telemetry.routes import traced
from api.telling.asgi import telling
from database.aliases import CHAMPION, AliasRepository
from deployment.following import follow
from deployment.settings import Settings
from deployment.telemetry.opening import telemetry
from deployment.wiring import configure_logging, settings_from_environment
from model.errors import FarolError, RegistryError
from model.telemetry.context import TASK

if TYPE_CHECKING:
    from deployment.telemetry.otlp import Telemetry

VERSION = "0.1.0"
PULSE_SECONDS = 0.5
LAST_SHIPMENT_SECONDS = 2.0
START_SECONDS = 5.0
"""How long a starting worker looks for a champion; with one on this host's disk it takes none."""


NO_TELEMETRY: TelemetryConfig = {
    "tracing": False, "metrics": False, "logs": False, "auto_configure": False,
}  # fmt: skip
"""FastAPI's own would tell paths and queries, which hold students' ids; ours is `api.telemetry`."""

ROUTERS = tuple(
    routes.router
    # In this order: /predict/{student_id} takes every path below /predict, /students/{student_id}
    # every path below /students, and /drift/{report_id} every path below /drift.
    for routes in (
        bulk, predictions, labels, outcomes, files, origins, helping, helped, students, assessments,
        rights, dossiers, erasure, lists, models, decisions, trials, comparisons, alarms, runs,
        notices, performance, effects, retention, people, system, pages, bundles,
    )
)  # fmt: skip


class Farol(FastAPI):
    """FastAPI with `/predict` in front of it, for every task."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or the server's messages about its start and stop."""
        if scope["type"] != "http":
            lifespan = scope["type"] == "lifespan"
            await super().__call__(scope, receive, partial(self._tell, send) if lifespan else send)
            return
        request_id = request_ids.begun(scope)
        if self.state.own_pages_only and (refused := origin.refusal(scope)):
            await refused.response()(scope, receive, secured(send, request_id))
        elif (endpoint := self.state.predict.get(scope["path"])) is not None:
            await self._predict(endpoint, scope, receive, send)
        else:
            await self._routed(scope, receive, send)

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request by one of the routes, about the task that its path names."""
        try:
            self.state.paths.enter(scope)
        except problems.Problem as problem:
            await self._gated(problem.response(), scope, receive, send)
            return
        here: Services = scope[SERVICES]
        TASK.set(here.task.name)
        routes = partial(telling, super().__call__, here.trail, here.task)
        await self._gated(routes, scope, receive, send)

    async def _gated(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request by the application if there were not too many, and counts it."""
        here: Services = scope[SERVICES]
        gate: CallGate | None = self.state.gate
        bounded = app if gate is None else partial(gate.passed, app)
        if (tracer := self.state.tracer) is not None:
            bounded = partial(traced, tracer, bounded)
        sending = secured(send, scope[request_ids.SCOPE])
        await counted(bounded, here.metrics, scope, receive, sending)

    async def _tell(self, send: Send, message: Message) -> None:
        """Passes a message on; a start that failed for a reason of ours is told by that alone."""
        reason = getattr(self.state, "refused", None)
        if message["type"] == "lifespan.startup.failed" and reason is not None:
            message = {**message, "message": f"farol: {reason}"}
        await send(message)

    async def _predict(
        self, endpoint: PredictEndpoint, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["method"] == "POST":
            await endpoint(scope, receive, send)
            return
        scope[SERVICES] = endpoint.services
        response = problems.Problem(405, "Use POST.").response()
        response.headers["allow"] = "POST"
        await self._gated(response, scope, receive, send)


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
        openapi_url=None,  # Ours are in `api.routes.pages`: one document per task,
        docs_url=None,  # and a page whose scripts are not fetched from elsewhere.
        redoc_url=None,
        telemetry=NO_TELEMETRY,
    )
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.router.routes.append(pages.scripts())
    return app


@asynccontextmanager
async def _lifespan(
    read_settings: Callable[[], Settings], policy: LogPolicy, app: FastAPI
) -> AsyncIterator[dict[str, object]]:
    async with AsyncExitStack() as stack:
        try:
            _follow_the_supervisor()
            settings = read_settings()
            configure_logging(settings)
            app.state.own_pages_only = settings.auth == "off"
            app.state.dashboard_port = settings.dashboard_port
            told = stack.enter_context(telemetry(settings, "api"))
            app.state.tracer = tracer = None if told is None else told.tracer
            worker = await opened(settings, policy, stack, operations(), tracer)
        except FarolError as error:
            app.state.refused = str(error)
            raise
        app.state.services = worker.default
        # Without keys only this machine is answered, and there is nobody to be fair to.
        app.state.gate = None if settings.auth == "off" else _gate(settings, worker)
        app.state.paths = TaskPaths(worker.tasks, app.state.gate, tracer)
        app.state.predict = app.state.paths.predict
        app.state.documents = {}
        await stack.enter_async_context(
            running(
                *worker.works,
                *_telling(told, worker.default),
                partial(worker.default.host_erasures.follow, worker.default.refresher.is_leading),
                *(work for task in worker.tasks.values() for work in _works(task)),
            )
        )
        await asyncio.gather(*map(_first_champion, worker.tasks.values()))
        yield {DIRECT: app.state.paths.direct}
        await asyncio.gather(*map(_last_shipment, worker.tasks.values()))
        await worker.trail.close()


def _telling(told: Telemetry | None, default: Services) -> Iterator[Callable[[], Awaitable[None]]]:
    """Sends what is measured, where that is asked for."""
    if told is not None and told.metrics is not None:
        host = default.metrics.host
        yield partial(
            told.metrics.follow,
            partial(told.metrics.send, host.families, host.since),
            default.refresher.is_leading,
            lambda: bool(alive(default.folders.states)),
        )


def _gate(settings: Settings, worker: Opened) -> CallGate:
    limited = worker.default.metrics.host.limited

    def refused(limit: CallLimit) -> None:
        limited.labels(limit.value).inc()

    rates = CallRates.read(
        predict=settings.rate_predict,
        calls=settings.rate_calls,
        address=settings.rate_address,
        refused=settings.rate_refused,
    )
    return CallGate(worker.ring, rates, refused)


def operations() -> list[str]:
    """The names of what is routed, as metrics and the OpenAPI page call it."""
    return [route.name for router in ROUTERS for route in router.routes if hasattr(route, "name")]


def _follow_the_supervisor() -> None:
    """A worker of `uvicorn --workers` ends with its supervisor, even where that one is killed."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None and supervisor.pid is not None:
        follow(supervisor.pid)


def _works(services: Services) -> tuple[Callable[[], Awaitable[None]], ...]:
    """What goes on beside the requests for one task."""

    async def of_task(work: Callable[[], Awaitable[None]]) -> None:
        TASK.set(services.task.name)
        await work()

    works = (
        services.erased.follow,
        services.calls.follow,
        services.objections.follow,
        services.refresher.follow,
        services.holder.watch,
        services.canary_follower.follow,
        services.canary.watch,
        services.shipper.ship,
        services.shipper.adopt,
        services.bulk.ship,
        partial(keep_lists, services),
        services.loop.follow,
        partial(_pulse, services),
    )
    return tuple(partial(of_task, work) for work in works)


async def _first_champion(services: Services) -> None:
    """Waits until this worker serves, unless there is no champion or nobody knows of one."""
    await services.holder.refresh()
    if services.holder.current is not None:
        return
    with suppress(TimeoutError, RegistryError):
        async with asyncio.timeout(START_SECONDS):
            await services.registry.ping()
            if await services.registry.run(AliasRepository().find(CHAMPION)) is None:
                return
            while services.holder.current is None and services.live.quarantined() is None:
                await asyncio.sleep(0.01)


async def _last_shipment(services: Services) -> None:
    await services.log.flush()
    await services.shipper.drain(LAST_SHIPMENT_SECONDS)
    health.measure(services)  # What was counted since the last pulse.


async def _pulse(services: Services) -> None:
    """Keeps what this worker tells of itself up to date."""
    told = None
    while True:
        services.storage.look()
        state = services.state(os.getpid())
        if state != told:
            services.slot.tell(services.folders.states, state)
            told = state
        health.measure(services)
        await asyncio.sleep(PULSE_SECONDS)


app = create_app()
