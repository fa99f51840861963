"""Linear families: one weight per column, differing in how weights are held small."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.linear_model import Lasso, LogisticRegression, Ridge

from model.scorers.linear import LinearScorer
from training.families.family import Family, Params, sklearn_margins
from training.families.settings import Real
from training.sample import Sample


def _l2(sample: Sample, params: Params, seed: int) -> Any:
    if sample.numeric:
        return Ridge(alpha=1.0 / params["c"]).fit(sample.rows, sample.outcome)
    return _logistic(sample, params, seed, l1_ratio=0.0, solver="lbfgs")


def _l1(sample: Sample, params: Params, seed: int) -> Any:
    if sample.numeric:
        alpha = 0.01 * float(sample.outcome.std()) / params["c"]
        return Lasso(alpha=alpha, max_iter=5000).fit(sample.rows, sample.outcome)
    return _logistic(sample, params, seed, l1_ratio=1.0, solver="liblinear")


def _logistic(sample: Sample, params: Params, seed: int, *, l1_ratio: float, solver: str) -> Any:
    model = LogisticRegression(
        C=params["c"], l1_ratio=l1_ratio, solver=solver, max_iter=2000, random_state=seed
    )
    return model.fit(sample.rows, sample.outcome, sample_weight=sample.weights(params))


def linear_scorer(model: Any, sample: Sample) -> LinearScorer:
    """What serves a scikit-learn linear model."""
    weights = np.asarray(model.coef_, dtype=np.float64).reshape(sample.width)
    return LinearScorer(weights, float(np.ravel(model.intercept_)[0]))


LOGISTIC_REGRESSION = Family(
    name="logistic_regression",  # Lightly held (l2); `c` is the inverse strength.
    fit=_l2,
    convert=linear_scorer,
    library=sklearn_margins,
    scorer=LinearScorer,
    place=30,
    settings={"c": Real(1.0, 1e-3, 100.0, log=True)},
)
RIDGE = replace(  # Strongly held (l2): correlated indicators share their weight.
    LOGISTIC_REGRESSION,
    name="ridge",
    place=20,
    settings={"c": Real(0.05, 1e-3, 10.0, log=True)},
)
LASSO = replace(  # Held by l1: weights of features that bring little become zero.
    LOGISTIC_REGRESSION,
    name="lasso",
    fit=_l1,
    place=10,
    settings={"c": Real(0.5, 1e-2, 10.0, log=True)},
)
