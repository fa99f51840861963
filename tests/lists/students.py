"""Scored students as tests want them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.lists.published import Lane
from model.prediction import RiskStatus
from preprocessing.columnar.columns import Columns
from preprocessing.lists.scoring import ScoredStudents

Row = tuple[str, str, Lane, float]
"""Id, unit, lane and log-odds of a student."""


def scored(
    rows: Sequence[Row], *, cut: float = 0.0, unknown: frozenset[str] = frozenset()
) -> ScoredStudents:
    """Students of whom those with log-odds of at least `cut` are high."""
    concern = np.array([row[3] for row in rows], dtype=np.float64)
    return ScoredStudents(
        ids=[row[0] for row in rows],
        units=[row[1] for row in rows],
        lanes=[row[2] for row in rows],
        concern=concern,
        scores=1.0 / (1.0 + np.exp(-concern)),
        statuses=[_status(row, cut, unknown) for row in rows],
        high=concern >= cut,
        features=Columns(len(rows), {}, {}),
    )


def many(number: int, *, lane: Lane = Lane.NEW, unit: str = "") -> ScoredStudents:
    """So many students of one lane, each less urgent than the one before."""
    return scored([(f"s{n:03}", unit, lane, 3.0 - n * 0.1) for n in range(number)])


def _status(row: Row, cut: float, unknown: frozenset[str]) -> RiskStatus:
    if row[0] in unknown:
        return RiskStatus.INSUFFICIENT
    return RiskStatus.ALERT if row[3] >= cut else RiskStatus.EXPECTED
