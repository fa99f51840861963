"""What an erasure reads, what it counts, and what it leaves of the notes of owed labels."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from database.artifacts import ArtifactRepository
from database.driver.commands import DeleteMany, Document, Find, InsertMany, Op, ReplaceMany
from database.driver.paging import in_parts
from database.erasing import erasure
from database.labelling.pending import PendingJoinRepository
from database.labelling.recording import record_outcomes
from database.lists.published import ListedRowRepository
from database.mapping.nested_lists import packed
from database.predictions import PredictionRepository
from database.students import StudentRepository
from database.tombstones import TombstoneRepository
from database.versions import ModelVersionRepository
from model.erasing.record_ids import record_id
from model.errors import NotFound
from tests.database.builders import at, model_version, observation, outcome, prediction
from tests.database.drivers import MongomockRegistry
from tests.database.helping.builders import help_kept
from tests.database.lists.builders import listed as listed_row
from tests.database.rights.builders import rights_used
from tests.database.test_erasing_stated import KEY, stated


@pytest.fixture
def registry() -> MongomockRegistry:
    return MongomockRegistry("farol")


def hashed(student_id: str, period: str) -> str:
    return record_id(student_id, period)


def erase(student_id: str = "RA-1") -> Op[erasure.ErasureReceipt]:
    return erasure.erase_student(student_id, now=at(10), tombstone_key=KEY)


def insert(collection: str, *documents: Document) -> Op[None]:
    yield InsertMany(collection, documents)


def delete(collection: str) -> Op[None]:
    yield DeleteMany(collection, {})


def stored(collection: str) -> Op[list[Document]]:
    found: list[Document] = yield Find(collection, {}, sort=[("_id", 1)])
    return found


def kept_of(registry: MongomockRegistry, *student_ids: str) -> None:
    """Keeps one record of each student in every collection that holds any."""
    for one in student_ids:
        registry.run(StudentRepository().observe([observation(one)]))
        registry.run(PredictionRepository().add_many([prediction(f"p-{one}", one)]))
        joined, waiting = (outcome(student_id=one, period=p) for p in ("2023", "2022"))
        registry.run(record_outcomes([joined, waiting], now=at(9)))
        registry.run(help_kept(one))
        registry.run(ListedRowRepository().add_many([listed_row("l1", one)]))
        registry.run(rights_used(one))


def owed(key: str, *subjects: list[str]) -> Document:
    return {"_id": key, "subjects": packed(subjects), "noted_at": at(0)}


def test_only_notes_that_owe_the_student_something_change_and_keep_the_rest(
    registry: MongomockRegistry,
) -> None:
    registry.run(StudentRepository().observe([observation()]))
    registry.run(PredictionRepository().add_many([prediction("p1")]))
    both = owed("a", ["~p1", ""], ["RA-2", "2023"])
    others = owed("b", ["RA-2", "2023"], ["RA-3", "2023"])
    only = owed("c", ["RA-1", "2022"], ["RA-1", "2023"])
    registry.run(insert(PendingJoinRepository.collection, both, others, only))

    registry.run(erase())

    left = [owed("a", ["RA-2", "2023"]), others, owed("c")]
    assert registry.run(stored(PendingJoinRepository.collection)) == left
    (replaced,) = (
        c
        for c in registry.asked
        if isinstance(c, ReplaceMany) and c.collection == PendingJoinRepository.collection
    )
    assert [one.where for one in replaced.replacements] == [{"_id": "a"}, {"_id": "c"}]


def test_who_is_not_known_costs_one_document_a_collection(registry: MongomockRegistry) -> None:
    with pytest.raises(NotFound, match="nothing is known of that student"):
        registry.run(erase())

    finds = registry.finds()
    assert [find.collection for find in finds] == [*erasure.KEPT_UNDER, "outcomes"]
    assert {find.limit for find in finds} == {1}
    assert {tuple(find.fields) for find in finds[:-1]} == {("_id",)}


def test_an_erasure_reads_ids_and_periods_and_of_a_version_what_it_trained_on(
    registry: MongomockRegistry,
) -> None:
    kept_of(registry, "RA-1")
    registry.run(record_outcomes([stated("RA-1")], now=at(9)))
    registry.run(ModelVersionRepository().add(model_version()))
    registry.asked.clear()

    registry.run(erase())

    read = [(f.collection, *f.where, *f.fields) for f in registry.finds() if f.fields]
    first, field = next(iter(erasure.KEPT_UNDER.items()))
    assert read == [
        (first, field, "_id"),
        ("predictions", "student_id", "_id"),
        ("labels", "student_id", "period"),
        ("outcomes", "student_id", "period"),
        ("model_versions", "trained_on", "calibrated_on", "number", "keeps_records"),
        ("outcomes", "stated_student", "student_id", "period"),
    ]


def test_a_label_whose_reports_are_gone_leads_to_the_versions_in_their_order(
    registry: MongomockRegistry,
) -> None:
    registry.run(StudentRepository().observe([observation(), observation(period="2022")]))
    registry.run(record_outcomes([outcome()], now=at(9)))
    registry.run(delete("outcomes"))
    registry.run(record_outcomes([outcome(period="2022")], now=at(9)))
    lists = [
        registry.run(ArtifactRepository().put(json.dumps([hashed("RA-1", period)]).encode()))
        for period in ("2023", "2022")
    ]
    for number, listed in enumerate((*lists, "f" * 64, lists[0]), 1):
        registry.run(ModelVersionRepository().add(model_version(number, trained_on=listed)))
    written = registry.run(stored(ModelVersionRepository.collection))
    registry.run(delete(ModelVersionRepository.collection))
    registry.run(
        insert(ModelVersionRepository.collection, *reversed(written))
    )  # As a restore may do.

    assert registry.run(erase()).model_versions == ("v1", "v2", "v4")


@pytest.mark.parametrize("size", [1, 1000])
def test_what_a_restore_brought_back_is_removed_and_counted_in_every_collection(
    registry: MongomockRegistry, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    def parts(items: Sequence[str]) -> list[list[str]]:
        return list(in_parts(items, size))

    monkeypatch.setattr(erasure, "in_parts", parts)
    for student_id in ("RA-1", "RA-2"):
        registry.run(TombstoneRepository().lay([KEY.of(student_id)], at=at(10)))
    kept_of(registry, "RA-1", "RA-2", "RA-3")
    registry.run(PredictionRepository().add_many([prediction("p-nobody", student_id=None)]))
    said = [stated("RA-1", "p7"), stated("RA-2", "p8"), stated("RA-3", "p9")]
    registry.run(record_outcomes(said, now=at(9)))
    registry.asked.clear()

    removed = registry.run(erasure.remove_again(KEY))

    # Of each student: one in each of eleven collections, a second report, and what was said.
    assert removed == 2 * (11 + 1 + 1)
    for collection in erasure.KEPT_UNDER:
        left = str(registry.run(stored(collection)))
        assert "RA-1" not in left and "RA-2" not in left and "RA-3" in left
    assert [p.prediction_id for p in registry.run(PredictionRepository().newest(0))] == [
        "p-nobody",
        "p-RA-3",
    ]
    looks = [f for f in registry.finds() if f.fields]
    assert {(f.collection, *f.fields) for f in looks if not f.where} == {
        ("tombstones", "_id"),
        *erasure.KEPT_UNDER.items(),
    }
    named = {"stated_student": {"$exists": True}}
    assert [f.fields for f in looks if f.where == named] == [["stated_student"]]


def test_where_nobody_was_erased_nothing_but_the_tombstones_is_read(
    registry: MongomockRegistry,
) -> None:
    kept_of(registry, "RA-1")
    registry.asked.clear()

    assert registry.run(erasure.remove_again(KEY)) == 0

    assert [command.collection for command in registry.asked] == ["tombstones"]
