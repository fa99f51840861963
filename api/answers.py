"""Records as JSON answers, and what every route needs to be let in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.security import Client
from api.services import services
from model.access import Scope

MOST_ITEMS = 1_000


def json_answer(value: Any, status: int = 200) -> Response:
    """An answer in JSON; frozen records, enums and times are written as they are."""
    return Response(orjson.dumps(value, default=_plain), status, media_type="application/json")


def needs(scope: Scope) -> Callable[[Request], Awaitable[Client]]:
    """A dependency that lets in whoever has the scope, and tells who it is."""

    async def client(request: Request) -> Client:
        return await services(request).keys.client(request.scope, scope)

    return client


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
