"""Where the line is drawn between those who are looked at and those who are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from model.prediction import NewCuts, Thresholds
from preprocessing.dataset import TrainingSet
from preprocessing.lanes import lanes_of
from preprocessing.task.policies import PromotionPolicy, StatusPolicy
from preprocessing.task.spec import TaskSpec

Array = NDArray[np.float64]

CRITICAL_LEVEL = 0.95
"""One-sided level of the bound that `critical` rests on. The lowest of many cuts is taken, which
uses up a part of it: what was promised is kept in nine worlds of ten (`docs/training.md`)."""


def choose_thresholds(
    outcome: Array, scores: Array, promotion: PromotionPolicy, status: StatusPolicy
) -> Thresholds:
    """The cut-offs on scores of records that the model was not fitted on.

    `operating` has the highest recall among the thresholds that flag no more than the alert budget
    (None: as many as are at risk) with at least the floor's precision, if the school sets one.
    Where no threshold meets both, the floor yields least: the one of highest precision within the
    budget is taken.
    `alert` is the operating threshold. `critical` begins at the lowest cut above which the share at
    risk is at least `critical_precision` by its lower confidence bound, and nowhere (1.0) where the
    records show that of no cut.

    >>> scores = np.array([0.9, 0.8, 0.4, 0.1])
    >>> choose_thresholds(
    ...     np.array([1.0, 1.0, 0.0, 0.0]), scores, PromotionPolicy(), StatusPolicy()
    ... ).operating.__round__(9)
    0.6
    """
    cut, flagged, precision = _cuts(outcome, scores)
    budget = promotion.budget
    room = outcome.sum() if budget is None else budget * len(outcome)
    within = flagged <= max(room, flagged[0])
    allowed = within & (precision >= (promotion.precision_floor or 0.0))
    if not allowed.any():
        allowed = within & (precision == precision[within].max())
    operating = float(cut[np.flatnonzero(allowed)[-1]])
    critical = critical_cut(outcome, scores, status)
    return Thresholds(
        operating,
        operating,
        max(operating, critical),
        min_known_weight=status.min_known_weight,
    )


def lane_thresholds(data: TrainingSet, scores: Array, task: TaskSpec) -> Thresholds:
    """The cut-offs of a task: one for all, or one per lane where each has its own budget.

    A lane's threshold flags as many of it as it has room for; what precision that has in the lane
    is what the school asked for by naming its room, so the floor is not put to one lane alone.

    Args:
        data: n records that the model was not fitted on.
        scores: shape (n,).
        task: its policies.
    """
    whole = choose_thresholds(data.outcome, scores, task.promotion, task.status)
    lanes = lanes_of(data.records, task)
    if lanes is None:
        return whole
    known, new = (
        _room_cut(data.outcome[member], scores[member], share * len(scores))
        for member, share in ((~lanes.new, lanes.known_share), (lanes.new, lanes.new_share))
    )
    critical = critical_cut(data.outcome, scores, task.status)
    rule = task.outcome
    return replace(
        whole,
        operating=known,
        alert=known,
        critical=max(known, critical),
        new=NewCuts(
            new, max(new, critical), str(rule.persistence), rule.below, rule.at_least, rule.positive
        ),
    )


def critical_cut(outcome: Array, scores: Array, status: StatusPolicy) -> float:
    """The lowest cut above which `critical_precision` is sure; 1.0 where the records show none."""
    cut, flagged, precision = _cuts(outcome, scores)
    sure = lower_bound(precision * flagged, flagged) >= status.critical_precision
    return float(cut[np.flatnonzero(sure)[-1]]) if sure.any() else 1.0


def _room_cut(outcome: Array, scores: Array, room: float) -> float:
    """The lowest cut with no more than so many at or above it; above everybody if there is none."""
    if not len(scores):
        return 1.0
    cut, flagged, _ = _cuts(outcome, scores)
    within = np.flatnonzero(flagged <= room)
    return float(cut[within[-1]]) if within.size else float(np.nextafter(scores.max(), 2.0))


def lower_bound(caught: Array, flagged: Array, level: float = CRITICAL_LEVEL) -> Array:
    """The lower confidence bound of shares, one-sided and exact, shape (k,).

    Args:
        caught: shape (k,), how many of the flagged are at risk.
        flagged: shape (k,), how many are flagged, at least 1.
        level: of the bound.

    Source: Clopper and Pearson (1934), The use of confidence or fiducial limits.

    >>> lower_bound(np.array([29.0]), np.array([29.0])).round(3).tolist()
    [0.902]
    """
    some = np.maximum(caught, 1.0)
    bound: Array = np.where(caught > 0, beta.ppf(1.0 - level, some, flagged - some + 1.0), 0.0)
    return bound


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
