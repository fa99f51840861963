"""`python -m tests.benchmarks.training_cost [--rows N ...]`: what a retraining run costs.

A run of the pipeline under the default policy, with a champion in place and all labels new to it,
on the embedded server in a folder of its own. Each run is a process of its own: its wall-clock and
its peak of resident memory, the server's not counted.
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
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from database.labelling.recording import record_outcomes
from database.students import StudentRepository
from model.label import Outcome
from model.options import RunOptions
from model.student import Observation
from preprocessing.task.spec import TaskSpec, parse_task
from retraining.progress import progress
from retraining.run.execution import execute
from retraining.run.plan import RunPlan, RunResult, applied

ROWS = (1_000, 10_000, 100_000)
FEATURES = 30
FIRST = 600
PART = 5_000
PERIODS = ("2022", "2023")
TIMEOUT_MS = 60_000
START = datetime(2024, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
MB = 1024
"""`ru_maxrss` is in kilobytes on Linux."""

TASK = """
name: cost
title: Generated students
id: {name: student, kind: category, reader: text}
features: [FEATURES]
outcome: {column: {name: lag}, below: 0}
"""


def task() -> TaskSpec:
    """Thirty numeric features, everything else as a task has it that says nothing."""
    names = ", ".join(f"{{name: f{i}}}" for i in range(FEATURES))
    return parse_task(TASK.replace("FEATURES", names), source="benchmark")


def measure(rows: int, options: Sequence[str] = ()) -> dict[str, float | str]:
    """Seconds and megabytes of a run that judges a challenger on `rows` records new to a champion.

    Args:
        rows: labelled records of 30 features in the window, beside the champion's own 600.
        options: of the run's process.
    """
    with tempfile.TemporaryDirectory(prefix="farol-cost-") as name:
        home = Path(name)
        uri = lifecycle.ensure_running(home)
        try:
            with open_registry(uri, "cost", timeout_ms=TIMEOUT_MS) as registry:
                registry.run(ensure_indexes())
                _teach(registry, PERIODS[0], FIRST)
                run(registry, home, rows=rows, number=1)
                _teach(registry, PERIODS[1], rows)
            return _elsewhere(uri, home, rows, options)
        finally:
            lifecycle.stop(home)


def run(
    registry: SyncRegistry, home: Path, *, rows: int, number: int, trials: int | None = None
) -> RunResult:
    """One run of the pipeline over a window that holds all labels."""
    options = RunOptions(window=rows + FIRST, trials=trials)
    plan = RunPlan(
        run_id=f"run-{number}",
        task=applied(options, task()),
        options=options,
        home=home,
        signing_key=b"a key of the benchmark",
        requested_by="benchmark",
        code_version="benchmark",
    )
    return execute(registry, plan, clock=lambda: START + timedelta(days=900), say=progress())


def _teach(registry: SyncRegistry, period: str, rows: int) -> None:
    """Generated students of a period, a quarter of them at risk, with their outcomes."""
    rng = np.random.default_rng(int(period))
    values = rng.normal(size=(rows, FEATURES)).round(3)
    margin = values[:, :6] @ np.array([1.2, -0.9, 0.7, 0.5, -0.4, 0.3])
    margin += 0.6 * values[:, 6] * values[:, 7] + rng.logistic(size=rows)
    at_risk = margin > np.quantile(margin, 0.75)
    for part in _parts(rows):
        registry.run(StudentRepository().observe([_observed(i, period, values[i]) for i in part]))
        outcomes = [
            Outcome(
                value=float(at_risk[i]),
                observed_at=START + timedelta(days=300),
                student_id=f"S{i}",
                period=period,
            )
            for i in part
        ]
        registry.run(record_outcomes(outcomes, now=START + timedelta(days=301)))


def _observed(number: int, period: str, values: NDArray[np.float64]) -> Observation:
    features = {f"f{i}": float(value) for i, value in enumerate(values)}
    return Observation(f"S{number}", period, features, START)


def _parts(rows: int) -> Iterator[range]:
    for start in range(0, rows, PART):
        yield range(start, min(start + PART, rows))


def _elsewhere(uri: str, home: Path, rows: int, options: Sequence[str]) -> dict[str, float | str]:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name, "--inside", uri, str(home), str(rows), *options],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        check=True,
    )
    told: dict[str, float | str] = json.loads(done.stdout)
    return {"seconds": time.perf_counter() - began, **told}


def _inside(uri: str, home: str, rows: int, trials: int | None) -> None:
    with open_registry(uri, "cost", timeout_ms=TIMEOUT_MS) as registry:
        result = run(registry, Path(home), rows=rows, number=2, trials=trials)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB
    told = {"megabytes": peak, "status": result.status.value, "judged": result.evidence["rows"]}
    sys.stdout.write(json.dumps(told))


def main() -> None:
    """Prints the table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.training_cost")
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, metavar="N")
    parser.add_argument("--trials", type=int, help="of tuning; the default policy's unless given")
    parser.add_argument("--inside", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        uri, home, rows = arguments.inside
        _inside(uri, home, int(rows), arguments.trials)
        return
    options = () if arguments.trials is None else ("--trials", str(arguments.trials))
    sys.stdout.write(
        f"| labelled rows × {FEATURES} features | wall-clock | peak memory | judged on |\n"
        "|--:|--:|--:|--:|\n"
    )
    for rows in arguments.rows:
        cost = measure(rows, options)
        sys.stdout.write(
            f"| {rows:,} | {cost['seconds']:.0f} s | {cost['megabytes']:,.0f} MB "
            f"| {cost['judged']:,} |\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
