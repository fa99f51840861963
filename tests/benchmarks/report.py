"""The measurements as a page."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version

from tests.benchmarks.comparison import Comparison

HEAD = """# Benchmarks

Written by `make bench` on {day}, {machine}, Python {python}.

Every contestant is alternated with **the floor** in the same minutes: FastAPI with uvloop and
httptools, 4 workers, validating the same body and returning a constant. The load generator (wrk,
keep-alive) runs beside them on the same cores, so absolute rates are low and only ratios mean
something. Farol serves with durable logging on: no answer leaves before its record is in the
registry or the outbox.

## Served requests

"""
COLUMNS = (
    "server", "connections", "requests/s", "ratio to the floor", "p50 ms", "p99 ms",
    "p99 to the floor's", "MiB a worker", "failed",
)  # fmt: skip
TABLE = f"| {' | '.join(COLUMNS)} |\n|---|{'---:|' * (len(COLUMNS) - 1)}\n"


def page(
    results: Sequence[Comparison], in_process: Mapping[str, str], *, now: datetime, machine: str
) -> str:
    """The Markdown page, versions and ratios included."""
    head = HEAD.format(day=now.date(), machine=machine, python=platform.python_version())
    rows = "".join(map(_row, results))
    ratios = "".join(map("- {}\n".format, _against_peers(results)))
    inside = "".join(f"| {name} | {value} |\n" for name, value in in_process.items())
    ours = ", ".join(f"{p} {version(p)}" for p in ("fastapi", "uvicorn", "uvloop", "lightgbm"))
    theirs = ", ".join(sorted({r.version for r in results if r.version}))
    return (
        f"{head}{TABLE}{rows}\n## Farol against its peers (ratios of ratios)\n\n{ratios}"
        f"\n## In process\n\n| what | measured |\n|---|---|\n{inside}"
        f"\nVersions: {ours}; peers: {theirs}.\n"
    )


def _row(r: Comparison) -> str:
    return (
        f"| {r.name} | {r.connections} | {r.rate:,.0f} | {r.ratio:.3f} | {r.p50:.1f} | {r.p99:.1f} "
        f"| {r.p99 / r.floor_p99:.2f} | {r.worker_mib:.0f} | {r.failed} |\n"
    )


def _against_peers(results: Sequence[Comparison]) -> list[str]:
    farol = {r.connections: r for r in results if r.name == "farol"}
    return [
        f"{farol[r.connections].ratio / r.ratio:.0f} × {r.name} at {r.connections} connections"
        for r in results
        if r.name != "farol" and r.connections in farol
    ]
