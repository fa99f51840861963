"""Files as tables of which nothing is known yet: header, rows, and the period of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.errors import NotThisTask
from preprocessing.files.cells import Cell, is_empty, read_number
from preprocessing.files.grids import Grid, read_grids
from preprocessing.files.headers import HEADER_WITHIN, LONGEST_HEADER
from preprocessing.task.spelling import fold

YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)", re.ASCII)
ALIKE = 0.5
"""A table with this share of the largest table's columns is one of the same kind."""


@dataclass(frozen=True, slots=True)
class RawTable:
    """One sheet as a table.

    Attributes:
        source: the file's name, with the sheet's.
        period: the year in the sheet's or file's name, or the one given; empty: not told.
        header: the names, as they stand.
        rows: the rows below that are not empty.
    """

    source: str
    period: str
    header: tuple[str, ...]
    rows: tuple[Sequence[Cell], ...]

    def cells(self, at: int) -> list[Cell]:
        """The cells of a column."""
        return [row[at] if at < len(row) else None for row in self.rows]


def raw_tables(paths: Iterable[Path], period: str | None = None) -> list[RawTable]:
    """The tables of files, in the order given.

    Args:
        paths: CSV, workbooks or Parquet.
        period: of what names none.

    Raises:
        NotThisTask: a file cannot be read, or holds no table.
    """
    tables: list[RawTable] = []
    for path in paths:
        found = [raw_table(grid, period) for grid in read_grids(path)]
        made = [table for table in found if table is not None]
        if not made:
            raise NotThisTask(f"{path.name}: holds no table: no header with rows below it")
        tables += made
    return tables


def raw_table(grid: Grid, period: str | None = None) -> RawTable | None:
    """A grid as a table; None where it has no header of two columns with rows below."""
    top = header_position(grid.rows)
    if top is None:
        return None
    rows = tuple(row for row in grid.rows[top + 1 :] if not all(map(is_empty, row)))
    header = tuple(
        "" if is_empty(cell) else str(cell).strip()[:LONGEST_HEADER] for cell in grid.rows[top]
    )
    named = _year(grid.sheet) or period or _year(grid.file)
    return RawTable(grid.source, named or "", header, rows) if rows else None


def header_position(rows: Sequence[Sequence[Cell]]) -> int | None:
    """The first row with nearly as many names as any has, none of them a number.

    >>> header_position([["Notas de 2023"], ["RA", "Nota"], ["1", "7,5"]])
    1
    """
    first = rows[:HEADER_WITHIN]
    widths = [sum(not is_empty(cell) for cell in row) for row in first]
    if not widths or max(widths) < 2:
        return None
    for at, row in enumerate(first):
        filled = [cell for cell in row if not is_empty(cell)]
        named = [cell for cell in filled if isinstance(cell, str) and not _is_number(cell)]
        if len(filled) >= 0.8 * max(widths) and len(named) >= 0.8 * len(filled):
            return at
    return widths.index(max(widths))


def of_one_kind(tables: Sequence[RawTable]) -> tuple[list[RawTable], list[str]]:
    """The tables that look like the largest one, and what the others are called."""
    largest = max(tables, key=lambda table: len(table.rows) * len(table.header))
    wanted = _plain_headers(largest)
    kept, other = [], []
    for table in tables:
        shared = len(wanted & _plain_headers(table))
        if shared >= ALIKE * min(len(wanted), len(_plain_headers(table))):
            kept.append(table)
        else:
            other.append(table.source)
    return kept, other


def _plain_headers(table: RawTable) -> set[str]:
    """The headers without digits, which change from year to year."""
    return {re.sub(r"\d+", "", fold(header)).strip() for header in table.header if header}


def _year(name: str) -> str | None:
    found = set(YEAR.findall(name))
    return found.pop() if len(found) == 1 else None


def _is_number(cell: Cell) -> bool:
    try:
        return read_number(cell, "") is not None
    except ValueError:
        return False
