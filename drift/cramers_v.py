"""Cramér's V between two sets of category counts, whatever their sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cramers_v(reference: NDArray[np.float64], recent: NDArray[np.float64]) -> float:
    """Cramér's V of the 2 × k table in which both rows weigh the same.

    The plain coefficient shrinks when one row is much longer than the other (a hundred new students
    against a hundred thousand in training), although the difference is the same. Giving both rows
    the same weight takes this out: V = sqrt(½ Σ (p - q)² / (p + q)) over the shares p and q. With
    rows of equal length it is the plain coefficient.

    Args:
        reference: shape (k,), counts.
        recent: shape (k,), counts of the same categories.

    Returns:
        In [0, 1]: 0 for equal shares, 1 for no category in common.

    Source: Cramér (1946), "Mathematical Methods of Statistics", chapter 21.

    >>> cramers_v(np.array([10.0, 0.0]), np.array([0.0, 500.0]))
    1.0
    """
    p = reference / reference.sum()
    q = recent / recent.sum()
    total = p + q
    used = total > 0
    squared = 0.5 * np.sum((p[used] - q[used]) ** 2 / total[used])
    return float(np.sqrt(squared))
