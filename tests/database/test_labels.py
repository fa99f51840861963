"""Outcomes become labels, on every server and driver."""

from __future__ import annotations

from datetime import datetime

import pytest

from database.driver.commands import DeleteMany, Op
from database.labelling.linking import join_orphans
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.outcomes import label_key
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.errors import NotFound
from model.label import JoinStatus, Outcome
from tests.database.builders import START, at, observation, outcome, prediction
from tests.database.drivers import Run

LATER = at(100)


def status(run: Run, *outcomes: Outcome, now: datetime = LATER) -> list[JoinStatus]:
    decisions = run(record_outcomes(outcomes, now=now))
    return [decision.status for decision in decisions]


def test_an_outcome_joins_the_latest_prediction_before_it(run: Run) -> None:
    run(
        PredictionRepository().add_many(
            [
                prediction("early", created_at=at(1), features={"inde": 1.0}),
                prediction("latest", created_at=at(2), features={"inde": 2.0}),
                prediction("after", created_at=at(9), features={"inde": 9.0}),
            ]
        )
    )
    run(StudentRepository().observe([observation()]))

    assert status(run, outcome(observed_at=at(5))) == [JoinStatus.JOINED]

    label = run(LabelRepository().of("RA-1", "2023"))
    assert label.features == {"inde": 2.0}
    assert (label.prediction_id, label.risk_score, label.model_version) == ("latest", 0.25, "v1")
    assert label.protected == {"gender": "F"}
    assert (label.outcome, label.arrived_at) == (1.0, at(100))


def test_without_a_prediction_the_observation_is_what_was_known(run: Run) -> None:
    run(StudentRepository().observe([observation()]))

    assert status(run, outcome(observed_at=at(5))) == [JoinStatus.JOINED]

    label = run(LabelRepository().of("RA-1", "2023"))
    assert (label.features, label.prediction_id) == ({"inde": 6.0}, None)


def test_by_prediction_and_again_by_student_counts_once(run: Run) -> None:
    run(PredictionRepository().add_many([prediction("p1")]))

    first = status(run, outcome(observed_at=at(5), prediction_id="p1"))
    again = status(run, outcome(observed_at=at(5)), outcome(observed_at=at(6)), now=at(200))

    assert first == [JoinStatus.JOINED]
    assert again == [JoinStatus.DUPLICATE, JoinStatus.DUPLICATE]
    assert run(LabelRepository().count()) == 1
    assert run(LabelRepository().of("RA-1", "2023")).arrived_at == at(100)


def test_what_stands_in_a_labels_place_is_not_counted(run: Run) -> None:
    run(PredictionRepository().add_many([prediction("after", created_at=at(9))]))
    run(StudentRepository().observe([observation("RA-2")]))

    told = status(run, outcome(observed_at=at(5)), outcome(student_id="RA-2", observed_at=at(5)))

    assert told == [JoinStatus.ORPHANED, JoinStatus.JOINED]
    place = run(LabelRepository().stored(label_key("RA-1", "2023")))
    assert place is not None
    assert place["withdrawn"]
    assert run(LabelRepository().count()) == 1


def test_a_batch_that_repeats_itself_counts_once(run: Run) -> None:
    run(StudentRepository().observe([observation()]))

    assert status(run, outcome(), outcome(), outcome(observed_at=at(1))) == [
        JoinStatus.JOINED,
        JoinStatus.DUPLICATE,
        JoinStatus.DUPLICATE,
    ]


def test_a_correction_keeps_the_former_value(run: Run) -> None:
    run(StudentRepository().observe([observation()]))
    status(run, outcome(1.0, at(5)), now=at(10))

    assert status(run, outcome(0.0, at(5)), now=at(20)) == [JoinStatus.CORRECTED]

    label = run(LabelRepository().of("RA-1", "2023"))
    assert (label.outcome, label.arrived_at) == (0.0, at(20))
    assert [(c.former, c.arrived_at, c.source) for c in label.history] == [(1.0, at(10), "school")]


def test_a_correction_back_is_a_correction_too(run: Run) -> None:
    run(StudentRepository().observe([observation()]))
    status(run, outcome(1.0, at(5)), now=at(10))
    status(run, outcome(0.0, at(6)), now=at(20))

    assert status(run, outcome(1.0, at(7)), now=at(30)) == [JoinStatus.CORRECTED]
    assert [c.former for c in run(LabelRepository().of("RA-1", "2023")).history] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("reported", "reason"),
    [
        (outcome(observed_at=at(101)), "future"),
        (outcome(observed_at=at(-1), prediction_id="p1"), "before the prediction"),
        (outcome(value=float("nan")), "number"),
        (outcome(student_id="RA-1", period=None), "names neither"),
    ],
)
def test_an_impossible_outcome_is_rejected_with_the_reason(
    run: Run, reported: Outcome, reason: str
) -> None:
    run(PredictionRepository().add_many([prediction("p1")]))

    (decision,) = run(record_outcomes([reported], now=at(100)))

    assert decision.status is JoinStatus.REJECTED
    assert reason in decision.reason
    assert run(LabelRepository().count()) == run(OrphanRepository().count()) == 0


def test_an_orphan_is_joined_when_its_features_arrive(run: Run) -> None:
    assert status(run, outcome(observed_at=at(5))) == [JoinStatus.ORPHANED]
    assert [o.student_id for o in run(OrphanRepository().newest(0))] == ["RA-1"]
    assert run(join_orphans(now=at(101))) == 0

    run(StudentRepository().observe([observation(observed_at=at(101))]))
    assert run(join_orphans(now=at(101), student_ids=["nobody"])) == 0
    assert run(join_orphans(now=at(101), student_ids=["RA-1"])) == 1

    assert run(LabelRepository().of("RA-1", "2023")).arrived_at == at(101)
    assert run(OrphanRepository().count()) == 0


def test_an_outcome_may_come_before_the_prediction_it_names(run: Run) -> None:
    assert status(run, outcome(observed_at=at(5), prediction_id="late")) == [JoinStatus.ORPHANED]

    run(PredictionRepository().add_many([prediction("late", created_at=at(2))]))

    assert run(join_orphans(now=at(101), prediction_ids=["late"])) == 1
    assert run(LabelRepository().of("RA-1", "2023")).prediction_id == "late"
    assert run(OrphanRepository().count()) == 0


def test_a_prediction_without_a_student_has_a_label_of_its_own(run: Run) -> None:
    run(PredictionRepository().add_many([prediction("p1", None)]))

    assert status(run, outcome(observed_at=at(5), prediction_id="p1")) == [JoinStatus.JOINED]

    assert run(LabelRepository().of("~p1", "2023")).features == {"inde": 7.5, "fase": "3"}
    assert [label.student_id for label in run(LabelRepository().of_predictions(["p1"]))] == ["~p1"]


def test_a_window_shows_what_had_arrived_by_then(run: Run) -> None:
    run(StudentRepository().observe([observation(s) for s in "abc"]))
    for day, student in enumerate("abc"):
        status(run, outcome(1.0, student_id=student), now=at(10 + day))
    status(run, outcome(0.0, at(1), student_id="a"), now=at(20))

    then = run(LabelRepository().window(arrived_until=at(11), limit=0))
    now = run(LabelRepository().window(arrived_until=at(20), limit=2))
    everything = run(LabelRepository().window(arrived_until=at(20), limit=0))

    assert [(x.student_id, x.outcome, x.history) for x in then] == [("b", 1.0, ()), ("a", 1.0, ())]
    assert [x.student_id for x in now] == ["c", "b"]
    assert [x.outcome for x in everything] == [1.0, 1.0, 0.0]
    assert [x.student_id for x in run(LabelRepository().newest(1))] == ["a"]


def test_what_a_window_has_no_room_for_is_counted_by_period(run: Run) -> None:
    for day, student in enumerate("abc"):
        status(run, outcome(1.0, student_id=student), now=at(10 + day))
    run(StudentRepository().observe([observation(s) for s in "abc"]))
    run(join_orphans(now=at(20)))

    assert run(LabelRepository().beyond(arrived_until=at(20), limit=1)) == {"2023": 2}
    assert run(LabelRepository().beyond(arrived_until=at(20), limit=3)) == {}
    assert run(LabelRepository().beyond(arrived_until=at(20), limit=0)) == {}
    assert run(LabelRepository().beyond(arrived_until=at(11), limit=1)) == {"2023": 1}


def test_labels_outlive_the_predictions_they_were_joined_to(run: Run) -> None:
    run(PredictionRepository().add_many([prediction("p1", features={"inde": 2.0})]))
    status(run, outcome(1.0, at(5)), now=at(10))
    run(_forget_predictions())

    assert status(run, outcome(0.0, at(5)), now=at(20)) == [JoinStatus.CORRECTED]

    label = run(LabelRepository().of("RA-1", "2023"))
    assert (label.outcome, label.features, label.prediction_id) == (0.0, {"inde": 2.0}, "p1")


def test_an_unknown_label_is_not_found(run: Run) -> None:
    with pytest.raises(NotFound):
        run(LabelRepository().of("RA-1", "2023"))
    assert run(LabelRepository().window(arrived_until=START, limit=0)) == []


def _forget_predictions() -> Op[None]:
    yield DeleteMany("predictions", {})
