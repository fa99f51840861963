"""Figures of a ranked model under record weights, many weightings at once.

A bootstrap resample is a weighting (how often each record was drawn), so a figure that takes
weights is sorted once and read for every resample. Every function takes weights of shape (b, n), in
the records' own order, and gives shape (b,).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retraining.promotion.ranking import Floats, Ranking

Weights = NDArray[np.int32]

REACH = 7.0
"""How many standard deviations around the budgets' places in the ranking `near` looks at."""


class Curve(NamedTuple):
    """Cumulated weight at the end of each tie group, shape (b, g): all, and those at risk."""

    flagged: NDArray[np.int64]
    caught: NDArray[np.int64]


def curve(ranking: Ranking, weights: Weights) -> Curve:
    """How many are flagged and how many of these are at risk, going down the ranking."""
    ordered = weights[:, ranking.order]
    flagged = np.cumsum(ordered, axis=1, dtype=np.int64)[:, ranking.ends]
    at_risk = ordered * ranking.outcome.astype(np.int32)
    return Curve(flagged, np.cumsum(at_risk, axis=1, dtype=np.int64)[:, ranking.ends])


def near(ranking: Ranking, weights: Weights, low: float, high: float) -> Curve:
    """The curve only where the top `low` to `high` of the weight may end, and its last point.

    What stands above is one matrix product; `caught_at` is the same to the last digit for shares
    between the two, by the whole curve should a resample end elsewhere.
    """
    n, ends = len(ranking.order), ranking.ends
    spread = REACH * np.sqrt(n) / 2 + 1
    first, last = np.searchsorted(ends, [low * n - spread, high * n + spread])
    first, last = max(0, int(first) - 1), min(len(ends) - 1, int(last))
    start, stop = int(ends[first]) + 1, int(ends[last]) + 1
    above, above_caught, whole, positives = _sums(ranking, weights, start)
    inside = weights[:, ranking.order[start:stop]]
    at_risk = inside * ranking.outcome[start:stop].astype(np.int32)
    at = ends[first + 1 : last + 1] - start
    flagged = above + np.cumsum(inside, axis=1, dtype=np.int32)[:, at]
    caught = above_caught + np.cumsum(at_risk, axis=1, dtype=np.int32)[:, at]
    points = Curve(np.hstack([above, flagged, whole]), np.hstack([above_caught, caught, positives]))
    missed = (low * whole <= above) | (high * whole > points.flagged[:, -2:-1])
    return curve(ranking, weights) if missed.any() else points


def _sums(ranking: Ranking, weights: Weights, start: int) -> NDArray[np.int64]:
    """Weight above `start`, of it at risk, all weight, and of it at risk, each of shape (b, 1)."""
    what = np.zeros((len(ranking.order), 4), dtype=np.float32)
    what[ranking.order[:start], 0] = 1
    what[ranking.order[:start], 1] = ranking.outcome[:start]
    what[:, 2] = 1
    what[ranking.order, 3] = ranking.outcome
    # float32 holds whole numbers up to 16 million exactly, and its product is the fast one.
    sums = (weights.astype(np.float32) @ what).astype(np.int64)
    return sums.T[:, :, None]


def caught_at(points: Curve, share: float) -> Floats:
    """Weight of the records at risk among the top `share` of all weight, linear inside a group."""
    wanted = share * points.flagged[:, -1]
    last = points.flagged.shape[1] - 1
    at = np.minimum((points.flagged < wanted[:, None]).sum(axis=1), last)
    rows = np.arange(len(wanted))
    above_flagged = np.where(at > 0, points.flagged[rows, at - 1], 0)
    above_caught = np.where(at > 0, points.caught[rows, at - 1], 0)
    size = points.flagged[rows, at] - above_flagged
    part = np.divide(wanted - above_flagged, size, out=np.zeros_like(wanted), where=size > 0)
    result: Floats = above_caught + part * (points.caught[rows, at] - above_caught)
    return result


def recall(points: Curve, share: float) -> Floats:
    """Share of those at risk that is caught when the top `share` is flagged; 0 without any."""
    return _ratio(caught_at(points, share), points.caught[:, -1])


def recall_around(points: Curve, share: float) -> Floats:
    """Mean recall over budgets a fifth below to a fifth above the share."""
    result: Floats = np.mean([recall(points, each) for each in around(share)], axis=0)
    return result


def around(share: float) -> list[float]:
    """Five budgets a fifth below to a fifth above, none larger than everybody.

    >>> [round(each, 2) for each in around(0.5)]
    [0.4, 0.45, 0.5, 0.55, 0.6]
    """
    return [min(1.0, share * part) for part in (0.8, 0.9, 1.0, 1.1, 1.2)]


def precision(points: Curve, share: float) -> Floats:
    """Share of the flagged that is at risk when the top `share` is flagged."""
    return _ratio(caught_at(points, share), share * points.flagged[:, -1])


def auc(points: Curve) -> Floats:
    """Area under the ROC curve, trapezoids; 0.5 where only one class has weight."""
    positives = points.caught[:, -1]
    negatives = points.flagged[:, -1] - positives
    caught = np.diff(points.caught, axis=1, prepend=0)
    falsely = points.flagged - points.caught
    beneath = negatives[:, None] - falsely + np.diff(falsely, axis=1, prepend=0) / 2
    return _ratio((caught * beneath).sum(axis=1), positives * negatives, empty=0.5)


def average_precision(points: Curve) -> Floats:
    """Sum over groups of (gain in recall × precision there), as scikit-learn defines it."""
    caught = np.diff(points.caught, axis=1, prepend=0)
    there = np.divide(
        points.caught, points.flagged, out=np.zeros(points.caught.shape), where=points.flagged > 0
    )
    return _ratio((caught * there).sum(axis=1), points.caught[:, -1])


def brier(scores: Floats, outcome: Floats, weights: Weights) -> Floats:
    """Weighted mean squared difference of score and outcome."""
    result: Floats = weights @ np.square(scores - outcome) / weights.sum(axis=1)
    return result


def _ratio(part: NDArray[np.number], whole: NDArray[np.number], empty: float = 0.0) -> Floats:
    result: Floats = np.full(len(part), empty)
    np.divide(part, whole, out=result, where=whole > 0)
    return result
