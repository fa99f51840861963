"""What a task has of each unit (school), period by period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from model.units.disclosure import showable
from model.units.named import UnitNames, listed, name_of

MOST_ROWS = 1_000
"""Units times periods kept, the newest periods first: five periods of 200 units."""

Place = tuple[str, str]
"""A unit (folded, "" unknown) and a period."""


@dataclass(frozen=True, slots=True)
class UnitPeriod:
    """One unit in one period; None is withheld.

    Attributes:
        unit: as schools write it; "" is unknown.
        predictions: that were served.
        labels: joined to features of that period.
        students: distinct ones that predictions were served for; None in counts of before they
            were kept, too.
    """

    unit: str
    period: str
    predictions: int | None
    labels: int | None
    students: int | None = None


@dataclass(frozen=True, slots=True)
class UnitHistory:
    """What was counted by unit at one moment.

    Attributes:
        subject: what it is of, its key.
        column: the task's unit column.
        rows: newest periods first, then by unit.
        more: how many further rows there are.
        unlabelled: units that are known and have no labels yet.
        newest: how many of the newest predictions were counted at most.
    """

    subject: str
    at: datetime
    column: str
    rows: tuple[UnitPeriod, ...]
    more: int = 0
    unlabelled: UnitNames = field(default_factory=UnitNames)
    newest: int = 0


@dataclass(frozen=True, slots=True)
class UnitServed:
    """Predictions of one unit and period.

    Attributes:
        students: distinct ones: a student asked for ten times is not ten students.
    """

    predictions: int
    students: int


def unit_periods(
    served: Mapping[Place, UnitServed], labels: Mapping[Place, int], names: Mapping[str, str]
) -> list[UnitPeriod]:
    """One row per unit and period of which anything is there, newest periods first.

    Counts of fewer than ten students are withheld, and those of others from which they would follow
    as the difference to all units of the period (`disclosure.showable`). None at all is told.

    >>> there = {("a", "2024"): UnitServed(40, 40), ("b", "2024"): UnitServed(30, 12)}
    >>> for row in unit_periods(there, {("a", "2024"): 4}, {"a": "Escola A"}):
    ...     print(row.unit, row.predictions, row.labels)
    Escola A 40 None
    b 30 0
    """
    places = sorted(served.keys() | labels.keys(), key=lambda place: place[0])
    places.sort(key=lambda place: place[1], reverse=True)
    asked = shown_places({place: one.students for place, one in served.items()})
    known = shown_places(labels)
    return [
        UnitPeriod(
            unit=name_of(unit, names),
            period=period,
            predictions=told_count(served[unit, period].predictions, shown=(unit, period) in asked)
            if (unit, period) in served
            else 0,
            labels=told_count(labels.get((unit, period), 0), shown=(unit, period) in known),
            students=told_count(served[unit, period].students, shown=(unit, period) in asked)
            if (unit, period) in served
            else 0,
        )
        for unit, period in places
    ]


def unit_history(
    subject: str,
    served: Mapping[Place, UnitServed],
    labels: Mapping[Place, int],
    names: Mapping[str, str],
    *,
    column: str,
    now: datetime,
    newest: int,
) -> UnitHistory:
    """What is kept of the counts.

    Args:
        subject: its key.
        served: predictions by unit and period.
        labels: labels by unit and period.
        names: every known unit as schools write it.
        column: the task's unit column.
        now: aware UTC.
        newest: how many predictions were looked at, at most.
    """
    rows = unit_periods(served, labels, names)
    known = names.keys() | {unit for unit, _ in served if unit}
    labelled = {unit for unit, _ in labels}
    return UnitHistory(
        subject=subject,
        at=now,
        column=column,
        rows=tuple(rows[:MOST_ROWS]),
        more=max(0, len(rows) - MOST_ROWS),
        unlabelled=listed(name_of(unit, names) for unit in known - labelled),
        newest=newest,
    )


def shown_places(counts: Mapping[Place, int]) -> frozenset[Place]:
    """The places whose count may be told beside that of all units of the period."""
    return frozenset(
        (unit, period)
        for period in {period for _, period in counts}
        for unit in showable({u: (n,) for (u, p), n in counts.items() if p == period})
    )


def told_count(count: int, *, shown: bool) -> int | None:
    """The count, or None where it is withheld; none at all is told."""
    return count if shown or not count else None
