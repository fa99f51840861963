"""What was done for students, as tests want it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from database.driver.commands import Op
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.helping.interventions import InterventionRepository
from model.helping.action import Action, ActionKind
from model.helping.intervention import Assignment, Intervention
from tests.database.builders import START


def action(
    action_id: str = "a1", student_id: str = "RA-1", moment: datetime = START, **changes: Any
) -> Action:
    values: dict[str, Any] = {
        "period": "2023",
        "kind": ActionKind.ACTED,
        "by": "Ana",
        "unit": "north",
        "note": "talked with the mother",
        "next_on": date(2024, 4, 2),
    }
    return Action(action_id, student_id, at=moment, **{**values, **changes})


def intervention(
    intervention_id: str = "i1", student_id: str = "RA-1", **changes: Any
) -> Intervention:
    values: dict[str, Any] = {
        "kind": "tutoring",
        "start": date(2024, 3, 4),
        "at": START,
        "by": "Ana",
        "unit": "north",
        "dose": 2.0,
        "note": "Tuesdays",
    }
    return Intervention(intervention_id, student_id, **{**values, **changes})


def assignment(student_id: str = "RA-1", person: str = "Ana", **changes: Any) -> Assignment:
    values: dict[str, Any] = {"by": "head", "at": START, "unit": "north"}
    return Assignment(student_id, person, **{**values, **changes})


def help_kept(student_id: str) -> Op[None]:
    """Keeps one thing of each kind about a student."""
    yield from ActionRepository().add(action(f"a-{student_id}", student_id))
    yield from InterventionRepository().add(intervention(f"i-{student_id}", student_id))
    yield from AssignmentRepository().put(assignment(student_id))
