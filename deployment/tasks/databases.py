"""The databases of an installation: the root, also the first task's, and each further task's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from database import installation
from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.tasks import TaskRecord, TaskRepository


@dataclass(frozen=True, slots=True)
class TaskDatabase:
    """Where a task's records are.

    Attributes:
        task: its name.
        database: the database's name.
        record: what is recorded of it; None in a registry of a release that knew one task.
    """

    task: str
    database: str
    record: TaskRecord | None


def recorded_databases(root: str, default: str = "") -> Op[tuple[TaskDatabase, ...]]:
    """Run on the root database: the tasks that it knows, retired ones too, the first one first.

    Nothing is recorded.

    Args:
        root: the root database's name.
        default: the first task of a registry that is of none yet; empty for none.

    Raises:
        RegistryError: the registry fails, or a record cannot be read.
    """
    first = (yield from installation.recorded_task()) or default
    records = {record.name: record for record in (yield from TaskRepository().all())}
    names = dict.fromkeys([*([first] if first else []), *records])
    return tuple(
        TaskDatabase(name, installation.database_of(root, first, name), records.get(name))
        for name in names
    )


def registries(root: SyncRegistry, known: Iterable[TaskDatabase]) -> dict[str, SyncRegistry]:
    """Each task to its database, through the connections of the root; nothing is prepared."""
    return {one.task: root.on(one.database) for one in known}
