"""Intervals of the figures that a champion is held to."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from model.figures import Share, share_of
from model.watch.performance import Measure, PromisedFigure

Floats = NDArray[np.float64]

NORMAL_95 = 1.959963984540054


def auc_with_error(outcome: Floats, scores: Floats) -> tuple[float, float]:
    """AUC and its standard error.

    Args:
        outcome: shape (n,), both outcomes at least twice.
        scores: shape (n,).

    Source: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, with the mid-ranks of Sun and
    Xu (2014), IEEE Signal Processing Letters 21.

    >>> tuple(round(x, 3) for x in auc_with_error(np.array([0., 1, 0, 1]), np.array([1., 2, 3, 4])))
    (0.75, 0.354)
    """
    above, below = scores[outcome > 0.5], scores[outcome <= 0.5]
    together = _mid_ranks(np.concatenate([above, below]))
    of_above = (together[: above.size] - _mid_ranks(above)) / below.size
    of_below = 1.0 - (together[above.size :] - _mid_ranks(below)) / above.size
    variance = of_above.var(ddof=1) / above.size + of_below.var(ddof=1) / below.size
    return float(of_above.mean()), sqrt(variance)


def auc_error(auc: float, positives: float, negatives: float) -> float:
    """The standard error of an AUC of which only the figure is left.

    Source: Hanley and McNeil (1982), Radiology 143.

    >>> round(auc_error(0.8, 100, 100), 4)
    0.0314
    """
    both_above, both_below = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (
        auc * (1 - auc)
        + (positives - 1) * (both_above - auc**2)
        + (negatives - 1) * (both_below - auc**2)
    ) / (positives * negatives)
    return sqrt(max(variance, 0.0))


def around(value: float, error: float) -> Share:
    """A figure in [0, 1] with its 95 % interval.

    >>> around(0.9, 0.1).high
    1.0
    """
    half = NORMAL_95 * error
    return Share(value, max(0.0, value - half), min(1.0, value + half))


def promised_figures(metrics: Mapping[str, float]) -> tuple[PromisedFigure, ...]:
    """What a version's own figures promise, each with the interval it was known with.

    Args:
        metrics: of the version. A figure whose number of records is not among them has no
            interval; one that is not there is left out.

    >>> (promised,) = promised_figures({"recall": 0.75, "positives": 100.0})
    >>> promised.metric.value, round(promised.share.low, 2)
    ('recall', 0.66)
    """
    counts = promised_counts(metrics)
    return tuple(
        PromisedFigure(measure, _promised(measure, metrics[measure], counts.get(measure)))
        for measure in Measure
        if measure in metrics
    )


def promised_counts(metrics: Mapping[str, float]) -> dict[Measure, tuple[float, float]]:
    """What each promised figure was taken of: records, and for the AUC also the other kind."""
    n, positives = metrics.get("n"), metrics.get("positives")
    found: dict[Measure, tuple[float, float]] = {}
    if positives:
        found[Measure.RECALL] = (positives, 0.0)
    if metrics.get("new_positives"):
        found[Measure.NEW_RECALL] = (metrics["new_positives"], 0.0)
    if n and metrics.get("flagged"):
        found[Measure.PRECISION] = (round(n * metrics["flagged"]), 0.0)
    if n and positives and positives < n:
        found[Measure.AUC] = (positives, n - positives)
    return found


def _promised(measure: Measure, value: float, counts: tuple[float, float] | None) -> Share:
    if counts is None:
        return Share(value)
    if measure is Measure.AUC:
        return around(value, auc_error(value, *counts))
    known = share_of(value * counts[0], counts[0])
    return Share(value, known.low, known.high)


def _mid_ranks(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2.0)[place.ravel()]
    return ranks
