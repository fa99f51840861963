"""Callers that keep a worker waiting."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from starlette.types import Message

from api.http.body import read_body
from api.http.problems import Problem
from tests import local
from tests.api.conftest import World
from tests.api.server import Server, served, until

RECORD = {"inde": 7.5}
MANY = 400
HEADERS = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
BODY = b"POST /labels HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n["
REFUSED = b"POST /predict HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1000\r\n\r\n{"
BLANK = b"\r\n"


@pytest.fixture(scope="module")
def one_worker(world: World) -> Iterator[Server]:
    with served(world.home, workers=1, http="tests.api.short:ShortProtocol") as running:
        until(lambda: all(w["version"] for w in running.workers()))
        yield running


def connect(server: Server, first: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
    connection.sendall(first)
    return connection


@contextlib.contextmanager
def dripping(server: Server, first: bytes, count: int) -> Iterator[list[socket.socket]]:
    """Connections that send a byte each fifth of a second for as long as they are let."""
    over = threading.Event()
    connections = [connect(server, first) for _ in range(count)]

    def drip() -> None:
        while not over.wait(0.2):
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.send(b"\n" if first == BLANK else b" ", socket.MSG_DONTWAIT)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield connections
    finally:
        over.set()
        thread.join()
        for connection in connections:
            connection.close()


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side has closed, an answer that was not read yet aside."""
    try:
        while connection.recv(65_536, socket.MSG_DONTWAIT):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def usual_seconds(server: Server) -> float:
    """The median of five answers: on a machine that does other things one may take longer."""
    taken = []
    for _ in range(5):
        started = time.monotonic()
        assert server.post("/predict", RECORD).status_code == 200
        taken.append(time.monotonic() - started)
    return sorted(taken)[2]


@pytest.mark.parametrize("first", [HEADERS, REFUSED, BLANK], ids=["headers", "refused", "blank"])
def test_slow_connections_are_closed_and_others_answered_meanwhile(
    one_worker: Server, first: bytes
) -> None:
    with dripping(one_worker, first, MANY) as connections:
        took = usual_seconds(one_worker)
        until(lambda: all(is_closed(connection) for connection in connections), 30)

    assert took < 1


def test_while_many_bodies_drip_others_are_answered(one_worker: Server) -> None:
    """They are answered 408 after ten seconds; the test of `read_body` waits for that."""
    with dripping(one_worker, BODY, MANY):
        assert usual_seconds(one_worker) < 1


def test_a_connection_beyond_the_most_is_told_to_come_back(world: World) -> None:
    with (
        served(world.home, workers=1, http="tests.api.short:NarrowProtocol") as narrow,
        dripping(narrow, HEADERS, 2),
    ):
        beyond = connect(narrow, b"")
        beyond.settimeout(10)
        told = beyond.recv(1000)
        beyond.close()

    assert told.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after" in told


def test_headers_without_an_end_are_cut_off(one_worker: Server) -> None:
    connection = connect(one_worker, HEADERS)
    connection.settimeout(10)

    with pytest.raises(OSError):
        for _ in range(1_000):
            connection.sendall(b"a" * 10_000)
            time.sleep(0.001)
    connection.close()


def test_an_ordinary_client_keeps_its_connection(one_worker: Server) -> None:
    with local.client(base_url=one_worker.url) as client:
        for pause in (0.0, 1.5, 1.5, 0.0):
            time.sleep(pause)
            answer = client.post("/predict", json=RECORD)
            assert answer.status_code == 200
            assert answer.headers.get("connection") != "close"


def test_a_body_that_comes_too_slowly_is_answered_408() -> None:
    async def drip() -> Message:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b" ", "more_body": True}

    with pytest.raises(Problem) as refused:
        asyncio.run(read_body(drip, 1_000, seconds=0.3))

    assert refused.value.status == 408
    assert refused.value.response().headers["connection"] == "close"


def test_a_large_body_has_the_time_that_its_size_needs() -> None:
    left = [b"x" * 10_000] * 10

    async def steady() -> Message:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    body = asyncio.run(read_body(steady, 1_000_000, seconds=0.1))

    assert len(body) == 100_000
