"""LightGBM, anew or from trees that there are. The margin is a log-odds, or the value itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import lightgbm

from model.scorers.trees import TreeScorer
from training.families.family import Family, Params
from training.families.settings import Real, Whole
from training.families.trees import BOOSTED, MORE_TREES, MOST_TREES, tree_scorer, trees_before
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


def _fit(
    sample: Sample,
    params: Params,
    seed: int,
    before: lightgbm.Booster | None = None,
    trees: int = 0,
) -> lightgbm.Booster:
    settings = lightgbm_settings(
        params, seed,
        numeric=sample.numeric, leaf=sample.leaf(params["leaf"]), monotone=sample.monotone,
        threads=sample.jobs,
    )  # fmt: skip
    data = lightgbm.Dataset(
        sample.rows, sample.outcome, weight=sample.weights(params), params={"verbosity": -1}
    )
    return lightgbm.train(
        settings, data, num_boost_round=trees or params["trees"], init_model=before
    )


def _go_on(sample: Sample, params: Params, seed: int) -> lightgbm.Booster:
    """The trees before, and more that learn from what they leave."""
    text, more = trees_before(sample, LIGHTGBM.train, params, seed)
    before = None if text is None else lightgbm.Booster(model_str=text.decode())
    return _fit(sample, params, seed, before, more)


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
LIGHTGBM_CONTINUED = replace(
    LIGHTGBM,
    name="lightgbm_continued",
    fit=_go_on,
    place=140,
    settings={**LIGHTGBM.settings, "trees": MORE_TREES, "most_trees": MOST_TREES},
    continues="lightgbm",
)
