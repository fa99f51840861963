"""A prediction that the connection answers by itself, beside one that goes the ordinary way."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests import local
from tests.api.conftest import World
from tests.api.keys import make_key
from tests.api.server import Server, served, until

RECORD = {"inde": 7.5, "student_id": "RA-1", "period": "2024"}
BODY = json.dumps(RECORD).encode()
VARYING = {"prediction_id", "latency_ms"}


@pytest.fixture(scope="module")
def one(world: World) -> Iterator[Server]:
    with served(world.home, workers=1) as running:
        until(lambda: all(w["version"] for w in running.workers()))
        yield running


def is_direct(answer: httpx.Response) -> bool:
    """Whether the connection itself wrote an answer: with the length after all that is ours."""
    names = list(answer.headers)
    return names.index("content-length") > names.index("x-request-id")


def request(body: bytes = BODY, *headers: bytes, path: bytes = b"/predict") -> bytes:
    lines = [
        b"POST %b HTTP/1.1" % path, b"Host: 127.0.0.1", b"Content-Type: application/json",
        b"Content-Length: %d" % len(body), *headers,
    ]  # fmt: skip
    return b"\r\n".join([*lines, b"", body])


def at_once(
    server: Server, path: str = "/predict", body: bytes = BODY, key: str = ""
) -> httpx.Response:
    """The answer to a request that comes in one packet, as one of httpx comes only by chance."""
    headers = [b"X-API-Key: %b" % key.encode()] if key else []
    told = request(body, *headers, b"Connection: close", path=path.encode())
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), 10) as open_:
        open_.sendall(told)
        came = b"".join(iter(lambda: open_.recv(65_536), b""))
    head, _, content = came.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    named = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    return httpx.Response(int(status.split()[1]), headers=named, content=content)


def sent(server: Server, *parts: bytes, answers: int = 1) -> bytes:
    """What comes back for these bytes, each part in a packet of its own."""
    port = int(server.url.rpartition(":")[2])
    came = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
            time.sleep(0.05)
        while came.count(b"latency_ms") < answers and (more := connection.recv(65_536)):
            came += more
    return came


def test_both_ways_give_the_same_answer_with_the_same_headers(one: Server) -> None:
    direct = at_once(one)
    ordinary = at_once(one, "/predict?source=api")

    assert direct.status_code == ordinary.status_code == 200
    assert (is_direct(direct), is_direct(ordinary)) == (True, False)
    assert direct.headers.keys() == ordinary.headers.keys()
    unlike = {"x-request-id", "date", "content-length"}
    assert {n: v for n, v in direct.headers.items() if n not in unlike} == {
        n: v for n, v in ordinary.headers.items() if n not in unlike
    }
    told, also = direct.json(), ordinary.json()
    assert list(told) == list(also)
    assert {k: v for k, v in told.items() if k not in VARYING} == {
        k: v for k, v in also.items() if k not in VARYING
    }


def test_the_id_of_the_request_is_the_one_that_came(one: Server) -> None:
    given = "7f3c1f1e-6a5b-4f0e-9b1d-2f1f6f0c9a11"

    answer = one.post("/predict", RECORD, **{"X-Request-ID": given})

    assert answer.headers["x-request-id"] == given


def test_what_is_wrong_is_told_as_on_the_ordinary_way(one: Server) -> None:
    answer = one.post("/predict", {"inde": 70, "mystery": 1})

    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"inde", "mystery"}


def test_a_body_that_comes_in_two_packets_is_answered(one: Server) -> None:
    whole = request()

    assert sent(one, whole[:-9], whole[-9:]).startswith(b"HTTP/1.1 200")


def test_requests_sent_without_waiting_are_answered_in_their_order(one: Server) -> None:
    bodies = [json.dumps(RECORD | {"student_id": f"P-{i}"}).encode() for i in range(5)]

    came = sent(one, b"".join(request(body) for body in bodies), answers=5)

    assert came.count(b"HTTP/1.1 200") == 5
    places = [came.index(b'"student_id":"P-%d"' % i) for i in range(5)]
    assert places == sorted(places)


def test_a_connection_that_is_to_be_closed_is_closed_after_the_answer(one: Server) -> None:
    came = sent(one, request(BODY, b"Connection: close"), answers=2)

    assert came.startswith(b"HTTP/1.1 200")
    assert b"connection: close\r\n" in came
    assert came.count(b"latency_ms") == 1


def test_a_body_that_is_too_long_is_refused_though_it_comes_at_once(one: Server) -> None:
    answer = one.post("/predict", RECORD | {"mystery": "x" * 65_536})

    assert answer.status_code == 413


def test_a_body_that_is_no_http_is_refused_and_the_worker_goes_on(one: Server) -> None:
    lines = [b"POST /predict HTTP/1.1", b"Host: 127.0.0.1", b"Transfer-Encoding: chunked"]

    came = sent(one, b"\r\n".join([*lines, b"", b"ZZ", b"{}"]))

    assert came.startswith(b"HTTP/1.1 400")
    assert one.post("/predict", RECORD).status_code == 200
    assert "Traceback" not in (one.home / "server.log").read_text("utf-8")


def test_a_body_in_chunks_is_answered(one: Server) -> None:
    lines = [b"POST /predict HTTP/1.1", b"Host: 127.0.0.1", b"Transfer-Encoding: chunked"]
    whole = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)

    assert sent(one, b"\r\n".join([*lines, b"", whole])).startswith(b"HTTP/1.1 200")


def test_a_call_that_is_one_too_many_is_counted_once(world: World) -> None:
    with served(
        world.home, workers=1, auth="keys", env={"FAROL_RATE_PREDICT": "5/10 minutes"}
    ) as made:
        until(lambda: all(w["version"] for w in made.workers()))
        key = make_key(world.home, "--scope", "predict")
        wrong = [at_once(made, body=b'{"inde": 70}', key=key).status_code for _ in range(3)]
        good = [at_once(made, key=key) for _ in range(4)]

    assert wrong == [422, 422, 422]
    assert [answer.status_code for answer in good] == [200, 200, 429, 429]
    assert [is_direct(answer) for answer in good] == [True, True, False, False]


def test_a_client_that_went_away_disturbs_nobody(one: Server) -> None:
    port = int(one.url.rpartition(":")[2])
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(request())

    assert one.post("/predict", RECORD).status_code == 200
    assert "Traceback" not in (one.home / "server.log").read_text("utf-8")


def test_whoever_is_behind_a_proxy_is_no_neighbour(one: Server) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9"}

    answer = local.post(f"{one.url}/predict", json=RECORD, headers=headers)

    assert answer.status_code == 403
