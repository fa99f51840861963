"""Figures of a ranked model under record weights, many weightings at once.

A bootstrap resample is a weighting (how often each record was drawn), so a figure that takes
weights is sorted once and read for every resample. Every function takes weights of shape (b, n), in
the records' own order, and gives shape (b,).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retraining.ranking import Floats, Ranking

Weights = NDArray[np.int32]


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
