"""The tasks of an installation at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.repository import Repository
from database.students import StudentRepository
from deployment.tasks.databases import TaskDatabase, recorded_databases
from deployment.tasks.installed import InstalledTask
from model.errors import ConfigurationError, RegistryError
from preprocessing.task.spec import parse_task

COUNTED: Mapping[str, type[Repository[Any]]] = {
    "students": StudentRepository,
    "predictions": PredictionRepository,
    "labels": LabelRepository,
}


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task, as `list` tells it.

    Attributes:
        database: where its records are; empty for one that was never opened.
        served: whether this host serves it.
        retired_at: since when it is out of service.
        champion: the serving version; None where there is none yet.
        counts: what is counted to how many.
        fault: why its database could not be read; empty where it could.
    """

    name: str
    title: str
    database: str
    served: bool
    retired_at: datetime | None = None
    champion: str | None = None
    counts: dict[str, int] | None = None
    fault: str = ""

    def to_mapping(self) -> dict[str, Any]:
        """What `--json` prints."""
        at = self.retired_at
        return {**asdict(self), "retired_at": None if at is None else at.isoformat()}


def overview(
    root: SyncRegistry, root_database: str, served: Sequence[InstalledTask]
) -> list[TaskLine]:
    """Every task that the installation has recorded, and those of this host that are to come.

    Raises:
        RegistryError: the root database cannot be read.
    """
    here = {task.name: task for task in served}
    known = root.run(recorded_databases(root_database))
    lines = [_line(root, one, here.get(one.task)) for one in known]
    opened = {line.name for line in lines}
    coming = (task for name, task in here.items() if name not in opened)
    return [*lines, *(TaskLine(t.name, t.spec.title, "", served=True) for t in coming)]


def table(lines: Sequence[TaskLine]) -> Iterator[str]:
    """The lines for people, one a task, with what is wrong below it."""
    rows = [("task", "state", "database", "champion", *COUNTED, "title")]
    rows += [_row(line) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row, line in zip(rows, [None, *lines], strict=True):
        cells = zip(row, widths, strict=True)
        yield "  ".join(cell.ljust(width) for cell, width in cells).rstrip()
        if line is not None and line.fault:
            yield f"  {line.fault}"


def _line(root: SyncRegistry, known: TaskDatabase, here: InstalledTask | None) -> TaskLine:
    line = TaskLine(
        name=known.task,
        title=here.spec.title if here else _title(known),
        database=known.database,
        served=here is not None,
        retired_at=known.record.retired_at if known.record else None,
    )
    opened = root.on(known.database)
    try:
        alias = opened.run(AliasRepository().find(CHAMPION))
        counts = {name: opened.run(kind().count()) for name, kind in COUNTED.items()}
    except RegistryError as error:
        return replace(line, fault=str(error))
    return replace(line, champion=alias.version if alias else None, counts=counts)


def _title(known: TaskDatabase) -> str:
    """The title in the recorded TaskSpec; empty where this release cannot read it."""
    try:
        return parse_task(known.record.spec, source="tasks").title if known.record else ""
    except ConfigurationError:
        return ""


def _row(line: TaskLine) -> tuple[str, ...]:
    counts = line.counts or {}
    return (
        line.name,
        _state(line),
        line.database or "-",
        line.champion or "-",
        *(str(counts.get(name, "-")) for name in COUNTED),
        line.title,
    )


def _state(line: TaskLine) -> str:
    if line.retired_at is not None:
        return f"retired {line.retired_at:%F}"
    return "served" if line.served else "not served here"
