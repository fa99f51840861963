"""The families that can be tried, by the name a task gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from model.errors import ConfigurationError
from model.scorer import Scorer
from model.trees import TreeScorer
from training.families import boosters, forests, linear, neighbours
from training.families.vote import vote
from training.sample import Sample

Params = Mapping[str, Any]
Train = Callable[[Sample, Params, int], Scorer]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One family: how it is trained and with what unless tuned.

    Attributes:
        train: (sample, params, seed) to a scorer that is ready to be served; same input, same
            scorer.
        params: chosen by cross-validation inside PEDE's first pair of years; see `docs/model.md`.
    """

    name: str
    train: Train
    params: Params


def _vote(sample: Sample, params: Params, seed: int) -> TreeScorer:
    return vote(sample, {name: partial(_member, name) for name in params["members"]}, seed)


def _member(name: str, sample: Sample, seed: int) -> TreeScorer:
    member = candidate(name)
    scorer = member.train(sample, member.params, seed)
    if not isinstance(scorer, TreeScorer):
        raise ConfigurationError(f"vote: {name} is not a family of trees")
    return scorer


_FOREST = {"trees": 150, "leaf": 5, "max_features": 0.5, "max_depth": 12}
_BOOSTED = {"trees": 200, "learning_rate": 0.03, "leaf": 15, "subsample": 0.7, "columns": 0.5}

_CANDIDATES = (
    Candidate("logistic_regression", linear.logistic_regression, {"c": 1.0}),
    Candidate("ridge", linear.ridge, {"c": 0.05}),
    Candidate("lasso", linear.lasso, {"c": 0.5}),
    Candidate("k_nearest_neighbours", neighbours.k_nearest_neighbours, {"k": 25}),
    Candidate("decision_tree", forests.decision_tree, {"max_depth": 5, "leaf": 10}),
    Candidate("random_forest", forests.random_forest, _FOREST),
    Candidate("extra_trees", forests.extra_trees, _FOREST),
    Candidate("adaboost", boosters.adaboost, {"trees": 100, "learning_rate": 0.1, "max_depth": 2}),
    Candidate("gradient_boosting", boosters.gradient_boosting, {**_BOOSTED, "max_depth": 3}),
    Candidate("xgboost", boosters.xgboost_trees, {**_BOOSTED, "max_depth": 3, "l2": 1.0}),
    Candidate("lightgbm", boosters.lightgbm_trees, {**_BOOSTED, "leaves": 8, "l2": 0.0}),
    Candidate("vote", _vote, {"members": ["extra_trees", "gradient_boosting", "lightgbm"]}),
)


def candidate(name: str) -> Candidate:
    """The family of that name.

    Raises:
        ConfigurationError: no such family; the known ones are named.
    """
    for known in _CANDIDATES:
        if known.name == name:
            return known
    raise ConfigurationError(f"training.candidates: {name!r} is not one of {', '.join(families())}")


def families() -> tuple[str, ...]:
    """The names of all families."""
    return tuple(known.name for known in _CANDIDATES)
