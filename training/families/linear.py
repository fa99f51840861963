"""Linear families: one weight a column, differing in how weights are held small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import Lasso, LogisticRegression, Ridge

from model.scorers.linear import LinearScorer
from training.sample import Sample


def logistic_regression(sample: Sample, params: Mapping[str, Any], seed: int) -> LinearScorer:
    """Lightly held (l2); `c` is the inverse strength."""
    return _logistic(sample, params, l1_ratio=0.0, seed=seed)


def ridge(sample: Sample, params: Mapping[str, Any], seed: int) -> LinearScorer:
    """Strongly held (l2): correlated indicators share their weight."""
    return _logistic(sample, params, l1_ratio=0.0, seed=seed)


def lasso(sample: Sample, params: Mapping[str, Any], seed: int) -> LinearScorer:
    """Held by l1: weights of features that bring little become zero."""
    return _logistic(sample, params, l1_ratio=1.0, seed=seed)


def _logistic(
    sample: Sample, params: Mapping[str, Any], *, l1_ratio: float, seed: int
) -> LinearScorer:
    c = params["c"]
    if sample.numeric:
        return _regression(sample, c=c, l1=l1_ratio > 0.0)
    solver = "liblinear" if l1_ratio > 0.0 else "lbfgs"
    model = LogisticRegression(
        C=c, l1_ratio=l1_ratio, solver=solver, max_iter=2000, random_state=seed
    )
    model.fit(sample.rows, sample.outcome, sample_weight=sample.weights(params))
    return LinearScorer(np.asarray(model.coef_[0], dtype=np.float64), float(model.intercept_[0]))


def _regression(sample: Sample, *, c: float, l1: bool) -> LinearScorer:
    spread = float(sample.outcome.std())
    model = Lasso(alpha=0.01 * spread / c, max_iter=5000) if l1 else Ridge(alpha=1.0 / c)
    model.fit(sample.rows, sample.outcome)
    return LinearScorer(np.asarray(model.coef_, dtype=np.float64), float(model.intercept_))
