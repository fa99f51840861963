"""What families of trees share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from model.scorers.trees import TreeScorer
from training.families.settings import Real, Settings, Whole
from training.lightgbm_text import Tree, text_model
from training.sample import Sample

LEAF = (2, 40)
BOOSTED: Settings = {
    "trees": Whole(200, 50, 400),
    "learning_rate": Real(0.03, 0.01, 0.15, log=True),
    "leaf": Whole(15, *LEAF),
    "subsample": Real(0.7, 0.4, 1.0, most=1.0),
    "columns": Real(0.5, 0.2, 1.0, most=1.0),
}


def tree_scorer(trees: Iterable[Tree], sample: Sample) -> TreeScorer:
    """What serves the sum of those trees."""
    return TreeScorer(text_model(trees, sample.width))


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
