"""What is served is what the library fitted."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost

from model.scorers.trees import TreeScorer
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec
from tests.training.conftest import made_up
from training.candidates import FAMILIES, candidate, families
from training.families.family import Family
from training.families.xgboost import of_xgboost
from training.lightgbm_text import constant, parse_text, text_model
from training.sample import Sample


def _sample(task: TaskSpec, data: TrainingSet) -> Sample:
    encoder = FeatureEncoder.fit(task, data.records)
    return Sample(encoder.encode_many(data.records), data.outcome, data.students)


def _candidate(name: str) -> Family:
    (known,) = (family for family in FAMILIES if family.name == name)
    if not known.installed:
        pytest.skip(f"{name} is an extra that is not installed")
    return known


def test_every_value_next_to_a_threshold_of_xgboost_goes_down_the_same_branch(
    task: TaskSpec, students: TrainingSet
) -> None:
    sample = _sample(task, students)
    settings = {"objective": "binary:logistic", "max_depth": 3, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(sample.rows, sample.outcome), 5)
    trees = of_xgboost(booster)
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


@pytest.mark.long
@pytest.mark.parametrize("name", families())
def test_a_family_gives_the_same_margins_for_the_same_seed(
    name: str, task: TaskSpec, students: TrainingSet
) -> None:
    known, sample = _candidate(name), _sample(task, students)

    first = known.train(sample, known.params, 7).margin(sample.rows)
    second = known.train(sample, known.params, 7).margin(sample.rows)

    assert np.array_equal(first, second)
