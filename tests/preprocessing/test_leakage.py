"""The leakage guard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from model.errors import LeakageError
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.files.loading import CleanTable, read_tables
from preprocessing.leakage import check_leakage, measure_leakage
from preprocessing.pairing import paired
from preprocessing.task.spec import TaskSpec, load_task
from tests.preprocessing.conftest import NOW


def same_year(pede: TaskSpec, keep: set[str]) -> TaskSpec:
    """The task of predicting the lag of the same year from these features."""
    raw = pede.model_dump()
    raw["features"] = [f for f in raw["features"] if f["name"] in keep]
    raw["derived"] = []
    raw["environment"] = None
    raw["outcome"] |= {"horizon": 0, "persistence": None}
    return TaskSpec.model_validate(raw)


def read_2022(real_data: Path, task: TaskSpec) -> TrainingSet:
    return training_set(paired(read_tables(real_data / "pede_2022.csv", task, now=NOW)), ())


@pytest.fixture(scope="module")
def next_year(pede_years: Mapping[str, CleanTable]) -> TrainingSet:
    return training_set(paired(pede_years.values()), ())


@pytest.fixture(scope="module")
def half(next_year: TrainingSet) -> TrainingSet:
    """Every second record; enough to show a determination."""
    return next_year.take(np.arange(0, len(next_year), 2))


def test_the_next_years_task_passes(next_year: TrainingSet, pede: TaskSpec) -> None:
    report = check_leakage(next_year, pede)

    assert report.culprits == ()
    assert max(report.alone.values()) < 0.85
    assert 0.85 < report.together < 0.95


def test_the_adequacy_level_of_the_same_year_is_refused_by_name_and_figure(
    real_data: Path, pede: TaskSpec
) -> None:
    task = same_year(pede, {"ian", "iaa", "ieg", "ips", "ida", "ipv"})

    with pytest.raises(LeakageError, match=r"ian alone determines the outcome \(figure 1\.000\)"):
        check_leakage(read_2022(real_data, task), task)


def test_a_refusal_says_which_key_to_add_to_go_on(real_data: Path, pede: TaskSpec) -> None:
    task = same_year(pede, {"ian", "iaa", "ieg", "ips", "ida", "ipv"})

    with pytest.raises(LeakageError) as caught:
        check_leakage(read_2022(real_data, task), task)

    key = str(caught.value).split("recorded in every version: ")[1]
    accepted = yaml.safe_load(key)["leakage"]["accepted"]
    assert accepted == {"ian": "why it is known when predicting"}
    raw = task.model_dump() | {"leakage": {"accepted": accepted}}
    assert check_leakage(read_2022(real_data, task), TaskSpec.model_validate(raw)).culprits == ()


def test_the_index_and_its_parts_are_refused_together(real_data: Path, pede: TaskSpec) -> None:
    task = same_year(pede, {"inde", "iaa", "ieg", "ips", "ida", "ipv", "mat", "por", "idade"})

    with pytest.raises(LeakageError) as caught:
        check_leakage(read_2022(real_data, task), task)

    message = str(caught.value)
    assert "together determine the outcome" in message
    assert all(name in message for name in ("inde", "ida", "ieg", "ipv", "iaa"))
    assert "mat" not in message


def test_without_the_index_its_parts_pass(real_data: Path, pede: TaskSpec) -> None:
    task = same_year(pede, {"iaa", "ieg", "ips", "ida", "ipv", "mat", "por", "idade"})

    assert check_leakage(read_2022(real_data, task), task).culprits == ()


def with_feature(data: TrainingSet, task: TaskSpec, values: Any) -> tuple[TrainingSet, TaskSpec]:
    records = tuple({**r, "nota": float(v)} for r, v in zip(data.records, values, strict=True))
    raw = task.model_dump()
    raw["features"] = [*raw["features"], {"name": "nota"}]
    return replace(data, records=records), TaskSpec.model_validate(raw)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
def test_a_noisy_copy_of_the_outcome_is_refused(
    half: TrainingSet, pede: TaskSpec, noise: float
) -> None:
    rng = np.random.default_rng(7)
    copy = half.outcome + noise * rng.normal(size=len(half))
    data, task = with_feature(half, pede, copy)

    with pytest.raises(LeakageError, match="nota alone"):
        check_leakage(data, task)


def test_a_copy_with_three_in_a_hundred_flipped_is_refused(
    half: TrainingSet, pede: TaskSpec
) -> None:
    flips = np.random.default_rng(7).random(len(half)) < 0.03
    data, task = with_feature(half, pede, np.abs(half.outcome - flips))

    with pytest.raises(LeakageError, match="nota alone"):
        check_leakage(data, task)


def test_a_feature_that_is_there_only_for_those_at_risk_is_refused(
    half: TrainingSet, pede: TaskSpec
) -> None:
    raw = pede.model_dump()
    raw["features"] = [*raw["features"], {"name": "nota"}]
    rng = np.random.default_rng(7)
    records = tuple(
        {**r, "nota": float(rng.random())} if y else r
        for r, y in zip(half.records, half.outcome, strict=True)
    )

    with pytest.raises(LeakageError, match="nota alone"):
        check_leakage(replace(half, records=records), TaskSpec.model_validate(raw))


def test_what_the_task_accepts_with_a_reason_passes_and_is_told(
    half: TrainingSet, pede: TaskSpec
) -> None:
    data, task = with_feature(half, pede, half.outcome)
    raw = task.model_dump()
    raw["leakage"]["accepted"] = {"nota": "known in March, decided by the committee of 3 May"}

    report = check_leakage(data, TaskSpec.model_validate(raw))

    assert report.accepted == {"nota": "known in March, decided by the committee of 3 May"}
    assert report.alone["nota"] == 1.0


def test_too_few_students_are_not_measured_and_the_report_says_so(
    half: TrainingSet, pede: TaskSpec
) -> None:
    report = check_leakage(half.take(np.arange(40)), pede)

    assert "fewer than 30" in report.skipped


@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures(half: TrainingSet, pede: TaskSpec) -> None:
    part = half.take(np.arange(0, len(half), 3))

    assert measure_leakage(part, pede, seed=3) == measure_leakage(part, pede, seed=3)


def test_a_numeric_outcome_is_guarded_by_its_explained_variance(real_data: Path) -> None:
    task = load_task("exam_scores")
    path = real_data / "students_performance_in_exams.csv"
    (table,) = read_tables(path, task, now=NOW, period="2018")
    data = training_set(paired([table]), ())

    honest = check_leakage(data, task)
    leaky, with_copy = with_feature(data, task, data.outcome + 2.0)

    assert (honest.metric, honest.culprits) == ("r2", ())
    with pytest.raises(LeakageError, match="nota alone"):
        check_leakage(leaky, with_copy)
