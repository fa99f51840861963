"""Calls made from the OpenAPI page: `python -m tests.studies.schema_fuzz [--requests 20000]`.

Schemathesis draws calls of every operation, about half of them as the page says and half against
it, with bodies, paths, queries and headers that nobody would write. No answer may be 5xx, but 503
with `Retry-After` where the page says so, and each is compared with the page, where a field that
is not declared is wrong. Exit code 1 where something was found.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from database import indexes
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.students import StudentRepository
from model.student import Observation
from tests.api import bundles
from tests.api.keys import make_key
from tests.api.server import Server, served, until
from tests.api.strict import StrictPage

Send = Callable[[Case[Any]], None]

STUDENTS = 30
TAKE_A_PROCESS = frozenset({"preview_file", "keep_file"})
"""Operations that start a process for each call, which takes a second: called less often."""

ENDS_THE_SESSION = frozenset({"sign_out"})
"""Operations that would end what the others need; they are called with a wrong key only."""

ERASES = frozenset({"erase_student"})
SECURE = frozenset({"x-content-type-options", "content-security-policy", "cache-control"})
BACK_PRESSURE = 503
LONGEST_TOLD = 400
KEPT_OF_EACH = 3


@dataclass(slots=True)
class FuzzReport:
    """What was found.

    Attributes:
        calls: that were sent.
        statuses: how often each status was answered.
        operations: how often each operation was called.
        faults: by operation and kind, some of each: the call and what is wrong with the answer.
        counts: how many of each.
    """

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, told: str) -> None:
        """Keeps a fault."""
        self.counts[kind] += 1
        kept = self.faults.setdefault(kind, [])
        if len(kept) < KEPT_OF_EACH:
            kept.append(told)


@dataclass(frozen=True, slots=True)
class Installation:
    """A server that is fuzzed.

    Attributes:
        server: with its address.
        key: an administrator's.
        people: ids that the registry knows, for paths.
    """

    server: Server
    key: str
    known: Mapping[str, list[str]]


def fuzz(place: Installation, requests: int, start: int, say: Callable[[str], None]) -> FuzzReport:
    """Sends calls of every operation.

    Args:
        place: whom to.
        requests: how many, about.
        start: of the draws.
        say: told of the progress.
    """
    report = FuzzReport()
    document = httpx.get(f"{place.server.url}/openapi.json").json()
    strict = StrictPage(document)
    page = schemathesis.openapi.from_dict(document)
    found = [one.ok() for one in page.get_all_operations() if isinstance(one, Ok)]
    each = max(1, requests // len(found) // 2)
    with httpx.Client(base_url=place.server.url, timeout=30) as client:
        for number, operation in enumerate(found):
            slow = operation.definition.raw["operationId"] in TAKE_A_PROCESS
            count = max(1, each // 10) if slow else each
            for mode in GenerationMode:
                cases = operation.as_strategy(generation_mode=mode)
                chance = random.Random(f"{start} {operation.label} {mode}")
                _drawn(cases, count, chance, _sender(place, client, strict, report, chance))
            say(f"{number + 1} of {len(found)}: {operation.label}, {report.calls} calls")
    return report


def _drawn(cases: Any, count: int, chance: random.Random, send: Send) -> None:
    @seed(chance.randrange(2**32))
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def each(case: Case[Any]) -> None:
        send(case)

    with suppress(Unsatisfiable):  # Against some pages nothing can be drawn.
        each()


def _sender(
    place: Installation,
    client: httpx.Client,
    strict: StrictPage,
    report: FuzzReport,
    chance: random.Random,
) -> Send:
    def send(case: Case[Any]) -> None:
        name = str(case.operation.definition.raw["operationId"])
        if chance.random() < (0.02 if name in ERASES else 0.5):
            _made_known(case, place.known, chance)
        request = _request(case, place, client, name, chance)
        if request is None:
            return
        shown = f"{request.method} {request.url} {request.content[:LONGEST_TOLD]!r}"
        report.calls += 1
        report.operations[name] += 1
        try:
            answer = client.send(request)
        except httpx.LocalProtocolError:
            return  # No HTTP/1.1: it did not leave.
        except httpx.HTTPError as error:
            report.note(f"{name}: {type(error).__name__}", f"{shown}: {error}")
            return
        report.statuses[answer.status_code] += 1
        for kind, fault in _faults(name, strict, answer):
            report.note(f"{name}: {kind}", f"{shown}: {answer.status_code} {fault}")

    return send


def _made_known(case: Case[Any], known: Mapping[str, list[str]], chance: random.Random) -> None:
    """Puts names that the registry knows into the path, else nearly every call would be 404."""
    for name, values in known.items():
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = chance.choice(values)


def _request(
    case: Case[Any], place: Installation, client: httpx.Client, name: str, chance: random.Random
) -> httpx.Request | None:
    """The call as it is sent; None where it cannot be written as HTTP/1.1 at all."""
    keyed = chance.random() < 0.95 and name not in ENDS_THE_SESSION
    try:
        drawn = case.as_transport_kwargs(base_url=place.server.url)
        headers = dict(drawn.pop("headers"))
        if keyed:
            drawn_keys = [one for one in headers if one.lower() in {"authorization", "x-api-key"}]
            for one in drawn_keys:
                del headers[one]
            headers["Authorization"] = f"Bearer {place.key}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return client.build_request(
                drawn["method"],
                drawn["url"],
                params=drawn.get("params"),
                json=drawn.get("json"),
                content=drawn.get("data") if isinstance(drawn.get("data"), bytes | str) else None,
                headers=headers,
            )
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
        return None


def _faults(name: str, strict: StrictPage, answer: httpx.Response) -> Iterator[tuple[str, str]]:
    status = answer.status_code
    pressure = status == BACK_PRESSURE and "retry-after" in answer.headers
    if status >= 500 and not pressure:
        yield str(status), answer.text[:LONGEST_TOLD]
    if "content-type" not in answer.headers:
        yield f"{status} without a content type", ""
    elif strict.operations.get(name) is not None:
        for fault in strict.faults(name, answer):
            yield f"{status} outside the page", fault[:LONGEST_TOLD]
    for header in SECURE - answer.headers.keys():
        yield f"{status} without {header}", ""


@contextmanager
def installation(home: Path) -> Iterator[Installation]:
    """A server with keys, a champion, and some students."""
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
            students = _students(registry)
        key = make_key(home, "--scope", "predict,label,read,act,admin")
        rates = ("CALLS", "PREDICT", "ADDRESS", "REFUSED")
        unlimited = {f"FAROL_RATE_{one}": "off" for one in rates}
        with served(home, workers=1, auth="keys", env=unlimited) as server:
            until(lambda: server.get("/health/ready").status_code == 200)
            known = {"student_id": students, "version": ["v1", "v1", "v2", "champion"]}
            yield Installation(server, key, known)
    finally:
        lifecycle.stop(home)


def _students(registry: SyncRegistry) -> list[str]:
    ids = [f"S{number}" for number in range(STUDENTS)]
    at = datetime(2026, 3, 2, tzinfo=UTC)
    rows = [
        Observation(one, "2025", {"inde": 5.0 + number / 10}, at) for number, one in enumerate(ids)
    ]
    registry.run(StudentRepository().observe(rows))
    return ids


def told(report: FuzzReport, took: float) -> Iterator[str]:
    """The report in lines."""
    least = min(report.operations.values(), default=0)
    yield f"{report.calls} calls of {len(report.operations)} operations (each at least {least})"
    yield f"in {took:.0f} s; answers: {dict(sorted(report.statuses.items()))}"
    for kind, count in sorted(report.counts.items()):
        yield f"{count} x {kind}"
        yield from (f"    {one}" for one in report.faults[kind])
    yield f"{sum(report.counts.values())} faults"


def _raised(log: str) -> Iterator[str]:
    """Every error in the server's log, once, with the places of ours that it came through."""
    places: list[str] = []
    for line in dict.fromkeys(log.splitlines()):
        if "Traceback" in line:
            places = []
        elif line.lstrip().startswith("File") and ".venv" not in line:
            places.append(line.strip())
        elif "unexpected" in line or "Error" in line:
            yield " < ".join([line, *places[:-4:-1]])


def main() -> int:
    """Fuzzes a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, help="about so many")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    logging.disable(logging.INFO)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as place:
        found = fuzz(place, asked.requests, asked.seed, lambda line: print(line, file=sys.stderr))
        log = (Path(folder) / "server.log").read_text("utf-8")
    for line in told(found, time.monotonic() - started):
        print(line)
    for line in _raised(log):
        print(line)
    return 1 if found.counts else 0


if __name__ == "__main__":
    sys.exit(main())
