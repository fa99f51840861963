"""How often a report alarms where nothing has changed: `python -m tests.studies.drift_alarms`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from drift.policy import policy_of
from drift.report import drift_report
from model.profile import build_profile
from model.student import Features
from preprocessing.task.policies import WatchPolicy

NOW = datetime(2025, 3, 1, 6, tzinfo=UTC)
NUMBERS = tuple(f"n{i}" for i in range(10))
CATEGORIES = tuple(f"c{i}" for i in range(4))
KINDS = {**dict.fromkeys(NUMBERS, "numeric"), **dict.fromkeys(CATEGORIES, "category")}
STONES = np.array(["quartzo", "agata", "ametista", "topazio"])
TRAINED = 600


@dataclass(frozen=True, slots=True)
class Alarms:
    """Shares of batches: with any drift, and with any significant shift however small."""

    drifted: float
    significant: float


def students(n: int, random: np.random.Generator, shift: float = 0.0) -> list[Features]:
    """Records of 14 correlated features like PEDE's: half-point grades and unequal categories."""
    ability = random.normal(size=(n, 1))
    marks = (np.clip(6 + ability + random.normal(size=(n, 10)), 0, 10) * 2).round() / 2 + shift
    stones = STONES[random.choice(4, p=[0.1, 0.25, 0.45, 0.2], size=(n, 4))]
    present = random.random((n, 14)) > 0.04
    names = (*NUMBERS, *CATEGORIES)
    return [
        {
            name: value
            for name, value, there in zip(names, (*mark, *stone), shown, strict=True)
            if there
        }
        for mark, stone, shown in zip(marks.tolist(), stones.tolist(), present, strict=True)
    ]


def study(batches: int, n: int, seed: int = 20) -> Alarms:
    """Compares new batches of n students with new profiles of the same distribution."""
    random = np.random.default_rng(seed)
    policy = policy_of(WatchPolicy())
    drifted, significant = 0, 0
    for _ in range(batches):
        scores = random.beta(2, 2, size=TRAINED)
        made = drift_report(
            build_profile(students(TRAINED, random), KINDS, scores),
            students(n, random), random.beta(2, 2, size=n),
            report_id="d", now=NOW, model_version="v1", periods=("2024",),
            policy=policy, seed=seed,
        )  # fmt: skip
        drifted += made.drifted
        significant += any(row.q_value is not None and row.q_value <= 0.05 for row in made.features)
    return Alarms(drifted / batches, significant / batches)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    for n in (60, 200, 765):
        alarms = study(400, n)
        print(f"{n} students: {alarms.drifted:.1%}, significant alone {alarms.significant:.1%}")


if __name__ == "__main__":
    main()
