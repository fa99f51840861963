"""The table of docs/faults.md: `python -m tests.faults.documented` writes it anew."""

from __future__ import annotations

from pathlib import Path

from tests.faults.school import Seen
from tests.faults.table import FAULTS, Fault

DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"
BEGIN = "<!-- faults: written by python -m tests.faults.documented -->\n"
END = "<!-- end of faults -->\n"


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


def written() -> str:
    return DOCUMENT.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]


def main() -> None:
    before, begin, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin and end, f"{DOCUMENT} has no place for the table"
    DOCUMENT.write_text(before + begin + table() + end + after, "utf-8")


if __name__ == "__main__":
    main()
