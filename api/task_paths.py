"""The ways to a route: `/...`, `/tasks/{task}/...`, and each of these under `/v1`.

`/v1` is this interface. What is under it gains routes and fields and loses none; a change that
callers would have to follow comes under another number, beside it. Without it the newest is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TypeVar

from starlette.types import Scope

from api.http.problems import Problem
from api.limits.gate import CallGate
from api.predict_endpoint import PATH, PredictEndpoint
from api.predicting.direct import DirectPredict
from api.services import ONE_TASK, SERVICES, Services
from api.telemetry.predicting import TracedPredictEndpoint
from model.telemetry.tracer import Tracer

Endpoint = TypeVar("Endpoint")

V1 = "/v1"
TASKS = "/tasks/"


class TaskPaths:
    """The tasks of a worker by the beginning of a path.

    Args:
        tasks: the services of each by its name, the default one first.
        gate: counts the calls; None lets any number through.
        tracer: told of every prediction; None: nobody is, and nothing is wrapped.

    Attributes:
        predict: every path of `/predict` to the endpoint that answers it.
        direct: every such path, as it is sent, to what answers without ASGI; empty where calls
            are traced.
    """

    def __init__(
        self, tasks: Mapping[str, Services], gate: CallGate | None, tracer: Tracer | None = None
    ) -> None:
        self._tasks = tasks
        self._default = next(iter(tasks.values()))
        made = PredictEndpoint if tracer is None else partial(TracedPredictEndpoint, tracer)
        endpoints = {name: made(one, gate) for name, one in tasks.items()}
        self.predict = _by_path(endpoints)
        # A span begins with the scope of a request, so what is traced goes the ordinary way.
        direct = {} if tracer else {name: DirectPredict(one, gate) for name, one in tasks.items()}
        self.direct = {path.encode(): one for path, one in _by_path(direct).items()}

    @property
    def all(self) -> Mapping[str, Services]:
        """The services of each task by its name, the default one first."""
        return self._tasks

    def enter(self, scope: Scope) -> None:
        """Makes of a request one to the rest of its path, behind `/v1` and `/tasks/{task}`.

        Args:
            scope: gets the services of the task, and the path before the rest as `root_path`.

        Raises:
            Problem: 404, there is no such task here; the services are those of the default one.
        """
        scope[SERVICES] = self._default
        path = scope["path"]
        if path.startswith(f"{V1}/"):
            _leave(scope, V1)
            path = path.removeprefix(V1)
        if not path.startswith(TASKS):
            return
        name = path.removeprefix(TASKS).partition("/")[0]
        services = self._tasks.get(name)
        if services is None:
            raise Problem(404, "There is no such task here; GET /tasks lists those there are.")
        scope[SERVICES] = services
        scope[ONE_TASK] = True
        _leave(scope, f"{TASKS}{name}")


def _by_path(endpoints: Mapping[str, Endpoint]) -> dict[str, Endpoint]:
    """Each path of `/predict` to what answers for its task; the first one is the default task."""
    paths = {f"{TASKS}{name}{PATH}": endpoint for name, endpoint in endpoints.items()}
    paths |= zip([PATH], endpoints.values(), strict=False)
    return paths | {f"{V1}{path}": endpoint for path, endpoint in paths.items()}


def _leave(scope: Scope, beginning: str) -> None:
    scope["root_path"] = f"{scope.get('root_path', '')}{beginning}"
