"""Population stability index: the industry's one-number summary of a shift.

It is reported beside the tests and decides nothing: its usual limits (0.1 and 0.25) ignore the
number of rows, and without any shift it is about (bins - 1)(1/n + 1/m) on average.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drift.chi_square import counts_side_by_side
from drift.new_categories import unseen_counts
from model.profile import CategoryProfile, ColumnProfile, NumericProfile

BINS = 10

PSEUDOCOUNT = 0.5
"""Added to each bin (Jeffreys' prior): an empty one gives a large index, not an infinite one."""


def psi(reference: ColumnProfile, recent: ColumnProfile) -> float:
    """The index between two profiles of one column, both with values.

    Numbers are binned at the reference's deciles.

    Raises:
        TypeError: one profile is of a number and the other of a category.
    """
    if isinstance(reference, CategoryProfile) and isinstance(recent, CategoryProfile):
        then, now = counts_side_by_side(reference, recent)
        return index(then, now)
    if isinstance(reference, NumericProfile) and isinstance(recent, NumericProfile):
        edges = _decile_edges(reference)
        return index(_binned(reference, edges), _binned(recent, edges))
    raise TypeError("the index compares two numbers or two categories")


def missing_psi(reference: ColumnProfile, recent: ColumnProfile) -> float:
    """The index over two bins: missing and present."""
    return index(
        np.array([reference.missing, reference.present], dtype=float),
        np.array([recent.missing, recent.present], dtype=float),
    )


def unseen_psi(reference: CategoryProfile, recent: CategoryProfile) -> float:
    """The index over two bins: unseen in training (there, what is expected to be) and seen."""
    rarity = reference.rarity
    unseen = sum(count for _, count in unseen_counts(reference, recent))
    return index(
        np.array([rarity.once, rarity.students - rarity.once], dtype=float),
        np.array([unseen, recent.present - unseen], dtype=float),
    )


def index(reference: NDArray[np.float64], recent: NDArray[np.float64]) -> float:
    """Σ (q - p) ln(q / p) over the bins' shares, p of the reference and q of the recent data.

    Args:
        reference: shape (k,), counts.
        recent: shape (k,), counts in the same bins.

    Source: Siddiqi (2006), "Credit Risk Scorecards"; it is the symmetrised Kullback-Leibler
    divergence.

    >>> round(index(np.array([500.0, 500.0]), np.array([600.0, 400.0])), 4)
    0.0405
    """
    p = (reference + PSEUDOCOUNT) / (reference + PSEUDOCOUNT).sum()
    q = (recent + PSEUDOCOUNT) / (recent + PSEUDOCOUNT).sum()
    return float(np.sum((q - p) * np.log(q / p)))


def _decile_edges(reference: NumericProfile) -> NDArray[np.float64]:
    inner = [reference.quantile(share / BINS) for share in range(1, BINS)]
    # An edge at the largest value would leave an empty last bin.
    return np.array(sorted({e for e in inner if e < reference.values[-1]}))


def _binned(profile: NumericProfile, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many values lie in each bin (edge, next edge]; exact, as edges are kept values."""
    upto = np.concatenate([[0], np.asarray(profile.upto)])
    at_edges = upto[np.searchsorted(np.asarray(profile.values), edges, side="right")]
    return np.diff(np.concatenate([[0], at_edges, [profile.present]])).astype(np.float64)
