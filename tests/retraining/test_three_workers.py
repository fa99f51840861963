"""Three workers: each run is made once, and the run of one that is killed is made by another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from database.driver.client import SyncRegistry
from database.watch.jobs import JobRepository
from model.watch.job import JobState
from tests.retraining.ticks import play

ROOT = Path(__file__).parents[2]
TTL = 3.0


@pytest.mark.parametrize("ticks", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_of_three_workers_one_makes_each_run_of_each_task(
    embedded_uri: str, db: str, tmp_path: Path, ticks: int
) -> None:
    made = play(embedded_uri, tmp_path, ticks=ticks, workers=3, tasks=3, prefix=db)

    assert [run for run, number in made.items() if number > 1] == []
    assert len(made) == 3 * ticks


@pytest.mark.slow
def test_the_run_of_a_worker_that_is_killed_is_made_by_another_within_the_lease_and_5_s(
    registry: SyncRegistry, embedded_uri: str, db: str, tmp_path: Path
) -> None:
    due = datetime.now(UTC) - timedelta(days=400)
    registry.run(JobRepository().put(JobState("retrain", since=due)))
    file = tmp_path / "life"
    file.touch()

    with _three(embedded_uri, db, file):
        _, first, _ = _wait_for(file, lines=1, up=3)[0]
        os.kill(int(first), signal.SIGKILL)
        killed = time.time()
        lines = _wait_for(file, lines=3)
        time.sleep(2)  # Whoever else would make it has the time to.

    assert lines == _lines(file)
    assert [what for what, _, _ in lines] == ["begun", "begun", "ended"]
    assert first not in {worker for _, worker, _ in lines[1:]}
    assert float(lines[2][2]) - killed < TTL + 5
    made = registry.run(JobRepository().get("retrain"))
    assert (made.ok, made.holder) == (True, f"host/{lines[2][1]}")


@contextmanager
def _three(uri: str, db: str, file: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.retraining.lone_worker", uri, db, str(file), str(TTL)]
    workers = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(20)


def _lines(file: Path) -> list[list[str]]:
    return [line.split() for line in file.read_text("ascii").splitlines()]


def _wait_for(file: Path, *, lines: int, up: int = 0, seconds: float = 60) -> list[list[str]]:
    """What was written, once there are so many lines and so many workers are up."""
    deadline = time.monotonic() + seconds
    while len(found := _lines(file)) < lines or len(list(file.parent.glob("up-*"))) < up:
        assert time.monotonic() < deadline, f"only {found}"
        time.sleep(0.05)
    return found
