"""AdaBoost (SAMME): small trees, each of which minds what the former ones got wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier

from model.scorers.trees import TreeScorer
from training.families.family import Family, Params, sklearn_margins
from training.families.settings import Real, Whole
from training.families.trees import of_sklearn, tree_scorer
from training.lightgbm_text import Tree
from training.sample import Sample


def _fit(sample: Sample, params: Params, seed: int) -> AdaBoostClassifier:
    return AdaBoostClassifier(
        DecisionTreeClassifier(max_depth=params["max_depth"]),
        n_estimators=params["trees"],
        learning_rate=params["learning_rate"],
        random_state=seed,
    ).fit(sample.rows, sample.outcome, sample_weight=sample.weights(params))


def _trees(model: Any) -> list[Tree]:
    """The trees of an `AdaBoostClassifier`; their sum is its decision function."""
    weights = np.asarray(model.estimator_weights_)[: len(model.estimators_)]
    total = float(weights.sum())
    trees = []
    for estimator, weight in zip(model.estimators_, weights.tolist(), strict=True):
        classes = estimator.tree_.value[:, 0, :]
        vote = np.where(classes.argmax(axis=1) == 1, 1.0, -1.0)
        trees.append(of_sklearn(estimator.tree_, vote * (2.0 * weight / total)))
    return trees


ADABOOST = Family(
    name="adaboost",
    fit=_fit,
    convert=lambda model, sample: tree_scorer(_trees(model), sample),
    library=sklearn_margins,
    scorer=TreeScorer,
    place=50,
    settings={
        "trees": Whole(100, 30, 300),
        "learning_rate": Real(0.1, 0.02, 1.0, log=True),
        "max_depth": Whole(2, 1, 4),
    },
    numeric=False,  # AdaBoost of numbers is a median, not a sum of trees.
)
