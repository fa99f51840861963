"""Learns the map from margins to probabilities, on margins of records held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta
from sklearn.isotonic import IsotonicRegression

from model.calibration import Calibration
from training.sample import log_odds

Array = NDArray[np.float64]

ISOTONIC_ROWS = 2000
ISOTONIC_MINORITY = 500
"""From here on isotonic regression is no worse than the sigmoid (Niculescu-Mizil and Caruana
2005 put the crossing at about 1,000 held-out cases; balanced ones, hence the second figure)."""


def calibrate(outcome: Array, margins: Array) -> Calibration:
    """The sigmoid on few records, isotonic regression on many."""
    positives = int(outcome.sum())
    minority = min(positives, len(outcome) - positives)
    if len(outcome) >= ISOTONIC_ROWS and minority >= ISOTONIC_MINORITY:
        return isotonic(outcome, margins)
    return sigmoid(outcome, margins)


def sigmoid(outcome: Array, margins: Array) -> Calibration:
    """Platt's sigmoid with his smoothed targets (Platt 1999; solved by Newton's method).

    >>> made = sigmoid(np.array([0.0, 1.0, 0.0, 1.0]), np.array([-1.0, -0.5, 0.5, 1.0]))
    >>> made.slopes[0] > 0
    True
    """
    positives = float(outcome.sum())
    negatives = len(outcome) - positives
    target = np.where(outcome > 0, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))
    center, spread = float(margins.mean()), float(margins.std()) or 1.0
    slope, intercept = _newton((margins - center) / spread, target)
    # A margin that ranks no better than chance must still rank the same way afterwards.
    slope = max(slope, 1e-3) / spread
    return Calibration.sigmoid(slope, intercept - slope * center)


def isotonic(outcome: Array, margins: Array) -> Calibration:
    """Isotonic regression with straight lines between the middles of its blocks.

    The steps themselves would make many scores equal and lose part of the ranking. Beyond the
    outermost blocks the log-odds go on with the slope of the sigmoid, and never beyond what the
    records of the end block could deny: the 95 % credible bound of its share (Jeffreys' interval;
    Brown, Cai and DasGupta 2001). The line through the last two blocks, continued, would say
    anything.
    """
    blocks = _rising_blocks(outcome, margins)
    if len(blocks) < 2:
        return sigmoid(outcome, margins)
    low, high = blocks[0], blocks[-1]
    return Calibration.bounded(
        np.array([block.middle for block in blocks]),
        np.array([block.logit for block in blocks]),
        slope=sigmoid(outcome, margins).slopes[0],
        rooms=(low.logit - low.bound(0.05), high.bound(0.95) - high.logit),
    )


@dataclass(frozen=True, slots=True)
class _PooledBlock:
    """Neighbouring records that get one level.

    Attributes:
        margins: the sum of their margins.
        positives: how many are at risk.
        size: how many they are.
    """

    margins: float
    positives: float
    size: float

    @property
    def middle(self) -> float:
        return self.margins / self.size

    @property
    def logit(self) -> float:
        """By Jeffreys' prior: a block without a single case at risk is not certain."""
        return log_odds((self.positives + 0.5) / (self.size + 1.0))

    def bound(self, level: float) -> float:
        """The log-odds below which the block's share lies with that probability."""
        share = beta.ppf(level, self.positives + 0.5, self.size - self.positives + 0.5)
        return log_odds(float(share))

    def with_next(self, other: _PooledBlock) -> _PooledBlock:
        return _PooledBlock(
            self.margins + other.margins,
            self.positives + other.positives,
            self.size + other.size,
        )

    def below(self, other: _PooledBlock) -> bool:
        return self.middle + 1e-9 < other.middle and self.logit + 1e-6 < other.logit


def _rising_blocks(outcome: Array, margins: Array) -> list[_PooledBlock]:
    """The blocks of isotonic regression, pooled on until their smoothed levels rise as well.

    The prior pulls a small block farther than a large one, which may put neighbours out of order.
    """
    fitted = IsotonicRegression().fit_transform(margins, outcome)
    _, block = np.unique(fitted, return_inverse=True)
    sums = np.bincount(block, weights=margins)
    positives = np.bincount(block, weights=outcome)
    rising: list[_PooledBlock] = []
    for parts in zip(sums.tolist(), positives.tolist(), np.bincount(block).tolist(), strict=True):
        new = _PooledBlock(*parts)
        while rising and not rising[-1].below(new):
            new = rising.pop().with_next(new)
        rising.append(new)
    return rising


def _newton(x: Array, target: Array, steps: int = 50) -> tuple[float, float]:
    """Maximum likelihood of sigmoid(slope · x + intercept), with a trace of ridge."""
    beta = np.array([0.0, log_odds(float(target.mean()))])
    design = np.column_stack([x, np.ones_like(x)])
    ridge = 1e-6 * np.eye(2)
    for _ in range(steps):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ beta, -35.0, 35.0)))
        hessian = (design * (p * (1.0 - p))[:, None]).T @ design + ridge
        step = np.linalg.solve(hessian, design.T @ (target - p) - ridge @ beta)
        beta = beta + np.clip(step, -5.0, 5.0)
        if float(np.abs(step).max()) < 1e-10:
            break
    return float(beta[0]), float(beta[1])
