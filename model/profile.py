"""What the training data looked like, small enough to be kept with the model.

Drift is measured against this profile years after the training rows are gone, so it must answer
exactly what a test will ask. A number's profile is its empirical distribution function at no more
than `GRID` of the values seen; a category's profile is its counts. Recent data is profiled by the
same code, exact wherever the reference keeps a value, and a drift test compares two profiles.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import InvalidRecord
from model.student import Features, Value

SCORE = "risk_score"
"""The name under which the model's own scores are profiled beside the features."""

GRID = 128
"""Most values kept of a number; `docs/drift.md` says what this costs a test (nothing in level)."""

RECENT_GRID = 4_096
"""Most values kept of a recent number, besides those that keep a comparison exact."""

NUMERIC = "numeric"
CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class NumericProfile:
    """The distribution function of a number, exact at every value it keeps.

    Attributes:
        rows: records, with and without a value.
        missing: records without one.
        values: some of the values seen, ascending, smallest and largest always among them.
        below: how many values are less than each of `values`.
        upto: how many values are at most each of `values`.
    """

    rows: int
    missing: int
    values: tuple[float, ...]
    below: tuple[int, ...]
    upto: tuple[int, ...]

    @property
    def present(self) -> int:
        """Records with a value."""
        return self.rows - self.missing

    @property
    def whole(self) -> bool:
        """Whether every value that was seen was kept."""
        return sum(self.upto) - sum(self.below) == self.present

    @property
    def counts(self) -> dict[float, int]:
        """How many records have each kept value.

        >>> profile_numbers([1.0, 2.0, 2.0], missing=0).counts
        {1.0: 1, 2.0: 2}
        """
        rows = zip(self.values, self.below, self.upto, strict=True)
        return {value: upto - below for value, below, upto in rows}

    def quantile(self, share: float) -> float:
        """The smallest kept value that at least this share of the values is not above.

        Raises:
            ValueError: there are no values.

        >>> profile_numbers([1.0, 2.0, 3.0, 4.0], missing=0).quantile(0.5)
        2.0
        """
        if not self.values:
            raise ValueError("a profile without values has no quantile")
        at = int(np.searchsorted(np.asarray(self.upto), share * self.present - 1e-9))
        return self.values[min(at, len(self.values) - 1)]

    def document(self) -> dict[str, Any]:
        """The profile as JSON and BSON can hold it."""
        return {
            "kind": NUMERIC,
            "rows": self.rows,
            "missing": self.missing,
            "values": list(self.values),
            "below": list(self.below),
            "upto": list(self.upto),
        }


@dataclass(frozen=True, slots=True)
class Rarity:
    """How many categories only one student has, or two: what says how much is unseen yet.

    Attributes:
        students: distinct students with a value.
        once: categories that one of them has.
        twice: categories that two of them have.
    """

    students: int
    once: int
    twice: int


@dataclass(frozen=True, slots=True)
class CategoryProfile:
    """How often each category was seen, most frequent first, ties by name.

    Attributes:
        rows: records, with and without a value.
        missing: records without one.
        counted: rarity by students; None where each record is taken for a student of its own, as
            in profiles of before it was kept.
    """

    rows: int
    missing: int
    categories: tuple[str, ...]
    counts: tuple[int, ...]
    counted: Rarity | None = None

    @property
    def present(self) -> int:
        """Records with a value."""
        return self.rows - self.missing

    @property
    def rarity(self) -> Rarity:
        """Rarity by students, or else by records.

        >>> CategoryProfile(5, 0, ("a", "b", "c"), (2, 2, 1)).rarity
        Rarity(students=5, once=1, twice=2)
        """
        if self.counted is not None:
            return self.counted
        return Rarity(self.present, self.counts.count(1), self.counts.count(2))

    def document(self) -> dict[str, Any]:
        """The profile as JSON and BSON can hold it; names are values, as keys may hold no dot."""
        return {
            "kind": CATEGORY,
            "rows": self.rows,
            "missing": self.missing,
            "categories": list(self.categories),
            "counts": list(self.counts),
            "rarity": asdict(self.rarity),
        }


ColumnProfile = NumericProfile | CategoryProfile


def build_profile(
    records: Sequence[Features],
    kinds: Mapping[str, str],
    scores: NDArray[np.float64],
    students: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The reference profile of a model: one entry a feature, and one for its scores.

    Args:
        records: n training records; a missing value is an absent key.
        kinds: feature name to `"numeric"` or `"category"`.
        scores: shape (n,), the model's scores of records it was **not** fitted on (out-of-fold):
            scores of its own training rows are more extreme than any it will give later, and would
            make every later batch look drifted. Empty where there are none.
        students: n ids, whose record each is; a student of several periods counts once for how
            rare a category is. None: each record is a student's only one.

    Raises:
        InvalidRecord: text or a number that is not finite where a finite number belongs.
    """
    profile: dict[str, Any] = {
        name: profile_column(
            name, [r.get(name) for r in records], kind, grid=GRID, students=students
        ).document()
        for name, kind in kinds.items()
    }
    if len(scores):
        numbers = [float(score) for score in scores]
        profile[SCORE] = profile_column(SCORE, numbers, NUMERIC, grid=GRID).document()
    return profile


def read_profile(document: Mapping[str, Any]) -> dict[str, ColumnProfile]:
    """The profiles that `build_profile` wrote, by feature.

    Raises:
        KeyError: an entry lacks a part.
    """
    return {name: _read_column(entry) for name, entry in document.items()}


def profile_column(
    name: str,
    values: Sequence[Value | None],
    kind: str,
    *,
    grid: int | None = None,
    students: Sequence[str] | None = None,
    exact_at: Sequence[float] = (),
) -> ColumnProfile:
    """The profile of one column.

    Args:
        name: of the column, for the error only.
        values: one per record; None where it is missing.
        kind: `numeric` or `category`.
        grid: how many quantiles are kept of a number; None keeps all.
        students: whose record each value is; with it, categories that few students have are
            counted.
        exact_at: numbers at which the distribution function is exact, whatever is kept.

    Raises:
        InvalidRecord: text or a number that is not finite in a numeric column.
    """
    present = [value for value in values if value is not None]
    missing = len(values) - len(present)
    if kind == CATEGORY:
        rarity = None if students is None else _rarity(values, students)
        return category_profile(len(values), missing, Counter(str(v) for v in present), rarity)
    numbers = [_finite(name, v) for v in present]
    return profile_numbers(numbers, missing=missing, grid=grid, exact_at=exact_at)


def profile_codes(codes: NDArray[np.int64], names: Sequence[str]) -> CategoryProfile:
    """The profile of a category that was read as a column.

    Args:
        codes: shape (n,), positions in `names`; -1 where a record has none.
        names: the categories, each once.

    >>> profile_codes(np.array([0, 1, -1, 1]), ["a", "b"]).categories
    ('b', 'a')
    """
    counts = np.bincount(codes + 1, minlength=len(names) + 1).tolist()
    return category_profile(codes.size, counts[0], dict(zip(names, counts[1:], strict=True)))


def category_profile(
    rows: int, missing: int, counts: Mapping[str, int], rarity: Rarity | None = None
) -> CategoryProfile:
    """The profile of a category that was counted.

    Args:
        rows: records, with and without a value.
        missing: those without one.
        counts: of each category; one that nobody has is left out.
        rarity: by students; None takes each record for a student of its own.
    """
    counted = sorted((pair for pair in counts.items() if pair[1]), key=lambda c: (-c[1], c[0]))
    return CategoryProfile(
        rows=rows,
        missing=missing,
        categories=tuple(category for category, _ in counted),
        counts=tuple(count for _, count in counted),
        counted=rarity,
    )


def _rarity(values: Sequence[Value | None], students: Sequence[str]) -> Rarity:
    pairs = zip(values, students, strict=True)
    having = {(str(value), student) for value, student in pairs if value is not None}
    of_each = list(Counter(category for category, _ in having).values())
    return Rarity(len({student for _, student in having}), of_each.count(1), of_each.count(2))


def profile_numbers(
    values: Sequence[float] | NDArray[np.float64],
    *,
    missing: int,
    grid: int | None = None,
    exact_at: Sequence[float] = (),
) -> NumericProfile:
    """The profile of finite numbers, exact at every value seen or at `grid` of them.

    Kept values lie at equal ranks, so between two of them lies no more than about 1/grid of the
    data, or nothing when all were kept.

    Args:
        values: those that are known, in any order.
        missing: records without one.
        grid: how many are kept; None keeps all.
        exact_at: numbers at which the distribution function is exact, whatever is kept: of each the
            nearest value not above it and the nearest below it are kept too.

    >>> profile_numbers([1.0, 2.0, 2.0, 5.0], missing=1)
    NumericProfile(rows=5, missing=1, values=(1.0, 2.0, 5.0), below=(0, 1, 3), upto=(1, 3, 4))
    """
    known = np.sort(np.asarray(values, dtype=np.float64))
    # np.unique with counts does the same, and copies a million values three times more.
    last = np.append(np.flatnonzero(known[1:] != known[:-1]), known.size - 1)[: known.size]
    return profile_counts(known[last], last + 1, missing, grid, exact_at)


def profile_counts(
    distinct: NDArray[np.float64],
    upto: NDArray[np.int64],
    missing: int,
    grid: int | None,
    exact_at: Sequence[float] = (),
) -> NumericProfile:
    """The profile of a number whose values were counted.

    Args:
        distinct: the values, ascending, each once.
        upto: how many records have at most each of them.
        missing: records without one.
        grid: how many are kept; None keeps all.
        exact_at: numbers at which the distribution function is exact, whatever is kept.
    """
    known = int(upto[-1]) if upto.size else 0
    below = np.append(0, upto[:-1])[: upto.size]
    if grid is not None and distinct.size > grid:
        ranks = np.linspace(1, known, grid)
        asked = np.asarray(exact_at, dtype=np.float64)
        sides = [np.searchsorted(distinct, asked, side) - 1 for side in ("left", "right")]
        kept = np.unique(np.concatenate([np.searchsorted(upto, ranks), *sides]))
        kept = kept[kept >= 0]
        distinct, below, upto = distinct[kept], below[kept], upto[kept]
    return NumericProfile(
        rows=known + missing,
        missing=missing,
        values=tuple(distinct.tolist()),
        below=tuple(below.tolist()),
        upto=tuple(upto.tolist()),
    )


def _read_column(entry: Mapping[str, Any]) -> ColumnProfile:
    if entry["kind"] == CATEGORY:
        return CategoryProfile(
            entry["rows"],
            entry["missing"],
            tuple(entry["categories"]),
            tuple(entry["counts"]),
            Rarity(**entry["rarity"]) if "rarity" in entry else None,
        )
    return NumericProfile(
        entry["rows"],
        entry["missing"],
        tuple(float(v) for v in entry["values"]),
        tuple(entry["below"]),
        tuple(entry["upto"]),
    )


def _finite(name: str, value: Value) -> float:
    if isinstance(value, str) or not math.isfinite(value):
        raise InvalidRecord(name, "not a finite number; leave a missing value out")
    return float(value)
