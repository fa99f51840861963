"""Erasing one student everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from database.artifacts import ArtifactRepository
from database.driver.commands import DeleteMany, Document, Find, Op
from database.driver.paging import in_parts
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.helping.interventions import InterventionRepository
from database.labelling.join import settle
from database.labelling.linking import drop_emptied
from database.labelling.pending import PendingJoinRepository
from database.labels import LabelRepository, OrphanRepository
from database.lists.published import ListedRowRepository
from database.outcomes import OutcomeRepository
from database.predictions import PredictionRepository
from database.rights.objections import ObjectionRepository
from database.rights.rectifications import RectificationRepository
from database.students import StudentRepository
from database.tombstones import TombstoneRepository
from database.versions import ModelVersionRepository
from model.anonymous import anonymous
from model.errors import NotFound
from model.trust.tombstone import TombstoneKey

HashId = Callable[[str, str], str]
"""A student's id and a period to the hashed id of that training record."""

KEPT_UNDER: Mapping[str, str] = {
    OutcomeRepository.collection: "student_id",
    LabelRepository.collection: "student_id",
    OrphanRepository.collection: "student_id",
    ActionRepository.collection: "student_id",
    InterventionRepository.collection: "student_id",
    AssignmentRepository.collection: "student_id",
    ListedRowRepository.collection: "student_id",
    RectificationRepository.collection: "student_id",
    ObjectionRepository.collection: "_id",
    StudentRepository.collection: "_id",
    PredictionRepository.collection: "student_id",
}
"""Collection to the field that holds the student's id; predictions go last."""


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """What was erased.

    Attributes:
        deleted: collection to how many documents.
        model_versions: versions that trained on the student; their bundles hold no record of
            anybody, only what was learnt from all.
    """

    at: datetime
    deleted: Mapping[str, int]
    model_versions: tuple[str, ...]


def erase_student(
    student_id: str,
    *,
    now: datetime,
    hashed: HashId,
    tombstone_key: TombstoneKey,
    waiting: Sequence[str] = (),
) -> Op[ErasureReceipt]:
    """Erases a student everywhere; running it again finishes what was interrupted.

    A tombstone stays of the student and of each of the predictions, so that what comes later is
    refused.

    Args:
        student_id: the school's identifier.
        now: aware UTC, for the receipt.
        hashed: `preprocessing.dataset.record_id`.
        tombstone_key: the installation's data key.
        waiting: predictions that were removed before they reached the registry.

    Raises:
        NotFound: nothing is known of that student.
    """
    if not waiting and not (yield from _is_known(student_id)):
        raise NotFound("nothing is known of that student")
    marks = [tombstone_key.of(student_id), *map(tombstone_key.of_prediction, waiting)]
    yield from TombstoneRepository().lay(marks, at=now)
    rows = yield Find(PredictionRepository.collection, {"student_id": student_id}, fields=["_id"])
    served = [row["_id"] for row in rows]
    yield from TombstoneRepository().lay(map(tombstone_key.of_prediction, served), at=now)
    ids = [student_id, *map(anonymous, (*served, *waiting))]
    periods = yield from _periods(student_id)
    trained = yield from _trained_on({hashed(student_id, period) for period in periods})
    yield from PendingJoinRepository().forget(set(ids))
    deleted = {}
    # Facts go before what is made from them, so nothing makes it anew; predictions go last,
    # because they are what leads to reports that name only them.
    for collection in (
        OutcomeRepository.collection,
        OrphanRepository.collection,
        LabelRepository.collection,
    ):
        deleted[collection] = yield DeleteMany(collection, {"student_id": {"$in": ids}})
    deleted[OutcomeRepository.collection] += yield from _forget_stated([student_id])
    for collection, field in KEPT_UNDER.items():
        if collection not in deleted:
            deleted[collection] = yield DeleteMany(collection, {field: student_id})
    return ErasureReceipt(now, deleted, trained)


def remove_again(tombstone_key: TombstoneKey) -> Op[int]:
    """Removes whatever is stored of erased students, after a restore say; gives how many records.

    Reads the ids of all records, so it is for the repair pass.
    """
    erased = yield from TombstoneRepository().all()
    removed = 0
    for collection, field in KEPT_UNDER.items() if erased else ():
        found = yield Find(collection, {}, fields=[field])
        ids = {row[field] for row in found if row.get(field)}
        back = sorted(i for i in ids if tombstone_key.of(i) in erased)
        for part in in_parts(back):
            removed += yield DeleteMany(collection, {field: {"$in": part}})
    if erased:
        named = {"stated_student": {"$exists": True}}
        found = yield Find(OutcomeRepository.collection, named, fields=["stated_student"])
        ids = {row["stated_student"] for row in found if row["stated_student"]}
        removed += yield from _forget_stated(
            sorted(i for i in ids if tombstone_key.of(i) in erased)
        )
    return removed


def _forget_stated(student_ids: Sequence[str]) -> Op[int]:
    """Erases what was said of these students beside a prediction that is not here."""
    removed = 0
    for part in in_parts(student_ids):
        where = {"stated_student": {"$in": part}}
        found = yield Find(OutcomeRepository.collection, where, fields=["student_id", "period"])
        removed += yield DeleteMany(OutcomeRepository.collection, where)
        subjects = {(row["student_id"], row["period"]) for row in found}
        yield from settle(subjects)
        yield from drop_emptied(subjects)
    return removed


def _is_known(student_id: str) -> Op[bool]:
    for collection, field in KEPT_UNDER.items():
        found = yield Find(collection, {field: student_id}, limit=1, fields=["_id"])
        if found:
            return True
    stated = yield Find(OutcomeRepository.collection, {"stated_student": student_id}, limit=1)
    return bool(stated)


def _periods(student_id: str) -> Op[set[str]]:
    periods: set[str] = set()
    for collection in (LabelRepository.collection, OutcomeRepository.collection):
        found = yield Find(collection, {"student_id": student_id}, fields=["period"])
        periods |= {row["period"] for row in found}
    return periods


def _trained_on(record_ids: set[str]) -> Op[tuple[str, ...]]:
    """The versions whose lists of records learned from name one of these, oldest first."""
    fields = ["trained_on", "calibrated_on", "number"]
    found = yield Find(ModelVersionRepository.collection, {}, sort=[("number", 1)], fields=fields)
    named: dict[str, bool] = {"": False}
    for row in found:
        for digest in _lists(row):
            if digest not in named:
                named[digest] = yield from _names(digest, record_ids)
    return tuple(row["_id"] for row in found if any(named[digest] for digest in _lists(row)))


def _lists(row: Document) -> tuple[str, str]:
    return row["trained_on"], row.get("calibrated_on", "")


def _names(digest: str, record_ids: set[str]) -> Op[bool]:
    try:
        listed = yield from ArtifactRepository().get(digest)
    except NotFound:
        return False
    return any(record_id.encode() in listed for record_id in record_ids)
