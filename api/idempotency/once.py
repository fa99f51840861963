"""A call that brings an `Idempotency-Key` is done once, and answered as often as it is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from api.http.problems import Problem
from api.idempotency.call import RepeatableCall
from api.idempotency.calls import RepeatableCalls
from api.idempotency.header import REPLAYED, key_of
from api.idempotency.store import Done, Forgotten, OnItsWay, OtherContent, Taken
from api.security import Client

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Doing:
    """A call that is being done for the first time.

    Attributes:
        call: what stands for it.
        begun: when it was first sent, aware UTC.
        students: the keys of the students in the answer.
    """

    call: RepeatableCall
    begun: datetime
    students: set[str] = field(default_factory=set)

    def id_of(self, index: int = 0) -> str:
        """The id of what the call makes; of several, by their index."""
        return self.call.id_of(self.begun, index)

    def about(self, *students: str | None) -> None:
        """Says which students are in the answer, by their keys; None is nobody."""
        self.students.update(one for one in students if one is not None)


async def once(
    calls: RepeatableCalls, call: RepeatableCall, work: Callable[[Doing], Awaitable[bytes]]
) -> tuple[bytes, bool]:
    """The answer of a call, and whether it was given before.

    An error is not kept: nothing was done, or what was done is found by its id, so the same call
    may be sent again, and another one under the same key.

    Args:
        calls: of the task.
        call: that was sent.
        work: does it.

    Raises:
        Problem: 409 the first call is on its way, 410 a student in its answer was erased, 422 the
            key came with something else.
        Overloaded: it cannot be kept, and was not done.
    """
    try:
        begun = await calls.begin(call)
    except Taken as taken:
        raise _problem(taken) from None
    if isinstance(begun, Done):
        return call.opened(begun.answer), True
    doing = Doing(call, begun.at)
    kept = False
    try:
        answer = await work(doing)
        await calls.finish(call, begun, answer, doing.students)
        kept = True
    finally:
        if not kept:
            calls.release(begun)
    return answer, False


async def answered_once(
    calls: RepeatableCalls,
    request: Request,
    client: Client,
    body: bytes,
    work: Callable[[Doing | None], Awaitable[bytes]],
) -> Response:
    """The answer of a route, in JSON, which does a call once that brings a key.

    Args:
        calls: of the task.
        request: the call.
        client: who sends it.
        body: its body.
        work: does it; is given None where there is no key.

    Raises:
        Problem: 400, the key is none; as `once`.
        Overloaded: as `once`.
    """
    key = key_of(request.scope)
    if key is None:
        return Response(await work(None), media_type=JSON)
    operation: str = request.scope["route"].name
    asked = (operation.encode(), request.scope["query_string"], body)
    answer, before = await once(calls, calls.of(client, key, *asked), work)
    headers = {REPLAYED.decode(): "true"} if before else None
    return Response(answer, media_type=JSON, headers=headers)


_WHY: dict[type[Taken], tuple[int, str]] = {
    OnItsWay: (409, "the first call with this key is not done yet; send it again in a moment"),
    OtherContent: (422, "was used for another call; a new call needs a new key"),
    Forgotten: (410, "was used for a call about a student who was erased since"),
}


def _problem(taken: Taken) -> Problem:
    status, why = _WHY[type(taken)]
    problem = Problem.of_field("idempotency-key", why, status)
    problem.retry_after = 1 if isinstance(taken, OnItsWay) else None
    return problem
