"""Drift in each unit (school) of the cohort, and how the champion did there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry
from database.driver.commands import DeleteMany, Find, InsertMany, Replace, ReplaceMany
from database.students import StudentRepository
from database.unit_history import SUBJECT, UnitHistoryRepository
from drift.by_unit import MOST_LISTED, UnitCohort, drift_by_unit
from drift.check import run_drift_check
from drift.policy import policy_of
from drift.table import by_unit_lines
from model.drift import DriftReport
from model.profile import build_profile
from model.student import Observation
from model.units.history import UnitPeriod
from model.units.tested import JudgedUnits, UnitFigures
from preprocessing.task.policies import WatchPolicy
from preprocessing.task.spec import TaskSpec, parse_task
from tests.drift.school import KEY, NOW, TASK, cohort, found_school, graduate

SCHOOLS = "unit: [{name: escola, kind: category}]\n"
NOBODY = JudgedUnits({}, {})


def city() -> TaskSpec:
    return parse_task(TASK + SCHOOLS, source="city")


def placed(observed: Sequence[Observation], of: Callable[[int], str]) -> list[Observation]:
    """The same observations, each in the school of its number."""
    return [
        replace(o, units={"escola": name}, unit=city().unit_of({"escola": name})) if name else o
        for o, name in ((o, of(int(o.student_id[3:]))) for o in observed)
    ]


def by_school(i: int) -> str:
    """Of 400: 150 in A, 150 in B, 60 in Nova, 28 in Pequena, 12 unknown."""
    ends = (150, 300, 360, 388)
    names = ("Escola A", "Escola B", "Escola Nova", "Escola Pequena")
    return next((name for end, name in zip(ends, names, strict=True) if i < end), "")


def checked(opened: SyncRegistry) -> DriftReport:
    """Two schools with outcomes, in one of which engagement has fallen; a new and a small one."""
    school = found_school(opened)
    calm, shifted = cohort(400, "2024", seed=5), cohort(400, "2024", seed=5, shift=-2.5)
    mixed = [s if 150 <= i < 300 else c for i, (c, s) in enumerate(zip(calm, shifted, strict=True))]
    seen = placed(mixed, by_school)
    opened.run(StudentRepository().observe(seen))
    graduate(opened, school, seen[:300], seed=7, now=NOW)
    labels = opened.execute(Find("labels", {}))
    for label in labels:
        name = by_school(int(label["student_id"][3:]))
        label |= {"units": {"escola": name}, "unit": name.casefold()}
    opened.execute(ReplaceMany("labels", [Replace({"_id": d["_id"]}, d) for d in labels]))
    return run_drift_check(opened, city(), now=NOW, signing_key=KEY)


def test_a_report_tells_what_drifted_in_which_unit_and_how_the_champion_did_there(
    opened: SyncRegistry,
) -> None:
    report = checked(opened)

    found = report.by_unit
    assert found is not None
    assert (found.column, found.needed, found.compared, found.unknown) == ("escola", 50, 3, 12)
    rows = {row.unit: row for row in found.units}
    assert found.units[0].unit == "Escola B"
    assert set(rows["Escola B"].features or ()) == {"ieg", "risk_score"}
    assert rows["Escola A"].features == rows["Escola Nova"].features == ()
    assert rows["Escola A"].records == 150
    outcomes = rows["Escola A"].outcomes
    assert outcomes is not None and outcomes.records == 150
    assert outcomes.figures["recall_low"] < outcomes.figures["recall"]
    assert rows["Escola Nova"].outcomes is None
    assert found.too_small.names == ("Escola Pequena",)
    assert found.unlabelled.names == ("Escola Nova", "Escola Pequena")
    counted = opened.run(UnitHistoryRepository().get(SUBJECT))
    assert UnitPeriod("Escola A", "2024", 0, 150, 0) in counted.rows
    assert counted.unlabelled.names == ("Escola Nova", "Escola Pequena")


def test_the_report_by_unit_is_stored_and_one_of_before_is_read_as_ever(
    opened: SyncRegistry,
) -> None:
    report = checked(opened)
    assert opened.run(DriftReportRepository().get(report.report_id)) == report

    (stored,) = opened.execute(Find("drift_reports", {}))
    opened.execute(DeleteMany("drift_reports", {}))
    opened.execute(
        InsertMany("drift_reports", [{k: v for k, v in stored.items() if k != "by_unit"}])
    )

    assert opened.run(DriftReportRepository().newest(1)) == [replace(report, by_unit=None)]


def test_a_task_without_units_has_no_report_by_unit(opened: SyncRegistry) -> None:
    school = found_school(opened)

    assert run_drift_check(opened, school.task, now=NOW, signing_key=KEY).by_unit is None


def test_the_terminal_names_units_that_drifted_are_too_small_or_have_no_labels(
    opened: SyncRegistry,
) -> None:
    found = checked(opened).by_unit
    assert found is not None

    told = "\n".join(by_unit_lines(found))

    assert "By unit (escola): 3 compared, each with 50 or more" in told
    assert "drift in Escola B: ieg, risk_score" in told
    assert "too small: Escola Pequena" in told
    assert "no labels yet: Escola Nova, Escola Pequena" in told


def many(units: int, each: int, *, seed: int = 0) -> tuple[UnitCohort, list[dict[str, float]]]:
    """Units of records that are all drawn alike."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(units * each, 5)).round(2)
    names = np.repeat([f"u{i}" for i in range(units)], each)
    cohort_of = UnitCohort("escola", names, {}, frozenset(), NOBODY, 50)
    return cohort_of, [{f"f{j}": float(v) for j, v in enumerate(row)} for row in values]


def profile(seed: int = 9) -> dict[str, object]:
    _, records = many(1, 3000, seed=seed)
    return build_profile(records, dict.fromkeys(records[0], "numeric"), np.zeros(0))


def test_the_correction_is_over_units_and_features_so_that_many_units_raise_no_alarm() -> None:
    alarms = 0
    for seed in range(5):
        units, records = many(40, 60, seed=seed)
        found = drift_by_unit(units, profile(), records, np.zeros(0), policy_of(WatchPolicy()), 0)
        alarms += len(found.drifted)

    assert alarms <= 1


def test_of_many_units_the_drifted_ones_are_listed_first_and_the_rest_is_counted() -> None:
    units, records = many(MOST_LISTED + 10, 50)
    moved = [
        {name: value + 3 for name, value in record.items()} if unit == "u7" else record
        for unit, record in zip(units.of_records.tolist(), records, strict=True)
    ]

    found = drift_by_unit(units, profile(), moved, np.zeros(0), policy_of(WatchPolicy()), 0)

    assert found.units[0].unit == "u7"
    assert found.units[0].features == ("f0", "f1", "f2", "f3", "f4")
    assert (len(found.units), found.more, found.compared) == (MOST_LISTED, 10, MOST_LISTED + 10)


def test_how_many_records_a_small_unit_has_is_withheld_and_follows_from_nothing() -> None:
    units, records = many(2, 60)
    of_records = units.of_records.copy()
    of_records[:4] = "t"
    told = JudgedUnits({"t": 20, "u0": 20}, {"t": UnitFigures("t", 20)})
    with_few = replace(units, of_records=of_records, outcomes=told)

    found = drift_by_unit(with_few, profile(), records, np.zeros(0), policy_of(WatchPolicy()), 0)

    known = {row.unit: row.records for row in found.units}
    assert known == {"t": None, "u0": None, "u1": 60}
    assert found.too_small.names == ("t",)
    assert found.unknown == 0
