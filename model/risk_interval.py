"""How sure a risk is: what became of the students held out whose scores were nearest."""

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
