"""What somebody who looks after students did on seeing one on the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class ActionKind(StrEnum):
    """What was done; `NOT_USEFUL` says that the student did not belong on the list."""

    SEEN = "seen"
    ACTED = "acted"
    NOT_USEFUL = "not_useful"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing done, kept as it was said; a later one does not overwrite it.

    Attributes:
        student_id: the key of the student.
        period: of the list on which the student was seen.
        by: the name of the person's key.
        unit: the (folded) school of the student then; "" is unknown.
        next_on: when somebody wants to look again.
    """

    action_id: str
    student_id: str
    period: str
    kind: ActionKind
    at: datetime
    by: str
    unit: str = ""
    note: str = ""
    next_on: date | None = None
