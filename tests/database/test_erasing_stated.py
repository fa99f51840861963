"""What was said of a student beside a prediction that is not here is erased with the student."""

from __future__ import annotations

from dataclasses import replace

from database.driver.commands import Document, Find, Op
from database.erasing import erasure
from database.labelling.recording import record_outcomes
from database.labels import OrphanRepository
from database.repair import repair
from database.students import StudentRepository
from model.label import Outcome
from model.trust.tombstone import TombstoneKey
from tests.database.builders import at, observation, outcome
from tests.database.drivers import Run

KEY = TombstoneKey(b"a data key")


def stated(student_id: str, prediction_id: str = "p9", value: float = 1.0) -> Outcome:
    return replace(outcome(value, prediction_id=prediction_id), student_id=student_id)


STATED = stated("RA-1")


def erase(run: Run) -> erasure.ErasureReceipt:
    return run(erasure.erase_student("RA-1", now=at(10), tombstone_key=KEY))


def reports() -> Op[list[Document]]:
    found: list[Document] = yield Find("outcomes", {})
    return found


def test_a_student_who_is_only_named_beside_an_unknown_prediction_is_erased(run: Run) -> None:
    run(record_outcomes([STATED], now=at(9)))

    receipt = erase(run)

    assert receipt.deleted["outcomes"] == 1
    assert run(reports()) == []
    assert run(OrphanRepository().count()) == 0


def test_what_others_said_of_the_same_prediction_stays(run: Run) -> None:
    run(record_outcomes([STATED, stated("RA-2", value=0.0)], now=at(9)))

    erase(run)

    assert [one["stated_student"] for one in run(reports())] == ["RA-2"]
    (orphan,) = run(OrphanRepository().newest(0))
    assert (orphan.outcome, orphan.history) == (0.0, ())


def test_a_restore_does_not_bring_back_what_was_said_beside_an_unknown_prediction(
    run: Run,
) -> None:
    run(StudentRepository().observe([observation()]))
    erase(run)
    run(record_outcomes([STATED], now=at(9)))
    run(record_outcomes([stated("RA-2", "p8")], now=at(9)))

    done = run(repair(now=at(12), full=True, tombstone_key=KEY))

    assert done.erased == 1
    assert [one["stated_student"] for one in run(reports())] == ["RA-2"]
    assert run(OrphanRepository().count()) == 1
