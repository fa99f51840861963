"""How the text of a cell becomes a value: one small reader a kind of cell.

A reader gives None for an empty cell and raises ValueError, saying why, for one that holds
something it cannot read: the caller counts it, so that nothing is dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from math import isfinite

from model.student import Value
from preprocessing.task.columns import Column, Kind, ReaderName
from preprocessing.task.spelling import fold

Cell = str | int | float | bool | date | time | timedelta | None
"""What a CSV (always text), a spreadsheet or a Parquet file holds in one place."""

Reader = Callable[[Cell, str], Value | None]
"""Cell and period of its table to value."""

EMPTY = frozenset({"", "-", "--", "na", "n/a", "nan", "null", "none", "nat", "<na>"})
"""Folded texts by which people and programs say that there is nothing."""

EXCEL_ERROR = re.compile(r"#[a-z0-9/]+[!?]?", re.ASCII)
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?", re.ASCII)
GROUPED_BY_DOTS = re.compile(r"[+-]?\d{1,3}(\.\d{3}){2,}|[+-]?\d{1,3}(\.\d{3})+,\d*", re.ASCII)
GROUPED_BY_COMMAS = re.compile(r"[+-]?\d{1,3}(,\d{3}){2,}|[+-]?\d{1,3}(,\d{3})+\.\d*", re.ASCII)
PHASE = re.compile(r"(?:fase )?(\d{1,2})(?:[.,]0+)? ?[a-z]?(?: ?\(.*\))?", re.ASCII)
SLASHED_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/1900(?: .*)?", re.ASCII)
ISO_DATE = re.compile(r"1900-(\d{2})-(\d{2})(?:[t ].*)?", re.ASCII)
WRITTEN_DATE = re.compile(
    r"(?:\d{1,2}[/.-]\d{1,2}[/.-](?P<last>\d{4})|(?P<first>\d{4})[/.-]\d{1,2}[/.-]\d{1,2})"
    r"(?:[t ].*)?",
    re.ASCII,
)
LONGEST_CELL = 1000
"""Characters; no number, category or id is longer, and folding a megabyte is not free."""
EXCEL_DAY_ZERO = date(1899, 12, 31)
"""Day 1 of Excel's calendar is 1 January 1900: what a typed date cell of a workbook counts from."""
SHEETS_DAY_ZERO = date(1899, 12, 30)
"""Day 0 of Google Sheets and LibreOffice, which write a number as the text of a date."""


def is_empty(cell: Cell) -> bool:
    """Whether a cell holds nothing.

    >>> [is_empty(c) for c in (None, "  ", "N/A", float("nan"), 0, "#DIV/0!")]
    [True, True, True, True, False, False]
    """
    if isinstance(cell, str):
        return len(cell) < LONGEST_CELL and fold(cell) in EMPTY
    return cell is None or cell != cell


def read_number(cell: Cell, period: str) -> float | None:
    """A number, with a decimal comma or point, thousands, or a per cent sign.

    A single comma is a decimal comma and a single point a decimal point, whatever follows.

    >>> [read_number(c, "2022") for c in ("7,055", "753,000", "1.234,5", "252%", 8)]
    [7.055, 753.0, 1234.5, 2.52, 8.0]
    >>> read_number("INCLUIR", "2024")
    Traceback (most recent call last):
    ValueError: not a number

    Raises:
        ValueError: no number.
    """
    if isinstance(cell, str) and len(cell) < LONGEST_CELL and DECIMAL.fullmatch(cell):
        return _float(cell)  # As most are.
    if is_empty(cell):
        return None
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise ValueError(f"not a number but a {type(cell).__name__}")
    if not isinstance(cell, str):
        return _float(cell)
    text = _plain(cell).replace(" ", "").replace("−", "-").lstrip("'")
    percent = text.endswith("%")
    text = text.removesuffix("%")
    if GROUPED_BY_DOTS.fullmatch(text):
        text = text.replace(".", "")
    elif GROUPED_BY_COMMAS.fullmatch(text):
        text = text.replace(",", "")
    text = text.replace(",", ".", 1)
    if not DECIMAL.fullmatch(text):
        raise ValueError("not a number")
    # Through the text rather than a division: 252 % is 2.52, not 2.5200000000000005.
    return _float(f"{text}e-2" if percent and "e" not in text else text)


def read_phase(cell: Cell, period: str) -> float | None:
    """A phase or ideal phase: ALFA is 0, a letter after the number is the class.

    >>> [read_phase(c, "") for c in ("7", "FASE 7", "ALFA", "1A", "9", "Fase 8 (Universitários)")]
    [7.0, 7.0, 0.0, 1.0, 9.0, 8.0]

    Raises:
        ValueError: no phase.
    """
    if is_empty(cell):
        return None
    if not isinstance(cell, str):
        return read_number(cell, period)
    text = _plain(cell)
    if text.split()[0] == "alfa":
        return 0.0
    match = PHASE.fullmatch(text)
    if match is None:
        raise ValueError("not a phase")
    return float(match[1])


def read_age(cell: Cell, period: str) -> float | None:
    """An age in years, also where a spreadsheet turned it into a date.

    The text of a date counts from day 0 = 1899-12-30, a typed date from day 1 = 1900-01-01.

    >>> [read_age(c, "2023") for c in ("12", "1/7/1900", "1900-01-07 00:00:00", date(1900, 1, 7))]
    [12.0, 8.0, 8.0, 7.0]

    Raises:
        ValueError: no age.
    """
    if isinstance(cell, date):
        day = cell.date() if isinstance(cell, datetime) else cell
        return float((day - EXCEL_DAY_ZERO).days)
    if not isinstance(cell, str) or is_empty(cell):
        return read_number(cell, period)
    text = _plain(cell)
    if slashed := SLASHED_DATE.fullmatch(text):
        first, second = int(slashed[1]), int(slashed[2])
        # Month first unless that is no month: nobody here is old enough to be written 2/1/1900.
        return _day_of_1900(first, second)
    if iso := ISO_DATE.fullmatch(text):
        return _day_of_1900(int(iso[1]), int(iso[2]))
    return read_number(cell, period)


def read_year(cell: Cell, period: str) -> float | None:
    """A year, or the year of a date in any order of day, month and year.

    >>> [read_year(c, "2023") for c in ("2015", "6/17/2015", "28/07/2016", date(2015, 6, 17))]
    [2015.0, 2015.0, 2016.0, 2015.0]

    Raises:
        ValueError: no year.
    """
    if isinstance(cell, date):
        return float(cell.year)
    if isinstance(cell, str) and (dated := WRITTEN_DATE.fullmatch(_plain(cell))):
        return float(dated["last"] or dated["first"])
    year = read_number(cell, period)
    if year is not None and not (1900 <= year <= 2200 and year.is_integer()):
        raise ValueError("not a year")
    return year


def read_years_since(cell: Cell, period: str) -> float | None:
    """Years from the year in the cell to the period.

    >>> read_years_since("2019", "2022")
    3.0

    Raises:
        ValueError: no year, or the period is none.
    """
    year = read_year(cell, period)
    if year is None:
        return None
    if not period.isdecimal():
        raise ValueError("the period is no year")
    return float(int(period)) - year


def read_text(cell: Cell, period: str) -> str | None:
    """Text as it stands, without blanks around it; a whole number without its `.0`.

    >>> [read_text(c, "") for c in (" RA-1 ", 17.0, "#N/A", "")]
    ['RA-1', '17', None, None]
    """
    if is_empty(cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = str(cell).strip()
    return None if EXCEL_ERROR.fullmatch(text.lower()) else text


def read_category(cell: Cell, period: str) -> str | None:
    """A category's name, in the file's spelling.

    >>> read_category("Ágata", "2022")
    'Ágata'

    Raises:
        ValueError: an error of the spreadsheet stands there.
    """
    if is_empty(cell):
        return None
    text = read_text(cell, period)
    if text is None:
        raise ValueError("an error of the spreadsheet")
    return text


READERS: Mapping[ReaderName, Reader] = {
    "number": read_number,
    "phase": read_phase,
    "age": read_age,
    "year": read_year,
    "years_since": read_years_since,
    "text": read_text,
    "category": read_category,
}


def reader_of(column: Column) -> Reader:
    """The reader a column asks for, or the one of its kind."""
    return READERS[column.reader or ("number" if column.kind is Kind.NUMERIC else "category")]


def _float(number: float | str) -> float:
    try:
        value = float(number)
    except OverflowError as error:
        raise ValueError("not a number: too large") from error
    if not isfinite(value):
        raise ValueError("not a number: too large")
    return value


def _plain(text: str) -> str:
    if len(text) > LONGEST_CELL:
        raise ValueError(f"longer than {LONGEST_CELL} characters")
    return fold(text)


def _day_of_1900(first: int, second: int) -> float:
    month, day = (first, second) if first <= 12 else (second, first)
    return float((date(1900, month, day) - SHEETS_DAY_ZERO).days)
