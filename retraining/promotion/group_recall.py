"""Whom each model misses: recall by protected group at the common budget."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from retraining.promotion.evidence import GroupRecall
from retraining.promotion.ranking import Floats
from training.fairness import GroupFigures, group_figures


def group_recalls(
    outcome: Floats,
    protected: Mapping[str, NDArray[np.str_]],
    challenger: Floats,
    champion: Floats | None,
) -> tuple[GroupRecall, ...]:
    """Recall in every group, attributes and groups in alphabetical order.

    Args:
        outcome: shape (n,), 1.0 at risk.
        protected: attribute to n group names; records without one ("") are left out.
        challenger: shape (n,), how much of each record the challenger flags.
        champion: the same for the champion.
    """
    ours = group_figures(outcome, protected, challenger)
    if champion is None:
        return tuple(_recall(group, None) for group in ours)
    theirs = group_figures(outcome, protected, champion)
    return tuple(_recall(group, other) for group, other in zip(ours, theirs, strict=True))


def _recall(ours: GroupFigures, theirs: GroupFigures | None) -> GroupRecall:
    return GroupRecall(
        attribute=ours.attribute,
        group=ours.group,
        rows=ours.rows,
        positives=ours.positives,
        small=ours.small,
        champion=theirs.recall.value if theirs else None,
        challenger=ours.recall.value,
        low=ours.recall.low,
        high=ours.recall.high,
        flagged=ours.flagged.value or 0.0,
    )
