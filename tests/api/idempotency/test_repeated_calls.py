"""`Idempotency-Key` against a real server of four workers."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
import pytest

from api.idempotency.calls import calls_path
from database.predictions import PredictionRepository
from tests import local
from tests.api.conftest import World
from tests.api.keys import make_key
from tests.api.server import Server, served, until

RECORD = {"student_id": "RA-1", "inde": 7.5, "ida": 3.0, "pedra": "topazio"}
HEADER, AGAIN = "Idempotency-Key", "idempotency-replayed"


class Caller:
    """Sends every call over a connection of its own, so that each worker gets some."""

    def __init__(self, server: Server, secret: str = "") -> None:
        self._url, self._key = server.url, {"X-API-Key": secret} if secret else {}

    def __call__(
        self, path: str, body: object, key: str | None = None, **more: Any
    ) -> httpx.Response:
        headers = self._key | ({} if key is None else {HEADER: key})
        return local.post(self._url + path, json=body, headers=headers, timeout=30, **more)


@pytest.fixture(scope="module")
def post(server: Server) -> Caller:
    return Caller(server)


def test_the_same_call_is_answered_alike_by_every_worker_and_kept_once(
    post: Caller, world: World
) -> None:
    answers = [post("/predict?explain=true", RECORD, "one") for _ in range(12)]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1, "byte for byte, latency_ms too"
    assert [AGAIN in answer.headers for answer in answers] == [False] + [True] * 11
    until(lambda: len(kept(world, RECORD)) == 1)


def test_calls_that_come_together_are_done_once(post: Caller, world: World) -> None:
    record = RECORD | {"student_id": "RA-together"}
    start = threading.Barrier(8)

    def ask(_: int) -> httpx.Response:
        start.wait()
        return post("/predict", record, "together")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert all("retry-after" in one.headers for one in answers if one.status_code == 409)
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert post("/predict", record, "together").headers[AGAIN] == "true"
    until(lambda: len(kept(world, record)) == 1)


def kept(world: World, record: Mapping[str, Any]) -> list[Any]:
    return world.registry.run(PredictionRepository().of_student(str(record["student_id"]), limit=9))


@pytest.mark.parametrize("path", ["/predict", "/predict?explain=true", "/predict/batch"])
def test_a_key_with_another_call_is_refused(post: Caller, path: str) -> None:
    post("/predict", RECORD, "taken")

    answer = post(path, RECORD | {"ida": 4.0}, "taken")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "idempotency-key"


@pytest.mark.parametrize("path", ["/v1/predict", "/tasks/pede_lag/predict"])
def test_whichever_way_a_call_comes_it_is_the_same(post: Caller, path: str) -> None:
    first = post("/predict", RECORD, f"way {path}")

    assert post(path, RECORD, f'"way {path}"').content == first.content


def test_without_a_key_every_call_is_a_new_one(post: Caller) -> None:
    answers = [post("/predict", RECORD) for _ in range(2)]

    assert len({answer.json()["prediction_id"] for answer in answers}) == 2
    assert not any(AGAIN in answer.headers for answer in answers)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_header_that_is_no_key_is_refused(post: Caller, key: str) -> None:
    for path in ("/predict", "/labels"):
        answer = post(path, RECORD, key)

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "idempotency-key"


def test_a_batch_is_scored_once(post: Caller, world: World) -> None:
    records = [RECORD | {"student_id": f"RA-batch-{n}"} for n in range(3)]
    body = {"records": [*records, {"ida": 99}]}

    first, again = (post("/predict/batch", body, "batch") for _ in range(2))

    assert first.content == again.content
    ids = {one["prediction_id"] for one in first.json()["predictions"]}
    assert len(ids) == 3
    until(lambda: [len(kept(world, record)) for record in records] == [1, 1, 1])


def test_a_batch_that_another_host_does_anew_names_its_predictions_as_before(
    post: Caller, world: World
) -> None:
    records = [RECORD | {"student_id": f"RA-anew-{n}"} for n in range(2)]
    first = post("/predict/batch", {"records": records}, "anew").json()
    until(lambda: all(kept(world, record) for record in records))
    assert post("/students/RA-anew-0/objection", {"reason": "asked for it"}).is_success
    until(lambda: {post("/predict", records[0]).status_code for _ in range(16)} == {409})
    with closing(sqlite3.connect(calls_path(world.home / "tasks" / "pede_lag"))) as file:
        file.execute("DELETE FROM calls")
        file.commit()

    again = post("/predict/batch", {"records": records}, "anew").json()

    assert [one["index"] for one in again["errors"]] == [0]
    ids = [one["prediction_id"] for one in first["predictions"]]
    assert [one["prediction_id"] for one in again["predictions"]] == ids[1:]


def test_outcomes_actions_and_help_are_reported_once(post: Caller) -> None:
    post("/predict", RECORD | {"period": "2023"})
    outcome = {"student_id": "RA-1", "period": "2023", "outcome": 1}
    assert post("/labels", outcome).json()["accepted"] == 1
    calls: dict[str, dict[str, Any]] = {
        "/labels": {"student_id": "RA-1", "period": "2023", "outcome": 0},
        "/actions": {"student_id": "RA-1", "kind": "seen"},
        "/interventions": {"student_id": "RA-1", "kind": "tutoring", "start": "2024-03-04"},
    }

    for path, body in calls.items():
        first, again = (post(path, body, f"once {path}") for _ in range(2))

        assert (first.status_code, again.status_code) == (200, 200), (path, first.text)
        assert first.content == again.content
        assert (AGAIN in first.headers, AGAIN in again.headers) == (False, True)


def test_a_call_that_was_refused_may_be_put_right_under_its_key(post: Caller) -> None:
    assert post("/predict", {"ida": 99}, "wrong first").status_code == 422

    assert post("/predict", RECORD, "wrong first").status_code == 200


@pytest.fixture(scope="module")
def guarded(world: World) -> Iterator[Server]:
    with served(world.home, workers=1, auth="keys") as running:
        until(lambda: all(w["version"] for w in running.workers()))
        yield running


def test_each_client_has_keys_of_its_own(guarded: Server, world: World) -> None:
    callers = [
        Caller(guarded, make_key(world.home, "--scope", "predict", "--name", name))
        for name in ("north", "south")
    ]

    answers = [caller("/predict", RECORD, "mine") for caller in callers]

    assert len({answer.json()["prediction_id"] for answer in answers}) == 2
    assert not any(AGAIN in answer.headers for answer in answers)


def test_an_erased_student_is_in_no_kept_answer(post: Caller, server: Server) -> None:
    who = "RA-to-erase"
    record = RECORD | {"student_id": who}
    other = RECORD | {"student_id": "RA-stays"}
    post("/predict", record, "erased alone")
    post("/predict/batch", {"records": [record, other]}, "erased among")
    stays = post("/predict", other, "stays")

    assert local.delete(f"{server.url}/students/{who}", timeout=30).is_success

    for path, body, key in (
        ("/predict", record, "erased alone"),
        ("/predict/batch", {"records": [record, other]}, "erased among"),
    ):
        answer = post(path, body, key)
        assert (answer.status_code, who in answer.text) == (410, False)
    assert post("/predict", other, "stays").content == stays.content


def test_a_restart_keeps_what_was_answered(world: World) -> None:
    with served(world.home, workers=1) as first:
        until(lambda: all(w["version"] for w in first.workers()))
        answer = Caller(first)("/predict", RECORD, "before the restart")
    with served(world.home, workers=1) as second:
        until(lambda: second.get("/health/ready").status_code == 200)
        again = Caller(second)("/predict", RECORD, "before the restart")

    assert again.content == answer.content
    assert again.headers[AGAIN] == "true"


def test_a_call_that_was_answered_before_is_counted_as_a_call_and_as_no_prediction(
    post: Caller, server: Server
) -> None:
    post("/predict", RECORD, "counted")
    time.sleep(FLUSHED)
    calls, predictions = counted(server)

    post("/predict", RECORD, "counted")

    until(lambda: counted(server)[0] == calls + 1)
    time.sleep(FLUSHED)
    assert counted(server) == (calls + 1, predictions)


FLUSHED = 1.2
"""Seconds after which every worker has made its counts visible."""


def counted(server: Server) -> tuple[float, float]:
    """Calls of /predict that were answered, and predictions."""
    page = server.get("/metrics").text.splitlines()
    starts = ('farol_requests_total{operation="predict",status="200"', "farol_predictions_total{")
    calls, predictions = (
        sum(float(line.rpartition(" ")[2]) for line in page if line.startswith(start))
        for start in starts
    )
    return calls, predictions
