"""Whose outcome is still not known: students of a period without a label.

A student is one whom a school file told of in that period, or one whom a prediction was asked for.
A prediction without a student is left out: nobody could say whose outcome to look up.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial

from api.files.walk import PART, patiently, walked
from api.registry import Registry
from database.driver.commands import Op
from database.driver.paging import in_parts
from database.labels import LabelRepository
from database.outcomes import label_key
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.prediction import AskedFor
from model.student import Student, Units


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
    registry: Registry, period: str, units: Collection[str] | None, *, tries: int = 1
) -> AsyncGenerator[list[Lacking], None]:
    """Those of a period without a label, a part at a time; a part may be empty.

    Args:
        registry: of the task.
        period: of the features.
        units: only those of these (folded) units; None is all.
        tries: how often each part is asked for, where the registry is away for a moment.

    Raises:
        RegistryError: it cannot be read.
    """
    told: set[str] = set()
    for source in (
        _all(registry, period, tries) if units is None else _own(registry, period, units, tries),
        _served(registry, period, units, tries),
    ):
        async for part in source:
            fresh = [one for one in part if one.student_id not in told]
            told.update(one.student_id for one in fresh)
            yield await patiently(registry, partial(_without_label, fresh, period), tries)


def _without_label(part: Iterable[Lacking], period: str) -> Op[list[Lacking]]:
    by_key = {label_key(one.student_id, period): one for one in part}
    labelled = yield from LabelRepository().labelled(by_key)
    return [one for key, one in by_key.items() if key not in labelled]


async def _own(
    registry: Registry, period: str, units: Collection[str], tries: int
) -> AsyncIterator[list[Lacking]]:
    read = partial(StudentRepository().in_period, period, units=units)
    found = await patiently(registry, read, tries)
    for part in in_parts(found, PART):
        yield [Lacking(o.student_id, o.units) for o in part]


async def _all(registry: Registry, period: str, tries: int) -> AsyncIterator[list[Lacking]]:
    def page(skip: int, limit: int) -> Op[list[Student]]:
        return StudentRepository().by_id(skip=skip, limit=limit)

    async for part in walked(registry, page, lambda student: student.student_id, tries):
        found = (one.in_period(period) for one in part)
        yield [Lacking(o.student_id, o.units) for o in found if o is not None]


async def _served(
    registry: Registry, period: str, units: Collection[str] | None, tries: int
) -> AsyncIterator[list[Lacking]]:
    def page(skip: int, limit: int) -> Op[list[AskedFor]]:
        return PredictionRepository().asked_by_id(skip=skip, limit=limit)

    async for part in walked(registry, page, lambda asked: asked.prediction_id, tries):
        yield [
            Lacking(one.student_id, one.units)
            for one in part
            if one.student_id and one.period == period and (units is None or one.unit in units)
        ]
