"""A table of events into each student's events; a row that cannot be used is counted by reason."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from model.errors import InvalidRecord, NotThisTask
from model.student import Units
from preprocessing.events.aggregating import Event
from preprocessing.files.cells import Cell, is_empty, read_number, read_text
from preprocessing.files.grids import Grid, read_grids
from preprocessing.files.headers import HEADER_WITHIN, aliases
from preprocessing.student_ids import key_of, read_student_id
from preprocessing.task.columns import Column
from preprocessing.task.events import Aggregate, EventPlan
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold

ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[t ].*)?)?", re.ASCII)
SLASHED_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: .*)?", re.ASCII)
MONTH = re.compile(r"(\d{1,2})[/.-](\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class EventTable:
    """What a file tells of events.

    Attributes:
        source: the file's name.
        rows: how many were read.
        events: student's key to the student's events.
        rejected: reason to the number of rows that cannot be used.
    """

    source: str
    rows: int
    events: Mapping[str, Sequence[Event]]
    rejected: Mapping[str, int]

    def days(self) -> frozenset[date]:
        """The days on which anything happened."""
        return frozenset(event.day for own in self.events.values() for event in own)


def read_events(path: Path, task: TaskSpec, *, name: str | None = None) -> list[EventTable]:
    """The events of a file, one table a sheet that has any.

    Args:
        path: CSV, workbook or Parquet.
        task: says where they stand.
        name: what the file is called, where the path does not say.

    Raises:
        NotThisTask: the task knows no events, or no sheet has their columns.
    """
    plan = task.events
    if plan is None:
        raise NotThisTask(f"task {task.name} has no `events`: say where they stand")
    read: list[EventTable] = []
    missing: list[str] = []
    for grid in read_grids(path, name=name):
        try:
            read.append(_table(grid, task, plan))
        except NotThisTask as error:
            missing.append(str(error))
    if not read:
        raise NotThisTask(" | ".join(missing) or f"{name or path.name}: has no sheet")
    return read


def read_day(cell: Cell, *, month_first: bool = False) -> date:
    """A day; of a month its last one.

    >>> [str(read_day(cell)) for cell in ("2023-05-17", "17/05/2023", "2023-02", "2/2023")]
    ['2023-05-17', '2023-05-17', '2023-02-28', '2023-02-28']

    Raises:
        ValueError: neither day nor month.
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = fold(str(cell)[:40])
    if iso := ISO_DAY.fullmatch(text):
        return _day(int(iso[1]), int(iso[2]), iso[3])
    if slashed := SLASHED_DAY.fullmatch(text):
        first, second = int(slashed[1]), slashed[2]
        return _day(int(slashed[3]), first, second) if month_first else _day(
            int(slashed[3]), int(second), slashed[1]
        )  # fmt: skip
    if month := MONTH.fullmatch(text):
        return _day(int(month[2]), int(month[1]), None)
    raise ValueError("is no day")


def _day(year: int, month: int, day: str | None) -> date:
    if not 1 <= month <= 12 or not 1900 <= year <= 2200:
        raise ValueError("is no day")
    return date(year, month, int(day) if day else monthrange(year, month)[1])


def _table(grid: Grid, task: TaskSpec, plan: EventPlan) -> EventTable:
    wanted = {"id": plan.id or task.id, "date": plan.date, "kind": plan.kind, "value": plan.value}
    columns = {use: column for use, column in wanted.items() if column is not None}
    columns |= {f"unit {column.name}": column for column in task.unit}
    top, places = _header(grid, columns)
    absent = [columns[use] for use in wanted if use in columns and use not in places]
    if absent:
        named = ", ".join((c.aliases or (c.name,))[0] for c in absent)
        raise NotThisTask(f"{grid.source}: no events of task {task.name}; missing {named}")
    rows = [row for row in grid.rows[top + 1 :] if not all(map(is_empty, row))]
    events: dict[str, list[Event]] = {}
    rejected: Counter[str] = Counter()
    for row in rows:
        try:
            student, event = _event(row, places, task, plan)
        except InvalidRecord as error:
            rejected[f"{error.field} {error.reason}"] += 1
            continue
        events.setdefault(student, []).append(event)
    return EventTable(grid.source, len(rows), events, rejected)


def _header(grid: Grid, columns: Mapping[str, Column]) -> tuple[int, dict[str, int]]:
    """The row that names the most columns, and where they stand in it."""
    best: tuple[int, dict[str, int]] = (0, {})
    for at, row in enumerate(grid.rows[:HEADER_WITHIN]):
        texts = ["" if cell is None else fold(str(cell)[:200]) for cell in row]
        found = {
            use: texts.index(alias)
            for use, column in columns.items()
            for alias in reversed(aliases(column, ""))
            if alias in texts
        }
        if len(found) > len(best[1]):
            best = at, found
    return best


def _event(
    row: Sequence[Cell], places: Mapping[str, int], task: TaskSpec, plan: EventPlan
) -> tuple[str, Event]:
    def cell(use: str) -> Cell:
        at = places.get(use)
        return row[at] if at is not None and at < len(row) else None

    name = (plan.id or task.id).name
    text = read_text(cell("id"), "")
    if text is None:
        raise InvalidRecord(name, "is missing")
    units: Units = {
        c.name: " ".join(found.split())
        for c in task.unit
        if (found := read_text(cell(f"unit {c.name}"), "")) is not None
    }
    student = key_of(task, read_student_id(text, field=name), units)
    try:
        day = read_day(cell("date"), month_first=plan.month_first)
    except ValueError as error:
        raise InvalidRecord(plan.date.name, "is no day or month") from error
    kind = fold(read_text(cell("kind"), "") or "")
    return student, Event(day, kind, _number(cell("value"), kind, plan))


def _number(cell: Cell, kind: str, plan: EventPlan) -> float | None:
    if plan.value is None:
        return None
    try:
        value = read_number(cell, "")
    except ValueError as error:
        raise InvalidRecord(plan.value.name, "is no number") from error
    for one in plan.aggregates:
        if value is not None and _reads(one, kind) and not _within(one, value):
            raise InvalidRecord(plan.value.name, f"is out of the bounds of {one.name}")
    return value


def _reads(one: Aggregate, kind: str) -> bool:
    return not one.kinds or kind in {fold(name) for name in one.kinds}


def _within(one: Aggregate, value: float) -> bool:
    return (one.low is None or value >= one.low) and (one.high is None or value <= one.high)
