"""What somebody still has to do: dates that have come, and students whom nobody has looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from model.helping.action import Action
from model.helping.intervention import Assignment


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One student to look at.

    Attributes:
        student_id: the key of the student.
        person: who has to: whom the student is assigned to, else who did something last.
        next_on: the day that was named; None where the student was only assigned.
        last: what was done last; None where nothing was.
        assigned: who looks after the student; None where nobody was named.
    """

    student_id: str
    person: str
    next_on: date | None
    last: Action | None
    assigned: Assignment | None


def follow_ups(due: Iterable[Action], assigned: Mapping[str, Assignment]) -> list[FollowUp]:
    """The students whose day has come, the earliest day first; each is one person's to do.

    Args:
        due: the last action of each student whose next date has come.
        assigned: student to who looks after them, of those students at least.
    """
    found = [
        FollowUp(
            one.student_id,
            assigned[one.student_id].person if one.student_id in assigned else one.by,
            one.next_on,
            one,
            assigned.get(one.student_id),
        )
        for one in due
    ]
    return sorted(found, key=lambda one: (str(one.next_on), one.student_id))


def not_looked_at(
    assigned: Iterable[Assignment], done: Mapping[str, Sequence[Action]]
) -> list[FollowUp]:
    """The students for whom nobody did anything since they were assigned, the longest first.

    Args:
        assigned: who looks after whom.
        done: student to what was done, newest first, of those students at least.
    """
    waiting = []
    for one in sorted(assigned, key=lambda one: (one.at, one.student_id)):
        last = next(iter(done.get(one.student_id, ())), None)
        if last is None or last.at < one.at:
            waiting.append(FollowUp(one.student_id, one.person, None, last, one))
    return waiting


def by_person(found: Iterable[FollowUp]) -> dict[str, int]:
    """How many students each person has to look at."""
    return dict(Counter(one.person for one in found))
