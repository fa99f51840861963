"""Whose outcome is still not known: students of a period without a label.

A student is one whom a school file told of in that period, or one whom a prediction was asked for.
A prediction without a student is left out: nobody could say whose outcome to look up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass, field

from api.registry import Registry
from database.driver.commands import Op
from database.labels import LabelRepository
from database.outcomes import label_key
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.student import Units

PART = 1_000
"""Students that are looked at at a time."""

OVERLAP = 50
"""Of these, how many are read again with the next part: so many may be erased in between."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """A student whose outcome of a period is not known.

    Attributes:
        student_id: what Farol knows the student by.
        units: where the student was.
    """

    student_id: str
    units: Units = field(default_factory=dict)


async def lacking(
    registry: Registry, period: str, units: Collection[str] | None
) -> AsyncIterator[list[Lacking]]:
    """Those of a period without a label, a part at a time; a part may be empty.

    Args:
        registry: of the task.
        period: of the features.
        units: only those of these (folded) units; None is all.

    Raises:
        RegistryError: it cannot be read.
    """
    told: set[str] = set()
    # Unit by unit they are found by an index; all of them are fewer round trips by number.
    parts = _in_units(registry, period, units) if units is not None else _all(registry, period)
    async for part in parts:
        told.update(one.student_id for one in part)
        yield await registry.run(_without_label(part, period))
    async for part in _served(registry, period, units):
        fresh = [one for one in part if one.student_id not in told]
        told.update(one.student_id for one in fresh)
        yield await registry.run(_without_label(fresh, period))


def _without_label(part: Iterable[Lacking], period: str) -> Op[list[Lacking]]:
    by_key = {label_key(one.student_id, period): one for one in part}
    labelled = yield from LabelRepository().labelled(by_key)
    return [one for key, one in by_key.items() if key not in labelled]


async def _in_units(
    registry: Registry, period: str, units: Collection[str] | None
) -> AsyncIterator[list[Lacking]]:
    found = await registry.run(StudentRepository().in_period(period, units=units))
    for first in range(0, len(found), PART):
        yield [Lacking(o.student_id, o.units) for o in found[first : first + PART]]


async def _all(registry: Registry, period: str) -> AsyncIterator[list[Lacking]]:
    read, last = 0, ""
    while True:
        skip = max(0, read - OVERLAP)
        students = await registry.run(StudentRepository().by_id(skip=skip, limit=PART))
        fresh = [one for one in students if one.student_id > last]
        if not fresh:
            return
        read, last = skip + len(students), fresh[-1].student_id
        found = ((one, one.in_period(period)) for one in fresh)
        yield [Lacking(one.student_id, o.units) for one, o in found if o is not None]


async def _served(
    registry: Registry, period: str, units: Collection[str] | None
) -> AsyncIterator[list[Lacking]]:
    skip = 0
    while True:
        page = await registry.run(PredictionRepository().page_of_asked(skip=skip, limit=5 * PART))
        if not page:
            return
        skip += len(page)
        asked = [one for one in page if one.student_id and one.period == period]
        own = asked if units is None else [one for one in asked if one.unit in units]
        yield [Lacking(one.student_id, one.units) for one in own if one.student_id]
