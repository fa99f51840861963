"""Where a feature is missing: in the records with certain values of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from drift.naming.values import FEWEST, MOST_VALUES, counts_by_name, text_of
from model.profile import ColumnProfile
from model.student import Features, Value
from model.watch.changes import ChangedValues, MissingWhere

PRACTICALLY_ALL = 0.95
"""Of the records with a value, so many must lack the feature."""

MOST_OF = 0.8
"""Of the records that lack the feature, so many must have one of the values."""

MUCH = 0.05
"""A feature that is missing in a smaller share of the records is looked at only if it was less."""


def missing_where(
    more: Collection[str],
    changed: Sequence[ChangedValues],
    recent: Mapping[str, ColumnProfile],
    records: Sequence[Features],
) -> tuple[MissingWhere, ...]:
    """For each feature that is missing elsewhere than it was, whose values tell best where.

    It is, where it is missing more often, or where one of the telling values is new.

    Args:
        more: features that are missing more often than they were.
        changed: values that came or went.
        recent: profiles of the recent records; categories and numbers of few whole values may tell.
        records: n recent records.

    >>> records = [{"phase": 8.0}] * 20 + [{"phase": 1.0, "ipp": 5.0}] * 80
    >>> from drift.findings import profile_now
    >>> from model.profile import build_profile, read_profile
    >>> kinds = {"phase": "numeric", "ipp": "numeric"}
    >>> import numpy as np
    >>> profile = read_profile(build_profile(records, kinds, np.zeros(0)))
    >>> missing_where(["ipp"], (), profile, records)
    (MissingWhere(feature='ipp', by='phase', values=('8',), share=1.0),)
    """
    telling = [name for name, column in recent.items() if _tells(column)]
    values = {name: [_named(record.get(name)) for record in records] for name in telling}
    new = {(one.feature, value.value) for one in changed for value in one.new}
    found = []
    for feature, column in recent.items():
        if feature not in more and (not new or column.missing < MUCH * column.rows):
            continue
        lacking = [feature not in record for record in records]
        best = max(_candidates(feature, values, lacking), key=lambda one: one.share, default=None)
        if best and (feature in more or any((best.by, value) in new for value in best.values)):
            found.append(best)
    return tuple(found)


def _candidates(
    feature: str, values: Mapping[str, Sequence[str | None]], lacking: Sequence[bool]
) -> Iterator[MissingWhere]:
    missing = sum(lacking)
    for name, column in values.items():
        if name == feature:
            continue
        having = Counter(value for value in column if value is not None)
        without = Counter(
            value
            for value, lacks in zip(column, lacking, strict=True)
            if lacks and value is not None
        )
        told = {
            value: count
            for value, count in without.items()
            if having[value] >= FEWEST and count >= PRACTICALLY_ALL * having[value]
        }
        share = sum(told.values()) / missing if missing else 0.0
        # A value that most records have tells nothing of where.
        few = sum(having[value] for value in told) <= len(column) / 2
        if told and few and share >= MOST_OF:
            yield MissingWhere(feature, name, tuple(sorted(told)), share)


def _tells(column: ColumnProfile) -> bool:
    counts = counts_by_name(column)
    return counts is not None and 1 < len(counts) <= MOST_VALUES


def _named(value: Value | None) -> str | None:
    return None if value is None else text_of(value)
