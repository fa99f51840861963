"""Two writers on one label or student: each pause of the one, with all of the other inside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from database.driver.commands import Document, Find, Op
from database.labelling.linking import join_orphans, rejoin
from database.labelling.pending import PendingJoinRepository
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from tests.database.builders import at, observation, outcome, prediction
from tests.database.drivers import MongomockRegistry

PAUSES = range(20)


def with_pause(registry: MongomockRegistry, first: Op[Any], pause: int, second: Op[Any]) -> None:
    """Runs `first`, and all of `second` after that many commands of it."""
    answer = None
    count = 0
    while True:
        if count == pause:
            registry.run(second)
        try:
            command = first.send(answer)
        except StopIteration:
            break
        answer = registry.execute(command)
        count += 1
    if count < pause:
        registry.run(second)


def steps(registry: MongomockRegistry, op: Op[Any], number: int) -> Any:
    """Runs that many commands of an operation; gives the next one, None if it has ended."""
    try:
        command = next(op)
        for _ in range(number):
            command = op.send(registry.execute(command))
    except StopIteration:
        return None
    return command


def rest_of(op: Op[Any], command: Any) -> Op[None]:
    """What is left of an operation that stands before that command."""
    try:
        while command is not None:
            answer = yield command
            command = op.send(answer)
    except StopIteration:
        return


@pytest.mark.parametrize("pause", PAUSES)
def test_two_corrections_at_once_both_count(pause: int) -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation()]))
    registry.run(record_outcomes([outcome(1.0, at(1))], now=at(10)))

    with_pause(
        registry,
        record_outcomes([outcome(0.0, at(2))], now=at(11)),
        pause,
        record_outcomes([outcome(1.0, at(3))], now=at(12)),
    )

    label = registry.run(LabelRepository().of("RA-1", "2023"))
    assert [former.former for former in label.history] == [1.0, 0.0]
    assert (label.outcome, label.arrived_at) == (1.0, at(12))


@pytest.mark.parametrize("most_waiting", [None, 5])
@pytest.mark.parametrize("pause", PAUSES)
def test_features_that_arrive_while_an_orphan_is_kept_are_found(
    pause: int, most_waiting: int | None
) -> None:
    registry = MongomockRegistry("farol")

    def features() -> Op[None]:
        yield from StudentRepository().observe([observation()])
        yield from join_orphans(now=at(11), student_ids=["RA-1"])

    told = record_outcomes([outcome(1.0, at(1))], now=at(10), most_waiting=most_waiting)
    with_pause(registry, told, pause, features())

    assert registry.run(LabelRepository().of("RA-1", "2023")).outcome == 1.0
    assert registry.run(OrphanRepository().count()) == 0


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize("waiting", [True, False])
def test_an_earlier_report_while_its_prediction_is_joined_keeps_them_apart(
    pause: int, waiting: bool
) -> None:
    registry = MongomockRegistry("farol")
    if waiting:
        registry.run(record_outcomes([outcome(1.0, at(5))], now=at(6)))

    def served() -> Op[None]:
        yield from PredictionRepository().add_many([prediction("p1", created_at=at(2))])
        yield from record_outcomes([outcome(1.0, at(5))], now=at(7))
        yield from join_orphans(now=at(7), student_ids=["RA-1"])

    with_pause(registry, served(), pause, record_outcomes([outcome(1.0, at(1))], now=at(8)))

    assert registry.run(LabelRepository().window(arrived_until=at(9), limit=0)) == []
    assert registry.run(OrphanRepository().count()) == 1


@pytest.mark.parametrize("pause", PAUSES)
def test_a_report_beside_one_whose_students_were_read_before_counts_too(pause: int) -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation()]))
    read = registry.run(StudentRepository().stored_many(["RA-1", "RA-2"]))

    with_pause(
        registry,
        record_outcomes([outcome(0.0, at(2))], now=at(11), students=read),
        pause,
        record_outcomes([outcome(1.0, at(3))], now=at(12), most_waiting=5),
    )

    label = registry.run(LabelRepository().of("RA-1", "2023"))
    assert ([former.former for former in label.history], label.outcome) == ([0.0], 1.0)


@pytest.mark.parametrize("pause", PAUSES)
def test_a_file_that_moves_a_student_read_before_moves_the_label_too(pause: int) -> None:
    registry = MongomockRegistry("farol")
    first = replace(observation(), units={"school": "A"}, unit="a")
    registry.run(StudentRepository().observe([first]))
    read = registry.run(StudentRepository().stored_many(["RA-1"]))
    corrected = replace(first, observed_at=at(1), units={"school": "B"}, unit="b")

    def moves() -> Op[None]:
        yield from StudentRepository().observe([corrected])
        yield from rejoin([corrected])

    told = record_outcomes([outcome(1.0, at(2))], now=at(3), students=read)
    with_pause(registry, told, pause, moves())

    assert registry.run(LabelRepository().of("RA-1", "2023")).unit == "b"


def test_students_that_were_read_before_are_not_read_again_unless_they_changed() -> None:
    registry = MongomockRegistry("farol")
    school = [observation(one) for one in ("a", "b")]
    registry.run(StudentRepository().observe(school))
    read = registry.run(StudentRepository().stored_many(["a", "b"]))
    told = [outcome(1.0, at(2), student_id=one) for one in ("a", "b")]
    registry.asked.clear()
    registry.run(record_outcomes(told, now=at(3), students=read))
    looks = [find for find in registry.finds("students") if not find.fields]
    assert looks == []

    registry.run(StudentRepository().observe([observation("a", "2024")]))
    assert registry.run(StudentRepository().are_replaced(read.values()))
    assert not registry.run(StudentRepository().are_replaced([read["b"]]))


def test_a_file_beside_one_whose_students_were_read_before_loses_nothing() -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation("a", "2021"), observation("b", "2021")]))
    stored = registry.run(StudentRepository().stored_many(["a", "b", "c"]))
    registry.run(StudentRepository().observe([observation("a", "2022"), observation("c", "2022")]))
    told = [observation(one, "2023") for one in ("a", "b", "c")]

    documents = registry.run(StudentRepository().observe_read(told, stored))

    assert documents == registry.run(StudentRepository().stored_many(["a", "b", "c"]))
    assert {key: sorted(one["periods"]) for key, one in documents.items()} == {
        "a": ["2021", "2022", "2023"], "b": ["2021", "2023"], "c": ["2022", "2023"],
    }  # fmt: skip
    assert registry.run(StudentRepository().observe_read(told, documents)) == documents


@pytest.mark.parametrize("pause", PAUSES)
def test_two_files_at_once_lose_no_period(pause: int) -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation(period="2021")]))

    with_pause(
        registry,
        StudentRepository().observe([observation(period="2022"), observation("b", "2022")]),
        pause,
        StudentRepository().observe([observation(period="2023"), observation("b", "2023")]),
    )

    found = registry.run(StudentRepository().get_many(["RA-1", "b"]))
    assert [o.period for o in found["RA-1"].observations] == ["2021", "2022", "2023"]
    assert [o.period for o in found["b"].observations] == ["2022", "2023"]


@pytest.mark.parametrize("begun", PAUSES)
def test_a_label_that_is_written_meanwhile_by_one_who_knew_less_is_settled_again(
    begun: int,
) -> None:
    """The quicker writer read its facts before the later report was there, and writes after."""
    for pause in PAUSES:
        registry = MongomockRegistry(f"farol{pause}")
        registry.run(StudentRepository().observe([observation()]))
        registry.run(record_outcomes([outcome(1.0, at(1))], now=at(10)))
        quicker = record_outcomes([outcome(0.0, at(2))], now=at(11))
        command = steps(registry, quicker, begun)

        with_pause(
            registry,
            record_outcomes([outcome(1.0, at(3))], now=at(12)),
            pause,
            rest_of(quicker, command),
        )

        label = registry.run(LabelRepository().of("RA-1", "2023"))
        assert [former.former for former in label.history] == [1.0, 0.0]
        assert (label.outcome, label.arrived_at) == (1.0, at(12))


@pytest.mark.parametrize("begun", PAUSES)
def test_a_waiting_outcome_that_is_corrected_twice_at_once_ends_in_the_later_one(
    begun: int,
) -> None:
    """The quicker writer read its facts before the later report was there, and writes after."""
    for pause in PAUSES:
        registry = MongomockRegistry(f"farol{pause}")
        registry.run(record_outcomes([outcome(1.0, at(1))], now=at(10)))
        quicker = record_outcomes([outcome(0.0, at(2))], now=at(11))
        command = steps(registry, quicker, begun)

        with_pause(
            registry,
            record_outcomes([outcome(1.0, at(3))], now=at(12)),
            pause,
            rest_of(quicker, command),
        )

        (orphan,) = registry.run(OrphanRepository().newest(0))
        assert (orphan.outcome, orphan.arrived_at) == (1.0, at(12))


def test_a_correction_of_an_outcome_that_waits_is_what_waits() -> None:
    registry = MongomockRegistry("farol")
    registry.run(record_outcomes([outcome(1.0, at(1))], now=at(10)))

    registry.run(record_outcomes([outcome(0.0, at(2))], now=at(11)))

    (orphan,) = registry.run(OrphanRepository().newest(0))
    assert (orphan.outcome, orphan.observed_at, orphan.arrived_at) == (0.0, at(2), at(11))
    assert [former.former for former in orphan.history] == [1.0]
    registry.run(StudentRepository().observe([observation()]))
    assert registry.run(join_orphans(now=at(12))) == 1
    assert registry.run(LabelRepository().of("RA-1", "2023")).outcome == 0.0


@pytest.mark.parametrize("pause", PAUSES)
def test_the_same_report_at_once_is_kept_once(pause: int) -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation()]))
    told = [outcome(1.0, at(1)), outcome(0.0, at(2))]

    with_pause(
        registry, record_outcomes(told, now=at(10)), pause, record_outcomes(told, now=at(11))
    )

    assert len(registry.run(_all("outcomes"))) == 2
    assert registry.run(_all(PendingJoinRepository.collection)) == []
    label = registry.run(LabelRepository().of("RA-1", "2023"))
    assert (label.outcome, label.arrived_at) == (0.0, at(10))


def _all(collection: str) -> Op[list[Document]]:
    found: list[Document] = yield Find(collection, {})
    return found
