"""What the encoder learns of one feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from model.errors import BundleError
from model.parsing.values import number, sequence, text
from model.student import Value

FLAG_SHARE = 0.02
"""Missingness gets a column of its own when this share of the training records lacks the value,
and the same share has it: rarer than that teaches a model nothing but noise."""


@dataclass(frozen=True, slots=True)
class NumericColumn:
    """A number: `(clip(value or fill, low, high) - center) / scale`.

    Attributes:
        feature: canonical name.
        fill: the training median.
        center: the training mean.
        scale: the training standard deviation, never 0.
        low: smallest value seen in training.
        high: largest value seen in training.
        flag: whether a second column says that the value is missing.
    """

    feature: str
    fill: float
    center: float
    scale: float
    low: float
    high: float
    flag: bool

    def spec(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CategoryColumn:
    """A category, one column each; `fill` is the most frequent one."""

    feature: str
    fill: str
    categories: tuple[str, ...]

    def spec(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"feature": self.feature, "fill": self.fill, "categories": list(self.categories)}


def read_numeric(described: Mapping[str, Any]) -> NumericColumn:
    """The column that `spec()` described.

    Raises:
        BundleError: a value is of another type, or the scale is 0.
        TypeError: one is missing or unknown.
    """
    feature = text(described["feature"], "encoder.json: feature")
    numbers = {
        name: number(value, f"encoder.json: {feature}: {name}")
        for name, value in described.items()
        if name not in {"feature", "flag"}
    }
    if not numbers.get("scale", 1.0):
        raise BundleError(f"encoder.json: {feature}: scale is 0")
    return NumericColumn(feature=feature, flag=bool(described["flag"]), **numbers)


def read_category(described: Mapping[str, Any]) -> CategoryColumn:
    """The column that `spec()` described.

    Raises:
        BundleError: a value is no text.
        KeyError: one is missing.
    """
    feature, fill = (text(described[name], f"encoder.json: {name}") for name in ("feature", "fill"))
    categories = sequence(described["categories"], f"encoder.json: {feature}: categories")
    named = [text(one, f"encoder.json: {feature}: categories") for one in categories]
    return CategoryColumn(feature, fill, tuple(named))


def fit_numeric(feature: str, values: Sequence[Value | None]) -> NumericColumn | str:
    """The column of a number, or why it gets none.

    >>> fit_numeric("ida", [1.0, 3.0, None, 2.0]).fill
    2.0
    >>> fit_numeric("ipp", [None, None])
    'always missing'
    >>> fit_numeric("ian", [5.0, 5.0])
    'constant'
    """
    numbers = np.array(values, dtype=np.float64)
    seen = numbers[np.isfinite(numbers)]
    if seen.size == 0:
        return "always missing"
    low, high = float(seen.min()), float(seen.max())
    scale = float(seen.std())
    missing = 1.0 - seen.size / numbers.size
    if low == high or scale == 0.0:
        return "constant"
    return NumericColumn(
        feature=feature,
        fill=float(np.median(seen)),
        center=float(seen.mean()),
        scale=scale,
        low=low,
        high=high,
        flag=FLAG_SHARE <= missing <= 1.0 - FLAG_SHARE,
    )


def fit_category(feature: str, values: Sequence[Value | None]) -> CategoryColumn | str:
    """The column of a category, or why it gets none.

    >>> fit_category("school", ["public", "private", "public", None]).categories
    ('private', 'public')
    """
    counts = Counter(str(value) for value in values if value is not None)
    if not counts:
        return "always missing"
    if len(counts) == 1:
        return "constant"
    fill = min(counts, key=lambda name: (-counts[name], name))
    return CategoryColumn(feature=feature, fill=fill, categories=tuple(sorted(counts)))
