"""What a label keeps of facts that are gone."""

from __future__ import annotations

from database.driver.commands import DeleteMany, Document, Find, Op
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.label import JoinStatus
from tests.database.builders import at, observation, outcome, prediction
from tests.database.drivers import MongomockRegistry


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
