"""Recall as people ask for it: who has to be looked at to find so many of those at risk."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support

from model.figures import AtK, ClassFigures, RecallTarget, new_case_figures, share_of
from model.lists.finds import STEPS, LaneCurve
from model.lists.published import Lane
from training.metrics import flags_at

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

TARGETS = (0.5, 0.7, 0.8, 0.9, 0.95)
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
"""Of all records, at which precision and recall at k are told."""
FEWEST = 10
"""With fewer looked at, a figure is that of a handful of students."""


def recall_targets(
    outcome: Array, scores: Array, new: Mask | None = None
) -> tuple[RecallTarget, ...]:
    """The fewest students to look at for each share to be found, those with equal scores together.

    Args:
        outcome: shape (n,), 1.0 at risk.
        scores: shape (n,), of models that had not learned from the record.
        new: shape (n,), who is not at risk now; None where no one can tell.

    Returns:
        One per `TARGETS`; empty where nobody is at risk.

    >>> outcome, scores = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.7, 0.1])
    >>> [(one.target, one.students) for one in recall_targets(outcome, scores)]
    [(0.5, 1), (0.7, 3), (0.8, 3), (0.9, 3), (0.95, 3)]
    """
    positives = float(outcome.sum())
    if not positives:
        return ()
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    caught = np.cumsum(outcome[order])[ends]
    found = []
    for target in TARGETS:
        # Rounding must not ask for one student more than 80 % of ten are.
        at = int(np.searchsorted(caught, target * positives - 1e-9))
        students = int(ends[at]) + 1
        flags = (scores >= scores[order[ends[at]]]).astype(np.float64)
        found.append(
            RecallTarget(
                target,
                students,
                students / len(scores),
                float(caught[at]) / positives,
                share_of(float(caught[at]), students),
                _of_new(outcome, flags, new),
            )
        )
    return tuple(found)


def figures_at_k(outcome: Array, scores: Array, new: Mask | None = None) -> tuple[AtK, ...]:
    """Precision and recall among the k highest scores, for several k; see `recall_targets`."""
    positives = float(outcome.sum())
    found = []
    for share in SHARES:
        k = round(share * len(scores))
        if k < FEWEST or not positives:
            continue
        flags = flags_at(scores, k / len(scores))
        caught = float(flags @ outcome)
        found.append(AtK(k, caught / k, caught / positives, _of_new(outcome, flags, new)))
    return tuple(found)


def lane_curves(outcome: Array, scores: Array, new: Mask | None = None) -> tuple[LaneCurve, ...]:
    """How many of those at risk stand in the first shares of each lane; see `recall_targets`.

    >>> outcome, scores = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.7, 0.1])
    >>> (curve,) = lane_curves(outcome, scores)
    >>> curve.at_risk, curve.found_in(0.5), curve.found_in(1.0)
    (2, 1.0, 2.0)
    """
    everybody = np.ones(len(outcome), dtype=np.bool_)
    lanes = {Lane.ALL: everybody} if new is None else {Lane.KNOWN: ~new, Lane.NEW: new}
    return tuple(
        _lane_curve(lane, outcome[members], scores[members]) for lane, members in lanes.items()
    )


def _lane_curve(lane: Lane, outcome: Array, scores: Array) -> LaneCurve:
    found = [float(flags_at(scores, step / STEPS) @ outcome) for step in range(STEPS + 1)]
    return LaneCurve(lane, len(outcome), int(outcome.sum()), tuple(found))


def classification_report(outcome: Array, flags: Mask) -> tuple[ClassFigures, ...]:
    """Precision, recall and F1 of both classes, and their macro and weighted means.

    A figure without anybody to take it of is 0.

    Args:
        outcome: shape (n,), n ≥ 1.
        flags: shape (n,), at the operating threshold.

    >>> outcome, flags = np.array([1.0, 1.0, 0.0, 0.0]), np.array([True, False, False, False])
    >>> low, high, macro, _ = classification_report(outcome, flags)
    >>> (low.recall, high.precision, high.recall, macro.recall, high.support)
    (1.0, 1.0, 0.5, 0.75, 2)
    """
    scored = partial(
        precision_recall_fscore_support,
        outcome == 1, flags, labels=[False, True], zero_division=0.0,
    )  # fmt: skip
    of_each = zip(("low", "high"), *scored(), strict=True)
    means = ((name, *scored(average=name)[:3], len(outcome)) for name in ("macro", "weighted"))
    return tuple(
        ClassFigures(name, float(precision), float(recall), float(f1), int(support))
        for name, precision, recall, f1, support in (*of_each, *means)
    )


def _of_new(outcome: Array, flags: Array, new: Mask | None) -> float | None:
    return None if new is None else new_case_figures(outcome, flags, new).get("new_recall")
