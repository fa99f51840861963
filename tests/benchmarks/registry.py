"""`python -m tests.benchmarks.registry [--rows N]`: what the registry takes to fill and to read.

On the embedded server in a folder of its own, and on `TEST_MONGO_URI` where that is set. The window
is read in turns with a raw read, in which PyMongo alone asks for the same documents in the same
order and keeps them as they are; the quickest of each is told.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from pymongo import MongoClient
from pymongo.database import Database

from database.driver.client import SyncRegistry, open_registry
from database.driver.execute import BATCH
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from database.students import StudentRepository
from model.label import Outcome
from model.student import Observation
from preprocessing.dataset import training_set

ROWS = 100_000
FEATURES = 16
PART = 5_000
TURNS = 3
PERIOD = "2023"
TIMEOUT_MS = 30_000
START = datetime(2024, 1, 1, tzinfo=UTC)
ARRIVED = START + timedelta(days=1)
ROOT = Path(__file__).parents[2]
MB = 1024
"""`ru_maxrss` is in kilobytes on Linux."""


def measure_registry(uri: str, rows: int = ROWS) -> Mapping[str, str]:
    """Fills a database of its own, reads it in a fresh process, drops it.

    Args:
        uri: a MongoDB or the embedded server.
        rows: labelled records of 16 features.
    """
    db = f"bench{uuid4().hex[:8]}"
    try:
        with open_registry(uri, db, timeout_ms=TIMEOUT_MS) as registry:
            registry.run(ensure_indexes())
            observed = _seconds(lambda: _observe(registry, rows))
            recorded = _seconds(lambda: _record(registry, rows))
        raw, window = _read_in_turns(uri, db, rows)
    finally:
        with MongoClient[dict[str, object]](uri) as client:
            client.drop_database(db)
    return {
        "observe students": _rate(rows, observed),
        "record outcomes and join them": _rate(rows, recorded),
        "raw read of the same documents": _rate(rows, raw.seconds),
        "read the window into a training set": _rate(rows, window.seconds),
        "of the raw read": f"{window.seconds / raw.seconds:.2f}",
        "extra memory of the window, at its peak": f"{window.megabytes:.0f} MB",
    }


def table(columns: Mapping[str, Mapping[str, str]], rows: int) -> str:
    """The figures as Markdown, one column a server."""
    names = list(columns)
    lines = [
        f"| {rows:,} labels × {FEATURES} features | " + " | ".join(names) + " |",
        "|---|" + "--:|" * len(names),
    ]
    for what in columns[names[0]]:
        lines.append(f"| {what} | " + " | ".join(columns[name][what] for name in names) + " |")
    return "\n".join(lines) + "\n"


def _observe(registry: SyncRegistry, rows: int) -> None:
    for numbers in _parts(rows):
        registry.run(StudentRepository().observe([_observation(i) for i in numbers]))


def _record(registry: SyncRegistry, rows: int) -> None:
    for numbers in _parts(rows):
        reported = [Outcome(float(i % 3 == 0), START, None, f"RA-{i}", PERIOD) for i in numbers]
        registry.run(record_outcomes(reported, now=ARRIVED))


def _observation(number: int) -> Observation:
    features = {f"feature_{k:02}": (number * 31 + k * 7) % 1000 / 100 for k in range(FEATURES)}
    return Observation(f"RA-{number}", PERIOD, features, START, {"gender": "FM"[number % 2]})


def _parts(rows: int) -> Iterator[range]:
    return (range(first, min(first + PART, rows)) for first in range(0, rows, PART))


@dataclass(frozen=True, slots=True)
class _Read:
    """What reading all labels took, in a process that did nothing else."""

    seconds: float
    megabytes: float


def _read_in_turns(uri: str, db: str, rows: int) -> tuple[_Read, _Read]:
    """The quickest raw read and the quickest window."""
    turns = [[_read_elsewhere(uri, db, rows, what) for what in READS] for _ in range(TURNS)]
    raw, window = (min(same, key=lambda one: one.seconds) for same in zip(*turns, strict=True))
    return raw, window


def _read_elsewhere(uri: str, db: str, rows: int, what: str) -> _Read:
    """A read in a process that did not fill the registry; its memory is then the read's own."""
    command = [sys.executable, "-m", "tests.benchmarks.registry", "--rows", str(rows)]
    # In the environment and not on the command line, which other users can see.
    env = {**os.environ, "BENCH_READ_URI": uri, "BENCH_READ_DB": db, "BENCH_READ_WHAT": what}
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    return _Read(**json.loads(done.stdout))


def _read(uri: str, db: str, rows: int, what: str) -> _Read:
    with open_registry(uri, db, timeout_ms=TIMEOUT_MS) as registry:
        registry.ping()
        with MongoClient[dict[str, object]](uri, tz_aware=True) as client:
            client.admin.command("ping")
            before = _peak_megabytes()
            started = time.perf_counter()
            found = READS[what](registry, client[db], rows)
            seconds = time.perf_counter() - started
    if found != rows:
        raise SystemExit(f"{found} labels came back, not {rows}")
    return _Read(seconds, _peak_megabytes() - before)


def _raw(_registry: SyncRegistry, db: Database[dict[str, object]], _rows: int) -> int:
    order = [("first_arrived_at", -1), ("period", -1), ("student_id", -1)]
    until = {"first_arrived_at": {"$lte": ARRIVED}}
    return len(list(db.labels.find(until, sort=order, batch_size=BATCH)))


def _window(registry: SyncRegistry, _db: Database[dict[str, object]], rows: int) -> int:
    found = registry.run(LabelRepository().window(arrived_until=ARRIVED, limit=rows))
    return len(training_set(found, ["gender"]))


READS: Mapping[str, Callable[[SyncRegistry, Database[dict[str, object]], int], int]] = {
    "raw": _raw,
    "window": _window,
}


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB


def _seconds(call: Callable[[], None]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _rate(rows: int, seconds: float) -> str:
    return f"{seconds:.1f} s, {rows / seconds:,.0f} rows/s"


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.registry")
    parser.add_argument("--rows", type=int, default=ROWS, help="labels (default: %(default)s)")
    rows = parser.parse_args(argv).rows
    if "BENCH_READ_URI" in os.environ:
        uri, db, what = (os.environ[f"BENCH_READ_{name}"] for name in ("URI", "DB", "WHAT"))
        sys.stdout.write(json.dumps(asdict(_read(uri, db, rows, what))))
        return 0
    columns = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            uri = lifecycle.ensure_running(Path(folder))
            columns["embedded server"] = measure_registry(uri, rows)
        finally:
            lifecycle.stop(Path(folder))
    if uri := os.environ.get("TEST_MONGO_URI", ""):
        columns["MongoDB"] = measure_registry(uri, rows)
    sys.stdout.write(table(columns, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
