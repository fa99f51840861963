"""Outcomes that may still change are counted where a decision rests on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from database.driver.client import SyncRegistry
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from database.runs import RunRepository
from model.label import Outcome
from preprocessing.dataset import training_set
from retraining.promotion.cases import Answers
from retraining.promotion.comparison import compare
from tests.retraining.samples import POLICY, cases, world
from tests.retraining.school import READING, START, run, teach


def test_a_run_tells_how_many_of_its_outcomes_may_still_change(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2025", READING)
    # Told within the period of the features; the outcome of 2026 is known in 2026.
    early = [
        Outcome(1.0, START - timedelta(days=30), student_id=f"S{i}", period="2025", horizon=1)
        for i in range(7)
    ]
    registry.run(record_outcomes(early, now=START + timedelta(days=302)))

    found = registry.run(
        LabelRepository().window(arrived_until=START + timedelta(days=400), limit=0)
    )
    number = sum(label.early for label in found)

    result = run(registry, home)

    # The others were told the same within their period, by `teach`.
    assert 0 < number < 7
    assert result.evidence["early"] == number
    steps = registry.run(RunRepository().get(result.run_id)).steps
    told = next(step.detail for step in steps if step.name == "window")
    assert f"{number} with an outcome that may still change" in told


def test_the_evidence_counts_the_early_ones_among_those_judged() -> None:
    risk, outcome = world(400)
    judged = replace(cases(outcome), early=5)

    evidence = compare(judged, Answers("v2", risk, 0.5), None, POLICY, seed=0, resamples=50)

    assert evidence.to_mapping()["early"] == 5


def test_a_part_of_the_labels_keeps_which_are_early(registry: SyncRegistry) -> None:
    teach(registry, "2025", READING, n=4)
    found = registry.run(
        LabelRepository().window(arrived_until=START + timedelta(days=400), limit=0)
    )
    marked = [replace(label, early=label.student_id == "S2") for label in found]

    data = training_set(marked, [])

    assert data.early is not None
    assert data.early.tolist() == [False, False, True, False]
    part = data.take(data.early)
    assert part.students.tolist() == ["S2"]
    assert part.early is not None
    assert part.early.all()
