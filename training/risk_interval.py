"""Measures how sure risks are, on scores of records held out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.figures import wilson
from model.risk_interval import RiskInterval

Array = NDArray[np.float64]

KNOTS = 33
FEWEST, MOST, PART = 25, 100, 15
"""Neighbours: a fifteenth of the records, 25 to 100. More of them lie too far from the score, fewer
say too little; `python -m tests.studies.risk_interval` has the coverage."""


def risk_interval(outcome: Array, scores: Array) -> RiskInterval | None:
    """The share at risk among the nearest records held out, with Wilson's 95 % interval.

    It speaks of students with this score, not of one student's fate. It does not rest on the
    calibration's form, so that it is wide where the calibration is off.

    Args:
        outcome: shape (n,), 1.0 at risk.
        scores: shape (n,), risks by models that had not learned from the record.

    Returns:
        None for fewer than `FEWEST` records.
    """
    records = len(scores)
    if records < FEWEST:
        return None
    near = min(records, max(FEWEST, min(MOST, records // PART)))
    order = np.argsort(scores, kind="stable")
    rising = scores[order]
    caught = np.concatenate([[0.0], np.cumsum(outcome[order])])
    places = np.linspace(0, records - 1, KNOTS).astype(np.intp)
    _, first = np.unique(rising[places], return_index=True)
    at = places[first]
    begin = np.clip(at - near // 2, 0, records - near)
    ends = [wilson(float(n), near) for n in caught[begin + near] - caught[begin]]
    low, high = np.transpose(ends)
    return RiskInterval(
        tuple(rising[at].tolist()),
        tuple(np.maximum.accumulate(low).tolist()),
        tuple(np.minimum.accumulate(high[::-1])[::-1].tolist()),
    )
