"""The table of drift tests in docs/drift.md: `python -m tests.drift.documented` writes it anew."""

from __future__ import annotations

from pathlib import Path

from drift.catalogue import TESTS
from drift.contract import DriftTest
from preprocessing.task.policies import WatchPolicy

DOCUMENT = Path(__file__).parents[2] / "docs" / "drift.md"
BEGIN = "<!-- drift tests: written by python -m tests.drift.documented -->\n"
END = "<!-- end of drift tests -->\n"


def table() -> str:
    lines = [
        "| name | of | what it does | effect | large from | by default |",
        "|---|---|---|---|--:|---|",
        *(_line(test) for test in TESTS),
    ]
    return "\n".join(lines) + "\n"


def written() -> str:
    return DOCUMENT.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]


def _line(test: DriftTest) -> str:
    about, usual = test.about, WatchPolicy()
    runs = "runs" if about.name in {*usual.numeric, *usual.category} else ""
    of = ", ".join(test.kinds)
    return (
        f"| `{about.name}` | {of} | {about.sentence.en} | {about.effect.en} "
        f"| {about.limit:.2f} | {runs} |"
    )


def main() -> None:
    before, begin, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin and end, f"{DOCUMENT} has no place for the table"
    DOCUMENT.write_text(before + begin + table() + end + after, "utf-8")


if __name__ == "__main__":
    main()
