"""A dossier holds all that an erasure would delete, and a unit's part nothing of another unit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from database.dossier import SECTIONS, Dossier, KeptDocument, dossier_of, within
from database.driver.commands import DeleteMany, Op
from database.erasing.erasure import KEPT_UNDER
from database.labelling.recording import record_outcomes
from database.lists.published import ListedRowRepository
from database.outcomes import OutcomeRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.label import Label, Outcome
from model.prediction import Prediction
from tests.database.builders import at, observation, outcome, prediction
from tests.database.drivers import Run
from tests.database.helping.builders import action, assignment, help_kept, intervention
from tests.database.lists.builders import listed
from tests.database.rights.builders import objection, rectification, rights_used


def known_everywhere(run: Run, student: str = "RA-1") -> None:
    """Seen, predicted, labelled twice, and with an outcome that waits."""
    run(StudentRepository().observe([observation(student), observation(student, "2022")]))
    run(PredictionRepository().add_many([prediction(f"p-{student}", student)]))
    run(record_outcomes([outcome(1.0, at(1), student_id=student)], now=at(2)))
    run(record_outcomes([outcome(0.0, at(3), student_id=student)], now=at(4)))
    run(record_outcomes([outcome(student_id=student, period="2021")], now=at(5)))
    run(help_kept(student))
    run(ListedRowRepository().add_many([listed("l1", student)]))
    run(rights_used(student))


def test_a_dossier_holds_what_is_kept_of_one_student_and_of_no_other(run: Run) -> None:
    for student in ("RA-1", "RA-2"):
        known_everywhere(run, student)

    found = run(dossier_of("RA-1"))

    assert [record.period for record in found.records] == ["2022", "2023"]
    assert found.predictions
    assert [(one.outcome, [h.former for h in one.history]) for one in found.labels] == [
        (0.0, [1.0])
    ]
    assert [one.period for one in found.orphans] == ["2021"]
    assert [one.at for one in found.outcomes] == [at(5), at(4), at(2)]
    assert found.actions == (action("a-RA-1", "RA-1"),)
    assert found.interventions == (intervention("i-RA-1", "RA-1"),)
    assert found.assigned == (assignment("RA-1"),)
    assert found.listed == (listed("l1", "RA-1"),)
    assert found.corrections == (rectification("c-RA-1", "RA-1"),)
    assert found.objection == objection("RA-1")
    assert "RA-2" not in str(found)
    assert run(dossier_of("RA-3")).empty


@pytest.mark.parametrize("collection", KEPT_UNDER)
def test_a_collection_that_is_erased_is_told(run: Run, collection: str) -> None:
    assert collection in SECTIONS, f"add {collection} to SECTIONS of database/dossier.py"
    known_everywhere(run)
    whole = run(dossier_of("RA-1"))

    run(emptied(collection))
    rest = run(dossier_of("RA-1"))

    changed = {
        section
        for section in Dossier.__dataclass_fields__
        if getattr(whole, section) != getattr(rest, section)
    }
    assert changed == {SECTIONS[collection]}, f"dossier_of does not tell {collection}"


def emptied(collection: str) -> Op[None]:
    yield DeleteMany(collection, {})


def test_what_waits_outside_the_registry_is_told_once_and_leads_to_its_outcomes(run: Run) -> None:
    run(PredictionRepository().add_many([prediction("p1")]))
    run(record_outcomes([outcome(prediction_id="p2")], now=at(9)))
    waiting = [KeptDocument("p1", at(0), "2023", ""), KeptDocument("p2", at(1), "2023", "")]

    found = run(dossier_of("RA-1", waiting))

    assert (found.predictions, [one.key for one in found.waiting]) == (True, ["p2"])
    (reported,) = found.outcomes
    assert run(OutcomeRepository().get(reported.key)).prediction_id == "p2"


def test_an_outcome_that_names_the_student_beside_an_unknown_prediction_is_told(run: Run) -> None:
    stated = Outcome(1.0, at(0), prediction_id="nowhere", student_id="RA-1", period="2023")
    run(record_outcomes([stated], now=at(9)))

    assert len(run(dossier_of("RA-1")).outcomes) == 1


def of_unit(one: Prediction, unit: str) -> Prediction:
    return replace(one, unit=unit, units={"escola": unit})


def test_a_units_part_is_the_same_whatever_another_unit_knows(run: Run) -> None:
    """What school A did for an id is told alike where B has a child of that id and where not."""
    home = replace(observation("RA-B"), unit="b", units={"escola": "b"})
    run(StudentRepository().observe([home]))
    run(PredictionRepository().add_many([of_unit(prediction("p-other", "RA-B"), "b")]))
    run(record_outcomes([replace(outcome(student_id="RA-B"), unit="b")], now=at(1)))
    for student in ("RA-B", "RA-0"):
        run(PredictionRepository().add_many([of_unit(prediction(f"p-{student}", student), "a")]))
        reported = outcome(0.0, at(2), student_id=student)
        run(record_outcomes([replace(reported, unit="a")], now=at(3)))

    there, nowhere = (part(run, student, "a") for student in ("RA-B", "RA-0"))
    theirs = part(run, "RA-B", "b")

    assert told(there) == told(nowhere) == (0, True, ["a"], [(0.0, "a")], 0)
    assert told(theirs) == (1, True, ["b"], [(1.0, "b")], 0)
    assert part(run, "RA-B", "c").empty


def test_a_unit_that_names_a_prediction_of_another_is_not_told_whose_it_is(run: Run) -> None:
    run(PredictionRepository().add_many([of_unit(prediction("p1"), "b")]))
    named = replace(outcome(prediction_id="p1"), unit="a")
    run(record_outcomes([named], now=at(9)))

    assert part(run, "RA-1", "a").empty
    assert part(run, "RA-1", "b").outcomes == ()
    assert len(run(dossier_of("RA-1")).outcomes) == 1


def test_a_report_without_a_unit_is_of_the_one_that_the_schools_record_names(run: Run) -> None:
    run(StudentRepository().observe([replace(observation(), unit="a", units={"escola": "a"})]))
    run(record_outcomes([outcome(1.0, at(1))], now=at(2)))

    assert told(part(run, "RA-1", "a")) == (1, False, [""], [(1.0, "a")], 0)
    assert part(run, "RA-1", "b").empty


def test_an_outcome_whose_prediction_has_come_and_is_not_joined_yet_is_told(run: Run) -> None:
    named = [outcome(prediction_id=one) for one in ("p1", "p-other", "p-nowhere")]
    run(record_outcomes(named, now=at(9)))
    run(PredictionRepository().add_many([prediction("p1"), prediction("p-other", "RA-2")]))

    (reported,) = run(dossier_of("RA-1")).outcomes

    assert run(OutcomeRepository().get(reported.key)).prediction_id == "p1"


def test_a_students_predictions_come_in_pages_and_of_some_units(run: Run) -> None:
    days = [(f"p{n}", n, "ab"[n % 2]) for n in range(6)]
    made = [of_unit(prediction(key, created_at=at(day)), unit) for key, day, unit in days]
    run(PredictionRepository().add_many([*made, prediction("else", "RA-2")]))

    def keys(**page: Any) -> list[str]:
        found = run(PredictionRepository().of_student("RA-1", **page))
        return [one.prediction_id for one in found]

    assert keys(limit=2) == ["p5", "p4"]
    assert keys(limit=2, skip=2, units={"a"}) == ["p0"]
    assert keys(limit=9, skip=3, units={"a", "b"}) == ["p2", "p1", "p0"]
    assert run(PredictionRepository().known(["p1", "nowhere"])) == {"p1"}


def part(run: Run, student: str, unit: str) -> Dossier:
    found: Dossier = run(within(run(dossier_of(student)), student, {unit}))
    return found


def told(one: Dossier) -> tuple[int, bool, list[str], list[tuple[float, str]], int]:
    labels: list[Label] = list(one.labels)
    return (
        len(one.records),
        one.predictions,
        [o.unit for o in one.outcomes],
        [(label.outcome, label.unit) for label in labels],
        len(one.orphans),
    )
