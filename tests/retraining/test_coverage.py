"""How many students have an outcome, counted on a real registry."""

from __future__ import annotations

from datetime import timedelta

from database.driver.client import SyncRegistry
from database.labelling.recording import record_outcomes
from database.students import StudentRepository
from database.watch.coverage import SUBJECT, CoverageRepository
from model.label import Outcome
from model.student import Observation
from model.units.coverage import CoveredPlace, covered_units
from preprocessing.task.spec import load_task
from retraining.measuring.coverage import count_coverage
from tests.drift.school import KEY, NOW

PEDE = load_task("pede_lag")


def observed(opened: SyncRegistry, n: int, school: str) -> None:
    opened.run(StudentRepository().observe([
        Observation(
            f"{school}-{i}", "2023", {"ida": 5.0}, NOW - timedelta(days=300),
            units={"escola": school}, unit=school.lower(),
        )
        for i in range(n)
    ]))  # fmt: skip


def test_students_and_their_outcomes_are_counted_by_period_and_school(
    registry: SyncRegistry,
) -> None:
    observed(registry, 40, "Norte")
    observed(registry, 12, "Sul")
    outcomes = [Outcome(1.0, NOW, student_id=f"Norte-{i}", period="2023") for i in range(20)]
    registry.run(record_outcomes(outcomes, now=NOW))

    told = count_coverage(registry, PEDE, KEY, NOW)

    found = registry.run(CoverageRepository().get(SUBJECT))
    assert told == "52 records counted, 20 with an outcome"
    assert found.periods == (CoveredPlace("2023", "", 52, 20),)
    assert found.units == (
        CoveredPlace("2023", "Norte", 40, 20),
        CoveredPlace("2023", "Sul", 12, 0),
    )


def test_it_is_counted_again_when_something_came_or_a_day_has_passed(
    registry: SyncRegistry,
) -> None:
    observed(registry, 3, "Norte")
    said = [count_coverage(registry, PEDE, KEY, NOW)]
    said.append(count_coverage(registry, PEDE, KEY, NOW + timedelta(hours=1)))
    registry.run(record_outcomes([Outcome(1.0, NOW, student_id="Norte-1", period="2023")], now=NOW))
    said.append(count_coverage(registry, PEDE, KEY, NOW + timedelta(hours=2)))
    said.append(count_coverage(registry, PEDE, KEY, NOW + timedelta(hours=27)))

    assert said == [
        "3 records counted, 0 with an outcome",
        "nothing came since the last count",
        "3 records counted, 1 with an outcome",
        "3 records counted, 1 with an outcome",
    ]


def test_counts_of_a_handful_are_withheld_and_none_at_all_is_told() -> None:
    students = {("a", "2024"): 40, ("b", "2024"): 30, ("c", "2024"): 4}

    told = covered_units(students, {("a", "2024"): 3}, {"a": "Escola A"})

    assert [(one.unit, one.students, one.outcomes) for one in told] == [
        ("Escola A", 40, None), ("b", None, 0), ("c", None, 0),
    ]  # fmt: skip
