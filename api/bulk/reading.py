"""A spooled file as chunks of checked rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any, BinaryIO

import numpy as np
import orjson
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from api.bulk.formats import FileForm
from api.bulk.plain_csv import PlainCsv
from api.payload import NO_UNITS, RecordReader
from api.records.asked import Asked
from model.errors import InvalidRecord, NotThisTask
from model.student import Units
from preprocessing.columnar.cells import is_text
from preprocessing.columnar.columns import columns_of
from preprocessing.columnar.tables import CheckedRows, TableReader
from preprocessing.files.grids import TextLines
from preprocessing.files.headers import aliases
from preprocessing.files.limits import LONGEST_ROW
from preprocessing.files.rows import OPEN_QUOTE_LINES
from preprocessing.student_ids import read_student_id
from preprocessing.task.columns import Column
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold

CHUNK = 4_096
"""Rows that are read, scored, kept and answered together."""

BUFFER = 1 << 20
"""Bytes of a Parquet column that are read at a time."""

LARGEST_TEXTS = 64 << 20
"""Bytes of one column's texts in a chunk; a few bytes of a Parquet file can ask for any number."""

NAME = "body"
"""What the file is called in messages."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file whose beginning has been read.

    Attributes:
        chunks: its rows in order; reading on raises NotThisTask where the file is damaged.
        ignored: columns that the task does not use.
    """

    chunks: Iterator[CheckedRows]
    ignored: tuple[str, ...] = ()


def opened_file(
    file: BinaryIO, form: FileForm, task: TaskSpec, period: str, units: Units
) -> OpenedFile:
    """Opens a file of records.

    Args:
        file: from its beginning.
        form: what it is.
        task: what its columns mean.
        period: of rows that give none.
        units: of rows that name none, where the sender's key is for one unit.

    Raises:
        NotThisTask: no such file, or no column of it is a feature of the task.
    """
    return _OPENERS[form](file, task, period, units)


def _csv(file: BinaryIO, task: TaskSpec, period: str, _units: Units) -> OpenedFile:
    lines = TextLines(NAME, file)
    rows = _csv_rows(lines)
    header, _ = next(rows, ([], 0))
    if not header:
        raise NotThisTask(f"{NAME}: its first line names no columns")
    reader = TableReader(task, header, period)
    plain = PlainCsv(lines, len(header))
    return OpenedFile(_csv_chunks(plain, rows, len(header), reader), reader.ignored)


def _csv_rows(lines: TextLines) -> Iterator[tuple[list[str], int]]:
    """The rows, and how many lines each of them takes."""
    reader = csv.reader(lines, delimiter=lines.delimiter)
    before = 0
    try:
        for row in reader:
            yield row, reader.line_num - before
            before = reader.line_num
            lines.next_row()
    except csv.Error as error:
        raise NotThisTask(
            f"{NAME}: line {reader.line_num} is no line of a CSV ({error}); is a quote left open?"
        ) from error


def _csv_chunks(
    plain: PlainCsv, rows: Iterator[tuple[list[str], int]], width: int, reader: TableReader
) -> Iterator[CheckedRows]:
    done = 0
    while True:
        columns = plain.read(CHUNK)
        if columns is not None:
            numbers = np.arange(done + 1, done + len(columns[0]) + 1, dtype=np.int64)
            done += len(numbers)
            yield reader.read(columns, numbers, {})
            continue
        chunk = list(islice(rows, CHUNK))
        if not chunk:
            return
        counted = [(n, row, lines) for n, (row, lines) in enumerate(chunk, done + 1) if row]
        done += len(chunk)
        if counted:
            yield _chunk_of_rows(counted, width, reader)


def _chunk_of_rows(
    counted: Sequence[tuple[int, list[str], int]], width: int, reader: TableReader
) -> CheckedRows:
    """The chunk of rows that come with their number and how many lines each of them takes."""
    numbers, cells, lines = zip(*counted, strict=True)
    refused = {
        at: error
        for at, (row, taken) in enumerate(zip(cells, lines, strict=True))
        if (len(row) > width or taken > OPEN_QUOTE_LINES)
        if (error := _misshapen(row, width, taken)) is not None
    }
    # A row may be shorter than the header.
    columns = list(zip_longest(*cells, fillvalue=""))[:width]
    columns += [("",) * len(cells)] * (width - len(columns))
    arrays = [
        pyarrow.array([cell or None for cell in column], pyarrow.string()) for column in columns
    ]
    return reader.read(arrays, np.array(numbers, dtype=np.int64), refused)


def _misshapen(row: Sequence[str], width: int, lines: int) -> InvalidRecord | None:
    """Why a row is none of the table; None where it is one."""
    if any(cell.strip() for cell in row[width:]):
        return InvalidRecord("row", f"{len(row)} cells under {width} headers")
    if lines > OPEN_QUOTE_LINES:
        return InvalidRecord("row", "a cell runs over many lines; is a quote left open?")
    return None


def _parquet(file: BinaryIO, task: TaskSpec, period: str, _units: Units) -> OpenedFile:
    try:
        schema = pyarrow.parquet.read_schema(file)
        # Texts stay in their dictionary until it is known how much they are. Without the buffers a
        # whole row group, which may be the whole file, would be in memory.
        texts = [field.name for field in schema if is_text(field.type)]
        opened = pyarrow.parquet.ParquetFile(
            file, read_dictionary=texts, buffer_size=BUFFER, pre_buffer=False
        )
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise NotThisTask(f"{NAME}: is no readable Parquet file") from error
    flat = [name for name, kind in zip(schema.names, schema.types, strict=True) if _is_flat(kind)]
    if len(set(schema.names)) < len(schema.names):
        raise NotThisTask(f"{NAME}: two columns have one name")
    reader = TableReader(task, flat, period)
    used = [name for name in flat if name not in reader.ignored]
    ignored = tuple(name for name in schema.names if name not in used)
    return OpenedFile(_parquet_chunks(opened, used, TableReader(task, used, period)), ignored)


def _parquet_chunks(
    file: pyarrow.parquet.ParquetFile, used: list[str], reader: TableReader
) -> Iterator[CheckedRows]:
    done = 0
    try:
        for batch in file.iter_batches(CHUNK, columns=used):
            cells = [_decoded(batch.column(name)) for name in used]
            numbers = np.arange(done + 1, done + len(batch) + 1, dtype=np.int64)
            done += len(batch)
            yield reader.read(cells, numbers, {})
    except (pyarrow.ArrowException, OSError) as error:
        raise NotThisTask(f"{NAME}: is damaged after row {done}") from error


def _decoded(cells: pyarrow.Array) -> pyarrow.Array:
    if not isinstance(cells, pyarrow.DictionaryArray):
        return cells
    if is_text(cells.type.value_type):
        lengths = pyarrow.compute.binary_length(cells.dictionary)
        size = pyarrow.compute.sum(lengths.take(cells.indices)).as_py() or 0
        if size > LARGEST_TEXTS:
            raise NotThisTask(f"{NAME}: {CHUNK:,} rows hold more than {LARGEST_TEXTS >> 20} MB")
    return cells.dictionary_decode()


def _is_flat(kind: pyarrow.DataType) -> bool:
    return not pyarrow.types.is_nested(kind)


def _ndjson(file: BinaryIO, task: TaskSpec, period: str, units: Units) -> OpenedFile:
    return OpenedFile(_ndjson_chunks(file, task, period, units))


def _ndjson_chunks(
    file: BinaryIO, task: TaskSpec, period: str, units: Units
) -> Iterator[CheckedRows]:
    reader, names = RecordReader(task), _names(task, period)
    counted = enumerate(_json_lines(file), start=1)
    filled = ((number, line) for number, line in counted if line.strip())
    while chunk := list(islice(filled, CHUNK)):
        asked: dict[int, Asked] = {}
        students: list[str | None] = [None] * len(chunk)
        refused: dict[int, InvalidRecord] = {}
        for at, (_, line) in enumerate(chunk):
            try:
                record = _record(line, names)
                student = _student(record)
                asked[at] = reader.one(record, period, units)
                students[at] = student
            except InvalidRecord as error:
                refused[at] = error
        rows = [asked.get(at) for at in range(len(chunk))]
        yield CheckedRows(
            numbers=np.array([number for number, _ in chunk], dtype=np.int64),
            students=students,
            periods=[one.period if one else None for one in rows],
            kept=np.array(list(asked), dtype=np.intp),
            columns=columns_of([one.features for one in asked.values()], task.features),
            refused=refused,
            units=[one.units if one else NO_UNITS for one in rows],
            keys=students,
        )


def _json_lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST_ROW + 1):
        if len(line) > LONGEST_ROW:
            raise NotThisTask(f"{NAME}: a line is longer than {LONGEST_ROW:,} bytes")
        yield line


def _record(line: bytes, names: Mapping[str, str]) -> Any:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidRecord("record", "is not JSON") from error
    if not isinstance(record, dict):
        return record
    return {names.get(name) or names.get(fold(name), name): v for name, v in record.items()}


def _student(record: Any) -> str | None:
    """Takes the id out of a record; `Admission` makes the key of it, as of the other forms' rows.

    Raises:
        InvalidRecord: it is none.
    """
    sent = record.pop("student_id", None) if isinstance(record, dict) else None
    return None if sent is None else read_student_id(sent)


def _names(task: TaskSpec, period: str) -> Mapping[str, str]:
    """Folded name in a file to canonical name."""

    def of(column: Column | None, name: str) -> dict[str, str]:
        return {} if column is None else dict.fromkeys(aliases(column, period), name)

    names = of(task.id, "student_id") | of(task.period, "period")
    for column in task.unit:
        names |= of(column, column.name)
    for column in task.features:
        # A year of entry is not what /predict takes; only a table's header says which of the two.
        names |= of(column, column.name) if column.reader != "years_since" else {}
    return names


_OPENERS = {FileForm.CSV: _csv, FileForm.PARQUET: _parquet, FileForm.NDJSON: _ndjson}
