"""Answers about erasures: what was erased, where, and where it is outstanding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.filled import Count


class ErasedTask(TypedDict):
    """What was erased of a student in one task.

    Attributes:
        deleted: collection, or `outbox`, to how many records; `files`, where school files are
            kept, to how many were written anew without the student's rows.
        model_versions: those that learned from the student.
        keep_records: those of them whose bundles hold training records, encoded, without ids.
    """

    deleted: Mapping[str, Count]
    model_versions: Sequence[str]
    keep_records: Sequence[str]


class ErasedHost(TypedDict):
    """A host that was known when the student was erased.

    Attributes:
        host: its id.
        name: what the machine is called.
        seen_at: when it told of itself last before the erasure.
        done_at: when its own files were free of the student; null while that is outstanding.
    """

    host: str
    name: str
    seen_at: datetime
    done_at: datetime | None


class BackupHorizon(TypedDict):
    """How long a backup may hold the student.

    Attributes:
        days: how long backups are kept, as `FAROL_BACKUP_DAYS` says; null: it says nothing.
        until: from when none holds the student; null where that is not told.
    """

    days: Count | None
    until: datetime | None


class ErasureReceiptAnswer(TypedDict):
    """What is kept of an erasure; it does not name the student.

    Attributes:
        receipt_id: under which it is asked for again.
        actor: the name of the key, or the person, that asked for it.
        finished_at: null where it was interrupted: erase the student once more.
        complete: the registry and every host that was known are free of the student.
        not_reached: tasks of the same register that were not gone through.
    """

    receipt_id: str
    at: datetime
    actor: str
    finished_at: datetime | None
    complete: bool
    tasks: Mapping[str, ErasedTask]
    not_reached: Sequence[str]
    hosts: Sequence[ErasedHost]
    backups: BackupHorizon


class ErasureReceiptsAnswer(TypedDict):
    """Receipts, newest first."""

    erasures: Sequence[ErasureReceiptAnswer]
