"""A column of a partition, such that parts merge into the very profile of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.profile import CategoryProfile, NumericProfile, category_profile, profile_counts


@dataclass(frozen=True, slots=True)
class NumericPart:
    """The values of a number in a partition, each with how often it is there.

    Attributes:
        missing: records without one.
        values: ascending, each once.
        counts: of each.
    """

    missing: int
    values: NDArray[np.float64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> NumericPart:
        """Of finite numbers, NaN where a record has none.

        >>> NumericPart.of(np.array([2.0, np.nan, 1.0, 2.0])).counts
        array([1, 2])
        """
        missing = int(np.count_nonzero(np.isnan(values)))
        known = np.sort(values)[: values.size - missing]  # NaN comes last.
        first = _firsts(known)
        return cls(missing, known[first], np.diff(np.append(first, known.size)))

    def profile(self, grid: int, exact_at: Sequence[float] = ()) -> NumericProfile:
        """What `profile_numbers` says of these values.

        Args:
            grid: how many values are kept.
            exact_at: numbers at which the distribution function is exact, whatever is kept.
        """
        return profile_counts(self.values, np.cumsum(self.counts), self.missing, grid, exact_at)


ColumnPart = NumericPart | CategoryProfile


def merged_numbers(parts: Iterable[NumericPart]) -> NumericPart:
    """A number of all partitions together; at least one part. No more than two are held at once.

    >>> halves = [NumericPart.of(np.array([1.0, 2.0])), NumericPart.of(np.array([2.0, np.nan]))]
    >>> merged_numbers(halves).profile(grid=9) == NumericPart.of(
    ...     np.array([1.0, 2.0, 2.0, np.nan])
    ... ).profile(grid=9)
    True
    """
    rest = iter(parts)
    whole = next(rest)
    for part in rest:
        whole = _together(whole, part)
    return whole


def merged_categories(parts: Iterable[CategoryProfile]) -> CategoryProfile:
    """A category of all partitions together, each record a student of its own."""
    counts: Counter[str] = Counter()
    rows = missing = 0
    for part in parts:
        rows, missing = rows + part.rows, missing + part.missing
        counts.update(dict(zip(part.categories, part.counts, strict=True)))
    return category_profile(rows, missing, counts)


def _together(one: NumericPart, other: NumericPart) -> NumericPart:
    values = np.concatenate([one.values, other.values])
    order = np.argsort(values, kind="stable")
    values, counts = values[order], np.concatenate([one.counts, other.counts])[order]
    first = _firsts(values)
    summed = np.add.reduceat(counts, first) if first.size else counts
    return NumericPart(one.missing + other.missing, values[first], summed)


def _firsts(ascending: NDArray[np.float64]) -> NDArray[np.intp]:
    """Where each value stands first."""
    return np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1])[: ascending.size])
