"""Which column says who a row is about, and which one says of which period it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from preprocessing.files.cells import read_text
from preprocessing.proposing import words
from preprocessing.proposing.columns import SourceColumn
from preprocessing.proposing.profiles import Profile
from preprocessing.proposing.tables import RawTable
from preprocessing.proposing.words import says, slug

YEARS = r"^\d{4}$"
PATTERNS = (YEARS, r"^\d{5}$", r"^\d{4}[./-]\d$", r"^\d{4}[./-]\d{2}$")
"""What periods look like: years, and halves, terms or months of one."""
ID_LIKE = re.compile(r"[A-Za-z]{0,5}[-_. ]?\d+[A-Za-z-]*", re.ASCII)
MET_AGAIN = 0.1
"""Share of the students of the smaller of two periods, from which on they are the same school's."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The periods of the tables.

    Attributes:
        column: which tells the period of each row, if one does.
        pattern: what a period looks like.
        told: the periods found, sorted.
    """

    column: SourceColumn | None
    pattern: str
    told: tuple[str, ...]

    @property
    def years(self) -> bool:
        """Whether periods are years; so they are where nothing tells them."""
        return self.pattern == YEARS


@dataclass(frozen=True, slots=True)
class Identity:
    """The column of the students' ids.

    Attributes:
        column: None where no column is one, and rows are numbered.
        others: what might have been it.
        repeated: ids that stand twice in a period.
        doubts: what may be wrong.
    """

    column: SourceColumn | None
    others: tuple[SourceColumn, ...] = ()
    repeated: int = 0
    doubts: tuple[str, ...] = ()


Profiles = Mapping[str, Profile]


def timing_of(
    columns: Sequence[SourceColumn], profiles: Profiles, tables: Sequence[RawTable]
) -> Timing:
    """The column of the periods, or those that the names of files and sheets tell."""
    for column in columns:
        texts = [text.spellings[0] for text in profiles[column.name].texts]
        for pattern in PATTERNS if slug(column.header) in words.PERIOD else ():
            if texts and all(re.fullmatch(pattern, t) and "1950" <= t < "2101" for t in texts):
                return Timing(column, pattern, tuple(sorted(texts)))
    told = {table.period for table in tables if table.period}
    return Timing(None, YEARS, tuple(sorted(told)))


def identity_of(
    columns: Sequence[SourceColumn],
    profiles: Profiles,
    tables: Sequence[RawTable],
    timing: Timing,
    wanted: str | None = None,
) -> Identity:
    """The column of the ids: the best of those that tell rows apart.

    Args:
        columns: of the tables.
        profiles: their cells.
        tables: which they are of.
        timing: an id may stand once in each period.
        wanted: the name of the column that somebody chose.
    """
    if wanted is not None:
        column = next(c for c in columns if c.name == wanted)
        return _judged(column, (), tables, timing)
    scores = {c.name: _score(c, profiles[c.name], len(tables)) for c in columns}
    found = sorted((c for c in columns if scores[c.name] > 0), key=lambda c: -scores[c.name])
    ids = [c for c in found if _repeated(c, tables, timing) <= 0.02 * profiles[c.name].filled]
    if not ids:
        named = [c for c in found if scores[c.name] >= 5]
        if named:
            return _judged(named[0], (), tables, timing)
        return Identity(None, doubts=("no column tells students apart: rows are numbered",))
    return _judged(ids[0], tuple(ids[1:]), tables, timing)


def _score(column: SourceColumn, profile: Profile, tables: int) -> float:
    """More than 0 for what may be an id: by its name, or by looking like one."""
    if profile.filled < 0.98 * profile.rows or not profile.filled:
        return 0.0
    if any(number != int(number) for number in profile.numbers):
        return 0.0
    score = 5.0 if slug(column.header) in words.ID else 3.0 if says(column.header, words.ID) else 0
    if says(column.header, words.PERSONAL | words.ADDRESS):
        score -= 4.0
    coded = sum(bool(ID_LIKE.fullmatch(text.spellings[0])) for text in profile.texts)
    looks_so = profile.unique and coded >= 0.9 * len(profile.texts) and profile.rows > 10
    if looks_so and not profile.numbers:
        score += 1.5
    elif looks_so and score:
        score += 1.0  # A column called `Aluno` may hold names.
    return score + (0.5 * len(column.places) / tables if score else 0.0)


def _judged(
    column: SourceColumn,
    others: tuple[SourceColumn, ...],
    tables: Sequence[RawTable],
    timing: Timing,
) -> Identity:
    doubts = []
    if others:
        named = ", ".join(other.header for other in others)
        doubts.append(f"{named} tells rows apart too; the ids are read from {column.header}")
    repeated = _repeated(column, tables, timing)
    if repeated:
        doubts.append(
            f"{repeated} rows repeat an id within a period and will be rejected; if rows are "
            "visits or months, they are events and no records of students"
        )
    return Identity(column, others, repeated, tuple(doubts))


def ids_by_period(
    column: SourceColumn, tables: Sequence[RawTable], timing: Timing
) -> dict[str, list[str]]:
    """The ids that stand in each period, repeated ones too."""
    found: dict[str, list[str]] = {}
    for number, at in column.places.items():
        table = tables[number]
        when = timing.column.places.get(number) if timing.column else None
        for row in table.rows:
            period = table.period
            if when is not None:
                period = (read_text(row[when], "") if when < len(row) else None) or ""
            text = read_text(row[at], "") if at < len(row) else None
            if text is not None:
                found.setdefault(period, []).append(text)
    return found


def _repeated(column: SourceColumn, tables: Sequence[RawTable], timing: Timing) -> int:
    found = ids_by_period(column, tables, timing)
    return sum(len(ids) - len(set(ids)) for ids in found.values())


def steps_met(identity: Identity, tables: Sequence[RawTable], timing: Timing) -> list[int]:
    """How far the periods lie apart in which the same students are met again, one for each pair.

    Empty where nobody is, or where periods are no whole numbers.
    """
    if identity.column is None:
        return []
    found = ids_by_period(identity.column, tables, timing)
    periods = sorted((p for p in found if p.isdecimal()), key=int)
    return [
        int(later) - int(earlier)
        for earlier, later in pairwise(periods)
        if len(set(found[earlier]) & set(found[later]))
        >= MET_AGAIN * min(len(set(found[earlier])), len(set(found[later])))
    ]
