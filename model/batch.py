"""One ingested file or API batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BatchKind(StrEnum):
    """Whether the rows of a batch carry outcomes."""

    LABELLED = "labelled"
    UNLABELLED = "unlabelled"


@dataclass(frozen=True, slots=True)
class RowReject:
    """A row that could not be used; `row` counts from 1 below the header."""

    row: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Implausible:
    """A column that does not move between two periods as the task says it must.

    Attributes:
        column: canonical name.
        earlier: the earlier period.
        later: the later one.
        asked: the step that the task asks for; 0 where the value never changes.
        students: how many have a value in both periods.
        broken: for how many of them the step is another.
        row: of the ingested table, one of those that are broken, as an example.
        moved: its step; None for a category.
    """

    column: str
    earlier: str
    later: str
    asked: int
    students: int
    broken: int
    row: int
    moved: float | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """One ingested table; `batch_id` is the SHA-256 of its content.

    Attributes:
        source: the file's (and sheet's) name, without its folder.
        cells_ignored: feature name to how many of its cells were unreadable and taken as missing.
        columns_ignored: columns of the file that this task does not use.
        implausible: columns that contradict other periods of the same students.
        units: the (folded) units whose rows were read; all, where none is named.
        sent_by: the API key or person who sent it; empty for a file of the command line.
        file: the SHA-256 of the file as it came; empty where files are not kept.
        file_now: the SHA-256 of what is kept of it, without the rows of erased students.
    """

    batch_id: str
    kind: BatchKind
    source: str
    period: str
    rows_read: int
    rows_kept: int
    rejects: tuple[RowReject, ...]
    cells_ignored: Mapping[str, int]
    columns_ignored: tuple[str, ...]
    ingested_at: datetime
    implausible: tuple[Implausible, ...] = ()
    units: tuple[str, ...] = ()
    sent_by: str = ""
    file: str = ""
    file_now: str = ""

    @property
    def rejected(self) -> int:
        """How many rows could not be used, whether their reasons are kept or not."""
        return self.rows_read - self.rows_kept
