"""The one way from features to numbers, shared by training and serving.

A record becomes a row of float64 values that float32 can hold exactly: scaled in float64 and
cast last, so that libraries comparing in float32 and in float64 go down the same branch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from model.errors import BundleError
from model.student import Features
from preprocessing.columnar.columns import Columns
from preprocessing.encoded_columns import (
    CategoryColumn,
    NumericColumn,
    fit_category,
    fit_numeric,
    read_category,
    read_numeric,
)
from preprocessing.task.columns import Kind
from preprocessing.task.formula import Formula
from preprocessing.task.spec import TaskSpec

FORMAT = 1

_Plan = tuple[int, int | None, float, float, float, float]
"""Of a number: its place, that of its flag, and low, high, center and scale."""


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
        self._fill = np.array([c.fill for c in self.numeric], dtype=np.float64)
        self._low = np.array([c.low for c in self.numeric], dtype=np.float64)
        self._high = np.array([c.high for c in self.numeric], dtype=np.float64)
        self._center = np.array([c.center for c in self.numeric], dtype=np.float64)
        self._scale = np.array([c.scale for c in self.numeric], dtype=np.float64)
        flagged = [i for i, c in enumerate(self.numeric) if c.flag]
        self._flagged = np.array(flagged, dtype=np.intp)
        self._flags = slice(len(self.numeric), len(self.numeric) + len(flagged))
        self._flag_names = tuple(self._names[i] for i in flagged)
        self._one_hot = self._offsets(len(self.numeric) + len(flagged))
        self.columns = self._sources()
        self._width = len(self.columns)
        flag_of = {place: self._flags.start + i for i, place in enumerate(flagged)}
        plans: dict[str, _Plan] = {
            c.feature: (place, flag_of.get(place), c.low, c.high, c.center, c.scale)
            for place, c in enumerate(self.numeric)
        }
        formulas = self._derived.formulas
        self._given = {name: plan for name, plan in plans.items() if name not in formulas}
        self._worked_out = [
            (plans[name], formula) for name, formula in formulas.items() if name in plans
        ]
        self._empty = self.encode_many([{}])[0].astype(np.float32)

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
                [read_numeric(column) for column in spec["numeric"]],
                [read_category(column) for column in spec["category"]],
                spec["dropped"],
                spec["derived"],
            )
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
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

    @property
    def formulas(self) -> Mapping[str, Formula]:
        """What is worked out from a record: derived number to its formula."""
        return self._derived.formulas

    def encode_one(self, record: Features) -> NDArray[np.float64]:
        """One record as a row of shape (d,).

        Begins with the row of a record without any value and changes what the record gives: for so
        few numbers each call of NumPy costs more than the arithmetic.

        Raises:
            ValueError: text where a number belongs; records are validated at the edge.
        """
        given = self._given
        row: NDArray[np.float32] = self._empty.copy()
        found: list[tuple[_Plan, Any]] = [
            (column, value)
            for name, value in record.items()
            if (column := given.get(name)) is not None
        ]
        # What is worked out has one truth, whatever a record says under its name.
        found += [(column, formula(record)) for column, formula in self._worked_out]
        for (place, flag, low, high, center, scale), value in found:
            if value is None:
                continue
            number = float(value)
            if not low <= number <= high:
                if number != number:
                    continue
                number = low if number < low else high
            row[place] = (number - center) / scale  # Rounded here, last.
            if flag is not None:
                row[flag] = 0.0
        for feature, fill, known in self._one_hot:
            if (place := known.get(record.get(feature), fill)) != fill:
                row[fill] = 0.0
                row[place] = 1.0
        return row.astype(np.float64)

    def encode_many(self, records: Sequence[Features]) -> NDArray[np.float64]:
        """n records as rows of shape (n, d), each equal to `encode_one` of the record."""
        n = len(records)
        raw = np.empty((n, len(self._names)))
        for place, name in enumerate(self._names):
            formula = self.formulas.get(name)
            if formula is None:
                raw[:, place] = np.array([r.get(name) for r in records], dtype=np.float64)
            else:
                read = [[r.get(name) for r in records] for name in formula.names]
                raw[:, place] = _worked_out(formula, n, read)
        rows = self._numeric(raw)
        every = np.arange(n)
        for feature, fill, places in self._one_hot:
            rows[every, [places.get(r.get(feature), fill) for r in records]] = 1.0
        return rows

    def encode_columns(self, records: Columns) -> NDArray[np.float64]:
        """n records as rows of shape (n, d), each equal to `encode_one` of the record."""
        raw = np.empty((records.size, len(self._names)))
        for place, name in enumerate(self._names):
            formula = self.formulas.get(name)
            raw[:, place] = (
                records.number(name)
                if formula is None
                else _worked_out(formula, records.size, map(records.values, formula.names))
            )
        rows = self._numeric(raw)
        every = np.arange(records.size)
        for feature, fill, places in self._one_hot:
            rows[every, records.places(feature, places, fill)] = 1.0
        return rows

    @property
    def known_categories(self) -> Mapping[str, Mapping[Any, int]]:
        """Category with a column to the categories seen in training."""
        return {name: places for name, _, places in self._one_hot}

    def imputed(self, record: Features) -> tuple[str, ...]:
        """The features with a column that this record lacks (or whose category is unseen).

        What is worked out from other features is nobody's to send, and not named.
        """
        get, derived = record.get, self._derived.formulas
        missing = [n for n in self._names if n not in derived and _is_missing(get(n))]
        missing += [name for name, _, position in self._one_hot if get(name) not in position]
        return tuple(missing)

    def unseen(self, record: Features) -> tuple[str, ...]:
        """The features whose category this record gives and training never saw.

        They are encoded as the most frequent category.
        """
        found = [n for n, _, known in self._one_hot if n in record and record[n] not in known]
        return tuple(found) if found else ()

    def complete(self, record: Features) -> Features:
        """The record together with what is worked out from it."""
        return self._derived.added_to(record)

    def _numeric(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows with all but the categories filled in, of raw numbers of shape (n, numbers)."""
        rows = np.zeros((len(raw), self._width))
        raw = self._clipped(raw)
        rows[:, self._flags] = self._fill_in(raw)
        rows[:, : raw.shape[1]] = self._scaled(raw)
        return rows

    def _clipped(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Takes values into the range seen in training, in place; NaN stays."""
        np.maximum(raw, self._low, out=raw)
        np.minimum(raw, self._high, out=raw)
        return raw

    def _fill_in(self, raw: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Fills what is missing, in place; gives the flags, of shape (flagged,) or (n, flagged)."""
        missing = np.isnan(raw)
        np.copyto(raw, self._fill, where=missing)
        flags: NDArray[np.bool_] = missing[..., self._flagged]
        return flags

    def _scaled(self, raw: NDArray[np.float64]) -> NDArray[np.float32]:
        """Scales, in place, and rounds last."""
        raw -= self._center
        raw /= self._scale
        return raw.astype(np.float32)

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


def _worked_out(
    formula: Formula, size: int, columns: Iterable[Sequence[Any]]
) -> NDArray[np.float64]:
    """A formula's value for each record, NaN where it has none.

    Asked once for each combination of values: there are few, of phases and ages say.

    Args:
        formula: that is asked.
        size: how many records there are.
        columns: the values of each feature that it reads, None where a record gives none.
    """
    known: dict[tuple[Any, ...], float | None] = {}
    combinations = list(zip(*columns, strict=True))
    for values in set(combinations):
        given = zip(formula.names, values, strict=True)
        known[values] = formula({name: value for name, value in given if value is not None})
    if not combinations:  # A formula of constants, or no record.
        return np.full(size, formula({}), dtype=np.float64)
    return np.array([known[values] for values in combinations], dtype=np.float64)


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
