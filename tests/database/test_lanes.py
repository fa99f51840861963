"""Outcomes of a long call are recorded in two lanes, and end as one after the other would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from database.driver.commands import Command, Find, InsertMany, Op, Together
from database.driver.paging import in_parts
from database.driver.run import Hook
from database.erasing.erasure import erase_student
from database.erasing.guarded import ErasureGuard
from database.labelling import recording
from database.labelling.pending import PendingJoinRepository
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.repair import repair
from database.students import StudentRepository
from model.errors import NotFound, RegistryUnavailable
from model.label import JoinStatus, Outcome
from model.trust.tombstone import TombstoneKey
from tests.database.builders import at, observation, outcome
from tests.database.drivers import MongomockRegistry, Run

JOINED, DUPLICATE = JoinStatus.JOINED, JoinStatus.DUPLICATE
ORPHANED, REJECTED = JoinStatus.ORPHANED, JoinStatus.REJECTED
KEY = TombstoneKey(b"data")


@pytest.fixture(autouse=True)
def parts_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    def parts(items: Sequence[Any]) -> list[list[Any]]:
        return list(in_parts(items, 2))

    monkeypatch.setattr(recording, "in_parts", parts)


def told(students: str, value: float = 1.0) -> list[Outcome]:
    return [replace(outcome(value, at(1), student_id=one), source="one") for one in students]


def statuses(
    run: Run | Callable[[Op[Any]], Any], outcomes: Sequence[Outcome], most: int | None = None
) -> list[JoinStatus]:
    decisions = run(record_outcomes(outcomes, now=at(10), most_waiting=most))
    return [decision.status for decision in decisions]


def test_every_outcome_has_its_decision_in_order_and_its_label(run: Run) -> None:
    run(StudentRepository().observe([observation(one) for one in "abcdefg"]))
    statuses(run, told("c"))

    assert statuses(run, told("abcdefg")) == [JOINED] * 2 + [DUPLICATE] + [JOINED] * 4

    found = run(LabelRepository().window(arrived_until=at(20), limit=0))
    assert sorted(label.student_id for label in found) == [*"abcdefg"]
    assert run(PendingJoinRepository().owed()) == set()


def test_what_may_wait_of_a_sender_is_bounded_over_the_whole_call(run: Run) -> None:
    run(StudentRepository().observe([observation(one) for one in "ad"]))

    found = statuses(run, told("abcdefgh"), most=3)

    assert found == [JOINED, ORPHANED, ORPHANED, JOINED, ORPHANED, REJECTED, REJECTED, REJECTED]
    assert run(OrphanRepository().count()) == 3


@pytest.mark.parametrize(
    ("outcomes", "apart"),
    [
        (told("abcd"), True),
        (told("ab"), False),
        (told("abca"), False),
        ([*told("abc"), outcome(prediction_id="p1")], False),
    ],
    ids=["apart", "one part", "a student twice", "by a prediction"],
)
def test_only_parts_that_are_apart_are_recorded_together(
    outcomes: Sequence[Outcome], apart: bool
) -> None:
    registry = MongomockRegistry("farol")

    registry.run(record_outcomes(outcomes, now=at(10)))

    assert any(isinstance(command, Together) for command in registry.asked) is apart


def test_a_report_of_nobody_else_is_not_read_again_and_one_of_another_is() -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation(one) for one in "abcd"]))
    registry.asked.clear()

    statuses(registry.run, told("abcd"))
    first = registry.finds("outcomes")
    registry.run(record_outcomes(told("abcd", 0.0), now=at(11)))

    assert first == []
    assert len(registry.finds("outcomes")) == 2
    label = registry.run(LabelRepository().of("a", "2023"))
    assert [former.former for former in label.history] == [1.0]


class Refusing(MongomockRegistry):
    """Is away when the reports of one student are to be kept."""

    refused = "c"

    def execute(self, command: Command) -> Any:
        if (
            isinstance(command, InsertMany)
            and command.collection == "outcomes"
            and self.refused in {one["student_id"] for one in command.documents}
        ):
            raise RegistryUnavailable("away")
        return super().execute(command)


def test_where_a_lane_fails_the_other_ends_and_the_same_call_does_the_rest() -> None:
    registry = Refusing("farol")
    registry.run(StudentRepository().observe([observation(one) for one in "abcdef"]))

    with pytest.raises(RegistryUnavailable):
        statuses(registry.run, told("abcdef"))
    kept = registry.run(LabelRepository().labelled(f"2023:{one}" for one in "abcdef"))
    registry.refused = ""

    assert kept == {f"2023:{one}" for one in "abef"}
    assert statuses(registry.run, told("abcdef")) == [
        DUPLICATE, DUPLICATE, JOINED, JOINED, DUPLICATE, DUPLICATE,
    ]  # fmt: skip
    registry.run(repair(now=at(11)))
    assert registry.run(PendingJoinRepository().owed()) == set()


def test_in_every_lane_nothing_of_an_erased_student_comes_back() -> None:
    hook: Hook = ErasureGuard(KEY)
    registry = MongomockRegistry("farol", hook)
    registry.run(StudentRepository().observe([observation(one) for one in "abcd"]))
    registry.run(erase_student("d", now=at(5), tombstone_key=KEY))

    statuses(registry.run, told("abcd"))

    with pytest.raises(NotFound):
        registry.run(LabelRepository().of("d", "2023"))
    kept = registry.run(_students_of_reports())
    assert kept == [*"abc"]


def _students_of_reports() -> Op[list[str]]:
    found = yield Find("outcomes", {})
    return sorted(one["student_id"] for one in found)
