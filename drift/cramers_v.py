"""Cramér's V between two sets of category counts, whatever their sizes."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

Counts = NDArray[np.float64]


def cramers_v(reference: Counts, recent: Counts) -> float:
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
    return float(np.sqrt(_squared(reference, recent)))


def corrected_v(reference: Counts, recent: Counts) -> float:
    """Cramér's V without what chance adds to it: about 0 where nothing has changed.

    Chance makes the shares of two samples differ, the more so the more categories and the fewer
    rows there are. Its part in V² is the mean over all ways to deal the same records into two
    samples of these sizes, worked out per category. For rows of equal length this is Bergsma's
    (k - 1) / (n - 1); for unequal ones n is the effective number of rows, 4nm / (n + m).

    Source: Bergsma (2013), "A bias-correction for Cramér's V and Tschuprow's T".

    >>> villages = np.ones(100)
    >>> here, there = np.repeat([1.0, 0.0], 50), np.repeat([0.0, 1.0], 50)
    >>> round(cramers_v(here, there), 6), round(corrected_v(here, there), 6)
    (1.0, 0.0)
    """
    rows = 4.0 / (1.0 / reference.sum() + 1.0 / recent.sum())
    if rows <= 2.0:
        return 0.0
    beyond_chance = _squared(reference, recent) - _squared_by_chance(reference, recent)
    return float(np.sqrt(np.clip(beyond_chance / (1.0 - 1.0 / (rows - 1.0)), 0.0, 1.0)))


def _squared(reference: Counts, recent: Counts) -> float:
    return float(_parts(reference, recent, reference.sum(), recent.sum()).sum())


def _parts(then: Counts, now: Counts, rows_then: float, rows_now: float) -> Counts:
    """What each category adds to V²."""
    p, q = then / rows_then, now / rows_now
    total = p + q
    return np.divide(0.5 * (p - q) ** 2, total, out=np.zeros_like(total), where=total > 0)


def _squared_by_chance(reference: Counts, recent: Counts) -> float:
    """The mean of V² when the records of both rows are dealt anew."""
    rows_then, rows_now = reference.sum(), recent.sum()
    sizes, repeats = np.unique(reference + recent, return_counts=True)
    dealt = [_likely(size, rows_then, rows_now) for size in sizes.tolist()]
    lengths = [len(now) for now in dealt]
    now, size = np.concatenate(dealt), np.repeat(sizes, lengths)
    chance = np.exp(_log_dealt(now, size, rows_then + rows_now, rows_now))
    parts = _parts(size - now, now, rows_then, rows_now)
    return float((np.repeat(repeats, lengths) * chance * parts).sum())


def _likely(size: float, rows_then: float, rows_now: float) -> Counts:
    """How many of a category's records the recent row may get, but for twelve deviations."""
    mean = size * rows_now / (rows_then + rows_now)
    reach = 12.0 * np.sqrt(mean) + 20.0
    least = max(0.0, np.floor(mean - reach), size - rows_then)
    return np.arange(least, min(size, np.ceil(mean + reach), rows_now) + 1.0)


def _log_dealt(now: Counts, size: Counts, rows: float, rows_now: float) -> Counts:
    """Log of the hypergeometric probability; SciPy's own takes a hundred times as long."""
    log_ways = _log_choose(size, now) + _log_choose(rows - size, rows_now - now)
    return np.asarray(log_ways - _log_choose(np.array([rows]), np.array([rows_now])))


def _log_choose(n: Counts, k: Counts) -> Counts:
    return np.asarray(-scipy.special.betaln(1.0 + n - k, 1.0 + k) - np.log1p(n))
