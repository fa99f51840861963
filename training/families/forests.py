"""Single trees and forests of scikit-learn. The margin is a share at risk, or a mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from model.scorers.trees import TreeScorer
from training.ensembles import of_forest, of_regression_forest
from training.lightgbm_text import text_model
from training.sample import Sample

LEAF_SHARE = 0.001
MOST_PER_TREE = 20_000
"""Records a tree of a random forest draws; a forest of trees on all 100,000 takes minutes."""


def decision_tree(sample: Sample, params: Mapping[str, Any], seed: int) -> TreeScorer:
    """One tree."""
    kind = DecisionTreeRegressor if sample.numeric else DecisionTreeClassifier
    model = kind(
        max_depth=params["max_depth"],
        min_samples_leaf=sample.leaf(LEAF_SHARE, params["leaf"]),
        random_state=seed,
    )
    weights = sample.weights(params)
    return _scorer(sample, [model.fit(sample.rows, sample.outcome, sample_weight=weights)])


def random_forest(sample: Sample, params: Mapping[str, Any], seed: int) -> TreeScorer:
    """Trees on resampled records, best splits of a random part of the features."""
    kind = RandomForestRegressor if sample.numeric else RandomForestClassifier
    if len(sample) <= MOST_PER_TREE:
        return _forest(kind, sample, params, seed)
    leaf = max(params["leaf"], int(MOST_PER_TREE * LEAF_SHARE))
    return _forest(partial(kind, max_samples=MOST_PER_TREE), sample, params, seed, leaf)


def extra_trees(sample: Sample, params: Mapping[str, Any], seed: int) -> TreeScorer:
    """Trees on all records with random thresholds: smoother than a random forest."""
    kind = ExtraTreesRegressor if sample.numeric else ExtraTreesClassifier
    return _forest(kind, sample, params, seed)


def _forest(
    kind: Any, sample: Sample, params: Mapping[str, Any], seed: int, leaf: int | None = None
) -> TreeScorer:
    model = kind(
        n_estimators=params["trees"],
        min_samples_leaf=leaf or sample.leaf(LEAF_SHARE, params["leaf"]),
        max_features=params["max_features"],
        max_depth=params["max_depth"],
        random_state=seed,
        n_jobs=sample.jobs,
    )
    model.fit(sample.rows, sample.outcome, sample_weight=sample.weights(params))
    return _scorer(sample, model.estimators_)


def _scorer(sample: Sample, estimators: list[Any]) -> TreeScorer:
    trees = of_regression_forest(estimators) if sample.numeric else of_forest(estimators)
    return TreeScorer(text_model(trees, sample.width))
