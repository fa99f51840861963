"""Which requests a connection answers itself: uvicorn's own, with no server around it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from api.http.body import SMALL, read_body
from api.http.direct import DIRECT, Address, Answered, Ordinary
from api.http.protocol import BoundedProtocol
from api.http.secure_headers import Header

POST = b"POST /predict HTTP/1.1"
CLOSE = b"Connection: close"
BODY = b'{"inde":7.5}'
CHUNKS = b"%x\r\n%b\r\n0\r\nX-More: 1\r\n\r\n" % (len(BODY), BODY)


class BothWays:
    """An application, and what answers in its place; both send the body back, with their name."""

    def __init__(self) -> None:
        self.told: Ordinary | None = None
        self.held: list[Callable[[], None]] | None = None
        self.scopes: list[Scope] = []

    def direct(
        self, _headers: list[Header], _address: Address, body: bytes, answered: Answered
    ) -> Ordinary | None:
        if self.told is not None:
            return self.told
        answer = partial(answered, 200, b"x-way: direct\r\n", body)
        if self.held is None:
            asyncio.get_running_loop().call_soon(answer)
        else:
            self.held.append(answer)
        return None

    async def ordinary(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        body = await read_body(receive, SMALL)
        headers = [(b"x-way", b"ordinary"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def listening(both: BothWays, **more: Any) -> AsyncIterator[tuple[int, ServerState]]:
    """A port with such connections behind it, and what they have in common."""
    config = Config(
        both.ordinary, http=BoundedProtocol, ws="none", lifespan="off", interface="asgi3",
        log_config=None, **{"access_log": False, **more},
    )  # fmt: skip
    config.load()
    state = ServerState()
    offered = {DIRECT: {b"/predict": both.direct}}
    server = await asyncio.get_running_loop().create_server(
        partial(BoundedProtocol, config, state, offered), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1], state
    finally:
        server.close()
        for connection in list(state.connections):
            only(connection).transport.abort()
        await seen(lambda: not state.connections)


@asynccontextmanager
async def client(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def sent(port: int, *parts: bytes) -> bytes:
    """All that comes back for these packets until the connection is closed."""
    async with client(port) as (reader, writer):
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.02)
        return await asyncio.wait_for(reader.read(), 5)


async def seen(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)


def only(connection: object) -> BoundedProtocol:
    assert isinstance(connection, BoundedProtocol)
    return connection


def request(line: bytes = POST, *headers: bytes, body: bytes = BODY) -> bytes:
    lines = [line, b"Host: 127.0.0.1", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


def run(scenario: Coroutine[Any, Any, bytes]) -> bytes:
    return asyncio.run(scenario)


CHUNKED = b"\r\n".join(
    [POST, b"Host: 127.0.0.1", b"Transfer-Encoding: chunked", CLOSE, b"", CHUNKS]
)
WHOLE = request(POST, CLOSE)


@pytest.mark.parametrize(
    ("parts", "way"),
    [
        ([WHOLE], b"direct"),
        ([CHUNKED], b"direct"),
        ([WHOLE[:-3], WHOLE[-3:]], b"ordinary"),
        ([CHUNKED[:-9], CHUNKED[-9:]], b"ordinary"),
        ([request(POST, CLOSE, b"Expect: 100-continue")], b"ordinary"),
        ([request(b"POST /predict HTTP/1.0")], b"ordinary"),
        ([request(b"PUT /predict HTTP/1.1", CLOSE)], b"ordinary"),
        ([request(b"POST /predict?explain=true HTTP/1.1", CLOSE)], b"ordinary"),
        ([request(b"POST /%70redict HTTP/1.1", CLOSE)], b"ordinary"),
        ([request(b"POST http://127.0.0.1/predict HTTP/1.1", CLOSE)], b"ordinary"),
    ],
    ids=[
        "whole", "chunks and a trailer", "two packets", "chunks in two", "expect", "HTTP/1.0",
        "method", "query", "percent", "absolute",
    ],
)  # fmt: skip
def test_what_is_unusual_goes_the_ordinary_way_with_its_whole_body(
    parts: list[bytes], way: bytes
) -> None:
    async def scenario() -> bytes:
        async with listening(BothWays()) as (port, _):
            return await sent(port, *parts)

    came = run(scenario())

    assert came.count(b"x-way: ") == 1
    assert b"x-way: %b\r\n" % way in came
    assert came.endswith(b"\r\n\r\n" + BODY)


@pytest.mark.parametrize("more", [{"limit_concurrency": 9}, {"access_log": True}])
def test_where_uvicorn_is_to_limit_or_to_log_requests_all_go_the_ordinary_way(
    more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> bytes:
        async with listening(BothWays(), **more) as (port, _):
            return await sent(port, WHOLE)

    if "access_log" in more:
        log = logging.getLogger("uvicorn.access")
        monkeypatch.setattr(log, "handlers", [logging.NullHandler()])

    assert b"x-way: ordinary\r\n" in run(scenario())


def test_the_ordinary_way_is_told_what_was_found_and_begins_with_the_whole_request() -> None:
    both = BothWays()
    both.told = {"farol.found": "counted"}

    async def scenario() -> bytes:
        async with listening(both) as (port, _):
            return await sent(port, WHOLE)

    came = run(scenario())

    assert came.endswith(BODY)
    assert [scope["farol.found"] for scope in both.scopes] == ["counted"]


def test_who_sends_without_waiting_is_answered_in_order_however_long_the_first_takes() -> None:
    both = BothWays()
    both.held = []

    async def scenario() -> bytes:
        async with listening(both) as (port, _), client(port) as (reader, writer):
            writer.write(request() + WHOLE)
            await seen(lambda: both.held)
            await asyncio.sleep(0.05)
            assert both.scopes == []
            assert both.held is not None
            both.held[0]()
            return await asyncio.wait_for(reader.read(), 5)

    came = run(scenario())

    assert 0 < came.index(b"x-way: direct\r\n") < came.index(b"x-way: ordinary\r\n")


def test_a_server_that_stops_waits_for_the_answer_and_closes_after_it() -> None:
    both = BothWays()
    both.held = []

    async def scenario() -> bytes:
        async with listening(both) as (port, state), client(port) as (reader, writer):
            writer.write(request())
            await seen(lambda: both.held)
            for connection in list(state.connections):
                connection.shutdown()
            await asyncio.sleep(0.05)
            assert len(state.connections) == 1
            assert both.held is not None
            both.held[0]()
            return await asyncio.wait_for(reader.read(), 5)

    came = run(scenario())

    assert b"connection: close\r\n" in came
    assert came.endswith(BODY)


def test_a_client_that_went_away_meanwhile_is_not_written_to() -> None:
    both = BothWays()
    both.held = []

    async def scenario() -> bytes:
        async with listening(both) as (port, state):
            async with client(port) as (_, writer):
                writer.write(request())
                await seen(lambda: both.held)
            await seen(lambda: not state.connections)
            assert both.held is not None
            both.held[0]()
            both.held = None
            return await sent(port, WHOLE)

    assert b"x-way: direct\r\n" in run(scenario())


def test_a_client_that_does_not_read_is_waited_for() -> None:
    both = BothWays()

    async def scenario() -> bytes:
        async with listening(both) as (port, state), client(port) as (reader, writer):
            await seen(lambda: state.connections)
            connection = only(next(iter(state.connections)))
            connection.pause_writing()
            writer.write(WHOLE)
            await seen(lambda: both.scopes)
            connection.resume_writing()
            return await asyncio.wait_for(reader.read(), 5)

    assert b"x-way: ordinary\r\n" in run(scenario())


def test_a_request_is_answered_once_and_counted() -> None:
    both = BothWays()
    both.held = []

    async def scenario() -> bytes:
        async with listening(both) as (port, state), client(port) as (reader, writer):
            writer.write(WHOLE)
            await seen(lambda: both.held)
            assert both.held is not None
            both.held[0]()
            with pytest.raises(RuntimeError, match="once"):
                both.held[0]()
            assert state.total_requests == 1
            return await asyncio.wait_for(reader.read(), 5)

    assert run(scenario()).count(b"HTTP/1.1 200") == 1
