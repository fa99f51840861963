"""Gradient boosting of scikit-learn. The margin is a log-odds, or the value itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from model.scorers.trees import TreeScorer
from training.families.family import Family, Params, sklearn_margins
from training.families.settings import Whole
from training.families.trees import BOOSTED, of_sklearn, tree_scorer
from training.lightgbm_text import constant
from training.sample import Sample, log_odds

Boosted = tuple[Any, float]
"""The library's model, and what its initial estimator predicts: log-odds at risk, or the mean."""


def _fit(sample: Sample, params: Params, seed: int) -> Boosted:
    kind = GradientBoostingRegressor if sample.numeric else GradientBoostingClassifier
    weights = sample.weights(params)
    model = kind(
        n_estimators=params["trees"],
        learning_rate=params["learning_rate"],
        max_depth=params["max_depth"],
        min_samples_leaf=sample.leaf(params["leaf"]),
        subsample=params["subsample"],
        max_features=params["columns"],
        random_state=seed,
    ).fit(sample.rows, sample.outcome, sample_weight=weights)
    mean = float(np.average(sample.outcome, weights=weights))
    return model, mean if sample.numeric else log_odds(mean)


def _scorer(boosted: Boosted, sample: Sample) -> TreeScorer:
    model, prior = boosted
    rate = model.learning_rate
    trees = [
        of_sklearn(stage[0].tree_, stage[0].tree_.value[:, 0, 0] * rate)
        for stage in model.estimators_
    ]
    return tree_scorer([constant(prior), *trees], sample)


GRADIENT_BOOSTING = Family(
    name="gradient_boosting",
    fit=_fit,
    convert=_scorer,
    library=lambda boosted, rows: sklearn_margins(boosted[0], rows).ravel(),
    scorer=TreeScorer,
    place=80,
    settings={**BOOSTED, "max_depth": Whole(3, 2, 6)},
)
