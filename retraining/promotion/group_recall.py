"""Whom each model misses: recall by protected group at the common budget."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from retraining.promotion.clustered import Students, independent, standard_error
from retraining.promotion.evidence import GroupRecall
from retraining.promotion.ranking import Floats
from training.fairness import GroupFigures, group_figures


def group_recalls(
    outcome: Floats,
    protected: Mapping[str, NDArray[np.str_]],
    students: Students,
    challenger: Floats,
    champion: Floats | None,
) -> tuple[GroupRecall, ...]:
    """Recall in every group, attributes and groups in alphabetical order.

    Args:
        outcome: shape (n,), 1.0 at risk.
        protected: attribute to n group names; records without one ("") are left out.
        students: shape (n,), who each record is about.
        challenger: shape (n,), how much of each record the challenger flags.
        champion: the same for the champion.
    """
    ours = group_figures(outcome, protected, challenger)
    theirs = () if champion is None else group_figures(outcome, protected, champion)
    moved = challenger - (0.0 if champion is None else champion)
    before = {(group.attribute, group.group): group.recall.value for group in theirs}
    found = []
    for group in ours:
        at_risk = (protected[group.attribute] == group.group) & (outcome == 1)
        now = before.get((group.attribute, group.group))
        found.append(_recall(group, now, students[at_risk], moved[at_risk]))
    return tuple(found)


def _recall(
    ours: GroupFigures, champion: float | None, students: Students, moved: Floats
) -> GroupRecall:
    error = 0.0
    if champion is not None:
        error = standard_error((moved - moved.mean()) / len(moved), students)
    return GroupRecall(
        attribute=ours.attribute,
        group=ours.group,
        rows=ours.rows,
        positives=ours.positives,
        small=ours.small,
        champion=champion,
        challenger=ours.recall.value,
        low=ours.recall.low,
        high=ours.recall.high,
        flagged=ours.flagged.value or 0.0,
        independent=independent(students),
        moved_error=error,
    )
