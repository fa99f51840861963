"""CatBoost is an extra: with it, served scores are its own; without it, the error tells the fix."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from model.errors import ConfigurationError
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec
from tests.training.conftest import made_up
from training.candidates import candidate
from training.families.catboost import CATBOOST
from training.lightgbm_text import parse_text
from training.sample import Sample
from training.train import fit

needs_catboost = pytest.mark.skipif(
    not CATBOOST.installed, reason="the extra catboost is not installed"
)
PARAMS = {
    "trees": 40, "learning_rate": 0.1, "max_depth": 4, "leaf": 5, "subsample": 0.7, "columns": 0.5,
    "l2": 3.0,
}  # fmt: skip


def _sample(task: TaskSpec, data: TrainingSet, *, numeric: bool = False) -> Sample:
    rows = FeatureEncoder.fit(task, data.records).encode_many(data.records)
    outcome = np.array([float(r["grade"]) for r in data.records]) if numeric else data.outcome
    return Sample(rows, outcome, data.students, numeric)


@needs_catboost
@pytest.mark.parametrize("numeric", [False, True])
@pytest.mark.parametrize("depth", [1, 4])
def test_its_trees_score_as_the_library_does_also_next_to_every_border(
    task: TaskSpec, numeric: bool, depth: int
) -> None:
    sample = _sample(task, made_up(500), numeric=numeric)
    model = CATBOOST.fit(sample, {**PARAMS, "max_depth": depth}, 0)
    scorer = CATBOOST.convert(model, sample)
    trees = parse_text(scorer.dump())
    edges = np.unique(np.concatenate([t.threshold[t.left >= 0] for t in trees[1:]]))
    near = np.concatenate([edges, np.nextafter(edges.astype(np.float32), np.float32(np.inf))])
    beside = np.repeat(near.astype(np.float32).astype(np.float64)[:, None], sample.width, axis=1)
    rows = np.vstack([sample.rows, beside])

    assert np.abs(scorer.margin(rows) - CATBOOST.library(model, rows)).max() <= 1e-9


@needs_catboost
def test_its_weights_reach_the_library(task: TaskSpec) -> None:
    data = made_up(600)
    rare = data.take(np.flatnonzero((data.outcome == 0) | (np.arange(600) % 5 == 0)))
    sample = _sample(task, rare)

    plain = CATBOOST.train(sample, PARAMS, 0).margin(sample.rows)
    weighed = {**PARAMS, "class_weight": "balanced"}
    balanced = CATBOOST.train(sample, weighed, 0).margin(sample.rows)

    assert balanced.mean() > plain.mean() + 0.5


def test_where_it_is_not_installed_the_error_says_what_to_install(
    task: TaskSpec, students: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "catboost", None)
    told: list[str] = []
    policy = task.training.model_copy(update={"candidates": ("lightgbm", "catboost")})

    with pytest.raises(ConfigurationError, match="make setup-catboost"):
        fit(students, task.model_copy(update={"training": policy}), seed=0, progress=told.append)

    assert told == []


@needs_catboost
def test_a_bundle_is_the_same_twice(task: TaskSpec, students: TrainingSet) -> None:
    known = candidate("catboost")
    sample = _sample(task, students)

    first, second = (known.train(sample, known.params, 3) for _ in range(2))

    assert first.dump() == second.dump()
