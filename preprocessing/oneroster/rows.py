"""One file of a bundle, row by row: each used, or left out with file, line, column and reason."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from model.batch import RowReject
from preprocessing.files.limits import Room
from preprocessing.oneroster.declared import RosterColumn, RosterFile

Fields = Mapping[str, str]
"""Column to value, of the columns that are wanted; one that is empty is not there."""

Table = Mapping[str, Fields]
"""A file's rows by their `sourcedId`."""

LINE = "#"
"""Under which a row's fields hold its line."""

DELETED = "tobedeleted"
LONGEST_TOLD = 200


@dataclass(slots=True)
class RosterAccount:
    """What is wrong with a bundle, as far as it was read.

    Attributes:
        problems: files that are missing or malformed; with any of them nothing is kept.
        rejects: rows that were left out.
        ignored: file and column to the number of references to rows that are not there.
    """

    problems: list[str] = field(default_factory=list)
    rejects: list[RowReject] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)

    def reject(self, file: str, line: int, column: str, reason: str) -> None:
        """Keeps that a row is left out; the reason repeats no value."""
        self.rejects.append(
            RowReject(max(1, line - 1), f"{file}.csv {column}", f"line {line}: {reason}")
        )


def read_rows(
    declared: RosterFile,
    data: bytes,
    *,
    wanted: Collection[str],
    known: Mapping[str, Table],
    account: RosterAccount,
    room: Room,
) -> Table:
    """The rows of a file that can be used.

    Args:
        declared: its columns.
        data: the file.
        wanted: the columns to keep; all that are declared are checked.
        known: the files read before it, which it may refer to.
        account: told what is wrong.
        room: what may be held of the bundle.

    Raises:
        NotThisTask: more than there is room for.
    """
    lines = RosterLines(declared, data, account)
    if lines.header is None:
        return {}
    present = [c for c in declared.columns if c.name in lines.header]
    places = [(column, lines.header.index(column.name)) for column in present]
    rows: dict[str, Fields] = {}
    first: dict[str, int] = {}
    for line, row in lines:
        room.sheet(0, len(wanted) + 1)
        wrong = _wrong(row, len(lines.header), places, known, account.ignored, declared.name)
        if wrong is not None:
            account.reject(declared.name, line, *wrong)
            continue
        cells = {column.name: row[at] for column, at in places if row[at]}
        key = cells["sourcedId"]
        if key in first:
            account.reject(declared.name, line, "sourcedId", f"is the same as in line {first[key]}")
            continue
        first[key] = line
        if cells.get("status") != DELETED:
            rows[key] = {name: cells[name] for name in wanted if name in cells} | {LINE: str(line)}
    _count_dangling(declared, rows, account.ignored)
    return rows


def check_header(declared: RosterFile, data: bytes, account: RosterAccount) -> None:
    """Says what is wrong with the header of a file whose rows nobody needs."""
    RosterLines(declared, data, account)


class RosterLines:
    """The rows of a file with their lines.

    Args:
        declared: its columns.
        data: the file.
        account: told where it is malformed; then there are no rows.

    Attributes:
        header: None where the file cannot be used.
    """

    def __init__(self, declared: RosterFile, data: bytes, account: RosterAccount) -> None:
        self._file, self._account = f"{declared.name}.csv", account
        self.header: list[str] | None = None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self._malformed(f"line {line} is not UTF-8, as OneRoster asks for")
            return
        if "\0" in text:
            self._malformed("is no text: it holds a NUL")
            return
        self._csv = csv.reader(io.StringIO(text, newline=""), strict=True)
        self.header = self._header(declared.required)

    def __iter__(self) -> Iterator[tuple[int, Sequence[str]]]:
        before = self._csv.line_num
        while True:
            try:
                row = next(self._csv)
            except StopIteration:
                return
            except csv.Error as error:
                self._malformed(f"line {self._csv.line_num} is no line of a CSV ({error})")
                return
            if any(row):
                yield before + 1, row
            before = self._csv.line_num

    def _header(self, required: Sequence[str]) -> list[str] | None:
        try:
            header = next(self._csv, [])
        except csv.Error as error:
            self._malformed(f"line 1 is no line of a CSV ({error})")
            return None
        twice = sorted(name for name, n in Counter(header).items() if n > 1)
        missing = [name for name in required if name not in header]
        if not any(header):
            self._malformed("is empty; its first line must name the columns")
        elif missing:
            self._malformed(f"line 1 lacks the columns {', '.join(missing)}")
        elif twice:
            self._malformed(f"line 1 names a column twice: {', '.join(twice):.{LONGEST_TOLD}}")
        else:
            return header
        return None

    def _malformed(self, why: str) -> None:
        self._account.problems.append(f"{self._file}: {why}")


def _wrong(
    row: Sequence[str],
    width: int,
    places: Sequence[tuple[RosterColumn, int]],
    known: Mapping[str, Table],
    ignored: Counter[str],
    file: str,
) -> tuple[str, str] | None:
    """The column and reason for which a row cannot be used."""
    if len(row) != width:
        return "row", f"{len(row)} cells under {width} headers"
    for column, at in places:
        value = row[at]
        if not value:
            if column.required:
                return column.name, "is missing"
            continue
        if (reason := column.check(value)) is not None:
            return column.name, reason
        table = known.get(column.refers_to)
        if table is None:
            continue
        if not any(name in table for name in references(value, column)):
            if column.required:
                return column.name, f"names no row of {column.refers_to}.csv that can be used"
            ignored[f"{file} {column.name}"] += 1
    return None


def references(value: str, column: RosterColumn) -> list[str]:
    """The rows that a cell names."""
    return listed(value) if column.several else [value]


def listed(value: str) -> list[str]:
    """The values of a cell that holds several.

    >>> listed("T1, T2,")
    ['T1', 'T2']
    """
    return [one.strip() for one in value.split(",") if one.strip()]


def _count_dangling(
    declared: RosterFile, rows: Mapping[str, Fields], ignored: Counter[str]
) -> None:
    """Counts the references of a file to rows of its own that are not there."""
    for column in declared.columns:
        if column.refers_to == declared.name:
            lost = sum(column.name in row and row[column.name] not in rows for row in rows.values())
            if lost:
                ignored[f"{declared.name} {column.name}"] += lost
