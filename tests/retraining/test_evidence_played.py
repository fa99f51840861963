"""Where evidence comes from on whole histories: five generated years, and PEDE's two labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.bundle import load_bundle
from model.erasing.record_ids import Learned
from model.version import Alias
from preprocessing.cohorts.write import write_cohorts
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.files.loading import read_tables
from preprocessing.pairing import paired
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec, load_task
from retraining.promotion.evidence import BinaryEvidence
from retraining.promotion.spread import Standing
from retraining.run.challenge import successor_trial
from retraining.run.champion import StoredChampion
from retraining.run.origins import rolling_origins
from retraining.run.standing import overlap
from retraining.run.verdict import judge
from retraining.run.window import fresh_mask
from tests.database import builders
from tests.preprocessing.conftest import NOW
from training.recipe import recipe
from training.train import fit

pytestmark = pytest.mark.long


def quiet(line: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def task() -> TaskSpec:
    found = load_task("pede_lag")
    quick = found.training.model_copy(update={"candidates": ("logistic_regression",)})
    return found.model_copy(update={"training": quick})


def labelled(files: Sequence[Path], task: TaskSpec) -> TrainingSet:
    tables = [table for file in files for table in read_tables(file, task, now=NOW)]
    return training_set(paired(tables), ())


def champion(data: TrainingSet, task: TaskSpec, folder: Path) -> StoredChampion:
    """One that learned from all periods but the newest."""
    known = data.take(np.asarray(data.periods < np.unique(data.periods)[-1]))
    model = fit(known, task, seed=0, progress=quiet)
    model.write(folder)
    version = builders.model_version(7, family=model.family, features=task.feature_names)
    return StoredChampion(
        alias=Alias("champion", "v7", 7, builders.START),
        version=replace(version, params=model.params, recipe=recipe(task)),
        predictor=Predictor(load_bundle(folder)),
        trained_on=Learned(frozenset(known.record_ids())),
    )


def evidence(data: TrainingSet, serving: StoredChampion, task: TaskSpec) -> BinaryEvidence:
    """What a challenger of the task is decided on."""
    fresh = fresh_mask(data, serving.trained_on)
    between = overlap(data, fresh, serving.version, len(serving.trained_on), task)
    origins = rolling_origins(data, serving, between, task, seed=0, progress=quiet)
    at = Standing(between.both, between.refresh, origins, between.unshared)
    trial = successor_trial(data, fresh, task, seed=0, progress=quiet)
    found = judge(trial, serving, task, seed=0, same_bundle=False, at=at).evidence
    assert isinstance(found, BinaryEvidence)
    return found


def test_over_five_generated_years_recipes_are_tried_on_the_earlier_ones(
    task: TaskSpec, tmp_path: Path
) -> None:
    data = labelled(write_cohorts(tmp_path / "files", seed=5, years=5), task)
    serving = champion(data, task, tmp_path / "bundle")
    other = task.model_copy(update={"derived": ()})

    refresh, changed = evidence(data, serving, task), evidence(data, serving, other)

    assert len(np.unique(data.periods)) == 4
    assert (refresh.source, refresh.refresh) == ("within_alone", True)
    assert [one.period for one in refresh.origins] == np.unique(data.periods)[2:].tolist()
    assert (changed.source, changed.refresh) == ("forward", False)
    assert [one.champion for one in changed.origins] == ["", "", "v7"]
    for found in (refresh, changed):
        assert found.expected is not None
        assert found.expected.basis == "origins"
        assert found.expected.low < found.expected.gain < found.expected.high
    assert all(abs(one.gain) < 0.1 and 0 <= one.error < 0.05 for one in changed.origins)


def test_the_two_labelled_periods_of_pede_are_a_refresh_measured_within(
    task: TaskSpec, real_data: Path, tmp_path: Path
) -> None:
    data = labelled([real_data / f"pede_{year}.csv" for year in (2022, 2023, 2024)], task)
    serving = champion(data, task, tmp_path / "bundle")

    found = evidence(data, serving, task)

    assert (found.source, found.refresh, found.origins) == ("within_alone", True, ())
    assert found.periods == ("2023",)
    assert found.expected is not None
    assert found.expected.basis == "persistence"
    assert abs(found.expected.gain) < abs(found.gain("recall_at_budget").gain)
    assert found.expected.low < 0 < found.expected.high
