"""Counts and times what routes answer; `/predict` is in front of them and counts itself."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics.declared import NO_ROUTE
from api.metrics.task import Metrics

FAILED = 500
"""What is counted where an answer never began."""


async def counted(
    app: ASGIApp, metrics: Metrics, scope: Scope, receive: Receive, send: Send
) -> None:
    """Lets the application answer a request, and counts the answer by the route that gave it.

    Args:
        app: the application.
        metrics: of the task that the request is about.
        scope: of the request; the router leaves in it which route it chose.
        receive: as in ASGI.
        send: as in ASGI.
    """
    status = FAILED
    started = time.perf_counter()

    async def noting(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        await send(message)

    try:
        await app(scope, receive, noting)
    finally:
        metrics.requested(operation_of(scope), status, time.perf_counter() - started)


def operation_of(scope: Scope) -> str:
    """The name of the route that a router has chosen.

    >>> operation_of({"type": "http"})
    'none'
    """
    return getattr(scope.get("route"), "name", None) or NO_ROUTE
