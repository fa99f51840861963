"""A school file as one side of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from drift.comparing.choice import ChosenComparison
from drift.comparing.sides import (
    ComparedSides,
    ProfiledSide,
    RecordSet,
    compare_profiled,
    compare_sides,
    split_by_unit,
)
from drift.policy import policy_of
from model.computing.pool import HERE, Pool
from model.errors import NotThisTask
from model.profile import ColumnProfile
from preprocessing.columnar.partitions import is_parquet
from preprocessing.columnar.profiled import holds_periods, profile_parquet
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
    choice: ChosenComparison,
    task: TaskSpec,
    *,
    now: datetime,
    seed: int = 0,
    pool: Pool = HERE,
) -> ComparedSides:
    """Compares two files, or a unit of one with the other units; needs no registry.

    Args:
        choice: which files.
        task: whose columns they hold.
        now: aware UTC.
        seed: of the tests that draw.
        pool: profiles Parquet files by partition.

    Raises:
        NotThisTask: a file holds no table of the task, or none of the period.
        NotEnoughData: no record is of the unit.
        ConfigurationError: the task asks for a drift test that there is not.
    """
    policy = policy_of(task.drift)
    if choice.current is None:
        raise ValueError("no file to compare")
    columns = _by_column(choice, task, pool)
    if columns is not None:
        return compare_profiled(*columns, task, policy, now=now, seed=seed)
    current = side_of_file(choice.current, choice.current_period, task, now=now)
    if choice.unit is not None:
        reference, current = split_by_unit(current, choice.unit, task)
    elif choice.reference is None:
        raise ValueError("no file to compare with")
    else:
        reference = side_of_file(choice.reference, choice.reference_period, task, now=now)
    return compare_sides(reference, current, task, policy, now=now, seed=seed)


def _by_column(
    choice: ChosenComparison, task: TaskSpec, pool: Pool
) -> tuple[ProfiledSide, ProfiledSide] | None:
    """Both sides column by column; None where they must be read row by row.

    That is so of anything but Parquet, of units, and of files that hold several periods.
    """
    before, now = choice.reference, choice.current
    if before is None or now is None or choice.unit is not None:
        return None
    periods = (
        _period(before, choice.reference_period, task), _period(now, choice.current_period, task)
    )  # fmt: skip
    if periods[0] is None or periods[1] is None:
        return None
    reference = _profiled(before, periods[0], task, None, pool)
    return reference, _profiled(now, periods[1], task, reference.profiles, pool)


def _period(path: Path, given: str | None, task: TaskSpec) -> str | None:
    """The one period of a Parquet file; None of other files, and where it does not say."""
    named = {given} if given else task.periods_in(path.name)
    if not is_parquet(path) or len(named) != 1 or holds_periods(path, task):
        return None
    return min(named)


def _profiled(
    path: Path,
    period: str,
    task: TaskSpec,
    against: Mapping[str, ColumnProfile] | None,
    pool: Pool,
) -> ProfiledSide:
    found = profile_parquet(path.absolute(), task, period, against=against, pool=pool)
    cells = ", ".join(f"{number} of {name}" for name, number in found.ignored.items())
    notes = (f"cells of {path.name} that cannot be read count as missing: {cells}",)
    return ProfiledSide(path.name, found.rows, found.profiles, notes if cells else ())
