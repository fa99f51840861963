"""Workbooks as grids: XLSX and ODS measured before they are read, XLS after."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from lzma import LZMAError
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from model.errors import NotThisTask
from preprocessing.files.cells import Cell
from preprocessing.files.limits import LARGEST_DIRECTORY, Room, too_large

OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
LEAP_DAY = date(1900, 3, 1)
"""From here on the calendars of Excel, which knows a 29 February 1900, and LibreOffice agree."""
ARCHIVE_ERRORS = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError,
    zlib.error, LZMAError,
)  # fmt: skip


def read_workbook(
    name: str, data: bytes, largest: int
) -> Iterator[tuple[str, Sequence[Sequence[Cell]]]]:
    """The sheets of a workbook with their names.

    Args:
        name: of the file, for messages.
        data: its bytes.
        largest: bytes once unpacked.

    Raises:
        NotThisTask: damaged, or more than the limits allow.
    """
    room, open_document = Room(name), False
    if data.startswith(b"PK"):
        parts = _unpacked(name, data, largest)
        open_document = parts.get("mimetype", b"").startswith(OPEN_DOCUMENT)
        for part in parts.values():
            _measure(name, part, room)
        data = _packed(parts)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        room = Room(name)
        room.sheets(book.sheet_names)
        for title in book.sheet_names:
            sheet = book.get_sheet_by_name(title)
            # Once more: several sheets may be one part of the archive.
            room.sheet(sheet.total_height, sheet.total_height * sheet.total_width)
            rows = sheet.to_python(skip_empty_area=True)
            yield title, _in_excels_calendar(rows) if open_document else rows
    except (CalamineError, OSError, ValueError) as error:
        raise NotThisTask(f"{name}: is no readable workbook: {error}") from error


def _unpacked(name: str, data: bytes, largest: int) -> dict[str, bytes]:
    """The XML parts of the archive. Pictures and macros stay packed; nobody reads them."""
    if has_too_many_parts(data):
        raise NotThisTask(f"{name}: is no readable workbook: it has too many parts")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            wanted = [i for i in archive.infolist() if _is_read(i.filename)]
            if sum(part.file_size for part in wanted) > largest:
                raise too_large(name, largest, " once unpacked")
            # Never more than the size that the directory tells, whatever is packed there.
            return {part.filename: archive.read(part) for part in wanted}
    except ARCHIVE_ERRORS as error:
        raise NotThisTask(f"{name}: is no readable workbook: {error}") from error


def has_too_many_parts(tail: bytes) -> bool:
    """Whether the directory of an archive is too large to be held; its last bytes tell.

    What has no directory is no archive, which whoever opens it says.
    """
    end = tail.rfind(b"PK\x05\x06")
    size = int.from_bytes(tail[end + 12 : end + 16], "little")
    return end >= 0 and size > LARGEST_DIRECTORY


def _is_read(name: str) -> bool:
    return name == "mimetype" or name.lower().endswith((".xml", ".rels"))


def _packed(parts: Mapping[str, bytes]) -> bytes:
    """An archive of just what was measured, so that nothing else can be read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def _measure(name: str, part: bytes, room: Room) -> None:
    """Takes room for the sheets of a part, up to their last row and column.

    Raises:
        NotThisTask: not well-formed, or more than there is room for.
    """
    if b"sheetData" in part:
        reader: _Sheet | _Table = _Sheet(room)
    elif b"table-row" in part:
        reader = _Table(room)
    else:
        return
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(part, True)
    except (expat.ExpatError, ValueError) as error:
        raise NotThisTask(f"{name}: is no readable workbook: {error}") from error


class _Sheet:
    """The extent of an XLSX sheet. A cell without a reference stands behind the one before."""

    def __init__(self, room: Room) -> None:
        self._room, self._row, self._column = room, 0, 0
        self._rows, self._columns, self._taken = 0, 0, 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "row":
            self._row = int(attributes.get("r") or self._row + 1)
            self._column = 0
        elif tag == "c":
            reference = attributes.get("r")
            if reference:
                letters = reference.rstrip("0123456789")
                self._row = int(reference[len(letters) :])
                self._column = _column(letters)
            else:
                self._column += 1
            if self._row > self._rows or self._column > self._columns:
                self._grow()

    def end(self, tag: str) -> None:
        """Nothing ends that matters."""

    def _grow(self) -> None:
        self._rows = max(self._rows, self._row)
        self._columns = max(self._columns, self._column)
        cells = self._rows * self._columns
        self._room.sheet(self._rows, cells - self._taken)
        self._taken = cells


def _column(letters: str) -> int:
    """The number of a column, 1 for A.

    >>> [_column(letters) for letters in ("A", "z", "AA", "XFD")]
    [1, 26, 27, 16384]

    Raises:
        ValueError: no letters.
    """
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z" or number > 1 << 32:
            raise ValueError(f"{letters[:20]!r} is no column")
        number = number * 26 + ord(letter) - 64
    if not number:
        raise ValueError("a cell without a column")
    return number


class _Table:
    """The extent of each table of an ODS document, which repeats rows and cells by number.

    Empty rows and cells at the end take no room; LibreOffice fills every sheet with them.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._rows = self._columns = self._taken = 0
        self._repeated = self._skipped = 1
        self._at = self._filled = self._cells = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        match tag:
            case "table:table":
                self._rows = self._columns = self._taken = self._skipped = 0
            case "table:table-row":
                self._repeated = int(attributes.get("table:number-rows-repeated", 1))
                self._at = self._filled = 0
            case "table:table-cell" | "table:covered-table-cell":
                self._cells = int(attributes.get("table:number-columns-repeated", 1))
                self._at += self._cells
                if any(key.startswith(("office:", "table:formula")) for key in attributes):
                    self._filled = self._at
            case "text:p":
                self._filled = self._at

    def end(self, tag: str) -> None:
        if tag != "table:table-row":
            return
        if not self._filled:
            self._skipped += self._repeated
            return
        self._rows += self._skipped + self._repeated
        self._skipped = 0
        self._columns = max(self._columns, self._filled)
        cells = self._rows * self._columns
        self._room.sheet(self._rows, cells - self._taken)
        self._taken = cells


def _in_excels_calendar(rows: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """LibreOffice's dates as Excel would have written the same numbers.

    The number 7 shown as a date is 6 January 1900 in the one and 7 January in the other; what reads
    an age from a date cell knows Excel's.
    """
    return [[_shifted(cell) for cell in row] for row in rows]


def _shifted(cell: Cell) -> Cell:
    if not isinstance(cell, date):
        return cell
    day = cell.date() if isinstance(cell, datetime) else cell
    return cell + timedelta(days=1) if day < LEAP_DAY and day.year >= 1899 else cell
