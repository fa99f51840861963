"""Ingested files and API batches."""

from __future__ import annotations

from datetime import datetime

from database.driver.commands import Document, Find, InsertMany, Op
from database.mapping.documents import from_document, milliseconds, to_document
from model.batch import Batch
from model.errors import NotFound

COLLECTION = "batches"
BEGUN = "begun_batches"
_KEY = "batch_id"


def add(batch: Batch) -> Op[bool]:
    """Adds a batch; False if it is known already, by its content."""
    known = yield InsertMany(COLLECTION, [to_document(batch, key=_KEY)])
    return not known


def begin(batch_id: str, *, now: datetime) -> Op[datetime]:
    """Notes that a batch is begun; gives when it was begun first.

    Whoever ingests the same content again, after a kill or at the same time, writes what it holds
    as known from that moment on. So all of them write the same documents.
    """
    moment = milliseconds(now)
    taken = yield InsertMany(BEGUN, [{"_id": batch_id, "at": moment}])
    if not taken:
        return moment
    found: list[Document] = yield Find(BEGUN, {"_id": batch_id})
    return found[0]["at"] if found else moment


def get(batch_id: str) -> Op[Batch]:
    """The batch of that content hash.

    Raises:
        NotFound: no such batch.
    """
    found = yield Find(COLLECTION, {"_id": batch_id})
    if not found:
        raise NotFound(f"batch {batch_id}")
    return from_document(Batch, found[0], key=_KEY)


def recent(limit: int = 50) -> Op[list[Batch]]:
    """The batches ingested last, newest first."""
    found = yield Find(COLLECTION, {}, sort=[("ingested_at", -1), ("_id", 1)], limit=limit)
    return [from_document(Batch, document, key=_KEY) for document in found]
