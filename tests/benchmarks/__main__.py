"""`make bench`: Farol and its peers against the floor; writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from api.durability.outbox import waiting
from database.embedded import lifecycle
from tests.benchmarks import contestants
from tests.benchmarks.bulk import measure_bulk
from tests.benchmarks.comparison import Comparison, compare
from tests.benchmarks.contestants import ROOT, Contestant
from tests.benchmarks.drift_files import measure_drift_files
from tests.benchmarks.home import prepare
from tests.benchmarks.in_process import measure
from tests.benchmarks.report import page

DRAIN_SECONDS = 120.0


def main() -> int:
    """Measures everything that can be built here; says what was left out."""
    options = _parser().parse_args()
    if shutil.which("wrk") is None:
        sys.stderr.write("bench: wrk is not installed. On Debian: apt-get install wrk\n")
        return 2
    options.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = prepare(Path(folder))
        try:
            inside = {**measure(home), **_bulk(), **measure_drift_files()}
            env = {"FAROL_HOME": folder}
            results = _measure(contestants.farol(env), options, lambda: _drain(Path(folder)))
        finally:
            lifecycle.stop(Path(folder))
    for build in () if options.quick else _peers():
        results += _measure(build(options.work), options, lambda: None)
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    text = page(results, inside, now=datetime.now(UTC), machine=machine)
    (ROOT / "docs" / "benchmarks.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


def _measure(
    contestant: Contestant, options: argparse.Namespace, settle: Callable[[], None]
) -> list[Comparison]:
    sys.stderr.write(f"measuring {contestant.name}\n")
    return compare(
        contestant,
        contestants.floor(),
        connections=tuple(options.connections),
        seconds=options.seconds,
        rounds=options.rounds,
        log=options.work / "servers.log",
        settle=settle,
    )


def _bulk() -> Mapping[str, str]:
    """Files, in a home of their own with the champion that training makes by default."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return measure_bulk(Path(folder))
        finally:
            lifecycle.stop(Path(folder))


def _peers() -> tuple[Callable[[Path], Contestant], ...]:
    return contestants.frame_app, contestants.mlflow, contestants.bentoml


def _drain(home: Path) -> None:
    """What is still being shipped must not slow the floor's next slice."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while waiting(home / "tasks/pede_lag/outbox") and time.monotonic() < deadline:
        time.sleep(0.1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=4, help="of one slice")
    parser.add_argument("--rounds", type=int, default=5, help="slices of each server")
    parser.add_argument("--connections", type=int, nargs="+", default=[8, 32])
    parser.add_argument("--quick", action="store_true", help="the floor and Farol only")
    work = Path(tempfile.gettempdir()) / "farol-bench"
    parser.add_argument("--work", type=Path, default=work, help="where peers are built")
    return parser


if __name__ == "__main__":
    sys.exit(main())
