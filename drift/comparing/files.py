"""A school file as one side of a comparison."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from drift.comparing.choice import ChosenComparison
from drift.comparing.sides import RecordSet, compare_sides, split_by_unit
from drift.policy import policy_of
from model.drift import DriftReport
from model.errors import NotThisTask
from preprocessing.files.loading import read_file
from preprocessing.task.spec import TaskSpec


def side_of_file(path: Path, period: str | None, task: TaskSpec, *, now: datetime) -> RecordSet:
    """The records of a file, read as an ingest reads them.

    Args:
        path: CSV, workbook or Parquet.
        period: the only one to be compared, or what the file holds where it does not say; None is
            all that it holds.
        task: whose columns it holds.
        now: aware UTC.

    Raises:
        NotThisTask: no table of the task, or none of that period.
    """
    try:
        reading = read_file(path, task, now=now, period=period)
    except OSError as error:
        raise NotThisTask(f"{path}: {error.strerror or type(error).__name__}") from error
    tables = [one for one in reading.tables if period in (None, one.batch.period)]
    if not tables:
        held = ", ".join(sorted({one.batch.period for one in reading.tables}))
        raise NotThisTask(f"{path.name}: no table of period {period}; it holds {held}")
    rejected = sum(one.batch.rows_read - one.batch.rows_kept for one in tables)
    left = (f"{rejected} rows of {path.name} cannot be read and are left out",) if rejected else ()
    name = path.name if period is None or period in path.name else f"{path.name}, {period}"
    return RecordSet(name, tuple(o for one in tables for o in one.observations), left)


def compare_files(
    choice: ChosenComparison, task: TaskSpec, *, now: datetime, seed: int = 0
) -> DriftReport:
    """Compares two files, or a unit of one with the other units; needs no registry.

    Args:
        choice: which files.
        task: whose columns they hold.
        now: aware UTC.
        seed: of the tests that draw.

    Raises:
        NotThisTask: a file holds no table of the task, or none of the period.
        NotEnoughData: no record is of the unit.
        ConfigurationError: the task asks for a drift test that there is not.
    """
    policy = policy_of(task.drift)
    if choice.current is None:
        raise ValueError("no file to compare")
    current = side_of_file(choice.current, choice.current_period, task, now=now)
    if choice.unit is not None:
        reference, current = split_by_unit(current, choice.unit, task)
    elif choice.reference is None:
        raise ValueError("no file to compare with")
    else:
        reference = side_of_file(choice.reference, choice.reference_period, task, now=now)
    return compare_sides(reference, current, task, policy, now=now, seed=seed)
