"""The champion on outcomes of records it was not trained on: all together, and by unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drift.performance import Floats, realised_performance
from model.units.figures import shares_by_unit
from model.units.tested import JudgedUnits


@dataclass(frozen=True, slots=True)
class JudgedLabels:
    """n labels with the champion's scores of their records.

    Attributes:
        units: shape (n,), folded; "" where unknown.
        outcomes: shape (n,), 1.0 at risk and 0.0 not.
        scores: shape (n,).
        threshold: at or above it a student is flagged; one for all, or each one's own.
        new: shape (n,), who was not at risk when the score was made; None where no one can tell.
    """

    units: NDArray[np.str_]
    outcomes: Floats
    scores: Floats
    threshold: float | Floats
    new: NDArray[np.bool_] | None = None

    def performance(self) -> Mapping[str, float]:
        """`realised_performance` of all of them; empty where there are none."""
        if not self.scores.size:
            return {}
        return realised_performance(self.outcomes, self.scores, self.threshold, self.new)

    def by_unit(self) -> JudgedUnits:
        """Recall, precision and share flagged of each unit, where they may be shown."""
        flags = (self.scores >= self.threshold).astype(np.float64)
        return shares_by_unit(self.units, self.outcomes, flags)
