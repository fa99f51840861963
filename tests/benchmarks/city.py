"""`python -m tests.benchmarks.city [--schools N] [--students N]`: a city's years into the registry.

Made-up schools, one CSV per school and year. The first year is features alone; the rows of the
second also hold the outcomes of the first; what the second year came to is then reported as
`/labels` reports it. The floor comes last: the documents that all this left, inserted bare into an
empty database of the same server with the same indexes.

It uses the embedded server in a folder of its own, or `TEST_MONGO_URI` where that is set, with
the hook of erasure as every registry of an installation has it.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from pymongo import MongoClient

from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.erasing.guarded import ErasureGuard
from database.indexes import ensure_indexes
from database.labelling.recording import record_outcomes
from model.label import JoinStatus, Outcome
from model.trust.tombstone import TombstoneKey
from preprocessing.files.loading import read_file
from preprocessing.ingesting.files import ingest_file
from preprocessing.task.spec import TaskSpec, load_task

TASK = "pede_lag"
KEY = TombstoneKey(b"a made-up city")
YEARS = (2023, 2024)
READ_AT = datetime(2025, 2, 1, tzinfo=UTC)
OUTCOMES_PER_CALL = 10_000
INSERTED = 1_000
TIMEOUT_MS = 60_000
SEED = 7
INDICATORS = ("IAA", "IEG", "IPS", "IPP", "IDA", "Mat", "Por", "Ing", "IPV")
STONES = ("Quartzo", "Ágata", "Ametista", "Topázio")
KINDS = ("Pública", "Privada", "Privada - Programa de Apadrinhamento")


@dataclass(frozen=True, slots=True)
class Figure:
    """What one part took.

    Attributes:
        rows: rows of files, or outcomes.
        seconds: of wall time.
    """

    what: str
    rows: int
    seconds: float


def write_city(folder: Path, schools: int, students: int) -> Mapping[int, list[Path]]:
    """One CSV per school and year; the same arguments write the same bytes.

    Args:
        folder: made if it is not there.
        schools: how many, of equal size.
        students: of all schools together; each is there in every year.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    files: dict[int, list[Path]] = {year: [] for year in YEARS}
    for school, ids in enumerate(np.array_split(np.arange(students), schools)):
        entered = rng.integers(2016, YEARS[0] + 1, len(ids))
        birth = rng.integers(2006, 2016, len(ids))
        girl = rng.random(len(ids)) < 0.5
        strength = rng.normal(size=len(ids))
        kind = rng.choice(KINDS, len(ids))
        for year in YEARS:
            columns: dict[str, Any] = {
                "RA": [f"RA-{number:07}" for number in ids],
                "Escola": [f"Escola {school:03}"] * len(ids),
                "Gênero": np.where(girl, "Feminino", "Masculino"),
                "Data de Nasc": [f"15/03/{one}" for one in birth],
                "Idade": year - birth,
                "Ano ingresso": entered,
                "Instituição de ensino": kind,
                "Nº Av": rng.integers(2, 5, len(ids)),
                **_survey(rng, strength, year),
            }
            path = folder / f"escola_{school:03}_{year}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(columns)
                writer.writerows(zip(*columns.values(), strict=True))
            files[year].append(path)
    return files


def _survey(rng: np.random.Generator, strength: NDArray[np.float64], year: int) -> dict[str, Any]:
    """What is measured every year of students of these strengths; the first has no outcome."""
    size = len(strength)
    taken = {
        name: np.clip(5 + 2 * strength + 2 * rng.normal(size=size), 0, 10).round(1)
        for name in INDICATORS
    }
    inde = np.mean([*taken.values()], axis=0)
    phase = rng.integers(0, 9, size)
    lag = np.clip(np.rint(strength + 0.5 * rng.normal(size=size)), -2, 1).astype(int)
    survey: dict[str, Any] = {
        f"INDE {year}": inde,
        f"Pedra {year}": np.asarray(STONES)[np.minimum(inde // 2.5, 3).astype(int)],
        "IAN": np.where(lag < 0, 5.0, 10.0),
        "Fase": phase,
        "Fase Ideal": np.clip(phase - lag, 0, 8),
        **taken,
    }
    return survey if year == YEARS[0] else survey | {"Defasagem": lag}


def measure(uri: str, folder: Path, schools: int, students: int) -> list[Figure]:
    """Fills a database of its own on that server, and one with the bare documents; drops both."""
    task = load_task(TASK)
    files = write_city(folder, schools, students)
    db, bare = f"city{uuid4().hex[:8]}", f"bare{uuid4().hex[:8]}"
    client: MongoClient[dict[str, Any]] = MongoClient(uri, tz_aware=True)
    figures: list[Figure] = []
    try:
        with open_registry(uri, db, timeout_ms=TIMEOUT_MS, hook=ErasureGuard(KEY)) as registry:
            registry.run(ensure_indexes())
            for year, what in zip(YEARS, ("features alone", "with outcomes"), strict=True):
                rows, seconds = _read(files[year], task)
                figures.append(Figure(f"read files, {what}", rows, seconds))
                rows, seconds = _ingest(registry, files[year], task)
                figures.append(Figure(f"read and ingest files, {what}", rows, seconds))
            rows, seconds = _report(registry, students)
            figures.append(Figure("record outcomes of joined students", rows, seconds))
        figures.append(_floor(client, uri, db, bare, ("students",)))
        figures.append(_floor(client, uri, db, bare, ("outcomes", "labels")))
    finally:
        for name in (db, bare):
            client.drop_database(name)
        client.close()
    return figures


def _read(files: Sequence[Path], task: TaskSpec) -> tuple[int, float]:
    with _clock() as clock:
        rows = sum(
            len(table.observations)
            for path in files
            for table in read_file(path, task, now=READ_AT).tables
        )
    return rows, clock[0]


def _ingest(registry: SyncRegistry, files: Sequence[Path], task: TaskSpec) -> tuple[int, float]:
    with _clock() as clock:
        done = [
            one
            for path in files
            for one in ingest_file(registry, path, task, now=READ_AT, tombstone_key=KEY)[0]
        ]
    return sum(one.batch.rows_kept for one in done), clock[0]


def _report(registry: SyncRegistry, students: int) -> tuple[int, float]:
    """The outcomes of the second year, as an API client sends them."""
    observed = READ_AT + timedelta(days=400)
    calls = [
        [
            Outcome(float(n % 3 == 0), observed, None, f"RA-{n:07}", str(YEARS[1]), "city", 1, True)
            for n in range(first, min(first + OUTCOMES_PER_CALL, students))
        ]
        for first in range(0, students, OUTCOMES_PER_CALL)
    ]
    with _clock() as clock:
        statuses = [
            decision.status
            for call in calls
            for decision in registry.run(record_outcomes(call, now=observed, most_waiting=1_000))
        ]
    if set(statuses) != {JoinStatus.JOINED}:
        raise SystemExit(f"not all outcomes were joined: {sorted(set(statuses))}")
    return len(statuses), clock[0]


def _floor(
    client: MongoClient[dict[str, Any]], uri: str, db: str, bare: str, collections: Sequence[str]
) -> Figure:
    """What a part left behind, inserted bare with the same indexes; one row each per collection."""
    client.drop_database(bare)
    with open_registry(uri, bare, timeout_ms=TIMEOUT_MS) as registry:
        registry.run(ensure_indexes())
    rows, seconds = 0, 0.0
    for collection in collections:
        documents = list(client[db][collection].find(batch_size=5_000))
        rows = len(documents)
        with _clock() as clock:
            for first in range(0, rows, INSERTED):
                part = documents[first : first + INSERTED]
                client[bare][collection].insert_many(part, ordered=False)
        seconds += clock[0]
    return Figure(f"bare insert: {' and '.join(collections)}", rows, seconds)


@contextmanager
def _clock() -> Iterator[list[float]]:
    taken: list[float] = []
    started = time.perf_counter()
    yield taken
    taken.append(time.perf_counter() - started)


def table(figures: Sequence[Figure]) -> str:
    """The figures as Markdown."""
    lines = ["| | rows | s | rows/s |", "|---|--:|--:|--:|"]
    lines += [
        f"| {f.what} | {f.rows:,} | {f.seconds:.1f} | {f.rows / f.seconds:,.0f} |" for f in figures
    ]
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(prog="city", description=__doc__)
    parser.add_argument("--schools", type=int, default=200)
    parser.add_argument("--students", type=int, default=100_000)
    given = parser.parse_args(argv)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uri = os.environ.get("TEST_MONGO_URI", "")
        try:
            uri = uri or lifecycle.ensure_running(folder)
            figures = measure(uri, folder / "city", given.schools, given.students)
        finally:
            lifecycle.stop(folder)
    sys.stdout.write(table(figures))
    sys.stdout.write(f"load of the machine: {before:.1f} before, {os.getloadavg()[0]:.1f} after\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
