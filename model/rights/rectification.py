"""A value of a student's record that was wrong, and was put right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from model.label import Outcome
from model.student import Observation, Value

OUTCOME = "outcome"
"""How a correction names the outcome, whatever its column is called."""


class RecordPart(StrEnum):
    """What of a student a value belongs to; all but the outcome are fields of an observation."""

    FEATURES = "features"
    PROTECTED = "protected"
    CHECKED = "checked"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Rectification:
    """One value that was put right, kept as it was said.

    Attributes:
        student_id: the key of the student.
        period: of the record, or of the features that the outcome belongs to.
        field: the column.
        by: the name of the key or person who put it right.
        reason: why it was wrong; personal data.
        former: what stood there; None: nothing did.
        value: what is right; None: it is not known.
        unit: the (folded) school of the record; "" is unknown.
    """

    rectification_id: str
    student_id: str
    period: str
    part: RecordPart
    field: str
    at: datetime
    by: str
    reason: str
    former: Value | None = None
    value: Value | None = None
    unit: str = ""


Standing = Mapping[tuple[str, str], Iterable[Rectification]]
"""Student and period to what was put right of them last, one of each field."""


def standing(found: Iterable[Rectification]) -> Standing:
    """What was put right last of each field, by student and period."""
    stands: dict[tuple[str, str], dict[str, Rectification]] = {}
    for one in sorted(found, key=lambda one: (one.at, one.rectification_id)):
        stands.setdefault((one.student_id, one.period), {})[one.field] = one
    return {subject: tuple(fields.values()) for subject, fields in stands.items()}


def value_in(observation: Observation, part: RecordPart, field: str) -> Value | None:
    """What stands in a field of a record; None where nothing does."""
    values: Mapping[str, Value] = getattr(observation, part.value)
    return values.get(field)


def corrected(
    observation: Observation, part: RecordPart, field: str, value: Value | None
) -> Observation:
    """A record with another value in a field; None takes it away.

    >>> from datetime import UTC
    >>> was = Observation("a", "2023", {"ida": 1.0, "ieg": 2.0}, datetime(2023, 1, 1, tzinfo=UTC))
    >>> corrected(was, RecordPart.FEATURES, "ida", 7.0).features
    {'ieg': 2.0, 'ida': 7.0}
    """
    values: Mapping[str, Value] = getattr(observation, part.value)
    rest = {name: one for name, one in values.items() if name != field}
    changed: dict[str, Any] = {part.value: rest if value is None else {**rest, field: value}}
    return replace(observation, **changed)


def held(observation: Observation, stands: Standing) -> Observation:
    """The record of a file; where it repeats an error that was put right, it is put right again.

    A value that is neither the former nor the right one is news, and stands.
    """
    for one in stands.get((observation.student_id, observation.period), ()):
        wrong = one.part is not RecordPart.OUTCOME and one.former != one.value
        if wrong and value_in(observation, one.part, one.field) == one.former:
            observation = corrected(observation, one.part, one.field, one.value)
    return observation


def held_outcome(outcome: Outcome, stands: Standing) -> Outcome:
    """The same of an outcome of a file."""
    for one in stands.get((outcome.student_id or "", outcome.period or ""), ()):
        if one.part is RecordPart.OUTCOME and outcome.value == one.former and one.value is not None:
            return replace(outcome, value=float(one.value))
    return outcome
