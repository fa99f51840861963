"""Checks one record against the task: the same rules for a request and for a cell of a file.

On the path of every prediction, so it imports neither pandas nor numpy and does one pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any

from model.errors import Faults, InvalidRecord
from model.student import Features, Value
from preprocessing.task.columns import Column, Kind
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold

LONGEST_TEXT = 200
"""Characters of a category; longer than any name of one, and short enough to store and echo."""

MOST_UNKNOWN = 20
"""Fields that no feature is called, of which each gets a hint."""

LARGEST_NUMBER = 1e15
"""Beyond it a float no longer tells whole numbers apart; no school reports such a number."""


class RecordChecker:
    """Checks records of one task.

    Args:
        task: the rules.
    """

    def __init__(self, task: TaskSpec) -> None:
        self._task = task
        self._names = frozenset(task.columns)
        self._quick = tuple(map(_quick, task.columns.values()))

    def __call__(self, record: Mapping[str, object]) -> Features:
        """The features of a record, canonical and in the order of the task's file.

        A value of None is a missing one. Categories may be given in any spelling the task knows.

        Args:
            record: canonical feature name to value.

        Raises:
            InvalidRecord: every field that is unknown, of the wrong type or out of range; or a
                record without any value. The message never repeats a value.
        """
        if not record.keys() <= self._names:
            raise self._wrong(record)
        features: dict[str, Value] = {}
        get = record.get
        for name, types, low, high, column in self._quick:
            value: Any = get(name)
            if value is None:
                continue
            # Most values are plain numbers within bounds; whatever else one is, it is told below.
            if type(value) in types and low <= value <= high:
                features[name] = float(value)
            else:
                try:
                    features[name] = check_value(column, value)
                except InvalidRecord:
                    raise self._wrong(record) from None
        if not features:
            raise empty_record(self._task)
        return features

    def _wrong(self, record: Mapping[str, object]) -> InvalidRecord:
        """Everything that is wrong with a record of which something is."""
        faults = Faults()
        unknown = (str(name) for name in record if name not in self._names)
        for name in islice(unknown, MOST_UNKNOWN):
            faults.note(InvalidRecord(name[:LONGEST_TEXT], _unknown(self._task, name)))
        for name, column in self._task.columns.items():
            with faults.noted():
                if record.get(name) is not None:
                    check_value(column, record[name])
        return faults.told()


def check_record(task: TaskSpec, record: Mapping[str, object]) -> Features:
    """The features of one record; for many of one task, make a `RecordChecker`.

    Raises:
        InvalidRecord: as `RecordChecker` does.
    """
    return RecordChecker(task)(record)


def empty_record(task: TaskSpec) -> InvalidRecord:
    """The refusal of a record without any value."""
    return InvalidRecord("record", f"give at least one of {', '.join(task.columns)}")


def check_value(column: Column, value: object) -> Value:
    """The canonical value of one cell.

    >>> check_value(Column(name="ida", low=0, high=10), 7)
    7.0

    Raises:
        InvalidRecord: of the wrong type or out of range.
    """
    if column.kind is Kind.NUMERIC:
        return _number(column, value)
    return _category(column, value)


def _number(column: Column, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRecord(column.name, f"must be a number, not {_type_name(value)}")
    low, high = column.low, column.high
    # Only NaN differs from itself; a comparison, unlike isfinite, also takes an endless integer.
    if value != value or abs(value) > LARGEST_NUMBER:
        raise InvalidRecord(column.name, f"must be a finite number, {range_text(column)}")
    if (low is not None and value < low) or (high is not None and value > high):
        raise InvalidRecord(column.name, f"must be {range_text(column)}")
    if column.integer and value != int(value):
        raise InvalidRecord(column.name, "must be a whole number")
    return float(value)


def _category(column: Column, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidRecord(column.name, f"must be text, not {_type_name(value)}")
    if not column.categories:
        text = " ".join(value[: 2 * LONGEST_TEXT].split())
        if not 0 < len(text) <= LONGEST_TEXT or not text.isprintable():
            reason = f"must be text of 1 to {LONGEST_TEXT} printable characters"
            raise InvalidRecord(column.name, reason)
        return text
    if value in column.categories:
        return value
    category = column.spellings.get(fold(value[: LONGEST_TEXT + 1]))
    if category is None:
        raise InvalidRecord(column.name, f"must be one of {', '.join(column.categories)}")
    return category


def _quick(column: Column) -> tuple[str, frozenset[type], float, float, Column]:
    """Name, types and bounds of the values that need no second look."""
    low, high = bounds_of(column)
    types: set[type] = set()
    if column.kind is Kind.NUMERIC:
        types = {int} if column.integer else {int, float}
    return column.name, frozenset(types), low, high, column


def bounds_of(column: Column) -> tuple[float, float]:
    """The smallest and the largest number that the column takes.

    >>> bounds_of(Column(name="age", low=4))
    (4.0, 1000000000000000.0)
    """
    low = -LARGEST_NUMBER if column.low is None else max(column.low, -LARGEST_NUMBER)
    high = LARGEST_NUMBER if column.high is None else min(column.high, LARGEST_NUMBER)
    return low, high


def range_text(column: Column) -> str:
    """The bounds in words.

    >>> range_text(Column(name="ida", low=0, high=10))
    'between 0 and 10'
    >>> range_text(Column(name="age", low=4))
    'at least 4'
    """
    if column.low is not None and column.high is not None:
        return f"between {column.low:g} and {column.high:g}"
    if column.low is not None:
        return f"at least {column.low:g}"
    return f"at most {column.high:g}" if column.high is not None else "any number"


def _type_name(value: object) -> str:
    names = {bool: "a boolean", str: "text", int: "a number", float: "a number"}
    return names.get(type(value), f"a {type(value).__name__}")


def _unknown(task: TaskSpec, name: str) -> str:
    reason = task.excluded_because(name)
    if reason is not None:
        return f"is not used by this task: {reason}"
    known = {fold(spelling): c.name for c in task.features for spelling in (c.name, *c.aliases)}
    close = get_close_matches(fold(name[:LONGEST_TEXT]), known, n=1, cutoff=0.6)
    hint = f"did you mean {known[close[0]]}?" if close else f"known are {', '.join(task.columns)}"
    return f"is no feature of this task; {hint}"
