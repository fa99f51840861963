"""What a version says of the rows of Parquet files, partition by partition.

Nothing is logged: who scores this way keeps no record of it that drift or outcomes could meet.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.compute

from api.bulk.results import SCORES, result_schema, results
from model.archive import unpack
from model.bundle import load_bundle
from model.errors import ErasedStudent, InvalidRecord, ObjectingStudent
from model.student import Units
from preprocessing.assessing import assess
from preprocessing.columnar.partitions import Partition, opened_parquet
from preprocessing.columnar.tables import TableReader
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec

ROWS = 16_384
ANSWERED = ("prediction_id", "risk_label", "status", "known_weight", "model_version")


@dataclass(frozen=True, slots=True)
class ScoringJob:
    """What every worker knows.

    Attributes:
        archive: the version's bundle, whose signature was checked by who asks.
        version: its name.
        period: of rows that give none.
    """

    task: TaskSpec
    archive: bytes = field(repr=False)
    version: str
    period: str


@dataclass(frozen=True, slots=True)
class ScoredPartition:
    """The rows of a partition in their order, and the units that each one names."""

    table: pyarrow.Table
    units: Sequence[Units]


def scored_partition(job: ScoringJob, partition: Partition) -> ScoredPartition:
    """The answers about a partition's rows, as `POST /predict/bulk` gives them.

    Rows are counted within the partition.

    Raises:
        NotThisTask: no file of the task.
    """
    predictor = _predictor(job.archive)
    schema = result_schema(predictor.thresholds.scale)
    batches, units = [], list[Units]()
    for batch, first in _batches(partition):
        reader = TableReader(job.task, batch.schema.names, job.period)
        numbers = np.arange(first, first + batch.num_rows, dtype=np.int64)
        rows = reader.read(batch.columns, numbers, {})
        found = assess(predictor, rows.columns, job.task.feature_names)
        nothing: Sequence[str] = [""] * len(rows.kept)
        batches.append(results(schema, rows, found, nothing, job.version))
        units += rows.units
    return ScoredPartition(pyarrow.Table.from_batches(batches, schema), units)


def without(
    table: pyarrow.Table, refused: Mapping[str, InvalidRecord], keys: Sequence[str | None]
) -> pyarrow.Table:
    """The answers without those about students who may not be scored; the reason in their place.

    Args:
        table: n answers.
        refused: what Farol knows such students by, with the reason.
        keys: of each row.
    """
    errors = [None if key is None else refused.get(key) for key in keys]
    if not any(errors):
        return table
    mask = pyarrow.array([error is not None for error in errors])
    scores = {name for names in SCORES.values() for name in names}
    for at, column in enumerate(table.schema):
        if column.name in {"error_field", "error"}:
            part = "field" if column.name == "error_field" else "reason"
            told = pyarrow.array([error and getattr(error, part) for error in errors], column.type)
        elif column.name in scores or column.name in ANSWERED:
            told = pyarrow.nulls(len(table), column.type)
        else:
            continue
        kept = pyarrow.compute.if_else(mask, told, table.column(at))
        table = table.set_column(at, column, kept)
    return table


def refusals(erased: set[str], objecting: frozenset[str]) -> dict[str, InvalidRecord]:
    """Who may not be scored, and why."""
    reasons: dict[str, InvalidRecord] = {key: ObjectingStudent() for key in objecting}
    return reasons | {key: ErasedStudent() for key in erased}


def _batches(partition: Partition) -> Iterator[tuple[pyarrow.RecordBatch, int]]:
    """The rows, some at a time, with the number of the first."""
    first = 1
    with opened_parquet(partition.path) as file:
        for batch in file.iter_batches(ROWS, row_groups=[*partition.groups]):
            yield batch, first
            first += batch.num_rows


@lru_cache(maxsize=1)
def _predictor(archive: bytes) -> Predictor:
    """The version, loaded once for all partitions that a worker is given."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "bundle"
        unpack(archive, target)
        return Predictor(load_bundle(target))
