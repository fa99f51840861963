"""What a browser may do with an answer, whatever the answer is."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import httpx
import pytest
from starlette.types import Message

from api.http.secure_headers import secured
from tests import local
from tests.api.conftest import World
from tests.api.server import Server, served, until

RECORD = {"inde": 7.5}
ANSWERS = {
    "a prediction": ("POST", "/predict", RECORD),
    "one that is refused": ("POST", "/predict", {"inde": "x"}),
    "another method": ("GET", "/predict", None),
    "a task's prediction": ("POST", "/tasks/pede_lag/predict", RECORD),
    "no such task": ("GET", "/tasks/nobody/schema", None),
    "a route": ("GET", "/schema", None),
    "a wrong query": ("GET", "/runs?limit=x", None),
    "no such route": ("GET", "/nowhere", None),
    "a method that is not there": ("PUT", "/schema", None),
    "metrics": ("GET", "/metrics", None),
    "the page": ("GET", "/openapi.json", None),
}
PAGES = {
    "home": "/", "docs": "/docs", "redoc": "/redoc", "card": "/models/v1/card?format=html",
}  # fmt: skip


@pytest.fixture(scope="module")
def one(world: World) -> Iterator[Server]:
    with served(world.home, workers=1) as running:
        until(lambda: running.get("/health/ready").status_code == 200)
        yield running


def lacks(answer: httpx.Response) -> set[str]:
    wanted = {"x-content-type-options", "content-security-policy", "cache-control"}
    if answer.headers.get("content-type", "").startswith("text/html"):
        wanted |= {"x-frame-options", "referrer-policy"}
    return wanted - answer.headers.keys()


def test_every_answer_says_what_a_browser_may_do_with_it(one: Server) -> None:
    answers = {
        name: local.request(method, one.url + path, json=body)
        for name, (method, path, body) in ANSWERS.items()
    } | {name: local.get(one.url + path) for name, path in PAGES.items()}
    answers["a foreign page"] = one.get("/schema", Origin="https://evil.example")
    answers["no slash"] = one.get("/docs/")

    assert {name: lacks(answer) for name, answer in answers.items() if lacks(answer)} == {}
    assert {a.headers["x-content-type-options"] for a in answers.values()} == {"nosniff"}
    assert answers["a prediction"].headers["cache-control"] == "no-store"


def test_no_page_but_the_documentation_runs_a_script(one: Server) -> None:
    policies = {
        name: one.get(path).headers["content-security-policy"] for name, path in PAGES.items()
    }

    scripted = [name for name, policy in policies.items() if "script-src" in policy]
    assert scripted == ["docs", "redoc"]
    assert all("default-src 'none'" in policy for policy in policies.values())
    assert all("frame-ancestors 'none'" in policy for policy in policies.values())


def test_scripts_of_the_documentation_may_be_kept_by_a_browser(one: Server) -> None:
    script = one.get("/docs/static/swagger-ui.css")

    assert script.headers["x-content-type-options"] == "nosniff"
    assert "no-store" not in script.headers.get("cache-control", "")


def test_what_is_no_http_is_answered_as_other_errors_are(one: Server) -> None:
    with socket.create_connection(("127.0.0.1", httpx.URL(one.url).port or 0), 10) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        told = b""
        while piece := connection.recv(4096):
            told += piece

    assert told.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in told
    assert b"x-content-type-options: nosniff" in told


def test_what_a_route_says_of_itself_counts() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    own = [(b"cache-control", b"private"), (b"content-security-policy", b"sandbox")]
    start = {"type": "http.response.start", "status": 200, "headers": own}
    asyncio.run(_through(secured(send, "r1"), start))

    theirs = {b"x-content-type-options": b"nosniff", b"x-request-id": b"r1"}
    assert dict(sent[0]["headers"]) == {**dict(own), **theirs}


async def _through(send: object, message: Message) -> None:
    assert callable(send)
    await send(message)
