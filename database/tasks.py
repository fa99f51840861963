"""The tasks of an installation; kept in its root database only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from database.driver.commands import Op
from database.mapping.documents import milliseconds
from database.repository import Repository


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task of the installation.

    Attributes:
        name: as in the TaskSpec.
        spec: the TaskSpec as YAML, as it was last accepted.
        at: when that was (aware UTC).
        retired_at: since when it is no longer served; None while it is.
    """

    name: str
    spec: str
    at: datetime
    retired_at: datetime | None = None


class TaskRepository(Repository[TaskRecord]):
    """Tasks by name."""

    collection = "tasks"
    record = TaskRecord
    key = "name"
    order = (("_id", 1),)
    missing = "task {}"

    def all(self) -> Op[list[TaskRecord]]:
        """Every task by name, retired ones too.

        Raises:
            RegistryError: a record cannot be read.
        """
        return (yield from self._matching({}))

    def put(self, name: str, spec: str, now: datetime) -> Op[TaskRecord]:
        """Records a task, or its changed TaskSpec; a retired one is in service again.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        record = TaskRecord(name, spec, milliseconds(now))
        yield from self._put(record)
        return record

    def retire(self, name: str, now: datetime) -> Op[TaskRecord]:
        """Takes a task out of service; its database stays as it is.

        Raises:
            NotFound: there is no such task.
        """
        found: TaskRecord = yield from self.get(name)
        record = replace(found, retired_at=found.retired_at or milliseconds(now))
        yield from self._replace(record)
        return record
