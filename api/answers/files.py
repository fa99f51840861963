"""What is answered about school files, batches, and whose outcome is not known yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.filled import Count
from model.batch import BatchKind, Implausible, RowReject
from model.student import Units
from preprocessing.events.account import EventsAccount
from preprocessing.files.account import FileAccount


class UploadAnswer(FileAccount):
    """A school file: what would be read of it, or what became of it.

    Attributes:
        kept: whether it was put into the registry, or only read.
        tables: one a period and sheet, oldest period first.
        refused: sheets that are no table of the task, with the reason.
    """


class EventsAnswer(EventsAccount):
    """A file of events: what became of it.

    Attributes:
        kept: whether it was worked out into records; the events themselves are not kept.
        tables: one a sheet.
        refused: why the file is none of events; empty where it was read.
    """


class BatchSummary(TypedDict):
    """An ingested table.

    Attributes:
        rejected: rows that could not be used; `GET /batches/{batch_id}/rejects` tells why.
        cells_ignored: column to how many of its cells held nothing that could be used.
        units: the (folded) units whose rows were read; all, where none is named.
        sent_by: the key or person who sent it; empty for a file of the command line.
        file: the SHA-256 of the file as it came; empty where files are not kept.
        file_now: the SHA-256 of what was kept of it, without the rows of erased students.
    """

    batch_id: str
    kind: BatchKind
    source: str
    period: str
    rows_read: Count
    rows_kept: Count
    rejected: Count
    cells_ignored: Mapping[str, int]
    columns_ignored: Sequence[str]
    implausible: Sequence[Implausible]
    ingested_at: datetime
    units: Sequence[str]
    sent_by: str
    file: str
    file_now: str


class BatchesAnswer(TypedDict):
    """The ingested tables, newest first."""

    total: Count
    batches: Sequence[BatchSummary]


class RejectsAnswer(TypedDict):
    """The rows of a batch that could not be used.

    Attributes:
        rejected: how many there were; of the first 10,000 the reasons are kept.
        rejects: by number, counted from 1 below the header.
    """

    batch_id: str
    source: str
    period: str
    rejected: Count
    rejects: Sequence[RowReject]


class MissingStudent(TypedDict):
    """A student whose outcome is not known."""

    student_id: str
    units: Units


class MissingAnswer(TypedDict):
    """Whose outcome of a period is not known.

    Attributes:
        students: the first of them; those whose outcome is reported leave the list.
        more: there are, or may be, others; the file names them all.
    """

    period: str
    students: Sequence[MissingStudent]
    more: bool
