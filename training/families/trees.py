"""What families of trees share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from model.errors import ConfigurationError
from model.scorers.scorer import Scorer
from model.scorers.trees import TreeScorer
from training.families.family import Params
from training.families.settings import Real, Settings, Whole
from training.lightgbm_text import Tree, grown, text_model
from training.sample import Sample

LEAF = (2, 40)
BOOSTED: Settings = {
    "trees": Whole(200, 50, 400),
    "learning_rate": Real(0.03, 0.01, 0.15, log=True),
    "leaf": Whole(15, *LEAF),
    "subsample": Real(0.7, 0.4, 1.0, most=1.0),
    "columns": Real(0.5, 0.2, 1.0, most=1.0),
}

MORE_TREES = Whole(60, 20, 200)
MOST_TREES = Whole(600)
"""Trees that a continued family adds, and up to how many a model may have in all."""


def scorer_before(
    sample: Sample, grow: Callable[[Sample, Params, int], Scorer], seed: int
) -> bytes | None:
    """What a continued family goes on from, trained anew where it is not at hand; None: nothing."""
    start = sample.start
    if start is None or start.scorer is not None:
        return None if start is None else start.scorer
    part = sample.grown_from()
    return None if part is None else grow(part, start.params, seed).dump()


def tree_count(scorer: Scorer) -> int:
    """How many trees a scorer adds up; 0 of one that has none."""
    return grown(scorer.dump()) if isinstance(scorer, TreeScorer) else 0


def trees_before(
    sample: Sample, grow: Callable[[Sample, Params, int], Scorer], params: Params, seed: int
) -> tuple[bytes | None, int]:
    """What a continued family goes on from, and how many trees it adds, as long as there is room.

    Args:
        sample: says which trees there are, or from what they are grown.
        grow: trains the family that it continues.
        params: its settings.
        seed: of trees that are grown anew.

    Returns:
        The trees as a text model, None where there are none, and a number of at least 1.

    Raises:
        ConfigurationError: there is no room; `training.continuing.able` leaves such a family out.
    """
    most, more = params["most_trees"], params["trees"]
    start = scorer_before(sample, grow, seed)
    room = most if start is None else most - grown(start)
    if room < 1:
        raise ConfigurationError(f"most_trees: {most - room} trees leave no room below {most}")
    return start, min(more, room)


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
