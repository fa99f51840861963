"""Files as grids of cells. What the cells mean is no business of this module."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow
import pyarrow.parquet
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from model.errors import NotThisTask
from preprocessing.cleaning import Cell

DELIMITERS = (",", ";", "\t", "|")
PREVIEW = 20
"""Lines from which the delimiter is told."""
LARGEST = 1 << 30
"""Bytes beyond which a file is a mistake or an attack."""
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


def read_grids(path: Path, *, largest: int = LARGEST) -> tuple[Grid, ...]:
    """The sheets of a file, told by its content and not by its ending.

    Args:
        path: a CSV, a workbook (XLSX, XLS, ODS) or a Parquet file.
        largest: bytes of the file, and of a workbook once unpacked, beyond which it is refused.

    Raises:
        NotThisTask: no file of these, empty, damaged, or too large.
    """
    data = _bytes_of(path, largest)
    if data.startswith(b"PAR1"):
        return (_parquet(path, data),)
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return tuple(_workbook(path, data, largest))
    return (Grid(path.name, "", path.stem, _csv(path.name, data)),)


def _bytes_of(path: Path, largest: int) -> bytes:
    try:
        if path.stat().st_size > largest:
            raise NotThisTask(f"{path.name}: larger than {largest >> 20} MB")
        data = path.read_bytes()
    except OSError as error:
        raise NotThisTask(f"{path.name}: cannot be read: {error.strerror}") from error
    if not data.strip():
        raise NotThisTask(f"{path.name}: is empty")
    return data


def _csv(name: str, data: bytes) -> list[list[Cell]]:
    text = _decode(name, data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    rows: list[list[Cell]] = []
    try:
        rows.extend(list(row) for row in reader)
    except csv.Error as error:
        raise NotThisTask(
            f"{name}: line {reader.line_num} is no line of a CSV ({error}); is a quote left open?"
        ) from error
    return rows


def _decode(name: str, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in data[:4096]:
        raise NotThisTask(f"{name}: is neither CSV, workbook nor Parquet")
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        pass  # Not Unicode: what remains is the Windows code page of western Europe and Brazil.
    if len(data[:4096].translate(None, TEXT_BYTES)) > len(data[:4096]) * 0.3:
        raise NotThisTask(f"{name}: is neither CSV, workbook nor Parquet")
    return data.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    """The delimiter that cuts the most of the first lines alike, then the one that cuts finest.

    Alike comes first: in a semicolon file with decimal commas every line but the header falls into
    more cells at the commas.
    """
    return max(DELIMITERS, key=lambda delimiter: _evenness(text, delimiter))


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    lines = csv.reader(io.StringIO(text[: 1 << 20], newline=""), delimiter=delimiter)
    widths: Counter[int] = Counter()
    try:
        for row, _ in zip(lines, range(PREVIEW), strict=False):
            widths[len(row)] += 1
    except csv.Error:
        return 0.0, 0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return (count / widths.total(), width) if width > 1 else (0.0, 0)


def _workbook(path: Path, data: bytes, largest: int) -> Iterator[Grid]:
    _refuse_bombs(path.name, data, largest)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            yield Grid(f"{path.name}:{name}", name, path.stem, _cells(sheet))
    except (CalamineError, OSError, ValueError) as error:
        raise NotThisTask(f"{path.name}: is no readable workbook: {error}") from error


def _cells(sheet: CalamineSheet) -> Sequence[Sequence[Cell]]:
    return sheet.to_python(skip_empty_area=True)


def _refuse_bombs(name: str, data: bytes, largest: int) -> None:
    if not data.startswith(b"PK"):
        return
    try:
        unpacked = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(data)).infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise NotThisTask(f"{name}: is no readable workbook: {error}") from error
    if unpacked > largest:
        raise NotThisTask(f"{name}: larger than {largest >> 20} MB once unpacked")


def _parquet(path: Path, data: bytes) -> Grid:
    try:
        # Not read_table, which refuses two columns of one name.
        table = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(data)).read()
        columns = [[_plain(v) for v in column.to_pylist()] for column in table.columns]
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise NotThisTask(f"{path.name}: is no readable Parquet file") from error
    header: list[Cell] = list(table.column_names)
    return Grid(
        path.name, "", path.stem, [header, *(list(row) for row in zip(*columns, strict=True))]
    )


def _plain(value: object) -> Cell:
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, str | int | float | date | time | timedelta):
        return value
    return str(value)
