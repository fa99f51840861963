"""School files into observations and outcomes: every row kept, or rejected with its reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from model.batch import Batch, BatchKind, RowReject
from model.errors import NotThisTask
from model.label import Outcome
from model.student import Observation
from preprocessing.files.admitted import AdmittedUnits
from preprocessing.files.cells import Cell, is_empty, read_text
from preprocessing.files.grids import Grid, read_grids
from preprocessing.files.headers import (
    FoundColumn,
    column_position,
    found_columns,
    header_row,
    lay_out,
)
from preprocessing.files.idle import IdleColumn, filled_columns, idle_columns
from preprocessing.files.limits import MOST_TOLD, REJECTS_TOLD, SPLIT
from preprocessing.files.rows import Numbered, RowAccount
from preprocessing.task.columns import FOR_PEOPLE
from preprocessing.task.spec import TaskSpec

RULES = 2
"""Raised when cleaning reads the same cells differently, so that a file may be ingested again."""

TOLD_EACH = 100
"""Characters that tell a column or a rejected row, without its name."""

MOST_REJECTS = 10_000
"""Rejected rows a batch keeps the reasons of; a registry document is bounded. All are counted."""


@dataclass(frozen=True, slots=True)
class CleanTable:
    """One table of one period, as it goes into the registry.

    Attributes:
        batch: what was read, kept, rejected and ignored.
        observations: one a kept row that holds any feature.
        outcomes: one a kept row that holds an outcome; its period is that of the features it
            belongs to, `horizon` periods before the table's.
        row_of: student's key to the number of the row, counted from 1 below the header.
        columns: every column of the task, with its header in the table.
        idle: columns under a name of the task that gave nothing, with the reason.
    """

    batch: Batch
    observations: tuple[Observation, ...]
    outcomes: tuple[Outcome, ...]
    row_of: Mapping[str, int]
    columns: tuple[FoundColumn, ...] = ()
    idle: tuple[IdleColumn, ...] = ()


@dataclass(frozen=True, slots=True)
class FileReading:
    """A file's tables, and the sheets that are none with the reason."""

    tables: tuple[CleanTable, ...]
    refused: tuple[str, ...]


def read_tables(
    path: Path, task: TaskSpec, *, now: datetime, period: str | None = None
) -> list[CleanTable]:
    """The tables of a file; sheets that are no table of the task are left out.

    Raises:
        NotThisTask: no sheet is a table of the task; says what is missing.
    """
    return list(read_file(path, task, now=now, period=period).tables)


def read_file(
    path: Path,
    task: TaskSpec,
    *,
    now: datetime,
    period: str | None = None,
    name: str | None = None,
    admitted: AdmittedUnits | None = None,
) -> FileReading:
    """The tables of a file, and what became of its other sheets.

    Args:
        path: CSV, workbook or Parquet.
        task: what to look for.
        now: when the content becomes known (aware UTC).
        period: the period of the content, where the file does not say; a period column and, in a
            workbook, the sheets' names come first.
        name: what the file is called, where the path does not say.
        admitted: the units whose rows are read; None is all.

    Raises:
        NotThisTask: no sheet is a table of the task; says what is missing.
    """
    if period is not None and not task.is_period(period):
        raise NotThisTask(f"period {period!r}: expected {task.periods}")
    tables: list[CleanTable] = []
    refused: list[str] = []
    for grid in read_grids(path, name=name):
        try:
            tables += read_grid(grid, task, now=now, period=period, admitted=admitted)
        except NotThisTask as error:
            refused.append(str(error))
    if not tables:
        raise NotThisTask(" | ".join(refused) or f"{name or path.name}: has no sheet")
    if sum(map(_told, tables)) > MOST_TOLD:
        raise NotThisTask(
            f"{name or path.name}: more columns and periods than can be told; {SPLIT}"
        )
    return FileReading(tuple(tables), tuple(refused))


def _told(table: CleanTable) -> int:
    """About how many characters an account of a table takes."""
    found = (column.header or "" for column in table.columns)
    words = [*table.batch.columns_ignored, *found, *(one.header for one in table.idle)]
    places = len(words) + min(REJECTS_TOLD, len(table.batch.rejects))
    return sum(map(len, words)) + TOLD_EACH * places


def read_grid(
    grid: Grid,
    task: TaskSpec,
    *,
    now: datetime,
    period: str | None = None,
    admitted: AdmittedUnits | None = None,
) -> list[CleanTable]:
    """One table a period that the grid holds.

    Args:
        grid: of one sheet.
        task: what to look for.
        now: when the content becomes known (aware UTC).
        period: the period of the content, where the grid does not say.
        admitted: the units whose rows are read; None is all.

    Raises:
        NotThisTask: no table of the task, or no period to be found.
    """
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as the registry keeps it
    top = header_row(grid.rows, task)
    header, body = (grid.rows[top] if grid.rows else []), grid.rows[top + 1 :]
    rows = [(n, row) for n, row in enumerate(body, start=1) if not all(map(is_empty, row))]
    named = _periods_named(grid, task, period)
    # A file of something else is told so, rather than asked for its period.
    lay_out(header, [row for _, row in rows], task, min(named, default=""), grid.source)
    by_period, unplaced = _by_period(grid.source, header, rows, task, named)
    tables = []
    for position, (name, placed) in enumerate(sorted(by_period.items())):
        if task.outcome.horizon and not name.isdecimal():
            raise NotThisTask(f"{grid.source}: period {name!r} is no whole number, so none is next")
        layout = lay_out(header, [row for _, row in placed], task, name, grid.source)
        digest = _digest(task, name, header, placed, admitted)
        account = RowAccount(task, name, layout, len(header), now, digest, admitted)
        account.read(placed)
        columns = found_columns(layout, header, task)
        table = _clean(account, grid.source, columns, unplaced if position == 0 else ())
        filled = filled_columns(table.observations, table.outcomes, task)
        idle = idle_columns(layout, header, task, name, columns, filled)
        tables.append(replace(table, idle=idle))
    return tables


def _clean(
    account: RowAccount,
    source: str,
    columns: tuple[FoundColumn, ...],
    unplaced: Sequence[RowReject],
) -> CleanTable:
    """What an account comes to; rows that no period could be told of are put to it."""
    rejects = sorted((*account.rejects, *unplaced), key=lambda reject: reject.row)
    batch = Batch(
        batch_id=account.batch_id,
        kind=BatchKind.LABELLED if account.outcomes else BatchKind.UNLABELLED,
        source=source,
        period=account.period,
        rows_read=account.rows_read + len(unplaced),
        rows_kept=account.rows_read - len(account.rejects),
        rejects=tuple(rejects[:MOST_REJECTS]),
        cells_ignored=dict(account.ignored),
        columns_ignored=account.layout.ignored,
        ingested_at=account.now,
        units=tuple(sorted(account.admitted.spellings)) if account.admitted else (),
    )
    return CleanTable(
        batch, tuple(account.observations), tuple(account.outcomes), dict(account.seen), columns
    )


def _by_period(
    source: str,
    header: Sequence[Cell],
    rows: Sequence[Numbered],
    task: TaskSpec,
    named: set[str],
) -> tuple[dict[str, list[Numbered]], tuple[RowReject, ...]]:
    """The rows of each period, and those whose period cannot be told."""
    column = task.period
    at = column and column_position(header, [row for _, row in rows], column, "")
    if column is None or not isinstance(at, int):
        return {_only(named, source): list(rows)}, ()
    placed: dict[str, list[Numbered]] = {}
    unplaced: list[RowReject] = []
    for number, row in rows:
        text = read_text(row[at], "") if at < len(row) else None
        if text is not None and task.is_period(text):
            placed.setdefault(text, []).append((number, row))
        else:
            unplaced.append(RowReject(number, column.name, f"expected {task.periods}"))
    if not placed:
        raise NotThisTask(f"{source}: no row's {column.name} looks like {task.periods}")
    return placed, tuple(unplaced)


def _periods_named(grid: Grid, task: TaskSpec, period: str | None) -> set[str]:
    """The periods in the sheet's name, else the one that was given, else those of the file."""
    return task.periods_in(grid.sheet) or ({period} if period else task.periods_in(grid.file))


def _only(named: set[str], source: str) -> str:
    if len(named) == 1:
        return min(named)
    why = f"names several periods ({', '.join(sorted(named))})" if named else "names no period"
    raise NotThisTask(f"{source}: {why}; say which with --period")


def _digest(
    task: TaskSpec,
    period: str,
    header: Sequence[Cell],
    rows: Sequence[Numbered],
    admitted: AdmittedUnits | None,
) -> str:
    """SHA-256 over the cells, the period and how the task reads them, hex.

    The reading rules are part of it: when a bound in the task's file was wrong and is mended, the
    same school file must be read again and not be taken for one that is here already.
    """
    columns = [task.outcome.column, *task.reported, *task.protected, *task.checked, *task.unit]
    unread = {*FOR_PEOPLE, "monotone"}
    whose = task.id.model_dump(exclude={*unread, "namespace"})
    if task.id.unique_within is None:
        del whose["unique_within"]
    rules = [whose, *(column.model_dump(exclude=unread) for column in columns)]
    rule = task.outcome.model_dump(exclude={"column", "description", "persistence"})
    digest = hashlib.sha256(json.dumps([RULES, task.name, period, rules, rule]).encode())
    for row in (header, *(row for _, row in rows)):
        digest.update(repr(list(row)).encode("utf-8", "backslashreplace"))
    if admitted is not None:
        # The rows of other units are not read; the whole file, sent later, is another content.
        digest.update(json.dumps(sorted(admitted.spellings)).encode())
    return digest.hexdigest()
