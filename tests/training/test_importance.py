"""What a version's scores rest on, and how much of it usual records give."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from model.bundle import load_bundle
from model.prediction import RiskStatus
from model.student import Features
from preprocessing.cohorts.samples import example_record
from preprocessing.cohorts.write import write_cohorts
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.files.loading import read_tables
from preprocessing.pairing import paired
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec
from preprocessing.validation import check_record
from training.train import fit

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
NO_FEATURES = {"student_id", "period"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SIX: Features = {"inde": 7.5, "iaa": 8.0, "ips": 6.5, "ipp": 7.0, "ipv": 7.2, "fase": 3.0}
"""A body that must get an ordinary status."""
LITTLE: Features = {"inde": 7.5}


def _quiet(line: str) -> None:
    pass


def first_version(data: TrainingSet, task: TaskSpec, folder: Path) -> Predictor:
    fit(data, task, seed=0, progress=_quiet, repeats=1).write(folder)
    return Predictor(load_bundle(folder))


@pytest.fixture(scope="module")
def synthetic(pede_task: TaskSpec, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    folder = tmp_path_factory.mktemp("synthetic")
    tables = [t for f in write_cohorts(folder)[:2] for t in read_tables(f, pede_task, now=NOW)]
    return first_version(training_set(paired(tables), []), pede_task, folder / "bundle")


@pytest.fixture(scope="module")
def real(
    pede: tuple[TrainingSet, TrainingSet],
    pede_task: TaskSpec,
    tmp_path_factory: pytest.TempPathFactory,
) -> Predictor:
    return first_version(pede[0], pede_task, tmp_path_factory.mktemp("real") / "bundle")


@pytest.mark.parametrize("which", ["synthetic", "real"])
def test_six_indicators_get_an_ordinary_status_and_one_alone_does_not(
    which: str, request: pytest.FixtureRequest
) -> None:
    version: Predictor = request.getfixturevalue(which)

    six, little = version.assess_one(SIX), version.assess_one(LITTLE)

    assert six.known_weight is not None and six.known_weight >= 0.2
    assert six.status is not RiskStatus.INSUFFICIENT
    assert little.status is RiskStatus.INSUFFICIENT


def test_the_examples_that_new_users_are_shown_get_the_answers_that_the_tutorial_tells(
    synthetic: Predictor, pede_task: TaskSpec
) -> None:
    bodies = [json.loads(b) for b in re.findall(r"-d '(\{[^']*\})'", TUTORIAL.read_text("utf-8"))]
    good, bad = ({k: v for k, v in b.items() if k not in NO_FEATURES} for b in bodies[:2])

    assert good == example_record(pede_task)
    found = [synthetic.assess_one(check_record(pede_task, record)) for record in (good, bad)]
    assert [f.status for f in found] == [RiskStatus.EXPECTED, RiskStatus.CRITICAL]
    assert all(f.known_weight is not None and f.known_weight > 0.8 for f in found)


def test_shares_add_up_over_the_features_that_callers_send(
    real: Predictor, pede_task: TaskSpec
) -> None:
    importance = real.bundle.importance

    assert sum(importance.values()) == pytest.approx(1.0)
    assert set(importance) <= set(pede_task.feature_names)
    assert "ipp" not in importance  # Not surveyed in 2022, so the version has no column for it.


def test_no_pede_record_of_any_year_gives_too_little(
    real: Predictor, pede: tuple[TrainingSet, TrainingSet]
) -> None:
    shares = [real.known_weight(r) or 0.0 for data in pede for r in data.records]

    assert np.min(shares) > real.thresholds.min_known_weight


def test_the_same_data_and_seed_give_the_same_importance(
    students: TrainingSet, task: TaskSpec
) -> None:
    first, second = (fit(students, task, seed=0, progress=_quiet, repeats=1) for _ in range(2))

    assert first.importance() == second.importance()
    assert list(first.importance()) == sorted(
        first.importance(), key=lambda name: (-first.importance()[name], name)
    )
