"""What is told of a school file: what is read of it, before it is kept and after.

An account names columns, rows and reasons, and no value of any student.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from model.batch import BatchKind, Implausible, RowReject
from preprocessing.files.headers import ColumnRole
from preprocessing.files.limits import REJECTS_TOLD
from preprocessing.task.spec import TaskSpec

if TYPE_CHECKING:
    from preprocessing.files.loading import CleanTable

UNKNOWN = "unknown to this task"


class ColumnAccount(TypedDict):
    """A column of the task.

    Attributes:
        header: where it was found; null where the table has no such column.
        unreadable: how many of its cells held nothing that could be used.
    """

    name: str
    role: ColumnRole
    header: str | None
    unreadable: int


class UnusedColumn(TypedDict):
    """A column of the file that is not read or gave nothing, and why."""

    header: str
    reason: str


class TableAccount(TypedDict):
    """One table of the file.

    Attributes:
        batch_id: the SHA-256 of its content, under which it is kept.
        known: the same content is here already, so keeping it changes nothing.
        rejects: the first of the rows that cannot be used, by number.
        students: rows with features.
        outcomes: rows with an outcome, of the period `outcome_period`.
        joined: of a table that was kept, what became of its outcomes, by status.
        objections: reason to the number of outcomes that the registry refused.
        orphans_joined: earlier outcomes whose features came with this table.
        erased: rows refused because their students were erased.
        elsewhere: rows refused because another unit reported these students in this period.
        objecting: students of the table who object; their rows are kept, and nobody is scored by
            them.
        held: rows that repeated a value which was put right by hand; the right one was kept.
        implausible: columns that contradict other periods of the same students.
    """

    batch_id: str
    source: str
    period: str
    kind: BatchKind
    known: bool
    rows_read: int
    rows_kept: int
    rejects: Sequence[RowReject]
    students: int
    outcomes: int
    outcome_period: str
    columns: Sequence[ColumnAccount]
    unused: Sequence[UnusedColumn]
    joined: Mapping[str, int]
    objections: Mapping[str, int]
    orphans_joined: int
    erased: int
    elsewhere: int
    objecting: int
    held: int
    implausible: Sequence[Implausible]


class FileAccount(TypedDict):
    """A school file.

    Attributes:
        kept: whether it was put into the registry, or only read.
        tables: one a period and sheet, oldest period first.
        refused: sheets that are no table of the task, with the reason.
    """

    kept: bool
    tables: Sequence[TableAccount]
    refused: Sequence[str]


def table_account(table: CleanTable, task: TaskSpec) -> TableAccount:
    """What is told of a table that was read; what the registry made of it is not there yet."""
    batch = table.batch
    return TableAccount(
        batch_id=batch.batch_id,
        source=batch.source,
        period=batch.period,
        kind=batch.kind,
        known=False,
        rows_read=batch.rows_read,
        rows_kept=batch.rows_kept,
        rejects=batch.rejects[:REJECTS_TOLD],
        students=len(table.observations),
        outcomes=len(table.outcomes),
        outcome_period=task.feature_period(batch.period),
        columns=[
            ColumnAccount(
                name=one.name,
                role=one.role,
                header=one.header,
                unreadable=batch.cells_ignored.get(one.name, 0),
            )
            for one in table.columns
        ],
        unused=[
            UnusedColumn(header=header, reason=task.excluded_because(header) or UNKNOWN)
            for header in batch.columns_ignored
        ]
        + [UnusedColumn(header=one.header, reason=one.reason) for one in table.idle],
        joined={},
        objections={},
        orphans_joined=0,
        erased=0,
        elsewhere=0,
        objecting=0,
        held=0,
        implausible=(),
    )
