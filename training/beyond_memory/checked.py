"""Checked labelled records as tables: written by who read the registry, read as they are.

Other Parquet files hold what a school wrote, and each cell is checked; here it was, and a value
that the task would refuse today counts as in any other window.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute

from preprocessing.columnar.columns import Categories, Columns, Numbers, columns_of
from preprocessing.dataset import TrainingSet
from preprocessing.task.columns import Kind
from preprocessing.task.spec import TaskSpec

MARK = {b"farol": b"labelled records of the registry"}
STUDENT, PERIOD, OUTCOME = "student_id", "period", "outcome"
FEATURE = "feature."
"""Before the name of each feature, so that none can be taken for another column."""


def table_of(data: TrainingSet, task: TaskSpec) -> pyarrow.Table:
    """Who, when, what became of them, and the features: what a model is made of, and no more."""
    found = columns_of(data.records, task.features)
    columns: dict[str, Any] = {
        STUDENT: pyarrow.array(data.students.tolist(), pyarrow.string()),
        PERIOD: pyarrow.array(data.periods.tolist(), pyarrow.string()).dictionary_encode(),
        OUTCOME: data.outcome,
    }
    for name, values in found.numbers.items():
        columns[FEATURE + name] = pyarrow.array(values, pyarrow.float64(), from_pandas=True)
    for name, category in found.categories.items():
        codes = pyarrow.array(category.codes, pyarrow.int32(), mask=category.codes < 0)
        names = pyarrow.array(category.names, pyarrow.string())
        columns[FEATURE + name] = pyarrow.DictionaryArray.from_arrays(codes, names)
    return pyarrow.table(columns).replace_schema_metadata(MARK)


def is_checked(schema: pyarrow.Schema) -> bool:
    """Whether `table_of` made the file."""
    return bool(schema.metadata) and MARK.items() <= schema.metadata.items()


def columns_in(batch: pyarrow.RecordBatch, task: TaskSpec) -> Columns:
    """The features of a batch of such a file."""
    numbers: dict[str, Numbers] = {}
    categories: dict[str, Categories] = {}
    for column in task.features:
        cells = batch.column(FEATURE + column.name)
        if column.kind is Kind.NUMERIC:
            numbers[column.name] = cells.cast(pyarrow.float64()).to_numpy(zero_copy_only=False)
            continue
        encoded = cells.dictionary_encode()
        codes = pyarrow.compute.fill_null(encoded.indices.cast(pyarrow.int64()), -1)
        names = tuple(encoded.dictionary.to_pylist())
        categories[column.name] = Categories(np.asarray(codes), names)
    return Columns(batch.num_rows, numbers, categories)
