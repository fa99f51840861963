"""A made-up school whose years can be told one by one: who is enrolled, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from database.driver.client import SyncRegistry
from database.labelling.recording import record_outcomes
from database.students import StudentRepository
from model.label import Outcome
from model.student import Observation
from preprocessing.task.spec import TaskSpec, parse_task

TASK = """
name: school
title: A made-up school
title_pt: Uma escola inventada
id: {name: student, kind: category, reader: text}
features:
  - {name: reading, low: 0, high: 10, description: Mark in reading, description_pt: Nota de leitura}
  - {name: sums, low: 0, high: 10, description: Mark in sums, description_pt: Nota de contas}
  - {name: late, low: -5, high: 5}
outcome:
  column: {name: late, low: -5, high: 5}
  horizon: 1
  below: 0
  persistence: late
training: {candidates: [logistic_regression], window: 5000}
schedule: {retrain: 0 7 * * mon, drift: 0 6 * * mon}
"""
"""Its worker looks on Mondays, so that a year is some fifty looks."""

READING, SUMS = (1.0, 0.0), (0.0, 1.0)
"""What decides: the mark in reading, or that in sums."""


def school_task(more: str = "") -> TaskSpec:
    return parse_task(TASK + more, source="story")


@dataclass(frozen=True, slots=True)
class Cohort:
    """The students of one year.

    Attributes:
        marks: reading and sums, one row a student.
        late: where each is now, in phases.
        at_risk: what becomes of each.
    """

    period: str
    marks: npt.NDArray[np.float64]
    late: npt.NDArray[np.int64]
    at_risk: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.marks)

    def enrol(self, registry: SyncRegistry, students: range, now: datetime) -> None:
        """The school's file of these students is read."""
        registry.run(
            StudentRepository().observe(
                [
                    Observation(
                        student_id=f"S{i}",
                        period=self.period,
                        features={
                            "reading": float(self.marks[i, 0]),
                            "sums": float(self.marks[i, 1]),
                            "late": float(self.late[i]),
                        },
                        observed_at=now,
                    )
                    for i in students
                ]
            )
        )

    def report(self, registry: SyncRegistry, now: datetime) -> None:
        """What became of all of them is reported."""
        outcomes = [
            Outcome(
                value=float(self.at_risk[i]),
                observed_at=now,
                student_id=f"S{i}",
                period=self.period,
            )
            for i in range(len(self))
        ]
        registry.run(record_outcomes(outcomes, now=now))


def cohort(
    period: str, decides: Sequence[float], *, n: int, sums_shift: float = 0.0, seed: int = 0
) -> Cohort:
    """n students of a year; `sums_shift` is added to everybody's mark in sums."""
    rng = np.random.default_rng([seed, int(period)])
    marks = rng.uniform(0, 10, (n, 2))
    margin = (5 - marks) @ np.array(decides) * 0.5 + rng.logistic(size=n)
    shifted = np.clip(marks + np.array([0.0, sums_shift]), 0, 10).round(2)
    return Cohort(period, shifted, rng.integers(-2, 3, n), margin > 0)
