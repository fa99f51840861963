"""Counts of those with and without a place, draw by draw, and their difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tables:
    """k tables of two by two, one a stratum; every stratum has both sides.

    Attributes:
        events: shape (k,), of those with a place, how many it happened to.
        placed: shape (k,), how many have a place.
        other_events: shape (k,), of the others, how many it happened to.
        others: shape (k,), how many have none.
    """

    events: Floats
    placed: Floats
    other_events: Floats
    others: Floats

    def __len__(self) -> int:
        return len(self.events)

    @property
    def sizes(self) -> Floats:
        """Shape (k,)."""
        return self.placed + self.others

    @property
    def weights(self) -> Floats:
        """Mantel and Haenszel's, shape (k,), which add up to one."""
        harmonic = self.placed * self.others / self.sizes
        weights: Floats = harmonic / harmonic.sum()
        return weights

    @property
    def differences(self) -> Floats:
        """Share of those with a place less share of the others, shape (k,)."""
        return self.events / self.placed - self.other_events / self.others

    @property
    def difference(self) -> float:
        """The common difference.

        Source: Mantel and Haenszel (1959); Greenland and Robins (1985), Estimation of a common
        effect parameter from sparse follow-up data.
        """
        return float(self.weights @ self.differences)


def tables_of(strata: NDArray[np.intp], placed: Mask, happened: Mask) -> Tables | None:
    """Counts by stratum, of those strata that have both sides; None where none has.

    Args:
        strata: shape (n,), from 0 on.
        placed: shape (n,), who has a place.
        happened: shape (n,), whom it happened to.

    >>> found = tables_of(np.array([0, 0, 1]), np.array([True, False, True]), np.ones(3, bool))
    >>> found.placed.tolist(), found.difference
    ([1.0], 0.0)
    """
    if not len(strata):
        return None
    most = int(strata.max()) + 1

    def counted(chosen: Mask) -> Floats:
        return np.bincount(strata[chosen], minlength=most).astype(np.float64)

    with_place, without = counted(placed), counted(~placed)
    both = (with_place > 0) & (without > 0)
    if not both.any():
        return None
    return Tables(
        counted(placed & happened)[both],
        with_place[both],
        counted(~placed & happened)[both],
        without[both],
    )
