"""How reports are kept: in parts, in order, noted before they are kept, and read sparingly."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from database import labels
from database.driver.commands import Count, CountBy, DeleteMany, Document, Find, InsertMany, Op
from database.driver.paging import in_parts
from database.labelling import linking, recording
from database.labelling.linking import join_orphans
from database.labelling.pending import PendingJoinRepository
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.mapping.nested_lists import packed
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.errors import NotFound
from model.label import JoinStatus, Outcome
from tests.database.builders import START, at, observation, outcome, prediction
from tests.database.drivers import MongomockRegistry
from tests.database.test_interleavings import with_pause

JOINED, CORRECTED, DUPLICATE = JoinStatus.JOINED, JoinStatus.CORRECTED, JoinStatus.DUPLICATE


@pytest.fixture
def registry() -> MongomockRegistry:
    return MongomockRegistry("farol")


@pytest.fixture
def single(monkeypatch: pytest.MonkeyPatch) -> None:
    """One message holds one item."""

    def parts(items: Sequence[Any]) -> list[list[Any]]:
        return list(in_parts(items, 1))

    for module in (labels, linking, recording):
        monkeypatch.setattr(module, "in_parts", parts)


def statuses(registry: MongomockRegistry, *told: Outcome, day: float = 10) -> list[JoinStatus]:
    return [d.status for d in registry.run(record_outcomes(told, now=at(day)))]


def stored(collection: str) -> Op[list[Document]]:
    found: list[Document] = yield Find(collection, {})
    return found


@pytest.mark.usefixtures("single")
def test_reports_in_several_messages_have_a_decision_each_in_their_order(
    registry: MongomockRegistry,
) -> None:
    registry.run(StudentRepository().observe([observation("b")]))

    told = [outcome(student_id=one) for one in ("a", "b", "c", "b")]

    orphaned = JoinStatus.ORPHANED
    assert statuses(registry, *told) == [orphaned, JOINED, orphaned, DUPLICATE]


@pytest.mark.usefixtures("single")
@pytest.mark.parametrize("named", [True, False])
def test_orphans_in_several_messages_are_all_joined_and_counted(
    registry: MongomockRegistry, named: bool
) -> None:
    ids = ["a", "b", "c"]
    statuses(registry, *[outcome(student_id=one) for one in ids])
    registry.run(StudentRepository().observe([observation(one) for one in ids]))
    registry.asked.clear()

    op = join_orphans(now=at(11), student_ids=ids if named else None)

    assert registry.run(op) == 3
    assert {tuple(f.fields) for f in registry.finds("orphan_labels") if f.fields} == {
        ("student_id", "period", "unit")
    }
    looks = [f for f in registry.finds("orphan_labels") if "arrived_at" in f.where]
    assert all(find.fields for find in looks)
    assert registry.run(OrphanRepository().count()) == 0
    # No prediction is waited for, so none of their reports is moved.
    assert not [
        c for c in registry.asked if isinstance(c, DeleteMany) and c.collection == "outcomes"
    ]


@pytest.mark.usefixtures("single")
def test_labels_are_found_for_predictions_in_several_messages(registry: MongomockRegistry) -> None:
    ids = ["p1", "p2", "p3"]
    registry.run(PredictionRepository().add_many([prediction(one, None) for one in ids]))
    statuses(registry, *[outcome(observed_at=at(1), prediction_id=one) for one in ids])

    found = registry.run(LabelRepository().of_predictions(ids))

    assert [label.prediction_id for label in found] == ids


@pytest.mark.usefixtures("single")
def test_labels_of_predictions_are_counted_by_their_index_and_read_in_part(
    registry: MongomockRegistry,
) -> None:
    ids = ["p1", "p2", "p3"]
    registry.run(PredictionRepository().add_many([prediction(one, None) for one in ids]))
    statuses(registry, *[outcome(observed_at=at(1), prediction_id=one) for one in ids[:2]])
    registry.asked.clear()

    assert registry.run(LabelRepository().count_of_predictions(ids)) == 2

    # The embedded server's index answers where one field is asked about, and counts nothing.
    assert {(*command.where,) for command in registry.finds("labels")} == {("prediction_id",)}
    assert all(command.fields for command in registry.finds("labels"))
    assert not [command for command in registry.asked if isinstance(command, Count)]


def test_what_a_window_leaves_out_are_the_oldest_and_none_of_them_is_read(
    registry: MongomockRegistry,
) -> None:
    for day, period in ((10, "2021"), (11, "2022"), (12, "2023")):
        registry.run(StudentRepository().observe([observation(period=period)]))
        statuses(registry, outcome(period=period), day=day)
    registry.asked.clear()

    assert registry.run(LabelRepository().beyond(arrived_until=at(20), limit=1)) == {
        "2021": 1,
        "2022": 1,
    }

    assert [type(one) for one in registry.asked] == [CountBy]


def test_labels_and_orphans_are_listed_newest_first_and_of_one_moment_by_their_key(
    registry: MongomockRegistry,
) -> None:
    known, unknown = ("b", "c", "a"), ("y", "z", "x")
    registry.run(StudentRepository().observe([observation(one) for one in known]))
    for day, one, other in zip((11, 12, 12), known, unknown, strict=True):
        statuses(registry, outcome(student_id=one), outcome(student_id=other), day=day)

    def listed(op: Op[list[Any]]) -> str:
        return "".join(one.student_id for one in registry.run(op))

    assert (listed(LabelRepository().newest(0)), listed(LabelRepository().newest(2))) == (
        "acb",
        "ac",
    )
    assert (listed(OrphanRepository().newest(0)), listed(OrphanRepository().newest(2))) == (
        "xzy",
        "xz",
    )


def test_an_unknown_label_is_an_error_that_says_so(registry: MongomockRegistry) -> None:
    with pytest.raises(NotFound, match="no label of that student and period"):
        registry.run(LabelRepository().of("RA-1", "2023"))


@pytest.mark.parametrize("values", [(1.0, 0.0), (0.0, 1.0)])
def test_of_two_values_told_at_once_for_one_moment_the_later_in_the_call_stands(
    registry: MongomockRegistry, values: tuple[float, float]
) -> None:
    registry.run(StudentRepository().observe([observation()]))

    assert statuses(registry, *[outcome(v, at(5)) for v in values]) == [JOINED, CORRECTED]
    assert registry.run(LabelRepository().of("RA-1", "2023")).outcome == values[1]


def test_a_report_repeated_within_a_call_changes_nothing_that_came_between(
    registry: MongomockRegistry,
) -> None:
    registry.run(StudentRepository().observe([observation()]))
    told = [outcome(1.0, at(5)), outcome(0.0, at(6)), outcome(1.0, at(5))]

    assert statuses(registry, *told) == [JOINED, CORRECTED, DUPLICATE]


def test_a_repeated_report_is_called_early_too(registry: MongomockRegistry) -> None:
    early = replace(outcome(), horizon=2)

    decisions = registry.run(record_outcomes([early, early], now=at(1)))

    assert [d.early for d in decisions] == [True, True]


def test_labels_are_noted_as_owed_before_their_reports_are_kept_and_until_they_are_made(
    registry: MongomockRegistry,
) -> None:
    told = [outcome(student_id="RA-2"), outcome(), outcome(0.0, at(1))]
    moment = at(10) + timedelta(microseconds=1999)

    registry.run(record_outcomes(told, now=moment))

    ids = sorted(report["_id"] for report in registry.run(stored("outcomes")))
    key = hashlib.sha256("".join(ids).encode()).hexdigest()[:32]
    subjects = packed([["RA-1", "2023"], ["RA-2", "2023"]])
    noted_at = at(10) + timedelta(milliseconds=1)
    note = {"_id": key, "subjects": subjects, "noted_at": noted_at}
    writes = [c for c in registry.asked if isinstance(c, InsertMany | DeleteMany)]
    assert writes[0] == InsertMany("pending_joins", [note])
    assert writes[1].collection == "outcomes"
    assert writes[-1] == DeleteMany("pending_joins", {"_id": key})


@pytest.mark.parametrize("pause", range(12))
def test_a_prediction_that_arrives_while_its_outcome_is_kept_is_found(
    registry: MongomockRegistry, pause: int
) -> None:
    def arrival() -> Op[None]:
        yield from PredictionRepository().add_many([prediction("p1")])
        yield from join_orphans(now=at(11), prediction_ids=["p1"])

    told = [outcome(observed_at=at(1), prediction_id="p1"), outcome(student_id="RA-2")]

    with_pause(registry, record_outcomes(told, now=at(10)), pause, arrival())

    assert registry.run(LabelRepository().of("RA-1", "2023")).prediction_id == "p1"
    reports = registry.run(stored("outcomes"))
    assert {r["student_id"]: r.get("prediction_id") for r in reports} == {
        "RA-1": "p1", "RA-2": None,
    }  # fmt: skip


def test_a_subject_that_waits_takes_one_place_however_often_it_is_reported(
    registry: MongomockRegistry,
) -> None:
    told = [outcome(1.0), outcome(0.0, at(1)), outcome(student_id="RA-2")]

    decisions = registry.run(record_outcomes(told, now=at(10), most_waiting=1))

    expected = [JoinStatus.ORPHANED, CORRECTED, JoinStatus.REJECTED]
    assert [d.status for d in decisions] == expected
    assert "and 1 outcomes of this sender wait" in decisions[2].reason


def test_what_happened_this_very_moment_does_not_lie_ahead_of_it(
    registry: MongomockRegistry,
) -> None:
    moment = START + timedelta(microseconds=1999)

    (decision,) = registry.run(record_outcomes([outcome(observed_at=moment)], now=moment))

    assert decision.status is JoinStatus.ORPHANED


def test_what_an_earlier_release_noted_as_owed_is_owed(registry: MongomockRegistry) -> None:
    """It kept a list within a list, which no command may write any more."""
    note = {"_id": "n", "subjects": [["RA-1", "2023"], ["RA-2", "2023"]], "noted_at": at(0)}
    registry._database["pending_joins"].insert_one(note)

    assert registry.run(PendingJoinRepository().owed()) == {("RA-1", "2023"), ("RA-2", "2023")}
    registry.run(PendingJoinRepository().forget({"RA-1"}))
    assert registry.run(PendingJoinRepository().owed()) == {("RA-2", "2023")}
