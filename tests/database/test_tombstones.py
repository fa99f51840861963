"""What comes late of an erased student is refused, on every server and driver."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from database import installation
from database.driver.client import SyncRegistry
from database.driver.commands import Document, Find, InsertMany, Op
from database.driver.run import hooked
from database.erasing import erasure
from database.erasing.guarded import PERSONAL, ErasureGuard
from database.labelling.pending import PendingJoinRepository
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.mapping.nested_lists import packed
from database.predictions import PredictionRepository
from database.repair import repair
from database.students import StudentRepository
from database.tombstones import FEW, TombstoneRepository
from model.errors import ConfigurationError
from model.trust.tombstone import TombstoneKey
from tests.database.builders import at, observation, outcome, prediction
from tests.database.drivers import MongomockRegistry, Run
from tests.database.test_interleavings import with_pause

KEY = TombstoneKey(b"a data key")
GUARD = ErasureGuard(KEY)
PAUSES = range(24)


def erase(student_id: str = "RA-1", waiting: tuple[str, ...] = ()) -> Op[erasure.ErasureReceipt]:
    return erasure.erase_student(
        student_id,
        now=at(10),
        tombstone_key=KEY,
        waiting=waiting,
    )


def everything() -> Op[list[Document]]:
    found: list[Document] = []
    for collection in (*PERSONAL, PendingJoinRepository.collection):
        found += yield Find(collection, {})
    return found


def predicted() -> Op[object]:
    return PredictionRepository().add_many([prediction("p2")])


def observed() -> Op[object]:
    return StudentRepository().observe([observation(observed_at=at(11))])


def told() -> Op[object]:
    return record_outcomes([outcome(observed_at=at(5))], now=at(11))


def told_by_an_old_prediction() -> Op[object]:
    return record_outcomes([outcome(observed_at=at(5), prediction_id="p1")], now=at(11))


LATE = (predicted, observed, told, told_by_an_old_prediction)


@pytest.mark.parametrize("late", LATE)
def test_a_late_record_leaves_nothing(run: Run, late: Callable[[], Op[object]]) -> None:
    run(PredictionRepository().add_many([prediction("p1")]))
    run(erase())

    run(hooked(late(), GUARD))

    assert run(everything()) == []


@pytest.mark.parametrize("late", LATE)
@pytest.mark.parametrize("pause", PAUSES)
def test_an_erasure_at_any_moment_of_a_write_wins(
    pause: int, late: Callable[[], Op[object]]
) -> None:
    registry = MongomockRegistry("farol", GUARD)
    registry.run(PredictionRepository().add_many([prediction("p1")]))
    registry.run(StudentRepository().observe([observation()]))

    with_pause(registry, hooked(late(), GUARD), pause, erase())

    assert registry.run(everything()) == []


@pytest.mark.parametrize("pause", range(8))
@pytest.mark.parametrize("others", [0, FEW])
def test_an_erasure_at_any_moment_of_a_whole_file_wins(pause: int, others: int) -> None:
    registry = MongomockRegistry("farol", GUARD)
    registry.run(StudentRepository().observe([observation()]))
    laid = [KEY.of(f"erased before {number}") for number in range(others)]
    registry.run(TombstoneRepository().lay(laid, at=at(1)))
    school = [observation(f"RA-{number}", observed_at=at(11)) for number in range(FEW + 2)]

    with_pause(registry, hooked(StudentRepository().observe(school), GUARD), pause, erase())

    kept = {document["_id"] for document in registry.run(everything())}
    assert kept == {one.student_id for one in school} - {"RA-1"}


def test_an_outcome_that_waits_for_a_refused_prediction_goes_with_it(run: Run) -> None:
    run(StudentRepository().observe([observation()]))
    run(erase())
    # It waits on another host's outbox; its outcome is quicker.
    run(hooked(record_outcomes([outcome(prediction_id="p9")], now=at(11)), GUARD))
    assert run(OrphanRepository().count()) == 1

    run(hooked(PredictionRepository().add_many([prediction("p9")]), GUARD))
    run(hooked(record_outcomes([outcome(prediction_id="p9")], now=at(12)), GUARD))

    assert run(everything()) == []


def test_a_prediction_that_only_an_outbox_knew_is_refused_by_its_id_too(run: Run) -> None:
    receipt = run(erase(waiting=("p7",)))
    run(hooked(record_outcomes([outcome(prediction_id="p7")], now=at(11)), GUARD))

    assert receipt.deleted["predictions"] == 0
    assert run(everything()) == []


def test_a_lifted_tombstone_lets_the_student_back(run: Run) -> None:
    run(StudentRepository().observe([observation()]))
    run(erase())

    assert run(TombstoneRepository().lift(KEY.of("RA-1")))
    assert not run(TombstoneRepository().lift(KEY.of("RA-1")))
    run(hooked(observed(), GUARD))

    assert run(StudentRepository().get("RA-1")).latest.features == {"inde": 6.0}


def test_nothing_of_anybody_else_is_refused(run: Run) -> None:
    run(StudentRepository().observe([observation()]))
    run(erase())

    run(
        hooked(PredictionRepository().add_many([prediction("p1"), prediction("p2", "RA-2")]), GUARD)
    )
    run(hooked(record_outcomes([outcome(), outcome(student_id="RA-2")], now=at(11)), GUARD))

    assert [p.student_id for p in run(PredictionRepository().newest(0))] == ["RA-2"]
    assert [label.student_id for label in run(LabelRepository().newest(0))] == ["RA-2"]


def test_the_full_repair_removes_what_a_restore_brought_back(run: Run) -> None:
    run(StudentRepository().observe([observation(), observation("RA-2")]))
    run(erase())
    run(StudentRepository().observe([observation()]))
    run(record_outcomes([outcome(), outcome(student_id="RA-2")], now=at(11)))

    done = run(repair(now=at(12), full=True, tombstone_key=KEY))

    assert done.erased == 3
    assert "RA-1" not in str(run(everything()))
    assert run(LabelRepository().count()) == 1


def test_what_is_owed_to_others_stays_owed(run: Run) -> None:
    run(StudentRepository().observe([observation()]))
    note = {"_id": "n", "subjects": packed([["RA-1", "2023"], ["RA-2", "2023"]]), "noted_at": at(0)}
    run(_insert(PendingJoinRepository.collection, note))

    run(erase())

    (left,) = run(_found(PendingJoinRepository.collection))
    assert left["subjects"] == packed([["RA-2", "2023"]])


def test_a_host_with_another_data_key_is_refused_with_the_remedy(run: Run) -> None:
    run(installation.claim(KEY))
    run(installation.claim(KEY))

    with pytest.raises(ConfigurationError, match=r"FAROL_DATA_KEY.*data\.key"):
        run(installation.claim(TombstoneKey(b"another")))


def test_a_key_is_in_no_message() -> None:
    assert "secret" not in repr(TombstoneKey(b"secret"))


def test_every_way_to_write_personal_data_is_guarded() -> None:
    registry = MongomockRegistry("farol", GUARD)
    assert isinstance(registry, SyncRegistry)
    registry.run(StudentRepository().observe([observation()]))
    registry.run(erase())
    for collection in PERSONAL:
        document = {"_id": "RA-1", "student_id": "RA-1", "created_at": at(1)}
        registry.run(_insert(collection, document))

    assert registry.run(everything()) == []


def _insert(collection: str, document: Document) -> Op[None]:
    yield InsertMany(collection, [document])


def _found(collection: str) -> Op[list[Document]]:
    found: list[Document] = yield Find(collection, {})
    return found
