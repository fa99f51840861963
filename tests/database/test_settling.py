"""What a label keeps of facts that are gone, what is stored, and two writers between two reads."""

from __future__ import annotations

from typing import Any

import pytest

from database.driver.commands import Command, DeleteMany, Document, Find, InsertMany, Op
from database.labelling.facts import facts_of
from database.labelling.join import settle
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.label import JoinStatus, Label, OrphanLabel
from tests.database.builders import START, at, observation, outcome, prediction
from tests.database.drivers import MongomockRegistry
from tests.database.test_interleavings import rest_of


def forget(collection: str) -> Op[None]:
    yield DeleteMany(collection, {})


def stored(collection: str) -> Op[list[Document]]:
    found: list[Document] = yield Find(collection, {})
    return found


def test_a_label_outlives_the_observation_it_was_joined_to() -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation(observed_at=at(15))]))
    registry.run(record_outcomes([outcome(1.0, at(5))], now=at(10)))
    registry.run(forget("students"))

    (decision,) = registry.run(record_outcomes([outcome(0.0, at(6))], now=at(12)))

    label = registry.run(LabelRepository().of("RA-1", "2023"))
    assert decision.status is JoinStatus.CORRECTED
    assert (label.outcome, label.features, label.prediction_id) == (0.0, {"inde": 6.0}, None)
    assert label.protected == {"gender": "F"}
    # Its features came after the correction, so the label was there only with them.
    assert label.arrived_at == at(15)


def test_a_label_keeps_all_of_a_prediction_that_retention_removed() -> None:
    registry = MongomockRegistry("farol")
    registry.run(PredictionRepository().add_many([prediction("p1", created_at=at(1))]))
    registry.run(record_outcomes([outcome(1.0, at(5))], now=at(10)))
    (before,) = registry.run(stored("labels"))
    registry.run(forget("predictions"))

    registry.run(record_outcomes([outcome(0.0, at(6))], now=at(12)))

    (after,) = registry.run(stored("labels"))
    kept = ("features", "prediction_id", "risk_score", "model_version", "features_at")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert (after["features_at"], after["first_arrived_at"]) == (at(1), at(10))


def test_a_prediction_that_retention_removed_still_yields_to_a_later_one() -> None:
    registry = MongomockRegistry("farol")
    registry.run(PredictionRepository().add_many([prediction("p1", created_at=at(1))]))
    registry.run(record_outcomes([outcome(1.0, at(5))], now=at(10)))
    registry.run(forget("predictions"))
    registry.run(PredictionRepository().add_many([prediction("p2", created_at=at(2))]))

    registry.run(record_outcomes([outcome(0.0, at(6))], now=at(12)))

    assert registry.run(LabelRepository().of("RA-1", "2023")).prediction_id == "p2"


def test_a_removed_prediction_made_after_a_report_that_came_late_is_no_evidence() -> None:
    registry = MongomockRegistry("farol")
    registry.run(PredictionRepository().add_many([prediction("p1", created_at=at(2))]))
    registry.run(record_outcomes([outcome(1.0, at(5))], now=at(10)))
    registry.run(forget("predictions"))

    registry.run(record_outcomes([outcome(1.0, at(1))], now=at(12)))

    assert registry.run(LabelRepository().window(arrived_until=at(20), limit=0)) == []
    assert registry.run(OrphanRepository().count()) == 1


def test_a_label_in_whose_place_nothing_changes_is_not_written() -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation()]))
    registry.run(record_outcomes([outcome(1.0, at(5))], now=at(10)))
    (before,) = registry.run(stored("labels"))

    registry.run(record_outcomes([outcome(1.0, at(5))], now=at(12)))

    assert registry.run(stored("labels")) == [before]


def test_a_label_stays_with_its_removed_prediction_when_a_later_one_is_no_evidence() -> None:
    registry = MongomockRegistry("farol")
    registry.run(PredictionRepository().add_many([prediction("p1", created_at=at(1))]))
    registry.run(record_outcomes([outcome(1.0, at(5))], now=at(10)))
    registry.run(forget("predictions"))
    registry.run(PredictionRepository().add_many([prediction("p2", created_at=at(7))]))

    registry.run(record_outcomes([outcome(0.0, at(6))], now=at(12)))

    assert registry.run(LabelRepository().of("RA-1", "2023")).prediction_id == "p1"


def test_a_label_is_stored_with_its_place_its_moments_and_the_next_revision() -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation()]))

    registry.run(record_outcomes([outcome(1.0, at(5))], now=at(10)))
    registry.run(record_outcomes([outcome(0.0, at(4))], now=at(11)))
    registry.run(record_outcomes([outcome(1.0, at(6))], now=at(12)))

    (label,) = registry.run(stored("labels"))
    derived = ("_id", "first_arrived_at", "features_at", "first_observed_at", "revision")
    assert [label[name] for name in derived] == ["2023:RA-1", at(10), START, at(4), 3]


def test_a_withdrawn_label_leaves_whose_it_is_and_the_next_revision() -> None:
    registry = MongomockRegistry("farol")
    registry.run(PredictionRepository().add_many([prediction("p1", created_at=at(2))]))
    registry.run(record_outcomes([outcome(1.0, at(5))], now=at(10)))
    registry.run(record_outcomes([outcome(0.0, at(6))], now=at(11)))

    registry.run(record_outcomes([outcome(0.0, at(1))], now=at(12)))

    place = {
        "_id": "2023:RA-1", "student_id": "RA-1", "period": "2023",
        "first_observed_at": at(1), "withdrawn": True, "revision": 3,
    }  # fmt: skip
    assert registry.run(stored("labels")) == [place]
    (orphan,) = registry.run(stored("orphan_labels"))
    assert (orphan["_id"], orphan["revision"]) == ("2023:RA-1", 3)


def test_an_outcome_older_than_the_only_prediction_bars_the_place_of_its_label() -> None:
    registry = MongomockRegistry("farol")
    registry.run(PredictionRepository().add_many([prediction("p1", created_at=at(2))]))

    registry.run(record_outcomes([outcome(1.0, at(1))], now=at(3)))

    (place,) = registry.run(stored("labels"))
    assert (place["withdrawn"], place["revision"], place["first_observed_at"]) == (True, 1, at(1))


def test_named_and_anonymous_subjects_are_settled_in_one_look() -> None:
    registry = MongomockRegistry("farol")
    registry.run(PredictionRepository().add_many([prediction("p1"), prediction("p2", None)]))
    registry.run(StudentRepository().observe([observation("RA-3")]))
    told = [
        outcome(observed_at=at(5)), outcome(observed_at=at(5), prediction_id="p2"),
        outcome(observed_at=at(5), student_id="RA-3"), outcome(student_id="RA-9"),
    ]  # fmt: skip
    registry.asked.clear()

    decisions = registry.run(record_outcomes(told, now=at(10)))

    assert [d.status for d in decisions] == [JoinStatus.JOINED] * 3 + [JoinStatus.ORPHANED]
    joined = {
        label.student_id: label.prediction_id for label in registry.run(LabelRepository().newest(0))
    }
    assert joined == {"RA-1": "p1", "~p2": "p2", "RA-3": None}
    # Nothing else waited even for a moment.
    inserted = [c for c in registry.asked if isinstance(c, InsertMany)]
    orphans = [d["_id"] for c in inserted if c.collection == "orphan_labels" for d in c.documents]
    assert orphans == ["2023:RA-9"]


def test_an_orphan_holds_what_was_reported_last() -> None:
    registry = MongomockRegistry("farol")
    registry.run(record_outcomes([outcome(1.0, at(1))], now=at(2)))

    registry.run(record_outcomes([outcome(0.0, at(3))], now=at(4)))

    (orphan,) = registry.run(OrphanRepository().newest(0))
    assert ([former.former for former in orphan.history], orphan.outcome) == ([1.0], 0.0)


def test_predictions_without_a_student_are_looked_for_by_their_ids_alone() -> None:
    registry = MongomockRegistry("farol")

    registry.run(settle([("~p1", "2023"), ("~p2", "2023")]))

    assert [find.where for find in registry.finds("predictions")] == [
        {"_id": {"$in": ["p1", "p2"]}}
    ]


def test_facts_are_told_of_each_subject_and_nothing_is_written() -> None:
    registry = MongomockRegistry("farol")
    registry.run(PredictionRepository().add_many([prediction("p1", created_at=at(1))]))
    registry.run(record_outcomes([outcome(1.0, at(5)), outcome(student_id="RA-2")], now=at(10)))
    registry.run(forget("predictions"))
    registry.asked.clear()
    subjects = [("RA-2", "2023"), ("RA-1", "2023"), ("RA-1", "2023"), ("RA-3", "2023")]

    facts = registry.run(facts_of(subjects))

    assert list(facts) == [("RA-1", "2023"), ("RA-2", "2023"), ("RA-3", "2023")]
    joined, waits, nothing = facts.values()
    assert isinstance(joined.outcome, Label)
    assert joined.outcome.prediction_id == "p1"
    assert isinstance(waits.outcome, OrphanLabel)
    assert (nothing.outcome, nothing.report_ids) == (None, ())
    assert len(registry.asked) == len(registry.finds())
    registry.asked.clear()
    assert registry.run(facts_of([])) == {}
    assert registry.asked == []


def up_to(registry: MongomockRegistry, op: Op[Any], collection: str) -> Command:
    """Runs an operation until before its first insertion there; gives that command."""
    command = next(op)
    while not (isinstance(command, InsertMany) and command.collection == collection):
        command = op.send(registry.execute(command))
    return command


def test_labels_that_another_writer_wrote_after_both_had_read_hold_what_both_say() -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation("RA-1"), observation("RA-2")]))
    registry.run(record_outcomes([outcome(0.0, at(1), student_id="RA-2")], now=at(2)))

    def both(value: float, day: float) -> Op[Any]:
        said = [outcome(value, at(day), student_id=one) for one in ("RA-1", "RA-2")]
        return record_outcomes(said, now=at(day))

    one, other = both(1.0, 3), both(0.0, 4)
    before_one = up_to(registry, one, "labels")
    before_other = up_to(registry, other, "labels")
    registry.run(rest_of(one, before_one))
    registry.run(rest_of(other, before_other))

    new, corrected = (
        registry.run(LabelRepository().of(student, "2023")) for student in ("RA-1", "RA-2")
    )
    assert ([c.former for c in new.history], new.outcome) == ([1.0], 0.0)
    assert ([c.former for c in corrected.history], corrected.outcome) == ([0.0, 1.0], 0.0)


@pytest.mark.parametrize("value", [1.0, 0.0])
def test_a_label_that_nobody_else_writes_is_read_once(value: float) -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation()]))
    registry.run(record_outcomes([outcome(1.0, at(5))], now=at(10)))
    registry.asked.clear()

    registry.run(record_outcomes([outcome(value, at(6))], now=at(11)))

    assert len(registry.finds("labels")) == 1
