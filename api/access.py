"""What every route needs to be let in, and who that is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from api.audit.trail import CLIENT
from api.http.problems import Problem
from api.security import Client
from api.services import services
from model.access import Scope

ALL_UNITS = (
    "This API key is for some units only, and this is about all of them together; use a key that "
    "is not limited to units."
)


def needs(scope: Scope, *, whole: bool = False) -> Callable[[Request], Awaitable[Client]]:
    """A dependency that lets in whoever has the scope, and gives who it is.

    Args:
        scope: what is asked for.
        whole: the route is about all units together. A key for some of them is refused: from a
            figure about all and its own ones it could work out another school's.
    """

    async def client(request: Request) -> Client:
        found = _known(request, await services(request).keys.client(request.scope, scope))
        if whole and found.units:
            raise Problem(403, ALL_UNITS)
        return found

    return client


async def _sender_of_files(request: Request) -> Client:
    """Who may send a school file.

    A file tells features and outcomes at once, so it needs the scopes of both; a key that has them
    can send the same as records, and a file adds nothing but the form.
    """
    keys = services(request).keys
    await keys.client(request.scope, Scope.LABEL)
    return _known(request, await keys.client(request.scope, Scope.PREDICT))


async def _reader_of_any_task(request: Request) -> Client:
    return _known(request, await services(request).keys.of_any_task(request.scope, Scope.READ))


async def _anybody_known(request: Request) -> Client:
    return _known(request, await services(request).keys.of_any_task(request.scope, None))


def _known(request: Request, client: Client) -> Client:
    """Leaves in the request who asks, for what tells the trail of it."""
    request.scope[CLIENT] = client
    return client


MayPredict = Annotated[Client, Depends(needs(Scope.PREDICT))]
MayLabel = Annotated[Client, Depends(needs(Scope.LABEL))]
MaySendFiles = Annotated[Client, Depends(_sender_of_files)]
MayRead = Annotated[Client, Depends(needs(Scope.READ))]
MayAct = Annotated[Client, Depends(needs(Scope.ACT))]
MayReadAll = Annotated[Client, Depends(needs(Scope.READ, whole=True))]
MayReadAnyTask = Annotated[Client, Depends(_reader_of_any_task)]
MayActOnAll = Annotated[Client, Depends(needs(Scope.ACT, whole=True))]
IsKnown = Annotated[Client, Depends(_anybody_known)]
MayDecide = Annotated[Client, Depends(needs(Scope.ADMIN, whole=True))]
