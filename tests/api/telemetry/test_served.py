"""The API told over OTLP to a real receiver: a span a request, by four workers, and no person."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

pytest.importorskip("opentelemetry.sdk", reason="OpenTelemetry is not installed: make setup-otel")

from tests.api.conftest import World
from tests.api.server import Server, served, until
from tests.api.telemetry.receiver import CLIENT, Receiver, ToldSpan, receiving

REQUESTS = 200
RECORD = {"inde": 7.123456, "period": "2024"}
WHO = "RA-never-told"
BASE = "/api/public/otel"
"""As Langfuse has it."""

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a server that answered a few calls and stopped."""

    receiver: Receiver
    answers: dict[str, httpx.Response]
    predicted: list[str]
    pids: set[str]
    log: str


@pytest.fixture(scope="module")
def told(world: World) -> Iterator[Told]:
    with receiving() as receiver:
        env = {
            "FAROL_OTEL_ENDPOINT": f"{receiver.url}{BASE}/",
            "FAROL_OTEL_HEADERS": "Authorization=Basic c2VjcmV0",
            # FastAPI's own telemetry would tell paths and queries: nobody can switch it on.
            "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"{receiver.url}/of-fastapi",
        }
        with served(world.home, env=env) as server:
            until(lambda: len(server.workers()) == 4)
            until(lambda: all(w["version"] for w in server.workers()))
            before = len(receiver.requests())
            ids = [uuid.uuid4().hex for _ in range(REQUESTS)]
            with ThreadPoolExecutor(8) as pool:
                done = list(pool.map(lambda one: predict(server, one), ids))
            assert {answer.status_code for answer in done} == {200}
            answers = asked(server)
            pids = {str(w["pid"]) for w in server.workers()}
            until(lambda: any(s.name == "insert predictions" for s in receiver.spans))
        assert before >= 0
        yield Told(receiver, answers, ids, pids, (world.home / "server.log").read_text())


def predict(server: Server, request_id: str) -> httpx.Response:
    # A connection each, so that all workers get some.
    return server.post("/predict", {"student_id": WHO, **RECORD}, **{"X-Request-ID": request_id})


def asked(server: Server) -> dict[str, httpx.Response]:
    label = {"student_id": WHO, "period": "2024", "outcome": 1}
    return {
        "label": server.post("/labels", label),
        "refused": server.post("/predict", {"inde": "x", "student_id": WHO}),
        "student": server.get(f"/students/{WHO}?unit={WHO}"),
        "batch": server.post("/predict/batch", {"records": [{"student_id": WHO, **RECORD}]}),
        "nowhere": server.get(f"/nowhere/{WHO}"),
        "traced": server.post("/tasks/pede_lag/predict", RECORD, traceparent=PARENT),
    }


def of(told: Told, answer: httpx.Response) -> ToldSpan:
    """The one span of a request."""
    wanted = answer.headers["x-request-id"]
    (found,) = [s for s in told.receiver.requests() if s.told["farol.request_id"] == wanted]
    return found


def test_every_request_is_one_span_under_four_workers(told: Told) -> None:
    spans = told.receiver.requests()
    found = Counter(s.told["farol.request_id"] for s in spans)

    assert {one: found[one] for one in told.predicted} == dict.fromkeys(told.predicted, 1)
    assert set(found.values()) == {1}
    of_workers = {s.resource["service.instance.id"].rpartition("-")[2] for s in spans}
    assert of_workers == told.pids


def test_a_predictions_span_tells_the_version_and_how_it_went(told: Told) -> None:
    (span,) = [
        s for s in told.receiver.requests() if s.told["farol.request_id"] == told.predicted[0]
    ]

    assert (span.name, span.failed) == ("POST /predict", False)
    assert dict(span.told) == {
        "http.request.method": "POST", "http.route": "/predict", "http.response.status_code": 200,
        "farol.request_id": told.predicted[0], "farol.task": "pede_lag",
        "farol.model_version": "v1", "farol.source": "api",
    }  # fmt: skip
    assert span.resource["service.name"] == "farol-api"


def test_a_labels_span_has_the_registrys_calls_below_it(told: Told) -> None:
    span = of(told, told.answers["label"])
    below = [s for s in told.receiver.spans if s.parent == span.id]

    assert span.name == "POST /labels"
    assert below and {s.kind for s in below} == {CLIENT}
    assert {(s.trace, s.told["db.system.name"]) for s in below} == {(span.trace, "mongodb")}
    assert {"find", "insert"} <= {s.told["db.operation.name"] for s in below}
    assert {"db.namespace", "db.collection.name"} <= below[0].told.keys()


def test_a_refusal_is_told_by_its_status(told: Told) -> None:
    span = of(told, told.answers["refused"])

    assert span.told["http.response.status_code"] == 422
    assert "farol.model_version" not in span.told


def test_a_path_is_told_as_its_route_declares_it(told: Told) -> None:
    names = {name: of(told, told.answers[name]).name for name in ("student", "batch", "nowhere")}

    assert names == {
        "student": "GET /students/{student_id}", "batch": "POST /predict/batch", "nowhere": "GET",
    }  # fmt: skip


def test_a_trace_that_the_sender_began_goes_on_and_names_the_request(told: Told) -> None:
    answer = told.answers["traced"]
    span = of(told, answer)

    assert answer.headers["x-request-id"] == span.trace == PARENT.split("-")[1]
    assert span.parent == PARENT.split("-")[2]


def test_shipping_to_the_registry_is_told_and_the_loops_questions_are_not(told: Told) -> None:
    alone = [s for s in told.receiver.spans if s.kind == CLIENT and not s.parent]

    assert "insert predictions" in {s.name for s in alone}
    assert {s.told["db.operation.name"] for s in alone} & {"find", "count"} == set()


def test_lines_of_the_log_come_with_their_task(told: Told) -> None:
    lines = [line for line in told.receiver.lines if line.told["logger"].startswith("api.")]

    assert any("serves" in line.body or "published" in line.body for line in lines), lines
    assert {line.told.get("task") for line in lines} == {"pede_lag"}
    assert {line.severity for line in lines} <= {"INFO", "WARNING"}


def test_what_is_measured_comes_too_in_the_numbers_of_the_page(told: Told) -> None:
    found = {metric.name: metric for metric in told.receiver.metrics}  # The last ones count.

    assert {"farol_predictions", "farol_predict_seconds", "farol_outbox_rows"} <= found.keys()
    points = found["farol_predictions"].sum.data_points
    # Two more by the batch and in the trace that its sender began.
    assert sum(point.as_double for point in points) == REQUESTS + 2


def test_the_operators_headers_are_sent_and_never_written(told: Told) -> None:
    assert told.receiver.bases == {BASE}
    assert {h["authorization"] for h in told.receiver.headers} == {"Basic c2VjcmV0"}
    assert {h["content-type"] for h in told.receiver.headers} == {"application/x-protobuf"}
    assert "c2VjcmV0" not in told.log


def test_nothing_of_a_person_is_in_any_byte_that_left(told: Told) -> None:
    sent = b"".join(told.receiver.raw)

    assert len(sent) > 10_000
    for private in (WHO, "7.123456", "127.0.0.1:"):
        assert private.encode() not in sent
    keys = {key for span in told.receiver.spans for key in span.told}
    assert not [key for key in keys if re.search(r"student|client|url|query|exception", key)]


@contextmanager
def unreachable(world: World) -> Iterator[Server]:
    env = {"FAROL_OTEL_ENDPOINT": "http://127.0.0.1:9"}
    with served(world.home, workers=1, env=env) as server:
        until(lambda: server.get("/health/ready").status_code == 200)
        yield server


def test_a_receiver_that_is_away_costs_no_request_and_no_long_stop(world: World) -> None:
    with unreachable(world) as server:
        answers = [server.post("/predict", RECORD) for _ in range(20)]
        stopping = server.process
        stopping.terminate()
        took = until(lambda: stopping.poll() is not None, seconds=15)

    assert {a.status_code for a in answers} == {200}
    assert max(a.elapsed.total_seconds() for a in answers) < 2
    assert took < 10
