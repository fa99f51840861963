"""What forty-seven million pupils would take: `python -m tests.studies.national`.

Arithmetic and nothing else: each rate was measured on the machine that its source names, and is
multiplied. `--write` puts the tables into docs/scale.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
BEGIN = "<!-- scale: written by python -m tests.studies.national --write -->"
END = "<!-- end of scale -->"

PUPILS = 47_000_000
PERIODS_SCORED = 10
"""Times a year that everybody is scored."""

HEADROOM = 0.7
"""The share of a measured rate that is planned with."""

HOUR, MICRO = 3_600.0, 1e-6


@dataclass(frozen=True, slots=True)
class Rate:
    """One kind of work.

    Attributes:
        work: what is done to a pupil.
        per_second: on one host of two cores, with its registry.
        times: a year, for each pupil.
        source: where the rate was measured.
    """

    work: str
    per_second: float
    times: int
    source: str

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


RATES = (
    Rate("a row of a school file read", 4_614, 1, "[growth.md](growth.md), 10⁶"),
    Rate("an outcome kept and joined", 2_483, 1, "[growth.md](growth.md), 10⁶"),
    Rate("a score in bulk, one worker", 29_621, PERIODS_SCORED, "[serving.md](serving.md)"),
    Rate("a score by `/predict`, sustained", 2_560, PERIODS_SCORED, "[soak.md](soak.md)"),
)
RECORDS = (
    Kept("a student's period", 1_120, 1, "`students`"),
    Kept("an outcome with its label", 1_651, 1, "`outcomes`, `labels`"),
    Kept("a prediction", 1_066, PERIODS_SCORED, "`predictions`"),
)


def hosts(pupils: int, per_second: float, hours: float) -> int:
    """Hosts that do something to everybody within so many hours.

    >>> hosts(3_600, 1.0, 1.0), hosts(7_200, 1.0, 1.0)
    (2, 3)
    """
    return ceil(pupils / (per_second * HEADROOM * hours * HOUR))


def tables(pupils: int = PUPILS) -> Iterator[str]:
    """The page's tables as lines of Markdown."""
    yield (
        "| what, for each pupil | a second and host | times a year | everybody once, one host | "
        "core hours a year | measured in |"
    )
    yield "|---|--:|--:|--:|--:|---|"
    for one in RATES:
        yield (
            f"| {one.work} | {one.per_second:,.0f} | {one.times} | {one.hours(pupils):,.1f} h | "
            f"{one.core_hours(pupils):,.0f} | {one.source} |"
        )
    yield ""
    yield "| everybody scored by `/predict` within | requests a second | hosts of two cores |"
    yield "|---|--:|--:|"
    served = RATES[-1]
    for hours in (1.0, 4.0, 24.0):
        yield (
            f"| {hours:g} h | {pupils / hours / HOUR:,.0f} | "
            f"{hosts(pupils, served.per_second, hours):,} |"
        )
    yield ""
    yield "| record | bytes | times a year | a year | collections |"
    yield "|---|--:|--:|--:|---|"
    for kept in RECORDS:
        yield (
            f"| {kept.record} | {kept.bytes_each:,} | {kept.times} | "
            f"{kept.gigabytes(pupils):,.0f} GB | {kept.collections} |"
        )
    whole = sum(kept.gigabytes(pupils) for kept in RECORDS)
    yield f"| together | | | {whole:,.0f} GB | |"


def written(page: str, lines: Sequence[str]) -> str:
    """The page with these lines between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([before + BEGIN, "", *lines, "", END + after])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.studies.national", description=__doc__)
    parser.add_argument("--pupils", type=int, default=PUPILS, metavar="N")
    parser.add_argument("--write", action="store_true", help="into docs/scale.md")
    given = parser.parse_args()
    lines = list(tables(given.pupils))
    if given.write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), lines), "utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
