"""LightGBM. The margin is a log-odds, or the value itself."""

from __future__ import annotations

from typing import Any

import lightgbm

from model.scorers.trees import TreeScorer
from training.families.family import Family, Params
from training.families.settings import Real, Whole
from training.families.trees import BOOSTED, tree_scorer
from training.lightgbm_text import parse_text
from training.sample import Sample


def lightgbm_settings(
    params: Params, seed: int, *, numeric: bool, leaf: int, monotone: tuple[int, ...], threads: int
) -> dict[str, Any]:
    """What LightGBM is told.

    Args:
        params: the family's.
        seed: of the draws.
        numeric: whether the outcome is a number.
        leaf: records a leaf must hold.
        monotone: as of a `Sample`.
        threads: that it may use.
    """
    settings = {
        "objective": "regression" if numeric else "binary",
        "learning_rate": params["learning_rate"],
        "num_leaves": params["leaves"],
        "min_data_in_leaf": leaf,
        "bagging_fraction": params["subsample"],
        "bagging_freq": 1,
        "feature_fraction": params["columns"],
        "lambda_l2": params["l2"],
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }
    return settings | ({"monotone_constraints": list(monotone)} if monotone else {})


def _fit(sample: Sample, params: Params, seed: int) -> lightgbm.Booster:
    settings = lightgbm_settings(
        params, seed,
        numeric=sample.numeric, leaf=sample.leaf(params["leaf"]), monotone=sample.monotone,
        threads=sample.jobs,
    )  # fmt: skip
    data = lightgbm.Dataset(
        sample.rows, sample.outcome, weight=sample.weights(params), params={"verbosity": -1}
    )
    return lightgbm.train(settings, data, num_boost_round=params["trees"])


def _scorer(booster: lightgbm.Booster, sample: Sample) -> TreeScorer:
    text = booster.model_to_string(importance_type="split")
    return tree_scorer(parse_text(text.encode()), sample)


LIGHTGBM = Family(
    name="lightgbm",
    fit=_fit,
    convert=_scorer,
    library=lambda booster, rows: booster.predict(rows, raw_score=True),
    scorer=TreeScorer,
    place=5,
    settings={**BOOSTED, "leaves": Whole(8, 3, 31), "l2": Real(0.0, 0.0, 20.0)},
)
