"""Which student a call is about, and where the student is, as far as the caller may know."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.durability import outbox
from api.http.problems import Problem
from api.payload import RecordReader
from api.security import Client
from api.services import Services
from api.students.reach import NOT_KNOWN
from api.units import UnitLimit
from database.dossier import KeptDocument
from database.driver.commands import Op
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.errors import InvalidRecord
from preprocessing.student_ids import read_student_id
from preprocessing.task.spec import TaskSpec

LOOKED_AT = 200
"""Predictions of a student, the newest, that tell where the student is."""


@dataclass(frozen=True, slots=True)
class StudentPlace:
    """Where a student is in a period.

    Attributes:
        unit: folded; "" is unknown.
    """

    period: str
    unit: str


def units_of(client: Client, task: TaskSpec) -> frozenset[str] | None:
    """The (folded) units that a key is for; None is all."""
    limit = UnitLimit.of(client, task)
    return None if limit is None else limit.chosen(None)


def take_student(here: Services, client: Client, body: dict[str, Any]) -> str:
    """Takes out of a body who it is about; gives what Farol knows the student by.

    Raises:
        InvalidRecord: no id, or no unit where ids are unique within one only.
        UnknownUnit: it names a unit that the key is not for.
    """
    limit = UnitLimit.of(client, here.task)
    default = {} if limit is None else limit.default
    reader = RecordReader(here.task, here.pseudonyms)
    units = reader.units(body, default) if here.task.unit else {}
    sent = body.pop("student_id", None)
    if sent is None:
        raise InvalidRecord("student_id", "is missing")
    if limit is not None and units:
        limit.check(units)
    return reader.student(read_student_id(sent), units)


async def place_of(
    here: Services, client: Client, student: str, period: str | None
) -> StudentPlace:
    """Where a student is in a period, by default in the newest one that anything is known of.

    Raises:
        ErasedStudent: the student was erased.
        InvalidRecord: nothing is known of the student in that period.
        Problem: 404, nothing is known of the student, or the key may not know it.
        RegistryError: it cannot be read.
    """
    here.erased.check(student)
    units = units_of(client, here.task)
    # Before the registry: what is shipped in between is found there.
    waiting = await asyncio.to_thread(outbox.kept_of, here.folders.outbox, student)
    places = await here.registry.run(_places(student, waiting, units))
    if not places:
        raise Problem.of_field("student_id", NOT_KNOWN, 404)
    if period is None:
        return places[0]
    for place in places:
        if place.period == period:
            return place
    raise InvalidRecord("period", "nothing is known of this student in that period")


def _places(
    student: str, waiting: Sequence[KeptDocument], units: Collection[str] | None
) -> Op[list[StudentPlace]]:
    """Where the student is, the newest period first; what the school reported goes first."""
    served = yield from PredictionRepository().of_student(student, units=units, limit=LOOKED_AT)
    found = {one.period: one.unit for one in reversed(served)}
    found |= {one.period: one.unit for one in waiting if units is None or one.unit in units}
    known = yield from StudentRepository().find(student)
    for one in known.observations if known else ():
        # A file need not say where a student is whose school's own calls do.
        if one.unit in units if units is not None else one.unit or one.period not in found:
            found[one.period] = one.unit
    return [StudentPlace(period, found[period]) for period in sorted(found, reverse=True)]


def asked_period(here: Services, asked: object) -> str | None:
    """A period that was asked for; None where none was.

    Raises:
        InvalidRecord: it is none.
    """
    return None if asked is None else RecordReader(here.task).period(asked)


def today(here: Services) -> date:
    """The day by the school's clock."""
    return here.task.notices.local(here.now()).date()
