"""Which files to read: those of a folder, or made-up ones where there are none yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from model.errors import NotThisTask
from preprocessing.cohorts.samples import write_samples
from preprocessing.cohorts.write import write_cohorts
from preprocessing.files.loading import read_file
from preprocessing.task.spec import TaskSpec

READABLE = frozenset({".csv", ".xlsx", ".parquet"})
PEDE = "pede_lag"
"""The task that has cohorts of its own, in the shape of its survey."""


@dataclass(frozen=True, slots=True)
class SchoolFile:
    """A file to read, and its period where the file does not say."""

    path: Path
    period: str | None = None


def in_folder(folder: Path, period: str | None = None) -> list[SchoolFile]:
    """The files of a folder that may be tables, by name.

    Raises:
        NotThisTask: there are none.
    """
    found = sorted(p for p in folder.glob("*") if p.suffix.lower() in READABLE)
    if not found:
        raise NotThisTask(f"{folder}: no .csv, .xlsx or .parquet file in that folder")
    return [SchoolFile(path, period) for path in found]


def usable(
    folder: Path, task: TaskSpec, *, now: datetime, say: Callable[[str], None]
) -> list[SchoolFile]:
    """The files of a folder that are tables of the task; a folder may hold other things too.

    Args:
        folder: looked through, without the folders in it.
        task: what to look for.
        now: aware UTC.
        say: told of each file that is left out, with the reason.

    Raises:
        NotThisTask: there are none.
    """
    kept = []
    for file in in_folder(folder):
        try:
            read_file(file.path, task, now=now)
        except NotThisTask as error:
            say(f"not used: {error}")
            continue
        kept.append(file)
    if not kept:
        raise NotThisTask(f"{folder}: no file in that folder is a table of task {task.name}")
    return kept


def made_up(task: TaskSpec, folder: Path) -> list[SchoolFile]:
    """Synthetic school years of the task, written into a folder, oldest first.

    Raises:
        ConfigurationError: none can be made up for its periods.
    """
    if task.name == PEDE:
        return [SchoolFile(path) for path in write_cohorts(folder)]
    return [SchoolFile(path, period) for path, period in write_samples(task, folder)]
