"""Erasing one student everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from database import artifacts, labels, outcomes, predictions, students, versions
from database.operations import DeleteMany, Find, Op
from database.settling import LABELS, ORPHANS
from model.errors import NotFound

HashId = Callable[[str, str], str]
"""A student's id and a period to the hashed id of that training record."""


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


def erase_student(student_id: str, *, now: datetime, hashed: HashId) -> Op[ErasureReceipt]:
    """Erases a student everywhere; running it again finishes what was interrupted.

    Args:
        student_id: the school's identifier.
        now: aware UTC, for the receipt.
        hashed: `preprocessing.dataset.record_id`.

    Raises:
        NotFound: nothing is known of that student.
    """
    rows = yield Find(predictions.COLLECTION, {"student_id": student_id}, fields=["_id"])
    ids = [student_id, *(f"~{row['_id']}" for row in rows)]
    periods = yield from _periods(student_id)
    trained = yield from _trained_on({hashed(student_id, period) for period in periods})
    yield from _forget_notes(set(ids))
    deleted = {}
    # Facts go before what is made from them, so nothing makes it anew; predictions go last,
    # because they are what leads to reports that name only them.
    for collection in (outcomes.COLLECTION, ORPHANS, LABELS):
        deleted[collection] = yield DeleteMany(collection, {"student_id": {"$in": ids}})
    deleted[students.COLLECTION] = yield from students.erase(student_id)
    gone = yield DeleteMany(predictions.COLLECTION, {"student_id": student_id})
    deleted[predictions.COLLECTION] = gone
    if not any(deleted.values()):
        raise NotFound("nothing is known of that student")
    return ErasureReceipt(now, deleted, trained)


def _periods(student_id: str) -> Op[set[str]]:
    periods: set[str] = set()
    for collection in (LABELS, outcomes.COLLECTION):
        found = yield Find(collection, {"student_id": student_id}, fields=["period"])
        periods |= {row["period"] for row in found}
    return periods


def _trained_on(record_ids: set[str]) -> Op[tuple[str, ...]]:
    """The versions whose list of training records names one of these, oldest first."""
    found = yield Find(
        versions.COLLECTION, {}, sort=[("number", 1)], fields=["trained_on", "number"]
    )
    named: dict[str, bool] = {}
    for row in found:
        digest = row["trained_on"]
        if digest not in named:
            named[digest] = yield from _names(digest, record_ids)
    return tuple(row["_id"] for row in found if named[row["trained_on"]])


def _names(digest: str, record_ids: set[str]) -> Op[bool]:
    try:
        listed = yield from artifacts.get(digest)
    except NotFound:
        return False
    return any(record_id.encode() in listed for record_id in record_ids)


def _forget_notes(ids: set[str]) -> Op[None]:
    notes = yield Find(labels.PENDING, {})
    about = [n["_id"] for n in notes if any(subject[0] in ids for subject in n["subjects"])]
    yield DeleteMany(labels.PENDING, {"_id": {"$in": about}})
