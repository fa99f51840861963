"""The columns of several tables: one where only the year in its name differs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from preprocessing.files.cells import Cell, is_empty
from preprocessing.proposing.tables import YEAR, RawTable
from preprocessing.proposing.words import slug, split_camel
from preprocessing.task.spelling import fold

SHORTEST_STEM = 3
"""Letters that a name must share with a longer one to be taken for its short form."""
RESERVED = frozenset({"student_id", "period", "prediction_id", "outcome"})
"""Fields of requests, which no feature can be named after."""


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of the files.

    Attributes:
        name: canonical; unique among the columns.
        aliases: its headers, with `{period}` or `{yy}` where they name the table's own period.
        places: number of a table to the column's position there.
        foreign: its header names another period than its table's.
        doubt: why it may be two columns; empty: no doubt.
    """

    name: str
    aliases: tuple[str, ...]
    places: Mapping[int, int]
    foreign: bool = False
    doubt: str = ""

    @property
    def header(self) -> str:
        """What to call it: its first header, without the period."""
        return re.sub(r"\{(period|yy)\}", "", self.aliases[0]).strip() or self.aliases[0]

    def cells(self, tables: Sequence[RawTable]) -> Iterator[tuple[str, list[Cell]]]:
        """The cells in each table that has it, with the table's period."""
        for number, at in self.places.items():
            yield tables[number].period, tables[number].cells(at)


def merged_columns(tables: Sequence[RawTable]) -> list[SourceColumn]:
    """The columns of all tables, in the order in which they first stand."""
    periods = {table.period for table in tables if table.period}
    found: dict[tuple[str, bool], SourceColumn] = {}
    for number, table in enumerate(tables):
        here: set[tuple[str, bool]] = set()
        for at in _filled_first(table):
            alias, foreign = templated(table.header[at], table.period, periods)
            bare = re.sub(r"\{(period|yy)\}", " ", alias)
            key = (fold(bare) or fold(alias), foreign)
            name = slug(split_camel(bare)) or f"column_{at + 1}"
            known = found.get(key) or SourceColumn(name, (), {}, foreign)
            names = known.aliases if alias in known.aliases else (*known.aliases, alias)
            places = known.places if key in here else {**known.places, number: at}
            found[key] = replace(known, aliases=names, places=places)
            here.add(key)
    order = sorted(found.values(), key=lambda c: min(c.places.items(), default=(0, 0)))
    return _named_apart(_with_short_forms(order))


def _filled_first(table: RawTable) -> list[int]:
    """Positions of columns with a header, those that hold anything first."""
    named = [at for at, header in enumerate(table.header) if header]
    empty = {at for at in named if all(map(is_empty, table.cells(at)))}
    return sorted(named, key=lambda at: (at in empty, at))


def templated(header: str, period: str, periods: set[str]) -> tuple[str, bool]:
    """A header with `{period}` or `{yy}` in place of its own period; whether it names another.

    >>> templated("INDE 22", "2022", {"2022", "2023"}), templated("INDE 22", "2023", {"2022"})
    (('INDE {yy}', False), ('INDE 22', True))
    """
    if not period:
        return header, False
    own = re.sub(rf"(?<!\d){period}(?!\d)", "{period}", header)
    if own == header:
        own = re.sub(rf"(?<![A-Za-z0-9]){period[-2:]}(?![A-Za-z0-9])", "{yy}", header)
    if own != header and re.sub(r"\{\w+\}|\W", "", own):
        return own, False
    near = {str(int(period) + step)[-2:] for step in range(-5, 6)} if period.isdecimal() else set()
    short = near | {one[-2:] for one in periods}
    parts = set(re.findall(r"(?<![A-Za-z0-9])\d{2}(?![A-Za-z0-9])", header))
    return header, bool(YEAR.search(header) or (parts & short and re.search(r"[A-Za-z]", header)))


def _with_short_forms(columns: Sequence[SourceColumn]) -> list[SourceColumn]:
    """`Defas` of one year and `Defasagem` of others become one column, with a doubt."""
    kept = list(columns)
    for short in columns:
        longer = [
            one
            for one in kept
            if one.name.startswith(short.name)
            and one.name != short.name
            and not {*one.places} & {*short.places}
            and not one.foreign
        ]
        if len(longer) == 1 and len(short.name) >= SHORTEST_STEM and not short.foreign:
            first, second = sorted((short, longer[0]), key=lambda c: min(c.places))
            one = SourceColumn(
                name=longer[0].name,
                aliases=(*first.aliases, *second.aliases),
                places={**first.places, **second.places},
                doubt=f"{first.header} and {second.header} stand in different files and were "
                "taken for one column",
            )
            kept[kept.index(first)] = one
            kept.remove(second)
    return kept


def _named_apart(columns: Sequence[SourceColumn]) -> list[SourceColumn]:
    named: list[SourceColumn] = []
    taken: set[str] = set(RESERVED)
    for column in columns:
        name, number = column.name, 2
        while name in taken:
            name, number = f"{column.name}_{number}", number + 1
        taken.add(name)
        named.append(replace(column, name=name))
    return named
