"""What a numeric outcome draws from held-out predictions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from model.bundle import load_bundle
from model.prediction import RiskStatus, Scale
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.files.loading import read_tables
from preprocessing.pairing import paired
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec, load_task
from tests.training.conftest import DATA
from training.kinds import conformal_width
from training.train import fit

FILE = DATA / "students_performance_in_exams.csv"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _quiet(line: str) -> None:
    pass


@pytest.fixture(scope="module")
def exams() -> tuple[TrainingSet, TaskSpec]:
    if not FILE.is_file():
        pytest.skip(f"the exam scores are not in {DATA}")
    task = load_task("exam_scores")
    return training_set(paired(read_tables(FILE, task, period="2024", now=NOW)), []), task


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_intervals_hold_the_scores_of_pupils_the_model_never_saw_as_often_as_they_say(
    exams: tuple[TrainingSet, TaskSpec], tmp_path: Path, level: float
) -> None:
    data, shipped = exams
    task = shipped.model_copy(
        update={"status": shipped.status.model_copy(update={"interval": level})}
    )
    inside = []
    for seed in range(4):
        half = np.random.default_rng(seed).random(len(data)) < 0.5
        model = fit(data.take(half), task, seed=seed, family="ridge", progress=_quiet)
        model.write(tmp_path / f"bundle-{seed}")
        found = Predictor(load_bundle(tmp_path / f"bundle-{seed}")).assess_many(
            data.take(~half).records
        )
        for assessment, outcome in zip(found, data.take(~half).outcome, strict=True):
            assert assessment.interval is not None
            low, high = assessment.interval
            assert 0 <= low <= assessment.score <= high <= 100
            inside.append(low <= outcome <= high)

    # 2,000 cases; four halves of one file vary by about two points.
    assert np.mean(inside) == pytest.approx(level, abs=0.04)


def test_on_the_shipped_example_the_weakest_pupils_are_of_most_concern(
    exams: tuple[TrainingSet, TaskSpec], tmp_path: Path
) -> None:
    data, task = exams
    fit(data, task, seed=0, family="ridge", progress=_quiet).write(tmp_path / "bundle")
    version = Predictor(load_bundle(tmp_path / "bundle"))

    found = version.assess_many(data.records)

    assert version.thresholds.scale is Scale.VALUE_LOW
    by_status = {status: [f.score for f in found if f.status is status] for status in RiskStatus}
    assert 0 < len(by_status[RiskStatus.ALERT]) < len(found) / 2
    assert max(by_status[RiskStatus.CRITICAL], default=0.0) < 50
    assert max(by_status[RiskStatus.ALERT]) < 60 <= min(by_status[RiskStatus.EXPECTED])
    assert by_status[RiskStatus.INSUFFICIENT] == []


def test_the_width_is_the_conformal_rank_and_no_more_than_the_largest_error() -> None:
    errors = np.arange(1.0, 100.0)

    assert conformal_width(errors, np.zeros(99), 0.9) == 90.0
    assert conformal_width(errors[:5], np.zeros(5), 0.9) == 5.0
