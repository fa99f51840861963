"""Whoever learns from students, or scores many, leaves out who objects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from database.labelling.recording import record_outcomes
from database.predictions import PredictionRepository
from database.rights.objections import ObjectionRepository
from database.students import StudentRepository
from drift.comparing.periods import side_of_period
from model.errors import NotEnoughData
from preprocessing.task.spec import load_task
from retraining.run.training_labels import window
from tests.database.builders import at, observation, outcome, prediction
from tests.database.drivers import MongomockRegistry, Run
from tests.database.rights.builders import objection

ROOT = Path(__file__).parents[3]
READERS = re.compile(
    r"LabelRepository\(\)\.window|StudentRepository\(\)\.in_period"
    r"|students(\(\))?\.(students_)?in_period\(|logged_after\("
)
ASKS = re.compile(r"without_objecting|ObjectionRepository")
NOT_ASKED = {
    "api/files/missing.py": "tells a school whose outcome is missing; nobody is scored by it",
    "retraining/replay/timeline.py": "history played again, in a registry of its own",
}
"""Modules that read many students and do not ask who objects, with the reason."""


@pytest.fixture
def fast() -> Run:
    """RA-1 objects, RA-2 does not; both are known by all that is learned from."""
    run = MongomockRegistry("population").run
    for student in ("RA-1", "RA-2"):
        run(StudentRepository().observe([observation(student)]))
        run(PredictionRepository().add_many([prediction(f"p-{student}", student)]))
        run(record_outcomes([outcome(1.0, at(5), student_id=student)], now=at(6)))
    run(ObjectionRepository().lay(objection("RA-1")))
    return run


@pytest.mark.parametrize("folder", ["api", "drift", "retraining"])
def test_whoever_reads_many_students_asks_who_objects(folder: str) -> None:
    silent = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        text, name = path.read_text("utf-8"), str(path.relative_to(ROOT))
        if READERS.search(text) and not ASKS.search(text) and name not in NOT_ASKED:
            silent.append(name)

    assert silent == [], "ask database.rights.objections, or say in NOT_ASKED why not"


def test_nobody_who_objects_is_trained_on(fast: Run) -> None:
    found = fast(window(load_task("pede_lag"), arrived_until=at(50), limit=0))

    assert [one.student_id for one in found] == ["RA-2"]


def test_nobody_who_objects_is_in_a_drift_cohort(fast: Run) -> None:
    task = load_task("pede_lag")
    assert [o.student_id for o in fast(side_of_period(task, "2023")).observations] == ["RA-2"]

    fast(ObjectionRepository().lay(objection("RA-2")))

    with pytest.raises(NotEnoughData):
        fast(side_of_period(task, "2023"))


def test_a_lifted_objection_brings_the_student_back(fast: Run) -> None:
    fast(ObjectionRepository().lift("RA-1"))

    found = fast(window(load_task("pede_lag"), arrived_until=at(50), limit=0))

    assert sorted(one.student_id for one in found) == ["RA-1", "RA-2"]
