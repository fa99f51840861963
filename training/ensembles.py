"""Reads the trees out of fitted libraries."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from training.lightgbm_text import Tree, constant, parse_text


def of_sklearn(tree: Any, value: Any) -> Tree:
    """One tree of scikit-learn (`estimator.tree_`) with given node values, shape (nodes,)."""
    return Tree(
        left=tree.children_left.astype(np.intp),
        right=tree.children_right.astype(np.intp),
        feature=tree.feature.astype(np.intp),
        threshold=tree.threshold.astype(np.float64),
        value=np.asarray(value, dtype=np.float64),
        cover=tree.weighted_n_node_samples.astype(np.float64),
    )


def of_forest(estimators: Sequence[Any]) -> list[Tree]:
    """The trees of a forest; the margin is the mean share at risk over the trees' leaves."""
    share = 1.0 / len(estimators)
    return [of_sklearn(e.tree_, share_at_risk(e.tree_) * share) for e in estimators]


def of_regression_forest(estimators: Sequence[Any]) -> list[Tree]:
    """The trees of a forest for a numeric outcome; the margin is the mean of the leaves."""
    share = 1.0 / len(estimators)
    return [of_sklearn(e.tree_, e.tree_.value[:, 0, 0] * share) for e in estimators]


def share_at_risk(tree: Any) -> Any:
    """Share of the positive class in each node, shape (nodes,)."""
    weights = tree.value[:, 0, :]
    return weights[:, 1] / weights.sum(axis=1)


def of_adaboost(model: Any) -> list[Tree]:
    """The trees of `AdaBoostClassifier` (SAMME); the margin is its decision function."""
    weights = np.asarray(model.estimator_weights_)[: len(model.estimators_)]
    total = float(weights.sum())
    trees = []
    for estimator, weight in zip(model.estimators_, weights.tolist(), strict=True):
        classes = estimator.tree_.value[:, 0, :]
        vote = np.where(classes.argmax(axis=1) == 1, 1.0, -1.0)
        trees.append(of_sklearn(estimator.tree_, vote * (2.0 * weight / total)))
    return trees


def of_gradient_boosting(model: Any, prior: float) -> list[Tree]:
    """The trees of scikit-learn's gradient boosting; the margin is its raw score.

    Args:
        model: fitted `GradientBoostingClassifier` or `GradientBoostingRegressor`.
        prior: what its initial estimator predicts: log-odds at risk, or the mean.
    """
    rate = model.learning_rate
    return [constant(prior)] + [
        of_sklearn(stage[0].tree_, stage[0].tree_.value[:, 0, 0] * rate)
        for stage in model.estimators_
    ]


def of_xgboost(booster: Any) -> list[Tree]:
    """The trees of an XGBoost booster; the margin is its raw score.

    XGBoost goes left where `float32(value) < float32(split)`. Rows are exact in float32, so that
    is `value <= the float32 below the split`.
    """
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    base = float(str(learner["learner_model_param"]["base_score"]).strip("[]"))
    if learner["objective"]["name"] == "binary:logistic":
        base = math.log(base / (1.0 - base))
    trees = [constant(base)]
    for raw in learner["gradient_booster"]["model"]["trees"]:
        split = np.array(raw["split_conditions"], dtype=np.float32)
        trees.append(
            Tree(
                left=np.array(raw["left_children"], dtype=np.intp),
                right=np.array(raw["right_children"], dtype=np.intp),
                feature=np.array(raw["split_indices"], dtype=np.intp),
                threshold=np.nextafter(split, np.float32(-np.inf)).astype(np.float64),
                value=split.astype(np.float64),
                cover=np.array(raw["sum_hessian"], dtype=np.float64),
            )
        )
    return trees


def of_lightgbm(booster: Any) -> list[Tree]:
    """The trees of a LightGBM booster; the margin is its raw score."""
    return parse_text(booster.model_to_string(importance_type="split").encode())
