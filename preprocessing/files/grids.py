"""Files as grids of cells. What the cells mean is no business of this module."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from model.errors import NotThisTask
from preprocessing.files.cells import Cell
from preprocessing.files.limits import LARGEST, LONGEST_ROW, Room, too_large
from preprocessing.files.workbooks import read_workbook

DELIMITERS = (",", ";", "\t", "|")
PREVIEW = 20
"""Lines from which the delimiter is told."""
PREVIEW_BYTES = 1 << 20
CHUNK = 1 << 20
PARQUET_ROWS = 1000
"""Rows of a Parquet file that are unpacked at a time."""
TEXT_BYTES = bytes(range(32, 127)) + b"\t\n\r\f"


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet as it stands, header rows included.

    Attributes:
        source: the file's name, with the sheet's for a workbook.
        sheet: the sheet's name, empty for a file that has none.
        file: the file's name without its ending.
        rows: the cells; rows may differ in length.
    """

    source: str
    sheet: str
    file: str
    rows: Sequence[Sequence[Cell]]


def read_grids(path: Path, *, name: str | None = None, largest: int = LARGEST) -> tuple[Grid, ...]:
    """The sheets of a file, told by its content and not by its ending.

    Args:
        path: a CSV, a workbook (XLSX, XLS, ODS) or a Parquet file.
        name: what the file is called, where the path does not say.
        largest: bytes of the file, and of a workbook once unpacked, beyond which it is refused.

    Raises:
        NotThisTask: no file of these, empty, damaged, or beyond `preprocessing.files.limits`.
    """
    called = Path(name or path.name)
    data = _bytes_of(path, called.name, largest)
    if data.startswith(b"PAR1"):
        return (_parquet(called, data),)
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        sheets = read_workbook(called.name, data, largest)
        return tuple(
            Grid(f"{called.name}:{title}", title, called.stem, rows) for title, rows in sheets
        )
    return (Grid(called.name, "", called.stem, _csv(called.name, data)),)


def _bytes_of(path: Path, name: str, largest: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise NotThisTask(f"{name}: cannot be read: {error.strerror}") from error
    if len(data) > largest:
        raise too_large(name, largest)
    if not data[:CHUNK].strip() and not data.strip():
        raise NotThisTask(f"{name}: is empty")
    return data


def _csv(name: str, data: bytes) -> list[list[Cell]]:
    room, lines = Room(name), TextLines(name, io.BytesIO(data))
    reader = csv.reader(lines, delimiter=lines.delimiter)
    rows: list[list[Cell]] = []
    try:
        for row in reader:
            rows.append(list(row))
            room.sheet(len(rows), len(row))
            lines.next_row()
    except csv.Error as error:
        raise NotThisTask(
            f"{name}: line {reader.line_num} is no line of a CSV ({error}); is a quote left open?"
        ) from error
    return rows


class TextLines:
    """The lines of a text, none of which makes a row too long to hold.

    Args:
        name: of the file, for messages.
        file: its bytes from the beginning; it is read to its end once before the first line.

    Attributes:
        delimiter: what stands between its cells.

    Raises:
        NotThisTask: no text.
    """

    def __init__(self, name: str, file: BinaryIO) -> None:
        self._name, self._left = name, LONGEST_ROW
        encoding = encoding_of(name, file)
        file.seek(0)
        start = file.read(PREVIEW_BYTES).decode(encoding, errors="replace")
        self.delimiter = _delimiter(start)
        file.seek(0)
        self._text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
        self._ahead: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else self._text.readline(self._left + 1)
        if not line:
            raise StopIteration
        self._left -= len(line)
        if self._left < 0:
            raise NotThisTask(
                f"{self._name}: a row runs over {LONGEST_ROW:,} characters; is a quote left open?"
            )
        return line

    def ahead(self, most: int) -> Sequence[str]:
        """The next lines, which are still to come: about as many as a row may be long, at most.

        Args:
            most: lines.
        """
        size = sum(map(len, self._ahead))
        while len(self._ahead) < most and size < LONGEST_ROW:
            line = self._text.readline(LONGEST_ROW + 1)
            if not line:
                break
            self._ahead.append(line)
            size += len(line)
        return self._ahead

    def taken(self) -> None:
        """The lines ahead have been read; the next ones are those after them."""
        self._ahead.clear()

    def next_row(self) -> None:
        """The row is complete; the next one has all its room."""
        self._left = LONGEST_ROW


def encoding_of(name: str, file: BinaryIO) -> str:
    """How a text file is encoded; it is read to its end once.

    Raises:
        NotThisTask: no text.
    """
    start = file.read(4096)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in start:
        at = start.index(b"\0") + 1
        raise NotThisTask(f"{name}: is neither CSV, workbook nor Parquet; byte {at} is a NUL")
    else:
        encoding = "utf-8-sig"
    if _decodes(file, encoding):
        return encoding
    # Not Unicode: what remains is the Windows code page of western Europe and Brazil.
    if len(start.translate(None, TEXT_BYTES)) > len(start) * 0.3:
        raise NotThisTask(f"{name}: is neither CSV, workbook nor Parquet")
    return "cp1252"


def _decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while data := file.read(CHUNK):
            decoder.decode(data)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: str) -> str:
    """The delimiter that cuts the most of the first lines alike, then the one that cuts finest.

    Alike comes first: in a semicolon file with decimal commas every line but the header falls into
    more cells at the commas.
    """
    return max(DELIMITERS, key=lambda delimiter: _evenness(text, delimiter))


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    widths: Counter[int] = Counter()
    try:
        for row, _ in zip(lines, range(PREVIEW), strict=False):
            widths[len(row)] += 1
    except csv.Error:
        return 0.0, 0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return (count / widths.total(), width) if width > 1 else (0.0, 0)


def _parquet(called: Path, data: bytes) -> Grid:
    try:
        rows = list(_parquet_rows(called.name, data))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise NotThisTask(f"{called.name}: is no readable Parquet file") from error
    return Grid(called.name, "", called.stem, rows)


def _parquet_rows(name: str, data: bytes) -> Iterator[list[Cell]]:
    """The header, then the rows a few at a time.

    Texts stay in their dictionary until it is known how much they are: a text that is repeated a
    million times is stored once.
    """
    room = Room(name)
    # Not read_table, which refuses two columns of one name.
    schema = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(data)).schema_arrow
    texts = [field.name for field in schema if _is_text(field.type)]
    file = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(data), read_dictionary=texts)
    room.sheet(file.metadata.num_rows, file.metadata.num_rows * len(schema))
    yield list(schema.names)
    # A column of lists has no cells; one row of it could hold a billion values.
    flat = [not pyarrow.types.is_nested(field.type) for field in schema]
    wanted = None if all(flat) else [f.name for f, kept in zip(schema, flat, strict=True) if kept]
    for batch in file.iter_batches(PARQUET_ROWS, columns=wanted):
        columns = iter(batch.columns)
        cells = [
            _cells(f"{name}: column {field.name!r:.80}", next(columns), room)
            if kept
            else [None] * len(batch)
            for field, kept in zip(schema, flat, strict=True)
        ]
        yield from (list(row) for row in zip(*cells, strict=True))


def _is_text(kind: pyarrow.DataType) -> bool:
    types = pyarrow.types
    return bool(
        types.is_string(kind) or types.is_large_string(kind)
        or types.is_binary(kind) or types.is_large_binary(kind)
    )  # fmt: skip


def _cells(where: str, column: pyarrow.Array, room: Room) -> Iterable[Cell]:
    """The cells of a column; Arrow holds dates and spans of time that Python has none for."""
    if isinstance(column, pyarrow.DictionaryArray) and _is_text(column.type.value_type):
        lengths = pyarrow.compute.binary_length(column.dictionary)
        total = pyarrow.compute.sum(lengths.take(column.indices)).as_py()
        room.texts(int(total or 0))
    try:
        return [plain_cell(value) for value in column.to_pylist()]
    except (ValueError, OverflowError) as error:
        raise NotThisTask(f"{where} holds what is no text, number or date: {error}") from error


def plain_cell(value: object) -> Cell:
    """What a Parquet file holds in one place, as a cell."""
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, str | int | float | date | time | timedelta):
        return value
    return str(value)
