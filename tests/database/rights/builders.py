"""Objections and rectifications, as tests want them."""

from __future__ import annotations

from typing import Any

from database.driver.commands import Op
from database.rights.objections import ObjectionRepository
from database.rights.rectifications import RectificationRepository
from model.rights.objection import Objection
from model.rights.rectification import RecordPart, Rectification
from tests.database.builders import START


def objection(student_id: str = "RA-1", **changes: Any) -> Objection:
    values: dict[str, Any] = {"at": START, "by": "Ana", "reason": "the mother", "unit": "north"}
    return Objection(student_id, **{**values, **changes})


def rectification(
    rectification_id: str = "c1", student_id: str = "RA-1", **changes: Any
) -> Rectification:
    values: dict[str, Any] = {
        "period": "2023",
        "part": RecordPart.FEATURES,
        "field": "ida",
        "at": START,
        "by": "Ana",
        "reason": "read from another row",
        "former": 1.0,
        "value": 7.0,
        "unit": "north",
    }
    return Rectification(rectification_id, student_id, **{**values, **changes})


def rights_used(student_id: str) -> Op[None]:
    """A student objects, and a value was put right."""
    yield from ObjectionRepository().lay(objection(student_id))
    yield from RectificationRepository().add_many([rectification(f"c-{student_id}", student_id)])
