"""Which column of a grid is which column of the task."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from model.errors import NotThisTask
from preprocessing.files.cells import Cell, is_empty
from preprocessing.task.columns import Column
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold

HEADER_WITHIN = 20
"""Rows in which the header is looked for; titles may stand above it."""
FEATURES_NEEDED = 0.25
"""Without an outcome, a table of the task has at least this share of the features."""
LONGEST_HEADER = 200


class ColumnRole(StrEnum):
    """What a column is for."""

    ID = "id"
    PERIOD = "period"
    UNIT = "unit"
    FEATURE = "feature"
    OUTCOME = "outcome"
    PROTECTED = "protected"
    CHECKED = "checked"


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column of the task in a table.

    Attributes:
        name: canonical name.
        role: what it is for.
        header: as it stands there; None where the table has no such column.
    """

    name: str
    role: ColumnRole
    header: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a table keeps what the task needs.

    Attributes:
        id: position of the id, None where rows are numbered.
        outcome: position of the raw outcome, None where there is none.
        features: canonical name to position, for those that are there; also when always empty.
        protected: the same for the protected attributes.
        checked: the same for what is read for the check over periods alone.
        units: the same for the unit columns.
        ignored: headers that the task does not use, as they stand.
        period: position of the period's column, None where the table is of one period.
    """

    id: int | None
    outcome: int | None
    features: Mapping[str, int]
    protected: Mapping[str, int]
    checked: Mapping[str, int]
    units: Mapping[str, int]
    ignored: tuple[str, ...]
    period: int | None = None

    @property
    def used(self) -> frozenset[int]:
        """The positions of all that is read."""
        read = (self.features, self.protected, self.checked, self.units)
        places = {self.id, self.outcome, self.period, *(at for one in read for at in one.values())}
        return frozenset(at for at in places if at is not None)


def header_row(rows: Sequence[Sequence[Cell]], task: TaskSpec) -> int:
    """Position of the row that names the most columns of the task; 0 if none names any.

    >>> from preprocessing.task.spec import load_task
    >>> header_row([["PEDE"], ["RA", "Fase", "INDE 22"], ["RA-1", "7"]], load_task("pede_lag"))
    1
    """
    known = _recogniser(task_columns(task))
    named = [
        sum(known.fullmatch(text) is not None for text in set(_folded(row)))
        for row in rows[:HEADER_WITHIN]
    ]
    return named.index(max(named)) if named else 0


def column_position(
    header: Sequence[Cell], rows: Sequence[Sequence[Cell]], column: Column, period: str
) -> int | None:
    """Where a column stands: the first of its aliases that holds any value.

    Of several columns with one header, the first that holds any value counts. When none does, the
    first that is named.
    """
    texts = _folded(header)
    named = [
        i for alias in aliases(column, period) for i, text in enumerate(texts) if text == alias
    ]
    filled = (i for i in named if any(len(row) > i and not is_empty(row[i]) for row in rows))
    return next(filled, named[0] if named else None)


def aliases(column: Column, period: str) -> tuple[str, ...]:
    """The folded headers a column may have in a table of that period, its own name last.

    >>> aliases(Column(name="inde", aliases=("INDE {period}", "INDE {yy}")), "2023")
    ('inde 2023', 'inde 23', 'inde')
    """
    return tuple(
        fold(alias.replace("{period}", period).replace("{yy}", period[-2:]))
        for alias in (*column.aliases, column.name)
    )


def lay_out(
    header: Sequence[Cell],
    rows: Sequence[Sequence[Cell]],
    task: TaskSpec,
    period: str,
    source: str,
) -> Layout:
    """Finds the task's columns in a table.

    Args:
        header: the row of names.
        rows: the rows below it.
        task: which columns are looked for, under which names.
        period: of the table, where names differ from year to year.
        source: what the table is called in the error.

    Raises:
        NotThisTask: no id, or neither the outcome nor a quarter of the features; names them.
    """

    def find(columns: Iterable[Column]) -> dict[str, int]:
        found = {c.name: column_position(header, rows, c, period) for c in columns}
        return {name: position for name, position in found.items() if position is not None}

    identity = column_position(header, rows, task.id, period)
    outcome = column_position(header, rows, task.outcome.column, period)
    features, protected = find(task.reported), find(task.protected)
    checked, units = find(task.checked), find(task.unit)
    _require(task, period, source, identity, outcome, features)
    read = (features, protected, checked, units)
    used = {identity, outcome, *(at for found in read for at in found.values())}
    dated = None
    if task.period is not None:
        dated = column_position(header, rows, task.period, period)
    ignored = _unused(header, {*used, dated}, task, period)
    return Layout(identity, outcome, features, protected, checked, units, ignored, dated)


def found_columns(
    layout: Layout, header: Sequence[Cell], task: TaskSpec
) -> tuple[FoundColumn, ...]:
    """Every column of the task, with where it stands in a table laid out so."""
    places: dict[ColumnRole, Mapping[str, int | None]] = {
        ColumnRole.ID: {task.id.name: layout.id},
        ColumnRole.PERIOD: {task.period.name: layout.period} if task.period else {},
        ColumnRole.UNIT: {c.name: layout.units.get(c.name) for c in task.unit},
        ColumnRole.FEATURE: {c.name: layout.features.get(c.name) for c in task.reported},
        ColumnRole.OUTCOME: {task.outcome.column.name: layout.outcome},
        ColumnRole.PROTECTED: {c.name: layout.protected.get(c.name) for c in task.protected},
        ColumnRole.CHECKED: {c.name: layout.checked.get(c.name) for c in task.checked},
    }
    return tuple(
        FoundColumn(name, role, None if at is None else str(header[at]).strip()[:LONGEST_HEADER])
        for role, columns in places.items()
        for name, at in columns.items()
    )


def _unused(
    header: Sequence[Cell], used: set[int | None], task: TaskSpec, period: str
) -> tuple[str, ...]:
    named = {alias for column in task_columns(task) for alias in aliases(column, period)}
    texts = _folded(header)
    return tuple(
        str(header[i]).strip()[:LONGEST_HEADER]
        for i in range(len(header))
        if i not in used and texts[i] and texts[i] not in named
    )


def _require(
    task: TaskSpec,
    period: str,
    source: str,
    identity: int | None,
    outcome: int | None,
    features: Mapping[str, int],
) -> None:
    missing = []
    if identity is None and not task.number_rows:
        missing.append(f"the id ({_spelled(task.id, period)})")
    if outcome is None and len(features) < FEATURES_NEEDED * len(task.reported):
        missing.append(f"the outcome ({_spelled(task.outcome.column, period)})")
        absent = [c for c in task.reported if c.name not in features]
        missing.append(
            f"{len(absent)} of {len(task.reported)} features "
            f"({', '.join(_spelled(c, period) for c in absent)})"
        )
    if missing:
        raise NotThisTask(f"{source}: no table of task {task.name}; missing {'; '.join(missing)}")


def _spelled(column: Column, period: str) -> str:
    alias = column.aliases[0] if column.aliases else column.name
    return alias.replace("{period}", period).replace("{yy}", period[-2:]).strip()


def task_columns(task: TaskSpec) -> tuple[Column, ...]:
    """Every column that is looked for in a table."""
    extra = (task.id, task.outcome.column, *((task.period,) if task.period else ()))
    return (*extra, *task.unit, *task.reported, *task.protected, *task.checked)


def _recogniser(columns: Iterable[Column]) -> re.Pattern[str]:
    spellings = {fold(alias) for column in columns for alias in (*column.aliases, column.name)}
    escaped = (
        re.escape(s).replace(r"\{period\}", ".+").replace(r"\{yy\}", r"\w\w") for s in spellings
    )
    return re.compile("|".join(f"(?:{pattern})" for pattern in escaped))


def _folded(cells: Sequence[Cell]) -> list[str]:
    return ["" if cell is None else fold(str(cell)[:LONGEST_HEADER]) for cell in cells]
