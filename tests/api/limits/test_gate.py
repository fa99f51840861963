"""Calls that are too many, over HTTP, with limits so low that a test reaches them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from api.limits.gate import counted_as
from api.security import Client
from tests import local
from tests.api.conftest import World
from tests.api.keys import keys
from tests.api.server import Server, served, until
from tests.api.strict import StrictPage

RECORD = {"inde": 7.5}
LOW = {
    "FAROL_RATE_PREDICT": "20/10 minutes",
    "FAROL_RATE_CALLS": "10/10 minutes",
    "FAROL_RATE_ADDRESS": "300/10 minutes",
    "FAROL_RATE_REFUSED": "5/10 minutes",
}


CLIENTS = ("runaway", "calm", "in a circle", "beside a guesser", "known")


@dataclass(frozen=True, slots=True)
class Bounded:
    """A server with low limits, and a key of each client."""

    server: Server
    keys: Mapping[str, Mapping[str, str]]

    @contextmanager
    def from_address(self, address: str) -> Iterator[httpx.Client]:
        """A client of another address of this machine."""
        transport = httpx.HTTPTransport(local_address=address)
        with local.client(base_url=self.server.url, transport=transport) as client:
            yield client

    def limited(self, limit: str) -> float:
        return self._told(f'farol_limited_total{{limit="{limit}"}}')

    def counted(self, status: int) -> float:
        """Calls of no route that were answered so."""
        labels = f'operation="none",status="{status}",task="pede_lag"'
        return self._told(f"farol_requests_total{{{labels}}}")

    def _told(self, series: str) -> float:
        found = re.search(rf"^{re.escape(series)} (.*)$", self.server.get("/metrics").text, re.M)
        return float(found[1]) if found else 0.0


@pytest.fixture(scope="module")
def bounded(world: World) -> Iterator[Bounded]:
    made = {name: {"Authorization": f"Bearer {key_of(world, name)}"} for name in CLIENTS}
    with served(world.home, workers=1, auth="keys", env=LOW) as running:
        until(lambda: running.get("/health/ready").status_code == 200)
        yield Bounded(running, made)


def key_of(world: World, name: str) -> str:
    return keys(world.home, "create", "--name", name, "--scope", "predict,read")


def too_many(answer: httpx.Response) -> bool:
    """Whether that is what is told, with the time to wait."""
    if answer.status_code != 429:
        return False
    assert 0 < int(answer.headers["retry-after"]) <= 600
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 429
    return True


def test_a_key_that_runs_away_is_told_to_wait_and_others_are_answered(bounded: Bounded) -> None:
    runaway, school = bounded.keys["runaway"], bounded.keys["calm"]

    answers = [bounded.server.post("/predict", RECORD, **runaway) for _ in range(25)]

    assert [a.status_code for a in answers[:20]] == [200] * 20
    assert all(map(too_many, answers[20:]))
    assert bounded.server.post("/predict", RECORD, **school).status_code == 200
    assert bounded.limited("predict") == 5
    # Other calls have a limit of their own.
    assert bounded.server.get("/schema", **runaway).status_code == 200


def test_other_calls_of_a_key_are_counted_over_all_routes_and_tasks(bounded: Bounded) -> None:
    key = bounded.keys["in a circle"]
    paths = (
        "/schema",
        "/tasks/pede_lag/schema",
        "/tasks/nobody/schema",
        "/predict",
        "/nowhere",
    ) * 3

    before = {status: bounded.counted(status) for status in (404, 405, 429)}
    answers = [bounded.server.get(path, **key) for path in paths]

    assert [a.status_code for a in answers[:5]] == [200, 200, 404, 405, 404]
    assert not any(map(too_many, answers[:10]))
    assert all(map(too_many, answers[11:]))
    assert all(a.headers["x-content-type-options"] == "nosniff" for a in answers)
    for status, had in before.items():
        told = sum(answer.status_code == status for answer in answers)
        assert bounded.counted(status) == had + told > had, status
    page = StrictPage(bounded.server.get("/openapi.json").json())
    assert page.faults("get_schema", bounded.server.get("/schema", **key)) == []


def test_two_keys_of_one_name_are_counted_apart_and_a_person_by_the_name() -> None:
    one, other, token, person = (
        Client("school", frozenset(), key_id=key_id) for key_id in ("k1", "k2", "token-1", "")
    )

    assert [counted_as(c) for c in (one, other, token, person)] == ["k1", "k2", "token-1", "school"]


def test_who_tries_keys_is_told_to_wait_and_a_right_key_from_there_is_let_in(
    bounded: Bounded,
) -> None:
    right = bounded.keys["beside a guesser"]
    with bounded.from_address("127.0.0.2") as guesser:
        tried = [
            guesser.post("/predict", json=RECORD, headers={"X-API-Key": f"guess{number}"})
            for number in range(10)
        ]
        elsewhere = guesser.get("/tasks", headers={"X-API-Key": "guess"})

        assert [a.status_code for a in tried] == [401] * 5 + [429] * 5
        assert all(map(too_many, [*tried[5:], elsewhere]))
        assert guesser.get("/tasks", headers=right).status_code == 200
        assert guesser.get("/health/live").status_code == 200
        assert {guesser.post("/predict", json=RECORD).status_code for _ in range(10)} == {401}
    assert bounded.server.get("/tasks", **{"X-API-Key": "guess"}).status_code == 401
    assert bounded.limited("refused") == 6


def test_calls_without_a_key_are_counted_by_address(bounded: Bounded) -> None:
    key = bounded.keys["known"]
    with bounded.from_address("127.0.0.3") as client:
        assert client.get("/tasks", headers=key).status_code == 200

        answers = [client.get("/health/live") for _ in range(310)]

        assert answers[290].status_code == 200
        assert too_many(answers[-1])
        assert client.get("/tasks", headers=key).status_code == 200
    assert bounded.server.get("/health/live").status_code == 200
