"""The labelled window read in key ranges into files, by one process and by several.

`python -m tests.studies.window_files --labels 100000` teaches an embedded registry of its own (or
the one at TEST_MONGO_URI) a made-up school, reads its window as an ordinary run does and as
`deployment.dask run` does, and prints the table in docs/dask.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from database.labels import LabelRepository
from retraining.run import training_labels
from retraining.run.beyond_memory.reading import ReadingJob
from retraining.run.beyond_memory.window import ranges_of, read_window
from tests.retraining import school

NOW = school.START + timedelta(days=400)
TAUGHT = 10_000
Opener = Callable[[], SyncRegistry]


@dataclass(frozen=True)
class Read:
    """One way to read the window; `largest` is the memory of who asked, in MB."""

    rows: int
    seconds: float
    largest: float


def teach(opener: Opener, labels: int) -> None:
    """Students of as many periods as it takes, ten thousand each."""
    with opener() as registry:
        registry.run(ensure_indexes())
        for number in range(labels // TAUGHT):
            school.teach(registry, str(1900 + number), school.READING, n=TAUGHT, seed=number)


def ordinary(opener: Opener) -> Read:
    """All labels in memory."""
    with opener() as registry:
        began = time.perf_counter()
        found = registry.run(training_labels.window(school.task(), arrived_until=NOW, limit=0))
        return Read(len(found), time.perf_counter() - began, _largest())


def in_files(opener: Opener, folder: Path, processes: int) -> Read:
    """The same in ranges of 5,000."""
    folder.mkdir()
    with opener() as registry:
        began = time.perf_counter()
        job = ReadingJob(opener, school.task(), folder, NOW, None, held=0.02, sampled=0.02, seed=0)
        found = read_window(job, ranges_of(registry, 5_000), processes)
        seconds = time.perf_counter() - began
    shutil.rmtree(folder)
    return Read(found.rows, seconds, _largest())


def cuts(opener: Opener) -> float:
    """Seconds that finding the ranges takes."""
    with opener() as registry:
        began = time.perf_counter()
        registry.run(LabelRepository().cuts(5_000))
        return time.perf_counter() - began


def _largest() -> float:
    """The largest that this process has been, in MB; what started it has no part in it."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def afresh(way: Callable[[], Read]) -> Read:
    """One way in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        return executor.submit(way).result()


def main() -> int:
    """Prints a row a way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=100_000)
    parser.add_argument("--processes", default="1,2")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        uri = os.environ.get("TEST_MONGO_URI") or lifecycle.ensure_running(home)
        opener = partial(open_registry, uri, "window_files")
        teach(opener, given.labels)
        sys.stdout.write(f"ranges: {cuts(opener):.2f} s\n")
        for processes in map(int, given.processes.split(",")):
            one = afresh(partial(in_files, opener, Path(scratch) / "files", processes))
            _tell(f"files, {processes} processes", one)
        _tell("in memory", afresh(partial(ordinary, opener)))
        lifecycle.stop(home)
    return 0


def _tell(how: str, one: Read) -> None:
    sys.stdout.write(f"| {how} | {one.rows:,} | {one.seconds:.1f} s | {one.largest:.0f} MB |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
