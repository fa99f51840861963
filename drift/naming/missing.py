"""Where a feature is missing: in the records with certain values of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from drift.naming.values import FEWEST, MOST_VALUES
from model.profile import CategoryProfile, ColumnProfile
from model.student import Features
from model.watch.changes import MissingWhere

PRACTICALLY_ALL = 0.95
"""Of the records with a value, so many must lack the feature."""

MOST_OF = 0.8
"""Of the records that lack the feature, so many must have one of the values."""


def missing_where(
    features: Iterable[str],
    recent: Mapping[str, ColumnProfile],
    records: Sequence[Features],
) -> tuple[MissingWhere, ...]:
    """For each feature that is missing more often, the other one whose values tell best where.

    Args:
        features: those that are missing more often than they were.
        recent: profiles of the recent records; categories and numbers of few whole values may tell.
        records: n recent records.

    >>> records = [{"phase": 8.0}] * 20 + [{"phase": 1.0, "ipp": 5.0}] * 80
    >>> from drift.findings import profile_now
    >>> from model.profile import build_profile, read_profile
    >>> kinds = {"phase": "numeric", "ipp": "numeric"}
    >>> import numpy as np
    >>> profile = read_profile(build_profile(records, kinds, np.zeros(0)))
    >>> missing_where(["ipp"], profile, records)
    (MissingWhere(feature='ipp', by='phase', values=('8',), share=1.0),)
    """
    telling = [name for name, column in recent.items() if _tells(column)]
    values = {name: [_text(record.get(name)) for record in records] for name in telling}
    found = []
    for feature in features:
        lacking = [feature not in record for record in records]
        candidates = _candidates(feature, values, lacking)
        best = max(candidates, key=lambda one: one.share, default=None)
        if best is not None:
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
    if isinstance(column, CategoryProfile):
        return 1 < len(column.categories) <= MOST_VALUES
    few = 1 < len(column.values) <= MOST_VALUES
    return few and all(value.is_integer() for value in column.values)


def _text(value: object) -> str | None:
    if value is None:
        return None
    return f"{value:g}" if isinstance(value, int | float) else str(value)
