"""What is served is what the library fitted."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier

from model.scorers.trees import TreeScorer
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec
from tests.training.conftest import made_up
from training import ensembles
from training.candidates import Candidate, candidate, families, installed
from training.lightgbm_text import Tree, constant, parse_text, text_model
from training.sample import Sample, log_odds

Case = tuple[list[Tree], Any]


def _sample(task: TaskSpec, data: TrainingSet, numeric: bool = False) -> Sample:
    encoder = FeatureEncoder.fit(task, data.records)
    return Sample(encoder.encode_many(data.records), data.outcome, data.students, numeric)


def _wild(rows: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The rows, and rows far outside them, all exact in float32."""
    random = np.random.default_rng(1).normal(size=(500, rows.shape[1])) * 20
    return np.vstack([rows, random.astype(np.float32).astype(np.float64)])


def _candidate(name: str) -> Candidate:
    if not installed(name):
        pytest.skip(f"{name} is an extra that is not installed")
    return candidate(name)


def _of(name: str, sample: Sample) -> Case:
    x, y, wild = sample.rows, sample.outcome, _wild(sample.rows)
    if name == "tree":
        tree = DecisionTreeClassifier(min_samples_leaf=5, random_state=0).fit(x, y)
        return ensembles.of_forest([tree]), tree.predict_proba(wild)[:, 1]
    if name == "forest":
        forest = RandomForestClassifier(30, class_weight="balanced", random_state=0).fit(x, y)
        return ensembles.of_forest(forest.estimators_), forest.predict_proba(wild)[:, 1]
    if name == "extra":
        extra = ExtraTreesClassifier(30, random_state=0).fit(x, y)
        return ensembles.of_forest(extra.estimators_), extra.predict_proba(wild)[:, 1]
    if name == "regression forest":
        regression = RandomForestRegressor(20, random_state=0).fit(x, y)
        return ensembles.of_regression_forest(regression.estimators_), regression.predict(wild)
    if name == "adaboost":
        stumps = DecisionTreeClassifier(max_depth=2)
        ada = AdaBoostClassifier(stumps, n_estimators=30, random_state=0).fit(x, y)
        return ensembles.of_adaboost(ada), ada.decision_function(wild)
    if name == "gradient boosting":
        gb = GradientBoostingClassifier(n_estimators=30, random_state=0).fit(x, y)
        prior = log_odds(float(y.mean()))
        return ensembles.of_gradient_boosting(gb, prior), gb.decision_function(wild)
    if name == "xgboost":
        settings = {"objective": "binary:logistic", "max_depth": 4, "nthread": 1}
        xgb = xgboost.train(settings, xgboost.DMatrix(x, y), 30)
        return ensembles.of_xgboost(xgb), xgb.predict(xgboost.DMatrix(wild), output_margin=True)
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1}
    lgbm = lightgbm.train(options, lightgbm.Dataset(x, y), 30)
    return ensembles.of_lightgbm(lgbm), lgbm.predict(wild, raw_score=True)


@pytest.mark.parametrize(
    "name",
    [
        "tree", "forest", "extra", "regression forest", "adaboost", "gradient boosting", "xgboost",
        "lightgbm",
    ],
)  # fmt: skip
def test_the_text_model_scores_as_its_library_does(
    name: str, task: TaskSpec, students: TrainingSet
) -> None:
    sample = _sample(task, students)

    trees, expected = _of(name, sample)
    scorer = TreeScorer(text_model(trees, sample.width))

    # XGBoost adds its trees in float32; ours is the more exact sum.
    assert np.abs(scorer.margin(_wild(sample.rows)) - expected).max() <= 2e-6


def test_every_value_next_to_a_threshold_of_xgboost_goes_down_the_same_branch(
    task: TaskSpec, students: TrainingSet
) -> None:
    sample = _sample(task, students)
    settings = {"objective": "binary:logistic", "max_depth": 3, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(sample.rows, sample.outcome), 5)
    trees = ensembles.of_xgboost(booster)
    edges = np.unique(np.concatenate([t.threshold[t.left >= 0] for t in trees[1:]]))
    near = np.concatenate([edges, np.nextafter(edges.astype(np.float32), np.float32(np.inf))])
    rows = np.repeat(near.astype(np.float32).astype(np.float64)[:, None], sample.width, axis=1)

    margins = TreeScorer(text_model(trees, sample.width)).margin(rows)

    expected = booster.predict(xgboost.DMatrix(rows), output_margin=True)
    assert np.abs(margins - expected).max() <= 1e-6


def test_a_text_model_read_back_is_the_same_text(task: TaskSpec, students: TrainingSet) -> None:
    sample = _sample(task, students)
    known = candidate("lightgbm")
    text = known.train(sample, known.params, 0)
    assert isinstance(text, TreeScorer)

    again = TreeScorer(text_model(parse_text(text.dump()), sample.width))

    assert np.array_equal(again.margin(sample.rows), text.margin(sample.rows))


def test_a_lone_leaf_is_a_model() -> None:
    scorer = TreeScorer(text_model([constant(0.25), constant(0.5)], 3))

    parts, base = scorer.contributions(np.ones(3))

    assert scorer.margin_one(np.ones(3)) == 0.75
    assert base + parts.sum() == 0.75


@pytest.mark.parametrize("name", families())
def test_every_family_ranks_students_it_did_not_see(name: str, task: TaskSpec) -> None:
    known = _candidate(name)
    train, test = _sample(task, made_up(500, seed=1)), made_up(400, seed=2)
    encoder = FeatureEncoder.fit(task, made_up(500, seed=1).records)
    rows = encoder.encode_many(test.records)

    scorer = known.train(train, known.params, 0)
    margins = scorer.margin(rows)

    risky, safe = margins[test.outcome == 1].mean(), margins[test.outcome == 0].mean()
    assert risky > safe
    assert np.allclose([scorer.margin_one(row) for row in rows[:50]], margins[:50], atol=1e-12)
    parts, base = scorer.contributions(rows[0])
    assert base + parts.sum() == pytest.approx(margins[0], abs=1e-9)


@pytest.mark.parametrize("name", families())
def test_a_family_gives_the_same_margins_for_the_same_seed(
    name: str, task: TaskSpec, students: TrainingSet
) -> None:
    known, sample = _candidate(name), _sample(task, students)

    first = known.train(sample, known.params, 7).margin(sample.rows)
    second = known.train(sample, known.params, 7).margin(sample.rows)

    assert np.array_equal(first, second)


@pytest.mark.parametrize("name", [n for n in families() if n != "adaboost"])
def test_every_family_but_adaboost_predicts_a_number_too(name: str, task: TaskSpec) -> None:
    known, data = _candidate(name), made_up(400)
    rows = FeatureEncoder.fit(task, data.records).encode_many(data.records)
    target = np.array([float(r["grade"]) * 10 for r in data.records])
    sample = Sample(rows, target, data.students, numeric=True)

    error = np.abs(known.train(sample, known.params, 0).margin(rows) - target).mean()

    assert error < 0.6 * np.abs(target - target.mean()).mean()
