"""A Parquet file, or a folder of them, as partitions that are read one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow
import pyarrow.parquet

from model.errors import NotThisTask

PARTITION = 1_000_000
"""Rows that are read together at most, where the file's row groups are not larger."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Some of the rows of a Parquet file.

    Attributes:
        path: of the file; whoever reads the partition finds it there.
        groups: row groups of it.
        rows: how many they hold.
    """

    path: Path
    groups: tuple[int, ...]
    rows: int


def is_parquet(path: Path) -> bool:
    """Whether a path is called a Parquet file, or is a folder of such files."""
    return path.suffix == ".parquet" or any(path.glob("*.parquet"))


def parquet_files(path: Path) -> list[Path]:
    """The file itself, or the `.parquet` files of a folder in the order of their names.

    Raises:
        NotThisTask: a folder without any.
    """
    if not path.is_dir():
        return [path]
    files = sorted(path.glob("*.parquet"))
    if not files:
        raise NotThisTask(f"{path.name}: a folder without a .parquet file")
    return files


def partitions_of(path: Path, most: int | None = None) -> list[Partition]:
    """The rows of a file, or of a folder's files, in their order.

    Args:
        path: the file or folder.
        most: rows of a partition that consists of several row groups; None: `PARTITION`.

    Raises:
        NotThisTask: no Parquet, or files of different columns.
    """
    found: list[Partition] = []
    names: Sequence[str] | None = None
    for file in parquet_files(path):
        with opened_parquet(file) as opened:
            names = opened.schema_arrow.names if names is None else names
            if opened.schema_arrow.names != names:
                raise NotThisTask(f"{file.name} has other columns than the files before it")
            sizes = [
                opened.metadata.row_group(i).num_rows for i in range(opened.metadata.num_row_groups)
            ]
        found += _bundled(file, sizes, most or PARTITION)
    return found


@contextmanager
def opened_parquet(path: Path, texts: Sequence[str] = ()) -> Iterator[pyarrow.parquet.ParquetFile]:
    """An open file; the columns `texts` come as codes.

    Raises:
        NotThisTask: it is no Parquet file, or cannot be read.
    """
    try:
        with pyarrow.parquet.ParquetFile(path, read_dictionary=[*texts]) as file:
            yield file
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
        raise NotThisTask(f"{path.name}: is no Parquet file that can be read ({error})") from error
    except OSError as error:
        raise NotThisTask(f"{path}: {error.strerror or type(error).__name__}") from error


def _bundled(path: Path, sizes: Sequence[int], most: int) -> Iterator[Partition]:
    """Row groups that follow each other, together up to so many rows; an empty file is one too."""
    groups: list[int] = []
    rows = 0
    for group, size in enumerate(sizes):
        if groups and rows + size > most:
            yield Partition(path, tuple(groups), rows)
            groups, rows = [], 0
        groups.append(group)
        rows += size
    yield Partition(path, tuple(groups), rows)
