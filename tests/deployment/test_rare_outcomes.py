"""A school where one in ten is at risk ends with a champion serving, by YAML and files alone."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from database.aliases import CHAMPION, AliasRepository
from database.promotions import PromotionRepository
from deployment.bootstrap import bootstrap
from deployment.settings import Settings, load_settings
from deployment.wiring import registry
from model.promotion import Promotion

TASK = """
name: dropout
title: Leaves school within the next year
id: {name: student, kind: category, reader: text}
features:
  - {name: absences, low: 0, high: 100}
  - {name: grade, low: 0, high: 10}
  - {name: left, low: 0, high: 1}
protected:
  - {name: shift, kind: category, categories: {morning: [], evening: []}}
outcome:
  column: {name: left, low: 0, high: 1}
  horizon: 1
  at_least: 1
  persistence: left
training: {candidates: [logistic_regression]}
"""
STUDENTS = 1000


def write_years(folder: Path, *, clear: float) -> None:
    """Three years of students, a tenth of whom leave; `clear` is how much the columns tell."""
    folder.mkdir()
    rng = np.random.default_rng(7)
    left = np.zeros(STUDENTS)
    for year in ("2022", "2023", "2024"):
        strain = rng.normal(size=STUDENTS)
        noise = rng.normal(size=(2, STUDENTS))
        rows = zip(
            [f"S{i:04d}" for i in range(STUDENTS)],
            np.clip(20 + 15 * (clear * strain + noise[0]), 0, 100).round(1).tolist(),
            np.clip(6 - 1.5 * (clear * strain + noise[1]), 0, 10).round(1).tolist(),
            left.astype(int).tolist(),
            np.where(rng.random(STUDENTS) < 0.5, "morning", "evening").tolist(),
            strict=True,
        )
        with (folder / f"school_{year}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["student", "absences", "grade", "left", "shift"])
            writer.writerows(rows)
        left = (rng.random(STUDENTS) < 1 / (1 + np.exp(-(1.5 * strain - 2.9)))).astype(float)


def first_decision(home: Path, *, clear: float, policy: str = "") -> Promotion:
    """What became of the first champion of such a school, and that it is the one that serves."""
    write_years(home / "school", clear=clear)
    (home / "dropout.yaml").write_text(TASK + policy, encoding="utf-8")
    settings = load_settings(
        {"FAROL_HOME": str(home), "FAROL_TASK": str(home / "dropout.yaml"),
         "FAROL_SIGNING_KEY": "k" * 40}
    )  # fmt: skip
    bootstrap(settings, data=home / "school", say=lambda _: None)
    return _serving(settings)


def _serving(settings: Settings) -> Promotion:
    with registry(settings) as opened:
        alias = opened.run(AliasRepository().get(CHAMPION))
        (decision,) = opened.run(PromotionRepository().of_version(alias.version))
        assert alias.provisional == decision.provisional
        return decision


@pytest.mark.long
def test_where_one_in_ten_is_at_risk_the_first_model_serves_by_the_yaml_alone(home: Path) -> None:
    decision = first_decision(home, clear=1.0)

    assert not decision.provisional
    assert 80 < decision.evidence["positives"] < 150
    assert decision.evidence["challenger"]["precision"] < 0.5
    assert {g.name for g in decision.guards} >= {"precision", "beats_dummy", "beats_persistence"}


@pytest.mark.long
def test_a_floor_that_nobody_could_meet_there_leaves_the_school_a_provisional_champion(
    home: Path,
) -> None:
    decision = first_decision(home, clear=1.0, policy="promotion: {precision_floor: 0.6}\n")

    assert decision.provisional
    objecting = {g.name for g in decision.guards if not g.passed}
    assert {"precision_floor"} <= objecting <= {"precision_floor", "precision"}
