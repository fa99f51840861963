"""Scores and outcomes as curves: the points that a model card draws.

Every function takes `outcome` (n zeros and ones) and `scores` (n risks); records with the same
score are taken together, so that no order among them is made up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.fairness import wilson

Array = NDArray[np.float64]
Points = tuple[tuple[float, float], ...]

MOST_POINTS = 120
RECORDS_A_BIN = 50
MOST_BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Records of nearly the same score.

    Attributes:
        records: how many.
        score: their mean score.
        share: how many of them were at risk.
        low: lower end of the share's 95 % Wilson interval.
        high: upper end.
    """

    records: int
    score: float
    share: float
    low: float
    high: float


def roc(outcome: Array, scores: Array) -> Points:
    """False alarms (share of those not at risk) against recall, from (0, 0) to (1, 1).

    >>> roc(np.array([1.0, 0.0]), np.array([0.9, 0.1]))
    ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0))
    """
    flagged, hits = _steps(outcome, scores)
    negatives = max(1.0, len(outcome) - hits[-1])
    return _thinned((flagged - hits) / negatives, hits / max(1.0, hits[-1]))


def precision_recall(outcome: Array, scores: Array) -> Points:
    """Recall against precision, highest threshold first."""
    flagged, hits = _steps(outcome, scores)
    return _thinned(hits[1:] / max(1.0, hits[-1]), hits[1:] / flagged[1:])


def gains(outcome: Array, scores: Array) -> Points:
    """Share of the students flagged against recall, from (0, 0) to (1, 1)."""
    flagged, hits = _steps(outcome, scores)
    return _thinned(flagged / len(outcome), hits / max(1.0, hits[-1]))


def calibration(outcome: Array, scores: Array) -> tuple[Bin, ...]:
    """Bins of equal size, lowest scores first; fewer on few records, never more than ten."""
    count = max(1, min(MOST_BINS, len(scores) // RECORDS_A_BIN))
    parts = np.array_split(np.argsort(scores, kind="stable"), count)
    return tuple(_bin(outcome[part], scores[part]) for part in parts)


def _bin(outcome: Array, scores: Array) -> Bin:
    share = float(outcome.mean())
    return Bin(
        len(outcome), float(scores.mean()), share, *wilson(float(outcome.sum()), len(outcome))
    )


def _steps(outcome: Array, scores: Array) -> tuple[Array, Array]:
    """How many are flagged and caught at every threshold, none first."""
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    hits = np.cumsum(outcome[order])[last]
    return np.append(0.0, last + 1.0), np.append(0.0, hits)


def _thinned(x: Array, y: Array) -> Points:
    """At most `MOST_POINTS` of the points, first and last included."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(np.intp))
    return tuple(zip(x[kept].tolist(), y[kept].tolist(), strict=True))
