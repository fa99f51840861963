"""Population stability index: the industry's one-number summary of a shift.

It is reported beside the tests and decides nothing: its usual limits (0.1 and 0.25) ignore the
number of rows, and without any shift it is about (bins - 1)(1/n + 1/m) on average.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PSEUDOCOUNT = 0.5
"""Added to each bin (Jeffreys' prior): an empty one gives a large index, not an infinite one."""


def psi(counts: NDArray[np.float64]) -> float:
    """Σ (q - p) ln(q / p) over the bins' shares, p of the reference and q of the current data.

    Args:
        counts: shape (2, k), of the reference and of the current data in the same bins.

    Source: Siddiqi (2006), "Credit Risk Scorecards"; it is the symmetrised Kullback-Leibler
    divergence.

    >>> round(psi(np.array([[500.0, 500.0], [600.0, 400.0]])), 4)
    0.0405
    """
    smoothed = counts + PSEUDOCOUNT
    p, q = smoothed / smoothed.sum(axis=1, keepdims=True)
    return float(np.sum((q - p) * np.log(q / p)))
