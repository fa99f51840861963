"""How good scores are, in figures that are the same wherever they are shown.

Every function takes `outcome` (n zeros and ones) and `scores` (n risks) and is exact under ties;
tests compare with scikit-learn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.figures import auc, calibration_error, new_case_figures
from preprocessing.lanes import Lanes

Array = NDArray[np.float64]


def evaluate(
    outcome: Array,
    scores: Array,
    *,
    threshold: float | Array | None = None,
    budget: float | None = None,
    new: NDArray[np.bool_] | None = None,
    lanes: Lanes | None = None,
) -> dict[str, float]:
    """All figures of one set of scores.

    Args:
        outcome: shape (n,), 0 or 1.
        scores: shape (n,), calibrated risks.
        threshold: the operating threshold, or each record's own, shape (n,); `recall`, `precision`
            and `flagged` are measured at it. Without one they are measured at the budget.
        budget: share of students that may be flagged; None means as many as are at risk.
        new: shape (n,), who is not at risk now (`preprocessing.lanes`); None where no one can tell.
        lanes: the room of each lane, which add up to the budget; None: one budget for all.

    Returns:
        `n`, `positives`, `recall`, `precision`, `flagged` (share), `recall_at_budget`,
        `recall_at_prevalence` (as many flagged as are at risk), `auc`, `average_precision`,
        `brier`, `calibration_error`, `f1_macro`; of the new cases `new_positives`, `new_recall` and
        `new_recall_at_budget`, with the same students flagged. A figure that is not defined,
        such as AUC with one class only, is left out.
    """
    n, positives = len(outcome), float(outcome.sum())
    figures = {"n": float(n), "positives": positives}
    if n == 0:
        return figures
    prevalence = positives / n
    share = prevalence if budget is None else budget
    at_budget = flags_at(scores if lanes is None else lanes.order(scores), share)
    chosen = at_budget if threshold is None else (scores >= threshold).astype(np.float64)
    flagged = share if threshold is None else float(chosen.mean())
    found = float(chosen @ outcome)
    figures["flagged"] = flagged
    figures["brier"] = float(np.mean((scores - outcome) ** 2))
    figures["calibration_error"] = calibration_error(outcome, scores)
    figures["f1_macro"] = f1_macro(positives, flagged * n, found, n)
    if flagged > 0:
        figures["precision"] = found / (flagged * n)
    if positives:
        figures["recall"] = found / positives
        figures["recall_at_budget"] = float(at_budget @ outcome) / positives
        figures["recall_at_prevalence"] = recall_at(outcome, scores, prevalence)
        figures["average_precision"] = average_precision(outcome, scores)
    if 0 < positives < n:
        figures["auc"] = auc(outcome, scores)
    if new is not None:
        figures |= new_case_figures(outcome, chosen, new)
        within = new_case_figures(outcome, at_budget, new)
        if "new_recall" in within:
            figures["new_recall_at_budget"] = within["new_recall"]
    return figures


def f1_macro(positives: float, flagged: float, found: float, n: float) -> float:
    """The mean of the F1 of those at risk and of the others, as scikit-learn's `f1_score`.

    >>> round(f1_macro(positives=2, flagged=2, found=1, n=4), 3)
    0.5
    """
    others, passed = n - positives, n - flagged
    rightly_passed = passed - (positives - found)
    sides = ((found, positives + flagged), (rightly_passed, others + passed))
    return float(np.mean([2 * right / both if both else 0.0 for right, both in sides]))


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


def flags_at(scores: Array, share: float) -> Array:
    """How much of each record is flagged when the `share` with the highest scores is, shape (n,).

    Records with the score at which the room ends share what is left of it.

    >>> flags_at(np.array([0.9, 0.5, 0.5, 0.1]), 0.5).tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    _, place, sizes = np.unique(-scores, return_inverse=True, return_counts=True)
    first = np.cumsum(sizes) - sizes
    taken: Array = np.clip((share * len(scores) - first) / sizes, 0.0, 1.0)[place]
    return taken


def recall_at(outcome: Array, scores: Array, share: float) -> float:
    """Share of those at risk among the `share` of students with the highest scores.

    Where equal scores straddle the cut, the expected recall of a fair draw among them.

    >>> recall_at(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.7, 0.1]), 0.5)
    0.5
    """
    positives = outcome.sum()
    return float(flags_at(scores, share) @ outcome / positives) if positives else float("nan")


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
