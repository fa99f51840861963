"""Learns the map from margins to probabilities, on margins of records held out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
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

    The steps themselves would make many scores equal and lose part of the ranking.
    """
    fitted = IsotonicRegression().fit_transform(margins, outcome)
    _, block = np.unique(fitted, return_inverse=True)
    size = np.bincount(block)
    middle = np.bincount(block, weights=margins) / size
    # Laplace's rule: a block without a single case at risk is not certain.
    share = (np.bincount(block, weights=outcome) + 0.5) / (size + 1.0)
    order = np.argsort(middle)
    logits = np.array([log_odds(s) for s in share[order].tolist()])
    rising = _strictly_rising(middle[order], logits)
    if int(rising.sum()) < 2:
        return sigmoid(outcome, margins)
    return Calibration.through(middle[order][rising], logits[rising])


def _strictly_rising(middle: Array, logits: Array) -> NDArray[np.bool_]:
    keep = np.zeros(len(logits), dtype=np.bool_)
    last_x, last_y = -np.inf, -np.inf
    for i, (x, y) in enumerate(zip(middle.tolist(), logits.tolist(), strict=True)):
        if x > last_x + 1e-9 and y > last_y + 1e-6:
            keep[i], last_x, last_y = True, x, y
    return keep


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
