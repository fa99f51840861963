"""Served scores are the library's own: on every row of the real files, and on difficult ones."""

from __future__ import annotations

import random

import numpy as np
import pytest
import xgboost
from sklearn.ensemble import RandomForestClassifier

from model.scorers.trees import TreeScorer
from model.student import Features
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.files.loading import read_tables
from preprocessing.task.columns import Kind
from preprocessing.task.spec import TaskSpec
from tests.training.conftest import DATA, NOW
from training.families.forests import of_forest
from training.families.xgboost import of_xgboost
from training.lightgbm_text import text_model


@pytest.mark.parametrize("library", ["xgboost", "random forest"])
def test_no_probability_served_one_by_one_differs_by_more_than_a_millionth(
    library: str, pede: tuple[TrainingSet, TrainingSet], pede_task: TaskSpec
) -> None:
    train, _ = pede
    encoder = FeatureEncoder.fit(pede_task, train.records)
    known = encoder.encode_many(train.records)
    records = _three_years(pede_task) + _difficult(pede_task, 1000)
    rows = encoder.encode_many(records)
    if library == "xgboost":
        options = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.05, "nthread": 1}
        booster = xgboost.train(options, xgboost.DMatrix(known, train.outcome), 300)
        expected = booster.predict(xgboost.DMatrix(rows))
        trees = of_xgboost(booster)
    else:
        forest = RandomForestClassifier(100, random_state=0).fit(known, train.outcome)
        expected, trees = forest.predict_proba(rows)[:, 1], of_forest(forest)
    served = FeatureEncoder.from_spec(encoder.spec())

    scorer = TreeScorer(text_model(trees, rows.shape[1]))
    margins = np.array([scorer.margin_one(served.encode_one(record)) for record in records])

    assert len(records) == 3030 + 1000
    probabilities = 1 / (1 + np.exp(-margins)) if library == "xgboost" else margins
    assert np.abs(probabilities - expected).max() <= 1e-6


def _three_years(task: TaskSpec) -> list[Features]:
    tables = [
        table
        for year in (2022, 2023, 2024)
        for table in read_tables(DATA / f"pede_{year}.csv", task, now=NOW)
    ]
    return [observation.features for table in tables for observation in table.observations]


def _difficult(task: TaskSpec, n: int) -> list[Features]:
    """Records with missing, extreme and unseen values, and with ordinary ones between."""
    chance = random.Random(0)
    extreme = (0.0, -0.0, 1e-300, -1e15, 1e15, 5.000000000000001)
    made: list[Features] = []
    for _ in range(n):
        record: dict[str, float | str] = {}
        for column in task.features:
            kind = chance.choice(["missing", "extreme", "ordinary", "ordinary"])
            if kind == "missing":
                continue
            if column.kind is Kind.NUMERIC:
                ordinary = round(chance.uniform(0, 10), chance.randint(0, 6))
                record[column.name] = ordinary if kind == "ordinary" else chance.choice(extreme)
            else:
                seen = list(column.categories) or ["unseen"]
                record[column.name] = chance.choice(seen) if kind == "ordinary" else "never seen"
        made.append(record)
    return made
