"""What a table of the task lacks, and which of its columns gave nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from model.label import Outcome
from model.student import Observation
from preprocessing.files.cells import Cell
from preprocessing.files.headers import (
    LONGEST_HEADER,
    ColumnRole,
    FoundColumn,
    Layout,
    aliases,
    task_columns,
)
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold

NO_VALUE = "read as {name}, and no cell holds a value that can be used"
ANOTHER = "{name} is read from {header}"


@dataclass(frozen=True, slots=True)
class IdleColumn:
    """A column under a name of the task that gave nothing, and why."""

    header: str
    reason: str


def idle_columns(
    layout: Layout,
    header: Sequence[Cell],
    task: TaskSpec,
    period: str,
    found: Sequence[FoundColumn],
    filled: Collection[str],
) -> tuple[IdleColumn, ...]:
    """The columns of a table that the task knows by name and that gave nothing.

    Args:
        layout: where the task's columns are.
        header: the row of names.
        task: whose table it is.
        period: of the table.
        found: the task's columns with their headers.
        filled: names of the columns that gave a value in any row.
    """
    empty = (
        IdleColumn(one.header, NO_VALUE.format(name=one.name))
        for one in found
        if one.header is not None and one.role in _VALUED and one.name not in filled
    )
    return (*empty, *_passed_over(layout, header, task, period, found))


_VALUED = frozenset(ColumnRole) - {ColumnRole.ID, ColumnRole.PERIOD}


def _passed_over(
    layout: Layout,
    header: Sequence[Cell],
    task: TaskSpec,
    period: str,
    found: Sequence[FoundColumn],
) -> Iterator[IdleColumn]:
    """Columns that bear a name of the task's while another one is read for it."""
    read = {one.name: one.header for one in found}
    used = layout.used
    named = {alias: c.name for c in task_columns(task) for alias in aliases(c, period)}
    for at, cell in enumerate(header):
        text = "" if cell is None else str(cell).strip()[:LONGEST_HEADER]
        name = named.get(fold(text))
        if at not in used and name is not None and text:
            yield IdleColumn(text, ANOTHER.format(name=name, header=read[name]))


def filled_columns(
    observations: Sequence[Observation], outcomes: Sequence[Outcome], task: TaskSpec
) -> frozenset[str]:
    """Names of the columns that gave a value in any row."""
    told: set[str] = {task.outcome.column.name} if outcomes else set()
    for one in observations:
        told.update(one.features, one.protected, one.checked, one.units)
    return frozenset(told)


def absent_features(columns: Sequence[FoundColumn], ignored: Sequence[str]) -> Mapping[str, str]:
    """The features that found no column, each to the column that may have been meant, or "".

    >>> columns = [FoundColumn("attendance", ColumnRole.FEATURE, None)]
    >>> dict(absent_features(columns, ["Atendance", "Name"]))
    {'attendance': 'Atendance'}
    """
    headers = {fold(header).replace(" ", "_"): header for header in ignored}
    missing = [c.name for c in columns if c.role is ColumnRole.FEATURE and c.header is None]
    close = {name: get_close_matches(fold(name), headers, n=1, cutoff=0.75) for name in missing}
    return {name: headers[near[0]] if near else "" for name, near in close.items()}
