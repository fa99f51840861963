"""How many students of each unit and period have an outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from model.units.history import MOST_ROWS, Place, shown_places, told_count
from model.units.named import name_of


@dataclass(frozen=True, slots=True)
class CoveredPlace:
    """One period, or one unit in it; None is withheld.

    Attributes:
        unit: as schools write it; "" is unknown, and in the rows of whole periods it is all.
        students: of whom anything is known in that period.
        outcomes: of these, known ones.
    """

    period: str
    unit: str
    students: int | None
    outcomes: int | None


@dataclass(frozen=True, slots=True)
class OutcomeCoverage:
    """What was counted at one moment.

    Attributes:
        subject: what it is of, its key.
        students_at: when a student's record changed last, at that time.
        labels_at: when an outcome arrived last, at that time.
        periods: newest first.
        units: newest periods first, then by unit; empty for a task without units.
        more: how many further rows of units there are.
    """

    subject: str
    at: datetime
    students_at: datetime | None
    labels_at: datetime | None
    periods: tuple[CoveredPlace, ...]
    units: tuple[CoveredPlace, ...] = ()
    more: int = 0


def covered_periods(
    students: Mapping[Place, int], outcomes: Mapping[Place, int]
) -> tuple[CoveredPlace, ...]:
    """One row a period, newest first.

    >>> covered_periods({("a", "2024"): 3, ("b", "2024"): 4}, {("a", "2024"): 2})
    (CoveredPlace(period='2024', unit='', students=7, outcomes=2),)
    """
    known, came = _by_period(students), _by_period(outcomes)
    return tuple(
        CoveredPlace(period, "", max(known[period], came[period]), came[period])
        for period in sorted(known.keys() | came.keys(), reverse=True)
    )


def covered_units(
    students: Mapping[Place, int], outcomes: Mapping[Place, int], names: Mapping[str, str]
) -> tuple[CoveredPlace, ...]:
    """One row a unit and period, newest periods first.

    Counts of fewer than ten students are withheld, and those of others from which they would follow
    (`model.units.disclosure`). No outcome at all is told.

    Args:
        students: of whom anything is known, by unit and period.
        outcomes: known ones, by unit and period.
        names: units as schools write them.
    """
    places = sorted(students.keys() | outcomes.keys(), key=lambda place: place[0])
    places.sort(key=lambda place: place[1], reverse=True)
    known, came = shown_places(students), shown_places(outcomes)
    return tuple(
        CoveredPlace(
            period=place[1],
            unit=name_of(place[0], names),
            students=told_count(students.get(place, 0), shown=place in known),
            outcomes=told_count(outcomes.get(place, 0), shown=place in came),
        )
        for place in places
    )


def coverage_of(
    subject: str,
    students: Mapping[Place, int],
    outcomes: Mapping[Place, int],
    names: Mapping[str, str],
    *,
    now: datetime,
    students_at: datetime | None,
    labels_at: datetime | None,
) -> OutcomeCoverage:
    """What is kept of the counts.

    Args:
        subject: its key.
        students: of whom anything is known, by unit and period.
        outcomes: known ones, by unit and period.
        names: units as schools write them; empty for a task without units.
        now: aware UTC.
        students_at: when a student's record changed last.
        labels_at: when an outcome arrived last.
    """
    units = covered_units(students, outcomes, names) if names else ()
    return OutcomeCoverage(
        subject=subject,
        at=now,
        students_at=students_at,
        labels_at=labels_at,
        periods=covered_periods(students, outcomes),
        units=units[:MOST_ROWS],
        more=max(0, len(units) - MOST_ROWS),
    )


def _by_period(counts: Mapping[Place, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for (_, period), number in counts.items():
        found[period] += number
    return found
