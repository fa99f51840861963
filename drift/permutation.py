"""What chance makes of two samples: the same records dealt anew, many times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 1_999
"""The smallest p-value is 1 in 2,000, so that one shift alone is found among up to 100 tests."""

ROUNDING = 1e-9
"""Distances that differ by less are the same one, worked out in another order."""


def dealt_anew(counts: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Ways to deal the records of both rows to two samples of the same sizes.

    Args:
        counts: shape (2, k), the reference and the current data in the same bins.
        seed: of the draws.

    Returns:
        Shape (`PERMUTATIONS`, 2, k).
    """
    both = counts.sum(axis=0).astype(np.int64)
    now = np.random.default_rng(seed).multivariate_hypergeometric(
        both, int(counts[1].sum()), size=PERMUTATIONS, method="marginals"
    )
    return np.stack([both - now, now], axis=1).astype(np.float64)


def p_value(observed: float, by_chance: NDArray[np.float64]) -> float:
    """The share of permutations that reach what was observed, which counts as one of them.

    Source: Phipson and Smyth (2010), "Permutation p-values should never be zero".

    >>> p_value(0.5, np.array([0.1, 0.2, 0.6]))
    0.5
    """
    reached = np.count_nonzero(by_chance >= observed - ROUNDING)
    return float((1 + reached) / (1 + by_chance.size))
