"""Columns as the keys of a task's file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from preprocessing.proposing import words
from preprocessing.proposing.columns import SourceColumn
from preprocessing.proposing.identity import Identity
from preprocessing.proposing.outcomes import Chosen
from preprocessing.proposing.proposal import ExcludedColumn, ProposedPart
from preprocessing.proposing.reading import Reading, UnreadColumn
from preprocessing.proposing.words import says, slug


def named_keys(column: SourceColumn) -> dict[str, object]:
    """Name and headers."""
    names = [alias for alias in column.aliases if alias != column.name]
    return {"name": column.name} | ({"aliases": names} if names else {})


def column_keys(column: SourceColumn, reading: Reading, portuguese: bool) -> dict[str, object]:
    """All that is known of a feature or of the outcome's column."""
    keys = named_keys(column)
    if reading.categories is not None:
        keys |= {"kind": "category", "categories": reading.categories}
    else:
        keys |= {"low": reading.low, "high": reading.high}
        keys |= {"integer": True} if reading.integer else {}
        keys |= {"reader": reading.reader} if reading.reader else {}
    label = " ".join(column.header.split())
    if label != column.name:
        keys |= {"label": label} | ({"label_pt": label} if portuguese else {})
    return keys


def id_part(identity: Identity) -> ProposedPart:
    """The id; a made-up name where rows are numbered."""
    if identity.column is None:
        keys: dict[str, object] = {"name": "student", "aliases": ["student_id"]}
        return ProposedPart("student", keys, doubts=identity.doubts)
    column = identity.column
    return ProposedPart(column.name, named_keys(column), doubts=identity.doubts)


def period_part(column: SourceColumn | None) -> ProposedPart | None:
    """The column of the periods, if there is one."""
    return None if column is None else ProposedPart(column.name, named_keys(column))


def unit_parts(columns: Sequence[SourceColumn]) -> tuple[ProposedPart, ...]:
    """The units, schools first."""
    alone = bool(columns) and slug(columns[0].header) in words.CLASS
    doubts = ("no column names the school; access will go by this one",) if alone else ()
    return tuple(
        ProposedPart(
            c.name, {**named_keys(c), "kind": "category"}, doubts=doubts if c is columns[0] else ()
        )
        for c in columns
    )


def protected_part(column: SourceColumn) -> ProposedPart:
    """An attribute by which fairness is checked."""
    doubts = ("put it under `features` too if a model may go by it",)
    return ProposedPart(column.name, {**named_keys(column), "kind": "category"}, doubts=doubts)


def feature_part(
    column: SourceColumn, reading: Reading, portuguese: bool, *, horizon: int, before: str
) -> ProposedPart:
    """A feature, with when it is known.

    Args:
        column: of the files.
        reading: of the same.
        portuguese: what people read is in Portuguese.
        horizon: periods from features to outcome.
        before: the outcome's header where the feature comes before it in a numbered series.
    """
    doubts = [*([column.doubt] if column.doubt else []), *reading.doubts]
    remark = f"known before {before}, by its number" if before and not horizon else ""
    if not horizon and says(column.header, words.COUNTED):
        doubts.append("over the whole period? What is sent when predicting must mean the same")
    return ProposedPart(
        column.name, column_keys(column, reading, portuguese), remark, tuple(doubts)
    )


def outcome_part(chosen: Chosen, reading: Reading, portuguese: bool, alike: str) -> ProposedPart:
    """The outcome's column; `alike` says which lag of its row it is."""
    doubts = [*chosen.doubts, *filter(None, [chosen.column.doubt, alike]), *reading.doubts]
    keys = column_keys(chosen.column, reading, portuguese)
    return ProposedPart(chosen.column.name, keys, doubts=tuple(doubts))


def left_out(column: SourceColumn, why: UnreadColumn) -> ExcludedColumn:
    """A column that is not used."""
    header = excluded_header(column.aliases[0])
    return ExcludedColumn(column.name, header, why.reason, why.leak, why.doubts)


def excluded_header(alias: str) -> str:
    """A header as `excluded` names it: `*` for its period, and no sign that means a set there.

    >>> excluded_header("INDE {yy}"), excluded_header("Nota [final]")
    ('INDE *', 'Nota ?final]')
    """
    return re.sub(r"\{(period|yy)\}", "*", alias).replace("[", "?")
