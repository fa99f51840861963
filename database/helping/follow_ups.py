"""What a person has to do, gathered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from database.driver.commands import Op
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
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
    theirs = yield from AssignmentRepository().of_person(person)
    ours = {one.student_id: one for one in theirs if _within(one.unit, units)}
    named = yield from ActionRepository().due(until, by=person)
    done = yield from ActionRepository().of_students([*ours, *(one.student_id for one in named)])
    others = yield from AssignmentRepository().of_students(one.student_id for one in named)
    last = [of_student[0] for of_student in done.values()]
    due = [
        one
        for one in last
        if one.next_on is not None and one.next_on <= until and _within(one.unit, units)
        if one.student_id in ours or (one.by == person and one.student_id not in others)
    ]
    is_due = {one.student_id for one in due}
    rest = [one for one in ours.values() if one.student_id not in is_due]
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
    done = yield from ActionRepository().of_students(one.student_id for one in found)
    # A process that died may have left the date of an action that is no longer the last one.
    due = [one for one in found if done[one.student_id][:1] == [one]]
    assigned = yield from AssignmentRepository().of_students(one.student_id for one in due)
    return follow_ups([one for one in due if _within(one.unit, units)], assigned)


def _within(unit: str, units: Collection[str] | None) -> bool:
    return units is None or unit in units
