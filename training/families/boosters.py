"""Boosted trees. The margin is a log-odds (the value itself for a numeric outcome)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm
import numpy as np
import xgboost
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
)
from sklearn.tree import DecisionTreeClassifier

from model.errors import ConfigurationError
from model.scorers.trees import TreeScorer
from training.ensembles import of_adaboost, of_gradient_boosting, of_lightgbm, of_xgboost
from training.lightgbm_text import text_model
from training.sample import Sample, log_odds

LEAF_SHARE = 0.001


def adaboost(sample: Sample, params: Mapping[str, Any], seed: int) -> TreeScorer:
    """Small trees that each mind what the former got wrong (SAMME).

    Raises:
        ConfigurationError: the outcome is numeric; its AdaBoost is a median, not a sum of trees.
    """
    if sample.numeric:
        raise ConfigurationError("training.candidates: adaboost predicts no numeric outcome")
    model = AdaBoostClassifier(
        DecisionTreeClassifier(max_depth=params["max_depth"]),
        n_estimators=params["trees"],
        learning_rate=params["learning_rate"],
        random_state=seed,
    ).fit(sample.rows, sample.outcome, sample_weight=sample.weights(params))
    return TreeScorer(text_model(of_adaboost(model), sample.width))


def gradient_boosting(sample: Sample, params: Mapping[str, Any], seed: int) -> TreeScorer:
    """scikit-learn's gradient boosting."""
    kind = GradientBoostingRegressor if sample.numeric else GradientBoostingClassifier
    weights = sample.weights(params)
    model = kind(
        n_estimators=params["trees"],
        learning_rate=params["learning_rate"],
        max_depth=params["max_depth"],
        min_samples_leaf=sample.leaf(LEAF_SHARE, params["leaf"]),
        subsample=params["subsample"],
        max_features=params["columns"],
        random_state=seed,
    ).fit(sample.rows, sample.outcome, sample_weight=weights)
    mean = float(np.average(sample.outcome, weights=weights))
    prior = mean if sample.numeric else log_odds(mean)
    return TreeScorer(text_model(of_gradient_boosting(model, prior), sample.width))


def xgboost_trees(sample: Sample, params: Mapping[str, Any], seed: int) -> TreeScorer:
    """XGBoost."""
    settings = {
        "objective": "reg:squarederror" if sample.numeric else "binary:logistic",
        "tree_method": "hist",
        "eta": params["learning_rate"],
        "max_depth": params["max_depth"],
        "min_child_weight": params["leaf"] / (1 if sample.numeric else 4),
        "subsample": params["subsample"],
        "colsample_bytree": params["columns"],
        "lambda": params["l2"],
        "seed": seed,
        "nthread": sample.jobs,
    }
    if sample.monotone:
        settings["monotone_constraints"] = f"({','.join(map(str, sample.monotone))})"
    data = xgboost.DMatrix(
        sample.rows, sample.outcome, weight=sample.weights(params), nthread=sample.jobs
    )
    model = xgboost.train(settings, data, num_boost_round=params["trees"])
    return TreeScorer(text_model(of_xgboost(model), sample.width))


def lightgbm_trees(sample: Sample, params: Mapping[str, Any], seed: int) -> TreeScorer:
    """LightGBM."""
    settings = {
        "objective": "regression" if sample.numeric else "binary",
        "learning_rate": params["learning_rate"],
        "num_leaves": params["leaves"],
        "min_data_in_leaf": sample.leaf(LEAF_SHARE, params["leaf"]),
        "bagging_fraction": params["subsample"],
        "bagging_freq": 1,
        "feature_fraction": params["columns"],
        "lambda_l2": params["l2"],
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": sample.jobs,
        "verbosity": -1,
    }
    if sample.monotone:
        settings["monotone_constraints"] = list(sample.monotone)
    data = lightgbm.Dataset(
        sample.rows, sample.outcome, weight=sample.weights(params), params={"verbosity": -1}
    )
    model = lightgbm.train(settings, data, num_boost_round=params["trees"])
    return TreeScorer(text_model(of_lightgbm(model), sample.width))
