"""Old predictions: a day is summed up first, then its predictions go.

A day's figures are written once, of all its predictions. Who is stopped between that and the last
deletion finds the figures there, and only deletes.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime

from database.ageing.records import ServedDayRepository
from database.driver.commands import DeleteMany, Document, Find, Op
from database.driver.paging import in_parts
from database.predictions import PredictionRepository
from model.ageing.record import OldRecords
from model.ageing.served_day import AgedPrediction, summed

COLLECTION = PredictionRepository.collection
PAGE = 2_000
"""Predictions that are read at a time, so that others wait briefly; all of one day at once."""

_OLDEST_FIRST = [("created_at", 1)]
"""By the index alone: what came at one moment needs no order."""

_FIELDS = ["created_at", "student_id", "unit", "status", "risk_score"]


def old_predictions(before: datetime) -> Op[OldRecords]:
    """How many predictions are older than that.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    first = yield from _page(1)
    if not first or first[0]["created_at"] >= before:
        return OldRecords(0)
    return OldRecords((yield from _how_many(before)), first[0]["created_at"])


def thin_predictions(before: datetime, page: int = PAGE) -> Op[int]:
    """Removes the predictions of whole days before a moment; gives how many.

    Args:
        before: the beginning of a day, in UTC.
        page: how many are read at a time, at least.

    Raises:
        RegistryError: the registry refuses, or does not answer; the same call goes on.
    """
    removed, size = 0, page
    while True:
        rows = yield from _page(size)
        old = [row for row in rows if row["created_at"] < before]
        days: dict[date, list[Document]] = defaultdict(list)
        for row in old:
            days[row["created_at"].astimezone(UTC).date()].append(row)
        last = len(old) < size
        if not last:
            del days[max(days)]  # It may go on beyond the page.
            size = size if days else 2 * size
        for day in sorted(days):
            removed += yield from _sum_up(day, days[day])
        if last:
            return removed


def _how_many(before: datetime) -> Op[int]:
    """How many are older, by places in the index, which a count may not go by.

    Where SQLite keeps moments as bytes (`database.embedded.conditions`) it would read all.
    """
    low, step = 1, 1
    while (yield from _is_old(low + step - 1, before)):
        low += step
        step *= 2
    while step > 1:
        step //= 2
        if (yield from _is_old(low + step - 1, before)):
            low += step
    return low


def _is_old(place: int, before: datetime) -> Op[bool]:
    found = yield Find(
        COLLECTION, {}, sort=_OLDEST_FIRST, skip=place, limit=1, fields=["created_at"]
    )
    return bool(found) and found[0]["created_at"] < before


def _page(size: int) -> Op[list[Document]]:
    found: list[Document] = yield Find(
        COLLECTION, {}, sort=_OLDEST_FIRST, limit=size, fields=_FIELDS
    )
    return found


def _sum_up(day: date, rows: list[Document]) -> Op[int]:
    served = [
        AgedPrediction(
            row.get("student_id"), row.get("unit", ""), row["status"], float(row["risk_score"])
        )
        for row in rows
    ]
    yield from ServedDayRepository().add(summed(day, served))
    removed = 0
    for ids in in_parts([row["_id"] for row in rows]):
        removed += yield DeleteMany(COLLECTION, {"_id": {"$in": ids}})
    return removed
