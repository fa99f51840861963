"""What the cells of a column hold, counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from preprocessing.files.cells import (
    EXCEL_ERROR,
    LONGEST_CELL,
    WRITTEN_DATE,
    Cell,
    Reader,
    is_empty,
    read_age,
    read_number,
    read_phase,
    read_text,
    read_years_since,
)
from preprocessing.task.spelling import fold

MOST_TEXTS = 2_000
"""Different texts of which the spellings are kept."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that stands in a column.

    Attributes:
        spellings: those that differ in case, accents or blanks alone, the most common first.
        count: in how many cells.
    """

    spellings: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A column's cells.

    Attributes:
        rows: of the tables that have it.
        filled: cells that hold anything but an error of the spreadsheet.
        errors: cells with such an error.
        numbers: what reads as a number, sorted.
        phases: what reads as a phase, sorted.
        ages: what reads as an age, sorted.
        since: years from a year or date in the cell to the period, sorted.
        dates: how many cells are dates.
        texts: the different texts, the most common first.
        distinct: how many there are.
        unique: no text stands twice in a table.
        called_none: cells that say `none`, which is a category of its own in some columns.
    """

    rows: int
    filled: int
    errors: int
    numbers: Sequence[float]
    phases: Sequence[float]
    ages: Sequence[float]
    since: Sequence[float]
    dates: int
    texts: tuple[Text, ...]
    distinct: int
    unique: bool
    called_none: int = 0

    @property
    def whole(self) -> bool:
        """Whether every number is a whole one."""
        return all(number == int(number) for number in self.numbers)

    def share(self, readable: Sequence[float] | int) -> float:
        """Of the filled cells, the share that reads so."""
        count = readable if isinstance(readable, int) else len(readable)
        return count / self.filled if self.filled else 0.0


def profile(cells: Iterable[tuple[str, Sequence[Cell]]]) -> Profile:
    """The profile of a column.

    Args:
        cells: period and cells of each table that has the column.

    >>> found = profile([("2023", ["7,5", "8", "", "#N/A", "n/a"])])
    >>> found.rows, found.filled, found.errors, list(found.numbers), found.whole
    (5, 2, 1, [7.5, 8.0], False)
    """
    rows = errors = dates = nones = 0
    kept: list[tuple[str, Cell]] = []
    texts: Counter[str] = Counter()
    spelled: dict[str, Counter[str]] = {}
    unique = True
    for period, column in cells:
        here: set[str] = set()
        for cell in column:
            rows += 1
            if is_empty(cell):
                nones += isinstance(cell, str) and fold(cell) == "none"
                continue
            text = (read_text(cell, period) or "")[:LONGEST_CELL]
            if not text or EXCEL_ERROR.fullmatch(text.lower()):
                errors += 1
                continue
            kept.append((period, cell))
            folded = fold(text)
            unique, dates = unique and folded not in here, dates + is_date(cell)
            here.add(folded)
            texts[folded] += 1
            if folded in spelled or len(spelled) < MOST_TEXTS:
                spelled.setdefault(folded, Counter())[text] += 1
    return Profile(
        rows=rows, filled=len(kept), errors=errors, dates=dates,
        numbers=_read(kept, read_number), phases=_read(kept, read_phase),
        ages=_read(kept, read_age), since=_read(kept, read_years_since),
        texts=tuple(
            Text(tuple(spelling for spelling, _ in spelled[folded].most_common()), count)
            for folded, count in texts.most_common(MOST_TEXTS)
            if folded in spelled
        ),
        distinct=len(texts), unique=unique, called_none=nones,
    )  # fmt: skip


def is_date(cell: Cell) -> bool:
    """Whether a cell is a date, typed or written.

    >>> [is_date(cell) for cell in ("28/07/2016", "2016-07-28", "2016", date(2016, 7, 28))]
    [True, True, False, True]
    """
    if isinstance(cell, str):
        return WRITTEN_DATE.fullmatch(fold(cell[:LONGEST_CELL])) is not None
    return isinstance(cell, date)


def _read(cells: Sequence[tuple[str, Cell]], reader: Reader) -> list[float]:
    made: list[float] = []
    for period, cell in cells:
        try:
            value = reader(cell, period)
        except ValueError:
            continue
        if isinstance(value, float):
            made.append(value)
    return sorted(made)
