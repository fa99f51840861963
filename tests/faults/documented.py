"""The table of docs/faults.md: `python -m tests.faults.documented` writes it anew."""

from __future__ import annotations

from pathlib import Path

from tests.documented import DocumentedTable
from tests.faults.school import Seen
from tests.faults.table import FAULTS, Fault


def table() -> str:
    lines = [
        "| fault | `/predict` | `/labels` | `/health/ready` | `/health` | the retraining worker | "
        "afterwards | test |",
        "|---|---|---|---|---|---|---|---|",
        *map(row, FAULTS),
    ]
    return "\n".join(lines) + "\n"


def row(fault: Fault) -> str:
    file, _, function = fault.test.partition("::")
    told = f"`{Path(file).stem}`: {function.removeprefix('test_').replace('_', ' ')}"
    return f"| {fault.name} | {_answers(fault.seen)} | {fault.worker} | {fault.after} | {told} |"


def _answers(seen: Seen | None) -> str:
    if seen is None:
        return "as its test says | | | "
    return f"{seen.predict} | {seen.labels} | {seen.ready} | {seen.health}"


TABLE = DocumentedTable("faults.md", "faults", "tests.faults.documented", table)

if __name__ == "__main__":
    TABLE.write()
