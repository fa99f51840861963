"""What a person has to do, and what the manager counts, from what is kept."""

from __future__ import annotations

from datetime import date

import pytest

from database.driver.commands import Op
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.helping.follow_ups import everybodys, to_do_of
from database.helping.interventions import InterventionRepository
from database.helping.summary import help_summary
from model.helping.action import ActionKind
from tests.database.builders import at
from tests.database.drivers import MongomockRegistry
from tests.database.helping.builders import action, assignment, intervention

DAY = date(2024, 4, 2)


@pytest.fixture
def registry() -> MongomockRegistry:
    return MongomockRegistry("farol")


def kept(registry: MongomockRegistry, *ops: Op[object]) -> None:
    for op in ops:
        registry.run(op)


def due(registry: MongomockRegistry, person: str, units: set[str] | None = None) -> list[str]:
    return [one.student_id for one in registry.run(to_do_of(person, DAY, units)).due]


def test_a_student_is_to_be_done_by_one_person(registry: MongomockRegistry) -> None:
    kept(
        registry,
        ActionRepository().add(action("1", "RA-1")),
        ActionRepository().add(action("2", "RA-2")),
        ActionRepository().add(action("3", "RA-3", next_on=date(2024, 4, 3))),
        ActionRepository().add(action("4", "RA-4", by="Caio")),
        AssignmentRepository().put(assignment("RA-2", "Bia", unit="south")),
        AssignmentRepository().put(assignment("RA-4", "Ana")),
    )

    assert due(registry, "Ana") == ["RA-1", "RA-4"]
    assert due(registry, "Bia") == ["RA-2"]
    assert due(registry, "Caio") == []
    assert due(registry, "Bia", {"north"}) == []
    everybody = registry.run(everybodys(DAY))
    assert {one.student_id: one.person for one in everybody} == {
        "RA-1": "Ana", "RA-2": "Bia", "RA-4": "Ana",
    }  # fmt: skip


def test_a_call_that_is_repeated_ends_what_a_killed_process_left(
    registry: MongomockRegistry,
) -> None:
    registry.run(ActionRepository().add(action("1")))
    half = ActionRepository().add(after := action("2", moment=at(1), next_on=None))
    half.send(registry.execute(next(half)))
    half.close()

    assert due(registry, "Ana") == ["RA-1"]
    assert not registry.run(ActionRepository().add(after))
    assert due(registry, "Ana") == []


def test_what_one_school_does_ends_nothing_of_another(registry: MongomockRegistry) -> None:
    """School B has the child; A claims the id by a call of its own."""
    kept(
        registry,
        ActionRepository().add(action("1", unit="b")),
        AssignmentRepository().put(assignment(person="Ana", unit="b")),
        ActionRepository().add(action("2", moment=at(1), unit="a", by="Eva", next_on=None), {"a"}),
        AssignmentRepository().put(assignment(person="Eva", unit="a", at=at(1))),
    )

    assert due(registry, "Ana", {"b"}) == ["RA-1"]
    assert due(registry, "Eva", {"a"}) == []
    of_b = registry.run(AssignmentRepository().of_students(["RA-1"], {"b"}))
    assert of_b["RA-1"].person == "Ana"
    assert registry.run(AssignmentRepository().of_person("Ana", {"b"})) == [of_b["RA-1"]]
    kept(registry, ActionRepository().add(action("3", moment=at(2), unit="b", next_on=None)))
    assert due(registry, "Ana", {"b"}) == []


def test_where_all_is_seen_the_last_word_on_a_student_counts(registry: MongomockRegistry) -> None:
    """A child changes schools, or a file tells a school where there was none."""
    kept(
        registry,
        ActionRepository().add(action("1", unit="")),
        AssignmentRepository().put(assignment(person="Ana", unit="")),
        ActionRepository().add(action("2", moment=at(1), next_on=None)),
        AssignmentRepository().put(assignment(person="Bia", at=at(1))),
    )

    assert registry.run(everybodys(DAY)) == []
    assert registry.run(AssignmentRepository().of_person("Ana")) == []
    assert registry.run(AssignmentRepository().count_by_person()) == {"Bia": 1}
    assert [a.person for a in registry.run(AssignmentRepository().of_student("RA-1"))] == [
        "Bia", "Ana",
    ]  # fmt: skip


def test_a_summary_counts_each_student_once_within_the_units(registry: MongomockRegistry) -> None:
    kept(
        registry,
        ActionRepository().add(action("1", "RA-1", at(0), kind=ActionKind.SEEN)),
        ActionRepository().add(action("2", "RA-1", at(1))),
        ActionRepository().add(action("3", "RA-2", unit="south", by="Bia", next_on=None)),
        ActionRepository().add(action("4", "RA-3", period="2022")),
        InterventionRepository().add(intervention()),
        InterventionRepository().add(intervention("i2", unit="south", start=date(2023, 1, 1))),
        AssignmentRepository().put(assignment("RA-1", "Bia")),
        AssignmentRepository().put(assignment("RA-2", "Bia", unit="south")),
    )

    whole = registry.run(help_summary("2023", day=DAY, since=date(2024, 1, 1)))
    north = registry.run(help_summary("2023", day=DAY, since=date(2020, 1, 1), units={"north"}))

    assert (whole.actions.whole.students, whole.actions.whole.acted) == (2, 2)
    assert [one.students for one in whole.interventions] == [1]
    assert (whole.assigned, whole.due) == ({"Bia": 2}, {"Bia": 1, "Ana": 1})
    assert north.actions.units.keys() == {"north"}
    assert [one.students for one in north.interventions] == [1]
    assert north.assigned == {"Bia": 1}
