"""How much one school file may hold; beyond it a file is refused, before it takes the memory.

A file of a few bytes can ask for gigabytes: a workbook with one far cell, an archive that unpacks
to a thousand times its size, a Parquet column of repeated texts. What is measured is what the
reader would have to make room for, and not the size of the file alone.
"""

from __future__ import annotations

from collections.abc import Sized

from model.errors import NotThisTask

LARGEST = 256 << 20
"""Bytes of a file, of a workbook once unpacked, and of the texts of a Parquet file."""
MOST_CELLS = 10_000_000
"""Cells of all sheets together, empty ones between others included."""
MOST_ROWS = 500_000
"""Rows of a sheet; no school system has as many students."""
MOST_SHEETS = 200
LARGEST_DIRECTORY = 1 << 20
"""Bytes of the list of parts at the end of a workbook's archive; 200 sheets take 20 kB."""
MOST_TOLD = 8 << 20
"""Characters of what is told of a file: each period tells its columns and its first rejects."""
REJECTS_TOLD = 100
"""Rejected rows of a table that an account tells with their reasons; all are counted."""
LONGEST_ROW = 1 << 20
"""Characters of a row of a text file, the lines of its quoted cells included."""


class Room:
    """What is left of the limits while a file is read.

    Args:
        name: of the file, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name, self._cells, self._texts = name, MOST_CELLS, LARGEST

    def sheet(self, rows: int, cells: int) -> None:
        """Takes room for a sheet, or for a part of its rows.

        Raises:
            NotThisTask: it is more than there is.
        """
        if rows > MOST_ROWS:
            raise NotThisTask(f"{self._name}: more than {MOST_ROWS:,} rows; {SPLIT}")
        self._cells -= cells
        if self._cells < 0:
            raise NotThisTask(f"{self._name}: more than {MOST_CELLS:,} cells; {SPLIT}")

    def texts(self, size: int) -> None:
        """Takes room for texts, in bytes.

        Raises:
            NotThisTask: it is more than there is.
        """
        self._texts -= size
        if self._texts < 0:
            raise too_large(self._name, LARGEST, " once unpacked")

    def sheets(self, names: Sized) -> None:
        """Accepts so many sheets.

        Raises:
            NotThisTask: there are too many.
        """
        if len(names) > MOST_SHEETS:
            raise NotThisTask(f"{self._name}: more than {MOST_SHEETS} sheets; {SPLIT}")


SPLIT = "split it, or delete what lies far from the table"


def too_large(name: str, largest: int, how: str = "") -> NotThisTask:
    """The refusal of a file by its bytes."""
    return NotThisTask(f"{name}: larger than {largest >> 20} MB{how}")
