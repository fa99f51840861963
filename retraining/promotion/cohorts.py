"""How models do on each period they are judged on, so that periods and versions make a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.figures import new_case_figures
from model.units.disclosure import FEWEST_SHOWN
from preprocessing.lanes import Lanes
from retraining.promotion.ranking import Floats, Ties, flags, rank

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CohortFigures:
    """One model on one period that it had not learned from the students' records of.

    Attributes:
        model: `champion` or `challenger`.
        period: of the features.
        records: judged ones.
        positives: of them at risk.
        recall: share of those found with the period's budget flagged.
        new_positives: of them new cases; None where no one can tell.
        new_recall: share of these found.
    """

    model: str
    period: str
    records: int
    positives: int
    recall: float
    new_positives: int | None = None
    new_recall: float | None = None


def cohort_figures(
    model: str,
    scores: Floats,
    outcome: Floats,
    periods: NDArray[np.str_],
    *,
    budget: float | None,
    ties: Ties,
    new: Mask | None = None,
    lanes: Lanes | None = None,
) -> tuple[CohortFigures, ...]:
    """Every period with enough records to show and somebody at risk, oldest first.

    Args:
        model: its part in the comparison.
        scores: shape (n,).
        outcome: shape (n,), 1.0 at risk.
        periods: shape (n,).
        budget: share that is flagged of each period; None: as many as are at risk in it.
        ties: how equal scores are ordered.
        new: shape (n,), who is not at risk now.
        lanes: of the n records, where each has its own budget.
    """
    found = []
    for period in np.unique(periods):
        inside = np.flatnonzero(periods == period)
        at_risk = outcome[inside]
        positives = int(at_risk.sum())
        if len(inside) < FEWEST_SHOWN or not positives:
            continue
        order = scores[inside] if lanes is None else lanes.take(inside).order(scores[inside])
        room = positives if budget is None else budget * len(inside)
        flagged = flags(rank(order, at_risk, ties), room)
        of_new = {} if new is None else new_case_figures(at_risk, flagged, new[inside])
        found.append(
            CohortFigures(
                model,
                str(period),
                len(inside),
                positives,
                float(flagged @ at_risk) / positives,
                None if new is None else int(of_new["new_positives"]),
                of_new.get("new_recall"),
            )
        )
    return tuple(found)
