"""A Parquet file as profiles, read one column at a time: no row is ever made of it.

A million records of thirty features take the memory of one column, not of a million dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from model.errors import NotThisTask
from model.profile import (
    GRID,
    RECENT_GRID,
    CategoryProfile,
    ColumnProfile,
    NumericProfile,
    profile_codes,
    profile_floats,
)
from preprocessing.columnar.cells import ReadColumn
from preprocessing.columnar.columns import Categories
from preprocessing.columnar.tables import TableReader
from preprocessing.task.columns import Kind
from preprocessing.task.spec import TaskSpec


@dataclass(frozen=True, slots=True)
class ProfiledFile:
    """A file's records, column by column.

    Attributes:
        rows: records.
        profiles: of the task's features; of one that the file lacks every value is missing, as it
            is of records.
        ignored: feature to how many of its cells could not be used; they count as missing.
        unused: headers that the task does not use.
    """

    rows: int
    profiles: Mapping[str, ColumnProfile]
    ignored: Mapping[str, int]
    unused: tuple[str, ...]


def holds_periods(path: Path, task: TaskSpec) -> bool:
    """Whether a column of a Parquet file gives the period of each row.

    Raises:
        NotThisTask: it is none, or has no column of the task's.
    """
    with _opened(path) as file:
        return TableReader(task, file.schema_arrow.names, "").period is not None


def profile_parquet(
    path: Path,
    task: TaskSpec,
    period: str,
    *,
    against: Mapping[str, ColumnProfile] | None = None,
) -> ProfiledFile:
    """The profiles of a Parquet file of one period, each record a student of its own.

    Args:
        path: the file.
        task: what its columns mean; cells are read and checked as those of any school file.
        period: of its headers, such as `INDE 2024`.
        against: the reference that the file is to be compared with, at whose values its own
            profiles are exact, and of whose columns alone it has any; None makes it a reference.

    Raises:
        NotThisTask: no Parquet file, a column that holds no single values, or none of the task's.
    """
    with _opened(path) as file:
        schema = file.schema_arrow
        reader = TableReader(task, schema.names, period)
        texts = [
            schema.names[place]
            for name, place in reader.places.items()
            if task.columns[name].kind is Kind.CATEGORY
        ]
    # A category's texts come as codes, so that a million of them are not made one by one.
    with _opened(path, texts) as file:
        return _profiled(file, reader, task, against)


@contextmanager
def _opened(path: Path, texts: Sequence[str] = ()) -> Iterator[pyarrow.parquet.ParquetFile]:
    try:
        with pyarrow.parquet.ParquetFile(path, read_dictionary=[*texts]) as file:
            yield file
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
        raise NotThisTask(f"{path.name}: is no Parquet file that can be read ({error})") from error
    except OSError as error:
        raise NotThisTask(f"{path}: {error.strerror or type(error).__name__}") from error


def _profiled(
    file: pyarrow.parquet.ParquetFile,
    reader: TableReader,
    task: TaskSpec,
    against: Mapping[str, ColumnProfile] | None,
) -> ProfiledFile:
    profiles: dict[str, ColumnProfile] = {}
    ignored: dict[str, int] = {}
    for name in task.feature_names if against is None else against:
        place = reader.places.get(name)
        reference = None if against is None else against[name]
        if place is None:
            profiles[name] = _all_missing(task.columns[name].kind, file.metadata.num_rows)
            continue
        header = file.schema_arrow.names[place]
        if pyarrow.types.is_nested(file.schema_arrow.field(place).type):
            raise NotThisTask(f"column {header!r} holds lists or structures, not single values")
        cells = file.read(columns=[header]).column(0).combine_chunks()
        read = reader.feature(name, cells)
        profiles[name] = _profile(read, reference)
        if read.doubtful.any():
            ignored[name] = int(read.doubtful.sum())
    return ProfiledFile(file.metadata.num_rows, profiles, ignored, reader.ignored)


def _all_missing(kind: Kind, rows: int) -> ColumnProfile:
    if kind is Kind.CATEGORY:
        return CategoryProfile(rows, rows, (), ())
    return NumericProfile(rows, rows, (), (), ())


def _profile(read: ReadColumn, reference: ColumnProfile | None) -> ColumnProfile:
    values = read.values
    if isinstance(values, Categories):
        return profile_codes(np.where(read.doubtful, -1, values.codes), values.names)
    numbers = np.where(read.doubtful, np.nan, values) if read.doubtful.any() else values
    if isinstance(reference, NumericProfile):
        return profile_floats(numbers, grid=RECENT_GRID, exact_at=reference.values)
    return profile_floats(numbers, grid=GRID)
