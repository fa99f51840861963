"""Ridge logistic regressions that take a millisecond, for studies with thousands of histories.

Newton's method (iteratively reweighted least squares), begun where a similar fit ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]

RIDGE = 1.0
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Years:
    """One recipe's features of each year, shape (n, d), and the outcomes, shape (n,)."""

    rows: Sequence[Floats]
    outcome: Sequence[Floats]

    def scores(self, weights: Floats, year: int) -> Floats:
        """The risk of that year's students, shape (n,)."""
        return _risk(self.rows[year], weights)


def newton(rows: Floats, outcome: Floats, start: Floats | None = None, steps: int = 5) -> Floats:
    """Weights of a ridge logistic regression, the intercept last and not held down.

    Args:
        rows: shape (n, d).
        outcome: shape (n,), 0.0 or 1.0.
        start: weights to begin with.
        steps: of Newton's method.
    """
    wide = np.column_stack([rows, np.ones(len(rows))])
    weights = np.zeros(wide.shape[1]) if start is None else start.copy()
    ridge = np.full(wide.shape[1], RIDGE)
    ridge[-1] = 0.0
    for _ in range(steps):
        risk = expit(wide @ weights)
        slope = wide.T @ (outcome - risk) - ridge * weights
        curve = (wide * (risk * (1 - risk))[:, None]).T @ wide + np.diag(ridge)
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def fitted(years: Years, *, pooled: bool) -> dict[int, Floats]:
    """The model that existed after so many years: of all of them, or of the last one."""
    models: dict[int, Floats] = {}
    for end in range(1, len(years.rows) + 1):
        first = 0 if pooled else end - 1
        start = models.get(end - 1) if pooled else None
        models[end] = newton(
            np.concatenate(years.rows[first:end]),
            np.concatenate(years.outcome[first:end]),
            start,
            steps=5 if start is None else 3,
        )
    return models


def out_of_fold(years: Years, whole: Floats, rng: np.random.Generator, *, pooled: bool) -> Floats:
    """Risk of the last year's students, each by a model that did not see them, shape (n,)."""
    before = len(years.rows) - 1 if pooled else 0
    rows, outcome = years.rows[-1], years.outcome[-1]
    earlier, known = list(years.rows[:before]), list(years.outcome[:before])
    fold, found = rng.permutation(len(rows)) % FOLDS, np.zeros(len(rows))
    for number in range(FOLDS):
        held = fold == number
        weights = newton(
            np.concatenate([*earlier, rows[~held]]),
            np.concatenate([*known, outcome[~held]]),
            whole,
            steps=2,
        )
        found[held] = _risk(rows[held], weights)
    return found


def _risk(rows: Floats, weights: Floats) -> Floats:
    return np.asarray(expit(rows @ weights[:-1] + weights[-1]))
