"""Lags: how far a number is behind the one that it ought to be, `Fase` and `Fase ideal`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword

from preprocessing.files.cells import READERS
from preprocessing.proposing.columns import SourceColumn
from preprocessing.proposing.reading import Reading
from preprocessing.proposing.tables import RawTable
from preprocessing.proposing.words import IDEAL
from preprocessing.task.spelling import fold

NEARLY_ALWAYS = 0.95


@dataclass(frozen=True, slots=True)
class Lag:
    """A number less the one that it ought to be."""

    actual: SourceColumn
    ideal: SourceColumn

    @property
    def name(self) -> str:
        """Canonical."""
        return f"{self.actual.name}_lag"

    @property
    def keys(self) -> dict[str, object]:
        """As in the task's file."""
        formula = f"{self.actual.name} - {self.ideal.name}"
        return {"name": self.name, "formula": formula, "label": f"{self.actual.header}: lag"}

    @property
    def doubts(self) -> tuple[str, ...]:
        """What may be wrong."""
        return (f"{self.ideal.header} was taken for what {self.actual.header} ought to be",)


def differences(features: Sequence[SourceColumn], readings: Mapping[str, Reading]) -> list[Lag]:
    """The pairs of features of which one ought to be the other, by their names."""
    numeric = [c for c in features if readings[c.name].numeric and not iskeyword(c.name)]
    found = []
    for ideal in numeric:
        rest = [word for word in fold(ideal.header).split() if word not in IDEAL]
        if len(rest) == len(fold(ideal.header).split()):
            continue
        found += [
            Lag(actual, ideal)
            for actual in numeric
            if actual is not ideal and fold(actual.header).split() == rest
        ]
    return found


def lag_told(
    outcome: SourceColumn,
    reading: Reading,
    lags: Sequence[Lag],
    readings: Mapping[str, Reading],
    tables: Sequence[RawTable],
) -> str:
    """What is to be said where the outcome is one of the lags of its own row; else nothing.

    Args:
        outcome: the outcome's column.
        reading: of the same.
        lags: pairs of features.
        readings: of all features.
        tables: in which they stand.
    """
    if not reading.numeric:
        return ""
    for lag in lags:
        read = [
            (_numbers(outcome, reading, number, table),
             _numbers(lag.actual, readings[lag.actual.name], number, table),
             _numbers(lag.ideal, readings[lag.ideal.name], number, table))
            for number, table in enumerate(tables)
        ]  # fmt: skip
        rows = [row for three in read for row in zip(*three, strict=True) if None not in row]
        same = sum(
            o == a - b for o, a, b in rows if o is not None and a is not None and b is not None
        )
        if rows and same >= NEARLY_ALWAYS * len(rows):
            return f"is {lag.actual.name} - {lag.ideal.name} in the same row"
    return ""


def _numbers(
    column: SourceColumn, reading: Reading, number: int, table: RawTable
) -> list[float | None]:
    at = column.places.get(number)
    if at is None:
        return [None] * len(table.rows)
    read = READERS[reading.reader or "number"]
    values: list[float | None] = []
    for cell in table.cells(at):
        try:
            value = read(cell, table.period)
        except ValueError:
            value = None
        values.append(value if isinstance(value, float) else None)
    return values
