"""What schools reported of students long ago: period by period, and whoever has none left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from database.driver.commands import DeleteMany, Document, Find, Op, Replace, ReplaceMany
from database.driver.paging import in_parts
from database.helping.assignments import AssignmentRepository
from database.mapping.documents import milliseconds
from database.students import PeriodRepository, StudentRepository
from model.ageing.record import OldRecords

COLLECTION = StudentRepository.collection


def old_records(before: datetime) -> Op[OldRecords]:
    """How many students' records of a period came before that moment.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    ids = yield from _with_old(before)
    number, oldest = 0, None
    for part in in_parts(ids):
        stored = yield from StudentRepository().stored_many(part)
        came = [at for one in stored.values() for at in _old_moments(one, before)]
        number += len(came)
        oldest = min([*came, *([] if oldest is None else [oldest])], default=None)
    return OldRecords(number, oldest)


def remove_records(before: datetime) -> Op[int]:
    """Removes those records; gives how many. Who changes meanwhile is looked at the next time.

    Who looks after a student of whom no record is left goes too.

    Raises:
        RegistryError: the registry refuses, or does not answer; the same call goes on.
    """
    removed = 0
    ids = yield from _with_old(before)
    for part in in_parts(ids):
        stored = yield from StudentRepository().stored_many(part)
        removed += yield from _remove(list(stored.values()), before)
    return removed


def without_old(document: Document, before: datetime) -> Document | None:
    """A student's document without the periods that came before a moment; None if none is left.

    Args:
        document: as it is stored.
        before: aware UTC.
    """
    kept = {
        period: entry
        for period, entry in document["periods"].items()
        if entry["observed_at"] >= before
    }
    if not kept:
        return None
    return {
        **document,
        "periods": kept,
        "unit": kept[max(kept)].get("unit", ""),
        "updated_at": max(entry["observed_at"] for entry in kept.values()),
        "revision": document["revision"] + 1,
    }


def _with_old(before: datetime) -> Op[list[str]]:
    found: set[str] = set()
    for period in (yield from PeriodRepository().all()):
        where = {f"periods.{period}.observed_at": {"$lt": milliseconds(before)}}
        rows = yield Find(COLLECTION, where, fields=["_id"])
        found.update(row["_id"] for row in rows)
    return sorted(found)


def _old_moments(document: Document, before: datetime) -> list[datetime]:
    came = [entry["observed_at"] for entry in document["periods"].values()]
    return [at for at in came if at < before]


def _remove(documents: Sequence[Document], before: datetime) -> Op[int]:
    removed = 0
    gone: dict[int, list[Document]] = defaultdict(list)
    for document in documents:
        kept = without_old(document, before)
        if kept is None:
            gone[document["revision"]].append(document)
        elif kept["periods"] != document["periods"]:
            read = {"_id": document["_id"], "revision": document["revision"]}
            done = yield ReplaceMany(COLLECTION, [Replace(read, kept)])
            removed += (len(document["periods"]) - len(kept["periods"])) if done else 0
    for revision, found in gone.items():
        removed += yield from _drop(found, revision)
    return removed


def _drop(documents: Sequence[Document], revision: int) -> Op[int]:
    ids = [document["_id"] for document in documents]
    yield DeleteMany(COLLECTION, {"_id": {"$in": ids}, "revision": revision})
    left = yield Find(COLLECTION, {"_id": {"$in": ids}}, fields=["_id"])
    stay = {row["_id"] for row in left}
    went = [document for document in documents if document["_id"] not in stay]
    nobody = [document["_id"] for document in went]
    yield DeleteMany(AssignmentRepository.collection, {"student_id": {"$in": nobody}})
    return sum(len(document["periods"]) for document in went)
