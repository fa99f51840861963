"""How sure a risk is: what became of the students held out whose scores were nearest.

And how sure the risks of many students are together, which is no sum of the former.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RiskInterval:
    """The interval of the share at risk among students of a score.

    Attributes:
        scores: shape (k,), rising; where the interval was measured.
        low: shape (k,), its lower end there, never falling.
        high: shape (k,), its upper end there, never falling.
    """

    scores: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def around(self, score: float) -> tuple[float, float]:
        """The interval at a score, which it always holds; straight lines between the knots.

        >>> RiskInterval((0.25, 0.75), (0.0, 0.5), (0.5, 1.0)).around(0.5)
        (0.25, 0.75)
        """
        low, high = (_at(score, self.scores, ends) for ends in (self.low, self.high))
        return min(low, score), max(high, score)


def _at(score: float, knots: Sequence[float], values: Sequence[float]) -> float:
    right = bisect_right(knots, score)
    if right == 0:
        return values[0]
    if right == len(knots):
        return values[-1]
    left, width = knots[right - 1], knots[right] - knots[right - 1]
    return values[right - 1] + (values[right] - values[right - 1]) * (score - left) / width


@dataclass(frozen=True, slots=True)
class HeldOutMap:
    """How outcomes followed the scores on records held out, and how sure that is.

    The log-odds of being at risk are taken as

        intercept + slope · logit(score) + Σ weight · (column - center) / scale

    over some of the encoder's columns, the coefficients normal around their means. Of a perfect
    calibration the slope is 1 and all else 0. How sure that is depends on the records held out, and
    on how unlike them the students are.

    Attributes:
        rows: records held out.
        columns: positions among the encoder's columns, rising; empty where only the scores are
            looked at.
        centers: of each of them, on the records held out.
        scales: of each of them, above zero.
        means: intercept, slope and weights, in this order.
        factor: lower triangle, row by row, of the Cholesky factor of their covariance.
    """

    rows: int
    columns: tuple[int, ...]
    centers: tuple[float, ...]
    scales: tuple[float, ...]
    means: tuple[float, ...]
    factor: tuple[float, ...]
