"""A made-up school: two grades, an outcome that follows one of them, any number of years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from database.driver.client import SyncRegistry
from database.labelling.recording import record_outcomes
from database.students import StudentRepository
from model.label import Outcome
from model.options import RunOptions
from model.student import Observation
from preprocessing.task.spec import TaskSpec, parse_task
from retraining.run.execution import execute
from retraining.run.plan import RunPlan, RunResult, applied

KEY = b"a key of the tests"
START = datetime(2026, 1, 1, tzinfo=UTC)

TASK = """
name: school
title: A made-up school
id: {name: student, kind: category, reader: text}
features:
  - {name: reading, low: 0, high: 10}
  - {name: sums, low: 0, high: 10}
  - {name: late, low: -5, high: 5}
protected:
  - {name: gender, kind: category, categories: {girl: [], boy: []}}
outcome:
  column: {name: late, low: -5, high: 5}
  horizon: 1
  below: 0
  persistence: late
training: {candidates: [logistic_regression], window: 5000}
"""

READING = (1.0, 0.0)
SUMS = (0.0, 1.0)


def task(**promotion: float) -> TaskSpec:
    spec = parse_task(TASK, source="test")
    return spec.model_copy(update={"promotion": spec.promotion.model_copy(update=dict(promotion))})


def teach(
    registry: SyncRegistry,
    period: str,
    weights: tuple[float, float],
    *,
    n: int = 300,
    now: datetime = START,
    seed: int = 0,
    risk: float = 0.0,
) -> None:
    """Puts n students of a period and their outcomes into the registry.

    The outcome follows the grades by `weights`: (1, 0) makes reading decide, (0, 1) sums. `risk`
    adds to everybody's log-odds: the order of the students stays.
    """
    rng = np.random.default_rng([seed, int(period)])
    grades = rng.uniform(0, 10, (n, 2)).round(2)
    margin = (5 - grades) @ np.array(weights) * 0.5 + rng.logistic(size=n) + risk
    late = rng.integers(-2, 3, n)
    registry.run(
        StudentRepository().observe(
            [
                Observation(
                    student_id=f"S{i}",
                    period=period,
                    features={
                        "reading": float(grades[i, 0]),
                        "sums": float(grades[i, 1]),
                        "late": float(late[i]),
                    },
                    observed_at=now,
                    protected={"gender": "girl" if i % 2 else "boy"},
                )
                for i in range(n)
            ]
        )
    )
    registry.run(
        record_outcomes(
            [
                Outcome(
                    value=float(margin[i] > 0),
                    observed_at=now + timedelta(days=300),
                    student_id=f"S{i}",
                    period=period,
                )
                for i in range(n)
            ],
            now=now + timedelta(days=301),
        )
    )


def plan(
    home: Path, spec: TaskSpec, *, run_id: str = "run-1", options: RunOptions | None = None
) -> RunPlan:
    chosen = options or RunOptions()
    return RunPlan(
        run_id=run_id,
        task=applied(chosen, spec),
        options=chosen,
        home=home,
        signing_key=KEY,
        requested_by="test",
        code_version="test",
    )


def run(
    registry: SyncRegistry,
    home: Path,
    *,
    run_id: str = "run-1",
    spec: TaskSpec | None = None,
    options: RunOptions | None = None,
    now: datetime = START + timedelta(days=400),
) -> RunResult:
    """One run of the real pipeline."""
    return execute(
        registry,
        plan(home, spec or task(), run_id=run_id, options=options),
        clock=lambda: now,
        say=lambda _: None,
    )
