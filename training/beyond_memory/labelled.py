"""Labelled rows of Parquet files, a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow
from numpy.typing import NDArray

from model.errors import NotThisTask
from model.student import Features
from preprocessing.columnar.columns import Columns
from preprocessing.columnar.partitions import Partition, opened_parquet
from preprocessing.columnar.tables import TableReader
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from training.beyond_memory.checked import OUTCOME, PERIOD, STUDENT, columns_in, is_checked
from training.split import drawn_numbers

CHUNK = 32_768
HELD = 40_000
"""Rows of students held out: half to calibrate and draw the line by, half to measure on."""

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """n rows that can be used."""

    columns: Columns
    outcome: Array
    students: NDArray[np.str_]
    periods: NDArray[np.str_]

    def take(self, mask: Mask) -> LabelledRows:
        """Some of the rows."""
        return LabelledRows(
            self.columns.take(mask), self.outcome[mask], self.students[mask], self.periods[mask]
        )

    def training_set(self) -> TrainingSet:
        """The rows as records."""
        names = (*self.columns.numbers, *self.columns.categories)
        values = [self.columns.values(name) for name in names]
        rows = zip(*values, strict=True) if values else iter([()] * self.columns.size)
        records: list[Features] = [
            {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
            for row in rows
        ]
        return TrainingSet(tuple(records), self.outcome, self.students, self.periods, {})


def drawn(students: NDArray[np.str_], share: float, *, task: str, seed: int) -> Mask:
    """All rows of about that share of the students, the same ones wherever their rows are."""
    if share >= 1.0:
        return np.ones(len(students), dtype=np.bool_)
    limit = np.uint64(int(share * 2**64))
    return np.asarray(drawn_numbers(students, task=task, seed=seed) < limit)


def held_share(rows: int) -> float:
    """Share of the students that a window of so many rows holds out."""
    return min(0.2, HELD / max(rows, 1))


def calibrating(students: NDArray[np.str_], *, task: str, seed: int) -> Mask:
    """Which of the students held out the line is drawn by; the figures are of the others."""
    return drawn(students, 0.5, task=task, seed=seed + 1)


def judged(students: NDArray[np.str_], held: float, *, task: str, seed: int) -> Mask:
    """The rows that a model learns nothing from: what its figures are of."""
    out = drawn(students, held, task=task, seed=seed)
    return out & ~calibrating(students, task=task, seed=seed)


def chunks(partition: Partition, task: TaskSpec) -> Iterator[LabelledRows]:
    """The rows of a partition that have an outcome and can be read, in their order.

    Args:
        partition: columns are named as in school files or as the task names them, and there are
            `student_id`, `period` and `outcome` (0 or 1, or the number); or of a file that
            `table_of` made.
        task: what they mean.

    Raises:
        NotThisTask: one of these is missing, or an outcome is none of the task's.
    """
    with opened_parquet(partition.path) as file:
        names = file.schema_arrow.names
        if is_checked(file.schema_arrow):
            for batch in file.iter_batches(CHUNK, row_groups=[*partition.groups]):
                yield _as_it_is(batch, task)
            return
        reader = TableReader(task, names, "")
        if OUTCOME not in names or reader.student is None or reader.period is None:
            raise NotThisTask(
                f"{partition.path.name}: a window needs the columns student_id, period and outcome"
            )
        for batch in file.iter_batches(CHUNK, row_groups=[*partition.groups]):
            yield _read(batch, reader, names.index(OUTCOME), task, partition.path.name)


def _as_it_is(batch: pyarrow.RecordBatch, task: TaskSpec) -> LabelledRows:
    students, periods, outcome = (batch.column(name) for name in (STUDENT, PERIOD, OUTCOME))
    return LabelledRows(
        columns_in(batch, task),
        outcome.to_numpy(zero_copy_only=False),
        np.array(students.to_pylist(), dtype=np.str_),
        np.array(periods.to_pylist(), dtype=np.str_),
    )


def _read(
    batch: pyarrow.RecordBatch, reader: TableReader, at: int, task: TaskSpec, name: str
) -> LabelledRows:
    rows = reader.read(batch.columns, np.arange(batch.num_rows, dtype=np.int64), {})
    outcome = batch.column(at).cast(pyarrow.float64()).to_numpy(zero_copy_only=False)[rows.kept]
    students, periods = _texts(rows.students, rows.kept), _texts(rows.periods, rows.kept)
    known = np.isfinite(outcome) & (students != "") & (periods != "")
    if task.outcome.form.two_valued and not np.isin(outcome[known], (0.0, 1.0)).all():
        raise NotThisTask(f"{name}: {OUTCOME} must be 0 or 1, as {task.name} has two outcomes")
    return LabelledRows(rows.columns, outcome, students, periods).take(known)


def _texts(values: Sequence[str | None], kept: NDArray[np.intp]) -> NDArray[np.str_]:
    return np.array([value or "" for value in values], dtype=np.str_)[kept]
