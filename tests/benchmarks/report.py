"""The measurements as a page of sections, each written by itself."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version

from tests.benchmarks.comparison import Comparison, Measured

HEAD = """# Benchmarks

`make bench` writes this page but for the peers, `make bench ONLY="served where"` parts of it
(`served`, `where`, `inside`, `files`; `peers` builds environments of some gigabytes). Each section
says when it was written.

"""
NOTE = """Every contestant is alternated in the same minutes with **the floor**, FastAPI
validating the same bodies with pydantic and answering a constant, and {limit}all with uvloop,
httptools and 4 workers. The load generator (wrk, keep-alive) runs beside them on the same cores, so
absolute rates are low and only ratios mean something. Farol serves with durable logging on: no
answer leaves before its record is in the registry or the outbox. {bodies}Processor time is that of
all processes of the server, the kernel's part too, for one request; it hardly depends on what else
runs.

"""
THE_LIMIT = "with **the limit**, an ASGI application that reads nothing and answers a constant, "
COLUMNS = (
    "server", "connections", "requests/s", "of the limit", "to the floor", "p50 ms", "p99 ms",
    "p99 to the floor's", "processor µs", "MiB a worker", "failed",
)  # fmt: skip
TABLE = f"| {' | '.join(COLUMNS)} |\n|---|{'---:|' * (len(COLUMNS) - 1)}\n"

TITLES: Mapping[str, str] = {
    "served": "Served requests",
    "where": "Where the time of a request goes",
    "inside": "In process",
    "files": "Files",
    "peers": "Peers",
}
"""The sections in their order."""

_SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)


def rewritten(page: str, sections: Mapping[str, str]) -> str:
    """A page with these sections in the place of its own; others stay.

    >>> print(rewritten("# Old\\n\\n## Peers\\n\\nslow\\n\\n", {"files": "quick\\n"})[-32:])
    ## Files
    <BLANKLINE>
    quick
    <BLANKLINE>
    ## Peers
    <BLANKLINE>
    slow
    <BLANKLINE>
    """
    kept = {title: text.strip() for title, text in _SECTION.findall(page)}
    kept |= {TITLES[name]: text.strip() for name, text in sections.items()}
    return HEAD + "\n".join(
        f"## {title}\n\n{kept[title]}\n" for title in TITLES.values() if title in kept
    )


def stamp(now: datetime, machine: str, beside: str) -> str:
    """When and where a section was written."""
    return f"Written on {now.date()}, {machine}, Python {platform.python_version()}{beside}.\n\n"


def served(results: Sequence[Comparison], source: str) -> str:
    """What servers bear, as a table; floor and limit of the first comparison beside it."""
    rows = "".join(_rows(results))
    used = ", ".join(f"{p} {version(p)}" for p in ("fastapi", "uvicorn", "uvloop", "lightgbm"))
    theirs = ", ".join(sorted({r.version for r in results if r.version}))
    asked = any(r.limit is not None for r in results)
    bodies = (
        f"Bodies are 600 different records, of 6 and 13 fields in turns, with values of {source}. "
        if asked
        else "The body is one record of 19 fields. "
    )
    note = NOTE.format(limit=THE_LIMIT if asked else "", bodies=bodies)
    return f"{note}{TABLE}{rows}\nVersions: {used}{'; ' if theirs else ''}{theirs}.\n"


def figures(found: Mapping[str, str]) -> str:
    """Figures with names, as a table."""
    rows = "".join(f"| {name} | {value} |\n" for name, value in found.items())
    return f"| what | measured |\n|---|---|\n{rows}"


def _rows(results: Sequence[Comparison]) -> list[str]:
    shown: set[tuple[str, int]] = set()
    rows = []
    for r in results:
        for name, own in (("the limit", r.limit), ("the floor", r.floor)):
            if own is not None and (name, r.connections) not in shown:
                shown.add((name, r.connections))
                rows.append(_row(name, r, own))
        rows.append(_row(r.name, r, r.own))
    return rows


def _row(name: str, beside: Comparison, own: Measured) -> str:
    limit = "" if beside.limit is None else f"{own.rate / beside.limit.rate:.3f}"
    return (
        f"| {name} | {beside.connections} | {own.rate:,.0f} | {limit} "
        f"| {own.rate / beside.floor.rate:.3f} | {own.p50:.1f} | {own.p99:.1f} "
        f"| {own.p99 / beside.floor.p99:.2f} | {own.processor:.0f} | {own.worker_mib:.0f} "
        f"| {own.failed} |\n"
    )
