"""Two writers on one label or student: each pause of the one, with all of the other inside it."""

from __future__ import annotations

from typing import Any

import pytest

from database import labels, predictions, students
from database.driver.commands import Document, Find, Op
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
    registry.run(students.observe([observation()]))
    registry.run(labels.record([outcome(1.0, at(1))], now=at(10)))

    with_pause(
        registry,
        labels.record([outcome(0.0, at(2))], now=at(11)),
        pause,
        labels.record([outcome(1.0, at(3))], now=at(12)),
    )

    label = registry.run(labels.get("RA-1", "2023"))
    assert [former.former for former in label.history] == [1.0, 0.0]
    assert (label.outcome, label.arrived_at) == (1.0, at(12))


@pytest.mark.parametrize("pause", PAUSES)
def test_features_that_arrive_while_an_orphan_is_kept_are_found(pause: int) -> None:
    registry = MongomockRegistry("farol")

    def features() -> Op[None]:
        yield from students.observe([observation()])
        yield from labels.join_orphans(now=at(11), student_ids=["RA-1"])

    with_pause(registry, labels.record([outcome(1.0, at(1))], now=at(10)), pause, features())

    assert registry.run(labels.get("RA-1", "2023")).outcome == 1.0
    assert registry.run(labels.count_orphans()) == 0


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize("waiting", [True, False])
def test_an_earlier_report_while_its_prediction_is_joined_keeps_them_apart(
    pause: int, waiting: bool
) -> None:
    registry = MongomockRegistry("farol")
    if waiting:
        registry.run(labels.record([outcome(1.0, at(5))], now=at(6)))

    def served() -> Op[None]:
        yield from predictions.add_many([prediction("p1", created_at=at(2))])
        yield from labels.record([outcome(1.0, at(5))], now=at(7))
        yield from labels.join_orphans(now=at(7), student_ids=["RA-1"])

    with_pause(registry, served(), pause, labels.record([outcome(1.0, at(1))], now=at(8)))

    assert registry.run(labels.window(arrived_until=at(9), limit=0)) == []
    assert registry.run(labels.count_orphans()) == 1


@pytest.mark.parametrize("pause", PAUSES)
def test_two_files_at_once_lose_no_period(pause: int) -> None:
    registry = MongomockRegistry("farol")
    registry.run(students.observe([observation(period="2021")]))

    with_pause(
        registry,
        students.observe([observation(period="2022"), observation("b", "2022")]),
        pause,
        students.observe([observation(period="2023"), observation("b", "2023")]),
    )

    found = registry.run(students.get_many(["RA-1", "b"]))
    assert [o.period for o in found["RA-1"].observations] == ["2021", "2022", "2023"]
    assert [o.period for o in found["b"].observations] == ["2022", "2023"]


@pytest.mark.parametrize("begun", PAUSES)
def test_a_label_that_is_written_meanwhile_by_one_who_knew_less_is_settled_again(
    begun: int,
) -> None:
    """The quicker writer read its facts before the later report was there, and writes after."""
    for pause in PAUSES:
        registry = MongomockRegistry(f"farol{pause}")
        registry.run(students.observe([observation()]))
        registry.run(labels.record([outcome(1.0, at(1))], now=at(10)))
        quicker = labels.record([outcome(0.0, at(2))], now=at(11))
        command = steps(registry, quicker, begun)

        with_pause(
            registry,
            labels.record([outcome(1.0, at(3))], now=at(12)),
            pause,
            rest_of(quicker, command),
        )

        label = registry.run(labels.get("RA-1", "2023"))
        assert [former.former for former in label.history] == [1.0, 0.0]
        assert (label.outcome, label.arrived_at) == (1.0, at(12))


@pytest.mark.parametrize("begun", PAUSES)
def test_a_waiting_outcome_that_is_corrected_twice_at_once_ends_in_the_later_one(
    begun: int,
) -> None:
    """The quicker writer read its facts before the later report was there, and writes after."""
    for pause in PAUSES:
        registry = MongomockRegistry(f"farol{pause}")
        registry.run(labels.record([outcome(1.0, at(1))], now=at(10)))
        quicker = labels.record([outcome(0.0, at(2))], now=at(11))
        command = steps(registry, quicker, begun)

        with_pause(
            registry,
            labels.record([outcome(1.0, at(3))], now=at(12)),
            pause,
            rest_of(quicker, command),
        )

        (orphan,) = registry.run(labels.orphans())
        assert (orphan.outcome, orphan.arrived_at) == (1.0, at(12))


def test_a_correction_of_an_outcome_that_waits_is_what_waits() -> None:
    registry = MongomockRegistry("farol")
    registry.run(labels.record([outcome(1.0, at(1))], now=at(10)))

    registry.run(labels.record([outcome(0.0, at(2))], now=at(11)))

    (orphan,) = registry.run(labels.orphans())
    assert (orphan.outcome, orphan.observed_at, orphan.arrived_at) == (0.0, at(2), at(11))
    assert [former.former for former in orphan.history] == [1.0]
    registry.run(students.observe([observation()]))
    assert registry.run(labels.join_orphans(now=at(12))) == 1
    assert registry.run(labels.get("RA-1", "2023")).outcome == 0.0


@pytest.mark.parametrize("pause", PAUSES)
def test_the_same_report_at_once_is_kept_once(pause: int) -> None:
    registry = MongomockRegistry("farol")
    registry.run(students.observe([observation()]))
    told = [outcome(1.0, at(1)), outcome(0.0, at(2))]

    with_pause(registry, labels.record(told, now=at(10)), pause, labels.record(told, now=at(11)))

    assert len(registry.run(_all("outcomes"))) == 2
    assert registry.run(_all(labels.PENDING)) == []
    label = registry.run(labels.get("RA-1", "2023"))
    assert (label.outcome, label.arrived_at) == (0.0, at(10))


def _all(collection: str) -> Op[list[Document]]:
    found: list[Document] = yield Find(collection, {})
    return found
