"""What a family learns from: encoded rows with their outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Sample:
    """n encoded records.

    Attributes:
        rows: shape (n, d), from the encoder.
        outcome: shape (n,).
        students: shape (n,), the group in every inner split.
        numeric: whether the outcome is a number rather than 0 or 1.
    """

    rows: NDArray[np.float64]
    outcome: NDArray[np.float64]
    students: NDArray[np.str_]
    numeric: bool = False

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def width(self) -> int:
        """Columns of a row."""
        return int(self.rows.shape[1])

    def take(self, index: NDArray[Any]) -> Sample:
        """The records at those positions, or where the mask is true."""
        return Sample(self.rows[index], self.outcome[index], self.students[index], self.numeric)

    def leaf(self, share: float, least: int) -> int:
        """Records a leaf must hold: at least `least`, and `share` of all when there are many."""
        return max(least, int(len(self) * share))

    @property
    def jobs(self) -> int:
        """Threads worth starting: on a few thousand records one is faster than two."""
        return 1 if self.rows.size < 500_000 else 2


def log_odds(share: float) -> float:
    """ln(p / (1 - p)).

    >>> log_odds(0.5)
    0.0
    """
    return float(np.log(share / (1.0 - share)))
