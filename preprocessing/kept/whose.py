"""Which rows of a file are of which student, whether they could be used or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from model.errors import InvalidRecord
from preprocessing.files.cells import Cell, read_text
from preprocessing.files.grids import Grid
from preprocessing.files.headers import column_position, header_row
from preprocessing.files.rows import cell_reader
from preprocessing.student_ids import LONGEST_EVER, key_of, read_student_id
from preprocessing.task.columns import Column
from preprocessing.task.spec import TaskSpec

UnitReader = Callable[[Sequence[Cell]], str | None]


def owners_of(
    grid: Grid, task: TaskSpec, *, periods: Iterable[str] = (), units: Iterable[str] = ()
) -> dict[str, list[int]]:
    """Each student of a sheet, with the positions of the rows in the grid.

    A sheet without the task's id column is none that anything was read of, and may name students
    all the same: there every cell is taken for an id. Tables whose rows are numbered have as ids
    what ingest gave them, of every period that the task may mean.

    Args:
        grid: the sheet.
        task: says where the id is.
        periods: what the file was said to be of.
        units: of rows that name none.
    """
    top = header_row(grid.rows, task)
    header = grid.rows[top] if grid.rows else []
    body = [(position, grid.rows[position]) for position in range(top + 1, len(grid.rows))]
    at = column_position(header, [row for _, row in body], task.id, "")
    found: dict[str, list[int]] = defaultdict(list)
    if at is None and not task.number_rows:
        for position, row in enumerate(grid.rows):
            for cell in row:
                for key in keys_in(cell, task, units):
                    found[key].append(position)
        return found
    readers = [_unit_reader(column, header, [row for _, row in body]) for column in task.unit[:1]]
    numbered = _periods(grid, task, header, body, {*periods}) if at is None else {}
    for position, row in body:
        named = [name for read in readers if (name := read(row)) is not None] or [*units]
        if at is None:
            for period in numbered.get(position, ()):
                for key in keys_in(f"{period}-{position - top}", task, named):
                    found[key].append(position)
        elif at < len(row):
            for key in keys_in(row[at], task, named):
                found[key].append(position)
    return found


def keys_in(cell: Cell, task: TaskSpec, units: Iterable[str]) -> list[str]:
    """What Farol may know a student by whose id stands in a cell, in one of these units."""
    text = read_text(cell, "")
    if text is None:
        return []
    try:
        student = read_student_id(text, longest=LONGEST_EVER)
    except InvalidRecord:
        return []
    if task.id.unique_within is None:
        return [student]
    return [key_of(task, student, {task.unit[0].name: unit}) for unit in units]


def _unit_reader(
    column: Column, header: Sequence[Cell], rows: Sequence[Sequence[Cell]]
) -> UnitReader:
    at = column_position(header, rows, column, "")
    _, place, read = cell_reader(column, {} if at is None else {column.name: at}, "")

    def unit(row: Sequence[Cell]) -> str | None:
        if not 0 <= place < len(row):
            return None
        try:
            value = read(row[place])
        except (ValueError, InvalidRecord):
            return None
        return None if value is None else str(value)

    return unit


def _periods(
    grid: Grid,
    task: TaskSpec,
    header: Sequence[Cell],
    body: Sequence[tuple[int, Sequence[Cell]]],
    said: set[str],
) -> dict[int, set[str]]:
    """The periods that a row may be of, where rows are numbered."""
    named = task.periods_in(grid.sheet) | task.periods_in(grid.file) | said
    at = None
    if task.period is not None:
        at = column_position(header, [row for _, row in body], task.period, "")
    found = {}
    for position, row in body:
        own = read_text(row[at], "") if at is not None and at < len(row) else None
        found[position] = named | ({own} if own else set())
    return found
