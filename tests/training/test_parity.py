"""Served scores are the library's own on every row of the real files."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost
from sklearn.ensemble import RandomForestClassifier

from model.trees import TreeScorer
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.task import TaskSpec
from training.ensembles import of_forest, of_xgboost
from training.lightgbm_text import text_model


@pytest.mark.parametrize("library", ["xgboost", "random forest"])
def test_no_probability_differs_by_more_than_a_millionth(
    library: str, pede: tuple[TrainingSet, TrainingSet], pede_task: TaskSpec
) -> None:
    train, test = pede
    encoder = FeatureEncoder.fit(pede_task, train.records)
    known = encoder.encode_many(train.records)
    rows = np.vstack([known, encoder.encode_many(test.records)])
    if library == "xgboost":
        options = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.05, "nthread": 1}
        booster = xgboost.train(options, xgboost.DMatrix(known, train.outcome), 300)
        expected = booster.predict(xgboost.DMatrix(rows))
        trees = of_xgboost(booster)
    else:
        forest = RandomForestClassifier(100, random_state=0).fit(known, train.outcome)
        expected, trees = forest.predict_proba(rows)[:, 1], of_forest(forest.estimators_)

    margins = TreeScorer(text_model(trees, rows.shape[1])).margin(rows)

    served = 1 / (1 + np.exp(-margins)) if library == "xgboost" else margins
    assert np.abs(served - expected).max() <= 1e-6
