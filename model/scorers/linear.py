"""Linear models: an intercept and a weight a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import orjson

from model.errors import BundleError
from model.parsing.values import number
from model.scorers.scorer import Rows


@dataclass(frozen=True, slots=True)
class LinearScorer:
    """margin = intercept + row · weights.

    Columns are standardised, so the base is the margin of the average training record.

    >>> LinearScorer(np.array([2.0, -1.0]), 0.5).margin_one(np.array([1.0, 1.0]))
    1.5
    """

    FILE: ClassVar[str] = "linear.json"
    EXPLAINED: ClassVar[int] = 200
    KEEPS_RECORDS: ClassVar[bool] = False

    weights: Rows
    intercept: float

    @property
    def width(self) -> int:
        """Columns a row must have."""
        return int(self.weights.size)

    def margin(self, rows: Rows) -> Rows:
        """Margins of shape (n,)."""
        # A sum a row, not a matrix product: BLAS may round one row and many rows differently.
        return np.asarray((rows * self.weights).sum(axis=1) + self.intercept)

    def margin_one(self, row: Rows) -> float:
        """The margin of one row."""
        return float((row * self.weights).sum() + self.intercept)

    def contributions(self, row: Rows) -> tuple[Rows, float]:
        """weight · value of each column, and the intercept."""
        return row * self.weights, self.intercept

    def contributions_many(self, rows: Rows) -> tuple[Rows, float]:
        """weight · value of each row's columns, shape (n, d), and the intercept."""
        return rows * self.weights, self.intercept

    def dump(self) -> bytes:
        """The bytes `load` reads."""
        return orjson.dumps({"intercept": self.intercept, "weights": self.weights.tolist()})

    @classmethod
    def load(cls, data: bytes) -> Self:
        """The scorer that `dump` wrote.

        Raises:
            BundleError: not such bytes.
        """
        try:
            raw = orjson.loads(data)
            weights = [number(w, f"{cls.FILE}: weights") for w in raw["weights"]]
            intercept = number(raw["intercept"], f"{cls.FILE}: intercept")
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"{cls.FILE} is not readable: {error}") from error
        return cls(np.array(weights, dtype=np.float64), intercept)
