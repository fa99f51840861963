"""A school system that predicts and reports without rest, and what was acknowledged to it."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from tests import local
from tests.api.server import Server, until

PERIOD = "2023"
RECORD = {"inde": 7.5, "ida": 3.0, "fase": 3, "period": PERIOD}
PATIENCE = 40.0
"""Seconds: longer than any call waits for a registry that hangs."""

REST = 0.02


@dataclass(frozen=True, slots=True)
class Seen:
    """What a host answers.

    Attributes:
        predict: the status of `/predict`.
        labels: the status of `/labels`, for a prediction of before the fault.
        ready: the status of `/health/ready`.
        health: the status of `/health`, the whole and each part that is not ok.
    """

    predict: int
    labels: int
    ready: int
    health: str


@dataclass(slots=True)
class School:
    """One caller in a thread of its own.

    Attributes:
        predictions: ids that were answered with 200.
        outcomes: students whose outcome was answered with 200 as joined.
        statuses: of `/predict`.
        seconds: until it answered.
        broken: calls that were not answered.
    """

    url: str
    predictions: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    broken: int = 0
    done: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Calls while the block lasts, and once more at its end."""
        threads = [threading.Thread(target=self._call, args=(what,)) for what in (0, 1)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.done.set()
            for thread in threads:
                thread.join()

    def _call(self, reports: int) -> None:
        while not self.done.wait(REST):
            try:
                with local.client(base_url=self.url, timeout=PATIENCE) as client:
                    while not self.done.wait(REST):
                        self._once(client, reports=bool(reports))
            except httpx.TransportError:
                self.broken += 1

    def _once(self, client: httpx.Client, *, reports: bool) -> None:
        student = f"S{uuid.uuid4().hex[:10]}"
        started = time.monotonic()
        answer = client.post("/predict", json=RECORD | {"student_id": student})
        self.seconds.append(time.monotonic() - started)
        self.statuses[answer.status_code] += 1
        if answer.status_code != 200:
            return
        self.predictions.append(answer.json()["prediction_id"])
        if reports:
            told = {"student_id": student, "period": PERIOD, "outcome": 1}
            reported = client.post("/labels", json=told)
            if reported.status_code == 200 and reported.json()["joined"]:
                self.outcomes.append(student)


def kept(registry: SyncRegistry, *schools: School) -> None:
    """Waits until everything acknowledged is in the registry, each thing once."""
    predictions = [one for school in schools for one in school.predictions]
    outcomes = [one for school in schools for one in school.outcomes]
    assert predictions and len(predictions) == len(set(predictions))
    until(lambda: registry.run(PredictionRepository().known(predictions)) == set(predictions))
    labels = registry.run(LabelRepository().newest(0))
    stored = Counter(label.student_id for label in labels)
    assert {student: stored[student] for student in outcomes} == dict.fromkeys(outcomes, 1)


def served_before(server: Server) -> str:
    """A student whose features are known, for an outcome to come."""
    student = f"S{uuid.uuid4().hex[:10]}"
    server.post("/predict", RECORD | {"student_id": student}).raise_for_status()
    return student


def look(server: Server, student: str) -> Seen:
    """Asks each thing once."""
    told = {"student_id": student, "period": PERIOD, "outcome": 1}
    with local.client(base_url=server.url, timeout=PATIENCE) as client:
        predict = client.post("/predict", json=RECORD).status_code
        labels = client.post("/labels", json=told).status_code
        ready = client.get("/health/ready").status_code
        health = client.get("/health")
    body = health.json()
    parts = [f"{name} {p['state']}" for name, p in body["parts"].items() if p["state"] != "ok"]
    told_parts = f": {', '.join(parts)}" if parts else ""
    return Seen(predict, labels, ready, f"{health.status_code} {body['status']}{told_parts}")


def await_seen(server: Server, wanted: Seen, students: Sequence[str], seconds: float = 30) -> None:
    """Asks until the host answers so; states of a moment before are passed over.

    Args:
        server: the host.
        wanted: what it must come to answer.
        students: known ones, one for each look.
        seconds: how long at most.
    """
    deadline, last = time.monotonic() + seconds, None
    for number in range(10_000):
        last = look(server, students[number % len(students)])
        if last == wanted:
            return
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    raise AssertionError(f"answers {last}, and not {wanted}")
