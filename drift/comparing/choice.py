"""What is compared with what, as a command's options say it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Comparison(StrEnum):
    """The kinds of comparison.

    Attributes:
        CHAMPION: the newest cohort with the champion's training data.
        FILES: a file with a file.
        PERIODS: a period of the registry with another.
        UNIT: a unit (a school) with all others.
    """

    CHAMPION = "champion"
    FILES = "files"
    PERIODS = "periods"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class ChosenComparison:
    """What to compare.

    Attributes:
        kind: which of the fields count.
        reference: a file.
        current: a file.
        reference_period: of the file, or of the registry.
        current_period: the same; None is all that the file holds, or the registry's newest.
        unit: the unit that is compared with the others.
    """

    kind: Comparison
    reference: Path | None = None
    current: Path | None = None
    reference_period: str | None = None
    current_period: str | None = None
    unit: str | None = None


EXAMPLES = """\
what is compared with what:
  (no option)                                      the newest cohort with the champion's training
  --reference 2023.csv --current 2024.csv          two school files; no registry, no champion needed
  --reference-period 2022 --current-period 2023    two periods of the registry
  --unit "Escola A"                                a school with all others, of the newest period
  --unit "Escola A" --current-period 2023          the same in another period
  --unit "Escola A" --current 2024.csv             the same in a file

Only the comparison with the champion is stored, and it alone makes alarms: a feature is in alarm
when it drifted in several checks in a row, each of changed records (docs/drift.md).

exit codes: 0 compared, drifted or not; 2 an option or a setting is wrong; 3 nothing to compare yet;
1 failure
"""


def add_choice_options(parser: argparse.ArgumentParser) -> None:
    """The options that say what is compared."""
    chosen = parser.add_argument_group("what is compared")
    chosen.add_argument("--reference", metavar="FILE", type=Path, help="CSV, XLSX or Parquet")
    chosen.add_argument("--current", metavar="FILE", type=Path, help="what is compared with it")
    chosen.add_argument(
        "--reference-period", metavar="P", help="period of the registry, or of --reference"
    )
    chosen.add_argument(
        "--current-period", metavar="P", help="period of the registry, or of --current"
    )
    chosen.add_argument("--unit", metavar="NAME", help="one unit (school) against all others")


def choice_of(given: argparse.Namespace) -> ChosenComparison:
    """What the options ask for.

    Raises:
        ValueError: they do not fit together; the message says which are missing.
    """
    return ChosenComparison(
        kind=_kind(given),
        reference=given.reference,
        current=given.current,
        reference_period=given.reference_period,
        current_period=given.current_period,
        unit=given.unit,
    )


def _kind(given: argparse.Namespace) -> Comparison:
    if given.unit is not None:
        if given.reference or given.reference_period:
            raise ValueError(
                "--unit is compared with the other units of the same records; leave --reference "
                "and --reference-period out"
            )
        return Comparison.UNIT
    if given.reference or given.current:
        if not (given.reference and given.current):
            raise ValueError("give --reference and --current, both files")
        return Comparison.FILES
    if given.reference_period or given.current_period:
        if not (given.reference_period and given.current_period):
            raise ValueError("give --reference-period and --current-period")
        if given.reference_period == given.current_period:
            raise ValueError("--reference-period and --current-period are the same")
        return Comparison.PERIODS
    return Comparison.CHAMPION
