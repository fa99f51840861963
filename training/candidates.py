"""The families that can be tried, by the name a task gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

from model.errors import ConfigurationError
from model.scorers.scorer import Scorer
from model.scorers.trees import TreeScorer
from training.families import boosters, catboost, forests, linear, neighbours
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
        extra: the library beyond Farol's own that it needs, also the name of Farol's extra.
    """

    name: str
    train: Train
    params: Params
    extra: str | None = None

    def settings(self, class_weight: str) -> dict[str, Any]:
        """Its parameters under a task's policy; `none` is left unsaid."""
        weighed = {} if class_weight == "none" else {"class_weight": class_weight}
        return {**self.params, **weighed}


def _vote(sample: Sample, params: Params, seed: int) -> TreeScorer:
    weight = params.get("class_weight", "none")
    return vote(sample, {name: partial(_member, name, weight) for name in params["members"]}, seed)


def _member(name: str, class_weight: str, sample: Sample, seed: int) -> TreeScorer:
    member = candidate(name)
    scorer = member.train(sample, member.settings(class_weight), seed)
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
    Candidate(
        "catboost", catboost.catboost_trees, {**_BOOSTED, "max_depth": 4, "l2": 3.0}, "catboost"
    ),
    Candidate("vote", _vote, {"members": ["extra_trees", "gradient_boosting", "lightgbm"]}),
)


def candidate(name: str) -> Candidate:
    """The family of that name.

    Raises:
        ConfigurationError: no such family; the known ones are named. Or its library is an extra
            that is not installed.
    """
    for known in _CANDIDATES:
        if known.name == name:
            _check_installed(known)
            return known
    raise ConfigurationError(f"training.candidates: {name!r} is not one of {', '.join(families())}")


def families() -> tuple[str, ...]:
    """The names of all families."""
    return tuple(known.name for known in _CANDIDATES)


def installed(name: str) -> bool:
    """Whether the family of that name needs no extra, or has it."""
    known = next(known for known in _CANDIDATES if known.name == name)
    return known.extra is None or find_spec(known.extra) is not None


def _check_installed(known: Candidate) -> None:
    if not installed(known.name):
        raise ConfigurationError(
            f"training.candidates: {known.name} needs an extra: make setup-{known.extra}"
        )
