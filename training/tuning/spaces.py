"""Which settings of a family are worth trying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Real:
    """A number from `low` to `high`; `log` where its order of magnitude is what matters."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few."""

    options: tuple[str, ...]


Space = Mapping[str, Whole | Real | Choice]

_LEAF = Whole(2, 40)
_FOREST: Space = {"leaf": _LEAF, "max_features": Real(0.1, 1.0), "max_depth": Whole(4, 16)}
_BOOSTED: Space = {
    "trees": Whole(50, 400),
    "learning_rate": Real(0.01, 0.15, log=True),
    "leaf": _LEAF,
    "subsample": Real(0.4, 1.0),
    "columns": Real(0.2, 1.0),
}
_DEPTH, _L2 = Whole(2, 6), Real(0.0, 20.0)
_CLASS_WEIGHT: Space = {"class_weight": Choice(("none", "balanced"))}

_SPACES: Mapping[str, Space] = {
    "logistic_regression": {"c": Real(1e-3, 100.0, log=True)},
    "ridge": {"c": Real(1e-3, 10.0, log=True)},
    "lasso": {"c": Real(1e-2, 10.0, log=True)},
    "k_nearest_neighbours": {"k": Whole(5, 101)},
    "decision_tree": {"max_depth": Whole(2, 10), "leaf": Whole(5, 50)},
    "random_forest": _FOREST,
    "extra_trees": _FOREST,
    "adaboost": {
        "trees": Whole(30, 300),
        "learning_rate": Real(0.02, 1.0, log=True),
        "max_depth": Whole(1, 4),
    },
    "gradient_boosting": {**_BOOSTED, "max_depth": _DEPTH},
    "xgboost": {**_BOOSTED, "max_depth": _DEPTH, "l2": _L2},
    "lightgbm": {**_BOOSTED, "leaves": Whole(3, 31), "l2": _L2},
    "catboost": {**_BOOSTED, "max_depth": _DEPTH, "l2": Real(1.0, 20.0)},
}
_UNWEIGHED = ("k_nearest_neighbours",)
"""Families that cannot let some records count more than others."""


def space_of(family: str, *, numeric: bool) -> Space:
    """The settings of a family that tuning may change; none for a vote.

    >>> sorted(space_of("ridge", numeric=True))
    ['c']
    """
    space = _SPACES.get(family, {})
    if not space or numeric or family in _UNWEIGHED:
        return space
    return {**space, **_CLASS_WEIGHT}
