"""Outcomes as callers report them, in any of the forms the interface takes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.http.problems import Problem
from api.payload import RecordReader
from api.units import UnitLimit
from model.errors import Faults, InvalidRecord
from model.label import Outcome
from model.pseudonyms.pseudonyms import Pseudonyms
from model.student import Units
from preprocessing.student_ids import read_student_id
from preprocessing.task.spec import TaskSpec
from preprocessing.validation import MOST_UNKNOWN, check_value

MOST = 10_000
BELONGS_TO = frozenset({"prediction_id", "student_id", "period"})
PREDICTION_ID = re.compile(r"[0-9a-f]{32}")
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""No school's outcome is older; a time before it is a mistake."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One reported item: an outcome, or why it is none."""

    index: int
    outcome: Outcome | None
    reason: str = ""


def items(body: Any) -> list[Any]:
    """The items of a body: one object, a list, or `{"labels": [...]}`.

    >>> items({"prediction_id": "a", "outcome": 1})
    [{'prediction_id': 'a', 'outcome': 1}]

    Raises:
        Problem: 422, none of these, or too many.
    """
    found = body.get("labels", [body]) if isinstance(body, dict) else body
    if not isinstance(found, list):
        raise Problem.of_field("labels", "must be an object, a list, or an object with labels")
    if len(found) > MOST:
        raise Problem.of_field("labels", f"must be at most {MOST} at a time")
    return found


class OutcomeReader:
    """Reads outcomes of one task.

    Args:
        task: whose outcomes they are.
        limit: the units that the sender's key is for; None is all.
        pseudonyms: what ids become, where they are not kept in the clear.
    """

    def __init__(
        self,
        task: TaskSpec,
        limit: UnitLimit | None = None,
        pseudonyms: Pseudonyms | None = None,
    ) -> None:
        self._task = task
        self._records = RecordReader(task, pseudonyms)
        self._limit = limit

    def all(self, found: list[Any], *, now: datetime, source: str) -> Iterator[Reported]:
        """Reads every item; a bad one does not spoil the others."""
        for index, item in enumerate(found):
            try:
                outcome = self.one(item, now=now, source=source)
                yield Reported(index, outcome)
            except InvalidRecord as error:
                yield Reported(index, None, str(error))

    def one(self, item: Any, *, now: datetime, source: str) -> Outcome:
        """Reads one item. It joins the records of its unit only; without one, of any.

        Args:
            item: as it was sent; the units leave it.
            now: when it came.
            source: who sent it.

        Raises:
            InvalidRecord: names every field that is missing or wrong.
        """
        if not isinstance(item, dict):
            raise InvalidRecord("label", "must be an object")
        units: Units | None = None
        whose: dict[str, str] = {}
        faults = Faults()
        with faults.noted():
            units = self._units(item)
        raw = self._task.outcome.column.name
        unknown = item.keys() - BELONGS_TO - {"outcome", raw, "observed_at"}
        for name in sorted(unknown)[:MOST_UNKNOWN]:
            faults.note(InvalidRecord(name, "is not part of a label"))
        with faults.noted():
            value = self.value(item)
        with faults.noted():
            observed_at = _moment(item.get("observed_at"), now)
        with faults.noted():
            whose = {} if units is None else self._whose(item, units)
        faults.check()
        return Outcome(
            value=value,
            observed_at=observed_at,
            source=source,
            horizon=self._task.outcome.horizon,
            after_horizon=self._task.labels == "after_horizon",
            unit=self._task.unit_of(units or {}),
            **whose,
        )

    def _units(self, item: dict[str, Any]) -> Units:
        if self._limit is None:
            return self._records.units(item)
        units = self._records.units(item, self._limit.default)
        self._limit.check(units)
        return units

    def _whose(self, item: Mapping[str, Any], units: Units) -> dict[str, str]:
        """Whom the outcome is about: a prediction, a student's period, or both where they agree."""
        faults, whose = Faults(), dict[str, str]()
        readers: Mapping[str, Callable[[Any], str]] = {
            "prediction_id": _prediction_id,
            "student_id": lambda sent: self._records.student(read_student_id(sent), units),
            "period": self._records.period,
        }
        for name, read in readers.items():
            if item.get(name) is not None:
                with faults.noted():
                    whose[name] = read(item[name])
        for name in ("student_id", "period"):
            if item.get("prediction_id") is None and item.get(name) is None:
                faults.note(InvalidRecord(name, "is missing, and so is prediction_id"))
        faults.check()
        return whose

    def value(self, item: Mapping[str, Any]) -> float:
        """The outcome of an item, by either of its names.

        Raises:
            InvalidRecord: it has none, not one that the task knows, or two that differ.
        """
        raw = self._task.outcome.column.name
        given = None if item.get("outcome") is None else self._outcome(item["outcome"])
        if item.get(raw) is None:
            if given is None:
                raise InvalidRecord("outcome", f"is missing; give outcome or {raw}")
            return given
        column = self._task.outcome.column
        value = self._task.outcome.value_of(check_value(column, item[raw]))
        if value is None:
            raise InvalidRecord(raw, "says that the outcome is not known yet")
        if given is not None and given != value:
            raise InvalidRecord("outcome", f"contradicts {raw}, which means {value:g}; give one")
        return value

    def _outcome(self, value: Any) -> float:
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise InvalidRecord("outcome", "must be a number or a boolean")
        if not self._task.outcome.form.allows(value):
            raise InvalidRecord("outcome", "must be 0 or 1, or false or true")
        return float(value)


def _prediction_id(value: Any) -> str:
    if not isinstance(value, str) or not PREDICTION_ID.fullmatch(value):
        raise InvalidRecord("prediction_id", "must be the 32 hex digits that /predict answered")
    return value


def _moment(value: Any, now: datetime) -> datetime:
    if value is None:
        return now
    if not isinstance(value, str):
        raise InvalidRecord("observed_at", "must be an ISO 8601 time")
    try:
        moment = datetime.fromisoformat(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        observed = aware.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # Near year 1 or 9999 a zone leads out of it.
        raise InvalidRecord("observed_at", "must be an ISO 8601 time") from error
    if observed > now:
        raise InvalidRecord("observed_at", "is in the future")
    if observed < EARLIEST:
        raise InvalidRecord("observed_at", f"lies before {EARLIEST.year}")
    return observed
