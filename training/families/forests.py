"""Single trees and forests of scikit-learn. The margin is a share at risk, or a mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from model.trees import TreeScorer
from training.ensembles import of_forest, of_regression_forest
from training.lightgbm_text import text_model
from training.sample import Sample

LEAF_SHARE = 0.001


def decision_tree(sample: Sample, params: Mapping[str, Any], seed: int) -> TreeScorer:
    """One tree."""
    kind = DecisionTreeRegressor if sample.numeric else DecisionTreeClassifier
    model = kind(
        max_depth=params["max_depth"],
        min_samples_leaf=sample.leaf(LEAF_SHARE, params["leaf"]),
        random_state=seed,
    )
    return _scorer(sample, [model.fit(sample.rows, sample.outcome)])


def random_forest(sample: Sample, params: Mapping[str, Any], seed: int) -> TreeScorer:
    """Trees on resampled records, best splits of a random part of the features."""
    kind = RandomForestRegressor if sample.numeric else RandomForestClassifier
    return _forest(kind, sample, params, seed)


def extra_trees(sample: Sample, params: Mapping[str, Any], seed: int) -> TreeScorer:
    """Trees on all records with random thresholds: smoother than a random forest."""
    kind = ExtraTreesRegressor if sample.numeric else ExtraTreesClassifier
    return _forest(kind, sample, params, seed)


def _forest(kind: Any, sample: Sample, params: Mapping[str, Any], seed: int) -> TreeScorer:
    model = kind(
        n_estimators=params["trees"],
        min_samples_leaf=sample.leaf(LEAF_SHARE, params["leaf"]),
        max_features=params["max_features"],
        max_depth=params["max_depth"],
        random_state=seed,
        n_jobs=sample.jobs,
    )
    return _scorer(sample, model.fit(sample.rows, sample.outcome).estimators_)


def _scorer(sample: Sample, estimators: list[Any]) -> TreeScorer:
    trees = of_regression_forest(estimators) if sample.numeric else of_forest(estimators)
    return TreeScorer(text_model(trees, sample.width))
