"""What is removed for its age, and what of it stays, on every server and driver."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from database.ageing.kinds import KINDS
from database.ageing.outcomes import remove_outcomes
from database.ageing.predictions import thin_predictions
from database.ageing.records import AgeingRepository, ServedDayRepository
from database.batches import BatchRepository
from database.drift_reports import DriftReportRepository
from database.driver.commands import DeleteMany
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.helping.interventions import InterventionRepository
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from database.lists.published import PublishedListRepository
from database.outcomes import OutcomeRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.ageing.record import old_before
from model.batch import Batch, BatchKind, RowReject
from model.drift import DriftReport
from model.helping.action import Action, ActionKind
from model.helping.intervention import Assignment, Intervention
from model.lists.published import PublishedList
from preprocessing.task.policies import RetentionPolicy
from retraining.ageing.duty import age, age_records
from tests.database.builders import START, at, observation, outcome, prediction
from tests.database.drivers import MongomockRegistry, Run
from tests.retraining.school import task

NOW = START + timedelta(days=400)
BEFORE = old_before(NOW, 100)
OLD, NEW = START, NOW - timedelta(days=10)


def served(number: int, created_at: Any, **more: Any) -> Any:
    made = prediction(f"{created_at:%m%d}p{number}", f"RA-{number}", created_at=created_at)
    return replace(made, **{"unit": "a", **more})


def test_old_predictions_leave_a_day_of_figures_and_new_ones_stay(run: Run) -> None:
    first = [served(n, OLD + timedelta(minutes=n)) for n in range(12)]
    second = [served(n, OLD + timedelta(days=1, minutes=n)) for n in range(9)]
    run(PredictionRepository().add_many([*first, *second, served(1, NEW)]))

    assert run(KINDS[0].old(BEFORE)).number == 21
    assert run(thin_predictions(BEFORE, page=5)) == 21
    assert run(thin_predictions(BEFORE, page=5)) == 0

    assert [p.created_at for p in run(PredictionRepository().newest(0))] == [NEW]
    days = run(ServedDayRepository().newest())
    assert [len(day.cells) for day in days] == [0, 1]
    (cell,) = days[1].cells
    assert (cell.unit, cell.status, cell.predictions, cell.mean) == ("a", "expected", 12, 0.25)


@pytest.mark.parametrize("number", [0, 1, 2, 3, 7, 8, 30])
def test_how_many_are_old_is_found_by_places_in_the_index(number: int) -> None:
    registry = MongomockRegistry("farol")
    old = [served(n, OLD + timedelta(minutes=n)) for n in range(number)]
    new = [served(n, NEW + timedelta(minutes=n)) for n in range(11)]
    registry.run(PredictionRepository().add_many([*old, *new]))

    assert registry.run(KINDS[0].old(BEFORE)).number == number


def test_a_day_that_was_stopped_after_its_figures_is_counted_once() -> None:
    registry = MongomockRegistry("farol")
    registry.run(PredictionRepository().add_many([served(n, OLD) for n in range(30)]))
    op = thin_predictions(BEFORE)
    answer: Any = None
    with pytest.raises(StopIteration):
        while True:
            command = op.send(answer)
            if isinstance(command, DeleteMany):
                # The process dies when half of the day is gone.
                ids = command.where["_id"]["$in"]
                registry.execute(DeleteMany(command.collection, {"_id": {"$in": ids[:15]}}))
                op.close()
                raise StopIteration
            answer = registry.execute(command)

    assert registry.run(thin_predictions(BEFORE)) == 15
    (day,) = registry.run(ServedDayRepository().newest())
    assert [cell.predictions for cell in day.cells] == [30]


def test_a_label_goes_with_its_reports_unless_one_came_lately(run: Run) -> None:
    for student in ("RA-1", "RA-2"):
        run(StudentRepository().observe([observation(student)]))
        run(record_outcomes([outcome(1.0, at(1), student_id=student)], now=at(1)))
    run(record_outcomes([outcome(0.0, NEW, student_id="RA-2")], now=NEW))

    assert run(remove_outcomes(BEFORE)) == 1

    assert [label.student_id for label in run(LabelRepository().newest())] == ["RA-2"]
    left = run(OutcomeRepository().documents())
    assert {report["student_id"] for report in left} == {"RA-2"}
    assert len(left) == 2


def test_a_report_that_comes_while_its_label_goes_keeps_the_label() -> None:
    registry = MongomockRegistry("farol")
    registry.run(StudentRepository().observe([observation("RA-1")]))
    registry.run(record_outcomes([outcome(1.0, at(1), student_id="RA-1")], now=at(1)))
    op, answer = remove_outcomes(BEFORE), None
    removed = None
    while removed is None:
        try:
            command = op.send(answer)
        except StopIteration as done:
            removed = done.value
            break
        if isinstance(command, DeleteMany) and command.collection == LabelRepository.collection:
            late = outcome(0.0, NEW, student_id="RA-1")
            registry.run(record_outcomes([late], now=NEW))
        answer = registry.execute(command)

    (label,) = registry.run(LabelRepository().newest())
    assert (removed, label.outcome) == (0, 0.0)


def test_old_periods_of_a_student_go_and_who_has_none_left(run: Run) -> None:
    run(StudentRepository().observe([
        observation("RA-1", "2022", OLD), observation("RA-1", "2023", NEW),
        observation("RA-2", "2022", OLD), observation("RA-3", "2023", NEW),
    ]))  # fmt: skip
    for student in ("RA-1", "RA-2"):
        run(AssignmentRepository().put(Assignment(student, "maria", "key", OLD)))
    kind = next(kind for kind in KINDS if kind.name == "students")

    assert run(kind.old(BEFORE)).number == 2
    assert (run(kind.remove(BEFORE)), run(kind.remove(BEFORE))) == (2, 0)

    left = {
        s.student_id: [o.period for o in s.observations] for s in run(StudentRepository().newest())
    }
    assert left == {"RA-1": ["2023"], "RA-3": ["2023"]}
    assert len(run(AssignmentRepository().of_student("RA-1"))) == 1
    assert run(AssignmentRepository().of_student("RA-2")) == []


def test_what_is_due_again_and_help_that_goes_on_stay(run: Run) -> None:
    for name, due in (("a1", None), ("a2", NEW.date())):
        run(ActionRepository().add(
            Action(name, name, "2023", ActionKind.SEEN, OLD, "key", next_on=due)
        ))  # fmt: skip
    for name, end in (("i1", date(2024, 1, 2)), ("i2", None)):
        run(InterventionRepository().add(
            Intervention(name, name, "tutoring", date(2023, 12, 1), OLD, "key", end=end)
        ))  # fmt: skip
    kind = next(kind for kind in KINDS if kind.name == "actions")

    found = run(kind.old(BEFORE))

    assert (found.number, run(kind.remove(BEFORE)), found.oldest) == (2, 2, OLD)
    assert [a.action_id for a in run(ActionRepository().newest())] == ["a2"]
    assert [i.intervention_id for i in run(InterventionRepository().newest())] == ["i2"]


def test_the_newest_periods_list_stands_and_a_files_counts_stay(run: Run) -> None:
    run(StudentRepository().observe([observation("RA-1", "2023", NEW)]))
    for name, period in (("l1", "2022"), ("l2", "2023")):
        announced = PublishedList(name, period, "v1", OLD, "worker")
        run(PublishedListRepository().announce(announced))
        run(PublishedListRepository().complete(announced))
    rejects = (RowReject(7, "ra", "is missing"),)
    run(BatchRepository().add(
        Batch("b1", BatchKind.LABELLED, "f.csv", "2023", 9, 8, rejects, {}, (), OLD)
    ))  # fmt: skip
    run(DriftReportRepository().add(DriftReport("d1", OLD, "v1", 60, ("2023",), (), drifted=False)))
    named = {kind.name: kind for kind in KINDS}

    for name in ("lists", "rejects", "drift"):
        assert run(named[name].old(BEFORE)).number == 1
        assert (run(named[name].remove(BEFORE)), run(named[name].remove(BEFORE))) == (1, 0)

    assert [one.list_id for one in run(PublishedListRepository().newest())] == ["l2"]
    (batch,) = run(BatchRepository().newest())
    assert (batch.rejects, batch.rejected) == ((), 1)
    assert run(DriftReportRepository().newest()) == []


def test_the_worker_tells_for_a_week_then_removes_and_a_dry_run_never_does() -> None:
    registry = MongomockRegistry("farol")
    registry.run(PredictionRepository().add_many([served(n, OLD) for n in range(12)]))
    spec = task().model_copy(update={"retention": RetentionPolicy(predictions_days=100)})

    told = age_records(registry, spec, b"", NOW)
    age(registry, spec, NOW + timedelta(days=8), lambda _age, _now: False)
    kept = registry.run(PredictionRepository().count())
    then = age_records(registry, spec, b"", NOW + timedelta(days=8))

    assert told == f"predictions: 12 older than 100 days, removed from {NOW + timedelta(7):%F} on"
    assert kept == 12
    assert then == "predictions: 12 older than 100 days, removed"
    looked = registry.run(AgeingRepository().current())
    assert looked is not None
    assert [(one.found, one.removed) for one in looked.kinds] == [(12, 12)]
    assert registry.run(PredictionRepository().count()) == 0


def test_a_task_that_names_no_age_writes_nothing() -> None:
    registry = MongomockRegistry("farol")

    assert age_records(registry, task(), b"", NOW).endswith("all are kept")
    assert registry.run(AgeingRepository().current()) is None
