"""Two units and one student's id: each joins its own, whatever comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings

from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.outcomes import OutcomeRepository
from database.predictions import PredictionRepository
from database.repair import repair
from database.students import StudentRepository
from model.label import JoinStatus, Label, OrphanLabel, Outcome
from model.labels.facts import JoinDecision
from model.prediction import Prediction
from tests.database.builders import at, observation, outcome, prediction
from tests.database.drivers import MongomockRegistry
from tests.database.histories import (
    History,
    Observed,
    Reported,
    histories,
    moment_of,
    plainly,
    units_of,
    wildly,
    without_repeats,
)
from tests.database.test_histories import EXAMPLES, any_example, empty

some_examples = settings(any_example, max_examples=EXAMPLES // 2)
CITY = histories(without_repeats, ("", "north", "south", "north", "south"))


@some_examples
@given(CITY)
def test_any_telling_of_two_units_ends_in_the_labels_of_the_plain_one(history: History) -> None:
    plain, wild = empty(), empty()

    expected = plainly(plain.run, history)
    found = wildly(wild.execute, wild.run, history)

    assert found == expected
    assert waiting(wild) == waiting(plain)


@some_examples
@given(CITY)
def test_a_label_rests_on_records_and_reports_of_its_own_unit(history: History) -> None:
    registry = empty()

    for label in plainly(registry.run, history):
        assert label.units == units_of(label.unit)
        assert {label.source, *(former.source for former in label.history)} <= {
            label.unit or None,
            None,
        }
        if label.prediction_id is not None:
            served = registry.run(PredictionRepository().get(label.prediction_id))
            assert served.unit in {label.unit, ""}
            assert served.unit == label.unit or observed_unit(history, label) == label.unit


@some_examples
@given(CITY)
def test_what_a_unit_is_answered_is_the_same_whatever_the_other_unit_does(history: History) -> None:
    assert answers_to_north(history, without=None) == answers_to_north(history, without="south")


def test_an_unknown_students_outcome_never_joins_the_child_of_another_school() -> None:
    registry = empty()
    (first,) = registry.run(record_outcomes([told("south", 1.0)], now=at(1)))
    seen = replace(observation(), units=units_of("north"), unit="north")
    registry.run(StudentRepository().observe([seen]))

    registry.run(repair(now=at(9), full=True))

    assert first.status is JoinStatus.ORPHANED
    assert registry.run(LabelRepository().count()) == 0
    (kept,) = registry.run(OrphanRepository().newest())
    assert (kept.unit, kept.outcome) == ("south", 1.0)
    (ours,) = registry.run(record_outcomes([told("north", 0.0)], now=at(9)))
    (label,) = registry.run(LabelRepository().newest())
    assert ours.status is JoinStatus.JOINED
    assert (label.unit, label.units, label.outcome) == ("north", units_of("north"), 0.0)
    assert label.history == ()


def test_a_prediction_of_another_unit_is_as_unknown_as_one_that_was_never_made() -> None:
    registry = empty()
    registry.run(PredictionRepository().add_many([of("north", "p1", "RA-1")]))
    foreign = replace(outcome(observed_at=at(1), prediction_id="p1"), unit="south")
    made_up = replace(foreign, prediction_id="p9")

    known, unknown = registry.run(record_outcomes([foreign, made_up], now=at(1)))
    registry.run(repair(now=at(9), full=True))

    assert known == unknown == JoinDecision(JoinStatus.ORPHANED, "its features are not here yet")
    assert registry.run(LabelRepository().count()) == 0
    assert registry.run(OrphanRepository().count()) == 2
    ours = replace(foreign, unit="north")
    assert registry.run(record_outcomes([ours], now=at(9)))[0].status is JoinStatus.JOINED
    assert registry.run(OrphanRepository().count()) == 2


def test_how_many_outcomes_may_wait_does_not_tell_whom_another_unit_knows() -> None:
    def answers(*served: str) -> list[JoinStatus]:
        registry = empty()
        registry.run(PredictionRepository().add_many([of("north", f"p{i}", i) for i in served]))
        registry.run(record_outcomes([told("north", 1.0, i) for i in served], now=at(1)))
        asked = [told("south", 1.0, i) for i in "abcd"]
        decisions = []
        for one in asked:
            decisions += registry.run(record_outcomes([one], now=at(1), most_waiting=2))
        return [decision.status for decision in decisions]

    assert answers("a", "b") == answers() == [JoinStatus.ORPHANED] * 2 + [JoinStatus.REJECTED] * 2


def test_a_school_that_predicts_for_anothers_child_cannot_label_it() -> None:
    registry = empty()
    registry.run(StudentRepository().observe([observation()]))
    registry.run(record_outcomes([told("", 0.0)], now=at(1)))
    late = replace(of("south", "p1", "RA-1"), created_at=at(2))
    registry.run(PredictionRepository().add_many([late]))

    registry.run(record_outcomes([told("south", 1.0, observed=3)], now=at(3)))
    registry.run(repair(now=at(9), full=True))

    (label,) = registry.run(LabelRepository().newest())
    assert (label.unit, label.outcome, label.prediction_id) == ("", 0.0, None)
    assert [one.unit for one in registry.run(OrphanRepository().newest())] == ["south"]


def test_the_file_that_says_where_a_student_is_moves_the_label_there() -> None:
    registry = empty()
    registry.run(PredictionRepository().add_many([of("south", "p1", "RA-1")]))
    registry.run(record_outcomes([told("south", 1.0), told("north", 0.0)], now=at(1)))
    (before,) = registry.run(LabelRepository().newest())

    registry.run(Observed("RA-1", "2023", 2.0, "north").tell(at(2)))

    (after,) = registry.run(LabelRepository().newest())
    assert (before.unit, before.outcome) == ("south", 1.0)
    assert (after.unit, after.outcome, after.features) == ("north", 0.0, {"inde": 2.0})
    assert [one.unit for one in registry.run(OrphanRepository().newest())] == ["south"]
    assert registry.run(OutcomeRepository().count()) == 2


def test_a_prediction_that_told_no_school_is_joined_where_the_file_tells_it() -> None:
    registry = empty()
    registry.run(PredictionRepository().add_many([prediction()]))
    registry.run(Observed("RA-1", "2023", 2.0, "north").tell(at(1)))

    registry.run(record_outcomes([told("", 1.0, observed=2)], now=at(2)))

    (label,) = registry.run(LabelRepository().newest())
    assert (label.prediction_id, label.unit, label.units) == ("p1", "north", units_of("north"))


def told(unit: str, value: float, student: str = "RA-1", observed: float = 1) -> Outcome:
    return replace(outcome(value, at(observed), student_id=student), unit=unit, source=unit or None)


def of(unit: str, prediction_id: str, student: str) -> Prediction:
    return replace(prediction(prediction_id, student), units=units_of(unit), unit=unit)


def waiting(registry: MongomockRegistry) -> list[OrphanLabel]:
    """What waits for a student's features.

    What names a prediction and contradicts it is refused if the prediction is here, else it waits.
    """
    found = [one for one in registry.run(OrphanRepository().newest(0)) if one.period]
    return sorted(found, key=lambda o: (o.student_id, o.period, o.unit))


def observed_unit(history: History, label: Label) -> str:
    """The unit that the last file tells of the label's student and period."""
    files = [e for e in history.events if isinstance(e, Observed)]
    of_label = [
        e.unit for e in files if (e.student_id, e.period) == (label.student_id, label.period)
    ]
    return of_label[-1] if of_label else ""


def answers_to_north(history: History, *, without: str | None) -> list[JoinDecision]:
    """What reports of one unit are answered, outcome by outcome.

    Files of the other unit are left out in any case: one that comes later says that a student
    moved, and then is seen there only.
    """
    registry = empty()
    answers: list[JoinDecision] = []
    for position, event in enumerate(history.events):
        moment = moment_of(position)
        if isinstance(event, Reported):
            for reported, age in event.outcomes:
                if reported.unit == without:
                    continue
                one = replace(reported, observed_at=moment - timedelta(days=age))
                decisions = registry.run(record_outcomes([one], now=moment, most_waiting=2))
                answers += decisions if reported.unit == "north" else []
        elif event.unit != without and not (isinstance(event, Observed) and event.unit == "south"):
            registry.run(event.tell(moment))
    return answers
