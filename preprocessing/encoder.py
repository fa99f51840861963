"""The one way from features to numbers, shared by training and serving.

A record becomes a row of float64 values that float32 can hold exactly: scaled in float64 and
cast last, so that libraries comparing in float32 and in float64 go down the same branch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from model.errors import BundleError
from model.student import Features
from preprocessing.columns import (
    CategoryColumn,
    NumericColumn,
    fit_category,
    fit_numeric,
)
from preprocessing.fields import Kind
from preprocessing.formula import Formula
from preprocessing.task import TaskSpec

FORMAT = 1


class FeatureEncoder:
    """Encodes records of one task as the training data taught it.

    Columns: the numeric features, then their missingness flags, then the categories one by one.
    A missing number becomes the training median, a missing or unseen category the most frequent
    one. A number outside the range seen in training counts as the end of that range.

    >>> task_free = FeatureEncoder((NumericColumn("ida", 5.0, 5.0, 2.0, 0.0, 10.0, False),), ())
    >>> task_free.encode_one({"ida": 9.0}), task_free.encode_one({}), task_free.imputed({})
    (array([2.]), array([0.]), ('ida',))
    """

    def __init__(
        self,
        numeric: Sequence[NumericColumn],
        category: Sequence[CategoryColumn],
        dropped: Mapping[str, str] | None = None,
        derived: Mapping[str, str] | None = None,
    ) -> None:
        self._derived = _Derived(derived or {})
        self.numeric = tuple(numeric)
        self.category = tuple(category)
        self.dropped = dict(dropped or {})
        self._names = tuple(c.feature for c in self.numeric)
        self._fills = tuple((c.feature, c.fill) for c in self.numeric)
        self._fill = np.array([c.fill for c in self.numeric], dtype=np.float64)
        self._low = np.array([c.low for c in self.numeric], dtype=np.float64)
        self._high = np.array([c.high for c in self.numeric], dtype=np.float64)
        self._center = np.array([c.center for c in self.numeric], dtype=np.float64)
        self._scale = np.array([c.scale for c in self.numeric], dtype=np.float64)
        flagged = [i for i, c in enumerate(self.numeric) if c.flag]
        self._flagged = np.array(flagged, dtype=np.intp)
        self._flag_names = tuple(self._names[i] for i in flagged)
        self._one_hot = self._offsets(len(self.numeric) + len(flagged))
        self.columns = self._sources()
        self._width = len(self.columns)

    @classmethod
    def fit(cls, task: TaskSpec, records: Sequence[Features]) -> Self:
        """Learns medians, scales, ranges and categories from the records of the training window.

        A feature that is always missing or constant holds no information and gets no column.
        """
        numeric: list[NumericColumn] = []
        category: list[CategoryColumn] = []
        dropped: dict[str, str] = {}
        formulas = {d.name: d.formula for d in task.derived}
        known = _Derived(formulas).added_to_all(records)
        kinds = {c.name: c.kind for c in task.features} | dict.fromkeys(formulas, Kind.NUMERIC)
        for name, kind in kinds.items():
            values = [record.get(name) for record in known]
            fitted = (fit_numeric if kind is Kind.NUMERIC else fit_category)(name, values)
            if isinstance(fitted, NumericColumn):
                numeric.append(fitted)
            elif isinstance(fitted, CategoryColumn):
                category.append(fitted)
            else:
                dropped[name] = fitted
        used = {name: text for name, text in formulas.items() if name not in dropped}
        return cls(numeric, category, dropped, used)

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The encoder that `spec()` described.

        Raises:
            BundleError: not a description this version can read.
        """
        if spec.get("format") != FORMAT:
            raise BundleError(f"encoder format {spec.get('format')!r}, expected {FORMAT}")
        try:
            return cls(
                [NumericColumn(**column) for column in spec["numeric"]],
                [
                    CategoryColumn(c["feature"], c["fill"], tuple(c["categories"]))
                    for c in spec["category"]
                ],
                spec["dropped"],
                spec["derived"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"encoder description is incomplete: {error}") from error

    def spec(self) -> dict[str, Any]:
        """A JSON-ready description from which `from_spec` makes the same encoder."""
        return {
            "format": FORMAT,
            "numeric": [column.spec() for column in self.numeric],
            "category": [column.spec() for column in self.category],
            "dropped": dict(self.dropped),
            "derived": {name: formula.text for name, formula in self._derived.formulas.items()},
        }

    @property
    def features(self) -> tuple[str, ...]:
        """The source features that have a column, each once."""
        return self._names + tuple(c.feature for c in self.category)

    def encode_one(self, record: Features) -> NDArray[np.float64]:
        """One record as a row of shape (d,).

        Raises:
            ValueError: text where a number belongs; records are validated at the edge.
        """
        record = self._derived.added_to(record)
        get = record.get
        row = np.zeros(self._width)
        raw = np.array([get(name, fill) for name, fill in self._fills], dtype=np.float64)
        row[: raw.size] = self._scaled(raw)
        for offset, name in enumerate(self._flag_names, raw.size):
            row[offset] = name not in record or _is_missing(record[name])
        for feature, fill, position in self._one_hot:
            row[position.get(get(feature), fill)] = 1.0
        return row

    def encode_many(self, records: Sequence[Features]) -> NDArray[np.float64]:
        """n records as rows of shape (n, d), each equal to `encode_one` of the record."""
        records = self._derived.added_to_all(records)
        n = len(records)
        rows = np.zeros((n, self._width))
        raw = np.array(
            [[get(name) for name in self._names] for get in (r.get for r in records)],
            dtype=np.float64,
        ).reshape(n, len(self._names))
        rows[:, : raw.shape[1]] = self._scaled(raw)
        flags = slice(raw.shape[1], raw.shape[1] + self._flagged.size)
        rows[:, flags] = np.isnan(raw[:, self._flagged])
        every = np.arange(n)
        for feature, fill, position in self._one_hot:
            rows[every, [position.get(r.get(feature), fill) for r in records]] = 1.0
        return rows

    def imputed(self, record: Features) -> tuple[str, ...]:
        """The features with a column that this record lacks (or whose category is unseen).

        What is worked out from other features is nobody's to send, and not named.
        """
        get, derived = record.get, self._derived.formulas
        missing = [n for n in self._names if n not in derived and _is_missing(get(n))]
        missing += [name for name, _, position in self._one_hot if get(name) not in position]
        return tuple(missing)

    def complete(self, record: Features) -> Features:
        """The record together with what is worked out from it."""
        return self._derived.added_to(record)

    def _scaled(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        # `maximum` keeps NaN, so one test of the sum finds a missing value anywhere.
        clipped = np.minimum(np.maximum(raw, self._low), self._high)
        if np.isnan(clipped.sum()):
            clipped = np.where(np.isnan(clipped), self._fill, clipped)
        scaled: NDArray[np.float64] = (clipped - self._center) / self._scale
        return scaled.astype(np.float32).astype(np.float64)

    def _offsets(self, start: int) -> tuple[tuple[str, int, dict[Any, int]], ...]:
        plans = []
        for column in self.category:
            position = {name: start + i for i, name in enumerate(column.categories)}
            plans.append((column.feature, position[column.fill], position))
            start += len(column.categories)
        return tuple(plans)

    def _sources(self) -> tuple[str, ...]:
        one_hot = [c.feature for c in self.category for _ in c.categories]
        return (*self._names, *self._flag_names, *one_hot)


class _Derived:
    """The numbers worked out from a record."""

    def __init__(self, formulas: Mapping[str, str]) -> None:
        self.formulas = {name: Formula(text) for name, text in formulas.items()}

    def added_to(self, record: Features) -> Features:
        if not self.formulas:
            return record
        # Whatever a caller put under a derived name is replaced: there is one truth.
        complete = {k: v for k, v in record.items() if k not in self.formulas}
        for name, formula in self.formulas.items():
            value = formula(record)
            if value is not None:
                complete[name] = value
        return complete

    def added_to_all(self, records: Sequence[Features]) -> Sequence[Features]:
        return [self.added_to(r) for r in records] if self.formulas else records


def _is_missing(value: object) -> bool:
    return value is None or value != value
