"""How good scores are, in figures that are the same wherever they are shown.

Every function takes `outcome` (n zeros and ones) and `scores` (n risks) and is exact under ties;
tests compare with scikit-learn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.figures import auc, calibration_error

Array = NDArray[np.float64]


def evaluate(
    outcome: Array,
    scores: Array,
    *,
    threshold: float | None = None,
    budget: float | None = None,
) -> dict[str, float]:
    """All figures of one set of scores.

    Args:
        outcome: shape (n,), 0 or 1.
        scores: shape (n,), calibrated risks.
        threshold: the operating threshold; `recall`, `precision` and `flagged` are measured at it.
            Without one they are measured at the budget.
        budget: share of students that may be flagged; None means as many as are at risk.

    Returns:
        `n`, `positives`, `recall`, `precision`, `flagged` (share), `recall_at_budget`,
        `recall_at_prevalence` (as many flagged as are at risk), `auc`, `average_precision`,
        `brier`, `calibration_error`. A figure that is not defined, such as AUC with one class
        only, is left out.
    """
    n, positives = len(outcome), float(outcome.sum())
    figures = {"n": float(n), "positives": positives}
    if n == 0:
        return figures
    prevalence = positives / n
    share = prevalence if budget is None else budget
    if threshold is None:
        flagged, found = share, recall_at(outcome, scores, share) * positives
    else:
        chosen = scores >= threshold
        flagged, found = float(chosen.mean()), float(outcome[chosen].sum())
    figures["flagged"] = flagged
    figures["brier"] = float(np.mean((scores - outcome) ** 2))
    figures["calibration_error"] = calibration_error(outcome, scores)
    if flagged > 0:
        figures["precision"] = found / (flagged * n)
    if positives:
        figures["recall"] = found / positives
        figures["recall_at_budget"] = recall_at(outcome, scores, share)
        figures["recall_at_prevalence"] = recall_at(outcome, scores, prevalence)
        figures["average_precision"] = average_precision(outcome, scores)
    if 0 < positives < n:
        figures["auc"] = auc(outcome, scores)
    return figures


def evaluate_numeric(outcome: Array, predicted: Array) -> dict[str, float]:
    """`n`, `mae`, `rmse` and, where the outcome varies, `r2` of a numeric outcome."""
    figures = {"n": float(len(outcome))}
    if len(outcome) == 0:
        return figures
    error = predicted - outcome
    figures["mae"] = float(np.abs(error).mean())
    figures["rmse"] = float(np.sqrt((error**2).mean()))
    spread = float(((outcome - outcome.mean()) ** 2).sum())
    if spread > 0:
        figures["r2"] = 1.0 - float((error**2).sum()) / spread
    return figures


def recall_at(outcome: Array, scores: Array, share: float) -> float:
    """Share of those at risk among the `share` of students with the highest scores.

    Where equal scores straddle the cut, the expected recall of a fair draw among them.

    >>> recall_at(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.7, 0.1]), 0.5)
    0.5
    """
    positives = outcome.sum()
    room = share * len(outcome)
    if positives == 0:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    _, first, sizes = np.unique(-scores[order], return_index=True, return_counts=True)
    hits = np.add.reduceat(outcome[order], first)
    taken = np.clip((room - first) / sizes, 0.0, 1.0)
    return float((hits * taken).sum() / positives)


def average_precision(outcome: Array, scores: Array) -> float:
    """Precision averaged over the gains in recall, ties taken together (as scikit-learn does).

    >>> average_precision(np.array([1.0, 0.0, 1.0]), np.array([0.9, 0.8, 0.7])).__round__(4)
    0.8333
    """
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(outcome[order])
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    recall = hits[last] / hits[-1]
    precision = hits[last] / (last + 1.0)
    return float((np.diff(recall, prepend=0.0) * precision).sum())
