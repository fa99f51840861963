"""Rare outcomes: weighing them up changes the margin, and calibration gives probabilities again."""

from __future__ import annotations

import numpy as np
import pytest

from model.figures import calibration_error
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec
from tests.training.conftest import made_up
from training.candidates import candidate
from training.sample import Sample
from training.train import fit

WEIGHED = (
    "logistic_regression", "ridge", "lasso", "decision_tree", "random_forest", "extra_trees",
    "gradient_boosting", "xgboost", "lightgbm",
)  # fmt: skip


def _rare(n: int, seed: int) -> TrainingSet:
    """About one in twelve at risk."""
    data = made_up(n, seed)
    drawn = np.random.default_rng(seed).random(n) < 0.12
    return data.take(np.flatnonzero((data.outcome == 0) | drawn))


@pytest.mark.parametrize("name", WEIGHED)
def test_balanced_outcomes_raise_the_margins_of_a_rare_one(name: str, task: TaskSpec) -> None:
    data, known = _rare(1500, 0), candidate(name)
    rows = FeatureEncoder.fit(task, data.records).encode_many(data.records)
    sample = Sample(rows, data.outcome, data.students)

    plain = known.train(sample, known.params, 0).margin(rows)
    balanced = known.train(sample, {**known.params, "class_weight": "balanced"}, 0).margin(rows)

    assert balanced.mean() > plain.mean() + 0.05


@pytest.mark.parametrize("family", ["logistic_regression", "lightgbm"])
def test_scores_of_a_balanced_model_are_still_probabilities(family: str, task: TaskSpec) -> None:
    policy = task.training.model_copy(update={"class_weight": "balanced"})
    weighed = task.model_copy(update={"training": policy})
    train, test = _rare(3000, 1), _rare(4000, 2)

    model = fit(train, weighed, seed=0, progress=lambda _: None, family=family, repeats=1)

    scores = model.score(test.records)
    assert model.params["class_weight"] == "balanced"
    assert scores.mean() == pytest.approx(test.outcome.mean(), abs=0.03)
    assert calibration_error(test.outcome, scores) < 0.03
