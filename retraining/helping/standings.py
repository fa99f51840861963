"""Students as they stood on published lists, with what became of them, column by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.helping.effect import PlaceSide
from retraining.helping.tables import Floats, Mask


@dataclass(frozen=True, slots=True)
class Standings:
    """n students of published lists; a student of several periods is there once for each.

    Attributes:
        students: shape (n,), who each is.
        lanes: shape (n,).
        strata: shape (n,), which draw, from 0 on; those who drew no lot have -1.
        placed: shape (n,), who has a place: drawn, or within the cut.
        margins: shape (n,), beyond the cut, 0 or more is within.
        at_risk: shape (n,), 1.0 at risk then, 0.0 not, NaN where the outcome is not known.
        helped: shape (n,), who was helped between the list and the outcome.
    """

    students: NDArray[np.str_]
    lanes: NDArray[np.str_]
    strata: NDArray[np.intp]
    placed: Mask
    margins: Floats
    at_risk: Floats
    helped: Mask

    def __len__(self) -> int:
        return len(self.students)

    @property
    def known(self) -> Mask:
        """Whose outcome is known, shape (n,)."""
        return np.asarray(~np.isnan(self.at_risk))

    @property
    def well(self) -> Floats:
        """1.0 who was not at risk then, so that help shows above zero; shape (n,)."""
        return 1.0 - self.at_risk

    def take(self, chosen: Mask | NDArray[np.intp]) -> Standings:
        """Those at these positions, or where the mask is true."""
        return Standings(
            self.students[chosen],
            self.lanes[chosen],
            self.strata[chosen],
            self.placed[chosen],
            self.margins[chosen],
            self.at_risk[chosen],
            self.helped[chosen],
        )

    def side(self, placed: bool, *, told: bool) -> PlaceSide:
        """Counts of those with a place, or of the others.

        Args:
            placed: which.
            told: whether what became of them may be told.
        """
        mine = self.take(self.placed == placed)
        known = mine.take(mine.known)
        if not told:
            return PlaceSide(len(mine), len(known))
        return PlaceSide(len(mine), len(known), int(known.at_risk.sum()), int(known.helped.sum()))
