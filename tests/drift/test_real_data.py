"""Drift on the real school files: silent between halves of one year, loud between years."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from drift.policy import policy_of
from drift.report import drift_report
from model.drift import DriftReport
from model.profile import build_profile
from model.student import Features
from preprocessing.files.loading import read_file
from preprocessing.task.spec import load_task

NOW = datetime(2025, 3, 1, tzinfo=UTC)
TASK = load_task("pede_lag")
KINDS = {column.name: column.kind.value for column in TASK.features}


def students_of(folder: Path, year: str) -> list[Features]:
    (table,) = read_file(folder / f"pede_{year}.csv", TASK, now=NOW).tables
    return [o.features for o in table.observations]


def compared(reference: list[Features], recent: list[Features]) -> DriftReport:
    nothing = np.array([])
    return drift_report(
        build_profile(reference, KINDS, nothing), recent, nothing,
        report_id="d", now=NOW, model_version="v1", periods=("2024",),
        policy=policy_of(TASK.drift), seed=0,
    )  # fmt: skip


@pytest.mark.parametrize("year", ["2022", "2023", "2024"])
def test_random_halves_of_one_year_hardly_ever_drift(real_data: Path, year: str) -> None:
    records = students_of(real_data, year)
    random = np.random.default_rng(1)
    alarms = 0
    for _ in range(40):
        mixed = [records[i] for i in random.permutation(len(records))]
        half = len(mixed) // 2
        alarms += compared(mixed[:half], mixed[half:]).drifted

    assert alarms <= 4


def test_an_indicator_that_was_not_surveyed_before_is_missingness_drift(real_data: Path) -> None:
    report = compared(students_of(real_data, "2022"), students_of(real_data, "2023"))

    ipp = [row for row in report.features if row.feature == "ipp"]
    assert [(row.test, row.drifted) for row in ipp] == [("missingness", True)]


def test_more_students_caught_up_and_the_report_sees_it(real_data: Path) -> None:
    report = compared(students_of(real_data, "2022"), students_of(real_data, "2024"))

    drifted = {row.feature for row in report.features if row.drifted}
    assert {"ian", "defasagem", "fase"} <= drifted
    assert "fase_ideal" not in drifted
