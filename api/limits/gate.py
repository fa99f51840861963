"""Refuses calls that are too many: of one key, or from one address.

It stands in front of every route, and answers before a body is read or the registry asked.

- **A key that runs away**, a school system that asks in a circle, takes from other schools what
  they need. Calls with a key are counted by the key, and those of a person by the person, wherever
  they come from: a whole school may be behind one address.
- **Who brings no key** is counted by the address.
- **Who tries keys** gets 429 in the place of 401 after a while. A right key is let in meanwhile,
  from that address too, for a guesser must not shut out the school that shares the address; a key
  has 256 bits, so to be told that one was right is of no use to who guesses.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from limits import RateLimitItem
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.credentials import secret_of
from api.http.problems import Problem
from api.limits.kinds import WHY, CallLimit
from api.limits.rates import CallRates
from api.limits.window import CallWindow
from api.security import Client, KeyRing
from model.people.guessing import network_of

UNAUTHORIZED = 401

COUNTED, REFUSED = "farol.counted", "farol.too_many"
"""Set in a request to `/predict` that was counted already, and the Problem of one too many."""


class CallGate:
    """Counts calls, and refuses those that are too many.

    Args:
        ring: the keys of the installation.
        rates: how many calls may be made.
        refused: told of each call that is refused.
    """

    def __init__(
        self, ring: KeyRing, rates: CallRates, refused: Callable[[CallLimit], None]
    ) -> None:
        self._ring = ring
        self._refused = refused
        self._take_predict = _taking(rates.predict)
        self._take_call = _taking(rates.calls)
        self._take_address = _taking(rates.address)
        self._take_guess = _taking(rates.refused)

    async def passed(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, by the application or that there were too many."""
        try:
            await self._admit(scope)
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return
        await app(scope, receive, send)

    def predict(self, client: Client) -> None:
        """Counts a call of `/predict`.

        Raises:
            Problem: 429, it is one too many.
        """
        if wait := self._take_predict(counted_as(client)):
            raise self._problem(CallLimit.PREDICT, wait)

    async def meet(self, scope: Scope) -> None:
        """Counts a call whose key, if it brings one, this worker has not met before.

        Raises:
            Problem: 429, it is one too many from its address.
        """
        address = network_of(scope["client"][0]) if scope.get("client") else ""
        if wait := self._take_address(address):
            raise self._problem(CallLimit.ADDRESS, wait)
        if not secret_of(scope) or not await self._is_unknown(scope):
            return
        if wait := self._take_guess(address):
            raise self._problem(CallLimit.REFUSED, wait)

    async def _admit(self, scope: Scope) -> None:
        client = self._at_once(scope)
        if client is None:
            await self.meet(scope)
        elif wait := self._take_call(counted_as(client)):
            raise self._problem(CallLimit.CALLS, wait)

    def _at_once(self, scope: Scope) -> Client | None:
        """Who calls, if this worker has met the key; one that does not count is told by the route,
        since some ask for none."""
        try:
            return self._ring.known(scope, None)
        except Problem:
            return None

    async def _is_unknown(self, scope: Scope) -> bool:
        try:
            await self._ring.client(scope, None)
        except Problem as problem:
            return problem.status == UNAUTHORIZED
        return False

    def _problem(self, limit: CallLimit, wait: int) -> Problem:
        self._refused(limit)
        return Problem(429, WHY[limit], retry_after=wait)


def counted_as(client: Client) -> str:
    """Under which name the calls of a client are counted."""
    return client.key_id or client.name


def _window(rate: RateLimitItem | None) -> CallWindow | None:
    return None if rate is None else CallWindow(rate, time.time, time.monotonic)


def _taking(rate: RateLimitItem | None) -> Callable[[str], int]:
    window = _window(rate)
    return _nothing if window is None else window.take


def _nothing(_caller: str) -> int:
    return 0
