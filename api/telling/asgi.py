"""Tells the trail what a route shows, before the first byte of it leaves."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.audit.trail import CLIENT, TOLD, Trail
from api.http.problems import Problem
from api.payload import named_student
from api.telling.routes import TELLING, Shown
from model.errors import Overloaded
from preprocessing.student_ids import LONGEST_EVER
from preprocessing.task.spec import TaskSpec

REFUSED = 400
UNTOLD = "Nothing is shown that the audit trail cannot be told of, and it takes nothing now."


async def telling(
    app: ASGIApp, trail: Trail, task: TaskSpec, scope: Scope, receive: Receive, send: Send
) -> None:
    """Lets the application answer a request; what it shows is told, or is not shown.

    Args:
        app: the application.
        trail: of the task that the request is about.
        task: that task.
        scope: of the request; gets the route and who asks.
        receive: as in ASGI.
        send: as in ASGI.
    """
    withheld = False

    async def noting(message: Message) -> None:
        nonlocal withheld
        if message["type"] == "http.response.start" and message["status"] < REFUSED:
            try:
                _tell(trail, task, scope)
            except Overloaded:
                withheld = True
                answer = Problem(503, UNTOLD, retry_after=1).response()
                await answer(scope, receive, send)
        if not withheld:
            await send(message)

    await app(scope, receive, noting)


def _tell(trail: Trail, task: TaskSpec, scope: Scope) -> None:
    """Raises Overloaded: the trail takes nothing."""
    rule = TELLING.get(getattr(scope.get("route"), "name", ""))
    if not isinstance(rule, Shown) or CLIENT not in scope or scope.get(TOLD):
        return
    request = Request(scope)
    named = request.path_params.get("student_id") or request.query_params.get("student_id")
    trail.shown(
        request,
        scope[CLIENT],
        rule.action,
        student_id=named and named_student(task, named, request, LONGEST_EVER),
        subject=rule.subject.format_map(request.path_params),
    )
