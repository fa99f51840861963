"""`make bench`: Farol between the floor and the limit; writes sections of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from api.durability.outbox import waiting
from database.embedded import lifecycle
from deployment.settings import load_settings
from deployment.wiring import registry
from tests.api.bundles import promote
from tests.benchmarks import contestants, report, where
from tests.benchmarks.bodies import Bodies, bodies
from tests.benchmarks.bulk import measure_bulk
from tests.benchmarks.comparison import Comparison, Plan, compare
from tests.benchmarks.contestants import ROOT, Contestant
from tests.benchmarks.drift_files import measure_drift_files
from tests.benchmarks.home import prepare
from tests.benchmarks.in_process import measure
from tests.benchmarks.servers import at_our_priority, embedded_pid

DRAIN_SECONDS = 120.0
PAGE = ROOT / "docs" / "benchmarks.md"
PEERS = "peers"
BY_ITSELF = tuple(name for name in report.TITLES if name != PEERS)


def main() -> int:
    """Measures the parts that are asked for, and writes their sections."""
    options = _parser().parse_args()
    if shutil.which("wrk") is None:
        sys.stderr.write("bench: wrk is not installed. On Debian: apt-get install wrk\n")
        return 2
    options.work.mkdir(parents=True, exist_ok=True)
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    for name in options.only:
        sys.stderr.write(f"bench: {name}\n")
        text = report.stamp(datetime.now(UTC), machine, options.beside) + PARTS[name](options)
        sys.stdout.write(text)
        page = PAGE.read_text("utf-8") if PAGE.exists() else ""
        PAGE.write_text(report.rewritten(page, {name: text}), "utf-8")
    return 0


def _served(options: argparse.Namespace) -> str:
    sent = bodies()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            _, trees = prepare(home, usual=True).versions
            at_our_priority(embedded_pid(home))
            results = _compared(home, sent, "Farol", options)
            _promote(home, trees)
            results += _compared(home, sent, "Farol, 500 trees", options)
        finally:
            lifecycle.stop(home)
    return report.served(results, sent.source)


def _compared(home: Path, sent: Bodies, name: str, options: argparse.Namespace) -> list[Comparison]:
    return compare(
        replace(contestants.farol({"FAROL_HOME": str(home)}), name=name, more=sent.all),
        replace(contestants.floor(), more=sent.all),
        plan=_plan(options),
        log=options.work / "servers.log",
        settle=lambda: _drain(home),
        limit=replace(contestants.limit(), more=sent.all),
    )


def _promote(home: Path, version: str) -> None:
    with registry(load_settings({"FAROL_HOME": str(home)})) as opened:
        promote(opened, version)


def _where(_options: argparse.Namespace) -> str:
    sent = bodies()
    with tempfile.TemporaryDirectory() as folder:
        try:
            prepare(Path(folder), usual=True)
            stages = where.measured(Path(folder), sent)
        finally:
            lifecycle.stop(Path(folder))
    return f"{where.EXPLAINED}\n\n{where.table(stages)}"


def _inside(_options: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return report.figures(measure(prepare(Path(folder))))
        finally:
            lifecycle.stop(Path(folder))


def _files(_options: argparse.Namespace) -> str:
    """Files, in a home of their own with the champion that training makes by default."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = measure_bulk(Path(folder))
        finally:
            lifecycle.stop(Path(folder))
    return report.figures({**found, **measure_drift_files()})


def _peers(options: argparse.Namespace) -> str:
    results: list[Comparison] = []
    for build in (contestants.frame_app, contestants.mlflow, contestants.bentoml):
        peer: Contestant = build(options.work)
        sys.stderr.write(f"measuring {peer.name}\n")
        results += compare(
            peer, contestants.floor(), plan=_plan(options), log=options.work / "servers.log",
            settle=lambda: None,
        )  # fmt: skip
    return report.served(results, "")


PARTS: Mapping[str, Callable[[argparse.Namespace], str]] = {
    "served": _served, "where": _where, "inside": _inside, "files": _files, PEERS: _peers,
}  # fmt: skip


def _plan(options: argparse.Namespace) -> Plan:
    return Plan(tuple(options.connections), options.seconds, options.rounds)


def _drain(home: Path) -> None:
    """What is still being shipped must not slow the next slice of another server."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while waiting(home / "tasks/pede_lag/outbox") and time.monotonic() < deadline:
        time.sleep(0.1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of one slice")
    parser.add_argument("--rounds", type=int, default=4, help="slices of each server")
    parser.add_argument("--connections", type=int, nargs="+", default=[8, 32])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=BY_ITSELF, help="sections")
    parser.add_argument("--beside", default="", help="said of the machine: what else ran on it")
    work = Path(tempfile.gettempdir()) / "farol-bench"
    parser.add_argument("--work", type=Path, default=work, help="where peers are built")
    return parser


if __name__ == "__main__":
    sys.exit(main())
