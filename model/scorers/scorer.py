"""The contract of everything that turns encoded rows into margins."""

from __future__ import annotations

from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]


class Scorer(Protocol):
    """Rows in, margins out: higher is riskier, on whatever scale the family has.

    A scorer is loaded from one file of a bundle and never changes. `contributions` are additive:
    base + sum(contributions) is the margin. `model.scorers.kinds` names every class that serves.

    Attributes:
        FILE: name of its file in a bundle, which the manifest gives to say what kind it is.
        EXPLAINED: records that are explained to tell a version's importance.
        KEEPS_RECORDS: whether its file holds training records, encoded; the model card says so.
    """

    FILE: ClassVar[str]
    EXPLAINED: ClassVar[int]
    KEEPS_RECORDS: ClassVar[bool]

    @property
    def width(self) -> int:
        """Columns a row must have."""

    def margin(self, rows: Rows) -> Rows:
        """Margins of shape (n,) for rows of shape (n, d)."""

    def margin_one(self, row: Rows) -> float:
        """The margin of one row of shape (d,); the same number as `margin` gives."""

    def contributions(self, row: Rows) -> tuple[Rows, float]:
        """What each column of one row adds to the margin, shape (d,), and the base."""

    def contributions_many(self, rows: Rows) -> tuple[Rows, float]:
        """The same of n rows, at least one, together: shape (n, d), and the base they share."""

    def dump(self) -> bytes:
        """The bytes of its file; equal scorers give equal bytes."""

    @classmethod
    def load(cls, data: bytes) -> Self:
        """The scorer that `dump` wrote.

        Raises:
            BundleError: not such bytes.
        """
