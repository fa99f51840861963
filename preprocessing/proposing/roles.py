"""What each column is for: units, protected attributes, features, and what tells the outcome."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from preprocessing.proposing import words
from preprocessing.proposing.columns import SourceColumn
from preprocessing.proposing.identity import Profiles
from preprocessing.proposing.outcomes import Readings, series_of
from preprocessing.proposing.profiles import Profile
from preprocessing.proposing.reading import SCALES, Reading, UnreadColumn, reading_of, scale_of
from preprocessing.proposing.words import says, slug

MOST_GROUPS = 20
"""Groups of a protected attribute; of more, fairness can say nothing."""
MANY = 30
"""Different texts from which on even a school's name or an address may be one person's."""


def set_apart(
    columns: Sequence[SourceColumn], profiles: Profiles, outcome: str | None
) -> tuple[list[SourceColumn], list[SourceColumn], dict[str, UnreadColumn]]:
    """Units (schools first), protected attributes, and what is not used whatever it holds.

    Args:
        columns: all but the id's and the period's.
        profiles: their cells.
        outcome: the column that somebody chose, which is none of these.
    """
    schools: list[SourceColumn] = []
    classes: list[SourceColumn] = []
    protected: list[SourceColumn] = []
    left: dict[str, UnreadColumn] = {}
    for column in columns:
        found, name = profiles[column.name], slug(column.header)
        texts = found.distinct > 1 and not found.dates
        if column.name == outcome:
            continue
        if column.foreign:
            left[column.name] = UnreadColumn("of another period than the file's")
        elif name in words.SCHOOL and texts:
            schools.append(column)
        elif name in words.CLASS and texts:
            classes.append(column)
        elif says(column.header, words.PROTECTED) and texts and found.distinct <= MOST_GROUPS:
            protected.append(column)
        elif _personal(column.header, found):
            left[column.name] = UnreadColumn("says who somebody is, and nothing about risk")
    return [*schools, *classes], protected, left


def _personal(header: str, found: Profile) -> bool:
    """Whether a column says who somebody is; a few schools, classes or kinds of address do not."""
    if found.distinct > MANY:
        return says(header, words.PERSONAL | words.ADDRESS)
    whose = says(header, words.PERSONAL) and not says(header, words.SCHOOL | words.CLASS)
    return whose and (found.unique or not found.numbers)


def read_columns(
    columns: Sequence[SourceColumn], profiles: Profiles, *, years: bool
) -> tuple[dict[str, Reading], dict[str, UnreadColumn]]:
    """How the columns are read, and why others are not; marks of one series share their scale."""
    found = {c.name: reading_of(c.header, profiles[c.name], years=years) for c in columns}
    readings = {name: one for name, one in found.items() if isinstance(one, Reading)}
    for name, run in series_of(columns, readings).items():
        values = [value for one in run for value in readings[one].values]
        if min(values) >= 0 and max(values) <= SCALES[2]:
            readings[name] = replace(readings[name], low=0.0, high=scale_of(max(values)))
    return readings, {name: one for name, one in found.items() if isinstance(one, UnreadColumn)}


def features_of(
    columns: Sequence[SourceColumn],
    readings: Readings,
    outcome: SourceColumn,
    horizon: int,
    known: Collection[str],
) -> tuple[list[SourceColumn], dict[str, UnreadColumn]]:
    """What a model may see, and what tells the outcome by its name.

    Args:
        columns: in the order of the files.
        readings: of those that can be read.
        outcome: the outcome's column; where it comes later, its present value is a feature.
        horizon: periods from features to outcome.
        known: names of what is known when predicting, whatever it is called.
    """
    readable = [c for c in columns if c.name in readings]
    if horizon:
        return readable, {}
    series = series_of(columns, readings)
    leaks: dict[str, UnreadColumn] = {}
    for column in readable:
        why = _leak(column, outcome, readings, series)
        if why and column.name not in known:
            leaks[column.name] = UnreadColumn(
                why, ("by its name alone; known when predicting?",), True
            )
    return [c for c in readable if c is not outcome and c.name not in leaks], leaks


def _leak(
    column: SourceColumn,
    outcome: SourceColumn,
    readings: Readings,
    series: Mapping[str, list[str]],
) -> str:
    """Why a column of the outcome's own period tells it, by its name; empty: it does not."""
    if column is outcome:
        return ""
    run = series.get(outcome.name, [])
    if column.name in run:
        after = run.index(column.name) > run.index(outcome.name)
        return f"comes after {outcome.header}" if after else ""
    if says(column.header, words.ENDING | words.OUTCOME):
        return "how the period ended, which is known with the outcome only"
    high, highest = readings[column.name].high, readings[outcome.name].high
    marks = says(column.header, words.GRADE) and says(outcome.header, words.GRADE)
    if marks and column.name not in series and high == highest:
        return f"a mark like {outcome.header}, given at the same time"
    return ""
