"""School tables with something wrong in them, and what must still be read of them."""

from __future__ import annotations

import csv
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from preprocessing.cohorts.write import write_cohorts

ROWS = 24
YEAR = "2023"
ID = "RA"

UNUSED = (
    "", " ", "=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "-", "--", "#REF!", "#DIV/0!", "NaN", "inf",
    "-inf", "1e309", "1e-400", "9" * 400, "0x1F", "1_000", "1.2.3", "1,2,3", "1.234.567,8", "٣",
    "１２", "−5", "½", "²", "Ⅷ", "\u200b7", "7\u00a0", "\ufeff7", "\u202e7", "\ud7ff", "\U0010ffff",
    "e\u0301", "\x07", "\x1b[31m", "a\nb", "a\r\nb", '"', '""', "'", "';--", "${jndi:x}",
    "{{7*7}}", "{'$gt': ''}", "$where", "a.b", "../../x", "~x", "at-risk", "batch",
    "<script>1</script>", "true", "None", "null", "1900-01-07", "1/7/1900", "31/02/1900",
    "99/99/1900", "1900-99-99", "0000-00-00", "2015-06-17T00:00", "12:30", "FASE", "FASE 99",
    "ALFA ALFA", "9 (", "1A1", "252%", "%", "1e5%", "e5", ".", ",", "+", "٪", "x" * 300,
    "x" * 5_000, "ß", "İ", "ﬁ", "ǅ",
)  # fmt: skip
"""Cells that somebody pastes, a program writes or an enemy chooses; no column has to be read."""

LONG_LINES = "\n" * 80
"""A row with such a cell is refused, in whichever column: it is the rest behind an open quote."""

HOSTILE = (*UNUSED, LONG_LINES, "\x00")
"""A text with a NUL in its first lines is none."""

Cells = list[str]


@dataclass(frozen=True)
class SchoolTable:
    """A table, and which of its rows may be read otherwise than the genuine one's.

    Attributes:
        header: the names of the columns.
        rows: the cells.
        above: rows above the header.
        touched: ids whose rows were changed; None where any row may be read otherwise.
        new_ids: how many ids there may be that the genuine table has not.
    """

    header: Cells
    rows: list[Cells]
    above: tuple[Cells, ...] = ()
    touched: frozenset[str] | None = frozenset()
    new_ids: int = 0

    @property
    def grid(self) -> list[Cells]:
        """All rows, as they stand."""
        return [*self.above, self.header, *self.rows]

    def id_of(self, row: int) -> str:
        """The student of a row."""
        return self.rows[row][self.header.index(ID)]


def genuine() -> SchoolTable:
    """A made-up school year."""
    with tempfile.TemporaryDirectory() as folder:
        path = next(p for p in write_cohorts(Path(folder), years=2) if YEAR in p.name)
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
    return SchoolTable(header, rows[:ROWS])


Change = Callable[[SchoolTable, random.Random], SchoolTable]


def as_it_is(table: SchoolTable, chance: random.Random) -> SchoolTable:
    return table


def columns_in_another_order(table: SchoolTable, chance: random.Random) -> SchoolTable:
    order = chance.sample(range(len(table.header)), len(table.header))
    return replace(
        table,
        header=[table.header[i] for i in order],
        rows=[[row[i] for i in order] for row in table.rows],
    )


def rows_in_another_order(table: SchoolTable, chance: random.Random) -> SchoolTable:
    return replace(table, rows=chance.sample(table.rows, len(table.rows)))


def empty_rows_between(table: SchoolTable, chance: random.Random) -> SchoolTable:
    rows = list(table.rows)
    for _ in range(chance.randint(1, 5)):
        rows.insert(chance.randint(0, len(rows)), [chance.choice(["", " "])] * len(table.header))
    return replace(table, rows=rows)


def a_title_above(table: SchoolTable, chance: random.Random) -> SchoolTable:
    titles = [[chance.choice(["PEDE", "Escola", "", "Relatório de notas"])] for _ in range(4)]
    return replace(table, above=tuple(titles[: chance.randint(1, 4)]))


def strange_columns(table: SchoolTable, chance: random.Random) -> SchoolTable:
    header, rows = list(table.header), [list(row) for row in table.rows]
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(header))
        # The name of no column: what it would be taken for is another change's business.
        header.insert(at, f"obs {chance.choice(HOSTILE)[:300]}")
        for row in rows:
            row.insert(at, chance.choice(UNUSED))
    return replace(table, header=header, rows=rows)


def hostile_cells(table: SchoolTable, chance: random.Random) -> SchoolTable:
    rows = [list(row) for row in table.rows]
    touched, ids = set(), 0
    for _ in range(chance.randint(1, 6)):
        row, column = chance.randrange(len(rows)), chance.randrange(len(table.header))
        touched.add(table.id_of(row))
        ids += table.header[column] == ID
        rows[row][column] = chance.choice(HOSTILE)
    return replace(table, rows=rows, touched=frozenset(touched), new_ids=ids)


def a_hostile_row(table: SchoolTable, chance: random.Random) -> SchoolTable:
    at = chance.randrange(len(table.rows))
    rows = list(table.rows)
    rows[at] = [chance.choice(HOSTILE) for _ in table.header]
    return replace(table, rows=rows, touched=frozenset({table.id_of(at)}), new_ids=1)


def ragged_rows(table: SchoolTable, chance: random.Random) -> SchoolTable:
    rows = [list(row) for row in table.rows]
    touched = set()
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(rows))
        touched.add(table.id_of(at))
        rows[at] = (
            rows[at] + ["9"] * 3 if chance.random() < 0.5 else rows[at][: chance.randint(1, 9)]
        )
    return replace(table, rows=rows, touched=frozenset(touched), new_ids=len(touched))


def a_student_twice(table: SchoolTable, chance: random.Random) -> SchoolTable:
    one = chance.randrange(len(table.rows))
    again = [*table.rows[one]]
    again[chance.randrange(len(again))] = chance.choice(HOSTILE)
    rows = list(table.rows)
    rows.insert(chance.randint(0, len(rows)), again)
    return replace(table, rows=rows, touched=frozenset({table.id_of(one)}), new_ids=1)


def a_header_changed(table: SchoolTable, chance: random.Random) -> SchoolTable:
    header = list(table.header)
    at = chance.randrange(len(header))
    header[at] = chance.choice([*HOSTILE, *table.header, "INDE 2022", "Ativo/ Inativo"])
    return replace(table, header=header, touched=None)


def no_header(table: SchoolTable, chance: random.Random) -> SchoolTable:
    return replace(table, header=table.rows[0], rows=table.rows[1:], touched=None)


def columns_gone(table: SchoolTable, chance: random.Random) -> SchoolTable:
    kept = sorted(chance.sample(range(len(table.header)), chance.randint(1, len(table.header) - 1)))
    return replace(
        table,
        header=[table.header[i] for i in kept],
        rows=[[row[i] for i in kept] for row in table.rows],
        touched=None,
    )


def cells_moved_sideways(table: SchoolTable, chance: random.Random) -> SchoolTable:
    at = chance.randrange(len(table.rows))
    rows = list(table.rows)
    by = chance.randint(1, 3)
    rows[at] = [*[""] * by, *rows[at]][: len(table.header)]
    return replace(table, rows=rows, touched=frozenset({table.id_of(at)}), new_ids=1)


HARMLESS: tuple[Change, ...] = (
    as_it_is, columns_in_another_order, rows_in_another_order, empty_rows_between, a_title_above,
    strange_columns,
)  # fmt: skip
"""Every row is read as before."""

HARMFUL: tuple[Change, ...] = (
    hostile_cells, a_hostile_row, ragged_rows, a_student_twice, cells_moved_sideways,
    a_header_changed, no_header, columns_gone,
)  # fmt: skip
"""Rows that were not touched are read as before, or the file is refused."""


def changed(table: SchoolTable, chance: random.Random) -> tuple[str, SchoolTable]:
    """The table after one or two changes, and what they are called."""
    changes: Sequence[Change] = [chance.choice(HARMLESS)]
    if chance.random() < 0.7:
        changes = [*changes, chance.choice(HARMFUL)]
    for change in changes:
        table = merged(table, change, chance)
    return "+".join(change.__name__ for change in changes), table


def merged(table: SchoolTable, change: Change, chance: random.Random) -> SchoolTable:
    """A change that keeps in mind what was touched before it."""
    after = change(replace(table, touched=frozenset(), new_ids=0), chance)
    if table.touched is None or after.touched is None:
        return replace(after, touched=None)
    return replace(
        after, touched=table.touched | after.touched, new_ids=table.new_ids + after.new_ids
    )
