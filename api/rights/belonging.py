"""Whether a key of some units may speak for a student: an objection holds in every unit."""

from __future__ import annotations

from collections.abc import Collection

from api.helping.student import LOOKED_AT, place_of, units_of
from api.http.problems import Problem
from api.security import Client
from api.services import Services
from database.driver.commands import Op
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.errors import ErasedStudent


async def unit_of(here: Services, client: Client, student: str) -> str | None:
    """Where a student is in one task; None where the key may not speak for the student there.

    Raises:
        RegistryError: it cannot be read.
    """
    try:
        place = await place_of(here, client, student, None)
    except (ErasedStudent, Problem):
        return None
    units = units_of(client, here.task)
    if units is None or await here.registry.run(_belongs(student, units)):
        return place.unit
    return None


def _belongs(student: str, units: Collection[str]) -> Op[bool]:
    """Whether the student is in one of the units now, by the schools' own records.

    Without any, nobody else may have asked about the student: whoever sends a record to be scored
    says where the student is, and could else silence another school's.
    """
    known = yield from StudentRepository().find(student)
    if known is not None:
        return known.latest.unit in units
    served = yield from PredictionRepository().of_student(student, limit=LOOKED_AT)
    return all(one.unit in units for one in served)
