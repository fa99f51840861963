"""CSV for people: it opens right in a spreadsheet, and no cell of it is run as a formula.

A student's id or a school's name that begins with `=`, `+`, `-` or `@`, also behind spaces, would
be a formula where the file is opened (OWASP, "CSV Injection"). Such a text is
written with an apostrophe before it, which spreadsheets hide; a file that comes back loses it
again, so that every text returns as it was.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Literal

FORMULA = re.compile(r"'*[ \u00a0]*[=+\-@\t\r\n]")
"""What a text may not begin with; the apostrophes of those that began with one are counted in."""

BYTE_ORDER_MARK = "\ufeff"
"""By which a spreadsheet knows UTF-8."""

Plain = str | int | float | bool | None
"""What a cell is written from; numbers are ours and no formula."""


CsvLanguage = Literal["pt", "en"]
"""Whose spreadsheet opens the file: it says the delimiter and the decimal sign."""


def guarded(text: str) -> str:
    """A text as no spreadsheet runs it.

    >>> guarded("=1+1"), guarded("'=1"), guarded("RA-1"), guarded("-5")
    ("'=1+1", "''=1", 'RA-1', "'-5")
    """
    return f"'{text}" if FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given.

    >>> [unguarded(guarded(text)) for text in ("=1+1", "'=1", "RA-1", "'", "-5")]
    ['=1+1', "'=1", 'RA-1', "'", '-5']
    """
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


class CsvLines:
    """Writes rows as text, the first with what a spreadsheet needs to know.

    Args:
        names: the header.
        language: of who opens it.
    """

    def __init__(self, names: Sequence[str], language: CsvLanguage) -> None:
        self._comma = language == "pt"
        self._text = io.StringIO()
        self._csv = csv.writer(self._text, delimiter=";" if self._comma else ",")
        self._text.write(BYTE_ORDER_MARK)
        self._csv.writerow([guarded(name) for name in names])

    def take(self, rows: Iterable[Sequence[Plain]] = ()) -> bytes:
        """The bytes of some more rows; those of the header come with the first."""
        self._csv.writerows([self._cell(cell) for cell in row] for row in rows)
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode()

    def _cell(self, cell: Plain) -> str:
        if cell is None:
            return ""
        if isinstance(cell, str):
            return guarded(cell)
        number = str(cell).removesuffix(".0")
        return number.replace(".", ",") if self._comma else number
