"""XGBoost, anew or from trees that there are. The margin is a log-odds, or the value itself."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xgboost

from model.scorers.scorer import Rows
from model.scorers.trees import TreeScorer
from training.families.family import Family, Params
from training.families.settings import Real, Whole
from training.families.trees import BOOSTED, MORE_TREES, MOST_TREES, tree_scorer, trees_before
from training.lightgbm_text import Tree, constant, parse_text
from training.sample import Sample


@dataclass(frozen=True, slots=True)
class GoneOn:
    """Trees that were added, and what they were added to; None: nothing."""

    added: xgboost.Booster
    before: TreeScorer | None


def xgboost_settings(
    params: Params, seed: int, *, numeric: bool, monotone: tuple[int, ...], threads: int
) -> dict[str, Any]:
    """What XGBoost is told.

    Args:
        params: the family's.
        seed: of the draws.
        numeric: whether the outcome is a number.
        monotone: as of a `Sample`.
        threads: that it may use.
    """
    settings = {
        "objective": "reg:squarederror" if numeric else "binary:logistic",
        "tree_method": "hist",
        "eta": params["learning_rate"],
        "max_depth": params["max_depth"],
        "min_child_weight": params["leaf"] / (1 if numeric else 4),
        "subsample": params["subsample"],
        "colsample_bytree": params["columns"],
        "lambda": params["l2"],
        "seed": seed,
        "nthread": threads,
    }
    held = {"monotone_constraints": f"({','.join(map(str, monotone))})"} if monotone else {}
    return settings | held


def _fit(
    sample: Sample, params: Params, seed: int, before: TreeScorer | None = None, trees: int = 0
) -> xgboost.Booster:
    settings = xgboost_settings(
        params, seed, numeric=sample.numeric, monotone=sample.monotone, threads=sample.jobs
    )
    data = xgboost.DMatrix(
        sample.rows, sample.outcome, weight=sample.weights(params), nthread=sample.jobs
    )
    if before is not None:
        # What `xgb_model` does with XGBoost's own trees; a bundle holds no XGBoost model.
        data.set_base_margin(before.margin(sample.rows))
        settings["base_score"] = 0.0 if sample.numeric else 0.5
    return xgboost.train(settings, data, num_boost_round=trees or params["trees"])


def _go_on(sample: Sample, params: Params, seed: int) -> GoneOn:
    """The trees before, and more that learn from what they leave."""
    text, more = trees_before(sample, XGBOOST.train, params, seed)
    before = None if text is None else TreeScorer(text)
    return GoneOn(_fit(sample, params, seed, before, more), before)


def _all_trees(model: GoneOn, sample: Sample) -> TreeScorer:
    before = [] if model.before is None else parse_text(model.before.dump())
    return tree_scorer([*before, *of_xgboost(model.added)], sample)


def _margins(model: GoneOn, rows: Rows) -> Rows:
    base = None if model.before is None else model.before.margin(rows)
    data = xgboost.DMatrix(rows, base_margin=base)
    return np.asarray(model.added.predict(data, output_margin=True))


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


XGBOOST = Family(
    name="xgboost",
    fit=_fit,
    convert=lambda booster, sample: tree_scorer(of_xgboost(booster), sample),
    library=lambda booster, rows: booster.predict(xgboost.DMatrix(rows), output_margin=True),
    scorer=TreeScorer,
    place=70,
    settings={**BOOSTED, "max_depth": Whole(3, 2, 6), "l2": Real(1.0, 0.0, 20.0)},
)
XGBOOST_CONTINUED = replace(
    XGBOOST,
    name="xgboost_continued",
    fit=_go_on,
    convert=_all_trees,
    library=_margins,
    place=150,
    settings={**XGBOOST.settings, "trees": MORE_TREES, "most_trees": MOST_TREES},
    continues="xgboost",
)
