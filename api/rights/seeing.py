"""Who has seen a student: the audit trail and the log of predictions, put together."""

from __future__ import annotations

from collections.abc import Iterable

from api.services import Services
from database.driver.commands import Op
from database.predictions import PredictionRepository
from database.trail.trail import TrailRepository
from model.audit.entry import pseudonym
from model.rights.seen import ASKED_FOR, Sight, newest_first

MOST_ASKED = 10_000
"""Predictions of a student in one task, the newest, that are told of."""


async def sights(here: Services, tasks: Iterable[Services], student: str) -> list[Sight]:
    """Every time that somebody saw a student or did something about one, newest first.

    The trail tells of all tasks. Predictions that wait for the registry are told once they are in
    it, seconds later.

    Args:
        here: the services of any task.
        tasks: whose predictions are told.
        student: the key of the student.

    Raises:
        RegistryError: they cannot be read.
    """
    told = await here.root.run(_told(pseudonym(student, here.erased.key)))
    for one in tasks:
        told += await one.registry.run(_asked(student, one.task.name))
    return newest_first(told)


def _told(subject: str) -> Op[list[Sight]]:
    entries = yield from TrailRepository().of_student(subject)
    return [Sight(e.at, e.actor, e.kind.value, e.action, e.task) for e in entries]


def _asked(student: str, task: str) -> Op[list[Sight]]:
    asked = yield from PredictionRepository().askers_of(student, MOST_ASKED)
    return [Sight(at, client, "", ASKED_FOR, task) for at, client in asked]
