"""What a person has to do, gathered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from database.driver.commands import Op
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from model.helping.action import Action
from model.helping.follow_up import FollowUp, follow_ups, not_looked_at


@dataclass(frozen=True, slots=True)
class ToDo:
    """What a person has to do.

    Attributes:
        due: students whose day has come, the earliest day first.
        waiting: students who were assigned, and for whom nobody has done anything
            since, without those whose day has come.
    """

    due: tuple[FollowUp, ...]
    waiting: tuple[FollowUp, ...]


def to_do_of(person: str, until: date, units: Collection[str] | None = None) -> Op[ToDo]:
    """What a person has to do up to a day.

    A student is looked after by whom the student is assigned to, else by who did something last.

    Args:
        person: the name of the person.
        until: the last day.
        units: only what is of these (folded) units; None is all.

    Raises:
        RegistryError: something of it cannot be read.
    """
    ours = {
        one.student_id: one for one in (yield from AssignmentRepository().of_person(person, units))
    }
    due = yield from ActionRepository().due_of_students(ours, until)
    named = yield from ActionRepository().due(until, by=person)
    others = yield from AssignmentRepository().of_students((one.student_id for one in named), units)
    due += [one for one in named if one.student_id not in others]
    due = [one for one in due if _within(one, units)]
    is_due = {one.student_id for one in due}
    rest = [one for one in ours.values() if one.student_id not in is_due]
    done = yield from ActionRepository().of_students((one.student_id for one in rest), units)
    return ToDo(tuple(follow_ups(due, ours)), tuple(not_looked_at(rest, done)))


def everybodys(until: date, units: Collection[str] | None = None) -> Op[list[FollowUp]]:
    """The students whose day has come, whoever has to look at them.

    Args:
        until: the last day.
        units: only what is of these (folded) units; None is all.

    Raises:
        RegistryError: something of it cannot be read.
    """
    found = yield from ActionRepository().due(until)
    due = [one for one in found if _within(one, units)]
    assigned = yield from AssignmentRepository().of_students((one.student_id for one in due), units)
    return follow_ups(due, assigned)


def _within(action: Action, units: Collection[str] | None) -> bool:
    return units is None or action.unit in units
