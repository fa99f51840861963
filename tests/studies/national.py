"""What forty-seven million pupils would take: `python -m tests.studies.national`.

Arithmetic and nothing else: each rate was measured on the machine that its page names, and is
multiplied; those of docs/growth.md are read there. `--write` puts the tables into docs/scale.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from tests.documented import DocumentedTable
from tests.studies.growth.__main__ import written
from tests.studies.growth.told import read_table

PUPILS = 47_000_000
PERIODS_SCORED = 10
"""Times a year that everybody is scored."""

HEADROOM = 0.7
"""The share of a measured rate that is planned with."""

HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Rate:
    """One kind of work.

    Attributes:
        work: what is done to a pupil.
        per_second: on one host of two cores, with its registry.
        times: a year, for each pupil.
        page: where the figure stands, with how it was measured.
        students: how many there were then; 0 where the page says it.
    """

    work: str
    per_second: float
    times: int
    page: str
    students: int = 0

    @property
    def source(self) -> str:
        """The page as a link."""
        many = f", {self.students:,} students" if self.students else ""
        return f"[{self.page}]({self.page}){many}"

    def hours(self, pupils: int) -> float:
        """Hours of one such host for all of them once, with headroom."""
        return pupils / (self.per_second * HEADROOM) / HOUR

    def core_hours(self, pupils: int, cores: int = 2) -> float:
        """Core hours a year."""
        return self.hours(pupils) * self.times * cores


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of record.

    Attributes:
        record: which.
        bytes_each: in the embedded registry with its indexes, uncompressed.
        times: a year, for each pupil.
        collections: of the registry.
    """

    record: str
    bytes_each: int
    times: int
    collections: str

    def gigabytes(self, pupils: int) -> float:
        """Of a year."""
        return self.bytes_each * self.times * pupils / 1e9


GROWTH = "growth.md"
SERVED = Rate("a score by `/predict`, sustained", 2_560, PERIODS_SCORED, "soak.md")


def rates() -> Sequence[Rate]:
    """Every kind of work."""
    return (
        _grown("a row of a school file read", "ingest"),
        _grown("an outcome kept and joined", "labels"),
        Rate("a score in bulk, one worker", 29_621, PERIODS_SCORED, "serving.md"),
        SERVED,
    )


def records() -> Sequence[Kept]:
    """Every kind of record of which there is one a pupil or more."""
    return (
        Kept("a student's period", _bytes_each("ingest"), 1, "`students`"),
        Kept("an outcome with its label", _bytes_each("labels", "ingest"), 1,
             "`outcomes`, `labels`"),
        Kept("a prediction", _bytes_each("score", "drift"), PERIODS_SCORED, "`predictions`"),
    )  # fmt: skip


def _grown(work: str, step: str) -> Rate:
    """A step of growth.md at its largest size, once a year."""
    told = read_table(written(()).written())
    students = max(rows for name, rows in told if name == step)
    return Rate(work, told[step, students].per_second, 1, GROWTH, students)


def _bytes_each(step: str, before: str | None = None) -> int:
    """What a step of growth.md added for each student, after the one before it, at one size."""
    told = read_table(written(()).written())
    students = max(rows for name, rows in told if name == step)
    there = told[before, students].megabytes if before else 0.0
    return round((told[step, students].megabytes - there) * 1e6 / students)


def hosts(pupils: int, per_second: float, hours: float) -> int:
    """Hosts that do something to everybody within so many hours.

    >>> hosts(3_600, 1.0, 1.0), hosts(7_200, 1.0, 1.0)
    (2, 3)
    """
    return ceil(pupils / (per_second * HEADROOM * hours * HOUR))


def table(pupils: int = PUPILS) -> str:
    """The page's tables."""
    return "\n".join([*_lines(pupils), ""])


def _lines(pupils: int) -> Iterator[str]:
    yield (
        "| what, for each pupil | a second and host | times a year | everybody once, one host | "
        "core hours a year | measured in |"
    )
    yield "|---|--:|--:|--:|--:|---|"
    for one in rates():
        yield (
            f"| {one.work} | {one.per_second:,.0f} | {one.times} | {one.hours(pupils):,.1f} h | "
            f"{one.core_hours(pupils):,.0f} | {one.source} |"
        )
    yield ""
    yield "| everybody scored by `/predict` within | requests a second | hosts of two cores |"
    yield "|---|--:|--:|"
    for hours in (1.0, 4.0, 24.0):
        yield (
            f"| {hours:g} h | {pupils / hours / HOUR:,.0f} | "
            f"{hosts(pupils, SERVED.per_second, hours):,} |"
        )
    yield ""
    yield "| record | bytes | times a year | a year | collections |"
    yield "|---|--:|--:|--:|---|"
    for kept in records():
        yield (
            f"| {kept.record} | {kept.bytes_each:,} | {kept.times} | "
            f"{kept.gigabytes(pupils):,.0f} GB | {kept.collections} |"
        )
    whole = sum(kept.gigabytes(pupils) for kept in records())
    yield f"| together | | | {whole:,.0f} GB | |"


TABLE = DocumentedTable("scale.md", "scale", "tests.studies.national --write", table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.studies.national", description=__doc__)
    parser.add_argument("--pupils", type=int, default=PUPILS, metavar="N")
    parser.add_argument("--write", action="store_true", help="into docs/scale.md, for all of them")
    given = parser.parse_args()
    if given.write:
        TABLE.write()
    sys.stdout.write(table(given.pupils))


if __name__ == "__main__":
    main()
