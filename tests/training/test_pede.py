"""The figures the product promises, on the real files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.bundle import load_bundle
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec
from training.baselines import persistence
from training.metrics import evaluate
from training.train import fit

Pair = tuple[TrainingSet, TrainingSet]


def _quiet(line: str) -> None:
    pass


@pytest.mark.slow
def test_trained_on_the_first_pair_of_years_it_finds_those_at_risk_in_the_second(
    pede: Pair, pede_task: TaskSpec, tmp_path: Path
) -> None:
    train, test = pede
    assert (len(train), len(test)) == (600, 765)

    model = fit(train, pede_task, seed=0, progress=_quiet)
    model.write(tmp_path / "bundle")
    predictor = Predictor(load_bundle(tmp_path / "bundle"))

    figures = evaluate(test.outcome, predictor.score_many(test.records))
    assert figures["auc"] >= 0.86
    assert figures["average_precision"] >= 0.80
    assert figures["recall_at_prevalence"] >= 0.73
    rule = persistence(train, test, pede_task)
    assert rule is not None
    assert figures["recall_at_prevalence"] > evaluate(test.outcome, rule)["recall_at_prevalence"]
    for i, record in enumerate(test.records[:200]):
        one = predictor.score_one(record)
        assert abs(one - predictor.score_many(test.records[i : i + 1])[0]) <= 1e-12


def test_one_record_and_a_frame_are_encoded_alike_on_every_row(
    pede: Pair, pede_task: TaskSpec
) -> None:
    train, test = pede
    encoder = FeatureEncoder.fit(pede_task, train.records)

    together = encoder.encode_many(test.records)

    assert all(
        np.array_equal(encoder.encode_one(r), together[i]) for i, r in enumerate(test.records)
    )
    assert np.array_equal(together, together.astype(np.float32).astype(np.float64))
    assert encoder.dropped["ipp"] == "always missing"
