"""k nearest neighbours: the share at risk among the most similar training records."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from model.errors import BundleError
from model.scorers.scorer import Rows

_UNREADABLE = (
    KeyError, TypeError, ValueError, OSError, EOFError, MemoryError, OverflowError,
    NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""A shape may ask for more than there is; an archive may be of a kind that nobody reads."""

_CELLS = 4_000_000
"""Differences held in memory at once."""


@dataclass(frozen=True, slots=True)
class NeighbourScorer:
    """margin = distance-weighted mean outcome of the k nearest rows (Euclidean).

    Weights are 1 / (1 + distance), so that even an exact match is one voice among others.

    Attributes:
        rows: encoded training rows, shape (m, d). They are what the model is; a bundle of this
            family therefore carries indicators of students, without names or identifiers.
        outcome: shape (m,).
        k: neighbours asked, at most m.
    """

    FILE: ClassVar[str] = "neighbours.npz"
    # An explanation asks all training records a hundred times.
    EXPLAINED: ClassVar[int] = 20
    KEEPS_RECORDS: ClassVar[bool] = True

    rows: Rows
    outcome: Rows
    k: int

    @property
    def width(self) -> int:
        """Columns a row must have."""
        return int(self.rows.shape[1])

    def margin(self, rows: Rows) -> Rows:
        """Margins of shape (n,)."""
        step = max(1, _CELLS // max(1, self.rows.size))
        chunks = [self._some(rows[i : i + step]) for i in range(0, len(rows), step)]
        return np.concatenate(chunks) if chunks else np.zeros(0)

    def margin_one(self, row: Rows) -> float:
        """The margin of one row."""
        return float(self._some(row[None, :])[0])

    def contributions(self, row: Rows) -> tuple[Rows, float]:
        """Shapley values over two opposite orders of the columns, from the average record (0).

        Two permutations instead of all: antithetic sampling (Mitchell et al. 2022), exact in sum.
        """
        d = self.width
        steps = np.tril(np.ones((d + 1, d)), -1)
        forward = np.diff(self._some(steps * row))
        backward = np.diff(self._some(steps[:, ::-1] * row))[::-1]
        base = self.margin_one(np.zeros(d))
        return (forward + backward) / 2.0, base

    def contributions_many(self, rows: Rows) -> tuple[Rows, float]:
        """Row by row: each asks all training records so often that nothing is left to share."""
        return np.stack([self.contributions(row)[0] for row in rows]), self.margin_one(rows[0] * 0)

    def _some(self, rows: Rows) -> Rows:
        squared = ((rows[:, None, :] - self.rows[None, :, :]) ** 2).sum(axis=2)
        # A stable sort: of equally near records the earlier ones are asked, always the same.
        nearest = np.argsort(squared, axis=1, kind="stable")[:, : self.k]
        weight = 1.0 / (1.0 + np.sqrt(np.take_along_axis(squared, nearest, axis=1)))
        return np.asarray((weight * self.outcome[nearest]).sum(axis=1) / weight.sum(axis=1))

    def dump(self) -> bytes:
        """The bytes `load` reads."""
        buffer = io.BytesIO()
        np.savez(buffer, rows=self.rows, outcome=self.outcome, k=np.array(self.k))
        return buffer.getvalue()

    @classmethod
    def load(cls, data: bytes) -> Self:
        """The scorer that `dump` wrote.

        Raises:
            BundleError: not such bytes.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                made = cls(arrays["rows"], arrays["outcome"], int(arrays["k"]))
        except _UNREADABLE as error:
            raise BundleError(f"{cls.FILE} is not readable: {error}") from error
        made.check()
        return made

    def check(self) -> None:
        """Accepts the arrays, or raises.

        Raises:
            BundleError: no finite numbers, or of shapes that do not fit together.
        """
        for name, array, dimensions in (("rows", self.rows, 2), ("outcome", self.outcome, 1)):
            if array.dtype.kind not in "fiu" or array.ndim != dimensions:
                raise BundleError(f"{self.FILE}: {name} is no array of numbers of its shape")
            if not np.isfinite(array).all():
                raise BundleError(f"{self.FILE}: {name} holds what is no finite number")
        if len(self.rows) != len(self.outcome) or not 0 < self.k <= len(self.rows):
            raise BundleError(f"{self.FILE}: rows, outcome and k do not fit together")
