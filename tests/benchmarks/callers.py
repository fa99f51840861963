"""Callers without a network: bytes into uvicorn's connections, and out of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from api.http.protocol import BoundedProtocol

HOUR = 3_600


class _Wire(asyncio.Transport):
    """A client's end that takes every byte; `answered` is set by the last one of an answer."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 8000)})
        self.answered: asyncio.Future[None] | None = None

    def write(self, data: Any) -> None:
        assert self.answered is not None
        if data.startswith(b"HTTP") and not data.startswith(b"HTTP/1.1 200"):
            self.answered.set_exception(RuntimeError(str(data)))
        elif b"latency_ms" in data:
            self.answered.set_result(None)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        raise AssertionError("the server closed the connection")

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Callers:
    """So many connections to an application, each of which waits for its answer.

    Args:
        lines: the server's ends.
        wires: the clients' ends.
        requests: what is sent, one after the other and again.
    """

    def __init__(
        self,
        lines: Sequence[BoundedProtocol],
        wires: Sequence[_Wire],
        requests: Sequence[bytes],
    ) -> None:
        self._lines = lines
        self._wires = wires
        self._requests = requests

    async def micros(self, calls: int) -> float:
        """µs of processor time of this thread for a request, of about so many."""
        loop, turns = asyncio.get_running_loop(), calls // len(self._lines)
        given = iter(list(islice(cycle(self._requests), turns * len(self._lines))))
        started = time.thread_time()
        for _ in range(turns):
            waits = []
            for line, wire in zip(self._lines, self._wires, strict=True):
                wire.answered = loop.create_future()
                waits.append(wire.answered)
                line.data_received(next(given))
            for wait in waits:
                await wait
        return (time.thread_time() - started) / (turns * len(self._lines)) * 1e6


@contextmanager
def calling(app: Any, raw: Sequence[bytes], together: int) -> Iterator[Callers]:
    """Callers of an application, so many at a time.

    Args:
        app: the application, whose lifespan's state is in `app.state.of_lifespan`.
        raw: bodies.
        together: callers.
    """
    config = Config(
        app, http=BoundedProtocol, lifespan="off", access_log=False, log_level="warning",
        timeout_keep_alive=HOUR,
    )  # fmt: skip
    config.load()
    server = ServerState()
    state: dict[str, Any] = getattr(getattr(app, "state", None), "of_lifespan", {})
    wires = [_Wire() for _ in range(together)]
    lines = [BoundedProtocol(config, server, state) for _ in wires]
    for line, wire in zip(lines, wires, strict=True):
        line.connection_made(wire)
    try:
        yield Callers(lines, wires, [_request(body) for body in raw])
    finally:
        for line in lines:
            line.connection_lost(OSError())


def headers_of(body: bytes) -> Mapping[bytes, bytes]:
    """The headers that each caller sends."""
    return {
        b"Host": b"127.0.0.1:8000", b"Content-Type": b"application/json",
        b"Content-Length": str(len(body)).encode(),
    }  # fmt: skip


def _request(body: bytes) -> bytes:
    headers = b"".join(b"%b: %b\r\n" % header for header in headers_of(body).items())
    return b"POST /predict HTTP/1.1\r\n%b\r\n%b" % (headers, body)
