"""What callers send, read and checked against the task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request

from api.http.problems import Problem
from model.errors import InvalidRecord
from model.student import Features, Units
from preprocessing.student_ids import LONGEST_ID, key_of, read_student_id
from preprocessing.task.spec import TaskSpec
from preprocessing.validation import RecordChecker, check_value

LONGEST_REASON = 1_000
NO_UNITS: Units = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """A record to score, and about whom.

    Attributes:
        student_id: what Farol knows the student by, `preprocessing.student_ids.key_of`.
        sent_id: the id as it was sent; the same, except where ids are unique within a unit only.
        units: where the student is, as far as the record says.
        unit: `TaskSpec.unit_of(units)`.
    """

    student_id: str | None
    period: str
    features: Features
    sent_id: str | None = None
    units: Units = field(default_factory=dict)
    unit: str = ""


class RecordReader:
    """Reads records of one task."""

    def __init__(self, task: TaskSpec) -> None:
        self._check = RecordChecker(task)
        self._task = task
        self._units = {column.name: column for column in task.unit}

    def one(self, record: Any, default_period: str, default_units: Units = NO_UNITS) -> Asked:
        """Reads one flat record.

        Args:
            record: as it was sent; what is read leaves it.
            default_period: of a record without a period.
            default_units: of a record that does not give the first of the task's units.

        Raises:
            InvalidRecord: names the first field that is wrong.
        """
        if not isinstance(record, dict):
            raise InvalidRecord("record", "must be an object of features")
        sent_id = record.pop("student_id", None)
        period = record.pop("period", None)
        units = self.units(record, default_units) if self._units else NO_UNITS
        if sent_id is not None:
            sent_id = read_student_id(sent_id)
        return Asked(
            student_id=None if sent_id is None else key_of(self._task, sent_id, units),
            period=default_period if period is None else self.period(period),
            features=self._check(record),
            sent_id=sent_id,
            units=units,
            unit=self._task.unit_of(units) if units else "",
        )

    def units(self, record: dict[str, Any], default: Units = NO_UNITS) -> Units:
        """Takes the units out of a record.

        Args:
            record: as it was sent.
            default: of a record that does not give the first of the task's units.

        Raises:
            InvalidRecord: one is no name of a unit.
        """
        if self._units.keys().isdisjoint(record):
            return default
        given = {name: record.pop(name, None) for name in self._units}
        units = {
            name: str(check_value(self._units[name], value))
            for name, value in given.items()
            if value is not None
        }
        return {**default, **units} if self._task.unit[0].name not in units else units

    def period(self, value: Any) -> str:
        """A period as the task writes it.

        Raises:
            InvalidRecord: not one.
        """
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not self._task.is_period(text):
            raise InvalidRecord("period", f"must be a period that matches {self._task.periods}")
        return text


def named_student(
    task: TaskSpec, student_id: str, request: Request, longest: int = LONGEST_ID
) -> str:
    """What Farol knows the student by that a path names; `?unit=` says whose id it is.

    Raises:
        InvalidRecord: no id, no name of a unit, or no unit where ids are unique within one only.
    """
    read = read_student_id(student_id, longest=longest)
    if task.id.unique_within is None:
        return read
    first, given = task.unit[0], request.query_params.get("unit")
    units = {} if given is None else {first.name: str(check_value(first, given))}
    return key_of(task, read, units, field="unit")


def named_unit(task: TaskSpec, request: Request) -> str | None:
    """Whose id a path names, as it was sent; None where an id is one student in all units."""
    return request.query_params.get("unit") if task.id.unique_within else None


def read_json(body: bytes) -> Any:
    """The JSON of a body.

    Raises:
        Problem: 400, it is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem.of_field("body", f"is not JSON: {error}", status=400) from error


def read_object(body: bytes) -> Mapping[str, Any]:
    """A body that is an object, or empty.

    Raises:
        Problem: 400 not JSON, 422 not an object.
    """
    value = read_json(body) if body.strip() else {}
    if not isinstance(value, dict):
        raise Problem.of_field("body", "must be a JSON object")
    return value


def read_reason(body: bytes) -> str:
    """Why somebody does something by hand, `{"reason": "..."}`.

    Whoever reads the ledger or the audit later has nothing else.

    Raises:
        Problem: 400 not JSON, 422 not an object, or no text of a reasonable length.
    """
    return checked_reason(read_object(body).get("reason"))


def checked_reason(reason: Any) -> str:
    """A reason that was given, without the spaces around it.

    Raises:
        Problem: 422, no text of a reasonable length.
    """
    if not isinstance(reason, str) or not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise Problem.of_field("reason", f"must be text of 1 to {LONGEST_REASON} characters")
    return reason.strip()
