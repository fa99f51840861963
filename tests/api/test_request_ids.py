"""A request's id: taken or made, answered, logged, and kept with what was predicted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from api.http.request_ids import request_id
from database.predictions import PredictionRepository
from tests import local
from tests.api.conftest import World
from tests.api.server import Server, served, until

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
UUID = "7f3c1f1e-6a5b-4f0e-9b1d-2f1f6f0c9a11"
RECORD = {"inde": 7.5, "period": "2024"}


@pytest.fixture(scope="module")
def one(world: World) -> Iterator[Server]:
    env = {"FAROL_LOG_FORMAT": "json"}
    with served(world.home, workers=1, access_log=True, env=env) as running:
        until(lambda: running.get("/health/ready").status_code == 200)
        yield running


def lines(server: Server) -> list[dict[str, Any]]:
    """The lines of the log that are JSON; the supervisor of uvicorn writes a few that are not."""
    found = []
    for line in (server.home / "server.log").read_text().splitlines():
        with suppress(json.JSONDecodeError):
            found.append(json.loads(line))
    return found


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ([(b"x-request-id", UUID.encode())], UUID),
        ([(b"x-request-id", TRACE.encode()), (b"traceparent", PARENT.encode())], TRACE),
        ([(b"x-request-id", b"01ARZ3NDEKTSV4RRFFQ69G5FAV")], "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ([(b"traceparent", PARENT.encode())], TRACE),
        ([(b"x-request-id", b"RA-1"), (b"traceparent", PARENT.encode())], TRACE),
    ],
)  # fmt: skip
def test_an_id_that_is_drawn_by_lot_is_taken(
    headers: list[tuple[bytes, bytes]], taken: str
) -> None:
    assert request_id(headers) == taken


@pytest.mark.parametrize(
    "sent",
    ["RA-1", "maria.silva", "maria-da-silva-2011", "12345678901", "a" * 65, "------------------",
     "1234\r\nx: y", "", f"{UUID} ", "7f3c1f1e6a5b4f0é"],
)  # fmt: skip
def test_an_id_that_may_name_somebody_is_not_taken(sent: str) -> None:
    made = request_id([(b"x-request-id", sent.encode())])

    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert made != request_id([(b"x-request-id", sent.encode())])


@pytest.mark.parametrize(
    "sent",
    [f"00-{'0' * 32}-b7ad6b7169203331-01", f"00-{TRACE}-{'0' * 16}-01", f"ff{PARENT[2:]}",
     PARENT.upper(), PARENT[:-1]],
)  # fmt: skip
def test_a_trace_that_is_none_gives_no_id(sent: str) -> None:
    assert request_id([(b"traceparent", sent.encode())]) != TRACE


def test_every_answer_tells_its_requests_id(one: Server) -> None:
    asked = {
        "a prediction": ("POST", "/predict", RECORD),
        "one that is refused": ("POST", "/predict", {"inde": "x"}),
        "another method": ("GET", "/predict", None),
        "a task's": ("POST", "/tasks/pede_lag/predict", RECORD),
        "no such task": ("GET", "/tasks/nobody/schema", None),
        "a route": ("GET", "/schema", None),
        "no such route": ("GET", "/nowhere", None),
        "a page": ("GET", "/docs", None),
    }

    answers = {
        name: local.request(method, one.url + path, json=body, headers={"X-Request-ID": UUID})
        for name, (method, path, body) in asked.items()
    }
    answers["a foreign page"] = one.get(
        "/schema", **{"Origin": "https://evil.example", "X-Request-ID": UUID}
    )

    found = {name: answer.headers.get_list("x-request-id") for name, answer in answers.items()}
    assert {name: ids for name, ids in found.items() if ids != [UUID]} == {}


def test_whatever_predicts_keeps_the_requests_id(world: World, one: Server) -> None:
    ids = {name: f"{number:032x}" for number, name in enumerate(
        ("one", "task", "batch", "bulk", "known"), start=1
    )}  # fmt: skip
    who = {"student_id": "RA-of-requests", **RECORD}
    answers = [
        one.post("/predict", who, **{"X-Request-ID": ids["one"]}),
        one.post("/tasks/pede_lag/predict", who, **{"X-Request-ID": ids["task"]}),
        one.post("/predict/batch", {"records": [who, who]}, **{"X-Request-ID": ids["batch"]}),
        local.post(
            f"{one.url}/predict/bulk",
            content=json.dumps(who),
            headers={"content-type": "application/x-ndjson", "X-Request-ID": ids["bulk"]},
            timeout=60,
        ),
    ]
    assert [a.status_code for a in answers] == [200, 200, 200, 200]

    def kept() -> list[str]:
        found = world.registry.run(PredictionRepository().of_student("RA-of-requests", limit=10))
        return sorted(prediction.request_id for prediction in found)

    wanted = [ids["one"], ids["task"], ids["batch"], ids["batch"], ids["bulk"]]
    until(lambda: len(kept()) == 5)
    told = one.get("/students/RA-of-requests").json()["tasks"]["pede_lag"]["predictions"]
    log = one.get("/predictions/log?format=ndjson&period=2024").text.splitlines()

    assert kept() == wanted
    assert sorted(p["request_id"] for p in told) == wanted
    assert {*wanted} <= {json.loads(line)["request_id"] for line in log}


def test_lines_of_the_log_are_objects_that_name_request_and_task(one: Server) -> None:
    one.post("/predict", {"student_id": "RA-hidden", **RECORD}, **{"X-Request-ID": UUID})
    one.get("/students/RA-hidden?x=RA-hidden", **{"X-Request-ID": TRACE})

    def of(request: str) -> list[dict[str, Any]]:
        return [line for line in lines(one) if line.get("request_id") == request]

    until(lambda: bool(of(TRACE)))
    told = lines(one)
    own = next(
        line for line in told if "published" in line["message"] or "serves" in line["message"]
    )

    assert {"time", "level", "logger", "message", "request_id", "task"} <= of(UUID)[-1].keys()
    assert "POST /predict HTTP" in of(UUID)[-1]["message"]
    assert (of(TRACE)[-1]["task"], own["task"]) == ("pede_lag", "pede_lag")
    assert "RA-hidden" not in (one.home / "server.log").read_text()
