"""Reading a request's body within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any

from starlette.types import Receive

from api.http.problems import Problem

SMALL = 64 * 1024
LARGE = 16 * 1024 * 1024

SECONDS = 10.0
BYTES_PER_SECOND = 50_000
"""Slower than any line of a school; a body of 16 MB has some five minutes."""


class Disconnected(Exception):
    """The caller went away before the whole body came."""


async def read_body(receive: Receive, limit: int, *, seconds: float = SECONDS) -> bytes:
    """The whole body.

    Args:
        receive: the request's messages.
        limit: bytes at most.
        seconds: how long it may take to begin; every 50 kB that came give it a second more.

    Raises:
        Problem: 408, it comes too slowly; 413, longer than `limit` bytes.
        Disconnected: nobody is there to answer.
    """
    progress = Progress()
    reading = _read(receive, limit, progress)
    try:
        waits_for = reading.send(None)
    except StopIteration as done:
        # It was there. A timeout would cost ten times what reading it did.
        body: bytes = done.value
        return body
    try:
        async with asyncio.timeout(seconds) as clock:
            progress.clock = clock
            return await _resumed(reading, waits_for)
    except TimeoutError as error:
        raise Problem.of_field("body", "came too slowly", status=408) from error


class Progress:
    """Puts a deadline off by what came; there is none before the first wait."""

    __slots__ = ("clock",)

    def __init__(self) -> None:
        self.clock: asyncio.Timeout | None = None

    def came(self, size: int) -> None:
        """More of the body."""
        until = self.clock.when() if self.clock else None
        if self.clock and until is not None:
            self.clock.reschedule(until + size / BYTES_PER_SECOND)


async def _read(receive: Receive, limit: int, progress: Progress) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        _check(size, limit)
        if not message.get("more_body"):
            return b"".join([*chunks, chunk]) if chunks else chunk
        chunks.append(chunk)
        progress.came(len(chunk))


@coroutine
def _resumed(reading: Coroutine[Any, Any, bytes], waits_for: Any) -> Generator[Any, Any, bytes]:
    """Goes on with a coroutine that was run by hand up to its first wait."""
    try:
        while True:
            try:
                given = yield waits_for
            except BaseException as error:  # noqa: BLE001  a cancellation too is its own to handle
                waits_for = reading.throw(error)
            else:
                waits_for = reading.send(given)
    except StopIteration as done:
        body: bytes = done.value
        return body


def _check(size: int, limit: int) -> None:
    if size > limit:
        raise Problem.of_field("body", f"must be at most {limit} bytes", status=413)
