"""Several workers on one registry while a clock is moved: who does what, and how often.

`python -m tests.retraining.ticks --ticks 100 --workers 3 --tasks 3` plays it and prints the count.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from preprocessing.task.spec import TaskSpec
from retraining.worker.context import AtWork
from retraining.worker.duties import DUTIES
from retraining.worker.jobs import Jobs
from retraining.worker.subprocesses import Subprocesses
from tests.retraining.school import KEY, task
from tests.retraining.working import UNADDRESSED, Clock

HOUR = timedelta(hours=1)
WRITE = 'echo "$1 $2" >> "$3"'
"""What stands for the pipeline: it writes down the task and the hour."""


class WritingPipeline(Subprocesses):
    """Starts a real process in the pipeline's place, which appends a line to a file."""

    def __init__(self, file: Path, clock: Callable[[], datetime]) -> None:
        super().__init__(at_once=2)
        self._file = file
        self._hour = clock

    def run(self, module: str, *arguments: str, task: str, wait: bool = True) -> int | None:
        assert module == "retraining.pipeline"
        hour = f"{self._hour():%FT%H:%M}"
        return self._run(["sh", "-c", WRITE, "sh", task, hour, str(self._file)])[0]


def hourly(name: str) -> TaskSpec:
    """A task that is retrained every hour."""
    spec = task()
    often = spec.schedule.model_copy(update={"retrain": "0 * * * *"})
    return spec.model_copy(update={"name": name, "schedule": often})


def play(
    uri: str, folder: Path, *, ticks: int, workers: int, tasks: int, prefix: str, seed: int = 0
) -> Counter[str]:
    """Moves the clock hour by hour, longer than any lease lives, so that each is fought for anew.

    Args:
        uri: of the registry.
        folder: an empty one.
        ticks: hours.
        workers: each a thread with clients and a holder of its own.
        tasks: each with a database of its own.
        prefix: of the databases' names.
        seed: deals the order in which each worker looks at the tasks.

    Returns:
        Task and hour to how often a pipeline ran for it.
    """
    clock, file = Clock(), folder / "runs"
    file.touch()
    names = [f"task{number}" for number in range(tasks)]
    start, end = threading.Barrier(workers + 1), threading.Barrier(workers + 1)

    def guarded(number: int) -> None:
        try:
            one(number)
        except BaseException:
            for barrier in (start, end):  # The others would wait for ever.
                barrier.abort()
            raise

    def one(number: int) -> None:
        with open_registry(uri, prefix) as root:
            mine = [
                _jobs(root, root.on(f"{prefix}_{name}"), name, number, clock, file)
                for name in names
            ]
            order = Random(f"{seed}/{number}")
            for _ in range(ticks + 1):
                start.wait()
                for jobs in order.sample(mine, len(mine)):
                    jobs.heartbeat()
                    jobs.carry_out_due()
                end.wait()

    with open_registry(uri, prefix) as root:
        for database in [prefix, *(f"{prefix}_{name}" for name in names)]:
            root.on(database).run(ensure_indexes())
    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for _ in range(ticks + 1):  # The first look is at the start: nothing is due yet.
        start.wait()
        end.wait()
        clock.move(HOUR)
    for thread in threads:
        thread.join()
    return Counter(file.read_text("ascii").splitlines())


def _jobs(
    root: SyncRegistry, registry: SyncRegistry, name: str, number: int, clock: Clock, file: Path
) -> Jobs:
    here = AtWork(
        registry=registry,
        root=root,
        task=hourly(name),
        signing_key=KEY,
        home=file.parent / name,
        subprocesses=WritingPipeline(file, clock),
        clock=clock,
        around=lambda: UNADDRESSED,
    )
    retrain = next(duty for duty in DUTIES if duty.name == "retrain")
    return Jobs(here, holder=f"host{number}/1", duties=(retrain,))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.retraining.ticks", description=__doc__)
    for name, number in (("ticks", 100), ("workers", 3), ("tasks", 3)):
        parser.add_argument(f"--{name}", type=int, default=number)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="farol-ticks-") as name:
        home = Path(name)
        began = time.perf_counter()
        try:
            found = play(
                lifecycle.ensure_running(home, idle_seconds=600),
                home,
                ticks=given.ticks,
                workers=given.workers,
                tasks=given.tasks,
                prefix="ticks",
            )
        finally:
            lifecycle.stop(home)
    twice = sum(number > 1 for number in found.values())
    sys.stdout.write(
        f"{found.total()} runs of {given.ticks * given.tasks}; {len(found)} different ones, "
        f"{twice} more than once; {time.perf_counter() - began:.1f} s\n"
    )
    return int(found.total() != given.ticks * given.tasks or twice > 0)


if __name__ == "__main__":
    sys.exit(main())
