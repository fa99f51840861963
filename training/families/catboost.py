"""CatBoost, an extra: its trees are written like everybody's, so that serving needs no CatBoost."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model.scorers.trees import TreeScorer
from training.families.family import Family, Params
from training.families.settings import Real, Whole
from training.families.trees import BOOSTED, tree_scorer
from training.lightgbm_text import Tree, constant
from training.sample import Sample


def _fit(sample: Sample, params: Params, seed: int) -> Any:
    import catboost

    settings = {
        "loss_function": "RMSE" if sample.numeric else "Logloss",
        "iterations": params["trees"],
        "learning_rate": params["learning_rate"],
        "depth": params["max_depth"],
        "min_data_in_leaf": sample.leaf(params["leaf"]),
        "bootstrap_type": "Bernoulli",
        "subsample": params["subsample"],
        "rsm": params["columns"],
        "l2_leaf_reg": params["l2"],
        "random_seed": seed,
        "thread_count": sample.jobs,
        "allow_writing_files": False,
        "verbose": False,
    }
    if sample.monotone:
        settings["monotone_constraints"] = list(sample.monotone)
    data = catboost.Pool(sample.rows, sample.outcome, weight=sample.weights(params))
    return catboost.train(pool=data, params=settings)


def of_catboost(model: Any) -> list[Tree]:
    """The trees of a CatBoost model; the margin is its raw score.

    CatBoost goes right where `float32(value) > border`, LightGBM left where `value <= threshold`:
    the same question on rows that are exact in float32.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        raw = json.loads(path.read_bytes())
    scale, (bias, *_) = raw["scale_and_bias"]
    return [constant(float(bias))] + [_ordinary(tree, scale) for tree in raw["oblivious_trees"]]


def _ordinary(raw: Mapping[str, Any], scale: float) -> Tree:
    """An oblivious tree as an ordinary one, in the order of a heap: node i has 2i + 1 and 2i + 2.

    The number of a leaf has bit k set where the k-th question was answered yes, so the last
    question comes first: the leaves then stand in the order of their numbers.
    """
    questions = list(reversed(raw["splits"] or ()))
    depth, leaves = len(questions), len(raw["leaf_values"])
    inner = leaves - 1
    level = [int(math.log2(node + 1)) for node in range(inner)]
    nodes = np.arange(inner)
    ends = np.full(leaves, -1)
    cover = [np.asarray(raw["leaf_weights"], dtype=np.float64)]
    for _ in range(depth):
        cover.insert(0, cover[0].reshape(-1, 2).sum(axis=1))
    return Tree(
        left=np.concatenate([2 * nodes + 1, ends]).astype(np.intp),
        right=np.concatenate([2 * nodes + 2, ends]).astype(np.intp),
        feature=np.array(
            [questions[k]["float_feature_index"] for k in level] + [0] * leaves, dtype=np.intp
        ),
        threshold=np.array([questions[k]["border"] for k in level] + [0.0] * leaves),
        value=np.concatenate([np.zeros(inner), np.asarray(raw["leaf_values"]) * scale]),
        cover=np.concatenate(cover),
    )


CATBOOST = Family(
    name="catboost",
    fit=_fit,
    convert=lambda model, sample: tree_scorer(of_catboost(model), sample),
    library=lambda model, rows: model.predict(rows, prediction_type="RawFormulaVal"),
    scorer=TreeScorer,
    place=90,
    settings={**BOOSTED, "max_depth": Whole(4, 2, 6), "l2": Real(3.0, 1.0, 20.0)},
    extra="catboost",
)
