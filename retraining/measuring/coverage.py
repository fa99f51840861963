"""The worker's job that counts how many students of each unit and period have an outcome."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from database.watch.coverage import SUBJECT, CoverageRepository
from model.units.coverage import OutcomeCoverage, coverage_of
from model.units.history import Place
from preprocessing.task.spec import TaskSpec

PART = 1_000
MOST_ASKED = 200_000
"""Predictions that are looked at for students of whom no file tells."""

OLD = timedelta(days=1)
"""A count is made anew after this though no record and no outcome came: predictions do."""


def count_coverage(opened: SyncRegistry, task: TaskSpec, _signing_key: bytes, now: datetime) -> str:
    """Counts, unless nothing came since the last count; says what it did.

    It reads every student, for the registry has no way to group.

    Raises:
        RegistryError: the registry fails.
    """
    changed = opened.run(StudentRepository().last_change())
    students_at = None if changed is None else changed[2]
    labels_at = opened.run(LabelRepository().last_arrival())
    before = opened.run(CoverageRepository().find(SUBJECT))
    if before is not None and _stands(before, students_at, labels_at, now):
        return "nothing came since the last count"
    students, names = _students(opened, task)
    outcomes = opened.run(LabelRepository().count_by_unit())
    found = coverage_of(
        SUBJECT,
        students,
        outcomes,
        names,
        now=now,
        students_at=students_at,
        labels_at=labels_at,
    )
    opened.run(CoverageRepository().put(found))
    return f"{sum(students.values())} records counted, {sum(outcomes.values())} with an outcome"


def _stands(
    before: OutcomeCoverage,
    students_at: datetime | None,
    labels_at: datetime | None,
    now: datetime,
) -> bool:
    same = (before.students_at, before.labels_at) == (students_at, labels_at)
    return same and now - before.at < OLD


def _students(opened: SyncRegistry, task: TaskSpec) -> tuple[Counter[Place], dict[str, str]]:
    """Unit and period to how many students there are, and the units as schools write them."""
    counts: Counter[Place] = Counter()
    names: dict[str, str] = {}
    known: set[tuple[str, str]] = set()
    column = task.unit[0].name if task.unit else ""
    skip = 0
    while page := opened.run(StudentRepository().by_id(skip=skip, limit=PART)):
        skip += len(page)
        for one in (o for student in page for o in student.observations):
            if (one.student_id, one.period) not in known:
                known.add((one.student_id, one.period))
                counts[one.unit, one.period] += 1
                names.setdefault(one.unit, one.units.get(column, one.unit))
    for skip in range(0, MOST_ASKED, PART):
        asked = opened.run(PredictionRepository().asked_by_id(skip=skip, limit=PART))
        for served in asked:
            place = (served.student_id or "", served.period)
            if served.student_id and place not in known:
                known.add(place)
                counts[served.unit, served.period] += 1
                names.setdefault(served.unit, served.units.get(column, served.unit))
        if len(asked) < PART:
            break
    return counts, {unit: name for unit, name in names.items() if unit} if task.unit else {}
