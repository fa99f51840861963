"""Figures of scores that training, the comparison of two models and the drift watch all show.

`outcome` are n zeros and ones, `scores` n risks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOST_BINS = 10
RECORDS_PER_BIN = 50


def auc(outcome: Array, scores: Array) -> float:
    """The chance that a student at risk is scored above one who is not, ties counting half.

    Source: Mann and Whitney (1947), by mid-ranks. It is the area under the ROC curve.

    >>> auc(np.array([0.0, 1.0, 1.0]), np.array([0.2, 0.2, 0.9]))
    0.75
    """
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mid_ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[place]
    positives = outcome.sum()
    negatives = len(outcome) - positives
    above = mid_ranks[outcome == 1].sum() - positives * (positives + 1) / 2.0
    return float(above / (positives * negatives))


def calibration_error(outcome: Array, scores: Array, bins: int | None = None) -> float:
    """Mean distance of score and outcome share over bins of equal size.

    By chance alone a bin of 10 records is off by 0.1, so that perfect scores of 100 students would
    show an error of 0.1 in ten bins. A bin therefore holds at least 50 records, and there are at
    most ten.

    Args:
        outcome: shape (n,), n ≥ 1.
        scores: shape (n,), calibrated risks in [0, 1].
        bins: how many; by default as many as n records can carry.

    Source: Naeini, Cooper, Hauskrecht (2015), expected calibration error.

    >>> calibration_error(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
    0.0
    """
    number = bins_for(len(scores)) if bins is None else min(bins, len(scores))
    order = np.argsort(scores, kind="stable")
    parts = np.array_split((outcome - scores)[order], number)
    return float(sum(abs(part.sum()) for part in parts) / len(scores))


def bins_for(records: int) -> int:
    """How many bins so many records can carry.

    >>> [bins_for(n) for n in (30, 100, 765)]
    [1, 2, 10]
    """
    return max(1, min(MOST_BINS, records // RECORDS_PER_BIN))


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval (Wilson); all None where there is nothing to take it of."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


def wilson(caught: float, n: float, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval of a share, 95 % by default.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.

    >>> tuple(round(x, 3) for x in wilson(8, 10))
    (0.49, 0.943)
    """
    share = caught / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def share_of(part: float, whole: float) -> Share:
    """A share with its interval.

    >>> share_of(0, 0).value is None
    True
    """
    return Share(part / whole, *wilson(part, whole)) if whole > 0 else Share()


def new_case_figures(outcome: Array, flags: Array, new: NDArray[np.bool_]) -> dict[str, float]:
    """What is found of those who were not at risk before.

    Args:
        outcome: shape (n,), 1.0 at risk.
        flags: shape (n,), how much of each record is flagged, 0 to 1.
        new: shape (n,), who was not at risk when the score was made.

    Returns:
        `new_positives`, and `new_recall` where there are any.

    >>> outcome, flags = np.array([1.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.0])
    >>> new_case_figures(outcome, flags, np.array([False, True, True]))
    {'new_positives': 2.0, 'new_recall': 0.5}
    """
    at_risk = outcome[new]
    positives = float(at_risk.sum())
    figures = {"new_positives": positives}
    if positives:
        figures["new_recall"] = float(flags[new] @ at_risk) / positives
    return figures


@dataclass(frozen=True, slots=True)
class RecallTarget:
    """What finding a share of those at risk costs.

    Attributes:
        target: of those at risk, the least share to be found.
        students: how many have to be looked at, those with the highest scores.
        flagged: the same as a share of all.
        recall: of those at risk, the share that is found with them.
        precision: of those looked at, the share at risk, with its interval.
        new_recall: of the new cases, the share found; None where no one can tell.
    """

    target: float
    students: int
    flagged: float
    recall: float
    precision: Share
    new_recall: float | None = None


@dataclass(frozen=True, slots=True)
class AtK:
    """What the k students with the highest scores hold; ties are shared fairly.

    Attributes:
        k: how many are looked at.
        precision: of them the share at risk.
        recall: of those at risk the share among them.
        new_recall: of the new cases the share among them; None where no one can tell.
    """

    k: int
    precision: float
    recall: float
    new_recall: float | None = None


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One row of a classification report, as scikit-learn defines it.

    Attributes:
        name: `low`, `high`, `macro` or `weighted`.
        support: how many records.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int
