"""Where the time of a request goes: `python -m tests.benchmarks.where`; `make bench` runs it too.

Bodies as in the benchmark, the champion that training makes by default, everything in one process
and on one thread, whose processor time is counted, so other programs hardly disturb it. Stages are
the functions that `/predict` calls, each called by itself. "Answered" is all of it, bytes in and
bytes out of uvicorn's connection, which lacks the kernel's part alone: that is in the processor
time that `make bench` counts of the servers' processes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import orjson
import psutil
import uvloop

from api import scoring
from api.app import Farol, create_app
from api.durability.carrier import Carrier
from api.durability.outbox import Outbox
from api.http.origin import refusal
from api.http.request_ids import begun
from api.idempotency.header import key_of
from api.payload import RecordReader, read_json
from api.predicting.drawn_ids import DrawnIds
from api.records.asked import Asked
from api.scoring import answer, score_one
from api.security import LOCAL
from api.services import Services
from database.embedded import lifecycle
from deployment.settings import load_settings
from model.access import Scope as Access
from model.prediction import Assessment, Prediction
from tests.benchmarks import limit
from tests.benchmarks.bodies import Bodies, bodies
from tests.benchmarks.callers import calling, headers_of
from tests.benchmarks.home import prepare
from tests.benchmarks.in_place import TOGETHER, in_place

Item = TypeVar("Item")

EXPLAINED = """`python -m tests.benchmarks.where`: µs of processor time for a request, the champion
that training makes by default, bodies as above, one process, one thread. The stages are called by
themselves, again and again, so the processor's caches are warm; *answered* is all of it, from bytes
that come to bytes that leave uvicorn's connection, so that what it is more than the limit is what
Farol costs. Between the others a stage costs more than by itself, and makes them cost more: *in its
place* is what a request costs less where a part gives again what it gave first, the whole with and
without it measured in alternation; these rows add up to more than the last of them. It lacks the
kernel's part, which the processor time of the table above has."""

CALLS = 1_000
ROUNDS = 7
SHIPPED = 2_000
SHIPMENT = 100
START_SECONDS = 60.0
IN_FLIGHT = (1, 2, 8)


@dataclass(frozen=True, slots=True)
class RequestStage:
    """One part of a request.

    Attributes:
        name: of it.
        micros: of processor time.
        about: what is done.
    """

    name: str
    micros: float
    about: str


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.where", description=__doc__)
    parser.add_argument("--trees", action="store_true", help="500 trees, and not the default model")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        try:
            prepare(Path(name), usual=not given.trees)
            sys.stdout.write(table(measured(Path(name), bodies())))
        finally:
            lifecycle.stop(Path(name))
    return 0


def measured(home: Path, sent: Bodies) -> list[RequestStage]:
    """The stages of a request to a home that has a champion."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(home, [orjson.dumps(body) for body in sent.all]))


def table(stages: Iterable[RequestStage]) -> str:
    """As Markdown."""
    rows = "".join(f"| {s.name} | {s.micros:.1f} | {s.about} |\n" for s in stages)
    return f"| stage | µs | what it does |\n|---|---:|---|\n{rows}"


async def _measured(home: Path, raw: Sequence[bytes]) -> list[RequestStage]:
    async with _serving(home) as app:
        services: Services = app.state.services
        stages = [*_read(services, raw), *_scored(services, raw)]
        predictions = _predictions(services, raw)
        stages += [*_kept(home / "where", predictions), *_told(services, predictions)]
        stages += await _whole(app, raw)
        stages += [
            RequestStage(
                f"in its place: {name}", saved, f"a request costs less, {TOGETHER} in flight"
            )
            for name, saved in (await in_place(app, raw)).items()
        ]
        while services.outbox.rows:
            await asyncio.sleep(0.05)
        stages += await _shipped(services, home, predictions)
        return stages


def _read(services: Services, raw: Sequence[bytes]) -> Iterable[RequestStage]:
    reader = RecordReader(services.task, services.pseudonyms)
    scopes = [_scope(body) for body in raw]

    def entered(scope: dict[str, Any]) -> None:
        begun(scope)
        refusal(scope)
        services.keys.known(scope, Access.PREDICT)
        key_of(scope)

    yield RequestStage("door", _us(entered, scopes), "id of the request, host and origin, key")
    yield RequestStage("parse", _us(read_json, raw), "bytes to a dictionary (orjson)")
    yield RequestStage(
        "validate",
        _us(lambda record: reader.one(record, "2024"), raw, read_json),
        "fields, kinds and bounds by the TaskSpec, the student's id, the period",
    )


def _scored(services: Services, raw: Sequence[bytes]) -> Iterable[RequestStage]:
    champion, asked = services.champion(), _asked(services, raw)
    predictor, now = champion.predictor, services.now()
    features = [one.features for one in asked]
    rows = [predictor.encoder.encode_one(record) for record in features]
    scored = [(record, predictor.score_one(record)) for record in features]
    found = [(one, predictor.assess_one(one.features)) for one in asked]
    names, drawn = services.task.feature_names, DrawnIds()

    def recorded(one: tuple[Asked, Assessment]) -> Prediction:
        ids = drawn.take(), drawn.take()
        return scoring._prediction(champion, *one, names, now, LOCAL, *ids)

    encoder, bundle = predictor.encoder, predictor.bundle
    yield RequestStage("encode", _us(encoder.encode_one, features), "a record to a row of numbers")
    yield RequestStage("score", _us(bundle.score_one, rows), "trees and calibration")
    yield RequestStage(
        "assess",
        _us(lambda pair: predictor._assessed(*pair), scored),
        "label, status, known weight, unseen categories",
    )
    yield RequestStage("record", _us(recorded, found), "what is kept, with ids drawn by lot")


def _kept(folder: Path, predictions: Sequence[Prediction]) -> Iterable[RequestStage]:
    yield RequestStage("log: write", _us(orjson.dumps, predictions), "the record as JSON")
    records = [orjson.dumps(one) for one in predictions]
    with closing(Outbox(folder / "slot-0.sqlite")) as outbox:
        for together in IN_FLIGHT:
            yield RequestStage(
                f"log: commit, {together} in flight",
                _kept_together(outbox, records, together),
                "one append to SQLite's log, shared by those who wait; no fsync here",
            )
        outbox.checkpoint()
        outbox.put_bodies(list(islice(cycle(records), SHIPPED)))
        with _process_time() as spent:
            outbox.checkpoint()
        yield RequestStage(
            "log: checkpoint", spent[0] / SHIPPED, "fsync, in a thread beside, each 2,000 records"
        )


def _kept_together(outbox: Outbox, records: Sequence[bytes], together: int) -> float:
    groups = [records[at : at + together] for at in range(0, len(records), together)]
    outbox.checkpoint()
    return _us(outbox.put_bodies, groups) / together


def _told(services: Services, predictions: Sequence[Prediction]) -> Iterable[RequestStage]:
    yield RequestStage(
        "serialise", _us(lambda p: orjson.dumps(answer(p, p.student_id, 0.1)), predictions),
        "the answer as JSON",
    )  # fmt: skip

    def counted(prediction: Prediction) -> None:
        services.metrics.latency.observe(0.001)
        services.metrics.answered(prediction)

    yield RequestStage("count", _us(counted, predictions), "metrics, in memory")


async def _whole(app: Farol, raw: Sequence[bytes]) -> list[RequestStage]:
    constant = await _answered(limit.app, raw, 1)
    found = [
        RequestStage("answered, the limit", constant, "uvicorn alone: HTTP in, a constant out")
    ]
    for together in IN_FLIGHT:
        cost = await _answered(app, raw, together)
        found.append(
            RequestStage(
                f"answered, {together} in flight", cost, "all of the above, and the event loop"
            )
        )
    return found


async def _shipped(
    services: Services, home: Path, predictions: Sequence[Prediction]
) -> list[RequestStage]:
    """What a record costs after it was answered."""
    outbox = Outbox(home / "where" / "slot-1.sqlite")
    carrier = Carrier(services.registry, home / "where")
    state = lifecycle.status(home).state
    assert state is not None
    server = psutil.Process(state.pid)
    records = _renumbered(predictions, SHIPPED)
    try:
        outbox.put_bodies(records)
        began = sum(server.cpu_times()[:2])
        with _process_time() as spent:
            while outbox.rows:
                assert await carrier.carry(outbox, SHIPMENT)
        kept = (sum(server.cpu_times()[:2]) - began) * 1e6
    finally:
        outbox.close()
    return [
        RequestStage(
            "ship", spent[0] / SHIPPED, "afterwards: from the outbox to the driver, deleted"
        ),
        RequestStage("registry", kept / SHIPPED, "afterwards: the embedded server's own process"),
    ]


def _renumbered(predictions: Sequence[Prediction], number: int) -> list[bytes]:
    records = [orjson.loads(orjson.dumps(p)) for p in islice(cycle(predictions), number)]
    return [orjson.dumps(r | {"prediction_id": f"{i:032x}"}) for i, r in enumerate(records)]


def _asked(services: Services, raw: Sequence[bytes]) -> list[Asked]:
    reader = RecordReader(services.task, services.pseudonyms)
    return [reader.one(read_json(body), "2024") for body in raw]


def _predictions(services: Services, raw: Sequence[bytes]) -> list[Prediction]:
    champion, now = services.champion(), services.now()
    return [
        score_one(
            champion, one, features=services.task.feature_names, now=now, client=LOCAL,
            request_id=f"{place:032x}",
        )
        for place, one in enumerate(_asked(services, raw))
    ]  # fmt: skip


def _us(
    call: Callable[[Any], object],
    items: Sequence[Item],
    made: Callable[[Item], object] = lambda item: item,
) -> float:
    """µs of processor time of a call: the median over rounds, each of many calls.

    Args:
        call: what is measured.
        items: given to it, one after the other.
        made: what it is given of an item; outside of what is measured.
    """
    costs = []
    for _ in range(ROUNDS):
        given = [made(item) for item in islice(cycle(items), CALLS)]
        started = time.thread_time()
        for one in given:
            call(one)
        costs.append((time.thread_time() - started) / CALLS * 1e6)
    return median(costs)


@contextmanager
def _process_time() -> Any:
    """µs of processor time of all threads, in a list that is filled at the end."""
    spent = [0.0]
    started = time.process_time()
    yield spent
    spent[0] = (time.process_time() - started) * 1e6


@asynccontextmanager
async def _serving(home: Path) -> AsyncIterator[Farol]:
    given = {"FAROL_HOME": str(home), "FAROL_AUTH": "off"}
    app = create_app(lambda: load_settings(given))
    async with app.router.lifespan_context(app) as state:
        app.state.of_lifespan = state or {}
        async with asyncio.timeout(START_SECONDS):
            while app.state.services.holder.current is None:
                await asyncio.sleep(0.1)
        yield app


async def _answered(app: Any, raw: Sequence[bytes], together: int) -> float:
    """µs of processor time of this thread for a request, so many in flight."""
    with calling(app, raw, together) as callers:
        await callers.micros(CALLS)  # For warming up.
        return median([await callers.micros(CALLS) for _ in range(ROUNDS)])


def _scope(body: bytes) -> dict[str, Any]:
    return {
        "type": "http", "method": "POST", "path": "/predict", "query_string": b"",
        "headers": [(n.lower(), v) for n, v in headers_of(body).items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
    }  # fmt: skip


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    sys.exit(main())
