"""`/tasks/{task}/...`: every route once more, for the task that the path names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from starlette.types import Scope

from api.http.problems import Problem
from api.limits.gate import CallGate
from api.predict_endpoint import PATH, PredictEndpoint
from api.services import ONE_TASK, SERVICES, Services
from api.telemetry.predicting import TracedPredictEndpoint
from model.telemetry.tracer import Tracer

TASKS = "/tasks/"


class TaskPaths:
    """The tasks of a worker by the beginning of a path.

    Args:
        tasks: the services of each by its name, the default one first.
        gate: counts the calls; None lets any number through.
        tracer: told of every prediction; None: nobody is, and nothing is wrapped.
    """

    def __init__(
        self, tasks: Mapping[str, Services], gate: CallGate | None, tracer: Tracer | None = None
    ) -> None:
        self._tasks = tasks
        made = PredictEndpoint if tracer is None else partial(TracedPredictEndpoint, tracer)
        self._endpoints = {name: made(one, gate) for name, one in tasks.items()}

    @property
    def default(self) -> PredictEndpoint:
        """`/predict` of the default task."""
        return next(iter(self._endpoints.values()))

    @property
    def all(self) -> Mapping[str, Services]:
        """The services of each task by its name, the default one first."""
        return self._tasks

    def enter(self, scope: Scope) -> PredictEndpoint | None:
        """Turns a request to `/tasks/{task}/...` into one to the rest of its path.

        Args:
            scope: gets the services of that task, and the path before the rest as `root_path`.

        Returns:
            The endpoint, where it is a request to `/predict`.

        Raises:
            Problem: 404, there is no such task here.
        """
        name, _, rest = scope["path"].removeprefix(TASKS).partition("/")
        services = self._tasks.get(name)
        if services is None:
            raise Problem(404, "There is no such task here; GET /tasks lists those there are.")
        scope[SERVICES] = services
        scope[ONE_TASK] = True
        if f"/{rest}" == PATH:
            return self._endpoints[name]
        scope["root_path"] = f"{scope.get('root_path', '')}{TASKS}{name}"
        return None
