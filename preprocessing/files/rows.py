"""The rows of one table, read one by one: each kept, or rejected with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from model.batch import RowReject
from model.errors import InvalidRecord
from model.horizon import observed_by
from model.label import Outcome
from model.student import Observation, Units, Value
from preprocessing.files.admitted import AdmittedUnits
from preprocessing.files.cells import Cell, is_empty, read_text, reader_of
from preprocessing.files.headers import Layout
from preprocessing.student_ids import key_of, read_student_id
from preprocessing.task.columns import Column
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold
from preprocessing.validation import LONGEST_TEXT, check_value

Numbered = tuple[int, Sequence[Cell]]
"""A row with its number, counted from 1 below the header."""

CellReader = tuple[str, int, Callable[[Cell], Value | None]]
"""Canonical name, position, and what gives the checked value."""

MOST_REMEMBERED = 20_000
LONGEST_REMEMBERED = 40
"""Texts that a column's reader remembers, and their characters: three megabytes at most."""

OPEN_QUOTE_LINES = 50
"""A cell of more lines than this is the rest of a file behind an open quote."""


class RowAccount:
    """Reads the rows of one table and keeps account of them.

    Attributes:
        observations: one a kept row that holds any feature.
        outcomes: one a kept row that holds an outcome.
        rejects: the rows that could not be used.
        ignored: column that is not required to how many of its cells could not be used.
        seen: the student's key to the number of its row.
        rows_read: how many rows were read.
    """

    def __init__(
        self,
        task: TaskSpec,
        period: str,
        layout: Layout,
        width: int,
        now: datetime,
        batch_id: str,
        admitted: AdmittedUnits | None = None,
    ) -> None:
        self.task, self.period, self.layout, self.width = task, period, layout, width
        self.now, self.batch_id, self.admitted = now, batch_id, admitted
        self.features = [cell_reader(c, layout.features, period) for c in task.reported]
        self.protected = [cell_reader(c, layout.protected, period) for c in task.protected]
        self.checked = [cell_reader(c, layout.checked, period) for c in task.checked]
        self.units = [cell_reader(c, layout.units, period) for c in task.unit]
        self.outcome = cell_reader(task.outcome.column, {}, period)[2]
        self.outcome_at, self.outcome_of = observed_by(period, now), task.feature_period(period)
        self.seen: dict[str, int] = {}
        self.rejects: list[RowReject] = []
        self.ignored: Counter[str] = Counter()
        self.observations: list[Observation] = []
        self.outcomes: list[Outcome] = []
        self.rows_read = 0

    def read(self, rows: Sequence[Numbered]) -> None:
        """Reads every row: kept, or rejected with the first thing that is wrong with it."""
        for number, row in rows:
            self.rows_read += 1
            try:
                self._keep(number, row)
            except InvalidRecord as error:
                self.rejects.append(RowReject(number, error.field, error.reason))

    def _keep(self, number: int, row: Sequence[Cell]) -> None:
        self._check_shape(row)
        units: Units = {name: str(v) for name, v in self._values(row, self.units).items()}
        if self.admitted is not None:
            units = self.admitted.placed(units)
        student = self._student(number, row, units)
        outcome = self._outcome(row)
        features = self._values(row, self.features)
        if outcome is None and not features:
            raise InvalidRecord("row", "holds neither an outcome nor any feature that can be read")
        self.seen[student] = number
        if outcome is not None:
            self._add_outcome(student, outcome, units)
        if features:
            self._add_observation(student, features, units, row)

    def _check_shape(self, row: Sequence[Cell]) -> None:
        if not all(map(is_empty, row[self.width :])):
            raise InvalidRecord("row", f"{len(row)} cells under {self.width} headers")
        long = [c for c in row if isinstance(c, str) and len(c) > OPEN_QUOTE_LINES]
        if any(c.count("\n") > OPEN_QUOTE_LINES for c in long):
            raise InvalidRecord("row", "a cell runs over many lines; is a quote left open?")

    def _student(self, number: int, row: Sequence[Cell], units: Units) -> str:
        name, at = self.task.id.name, self.layout.id
        if at is None:
            return key_of(self.task, f"{self.period}-{number}", units)
        text = read_text(row[at], self.period) if at < len(row) else None
        if text is None:
            raise InvalidRecord(name, "is missing")
        student = key_of(self.task, read_student_id(text, field=name), units)
        if student in self.seen:
            raise InvalidRecord(name, f"is the same as in row {self.seen[student]}")
        return student

    def _outcome(self, row: Sequence[Cell]) -> float | None:
        """The outcome of a row, None where the cell is empty or says that it is not known yet."""
        at = self.layout.outcome
        if at is None or at >= len(row):
            return None
        try:
            raw = self.outcome(row[at])
        except ValueError as error:
            raise InvalidRecord(self.task.outcome.column.name, str(error)) from error
        return None if raw is None else self.task.outcome.value_of(raw)

    def _values(self, row: Sequence[Cell], cells: Sequence[CellReader]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for name, at, read in cells:
            if not 0 <= at < len(row):
                continue
            try:
                value = read(row[at])
            except (ValueError, InvalidRecord):
                self.ignored[name] += 1
                continue
            if value is not None:
                values[name] = value
        return values

    def _add_outcome(self, student: str, value: float, units: Units) -> None:
        self.outcomes.append(
            Outcome(
                value=value,
                observed_at=self.outcome_at,
                student_id=student,
                period=self.outcome_of,
                source=self.batch_id,
                horizon=self.task.outcome.horizon,
                after_horizon=True,  # A file of a period that has not begun tells no outcome.
                # Who speaks for some units tells nothing about the students of others.
                unit="" if self.admitted is None else self.task.unit_of(units),
            )
        )

    def _add_observation(
        self, student: str, features: dict[str, Value], units: Units, row: Sequence[Cell]
    ) -> None:
        protected = self._values(row, self.protected)
        self.observations.append(
            Observation(
                student_id=student,
                period=self.period,
                features=features,
                observed_at=self.now,
                protected={name: str(value) for name, value in protected.items()},
                batch_id=self.batch_id,
                checked=self._values(row, self.checked),
                units=units,
                unit=self.task.unit_of(units),
            )
        )


def cell_reader(column: Column, positions: Mapping[str, int], period: str) -> CellReader:
    """How the cells of a column are read; position -1 where the table has no such column."""
    read = reader_of(column)

    def checked(cell: Cell) -> Value | None:
        # First, because "none" or "NA" may be a category's own name.
        if column.spellings and isinstance(cell, str) and len(cell) <= LONGEST_TEXT:
            category = column.spellings.get(fold(cell))
            if category is not None:
                return category
        raw = read(cell, period)
        return None if raw is None else check_value(column, raw)

    return column.name, positions.get(column.name, -1), _remembered(checked)


def _remembered(read: Callable[[Cell], Value | None]) -> Callable[[Cell], Value | None]:
    """The same reader, with what it made of short texts: a column repeats most of its own.

    A cell that cannot be read is read again each time, for its error.
    """
    made: dict[str, Value | None] = {}

    def remembering(cell: Cell) -> Value | None:
        if not isinstance(cell, str):
            return read(cell)
        try:
            return made[cell]
        except KeyError:
            value = read(cell)
        if len(made) < MOST_REMEMBERED and len(cell) <= LONGEST_REMEMBERED:
            made[cell] = value
        return value

    return remembering
