"""Where the line is drawn between those who are looked at and those who are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.prediction import Thresholds
from preprocessing.task.policies import PromotionPolicy, StatusPolicy

Array = NDArray[np.float64]

FEWEST_CRITICAL = 10
"""Students a precision must be measured on before `critical` relies on it."""


def choose_thresholds(
    outcome: Array, scores: Array, promotion: PromotionPolicy, status: StatusPolicy
) -> Thresholds:
    """The cut-offs on scores of records that the model was not fitted on.

    `operating` has the highest recall among the thresholds that flag no more than the alert budget
    (None: as many as are at risk) with at least the floor's precision. Where no threshold meets
    both, the floor yields least: the one of highest precision within the budget is taken.
    `alert` is the operating threshold; `critical` begins where those at or above it are at risk
    with at least `critical_precision`, and nowhere (1.0) if that is never seen.

    >>> scores = np.array([0.9, 0.8, 0.4, 0.1])
    >>> choose_thresholds(
    ...     np.array([1.0, 1.0, 0.0, 0.0]), scores, PromotionPolicy(), StatusPolicy()
    ... ).operating.__round__(9)
    0.6
    """
    cut, flagged, precision = _cuts(outcome, scores)
    budget = promotion.alert_budget
    room = outcome.sum() if budget is None else budget * len(outcome)
    within = flagged <= max(room, flagged[0])
    allowed = within & (precision >= promotion.precision_floor)
    if not allowed.any():
        allowed = within & (precision == precision[within].max())
    operating = float(cut[np.flatnonzero(allowed)[-1]])
    sure = (precision >= status.critical_precision) & (
        flagged >= min(FEWEST_CRITICAL, len(outcome))
    )
    critical = float(cut[np.flatnonzero(sure)[-1]]) if sure.any() else 1.0
    return Thresholds(
        operating,
        operating,
        max(operating, critical),
        min_known_weight=status.min_known_weight,
    )


def _cuts(outcome: Array, scores: Array) -> tuple[Array, Array, Array]:
    """Every threshold between two different scores, falling, with flagged and precision there.

    A cut lies half way, so that the scores at its sides may tremble a little.
    """
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    below = np.append(falling[last[:-1] + 1], 0.0)
    flagged = last + 1.0
    return (falling[last] + below) / 2.0, flagged, np.cumsum(outcome[order])[last] / flagged
