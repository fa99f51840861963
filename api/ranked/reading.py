"""Reads a period's students, scores them, and says what would make that stale."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from api.champion import Champion
from database.batches import BatchRepository
from database.driver.commands import Op
from database.rights.objections import ObjectionRepository
from database.students import StudentRepository
from model.rights.objection import without
from model.student import Observation, Student
from preprocessing.lists.scoring import ScoredStudents, joined, score_students
from preprocessing.longitudinal import recalled_observations
from preprocessing.task.columns import Longitudinal
from preprocessing.task.spec import TaskSpec

T = TypeVar("T")


class Runs(Protocol):
    """What runs an operation on a task's registry."""

    async def run(self, op: Op[T]) -> T:
        """Runs one operation."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whom a list is about.

    Attributes:
        period: of the students.
        units: only of these (folded) units; None is all.
    """

    period: str
    units: frozenset[str] | None


async def read_students(
    registry: Runs,
    champion: Champion,
    task: TaskSpec,
    whose: Whose,
    erased: Container[str | None],
    *,
    newest: bool,
) -> tuple[ScoredStudents, Mapping[str, Observation]]:
    """A period's students with what the champion says of each, read unit by unit.

    However many units there are, the records of one are in memory at a time. Who objects is left
    out, and so is who is being erased, whose records may still be there.

    Returns:
        The students; and by their keys the records of all of them, where they were read at once.

    Args:
        registry: of the task.
        champion: scores them.
        task: of both.
        whose: who is read.
        erased: who was erased as far as this worker knows, or is being erased.
        newest: whether it is the newest period, which is found by units.

    Raises:
        RegistryError: they cannot be read.
    """
    objecting = await registry.run(ObjectionRepository().students())
    parts, records = [], []
    async for observed in _parts(registry, task.longitudinal, whose, newest=newest):
        records = await asyncio.to_thread(without, erased, without(objecting, observed))
        parts.append(await asyncio.to_thread(score_students, champion.predictor, records, task))
    scored = joined([part for part in parts if part.ids] or parts)
    return scored, {one.student_id: one for one in records} if len(parts) == 1 else {}


async def _parts(
    registry: Runs, plan: Longitudinal | None, whose: Whose, *, newest: bool
) -> AsyncIterator[list[Observation]]:
    if whose.units is not None or not newest:
        yield await registry.run(observed_in(plan, whose))
        return
    known = await registry.run(StudentRepository().units())
    if not known:
        yield await registry.run(observed_in(plan, whose))
        return
    for unit in ("", *known):
        yield await registry.run(observed_in(plan, Whose(whose.period, frozenset({unit}))))


def observed_in(plan: Longitudinal | None, whose: Whose) -> Op[list[Observation]]:
    """What is known of a period, with what the students' earlier periods add to it.

    Raises:
        RegistryError: a student cannot be read.
    """
    students = StudentRepository()
    if plan is None:
        return (yield from students.in_period(whose.period, units=whose.units))
    known = yield from students.students_in_period(whose.period, units=whose.units)
    return recalled_observations(plan, *_with_known(known, whose.period))


def observed_of(
    plan: Longitudinal | None, period: str, students: Sequence[str]
) -> Op[dict[str, Observation]]:
    """The same of some students, by their keys; of whom nothing is known, and who objects, is left
    out.

    Raises:
        RegistryError: a student cannot be read.
    """
    known = yield from StudentRepository().get_many(students)
    objecting = yield from ObjectionRepository().students()
    own = _with_known((one for i, one in known.items() if i not in objecting), period)
    return {o.student_id: o for o in recalled_observations(plan, *own)}


def objecting_in(whose: Whose) -> Op[tuple[str, ...]]:
    """The keys of those whom a list is about and leaves out because they object, in order.

    Raises:
        RegistryError: a student cannot be read.
    """
    objecting = yield from ObjectionRepository().students()
    known = yield from StudentRepository().get_many(objecting)
    there = ((i, one.in_period(whose.period)) for i, one in sorted(known.items()))
    return tuple(
        student
        for student, seen in there
        if seen is not None and (whose.units is None or seen.unit in whose.units)
    )


def _with_known(
    students: Iterable[Student], period: str
) -> tuple[list[Observation], dict[str, Student]]:
    """What is known of a period, and the students by their keys."""
    known = {one.student_id: one for one in students}
    return [o for one in known.values() for o in one.observations if o.period == period], known


Stamp = tuple[object, ...]


def data_stamp() -> Op[Stamp]:
    """Changes with what schools report.

    Raises:
        RegistryError: they cannot be read.
    """
    return (
        (yield from StudentRepository().last_change()),
        (yield from BatchRepository().last()),
    )
