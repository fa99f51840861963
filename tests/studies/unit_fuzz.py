"""Random calls with a key of one school: `python -m tests.studies.unit_fuzz [--calls 2000]`.

Two schools share a task. Each call names students, predictions and units of the other school in odd
ways. Two things may never be: an answer that holds a mark of the other school which the call did
not send, and an answer about the other school's student that differs from the one about nobody.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from database import indexes
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.student import Observation
from tests.api import bundles
from tests.api.keys import make_key
from tests.api.server import served, until

PUPILS = 40
NDJSON = "application/x-ndjson"
OWN, OTHER = "Escola Azul", "Escola Verde"
VOLATILE = re.compile(
    rb'"(prediction_id|latency_ms|at|run_id|created_at|observed_at|arrived_at|waiting)":'
    rb'\s*("[^"]*"|[\w.+-]+)'
)
MADE_ID = re.compile(rb"\b[0-9a-f]{32}\b")
"""Of a prediction, where an answer is no JSON."""

PREDICTIONS = re.compile(rb'("predictions":\[\{)(.*?)(\}\])')

SPELLINGS = (OTHER, "ESCOLA VERDE", " escola  verde ", "Éscola Verde", "Escola\u00a0Verde", "verde")


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `{who}` in it stands for a student or a prediction of the other school."""

    method: str
    path: str
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def about(self, who: str) -> Call:
        """The call about somebody."""
        body = None if self.body is None else self.body.replace("{who}", who)
        return Call(self.method, self.path.replace("{who}", quote(who)), body, self.headers)


@dataclass(frozen=True, slots=True)
class World:
    """What the other school has, and how the API is asked.

    Attributes:
        students: ids of the other school's students.
        predictions: ids of predictions about them.
        send: sends a call with the key of the first school.
    """

    students: list[str]
    predictions: list[str]
    send: Callable[[Call], httpx.Response]


@dataclass(frozen=True, slots=True)
class Found:
    """What a study found.

    Attributes:
        calls: sent, each about the other school and once more about nobody.
        statuses: how often each was answered.
        leaks: calls whose answer held a mark that they did not send.
        told_apart: calls that were answered otherwise than about nobody.
    """

    calls: int
    statuses: Mapping[int, int]
    leaks: list[str]
    told_apart: list[str]


def fuzz(world: World, calls: int, seed: int, say: Callable[[str], None]) -> Found:
    """Sends random calls.

    Args:
        world: the API and the other school.
        calls: how many.
        seed: of the draws.
        say: told of the progress.
    """
    chance = random.Random(seed)
    marks = [mark.encode() for mark in (*world.students, *world.predictions)]
    statuses: Counter[int] = Counter()
    leaks, apart = [], []
    for number in range(calls):
        plan = _drawn(chance)
        students = "prediction_id" not in (plan.body or "")
        who = chance.choice(world.students if students else world.predictions)
        # The same nobody each time, so that what was said before is the same of both.
        nobody = hashlib.sha256(who.encode()).hexdigest()[: len(who)]
        call, other = plan.about(who), plan.about(nobody)
        answer, blank = world.send(call), world.send(other)
        statuses[answer.status_code] += 1
        sent = f"{call.path} {call.body}".encode()
        told = answer.content + repr(dict(answer.headers)).encode()
        if any(mark in told and mark not in sent for mark in marks):
            leaks.append(f"{call.method} {plan.path} {plan.body}")
        if _shape(answer, who) != _shape(blank, nobody):
            apart.append(
                f"{call.method} {plan.path} {plan.body}: {answer.status_code} "
                f"{answer.text[:160]} / {blank.status_code} {blank.text[:160]}"
            )
        if number % 200 == 199:
            say(f"{number + 1} of {calls} calls, {len(leaks)} leaks, {len(apart)} told apart")
    return Found(calls, dict(sorted(statuses.items())), leaks, apart)


def _shape(answer: httpx.Response, who: str) -> tuple[int, bytes]:
    """Status and body without what differs from call to call.

    Predictions of one moment, the rows of a file, come in the order of their made-up ids.
    """
    body = answer.content.replace(who.encode(), b"WHO").replace(quote(who).encode(), b"WHO")
    plain = MADE_ID.sub(b"", VOLATILE.sub(b"", body))
    return answer.status_code, PREDICTIONS.sub(_in_one_order, plain)


def _in_one_order(found: re.Match[bytes]) -> bytes:
    return found[1] + b"},{".join(sorted(found[2].split(b"},{"))) + found[3]


def _drawn(chance: random.Random) -> Call:
    unit = chance.choice([None, *SPELLINGS, OWN])
    status = chance.choice(["critical", "alert", "expected"])
    period = chance.choice(["2024", "2024", "2023", "1999", 2024])
    record: dict[str, Any] = {"inde": round(chance.uniform(0, 10), 2), "fase": 3}
    if unit is not None:
        record["escola"] = unit
    if chance.random() < 0.3:
        record["turma"] = chance.choice(["1A", "{who}"])
    named = record | {"student_id": "{who}", "period": period}
    label: dict[str, Any] = {"outcome": chance.choice([0, 1, True])}
    if unit is not None and chance.random() < 0.5:
        label["escola"] = unit
    about = label | {"student_id": "{who}", "period": str(period)}
    prediction = label | {"prediction_id": "{who}"}
    asked = f"?unit={quote(unit)}" if unit else ""
    whose = {"student_id": "{who}"} | ({"escola": unit} if unit and chance.random() < 0.5 else {})
    done: dict[str, Any] = whose | {"kind": chance.choice(["seen", "acted", "moved"])}
    done |= chance.choice([{}, {"period": period}, {"next_on": f"{datetime.now(UTC):%F}"}])
    given = whose | {"kind": "tutoring", "start": "2024-03-04"}
    table = f'student_id,inde,escola\n{{who}},5,"{unit or ""}"\n{{who}},6,\n'
    return chance.choice(
        [
            Call("POST", "/predict", json.dumps(named)),
            Call("POST", "/predict?explain=true", json.dumps(named)),
            Call("POST", "/predict", _twice(named, "escola", OWN, OTHER)),
            Call("POST", "/predict/batch", json.dumps({"records": [record, named]})),
            Call("POST", f"/predict/{{who}}{asked}"),
            Call("POST", f"/tasks/pede_lag/predict/{{who}}{asked}"),
            Call("POST", "/labels", json.dumps(about)),
            Call("POST", "/labels", json.dumps([about, prediction, about])),
            Call("POST", "/labels", json.dumps({"labels": [prediction]})),
            Call("POST", "/labels", json.dumps(about | prediction)),
            Call("POST", "/predict/bulk", table, {"content-type": "text/csv"}),
            Call("POST", "/predict/bulk", json.dumps(named), {"content-type": NDJSON}),
            Call("GET", f"/students/at-risk{asked}"),
            Call("GET", f"/students/at-risk?period={period}&limit=1000&offset=0"),
            Call("GET", f"/students/at-risk?status={status}"),
            Call("GET", f"/students/{{who}}{asked}"),
            Call("GET", "/students/{who}?limit=2&offset=1"),
            Call("GET", f"/students/{{who}}/export{asked}"),
            Call("GET", "/tasks/pede_lag/students/{who}"),
            Call("POST", "/actions", json.dumps(done)),
            Call("GET", f"/actions?student_id={{who}}{asked.replace('?', '&')}"),
            Call("POST", "/interventions", json.dumps(given)),
            Call("GET", f"/interventions?student_id={{who}}{asked.replace('?', '&')}"),
            Call("PUT", f"/students/{{who}}/assigned{asked}", json.dumps({"person": "Ana"})),
            Call("GET", f"/help/summary{asked}"),
            Call("DELETE", "/students/{who}"),
            Call("POST", "/students/{who}/readmit", json.dumps({"reason": "x"})),
            Call("GET", chance.choice(["/model", "/models", "/models/v1", "/models/v1/card"])),
            Call("GET", chance.choice(["/runs", "/drift", "/drift/{who}", "/runs/{who}"])),
            Call("GET", chance.choice(["/schema", "/tasks", "/openapi.json", "/docs", "/"])),
            Call("GET", "/../students/{who}", headers={"X-Original-URL": "/students/at-risk"}),
        ]
    )


def _twice(record: Mapping[str, Any], key: str, first: str, second: str) -> str:
    """A JSON object in which a key stands twice."""
    rest = json.dumps({name: value for name, value in record.items() if name != key})[1:-1]
    name, one, two = map(json.dumps, (key, first, second))
    return f"{{{name}: {one}, {rest}, {name}: {two}}}"


@contextmanager
def city(home: Path) -> Iterator[World]:
    """Two schools with students, predictions and outcomes, and the API with keys."""
    uri = lifecycle.ensure_running(home)
    chance = random.Random(7)
    own, other = ([f"{chance.getrandbits(64):016x}" for _ in range(PUPILS)] for _ in range(2))
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
            for school, ids in ((OWN, own), (OTHER, other)):
                registry.run(StudentRepository().observe([_observed(i, school) for i in ids]))
            with served(home, workers=2, auth="keys") as server:
                whole = make_key(home, "--scope", "predict,label")
                made = [_predicted(server.url, whole, i) for i in other]
                until(lambda: _arrived(registry, made))
                key = make_key(home, "--scope", "predict,label,read,act", "--unit", OWN)
                with httpx.Client(
                    base_url=server.url, headers={"X-API-Key": key}, timeout=20
                ) as client:

                    def send(call: Call) -> httpx.Response:
                        return client.request(
                            call.method,
                            call.path,
                            content=call.body,
                            headers={"content-type": "application/json", **call.headers},
                        )

                    yield World(other, made, send)
    finally:
        lifecycle.stop(home)


def _observed(student: str, school: str) -> Observation:
    return Observation(
        student_id=student,
        period="2024",
        features={"inde": 3.0, "ida": 4.0, "fase": 3.0},
        observed_at=datetime(2024, 12, 1, tzinfo=UTC),
        units={"escola": school},
        unit=school.lower(),
    )


def _predicted(url: str, key: str, student: str) -> str:
    record = {"student_id": student, "period": "2024", "inde": 2.5, "escola": OTHER}
    answer = httpx.post(f"{url}/predict", json=record, headers={"X-API-Key": key}, timeout=10)
    return str(answer.raise_for_status().json()["prediction_id"])


def _arrived(registry: SyncRegistry, made: list[str]) -> bool:
    return len(registry.run(PredictionRepository().get_many(made))) == len(made)


def main() -> int:
    """Prints what was found; 1 where anything was."""
    parser = argparse.ArgumentParser(prog="unit_fuzz", description=__doc__)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name, city(Path(name)) as world:
        found = fuzz(world, given.calls, given.seed, lambda line: print(line, file=sys.stderr))
    print(f"{found.calls} calls and as many about nobody in {time.monotonic() - started:.0f} s")
    print(
        f"statuses {found.statuses}; leaks {len(found.leaks)}; told apart {len(found.told_apart)}"
    )
    print("\n".join([*found.leaks[:10], *found.told_apart[:10]]))
    return 1 if found.leaks or found.told_apart else 0


if __name__ == "__main__":
    sys.exit(main())
