"""A student is erased everywhere, and nobody else is."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from database.artifacts import ArtifactRepository
from database.driver.commands import Document, Find, InsertMany, Op
from database.erasing import erasure
from database.erasing.guarded import PERSONAL
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.lists.published import ListedRowRepository
from database.predictions import PredictionRepository
from database.repair import repair
from database.repositories import REPOSITORIES
from database.repository import Documents, Repository
from database.students import StudentRepository
from database.tombstones import TombstoneRepository
from database.versions import ModelVersionRepository
from model.errors import NotFound
from model.trust.tombstone import TombstoneKey
from tests.database import builders
from tests.database.builders import at, observation, outcome, prediction
from tests.database.drivers import Run
from tests.database.helping.builders import help_kept
from tests.database.lists.builders import listed as listed_row
from tests.database.rights.builders import rights_used

COLLECTIONS = (*erasure.KEPT_UNDER, "pending_joins")


KEY = TombstoneKey(b"a data key")


def hashed(student_id: str, period: str) -> str:
    return f"{student_id}/{period}".encode().hex()


def names_students(kind: type[Documents]) -> bool:
    """Whether a field of the record, or of an index, names students: no count and no moment."""
    named = {name for index in (*kind.indexes, *kind.unique) for name, _ in index}
    if issubclass(kind, Repository):
        named |= {
            field.name
            for field in fields(kind().record)
            if field.type != "int" and not field.name.endswith("_at")
        }
    return any("student" in name for name in named)


def test_a_student_is_erased_everywhere(run: Run) -> None:
    for student in ("RA-1", "RA-2"):
        run(StudentRepository().observe([observation(student)]))
        run(PredictionRepository().add_many([prediction(f"p-{student}", student)]))
        outcomes = [outcome(student_id=student), outcome(student_id=student, period="2022")]
        run(record_outcomes(outcomes, now=at(9)))
        run(help_kept(student))
        run(ListedRowRepository().add_many([listed_row("l1", student)]))
        run(rights_used(student))
    listed = run(ArtifactRepository().put(json.dumps([hashed("RA-1", "2023")]).encode()))
    run(ModelVersionRepository().add(builders.model_version(1, trained_on=listed)))
    run(ModelVersionRepository().add(builders.model_version(2, trained_on="f" * 64)))

    receipt = run(erasure.erase_student("RA-1", now=at(10), hashed=hashed, tombstone_key=KEY))

    assert receipt.deleted == {
        "students": 1, "predictions": 1, "labels": 1, "orphan_labels": 1, "outcomes": 2,
        "actions": 1, "interventions": 1, "assignments": 1, "listed_rows": 1,
        "rectifications": 1, "objections": 1,
    }  # fmt: skip
    assert receipt.model_versions == ("v1",)
    for collection in COLLECTIONS:
        assert "RA-1" not in str(run(_everything(collection)))
    assert run(LabelRepository().of("RA-2", "2023")).outcome == 1.0
    with pytest.raises(NotFound):
        run(erasure.erase_student("RA-1", now=at(11), hashed=hashed, tombstone_key=KEY))


@pytest.mark.parametrize("kind", REPOSITORIES, ids=lambda kind: kind.__name__)
def test_a_collection_that_names_students_is_guarded_and_erased(kind: type[Documents]) -> None:
    if not names_students(kind):
        return

    for table, where in (
        (PERSONAL, "PERSONAL of database/erasing/guarded.py"),
        (erasure.KEPT_UNDER, "KEPT_UNDER of database/erasing/erasure.py"),
    ):
        assert kind.collection in table, f"{kind.__name__} names students: add it to {where}"


@pytest.mark.parametrize("collection", erasure.KEPT_UNDER)
def test_an_erasure_and_the_full_repair_empty_every_collection_of_the_student(
    run: Run, collection: str
) -> None:
    field = erasure.KEPT_UNDER[collection]

    def restored() -> Op[None]:
        yield InsertMany(collection, [{"_id": "a record", "period": "2023"} | {field: "RA-1"}])

    run(restored())
    receipt = run(erasure.erase_student("RA-1", now=at(10), hashed=hashed, tombstone_key=KEY))
    assert receipt.deleted[collection] == 1, f"erase_student leaves {collection}"
    run(restored())
    assert run(repair(now=at(12), full=True, tombstone_key=KEY)).erased == 1

    assert run(_everything(collection)) == []


def test_an_outcome_that_waited_for_the_students_prediction_goes_too(run: Run) -> None:
    run(record_outcomes([outcome(prediction_id="p1")], now=at(9)))
    run(PredictionRepository().add_many([prediction("p1", "RA-1")]))

    run(erasure.erase_student("RA-1", now=at(10), hashed=hashed, tombstone_key=KEY))

    assert run(OrphanRepository().count()) == 0
    assert run(_everything("outcomes")) == []


def test_the_receipt_names_the_versions_that_trained_on_any_period_oldest_first(run: Run) -> None:
    run(StudentRepository().observe([observation(), observation(period="2022")]))
    run(record_outcomes([outcome(), outcome(period="2021")], now=at(9)))
    joined = run(ArtifactRepository().put(json.dumps([hashed("RA-1", "2023")]).encode()))
    waiting = run(ArtifactRepository().put(json.dumps([hashed("RA-1", "2021")]).encode()))
    nobody = run(ArtifactRepository().put(json.dumps([hashed("RA-2", "2023")]).encode()))
    lists = [joined, nobody, "f" * 64, waiting, *[nobody] * 5, joined]
    for number, listed in enumerate(lists, 1):
        run(ModelVersionRepository().add(builders.model_version(number, trained_on=listed)))

    receipt = run(erasure.erase_student("RA-1", now=at(10), hashed=hashed, tombstone_key=KEY))

    assert receipt.model_versions == ("v1", "v4", "v10")
    assert receipt.at == at(10)


def test_nothing_is_kept_of_who_is_not_known(run: Run) -> None:
    run(StudentRepository().observe([observation("RA-2")]))

    with pytest.raises(NotFound, match="nothing is known"):
        run(erasure.erase_student("RA-1", now=at(10), hashed=hashed, tombstone_key=KEY))

    assert run(TombstoneRepository().all()) == frozenset()


def test_tombstones_are_of_the_student_and_of_every_prediction(run: Run) -> None:
    run(PredictionRepository().add_many([prediction("p1"), prediction("p2", "RA-2")]))

    run(
        erasure.erase_student("RA-1", now=at(10), hashed=hashed, tombstone_key=KEY, waiting=("p7",))
    )

    marks = {KEY.of("RA-1"), KEY.of_prediction("p1"), KEY.of_prediction("p7")}
    assert run(TombstoneRepository().all()) == marks


def _everything(collection: str) -> Op[list[Document]]:
    found: list[Document] = yield Find(collection, {})
    return found
