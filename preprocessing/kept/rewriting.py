"""A file without some of its rows; every other row keeps its number.

Of a text the lines of the row become one empty line, and every other byte stays. A workbook is
written anew as XLSX, values and not looks; a Parquet file with a row of nulls in the place of each.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

import pyarrow
import pyarrow.compute
import pyarrow.parquet
import xlsxwriter

from model.errors import NotThisTask
from preprocessing.files.cells import Cell
from preprocessing.files.grids import Grid, TextLines, encoding_of

LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
END = re.compile(rb"(?:\r\n|\r|\n)$")
LONGEST_SHEET_NAME = 31
NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
FORMATS: Mapping[type, str] = {
    datetime: "yyyy-mm-dd hh:mm:ss",
    date: "yyyy-mm-dd",
    time: "hh:mm:ss",
    timedelta: "[h]:mm:ss",
}


def without_rows(
    name: str, data: bytes, grids: Sequence[Grid], lost: Mapping[int, Collection[int]]
) -> bytes:
    """The file without some rows.

    Args:
        name: of the file, for messages.
        data: the file.
        grids: its sheets, as `preprocessing.files.grids.read_grids` reads them.
        lost: sheet, by its place among them, to the positions of the rows in it.

    Raises:
        NotThisTask: the file cannot be read.
    """
    if data.startswith(b"PAR1"):
        return _parquet(data, {position - 1 for position in lost.get(0, ())})
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _workbook(grids, lost)
    return text_without(name, data, lost.get(0, ()))


def text_without(name: str, data: bytes, lost: Collection[int]) -> bytes:
    r"""A CSV without some rows, counted from 0 with the header.

    >>> text_without("a.csv", b'a,b\r\n1,"x\r\ny"\r\n2,z\r\n', {1})
    b'a,b\r\n\r\n2,z\r\n'

    Raises:
        NotThisTask: no text.
    """
    encoding = encoding_of(name, io.BytesIO(data))
    if encoding == "utf-16":
        plain = data.decode(encoding).encode()
        return text_without(name, plain, lost).decode().encode(encoding)
    parts = []
    for number, lines in enumerate(records(name, data)):
        end = END.search(lines[-1])
        parts.append((end[0] if end else b"") if number in lost else b"".join(lines))
    return b"".join(parts)


def records(name: str, data: bytes, delimiter: str = "") -> Iterator[list[bytes]]:
    """The lines of each row of a CSV, blank ones too.

    Args:
        name: of the file, for messages.
        data: the file.
        delimiter: what stands between its cells; else the first lines tell.

    Raises:
        NotThisTask: no CSV.
    """
    text = TextLines(name, io.BytesIO(data))
    raw = LINE.findall(data)
    read: list[bytes] = []

    def lines() -> Iterator[str]:
        for line, its_bytes in zip(text, raw, strict=True):
            read.append(its_bytes)
            yield line

    rows = csv.reader(lines(), delimiter=delimiter or text.delimiter)
    while True:
        try:
            next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise NotThisTask(f"{name}: is no CSV ({error})") from error
        text.next_row()
        yield read.copy()
        read.clear()


def _workbook(grids: Sequence[Grid], lost: Mapping[int, Collection[int]]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": True,
        },
    )
    formats = {kind: book.add_format({"num_format": how}) for kind, how in FORMATS.items()}
    for place, (grid, title) in enumerate(zip(grids, _titles(grids), strict=True)):
        sheet = book.add_worksheet(title)
        gone = lost.get(place, ())
        for number, row in enumerate(grid.rows):
            for column, cell in enumerate(row if number not in gone else ()):
                _write(sheet, number, column, cell, formats)
    book.close()
    return buffer.getvalue()


def _titles(grids: Sequence[Grid]) -> list[str]:
    """The names of sheets as XLSX allows them; OpenDocument has longer ones and other signs."""
    titles: dict[str, str] = {}
    for grid in grids:
        plain = title = NOT_IN_TITLES.sub(" ", grid.sheet)[:LONGEST_SHEET_NAME].strip("' ")
        numbers = count(1)
        while not title or title.casefold() in titles:
            title = f"{plain[: LONGEST_SHEET_NAME - 5]} {next(numbers)}".strip()
        titles[title.casefold()] = title
    return [*titles.values()]


def _write(sheet: Any, row: int, column: int, cell: Cell, formats: Mapping[type, Any]) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, str):
        sheet.write_string(row, column, cell)
    elif isinstance(cell, int | float):
        sheet.write_number(row, column, cell)
    else:
        sheet.write_datetime(row, column, cell, formats[type(cell)])


def _parquet(data: bytes, lost: Collection[int]) -> bytes:
    table = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(data)).read()
    gone = pyarrow.array([number in lost for number in range(table.num_rows)])
    columns = []
    for column in table.columns:
        whole = column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column
        nulls = pyarrow.nulls(len(whole), whole.type)
        columns.append(pyarrow.compute.if_else(gone, nulls, whole))
    fields = [field.with_nullable(True) for field in table.schema]
    made = pyarrow.Table.from_arrays(columns, schema=pyarrow.schema(fields))
    out = io.BytesIO()
    pyarrow.parquet.write_table(made, out)
    return out.getvalue()
