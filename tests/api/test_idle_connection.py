"""How long a connection without a request is kept, and what it costs to tell."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.api.test_direct_connection import BothWays, client, listening, only, request, seen

KEPT = 1
"""uvicorn's setting, in whole seconds."""

ORDINARY = request(b"POST /labels HTTP/1.1")
DIRECT = request()


async def _answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: bytes) -> None:
    writer.write(way)
    await asyncio.wait_for(reader.readuntil(b"}"), 5)


@pytest.mark.parametrize("way", [DIRECT, ORDINARY], ids=["direct", "ordinary"])
def test_a_connection_is_closed_once_nothing_has_come_for_the_time_that_is_set(way: bytes) -> None:
    async def scenario() -> tuple[bytes, float]:
        async with (
            listening(BothWays(), timeout_keep_alive=KEPT) as (port, _),
            client(port) as (reader, writer),
        ):
            for _ in range(3):
                await _answered(reader, writer, way)
                await asyncio.sleep(0.7 * KEPT)
            await _answered(reader, writer, way)
            began = time.monotonic()
            rest = await asyncio.wait_for(reader.read(), 5)
            return rest, time.monotonic() - began

    rest, waited = asyncio.run(scenario())

    assert rest == b""
    assert 0.9 * KEPT <= waited < 3 * KEPT


def test_an_answer_that_takes_longer_than_that_is_waited_for() -> None:
    both = BothWays()
    both.held = []

    async def scenario() -> bytes:
        async with (
            listening(both, timeout_keep_alive=KEPT) as (port, _),
            client(port) as (reader, writer),
        ):
            writer.write(DIRECT)
            await seen(lambda: both.held)
            assert both.held is not None
            both.held.pop()()
            await reader.readuntil(b"}")
            writer.write(DIRECT)
            await asyncio.sleep(1.5 * KEPT)
            both.held.pop()()
            return await asyncio.wait_for(reader.readuntil(b"}"), 5)

    assert asyncio.run(scenario()).startswith(b"HTTP/1.1 200")


def test_many_requests_of_a_connection_make_one_timer() -> None:
    async def scenario() -> list[Any]:
        async with (
            listening(BothWays(), timeout_keep_alive=60) as (port, state),
            client(port) as (reader, writer),
        ):
            await _answered(reader, writer, DIRECT)
            connection = only(next(iter(state.connections)))
            timers = [connection._idle_timer]
            for way in (DIRECT, ORDINARY, DIRECT):
                await _answered(reader, writer, way)
                timers.append(connection._idle_timer)
            return timers

    first, *others = asyncio.run(scenario())

    assert first is not None
    assert all(timer is first for timer in others)


def test_a_connection_that_is_gone_leaves_no_timer() -> None:
    async def scenario() -> list[asyncio.TimerHandle | None]:
        async with listening(BothWays(), timeout_keep_alive=60) as (port, state):
            async with client(port) as (reader, writer):
                await _answered(reader, writer, DIRECT)
                connection = only(next(iter(state.connections)))
                timer = connection._idle_timer
            await seen(lambda: not state.connections)
            return [timer, connection._idle_timer]

    timer, after = asyncio.run(scenario())

    assert timer is not None and timer.cancelled()
    assert after is None
