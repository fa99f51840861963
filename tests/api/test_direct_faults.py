"""What goes wrong while the connection itself answers a prediction, foreseen or not."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.types import Message, Receive

from api.durability.outbox import Outbox
from api.durability.prediction_log import LogPolicy, PredictionLog
from api.erased import ErasedStudents
from api.http.problems import Problem
from api.http.secure_headers import secured
from api.objections.objecting import ObjectingStudents
from api.predicting.direct import ORDINARY, DirectPredict
from api.security import LOCAL
from api.services import Services
from model.errors import Overloaded
from model.telemetry.context import about
from model.trust.tombstone import TombstoneKey
from tests.api import bundles
from tests.api.test_answers import PEDE, champion
from tests.api.test_prediction_log import MemoryRegistry, prediction

REQUEST_ID = "7f3c1f1e-6a5b-4f0e-9b1d-2f1f6f0c9a11"
HEADERS = [(b"host", b"127.0.0.1"), (b"x-request-id", REQUEST_ID.encode())]
PRIVATE = "RA-private"
BODY = json.dumps({"student_id": PRIVATE, "inde": 7.5}).encode()

Came = list[tuple[int, bytes, bytes]]


def broken(*_: object) -> Any:
    raise ZeroDivisionError(PRIVATE)


class Overhearing(logging.Handler):
    """Keeps the lines of the log, and what each was about."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, dict[str, str]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), about()))


@pytest.fixture
def heard() -> Iterator[Overhearing]:
    log, handler = logging.getLogger("api.http.problems"), Overhearing()
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path / "outbox" / "slot-0.sqlite")
    yield box
    box.close()


@pytest.fixture
def log(outbox: Outbox) -> PredictionLog:
    return PredictionLog(MemoryRegistry(), outbox, LogPolicy())


def called(
    folder: Path, log: PredictionLog, *, now: Callable[[], Any], count: Callable[[Any], None]
) -> tuple[object, Came]:
    """What a call is answered at once, and what afterwards."""
    who = champion(folder)
    registry = MemoryRegistry()
    here = SimpleNamespace(
        task=PEDE, pseudonyms=None, canary=SimpleNamespace(arm=None), log=log, now=now,
        keys=SimpleNamespace(known=lambda *_: LOCAL), champion=lambda: who,
        erased=ErasedStudents(registry, TombstoneKey(b"k")), objections=ObjectingStudents(registry),
        metrics=SimpleNamespace(
            latency=SimpleNamespace(observe=count), answered=lambda _: None, refuse=lambda _: None
        ),
    )  # fmt: skip
    came: Came = []

    async def scenario() -> object:
        direct = DirectPredict(cast(Services, here), None)
        told = direct(HEADERS, ("127.0.0.1", 1), BODY, lambda *answer: came.append(answer))
        await asyncio.sleep(0.1)
        return told

    return asyncio.run(scenario()), came


def as_ordinary(problem: Problem) -> tuple[int, dict[bytes, bytes], bytes]:
    """How the ordinary way answers a problem."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    answering = problem.response()({"type": "http"}, cast(Receive, None), secured(send, REQUEST_ID))
    asyncio.run(answering)
    start, end = sent
    return start["status"], dict(start["headers"]), end["body"]


def written(answer: tuple[int, bytes, bytes]) -> tuple[int, dict[bytes, bytes], bytes]:
    """The same of an answer as the connection is given it; it adds the length itself."""
    status, lines, body = answer
    headers = dict(line.split(b": ", 1) for line in lines.split(b"\r\n") if line)
    return status, headers | {b"content-length": b"%d" % len(body)}, body


def test_a_record_that_finds_no_safe_place_is_refused_as_on_the_ordinary_way(
    tmp_path: Path, outbox: Outbox, heard: Overhearing
) -> None:
    outbox._db.execute("PRAGMA query_only=ON")
    registry = MemoryRegistry()
    registry.away = True
    log = PredictionLog(registry, outbox, LogPolicy(last_seconds=0.01))

    told, came = called(tmp_path, log, now=lambda: bundles.NOW, count=lambda _: None)

    assert told is None
    assert [written(answer) for answer in came] == [as_ordinary(Problem.of(reason(outbox)))]
    assert came[0][0] == 503
    assert heard.lines == []


def reason(outbox: Outbox) -> Overloaded:
    """Why an outbox takes nothing."""
    with pytest.raises(Overloaded) as refused:
        outbox.put([prediction()])
    return refused.value


def test_a_fault_after_the_record_is_safe_is_answered_and_told_with_the_request_and_no_data(
    tmp_path: Path, log: PredictionLog, heard: Overhearing
) -> None:
    told, came = called(tmp_path, log, now=lambda: bundles.NOW, count=broken)

    assert told is None
    assert [written(answer) for answer in came] == [as_ordinary(Problem.of(ZeroDivisionError()))]
    [(line, context)] = heard.lines
    assert line.startswith("unexpected ZeroDivisionError at ")
    assert PRIVATE not in line + str(came)
    assert context == {"task": "pede_lag", "request_id": REQUEST_ID}
    assert log.written == 1


def test_a_fault_before_that_is_told_though_the_ordinary_way_may_not_meet_it(
    tmp_path: Path, log: PredictionLog, heard: Overhearing
) -> None:
    told, came = called(tmp_path, log, now=broken, count=lambda _: None)

    assert (told, came) == (ORDINARY, [])
    [(line, context)] = heard.lines
    assert line.startswith("unexpected ZeroDivisionError at ")
    assert PRIVATE not in line
    assert context == {"task": "pede_lag"}
    assert log.written == 0


def test_nothing_is_told_where_nothing_fails(
    tmp_path: Path, log: PredictionLog, heard: Overhearing
) -> None:
    told, came = called(tmp_path, log, now=lambda: bundles.NOW, count=lambda _: None)

    assert told is None
    assert [status for status, _, _ in came] == [200]
    assert heard.lines == []
