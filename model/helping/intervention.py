"""Help that a student gets over some time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Intervention:
    """One kind of help given to one student.

    Attributes:
        student_id: the key of the student.
        kind: which help, one of the task's `interventions` where it names any.
        start: the first day of it.
        at: when this was last said.
        by: the name of the person's key.
        unit: the (folded) school of the student then; "" is unknown.
        end: the last day of it, None while it goes on.
        dose: how much a week, in the unit that the task tells (hours); None is unknown.
    """

    intervention_id: str
    student_id: str
    kind: str
    start: date
    at: datetime
    by: str
    unit: str = ""
    end: date | None = None
    dose: float | None = None
    note: str = ""

    def given_by(self, day: date) -> bool:
        """Whether the help had begun by a day."""
        return self.start <= day

    def goes_on(self, day: date) -> bool:
        """Whether the help is given on a day."""
        return self.given_by(day) and (self.end is None or self.end >= day)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who looks after a student; the newest one counts, and `person` "" is nobody.

    Attributes:
        student_id: the key of the student.
        person: the name of who looks after the student.
        by: the name of the key of who said so.
        unit: the (folded) school of the student then; "" is unknown.
    """

    student_id: str
    person: str
    by: str
    at: datetime
    unit: str = ""
