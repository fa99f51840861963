"""Values that came or went: categories, and whole numbers of which there are few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model.profile import SCORE, CategoryProfile, ColumnProfile
from model.student import Value
from model.watch.changes import ChangedValues, ValueShare

LEAST_EXPECTED = 10.0
"""A value is named from so many records on that the side without it should have had. That there
are none by chance has a probability of e^-10, 1 in 22,000."""

FEWEST = 10
"""Nothing that is named tells of fewer records."""

MOST_VALUES = 50
"""A number of more distinct values is measured, not counted."""


def changed_values(
    reference: Mapping[str, ColumnProfile], recent: Mapping[str, ColumnProfile]
) -> tuple[ChangedValues, ...]:
    """The features of which values came or went, in the order of the reference.

    >>> then = {"stone": CategoryProfile(600, 0, ("a", "b"), (500, 100))}
    >>> now = {"stone": CategoryProfile(200, 0, ("a", "c"), (180, 20))}
    >>> changed_values(then, now)
    (ChangedValues(feature='stone', new=(ValueShare(value='c', share=0.1),), vanished=(ValueShare...
    """
    found = (
        ChangedValues(name, tuple(_only(recent[name], column)), tuple(_only(column, recent[name])))
        for name, column in reference.items()
        if name in recent and name != SCORE
    )
    return tuple(one for one in found if one.new or one.vanished)


def _only(side: ColumnProfile, other: ColumnProfile) -> Iterator[ValueShare]:
    """The values of one side that the other should have had too, most frequent first."""
    mine, theirs = counts_by_name(side), counts_by_name(other)
    if mine is None or theirs is None or not side.present:
        return
    missing = [(value, count) for value, count in mine.items() if value not in theirs]
    for value, count in sorted(missing, key=lambda one: (-one[1], one[0])):
        share = count / side.present
        if count >= FEWEST and share * other.present >= LEAST_EXPECTED:
            yield ValueShare(value, share)


def counts_by_name(column: ColumnProfile) -> dict[str, int] | None:
    """Value to number of records; None where values are measured, or were not all kept."""
    if isinstance(column, CategoryProfile):
        return dict(zip(column.categories, column.counts, strict=True))
    few = column.whole and len(column.values) <= MOST_VALUES
    if not few or not all(value.is_integer() for value in column.values):
        return None
    return {text_of(value): count for value, count in column.counts.items()}


def text_of(value: Value) -> str:
    """A value as reports name it.

    >>> text_of(8.0), text_of(3550308.0), text_of("agata")
    ('8', '3550308', 'agata')
    """
    return value if isinstance(value, str) else f"{value:.15g}"
