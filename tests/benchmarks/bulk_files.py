"""Files of many records, as a city sends them; drawn from sample cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from model.student import Features
from preprocessing.columnar.columns import Columns, columns_of
from preprocessing.task.spec import TaskSpec


def table_of(known: Sequence[Features], task: TaskSpec, rows: int, *, seed: int) -> pyarrow.Table:
    """A table of so many rows: known records drawn with replacement, under new ids.

    Args:
        known: records to draw from.
        task: names the columns, which are those of `/predict`.
        rows: how many.
        seed: of the draw.
    """
    drawn = np.random.default_rng(seed).integers(0, len(known), rows)
    records = columns_of(known, task.features).take(drawn)
    columns = {name: _array(records, name) for name in task.feature_names}
    ids = pyarrow.array([f"RA-{number}" for number in range(rows)])
    return pyarrow.table({"student_id": ids, **columns})


def write_parquet(table: pyarrow.Table, path: Path) -> Path:
    """Writes a Parquet file as pandas and others do by default."""
    pyarrow.parquet.write_table(table, path)
    return path


def write_csv(table: pyarrow.Table, path: Path) -> Path:
    """Writes a CSV with a header."""
    pyarrow.csv.write_csv(table, path)
    return path


def _array(records: Columns, name: str) -> pyarrow.Array:
    return pyarrow.array(records.values(name))
