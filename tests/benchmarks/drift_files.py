"""What a drift report of two files costs: `python -m tests.benchmarks.drift_files [--rows N]`.

Two Parquet files of 30 features, 24 numbers and 6 categories, 3 % of the cells empty, in the second
one a third of the columns shifted. Each comparison is a process of its own: its wall-clock from the
first byte read to the report, without imports, and its peak of resident memory. The floor is the
bare read of both files, also in a process of its own, in turns with it. With `--evidently` the same
comparison by that library (`tests/benchmarks/peers/evidently_report.py`), in an environment that is
built for it, follows in turns as well.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from drift.policy import policy_of
from drift.report import report_of_profiles
from preprocessing.columnar.profiled import profile_parquet
from preprocessing.task.spec import TaskSpec, parse_task
from tests.benchmarks.contestants import PEERS, ROOT, environment, version_in

ROWS = 100_000
ROUNDS = 3
NUMBERS, CATEGORIES = 24, 6
SEED = 9
MB = 1024
"""`ru_maxrss` is in kilobytes on Linux."""

NOW = datetime(2025, 3, 1, 6, tzinfo=UTC)
KINDS = ("quartzo", "agata", "ametista", "topazio", "onix", "jade")
TASK = """
name: wide
title: Generated students
id: {name: student}
features: [FEATURES]
outcome: {column: {name: lag}, below: 0}
"""


@dataclass(frozen=True, slots=True)
class FileCost:
    """What one process took.

    Attributes:
        seconds: of wall-clock, without its imports.
        mb: peak of resident memory.
        drifted: columns that drifted.
    """

    seconds: float
    mb: float
    drifted: int = 0


def task() -> TaskSpec:
    """Thirty features, everything else as a task has it that says nothing."""
    numbers = [f"{{name: n{i}}}" for i in range(NUMBERS)]
    categories = [f"{{name: c{i}, kind: category}}" for i in range(CATEGORIES)]
    return parse_task(
        TASK.replace("FEATURES", ", ".join([*numbers, *categories])), source="benchmark"
    )


def write_pair(folder: Path, rows: int) -> tuple[Path, Path]:
    """The file of before and the file of now; the same arguments write the same values."""
    random = np.random.default_rng(SEED)
    before = _written(folder / "before.parquet", rows, random, 0.0)
    return before, _written(folder / "now.parquet", rows, random, 0.5)


def _written(path: Path, rows: int, random: np.random.Generator, shift: float) -> Path:
    columns: dict[str, pyarrow.Array] = {}
    for i in range(NUMBERS):
        values = random.normal(6.0 + (shift if i % 3 == 0 else 0.0), 1.5, rows)
        # Half of them marks in tenths as schools give them, half with all their decimals.
        values = values.round(1) if i % 2 else values
        columns[f"n{i}"] = pyarrow.array(values, mask=random.random(rows) < 0.03)
    for i in range(CATEGORIES):
        shares = np.array([0.3, 0.25, 0.2, 0.15, 0.06, 0.04])
        shares = np.roll(shares, 1) if shift and i % 3 == 0 else shares
        codes = random.choice(len(KINDS), rows, p=shares)
        texts, empty = np.asarray(KINDS, dtype=object)[codes], random.random(rows) < 0.03
        columns[f"c{i}"] = pyarrow.array(texts, pyarrow.string(), mask=empty)
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def compare(before: Path, now: Path) -> FileCost:
    """One report of two files, in this process."""
    spec = task()
    started = time.perf_counter()
    reference = profile_parquet(before, spec, "2024")
    current = profile_parquet(now, spec, "2025", against=reference.profiles)
    report = report_of_profiles(
        reference.profiles, current.profiles, rows=current.rows, report_id="d", now=NOW,
        model_version="v1", periods=("2025",), policy=policy_of(spec.drift), seed=0,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    return FileCost(seconds, _peak(), len(report.drifted_features))


def bare_read(before: Path, now: Path) -> FileCost:
    """Both files read, a column at a time, and nothing else."""
    started = time.perf_counter()
    for path in (before, now):
        with pyarrow.parquet.ParquetFile(path) as file:
            for name in file.schema_arrow.names:
                file.read(columns=[name])
    return FileCost(time.perf_counter() - started, _peak())


WORKS = {"farol": compare, "floor": bare_read}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB


def measure(rows: int, rounds: int, peer: Path | None = None) -> Mapping[str, FileCost]:
    """Medians of each contestant, which take turns.

    Args:
        rows: of each file.
        rounds: turns of each.
        peer: the Python of an environment that holds Evidently; None leaves it out.
    """
    found: dict[str, list[FileCost]] = {}
    with tempfile.TemporaryDirectory(prefix="farol-drift-") as name:
        pair = write_pair(Path(name), rows)
        for _ in range(rounds):
            for work in WORKS:
                command = [sys.executable, "-m", "tests.benchmarks.drift_files", "--work", work]
                found.setdefault(work, []).append(_elsewhere(command, pair, ROOT))
            if peer is not None:
                command = [str(peer), "evidently_report.py"]
                found.setdefault("evidently", []).append(_elsewhere(command, pair, PEERS))
    return {name: _median(costs) for name, costs in found.items()}


def _elsewhere(command: Sequence[str], pair: tuple[Path, Path], folder: Path) -> FileCost:
    done = subprocess.run(
        [*command, *map(str, pair)], cwd=folder, capture_output=True, text=True, check=True
    )
    return FileCost(**json.loads(done.stdout.splitlines()[-1]))


def _median(costs: Sequence[FileCost]) -> FileCost:
    return FileCost(
        statistics.median(c.seconds for c in costs),
        statistics.median(c.mb for c in costs),
        costs[0].drifted,
    )


def told(rows: int, found: Mapping[str, FileCost]) -> dict[str, str]:
    """The measurements, ready to be read."""
    farol, floor = found["farol"], found["floor"]
    lines = {
        f"drift report of two Parquet files, {rows:,} rows × 30 features": (
            f"{farol.seconds:.2f} s, {farol.mb:.0f} MB; {farol.seconds / floor.seconds:.1f} × the "
            f"bare read ({floor.seconds:.2f} s, {floor.mb:.0f} MB)"
        )
    }
    if (peer := found.get("evidently")) is not None:
        lines["the same by Evidently's DataDriftPreset"] = (
            f"{peer.seconds:.2f} s, {peer.mb:.0f} MB: Farol takes 1 / "
            f"{peer.seconds / farol.seconds:.1f} of it"
        )
    return lines


def measure_drift_files(rows: int = ROWS, rounds: int = ROUNDS) -> Mapping[str, str]:
    """For `make bench`: the comparison beside its floor."""
    return told(rows, measure(rows, rounds))


def evidently(work: Path) -> Path:
    """The Python of an environment of Evidently's own."""
    # Evidently 0.7.23 imports what pandas 3 has no more.
    python = environment(work / "evidently", "evidently", "pandas<3", "pyarrow")
    sys.stderr.write(f"against {version_in(python, 'evidently')}\n")
    return python


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints a table; with `--work` does one contestant's work and prints its cost."""
    parser = argparse.ArgumentParser(prog="drift_files", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="of a file (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="(default %(default)s)")
    parser.add_argument("--evidently", type=Path, metavar="FOLDER", help="where to build its place")
    parser.add_argument("--work", choices=WORKS, help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.work:
        sys.stdout.write(json.dumps(asdict(WORKS[given.work](*given.files))))
        return 0
    peer = evidently(given.evidently) if given.evidently else None
    for what, value in told(given.rows, measure(given.rows, given.rounds, peer)).items():
        sys.stdout.write(f"| {what} | {value} |\n")
    sys.stdout.write(f"load of the machine after it: {os.getloadavg()[0]:.1f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
