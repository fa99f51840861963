"""What callers send, read and checked against the task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from api.http.problems import Problem
from model.errors import InvalidRecord
from model.student import Features
from preprocessing.student_ids import read_student_id
from preprocessing.task.spec import TaskSpec
from preprocessing.validation import RecordChecker

LONGEST_REASON = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A record to score, and about whom."""

    student_id: str | None
    period: str
    features: Features


class RecordReader:
    """Reads records of one task."""

    def __init__(self, task: TaskSpec) -> None:
        self._check = RecordChecker(task)
        self._task = task

    def one(self, record: Any, default_period: str) -> Asked:
        """Reads one flat record.

        Raises:
            InvalidRecord: names the first field that is wrong.
        """
        if not isinstance(record, dict):
            raise InvalidRecord("record", "must be an object of features")
        student_id = record.pop("student_id", None)
        period = record.pop("period", None)
        return Asked(
            None if student_id is None else read_student_id(student_id),
            default_period if period is None else self.period(period),
            self._check(record),
        )

    def period(self, value: Any) -> str:
        """A period as the task writes it.

        Raises:
            InvalidRecord: not one.
        """
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not self._task.is_period(text):
            raise InvalidRecord("period", f"must be a period that matches {self._task.periods}")
        return text


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
    reason = read_object(body).get("reason")
    if not isinstance(reason, str) or not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise Problem.of_field("reason", f"must be text of 1 to {LONGEST_REASON} characters")
    return reason.strip()
