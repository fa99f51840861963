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
class Batch:
    """One ingested table; `batch_id` is the SHA-256 of its content.

    Attributes:
        source: the file's (and sheet's) name, without its folder.
        cells_ignored: feature name to how many of its cells were unreadable and taken as missing.
        columns_ignored: columns of the file that this task does not use.
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
