"""XGBoost. The margin is a log-odds, or the value itself."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import xgboost

from model.scorers.trees import TreeScorer
from training.families.family import Family, Params
from training.families.settings import Real, Whole
from training.families.trees import BOOSTED, tree_scorer
from training.lightgbm_text import Tree, constant
from training.sample import Sample


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


def _fit(sample: Sample, params: Params, seed: int) -> xgboost.Booster:
    settings = xgboost_settings(
        params, seed, numeric=sample.numeric, monotone=sample.monotone, threads=sample.jobs
    )
    data = xgboost.DMatrix(
        sample.rows, sample.outcome, weight=sample.weights(params), nthread=sample.jobs
    )
    return xgboost.train(settings, data, num_boost_round=params["trees"])


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
