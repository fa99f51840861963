"""What was done for students comes back as it was said, on every server and driver."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.helping.interventions import InterventionRepository
from model.errors import Conflict, NotFound
from model.helping.action import ActionKind
from model.helping.intervention import Intervention
from tests.database.builders import at
from tests.database.drivers import MongomockRegistry, Run
from tests.database.helping.builders import action, assignment, intervention


def test_of_a_student_all_that_was_done_is_kept_and_the_last_counts(run: Run) -> None:
    seen = action("a1", moment=at(1), kind=ActionKind.SEEN, next_on=None, note="")
    acted = action("a2", moment=at(2))
    before = action("a0", moment=at(0), period="2022")
    other = action("b1", "RA-2", unit="south")
    for one in (acted, seen, before, other, acted):
        run(ActionRepository().add(one))

    assert run(ActionRepository().of_student("RA-1")) == [acted, seen, before]
    assert run(ActionRepository().of_students(["RA-1", "RA-3"])) == {"RA-1": [acted, seen, before]}
    assert run(ActionRepository().of_period("2023")) == {"RA-1": acted, "RA-2": other}
    assert run(ActionRepository().of_period("2023", {"south"})) == {"RA-2": other}
    assert run(ActionRepository().kinds_of_period("2022")) == {"RA-1": ActionKind.ACTED}
    assert run(ActionRepository().all_of_period("2023", {"north"})) == [acted, seen]
    assert run(ActionRepository().newest(2)) == [acted, seen]


def test_due_is_what_was_said_last_of_each_student(run: Run) -> None:
    early, late = date(2024, 4, 1), date(2024, 5, 1)
    run(ActionRepository().add(action("a1", moment=at(1), next_on=early)))
    run(ActionRepository().add(action("a2", moment=at(2), next_on=late, by="Bia")))
    run(ActionRepository().add(action("a0", moment=at(0), next_on=early)))  # came late
    run(ActionRepository().add(action("b1", "RA-2", at(1), next_on=early)))
    run(ActionRepository().add(action("b2", "RA-2", at(2), next_on=None)))
    run(ActionRepository().add(action("c1", "RA-3", at(1), next_on=early)))

    def due(until: date, by: str | None = None) -> list[str]:
        return [one.action_id for one in run(ActionRepository().due(until, by))]

    assert due(date(2024, 3, 31)) == []
    assert due(early) == ["c1"]
    assert due(late) == ["c1", "a2"]
    assert due(late, "Bia") == ["a2"]


def test_what_is_said_of_help_takes_the_place_of_what_was_said(run: Run) -> None:
    first, second = intervention(), intervention("i2", start=date(2024, 2, 1), unit="south")
    run(InterventionRepository().add(first))
    run(InterventionRepository().add(second))

    ended = run(
        InterventionRepository().change("i1", lambda was: replace(was, end=date(2024, 6, 1)))
    )

    assert ended == replace(first, end=date(2024, 6, 1)) != first
    assert run(InterventionRepository().get("i1")) == ended
    assert run(InterventionRepository().of_students(["RA-1"])) == {"RA-1": [second, ended]}
    since = InterventionRepository().all_since
    assert run(since(date(2024, 2, 1))) == [second, ended]
    assert run(since(date(2024, 2, 2))) == [ended]
    assert run(since(date(2024, 2, 1), date(2024, 3, 3))) == [second]
    assert run(since(date(2024, 2, 1), units={"north"})) == [ended]
    with pytest.raises(Conflict):
        run(InterventionRepository().add(first))
    with pytest.raises(NotFound):
        run(InterventionRepository().change("i9", lambda was: was))
    assert run(InterventionRepository().remove("i1"))
    assert not run(InterventionRepository().remove("i1"))


def test_who_looks_after_a_student_is_what_was_said_last(run: Run) -> None:
    ana, bia = assignment(), assignment(person="Bia", at=at(2))
    nobody = assignment("RA-2", "", at=at(3))
    run(AssignmentRepository().put(ana))
    assert run(AssignmentRepository().put(bia)) == bia
    assert run(AssignmentRepository().put(ana)) == bia
    run(AssignmentRepository().put(assignment("RA-2")))
    run(AssignmentRepository().put(nobody))

    assert run(AssignmentRepository().of_students(["RA-1", "RA-2", "RA-3"])) == {"RA-1": bia}
    assert run(AssignmentRepository().of_person("Bia")) == [bia]
    assert run(AssignmentRepository().of_person("Ana")) == []


def test_of_two_who_change_an_intervention_at_once_neither_is_lost() -> None:
    registry = MongomockRegistry("farol")
    registry.run(InterventionRepository().add(intervention()))
    between = [intervention(dose=4.0)]

    def change(was: Intervention) -> Intervention:
        if between:
            other = between.pop()
            registry.run(InterventionRepository().change("i1", lambda _: other))
        return replace(was, end=date(2024, 6, 1))

    registry.run(InterventionRepository().change("i1", change))

    kept = registry.run(InterventionRepository().get("i1"))
    assert (kept.dose, kept.end) == (4.0, date(2024, 6, 1))
