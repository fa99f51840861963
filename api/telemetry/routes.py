"""Routes while they are traced; a path is told as its route declares it, so no id is in it."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.request_ids import SCOPE
from api.services import SERVICES
from api.telemetry.statuses import noting
from model.telemetry.tracer import Tracer

_KIND = re.compile(r":\w+}")


async def traced(tracer: Tracer, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Lets the application answer a request, and tells of it as a span.

    Args:
        tracer: begins the span.
        app: the application.
        scope: of the request; the router leaves in it which route it chose.
        receive: as in ASGI.
        send: as in ASGI.
    """
    method = scope["method"]
    told = {
        "http.request.method": method,
        "farol.request_id": scope[SCOPE],
        "farol.task": scope[SERVICES].task.name,
    }
    with tracer.request(method, scope["headers"], told) as span:
        try:
            await app(scope, receive, noting(span, send))
        finally:
            route = getattr(scope.get("route"), "path", None)
            if route is not None:
                template = _KIND.sub("}", str(route))
                span.rename(f"{method} {template}")
                span.tell({"http.route": template})
