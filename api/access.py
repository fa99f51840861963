"""What every route needs to be let in, and who that is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from api.security import Client
from api.services import services
from model.access import Scope


def needs(scope: Scope) -> Callable[[Request], Awaitable[Client]]:
    """A dependency that lets in whoever has the scope, and gives who it is."""

    async def client(request: Request) -> Client:
        return await services(request).keys.client(request.scope, scope)

    return client


async def _reader_of_any_task(request: Request) -> Client:
    return await services(request).keys.of_any_task(request.scope, Scope.READ)


MayPredict = Annotated[Client, Depends(needs(Scope.PREDICT))]
MayLabel = Annotated[Client, Depends(needs(Scope.LABEL))]
MayRead = Annotated[Client, Depends(needs(Scope.READ))]
MayReadAnyTask = Annotated[Client, Depends(_reader_of_any_task)]
MayDecide = Annotated[Client, Depends(needs(Scope.ADMIN))]
