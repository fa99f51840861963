"""What is answered about the rows of a file: one line per row, in the order of the rows.

`RESULT` declares the columns; the three forms of the answer and the documents have them from there.
"""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
import orjson
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from api.bulk.formats import FileForm
from model.errors import InvalidRecord
from model.prediction import Scale
from preprocessing.assessing import Assessments
from preprocessing.columnar.tables import CheckedRows

ROW, TEXT, REAL = pyarrow.int64(), pyarrow.string(), pyarrow.float64()

SCORES: Mapping[Scale, tuple[str, ...]] = {
    Scale.RISK: ("risk_score",),
    Scale.VALUE_LOW: ("predicted", "interval_low", "interval_high"),
    Scale.VALUE_HIGH: ("predicted", "interval_low", "interval_high"),
}


def result_schema(scale: Scale) -> pyarrow.Schema:
    """The columns of a result whose scores are on that scale."""
    return pyarrow.schema([
        ("row", ROW),
        ("student_id", TEXT),
        ("period", TEXT),
        ("prediction_id", TEXT),
        *((name, REAL) for name in SCORES[scale]),
        ("risk_label", TEXT),
        ("status", TEXT),
        ("known_weight", REAL),
        ("model_version", TEXT),
        ("error_field", TEXT),
        ("error", TEXT),
    ])  # fmt: skip


def results(
    schema: pyarrow.Schema,
    rows: CheckedRows,
    found: Assessments,
    prediction_ids: Sequence[str],
    version: str,
) -> pyarrow.RecordBatch:
    """The result of a chunk.

    Args:
        schema: its columns.
        rows: as they were read, n of them.
        found: what the version says of those kept.
        prediction_ids: of those kept.
        version: the version's name.
    """
    size = len(rows.numbers)
    # Of each row the place of its score, or the place of nothing behind all scores.
    places = np.full(size, len(rows.kept))
    places[rows.kept] = np.arange(len(rows.kept))
    scored: dict[str, Sequence[Any]] = {
        "prediction_id": prediction_ids,
        "risk_score": found.scores,
        "predicted": found.scores,
        "interval_low": [span and span[0] for span in found.intervals],
        "interval_high": [span and span[1] for span in found.intervals],
        "risk_label": found.labels,
        "status": found.statuses,
        "known_weight": found.known_weights,
        "model_version": [version] * len(rows.kept),
    }
    wrong = [rows.refused.get(row) for row in range(size)] if rows.refused else [None] * size
    whole: dict[str, Any] = {
        "row": rows.numbers,
        "student_id": rows.students,
        "period": rows.periods,
        "error_field": [error and error.field for error in wrong],
        "error": [error and error.reason for error in wrong],
    }
    for name in schema.names:
        if name in scored:
            values = pyarrow.array([*scored[name], None], schema.field(name).type)
            whole[name] = values.take(pyarrow.array(places)) if rows.refused else values[:-1]
    arrays = [_array(whole[field.name], field.type) for field in schema]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=schema)


def stopped_at(schema: pyarrow.Schema, row: int, error: InvalidRecord) -> pyarrow.RecordBatch:
    """The result's last line where the rows from `row` on are not answered."""
    line: dict[str, Any] = {"row": row, "error_field": error.field, "error": error.reason}
    return pyarrow.RecordBatch.from_pylist([line], schema=schema)


def _array(values: Any, kind: pyarrow.DataType) -> pyarrow.Array:
    return values if isinstance(values, pyarrow.Array) else pyarrow.array(values, kind)


class ResultWriter(Protocol):
    """Writes a result piece by piece."""

    @abstractmethod
    def write(self, batch: pyarrow.RecordBatch) -> bytes:
        """The bytes of some more rows; those of the header come with the first."""

    @abstractmethod
    def end(self) -> bytes:
        """The bytes after the last row."""


def writer_of(form: FileForm, schema: pyarrow.Schema) -> ResultWriter:
    """What writes a result in that form."""
    return _WRITERS[form](schema)


class _Arrow:
    """One of Arrow's own writers; both are called alike.

    Args:
        kind: opens it on a sink, for a schema.
        schema: of the rows.
    """

    def __init__(self, kind: Callable[[Any, pyarrow.Schema], Any], schema: pyarrow.Schema) -> None:
        self._sink = _Sink()
        self._writer = kind(self._sink, schema)

    def write(self, batch: pyarrow.RecordBatch) -> bytes:
        self._writer.write_batch(batch)
        return self._sink.taken()

    def end(self) -> bytes:
        self._writer.close()
        return self._sink.taken()


class _Ndjson:
    def __init__(self, schema: pyarrow.Schema) -> None:
        self._names = schema.names

    def write(self, batch: pyarrow.RecordBatch) -> bytes:
        columns = [column.to_pylist() for column in batch.columns]
        lines = [
            orjson.dumps(dict(zip(self._names, row, strict=True)), option=orjson.OPT_APPEND_NEWLINE)
            for row in zip(*columns, strict=True)
        ]
        return b"".join(lines)

    def end(self) -> bytes:
        return b""


class _Sink(io.RawIOBase):
    """A file that keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._size += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._size

    def taken(self) -> bytes:
        """What was written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


_WRITERS: Mapping[FileForm, Callable[[pyarrow.Schema], ResultWriter]] = {
    FileForm.CSV: partial(_Arrow, pyarrow.csv.CSVWriter),
    FileForm.NDJSON: _Ndjson,
    FileForm.PARQUET: partial(_Arrow, pyarrow.parquet.ParquetWriter),
}
