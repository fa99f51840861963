"""The table of drift tests in docs/drift.md: `python -m tests.drift.documented` writes it anew."""

from __future__ import annotations

from drift.catalogue import TESTS
from drift.contract import DriftTest
from preprocessing.task.policies import WatchPolicy
from tests.documented import DocumentedTable


def table() -> str:
    lines = [
        "| name | of | what it does | effect | large from | by default |",
        "|---|---|---|---|--:|---|",
        *(_line(test) for test in TESTS),
    ]
    return "\n".join(lines) + "\n"


def _line(test: DriftTest) -> str:
    about, usual = test.about, WatchPolicy()
    runs = "runs" if about.name in {*usual.numeric, *usual.category} else ""
    of = ", ".join(test.kinds)
    return (
        f"| `{about.name}` | {of} | {about.sentence.en} | {about.effect.en} "
        f"| {about.limit:.2f} | {runs} |"
    )


TABLE = DocumentedTable("drift.md", "drift tests", "tests.drift.documented", table)

if __name__ == "__main__":
    TABLE.write()
