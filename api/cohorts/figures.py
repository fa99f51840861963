"""How the indicators of all students lie in each period: what one student is compared with."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from api.registry import Registry
from database.students import StudentRepository
from model.student import Observation, Student
from model.units.disclosure import FEWEST_SHOWN
from preprocessing.influence import quartiles

MOST = 2_000
"""Students that the figures are of, spread evenly over all ids; a quartile of so many is off by a
hundredth of the students or two."""

KEPT = timedelta(minutes=10)
MOST_KEPT = 64

Units = frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Quartiles:
    """A quarter of the students have less than `low`, half less than `middle`."""

    low: float
    middle: float
    high: float
    students: int


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """The students of one period.

    Attributes:
        features: numeric feature to its quartiles; none of fewer than ten students.
    """

    period: str
    students: int
    features: dict[str, Quartiles] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CohortQuartiles:
    """Every period's figures, oldest first, and when they were worked out."""

    at: datetime
    periods: tuple[PeriodFigures, ...]


class Cohorts:
    """The figures of a task, kept for some minutes: a student's page asks for them every time."""

    def __init__(self) -> None:
        self._kept: dict[Units, CohortQuartiles] = {}

    async def of(self, registry: Registry, units: Units, now: datetime) -> CohortQuartiles:
        """The figures of the students of these (folded) units; None is all.

        Raises:
            RegistryError: they cannot be read.
        """
        known = self._kept.get(units)
        if known is not None and now - known.at < KEPT:
            return known
        students = await registry.run(StudentRepository().sample(MOST, units=units))
        made = await asyncio.to_thread(figures, students, units, now)
        if (
            made.periods
        ):  # Else whoever asks for units that there are not would push out the others.
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[units] = made
        return made

    async def newest(
        self, registry: Registry, units: Units, now: datetime
    ) -> Mapping[str, Quartiles]:
        """Of each numeric feature the figures of the newest period of which any are told.

        Raises:
            RegistryError: they cannot be read.
        """
        found = await self.of(registry, units, now)
        return {name: told for one in found.periods for name, told in one.features.items()}


def figures(students: Sequence[Student], units: Units, now: datetime) -> CohortQuartiles:
    """The figures of each period in which anything is known of the students.

    Args:
        students: some, with all their periods.
        units: an observation in another (folded) unit is left out; None takes all.
        now: aware UTC.
    """
    by_period: dict[str, list[Observation]] = defaultdict(list)
    for student in students:
        for seen in student.observations:
            if units is None or seen.unit in units:
                by_period[seen.period].append(seen)
    return CohortQuartiles(now, tuple(_figures(p, by_period[p]) for p in sorted(by_period)))


def _figures(period: str, observed: Sequence[Observation]) -> PeriodFigures:
    values: dict[str, list[float]] = defaultdict(list)
    for seen in observed:
        for name, value in seen.features.items():
            if not isinstance(value, str):
                values[name].append(value)
    told = {
        name: Quartiles(*quartiles(known), students=len(known))
        for name, known in sorted(values.items())
        if len(known) >= FEWEST_SHOWN
    }
    return PeriodFigures(period, len(observed), told)
