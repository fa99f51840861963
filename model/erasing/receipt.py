"""What is kept of an erasure: everything but who it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from model.erasing.host import Host

FIRST = 1


@dataclass(frozen=True, slots=True)
class TaskPart:
    """What was erased in one task.

    Attributes:
        task: its name.
        deleted: collection, or `outbox`, to how many records, `files` to how many were rewritten.
        model_versions: versions that learned from the student.
        keep_records: those of them whose bundles hold training records, encoded, without ids.
    """

    task: str
    deleted: Mapping[str, int]
    model_versions: tuple[str, ...] = ()
    keep_records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostPart:
    """A host that was known when the student was erased.

    Attributes:
        host: its id.
        name: what the machine is called.
        seen_at: when it told of itself last before the erasure.
        done_at: when its own files were free of the student; None while that is outstanding.
    """

    host: str
    name: str
    seen_at: datetime
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure of one student, without the student.

    Attributes:
        receipt_id: `erasure-<number>`.
        number: 1, 2, 3... without gaps; the student's tombstones were laid before it was given.
        at: when it was begun.
        actor: the name of the key, or the person, that asked for it.
        tasks: what was erased in each; empty until the erasure is done.
        not_reached: tasks of the same register that were not gone through.
        hosts: those that were known.
        backup_days: how long backups are kept, as the installation says; None: it does not.
        finished_at: when the registry and the files of the host that was asked were free of the
            student; None where it was interrupted.
    """

    receipt_id: str
    number: int
    at: datetime
    actor: str
    tasks: tuple[TaskPart, ...] = ()
    not_reached: tuple[str, ...] = ()
    hosts: tuple[HostPart, ...] = ()
    backup_days: int | None = None
    finished_at: datetime | None = None
    revision: int = 0

    @property
    def backups_until(self) -> datetime | None:
        """From when no backup holds the student; None where that is not told."""
        if self.backup_days is None:
            return None
        return (self.finished_at or self.at) + timedelta(days=self.backup_days)

    @property
    def waiting(self) -> tuple[HostPart, ...]:
        """The hosts that have yet to carry it out."""
        return tuple(part for part in self.hosts if part.done_at is None)

    @property
    def complete(self) -> bool:
        """Whether the registry and every host that was known are free of the student."""
        return self.finished_at is not None and not self.waiting

    def carried_out(self, host: str, at: datetime) -> Erasure:
        """The same where a host's own files are free of the student; a first time stays."""
        parts = tuple(
            replace(part, done_at=at) if part.host == host and part.done_at is None else part
            for part in self.hosts
        )
        return replace(self, hosts=parts)


def receipt_id(number: int) -> str:
    """The id of a receipt.

    >>> receipt_id(7)
    'erasure-7'
    """
    return f"erasure-{number}"


def begun(
    number: int, hosts: Iterable[Host], *, at: datetime, actor: str, backup_days: int | None
) -> Erasure:
    """The receipt of an erasure that begins.

    Args:
        number: its own.
        hosts: every host that is known.
        at: when it begins.
        actor: who asked for it.
        backup_days: how long backups are kept; None where that is not told.
    """
    parts = (HostPart(host.host, host.name, host.seen_at) for host in hosts)
    return Erasure(
        receipt_id(number), number, at, actor, hosts=tuple(parts), backup_days=backup_days
    )
