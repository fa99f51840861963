"""Two profiles of one column counted in the same bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.profile import CategoryProfile, ColumnProfile, NumericProfile

BINS = 10


def value_bins(reference: ColumnProfile, current: ColumnProfile) -> NDArray[np.float64]:
    """The (2, k) counts of both, over the categories of either or the reference's deciles.

    Raises:
        TypeError: one profile is of a number and the other of a category.
    """
    if isinstance(reference, CategoryProfile) and isinstance(current, CategoryProfile):
        return category_bins(reference, current)
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        edges = _decile_edges(reference)
        return np.array([_binned(reference, edges), _binned(current, edges)])
    raise TypeError("bins are of two numbers or of two categories")


def category_bins(reference: CategoryProfile, current: CategoryProfile) -> NDArray[np.float64]:
    """The (2, k) table of counts over the categories of either profile, by name."""
    then = dict(zip(reference.categories, reference.counts, strict=True))
    now = dict(zip(current.categories, current.counts, strict=True))
    names = sorted(then.keys() | now.keys())
    return np.array([[then.get(n, 0) for n in names], [now.get(n, 0) for n in names]], dtype=float)


def _decile_edges(reference: NumericProfile) -> NDArray[np.float64]:
    inner = [reference.quantile(share / BINS) for share in range(1, BINS)]
    # An edge at the largest value would leave an empty last bin.
    return np.array(sorted({e for e in inner if e < reference.values[-1]}))


def _binned(profile: NumericProfile, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many values lie in each bin (edge, next edge]; exact, as edges are kept values."""
    upto = np.concatenate([[0], np.asarray(profile.upto)])
    at_edges = upto[np.searchsorted(np.asarray(profile.values), edges, side="right")]
    return np.diff(np.concatenate([[0], at_edges, [profile.present]])).astype(np.float64)
