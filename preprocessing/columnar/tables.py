"""A table's chunks as checked records: every row kept, or refused with the first thing wrong.

`TableReader.one` says what a row means. `TableReader.read` gives the same for all rows of a chunk,
and asks `one` about those that are not ordinary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute
from numpy.typing import NDArray

from model.errors import InvalidRecord, NotThisTask
from model.student import Features, Units, Value
from preprocessing.columnar.cells import Mask, ReadColumn, is_text, read_column
from preprocessing.columnar.columns import Categories, Columns, Numbers, categories_of
from preprocessing.files.cells import Cell, read_text
from preprocessing.files.grids import plain_cell
from preprocessing.files.headers import aliases, column_position
from preprocessing.files.rows import CellReader, cell_reader
from preprocessing.student_ids import LONGEST_ID, read_student_id
from preprocessing.task.columns import Column
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold
from preprocessing.validation import empty_record

STUDENT = Column(name="student_id")
PERIOD = Column(name="period")
NO_UNITS: Units = {}
MOST_PERIODS = 64
"""Periods whose readers are kept; a table of more makes some of them anew."""
USUAL_ID = r"^[A-Za-z_.\-]*[0-9][A-Za-z0-9_.\-]*$"
"""An id that needs no second look: no word for "nothing" and no word of a path holds a digit."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """What one row says."""

    student_id: str | None
    period: str
    features: Features
    units: Units


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """n rows: those that can be scored, and why the others cannot.

    Attributes:
        numbers: of the rows, counted from 1 below the header.
        students: id of each row; None where it gives none, or none that can be read.
        periods: of each row; None where it cannot be read.
        kept: positions of the rows that can be scored, rising.
        columns: the features of those.
        refused: position to the reason, for all others.
        units: where the student of each row is; rows of the same units may share one mapping.
        keys: what Farol knows each student by, `preprocessing.student_ids.key_of`.
    """

    numbers: NDArray[np.int64]
    students: Sequence[str | None]
    periods: Sequence[str | None]
    kept: NDArray[np.intp]
    columns: Columns
    refused: Mapping[int, InvalidRecord]
    units: Sequence[Units]
    keys: Sequence[str | None]

    def without(self, refused: Mapping[int, InvalidRecord]) -> CheckedRows:
        """The same rows with some more refused, by position."""
        if not refused:
            return self
        stays = ~np.isin(self.kept, list(refused))
        return replace(
            self,
            kept=self.kept[stays],
            columns=self.columns.take(stays),
            refused={**self.refused, **refused},
        )


class TableReader:
    """Reads the rows of tables with one header.

    A column under a name that files give it is read as in files; under its canonical name it holds
    the value itself, as `/predict` takes it.

    Args:
        task: what the columns mean.
        header: their names.
        period: of rows that give none, and of headers such as `INDE 2024`.

    Attributes:
        ignored: headers that the task does not use.

    Raises:
        NotThisTask: no column is a feature of the task.
    """

    def __init__(self, task: TaskSpec, header: Sequence[str], period: str) -> None:
        def at(*columns: Column | None) -> int | None:
            places = (column_position(header, (), c, period) for c in columns if c is not None)
            return next((place for place in places if place is not None), None)

        self._task, self._default = task, period
        self.student, self.period = at(STUDENT, task.id), at(PERIOD, task.period)
        places = {name: at(column) for name, column in task.columns.items()}
        self.places = {name: place for name, place in places.items() if place is not None}
        if not self.places:
            known = ", ".join(task.columns)
            raise NotThisTask(f"no column is a feature of {task.name}; known are {known}")
        units = {column.name: at(column) for column in task.unit}
        self._units_at = {name: place for name, place in units.items() if place is not None}
        used = {self.student, self.period, *self.places.values(), *self._units_at.values()}
        self.ignored = tuple(name for place, name in enumerate(header) if place not in used)
        self.columns = {
            name: _as_headed(task.columns[name], header[place], period)
            for name, place in self.places.items()
        }
        self._readers = lru_cache(MOST_PERIODS)(self._readers_of)
        self._unit_readers = tuple(
            cell_reader(column, self._units_at, period)
            for column in task.unit
            if column.name in self._units_at
        )

    def one(self, cells: Sequence[Cell]) -> ReadRow:
        """What a row says.

        Raises:
            InvalidRecord: the first cell that cannot be used, or a row without any feature.
        """
        student, period = self._student(cells), self._period(cells)
        features = {}
        for name, place, read in self._readers(period):
            try:
                value = read(cells[place]) if place < len(cells) else None
            except ValueError as error:
                raise InvalidRecord(name, str(error)) from error
            if value is not None:
                features[name] = value
        if not features:
            raise empty_record(self._task)
        return ReadRow(student, period, features, self._units(cells))

    def read(
        self,
        cells: Sequence[pyarrow.Array],
        numbers: NDArray[np.int64],
        refused: Mapping[int, InvalidRecord],
    ) -> CheckedRows:
        """The rows of a chunk.

        Args:
            cells: one array of n cells per column of the header.
            numbers: of the rows, shape (n,).
            refused: rows that are no rows of this table, by position, with the reason.
        """
        size = len(numbers)
        doubtful = np.zeros(size, dtype=np.bool_)
        students = self._students(cells, size, doubtful)
        periods = self._periods(cells, size, doubtful)
        units = self._all_units(cells, size, doubtful)
        found = self._columns(cells, periods, doubtful)
        given = [found.given(name) for name in self.places]
        doubtful |= ~np.logical_or.reduce(given)
        doubtful[list(refused)] = False
        again: dict[int, ReadRow] = {}
        wrong = dict(refused)
        for row in np.flatnonzero(doubtful).tolist():
            try:
                again[row] = self.one([plain_cell(column[row].as_py()) for column in cells])
            except InvalidRecord as error:
                wrong[row] = error
        for row, read in again.items():
            students[row], periods[row], units[row] = read.student_id, read.period, read.units
        kept = np.setdiff1d(np.arange(size), list(wrong))
        if again:
            found = _corrected(found, again)
        columns = found.take(kept) if wrong else found
        return CheckedRows(numbers, students, periods, kept, columns, wrong, units, students)

    def feature(self, name: str, cells: pyarrow.Array) -> ReadColumn:
        """One feature's column alone, of rows of the period that the reader was made for.

        Args:
            name: a feature that the table has.
            cells: n cells of any flat type.

        Returns:
            Its values; cells that cannot be used, endless numbers among them, are doubtful.
        """
        readers = {feature: read for feature, _, read in self._readers(self._default)}
        found = read_column(cells, self.columns[name], readers[name])
        if isinstance(found.values, Categories):
            return found
        return replace(found, doubtful=found.doubtful | np.isinf(found.values))

    def _student(self, cells: Sequence[Cell]) -> str | None:
        place = self.student
        text = None if place is None or place >= len(cells) else read_text(cells[place], "")
        return None if text is None else read_student_id(text)

    def _period(self, cells: Sequence[Cell]) -> str:
        place = self.period
        text = None if place is None or place >= len(cells) else read_text(cells[place], "")
        if text is None:
            return self._default
        if not self._task.is_period(text):
            raise InvalidRecord("period", f"must be a period that matches {self._task.periods}")
        return text

    def _units(self, cells: Sequence[Cell]) -> Units:
        units: dict[str, str] = {}
        for name, place, read in self._unit_readers:
            try:
                value = read(cells[place]) if place < len(cells) else None
            except ValueError as error:
                raise InvalidRecord(name, str(error)) from error
            if value is not None:
                units[name] = str(value)
        return units

    def _all_units(self, cells: Sequence[pyarrow.Array], size: int, doubtful: Mask) -> list[Units]:
        columns = [
            self._unit_texts(cells[at], read, doubtful) for _, at, read in self._unit_readers
        ]
        if not columns:
            return [NO_UNITS] * size
        known: dict[tuple[str | None, ...], Units] = {}
        units: list[Units] = []
        for row in zip(*columns, strict=True):
            if row not in known:
                named = zip(self._units_at, row, strict=True)
                known[row] = {name: text for name, text in named if text is not None}
            units.append(known[row])
        return units

    def _unit_texts(
        self, column: pyarrow.Array, read: Callable[[Cell], Value | None], doubtful: Mask
    ) -> list[str | None]:
        encoded = column.dictionary_encode()
        texts: list[str | None] = []
        wrong: list[int] = []
        for code, cell in enumerate(map(plain_cell, encoded.dictionary.to_pylist())):
            try:
                value = read(cell)
            except (InvalidRecord, ValueError):
                value = None
                wrong.append(code)
            texts.append(None if value is None else str(value))
        codes = np.asarray(pyarrow.compute.fill_null(encoded.indices, len(texts)))
        if wrong:
            doubtful |= np.isin(codes, wrong)
        found: list[str | None] = np.array([*texts, None], dtype=object)[codes].tolist()
        return found

    def _readers_of(self, period: str) -> tuple[CellReader, ...]:
        return tuple(cell_reader(c, self.places, period) for c in self.columns.values())

    def _students(
        self, cells: Sequence[pyarrow.Array], size: int, doubtful: Mask
    ) -> list[str | None]:
        if self.student is None:
            return [None] * size
        column = cells[self.student]
        if pyarrow.types.is_integer(column.type):
            column = column.cast(pyarrow.string())
        students: list[Any] = column.to_pylist()
        for row in range(size) if not is_text(column.type) else _unusual(column):
            try:
                students[row] = self._student([None] * self.student + [plain_cell(students[row])])
            except InvalidRecord:
                students[row], doubtful[row] = None, True
        return students

    def _periods(
        self, cells: Sequence[pyarrow.Array], size: int, doubtful: Mask
    ) -> list[str | None]:
        if self.period is None:
            return [self._default] * size
        encoded = cells[self.period].dictionary_encode()
        found: list[str | None] = []
        for cell in map(plain_cell, encoded.dictionary.to_pylist()):
            try:
                found.append(self._period([None] * self.period + [cell]))
            except InvalidRecord:
                found.append(None)
        codes = np.asarray(pyarrow.compute.fill_null(encoded.indices, len(found)))
        periods: list[str | None] = np.array([*found, self._default], dtype=object)[codes].tolist()
        doubtful |= np.array([period is None for period in periods], dtype=np.bool_)
        return periods

    def _columns(
        self, cells: Sequence[pyarrow.Array], periods: Sequence[str | None], doubtful: Mask
    ) -> Columns:
        numbers: dict[str, Numbers] = {}
        categories: dict[str, Categories] = {}
        one_period = set(periods) <= {self._default}
        for name, place, read in self._readers(self._default):
            column = self.columns[name]
            found = read_column(cells[place], column, read)
            doubtful |= found.doubtful
            if column.reader == "years_since" and not one_period:
                doubtful |= np.asarray(cells[place].is_valid())
            if isinstance(found.values, Categories):
                categories[name] = found.values
            else:
                numbers[name] = found.values
        return Columns(len(periods), numbers, categories)


def _unusual(ids: pyarrow.Array) -> Iterable[int]:
    usual = pyarrow.compute.match_substring_regex(ids, USUAL_ID)
    short = pyarrow.compute.less_equal(pyarrow.compute.binary_length(ids), LONGEST_ID)
    fine = pyarrow.compute.fill_null(pyarrow.compute.and_(usual, short), True)
    rows: list[int] = np.flatnonzero(~np.asarray(fine)).tolist()
    return rows


def _as_headed(column: Column, header: str, period: str) -> Column:
    """The column as it is read under that header."""
    named_in_files = fold(header) in aliases(column, period)[:-1]
    return column if named_in_files else column.model_copy(update={"reader": None})


def _corrected(found: Columns, again: Mapping[int, ReadRow]) -> Columns:
    """The columns with the rows that were read one by one."""
    rows = list(again)
    numbers = {name: values.copy() for name, values in found.numbers.items()}
    for name, values in numbers.items():
        values[rows] = [_number(again[row].features.get(name)) for row in rows]
    categories = {}
    for name in found.categories:
        texts = found.values(name)
        for row in rows:
            texts[row] = again[row].features.get(name)
        categories[name] = categories_of(texts)
    return Columns(found.size, numbers, categories)


def _number(value: float | str | None) -> float:
    return np.nan if value is None else float(value)
