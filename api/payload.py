"""What callers send, read and checked against the task."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from starlette.requests import Request

from api.http.problems import Problem
from api.records.asked import Asked
from api.services import Services, services
from api.units import UnitLimit
from model.errors import Faults, InvalidRecord
from model.pseudonyms.pseudonyms import Pseudonyms
from model.student import Units
from preprocessing.student_ids import LONGEST_ID, key_of, read_student_id
from preprocessing.task.spec import TaskSpec
from preprocessing.validation import RecordChecker, check_value

LONGEST_REASON = 1_000
NO_UNITS: Units = {}
PERIODS_KEPT = 64
"""Texts of which it is kept whether they are a period; callers send the same few."""

LONGEST_KEPT = 40
"""Characters of such a text."""


class RecordReader:
    """Reads records of one task.

    Args:
        task: whose records they are.
        pseudonyms: what ids become, where they are not kept in the clear.
    """

    def __init__(self, task: TaskSpec, pseudonyms: Pseudonyms | None = None) -> None:
        self._check = RecordChecker(task)
        self._task = task
        self._pseudonyms = pseudonyms
        self._units = {column.name: column for column in task.unit}
        self._is_period = lru_cache(PERIODS_KEPT)(task.is_period)

    def one(self, record: Any, default_period: str, default_units: Units = NO_UNITS) -> Asked:
        """Reads one flat record.

        Args:
            record: as it was sent; what is read leaves it.
            default_period: of a record without a period.
            default_units: of a record that does not give the first of the task's units.

        Raises:
            InvalidRecord: names every field that is wrong.
        """
        if not isinstance(record, dict):
            raise InvalidRecord("record", "must be an object of features")
        sent = record.copy()
        try:
            return self._read(record, default_period, default_units)
        except InvalidRecord:
            raise self._wrong(sent, default_units) from None

    def _read(self, record: dict[str, Any], default_period: str, default_units: Units) -> Asked:
        sent_id = record.pop("student_id", None)
        period = record.pop("period", None)
        units = self.units(record, default_units) if self._units else NO_UNITS
        if sent_id is not None:
            sent_id = read_student_id(sent_id)
        return Asked(
            student_id=None if sent_id is None else self.student(sent_id, units),
            period=default_period if period is None else self.period(period),
            features=self._check(record),
            sent_id=sent_id,
            units=units,
            unit=self._task.unit_of(units) if units else "",
        )

    def _wrong(self, record: dict[str, Any], default_units: Units) -> InvalidRecord:
        """Everything that is wrong with a record of which something is."""
        faults = Faults()
        sent_id, period = record.pop("student_id", None), record.pop("period", None)
        units: Units | None = None
        with faults.noted():
            units = self.units(record, default_units)
        with faults.noted():
            read = None if sent_id is None else read_student_id(sent_id)
            if read is not None and units is not None:
                self.student(read, units)
        with faults.noted():
            if period is not None:
                self.period(period)
        with faults.noted():
            self._check(record)
        return faults.told()

    def student(self, sent_id: str, units: Units) -> str:
        """What Farol knows a student by.

        Raises:
            InvalidRecord: no unit is told, where ids are unique within one only.
        """
        return key_of(self._task, sent_id, units, pseudonyms=self._pseudonyms)

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
        known = self._task.is_period if len(str(text)) > LONGEST_KEPT else self._is_period
        if not isinstance(text, str) or not known(text):
            raise InvalidRecord("period", f"must be a period that matches {self._task.periods}")
        return text


def read_scorable(
    here: Services, reader: RecordReader, record: Any, default_period: str, limit: UnitLimit | None
) -> Asked:
    """Reads a record that is to be scored.

    Args:
        here: the services of its task.
        reader: of the task's records.
        record: as it was sent; what is read leaves it.
        default_period: of a record without a period.
        limit: the units that the sender's key is for; None is all.

    Raises:
        InvalidRecord: names every field that is wrong; or it is of another unit than the key is
            for, or of a student who was erased or objects.
    """
    asked = reader.one(record, default_period, limit.default if limit else NO_UNITS)
    if limit:
        limit.check(asked.units)
    here.erased.check(asked.student_id)
    here.objections.check(asked.student_id)
    return asked


def named_student(
    task: TaskSpec, student_id: str, request: Request, longest: int = LONGEST_ID
) -> str:
    """What Farol knows the student by that a path names; `?unit=` says whose id it is.

    Raises:
        InvalidRecord: no id, no name of a unit, or no unit where ids are unique within one only.
    """
    read = read_student_id(student_id, longest=longest)
    pseudonyms = services(request).pseudonyms
    units: Units = NO_UNITS
    if task.id.unique_within is not None and "unit" in request.query_params:
        first = task.unit[0]
        units = {first.name: str(check_value(first, request.query_params["unit"]))}
    return key_of(task, read, units, field="unit", pseudonyms=pseudonyms)


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
