"""One host of the API in a namespace, and a school system beside it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import Any

import httpx

from api.durability import outbox
from tests.api.bundles import KEY
from tests.api.server import ROOT, until
from tests.faults.conftest import DATA_KEY
from tests.faults.school import School
from tests.studies.hosts.network import Inside, command, enter

URL = "http://127.0.0.1:8000"
WORKERS = 2
SECONDS = 60.0
"""How long a call may take: longer than any that waits for a registry that is cut off."""


@dataclass(frozen=True, slots=True)
class NetworkHost:
    """A host, called from where it is, as a school's own system calls it.

    Attributes:
        number: of its port at the bridge.
        namespace: its own.
        home: its files.
    """

    number: int
    namespace: str
    home: Path
    inside: Inside

    def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        """One call."""
        return self.inside(
            lambda: httpx.request(method, f"{URL}{path}", json=body, timeout=SECONDS)
        )

    def predicted(self, record: Mapping[str, Any]) -> str:
        """The id of a prediction, which must be answered."""
        answer = self.call("POST", "/predict", record)
        answer.raise_for_status()
        return str(answer.json()["prediction_id"])

    @property
    def health(self) -> Mapping[str, Any]:
        """What it tells of itself."""
        found: Mapping[str, Any] = self.call("GET", "/health").json()
        return found

    @property
    def versions(self) -> set[str | None]:
        """What its workers serve."""
        return {worker["version"] for worker in self.health["workers"]}

    @property
    def waiting(self) -> set[str]:
        """The students whose predictions wait on it."""
        return outbox.students(self.home / "tasks/pede_lag/outbox")


@dataclass(slots=True)
class NearSchool(School):
    """A school system in a host's namespace."""

    namespace: str = ""

    def _call(self, reports: int) -> None:
        enter(self.namespace)
        School._call(self, reports)


def school_of(host: NetworkHost) -> School:
    """A school system that calls this host."""
    return NearSchool(URL, namespace=host.namespace)


def environment(home: Path, uri: str) -> dict[str, str]:
    """What a process of a host is started with."""
    return environ | {
        "FAROL_HOME": str(home), "FAROL_AUTH": "off", "FAROL_SIGNING_KEY": KEY.decode(),
        "FAROL_DATA_KEY": DATA_KEY, "MONGO_URI": uri,
    }  # fmt: skip


@contextmanager
def worker(on: NetworkHost, uri: str) -> Iterator[None]:
    """The worker of the installation, on one of the hosts."""
    with (on.home / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            command(on.namespace, sys.executable, "-m", "retraining.worker"),
            cwd=ROOT, env=environment(on.home, uri), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)


@contextmanager
def host(number: int, namespace: str, home: Path, uri: str) -> Iterator[NetworkHost]:
    """A host that serves the champion."""
    home.mkdir()
    given = environment(home, uri)
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command(
                namespace, sys.executable, "-m", "uvicorn", "api.app:app", "--no-access-log",
                "--http", "api.http.protocol:BoundedProtocol", "--workers", str(WORKERS),
            ),
            cwd=ROOT, env=given, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    found = NetworkHost(number, namespace, home, Inside(namespace))
    try:
        until(lambda: _serves(found))
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)
        found.inside.close()


def _serves(host: NetworkHost) -> bool:
    try:
        workers = host.health["workers"]
    except (httpx.TransportError, ValueError, KeyError):
        return False
    return len(workers) == WORKERS and all(worker["version"] for worker in workers)
