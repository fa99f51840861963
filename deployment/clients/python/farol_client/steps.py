"""What a client does, step by step, and nothing that waits: a call and its answer, and a pause.

An operation is a generator of steps (`farol_client.operations`); the synchronous and the
asynchronous client carry out the same ones (`farol_client.clients`).
"""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from farol_client.errors import ApiRefusal, NoAnswer

T = TypeVar("T")

BUSY = frozenset({408, 429, 502, 503, 504})
CONFLICT = 409
SAFE = frozenset({"GET", "HEAD"})
GOOD = range(200, 300)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call to be sent.

    Attributes:
        path: below the server's address.
        json: its body; None for none.
        params: its query.
        key: its `Idempotency-Key`; None where it has none.
    """

    method: str
    path: str
    json: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again when nobody knows what became of it."""
        return self.method in SAFE or self.key is not None


@dataclass(frozen=True, slots=True)
class ApiReply:
    """What came back."""

    status: int
    body: bytes
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class LostCall:
    """Nothing came back, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of so many seconds."""

    seconds: float


Step = ApiCall | Pause
Steps = Generator[Step, ApiReply | LostCall | None, T]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call is sent, and how long is waited in between.

    Attributes:
        tries: how often at most.
        first: seconds of the first pause; each further one is twice as long.
        longest: seconds of a pause at most; where Farol asks for a longer one, the call fails.
        spread: of a pause that is left to chance, so that clients do not come back together.
    """

    tries: int = 5
    first: float = 0.25
    longest: float = 30.0
    spread: float = 0.5
    chance: random.Random = field(default_factory=random.Random, repr=False, compare=False)

    def pause(self, tried: int, asked: float | None) -> Pause | None:
        """The pause before the next try; None where there is none.

        Args:
            tried: how often the call was sent.
            asked: seconds that Farol asked for (`Retry-After`).

        >>> Patience(spread=0).pause(2, None), Patience().pause(5, None), Patience().pause(1, 60)
        (Pause(seconds=0.5), None, None)
        """
        if tried >= self.tries or (asked or 0.0) > self.longest:
            return None
        grown = min(self.longest, self.first * 2 ** (tried - 1))
        part = 1 - self.spread * self.chance.random()
        return Pause(max(asked or 0.0, grown * part))


def answered(call: ApiCall, patience: Patience) -> Steps[bytes]:
    """Sends a call, again where that is safe and may help, and gives the body of its answer.

    Raises:
        ApiRefusal: Farol refuses it.
        NoAnswer: nobody answers.
    """
    tried = 0
    while True:
        reply = yield call
        tried += 1
        assert reply is not None
        if isinstance(reply, ApiReply) and reply.status in GOOD:
            return reply.body
        asked = reply.retry_after if isinstance(reply, ApiReply) else None
        pause = patience.pause(tried, asked) if call.repeatable and may_help(reply) else None
        if pause is None:
            raise _fault(reply, tried)
        yield pause


def may_help(reply: ApiReply | LostCall) -> bool:
    """Whether the same call may succeed later: 409 says so where its first try is on its way."""
    if isinstance(reply, LostCall) or reply.status in BUSY:
        return True
    return reply.status == CONFLICT and reply.retry_after is not None


def _fault(reply: ApiReply | LostCall, tried: int) -> ApiRefusal | NoAnswer:
    if isinstance(reply, LostCall):
        return NoAnswer(f"{reply.reason} (sent {tried} times)" if tried > 1 else reply.reason)
    return ApiRefusal.of(reply.status, reply.body, reply.retry_after)
