"""What callers send, read and checked against the task."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from api.problems import Problem
from model.errors import InvalidRecord
from model.student import Features
from preprocessing.task import TaskSpec
from preprocessing.validation import RecordChecker

LONGEST_ID = 128
RESERVED = "~"
"""Begins the key of a label whose prediction named no student; no student's id may."""


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
        self._periods = task.periods
        self._period = re.compile(task.periods)

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
        if not isinstance(text, str) or not self._period.fullmatch(text):
            raise InvalidRecord("period", f"must be a period that matches {self._periods}")
        return text


def read_student_id(value: Any) -> str:
    """A student's id; whole numbers are taken as their digits.

    >>> read_student_id(17)
    '17'

    Raises:
        InvalidRecord: empty, too long, or with characters that no id has.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise InvalidRecord("student_id", "must be text")
    if not 0 < len(text) <= LONGEST_ID or not text.isprintable() or text != text.strip():
        raise InvalidRecord("student_id", f"must be 1 to {LONGEST_ID} printable characters")
    if text.startswith(RESERVED):
        raise InvalidRecord("student_id", f"must not begin with {RESERVED}")
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
