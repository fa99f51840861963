"""Small made-up students for every test, and the real PEDE files where they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from model.student import Features
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.files.loading import read_tables
from preprocessing.pairing import paired
from preprocessing.task.columns import Column, IdColumn, Kind, OutcomeRule
from preprocessing.task.policies import TrainingPolicy
from preprocessing.task.spec import TaskSpec, load_task

DATA = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def task() -> TaskSpec:
    return TaskSpec(
        name="made_up",
        title="Made up",
        id=IdColumn(name="ra", kind=Kind.CATEGORY),
        features=(
            Column(name="grade"),
            Column(name="effort"),
            Column(name="lag"),
            Column(name="noise"),
            Column(name="school", kind=Kind.CATEGORY),
        ),
        protected=(Column(name="gender", kind=Kind.CATEGORY),),
        outcome=OutcomeRule(column=Column(name="lag"), below=0, persistence="lag"),
        training=TrainingPolicy(candidates=("logistic_regression", "lightgbm")),
    )


def made_up(n: int, seed: int = 0) -> TrainingSet:
    """n records of 4n/5 students whose risk falls with grade, effort and lag."""
    random = np.random.default_rng(seed)
    grade, effort, noise = random.normal(6, 2, n), random.normal(0, 1, n), random.normal(0, 1, n)
    lag = random.integers(-2, 2, n)
    school = random.choice(["private", "public"], n)
    logit = -(grade - 6) - effort - lag - 0.5 + (school == "public")
    outcome = (random.random(n) < 1 / (1 + np.exp(-logit))).astype(np.float64)
    records: list[Features] = []
    for i in range(n):
        record: dict[str, float | str] = {
            "grade": float(grade[i]), "effort": float(effort[i]), "lag": float(lag[i]),
            "noise": float(noise[i]), "school": str(school[i]),
        }  # fmt: skip
        if random.random() < 0.1:
            del record["effort"]
        records.append(record)
    return TrainingSet(
        records=tuple(records),
        outcome=outcome,
        students=np.array([f"s{i % max(1, 4 * n // 5)}" for i in range(n)], dtype=np.str_),
        periods=np.array(["2022"] * n, dtype=np.str_),
        protected={"gender": random.choice(np.array(["f", "m"]), n)},
    )


@pytest.fixture
def students() -> TrainingSet:
    return made_up(400)


@pytest.fixture(scope="session")
def pede_task() -> TaskSpec:
    return load_task("pede_lag")


@pytest.fixture(scope="session")
def pede(pede_task: TaskSpec) -> tuple[TrainingSet, TrainingSet]:
    """2022→2023 to train on, 2023→2024 to test on."""
    if not (DATA / "pede_2022.csv").is_file():
        pytest.skip(f"the PEDE files are not in {DATA}")
    tables = [
        table
        for year in (2022, 2023, 2024)
        for table in read_tables(DATA / f"pede_{year}.csv", pede_task, now=NOW)
    ]
    labels = paired(tables)
    protected = [column.name for column in pede_task.protected]
    return (
        training_set([label for label in labels if label.period == "2022"], protected),
        training_set([label for label in labels if label.period == "2023"], protected),
    )
