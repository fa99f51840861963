"""A version by unit: how it did in each school, and for which it was never tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.driver.commands import DeleteMany, Find, InsertMany, Replace, ReplaceMany
from database.labels import LabelRepository
from database.students import StudentRepository
from database.versions import ModelVersionRepository
from model.student import Observation
from model.version import ModelVersion
from preprocessing.dataset import training_set
from preprocessing.task.spec import TaskSpec, parse_task
from retraining.run.group_fairness import errors_by_unit, recall_by_unit
from retraining.run.judged_kinds import JUDGED
from tests.retraining.school import READING, START, TASK, run, task, teach

pytestmark = pytest.mark.slow

UNIT = "unit: [{name: escola, kind: category}, {name: turma, kind: category}]\n"


def city() -> TaskSpec:
    return parse_task(TASK + UNIT, source="test")


def settle(registry: SyncRegistry, place: Callable[[str, int], str], *periods: str) -> None:
    """Puts the labels of these periods into schools, by period and the student's number."""
    labels = [
        d for d in registry.execute(Find("labels", {})) if not periods or d["period"] in periods
    ]
    for label in labels:
        name = place(label["period"], int(label["student_id"][1:]))
        label |= {"unit": city().unit_of({"escola": name}), "units": {"escola": name}}
        if not name:
            label |= {"unit": "", "units": {}}
    registry.execute(ReplaceMany("labels", [Replace({"_id": d["_id"]}, d) for d in labels]))


def found(registry: SyncRegistry, version: str = "v1") -> ModelVersion:
    return registry.run(ModelVersionRepository().get(version))


def card_of(registry: SyncRegistry, version: str = "v1") -> str:
    card = found(registry, version).card
    assert card is not None
    html = registry.run(ArtifactRepository().get(card.html)).decode()
    assert html
    return registry.run(ArtifactRepository().get(card.markdown)).decode()


def by_school(period: str, student: int) -> str:
    """Of 2022 there is Escola Antiga too; of 2023 twelve students are in no known school."""
    if period == "2022" and student < 40:
        return "Escola Antiga"
    if period == "2023" and student >= 288:
        return ""
    return "Escola Ágata" if student % 3 else "Escola Brasil"


@pytest.fixture
def trained(registry: SyncRegistry, home: Path) -> SyncRegistry:
    teach(registry, "2022", READING)
    teach(registry, "2023", READING)
    settle(registry, by_school)
    newcomer = Observation("N1", "2024", {"reading": 5.0}, START, units={"escola": "Escola Nova"},
                           unit="escola nova")  # fmt: skip
    registry.run(StudentRepository().observe([newcomer]))
    run(registry, home, spec=city())
    return registry


def test_a_version_keeps_its_figures_by_unit_and_names_where_it_was_never_tested(
    trained: SyncRegistry,
) -> None:
    version = found(trained)
    assert version.by_unit is not None

    assert [(one.unit, one.records) for one in version.by_unit.units] == [
        ("Escola Ágata", 192),
        ("Escola Brasil", 96),
    ]
    assert version.by_unit.column == "escola"
    assert version.by_unit.untested.names == ("Escola Antiga",)
    assert version.by_unit.unlabelled.names == ("Escola Nova",)
    assert (version.by_unit.unknown, version.by_unit.more) == (12, 0)
    figures = version.by_unit.units[0].figures
    assert 0 < figures["recall_low"] < figures["recall"] < figures["recall_high"] <= 1
    assert {"precision", "flagged"} < figures.keys()


def test_no_guard_and_no_protected_group_sees_a_unit(trained: SyncRegistry) -> None:
    version = found(trained)

    assert version.fairness.keys() == {"gender"}
    assert version.fairness_gaps.keys() == {"gender"}


def test_the_card_says_where_the_model_was_tested_and_where_never(trained: SyncRegistry) -> None:
    card = card_of(trained)

    assert "## By unit" in card
    assert "| Escola Ágata | 192 |" in card
    assert "labels that were not among the judged records: Escola Antiga." in card
    assert "No labels yet, so never tested: Escola Nova." in card
    assert "12 judged records are of no known unit." in card


def test_a_unit_of_a_handful_is_named_and_its_figures_are_kept_nowhere(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)
    teach(registry, "2023", READING)
    settle(registry, lambda _, i: "Tiny" if i < 4 else "Small" if i < 24 else f"School {i % 2}")

    run(registry, home, spec=city())

    by_unit = found(registry).by_unit
    assert by_unit is not None
    assert by_unit.withheld.names == ("Small", "Tiny")
    assert {one.unit for one in by_unit.units} == {"School 0", "School 1"}
    (stored,) = registry.execute(Find("model_versions", {}))
    assert "Tiny" not in str(stored["by_unit"]["units"])
    assert "Figures withheld" in card_of(registry) and "Small, Tiny" in card_of(registry)


def test_a_task_without_units_has_none_of_it_and_its_card_neither(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)
    teach(registry, "2023", READING)

    run(registry, home, spec=task())

    assert found(registry).by_unit is None
    assert "unit" not in str([line for line in card_of(registry).splitlines() if "##" in line])


def test_a_version_of_before_units_is_read_as_ever(trained: SyncRegistry) -> None:
    (stored,) = trained.execute(Find("model_versions", {}))
    trained.execute(DeleteMany("model_versions", {}))
    trained.execute(
        InsertMany("model_versions", [{k: v for k, v in stored.items() if k != "by_unit"}])
    )

    assert found(trained).by_unit is None


def test_every_kind_of_outcome_says_how_it_did_by_unit() -> None:
    assert {kind: judged.units for kind, judged in JUDGED.items()} == {
        "binary": recall_by_unit,
        "numeric": errors_by_unit,
    }


def test_a_training_set_has_the_units_of_its_labels_in_its_own_order(
    trained: SyncRegistry,
) -> None:
    labels = trained.run(LabelRepository().window(arrived_until=START.replace(year=2028), limit=0))

    data = training_set(labels, [])
    assert data.units is not None
    some = data.take(np.array([0, 5]))

    expected = {(one.student_id, one.period): one.unit for one in labels}
    keys = zip(data.students.tolist(), data.periods.tolist(), strict=True)
    assert data.units.tolist() == [expected[key] for key in keys]
    assert some.units is not None and some.units.tolist() == data.units[[0, 5]].tolist()
    assert replace(data, units=None).take(np.array([0])).units is None


def test_labels_are_counted_by_unit_and_period(trained: SyncRegistry) -> None:
    counted = trained.run(LabelRepository().count_by_unit())

    assert counted[("escola antiga", "2022")] == 40
    assert counted[("", "2023")] == 12
    assert sum(counted.values()) == 600


def test_the_units_of_the_feature_store_are_those_students_are_in_now(
    trained: SyncRegistry,
) -> None:
    moved = Observation("N1", "2025", {}, START, units={"escola": "Escola Brasil"},
                        unit="escola brasil")  # fmt: skip
    before = trained.run(StudentRepository().units())

    trained.run(StudentRepository().observe([moved]))

    assert before == {"escola nova": {"escola": "Escola Nova"}}
    assert trained.run(StudentRepository().units()) == {"escola brasil": moved.units}
