"""Trees on Parquet files, of which a chunk at a time is in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from model.bundle import load_bundle
from model.errors import ConfigurationError, NotThisTask
from model.figures import auc
from preprocessing.columnar.partitions import partitions_of
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec, parse_task
from training.beyond_memory.fitting import LargeModel, fit_partitions
from training.beyond_memory.labelled import chunks, drawn
from training.candidates import candidate
from training.sample import Sample

TASK = parse_task(
    """
name: large
title: A large task
id: {name: student_id}
features:
  - {name: grade, low: 0, high: 10}
  - {name: effort, low: -5, high: 5}
  - {name: school, kind: category, categories: {public: [], private: []}}
derived:
  - {name: both, formula: grade - effort}
outcome:
  column: {name: late, low: -5, high: 5}
  below: 0
""",
    source="large",
)
PARAMS = {"trees": 30, "learning_rate": 0.1, "leaf": 15, "subsample": 1.0, "columns": 1.0}
OWN = {
    "lightgbm": {**PARAMS, "leaves": 8, "l2": 0.0},
    "xgboost": {**PARAMS, "max_depth": 3, "l2": 1.0},
}


def write(folder: Path, rows: int = 6000, **instead: object) -> Path:
    rng = np.random.default_rng(0)
    grade, effort = rng.uniform(0, 10, rows), rng.normal(0, 1, rows)
    public = rng.random(rows) < 0.5
    margin = 5 - grade - effort * np.where(public, 1.5, 0.2)
    columns: dict[str, object] = {
        "student_id": [f"S{i // 2}" for i in range(rows)],
        "period": ["2022", "2023"] * (rows // 2),
        "grade": np.where(rng.random(rows) < 0.1, np.nan, grade.round(1)),
        "effort": np.clip(effort, -5, 5),
        "school": np.where(public, "public", "private"),
        "outcome": (rng.logistic(size=rows) < margin).astype(np.float64),
        **instead,
    }
    folder.mkdir()
    table = pyarrow.table(columns)
    for number in range(3):
        part = table[number * rows // 3 : (number + 1) * rows // 3]
        pyarrow.parquet.write_table(part, folder / f"{number}.parquet", row_group_size=500)
    return folder


def fitted(folder: Path, family: str, task: TaskSpec = TASK) -> LargeModel:
    parts = partitions_of(folder, 1000)
    return fit_partitions(parts, task, family, seed=0, progress=lambda _: None, params=OWN[family])


@pytest.mark.parametrize("family", ["lightgbm", "xgboost"])
def test_the_model_is_as_good_as_one_that_had_all_rows_in_memory(
    tmp_path: Path, family: str
) -> None:
    folder = write(tmp_path / "window")
    found = fitted(folder, family)

    rows = [rows for part in partitions_of(folder) for rows in chunks(part, TASK)]
    held = [drawn(one.students, 0.2, task="large", seed=0) for one in rows]
    encoder = found.model.encoder
    encoded = np.concatenate(
        [
            encoder.encode_columns(one.take(~out).columns)
            for one, out in zip(rows, held, strict=True)
        ]
    )
    outcome = np.concatenate([one.outcome[~out] for one, out in zip(rows, held, strict=True)])
    students = np.array(["S"] * len(outcome))
    whole = candidate(family).train(Sample(encoded, outcome, students), OWN[family], 0)
    judged = np.concatenate(
        [encoder.encode_columns(one.take(out).columns) for one, out in zip(rows, held, strict=True)]
    )
    truth = np.concatenate([one.outcome[out] for one, out in zip(rows, held, strict=True)])

    assert found.rows == len(outcome)
    assert found.rows + len(truth) == 6000
    apart = auc(truth, found.model.scorer.margin(judged))
    assert apart > 0.8
    assert apart == pytest.approx(auc(truth, whole.margin(judged)), abs=0.005)


def test_it_becomes_a_bundle_as_any_other(tmp_path: Path) -> None:
    found = fitted(write(tmp_path / "window"), "lightgbm")

    digest = found.model.write(tmp_path / "bundle")
    predictor = Predictor(load_bundle(tmp_path / "bundle", digest))
    predictor.self_test()

    weak, strong = {"grade": 2.0, "effort": -2.0}, {"grade": 9.0, "effort": 2.0}
    assert predictor.score_one(weak) > 0.9 > 0.1 > predictor.score_one(strong)
    assert found.figures["auc"] > 0.8
    assert predictor.bundle.reference["risk_score"]["rows"] > 400


def test_all_rows_of_a_student_are_held_out_or_none(tmp_path: Path) -> None:
    students = np.array([f"S{i // 2}" for i in range(4000)])

    out = drawn(students, 0.2, task="large", seed=0)

    assert np.array_equal(out[::2], out[1::2])
    assert 0.15 < out.mean() < 0.25
    assert drawn(students, 1.0, task="large", seed=0).all()


def test_a_family_that_needs_all_rows_at_once_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="ridge must fit in memory; lightgbm, xgboost"):
        fit_partitions([], TASK, "ridge", seed=0, progress=lambda _: None)


def test_a_file_without_outcomes_and_one_of_other_outcomes_are_refused(tmp_path: Path) -> None:
    other = write(tmp_path / "other", outcome=[2.0] * 6000)
    with pytest.raises(NotThisTask, match="outcome must be 0 or 1"):
        fitted(other, "lightgbm")

    pyarrow.parquet.write_table(pyarrow.table({"grade": [1.0]}), tmp_path / "a.parquet")
    with pytest.raises(NotThisTask, match="student_id, period and outcome"):
        fitted(tmp_path / "a.parquet", "lightgbm")
