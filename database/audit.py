"""Who did what: an append-only log without personal data."""

from __future__ import annotations

from database.driver.commands import Find, InsertMany, Op
from database.mapping.documents import from_document, to_document
from model.access import AuditEvent

COLLECTION = "audit"
_KEY = "event_id"


def add(event: AuditEvent) -> Op[None]:
    """Records an event; recording it again changes nothing."""
    yield InsertMany(COLLECTION, [to_document(event, key=_KEY)])


def newest(limit: int = 100) -> Op[list[AuditEvent]]:
    """The latest events, newest first."""
    found = yield Find(COLLECTION, {}, sort=[("at", -1), ("_id", 1)], limit=limit)
    return [from_document(AuditEvent, document, key=_KEY) for document in found]
