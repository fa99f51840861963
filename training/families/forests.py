"""Single trees and forests of scikit-learn. The margin is a share at risk, or a mean."""

from __future__ import annotations

from dataclasses import replace
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
from training.families.family import Family, Params, sklearn_margins
from training.families.settings import Real, Settings, Whole
from training.families.trees import LEAF, of_sklearn, tree_scorer
from training.lightgbm_text import Tree
from training.sample import Sample, least_leaf

MOST_PER_TREE = 20_000
"""Records a tree of a random forest draws; a forest of trees on all 100,000 takes minutes."""

_SETTINGS: Settings = {
    "trees": Whole(150),
    "leaf": Whole(5, *LEAF),
    "max_features": Real(0.5, 0.1, 1.0, most=1.0),
    "max_depth": Whole(12, 4, 16),
}


def of_forest(model: Any, *, numeric: bool = False) -> list[Tree]:
    """The trees of a forest, or a lone tree; the margin is the mean of the trees' leaves."""
    estimators = getattr(model, "estimators_", [model])
    share = 1.0 / len(estimators)
    return [of_sklearn(e.tree_, _leaves(e.tree_, numeric) * share) for e in estimators]


def _leaves(tree: Any, numeric: bool) -> Any:
    """What each node says, shape (nodes,): the share of the positive class, or the mean."""
    values = tree.value[:, 0, :]
    return values[:, 0] if numeric else values[:, 1] / values.sum(axis=1)


def _tree(sample: Sample, params: Params, seed: int) -> Any:
    kind = DecisionTreeRegressor if sample.numeric else DecisionTreeClassifier
    model = kind(
        max_depth=params["max_depth"],
        min_samples_leaf=sample.leaf(params["leaf"]),
        random_state=seed,
    )
    return model.fit(sample.rows, sample.outcome, sample_weight=sample.weights(params))


def _random(sample: Sample, params: Params, seed: int) -> Any:
    kind = RandomForestRegressor if sample.numeric else RandomForestClassifier
    if len(sample) <= MOST_PER_TREE:
        return _forest(kind, sample, params, seed, sample.leaf(params["leaf"]))
    leaf = least_leaf(params["leaf"], MOST_PER_TREE)
    return _forest(partial(kind, max_samples=MOST_PER_TREE), sample, params, seed, leaf)


def _extra(sample: Sample, params: Params, seed: int) -> Any:
    kind = ExtraTreesRegressor if sample.numeric else ExtraTreesClassifier
    return _forest(kind, sample, params, seed, sample.leaf(params["leaf"]))


def _forest(kind: Any, sample: Sample, params: Params, seed: int, leaf: int) -> Any:
    model = kind(
        n_estimators=params["trees"],
        min_samples_leaf=leaf,
        max_features=params["max_features"],
        max_depth=params["max_depth"],
        random_state=seed,
        n_jobs=sample.jobs,
    )
    return model.fit(sample.rows, sample.outcome, sample_weight=sample.weights(params))


DECISION_TREE = Family(
    name="decision_tree",
    fit=_tree,
    convert=lambda model, sample: tree_scorer(of_forest(model, numeric=sample.numeric), sample),
    library=sklearn_margins,
    scorer=TreeScorer,
    place=40,
    settings={"max_depth": Whole(5, 2, 10), "leaf": Whole(10, 5, 50)},
)
RANDOM_FOREST = replace(  # Resampled records, best splits of a random part of the features.
    DECISION_TREE, name="random_forest", fit=_random, place=100, settings=_SETTINGS
)
EXTRA_TREES = replace(  # All records, random thresholds: smoother than a random forest.
    DECISION_TREE, name="extra_trees", fit=_extra, place=110, settings=_SETTINGS
)
