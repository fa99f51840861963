"""A Parquet file as profiles, read one column of a partition at a time: no row is ever made of it.

A million records of thirty features take the memory of one column, not of a million dictionaries.
The parts of a column merge into the very profile of the whole, so a pool may read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow

from model.computing.pool import HERE, Pool
from model.errors import NotThisTask
from model.partitions.column_parts import (
    ColumnPart,
    NumericPart,
    merged_categories,
    merged_numbers,
)
from model.profile import (
    GRID,
    RECENT_GRID,
    CategoryProfile,
    ColumnProfile,
    NumericProfile,
    profile_codes,
)
from preprocessing.columnar.cells import ReadColumn
from preprocessing.columnar.columns import Categories
from preprocessing.columnar.partitions import Partition, opened_parquet, partitions_of
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
    with opened_parquet(partitions_of(path)[0].path) as file:
        return TableReader(task, file.schema_arrow.names, "").period is not None


def profile_parquet(
    path: Path,
    task: TaskSpec,
    period: str,
    *,
    against: Mapping[str, ColumnProfile] | None = None,
    pool: Pool = HERE,
) -> ProfiledFile:
    """The profiles of a Parquet file of one period, each record a student of its own.

    Args:
        path: the file, or a folder of such files.
        task: what its columns mean; cells are read and checked as those of any school file.
        period: of its headers, such as `INDE 2024`.
        against: the reference that the file is to be compared with, at whose values its own
            profiles are exact, and of whose columns alone it has any; None makes it a reference.
        pool: reads the columns of its partitions; its workers must find the file there too.

    Raises:
        NotThisTask: no Parquet file, a column that holds no single values, or none of the task's.
    """
    partitions = partitions_of(path)
    with opened_parquet(partitions[0].path) as file:
        schema = file.schema_arrow
    reader = TableReader(task, schema.names, period)
    names = [*(task.feature_names if against is None else against)]
    there = [name for name in names if name in reader.places]
    for name in there:
        header = schema.names[reader.places[name]]
        if pyarrow.types.is_nested(schema.field(reader.places[name]).type):
            raise NotThisTask(f"column {header!r} holds lists or structures, not single values")
    asked = [(name, partition) for name in there for partition in partitions]
    parts = pool.each(_part, (task, period), asked)
    rows = sum(partition.rows for partition in partitions)
    profiles: dict[str, ColumnProfile] = {}
    ignored: dict[str, int] = {}
    for name in names:
        if name not in reader.places:
            profiles[name] = _all_missing(task.columns[name].kind, rows)
            continue
        doubtful = [0]
        own = _counted(islice(parts, len(partitions)), doubtful)
        reference = None if against is None else against[name]
        profiles[name] = _merged(task.columns[name].kind, own, reference)
        if doubtful[0]:
            ignored[name] = doubtful[0]
    return ProfiledFile(rows, profiles, ignored, reader.ignored)


def _counted(parts: Iterator[tuple[ColumnPart, int]], doubtful: list[int]) -> Iterator[ColumnPart]:
    """The parts; cells that could not be used are added up on the way."""
    for part, unusable in parts:
        doubtful[0] += unusable
        yield part


def _part(shared: tuple[TaskSpec, str], asked: tuple[str, Partition]) -> tuple[ColumnPart, int]:
    """One column of one partition, and how many of its cells could not be used."""
    (task, period), (name, partition) = shared, asked
    with opened_parquet(partition.path) as file:
        names = file.schema_arrow.names
    reader = TableReader(task, names, period)
    header = names[reader.places[name]]
    # A category's texts come as codes, so that a million of them are not made one by one.
    texts = [header] if task.columns[name].kind is Kind.CATEGORY else []
    with opened_parquet(partition.path, texts) as file:
        table = file.read_row_groups([*partition.groups], columns=[header])
        read = reader.feature(name, table.column(0).combine_chunks())
    return _part_of(read), int(read.doubtful.sum())


def _part_of(read: ReadColumn) -> ColumnPart:
    values = read.values
    if isinstance(values, Categories):
        return profile_codes(np.where(read.doubtful, -1, values.codes), values.names)
    known = np.where(read.doubtful, np.nan, values) if read.doubtful.any() else values
    return NumericPart.of(known)


def _merged(
    kind: Kind, parts: Iterator[ColumnPart], reference: ColumnProfile | None
) -> ColumnProfile:
    if kind is Kind.CATEGORY:
        return merged_categories(cast(Iterator[CategoryProfile], parts))
    whole = merged_numbers(cast(Iterator[NumericPart], parts))
    if isinstance(reference, NumericProfile):
        return whole.profile(RECENT_GRID, reference.values)
    return whole.profile(GRID)


def _all_missing(kind: Kind, rows: int) -> ColumnProfile:
    if kind is Kind.CATEGORY:
        return CategoryProfile(rows, rows, (), ())
    return NumericProfile(rows, rows, (), (), ())
