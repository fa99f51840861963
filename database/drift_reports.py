"""Stored drift reports."""

from __future__ import annotations

from database.driver.commands import Find, InsertMany, Op
from database.mapping.documents import from_document, to_document
from model.drift import DriftReport
from model.errors import NotFound

COLLECTION = "drift_reports"
_KEY = "report_id"


def add(report: DriftReport) -> Op[None]:
    """Stores a report; storing one again changes nothing."""
    yield InsertMany(COLLECTION, [to_document(report, key=_KEY)])


def get(report_id: str) -> Op[DriftReport]:
    """The report of that id.

    Raises:
        NotFound: no such report.
    """
    found = yield Find(COLLECTION, {"_id": report_id})
    if not found:
        raise NotFound(f"drift report {report_id}")
    return from_document(DriftReport, found[0], key=_KEY)


def newest(limit: int = 50) -> Op[list[DriftReport]]:
    """The latest reports, newest first."""
    found = yield Find(COLLECTION, {}, sort=[("at", -1), ("_id", 1)], limit=limit)
    return [from_document(DriftReport, document, key=_KEY) for document in found]
