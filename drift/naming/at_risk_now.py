"""Who is at risk now already, as a feature of its own: made from the one that tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from model.profile import CategoryProfile, ColumnProfile
from model.student import Value
from model.watch.changes import AtRiskNow

AT_RISK_NOW = "at_risk_now"
"""What it goes by in reports; a task's own feature of that name stays what it is."""

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class PresentState:
    """How a task tells who is at risk now.

    Attributes:
        feature: the one that tells it.
        value_of: what the outcome's rule makes of its value: 1.0, 0.0, or None where it is open.
    """

    feature: str
    value_of: Callable[[Value], float | None]

    def of(self, column: ColumnProfile) -> CategoryProfile:
        """The profile of the states, of the records whose state is known.

        A number's profile that was thinned tells the share to about one in 127.

        >>> from model.profile import profile_numbers
        >>> behind = PresentState("lag", lambda lag: float(lag < 0))
        >>> behind.of(profile_numbers([-1.0, 0.0, 0.0], missing=2))
        CategoryProfile(rows=3, missing=0, categories=('no', 'yes'), counts=(2, 1), counted=None)
        """
        counts: Counter[str] = Counter()
        for value, count in _counted(column):
            state = self.value_of(value)
            if state is not None:
                counts[YES if state else NO] += count
        ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        return CategoryProfile(
            rows=counts.total(),
            missing=0,
            categories=tuple(name for name, _ in ordered),
            counts=tuple(count for _, count in ordered),
        )

    def added_to(self, columns: Mapping[str, ColumnProfile]) -> dict[str, ColumnProfile]:
        """The profiles with that of the states among them, where they can tell it."""
        column = columns.get(self.feature)
        if column is None or AT_RISK_NOW in columns:
            return dict(columns)
        return {**columns, AT_RISK_NOW: self.of(column)}


def at_risk_now(
    reference: Mapping[str, ColumnProfile], recent: Mapping[str, ColumnProfile]
) -> AtRiskNow | None:
    """The shares at risk on both sides; None where either cannot tell."""
    shares = [_share(side.get(AT_RISK_NOW)) for side in (reference, recent)]
    then, now = shares
    return None if then is None or now is None else AtRiskNow(then, now)


def _share(column: ColumnProfile | None) -> float | None:
    if not isinstance(column, CategoryProfile) or not column.rows:
        return None
    if not set(column.categories) <= {YES, NO}:
        return None
    return dict(zip(column.categories, column.counts, strict=True)).get(YES, 0) / column.rows


def _counted(column: ColumnProfile) -> Iterator[tuple[Value, int]]:
    if isinstance(column, CategoryProfile):
        yield from zip(column.categories, column.counts, strict=True)
        return
    before = 0
    for value, upto in zip(column.values, column.upto, strict=True):
        yield value, upto - before
        before = upto
