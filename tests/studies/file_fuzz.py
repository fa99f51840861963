"""Hostile school files: `python -m tests.studies.file_fuzz [--files 2000] [--seed 0]`.

Each file is a made-up school year as CSV, workbook or Parquet with something wrong in its table,
in the types of its cells or in its bytes. It must be read right, as far as nothing was done to it,
or be refused with place and reason; no batch may be kept in part; and reading takes no more than
1.5 GB. A process of its own reads them, so that one that breaks it is found and named.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from database.driver.client import open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from preprocessing.files.loading import read_tables
from preprocessing.task.spec import load_task
from tests.studies.hostile.forms import FORMS, Mutant, as_csv, mutant
from tests.studies.hostile.judging import Judge, Judged, rows_read
from tests.studies.hostile.processes import Ended, Worker
from tests.studies.hostile.tables import SchoolTable, genuine

GIGABYTE = 1 << 30
MOST_MEMORY = 3 * GIGABYTE // 2
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
TASK = "pede_lag"


@dataclass(frozen=True)
class FilesFound:
    """What a study found.

    Attributes:
        files: how many were tried.
        outcomes: kind of file and what became of it, to how many.
        faults: what must not be, with number and change of the file.
        memory: bytes that reading a file took at most.
        slowest: seconds of the slowest file.
    """

    files: int
    outcomes: Mapping[str, int]
    faults: list[str]
    memory: int
    slowest: float


def begin_reading(home: Path, folder: Path) -> Callable[[Mutant], Judged]:
    """What reads and keeps one file after the other, in a process of its own.

    Args:
        home: of a running embedded registry.
        folder: where the files are put.
    """
    task = load_task(TASK)
    base = folder / "pede_2023.csv"
    base.write_bytes(as_csv(genuine(), random.Random(0)))
    known = rows_read(read_tables(base, task, now=NOW)[0])
    # Open until the process ends.
    registry = open_registry(lifecycle.ensure_running(home), "farol").__enter__()
    registry.run(ensure_indexes())
    judge = Judge(task, known, registry, NOW)

    def read(one: Mutant) -> Judged:
        path = folder / one.name
        path.write_bytes(one.data)
        return judge(one, path)

    return read


@contextmanager
def reading(home: Path) -> Iterator[Worker]:
    """A reader with a registry of its own."""
    lifecycle.ensure_running(home, idle_seconds=600)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            Worker(begin_reading, home, Path(folder)) as reader,
        ):
            yield reader
    finally:
        lifecycle.stop(home)


def made(table: SchoolTable, number: int, seed: int) -> Mutant:
    """The file of that number; the same seed makes the same files."""
    chance = random.Random(seed * 1_000_003 + number)
    return mutant(table, tuple(FORMS)[number % len(FORMS)], chance)


def fuzz_files(
    reader: Worker, files: range, seed: int, say: Callable[[str], None] = lambda _: None
) -> FilesFound:
    """Tries files.

    Args:
        reader: reads them.
        files: their numbers.
        seed: of the draws.
        say: told of the progress.
    """
    table = genuine()
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    memory, slowest = 0, 0.0
    for done, number in enumerate(files, start=1):
        one = made(table, number, seed)
        label = f"file {number} ({one.name.rpartition('.')[2]}, {one.what})"
        started = time.monotonic()
        try:
            judged, took = reader.ask(one)
        except Ended as error:
            faults.append(f"{label}: {error}")
            continue
        memory, slowest = max(memory, took), max(slowest, time.monotonic() - started)
        became = "read" if judged.read else "refused"
        outcomes[f"{one.name.rpartition('.')[2]} {became}"] += 1
        faults += [f"{label}: {fault}" for fault in judged.faults]
        if took > MOST_MEMORY:
            faults.append(f"{label}: took {took >> 20} MB")
        if done % 200 == 0:
            say(f"{done} of {len(files)} files, {len(faults)} faults")
    return FilesFound(len(files), dict(sorted(outcomes.items())), faults, memory, slowest)


def main() -> int:
    """Prints what was found; 1 where anything was."""
    parser = argparse.ArgumentParser(prog="file_fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="the number of one file, to see it again")
    given = parser.parse_args()
    started = time.monotonic()
    files = range(given.files) if given.only is None else range(given.only, given.only + 1)
    with tempfile.TemporaryDirectory() as home, reading(Path(home)) as reader:
        found = fuzz_files(reader, files, given.seed, lambda line: print(line, file=sys.stderr))
    print(f"{found.files} files in {time.monotonic() - started:.0f} s, seed {given.seed}")
    print(
        f"{dict(found.outcomes)}; at most {found.memory >> 20} MB and {found.slowest:.1f} s a file"
    )
    print(f"{len(found.faults)} faults", *found.faults[:40], sep="\n")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
