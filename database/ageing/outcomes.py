"""Old outcomes: a label goes with its reports, where none of them came lately.

Reports go first, so nothing makes the label anew. A label goes only at the revision that was read:
a report that comes meanwhile writes the next one, and keeps it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from database.driver.commands import DeleteMany, Document, Find, Op
from database.driver.paging import in_parts
from database.labels import LabelRepository
from database.mapping.documents import milliseconds
from database.outcomes import OutcomeRepository
from model.ageing.record import OldRecords

COLLECTION = LabelRepository.collection


def old_outcomes(before: datetime) -> Op[OldRecords]:
    """How many labels have had no report since that moment.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    rows = yield from _old(before)
    return OldRecords(len(rows), min((row["arrived_at"] for row in rows), default=None))


def remove_outcomes(before: datetime) -> Op[int]:
    """Removes those labels, with their reports; gives how many labels.

    Raises:
        RegistryError: the registry refuses, or does not answer; the same call goes on.
    """
    removed = 0
    rows = yield from _old(before)
    for part in in_parts(rows):
        removed += yield from _remove(part, milliseconds(before))
    return removed


def _old(before: datetime) -> Op[list[Document]]:
    where = {"arrived_at": {"$lt": milliseconds(before)}}
    found: list[Document] = yield Find(COLLECTION, where, fields=["arrived_at", "revision"])
    return found


def _remove(rows: Sequence[Document], before: datetime) -> Op[int]:
    reports = yield from OutcomeRepository().stored_of_keys(row["_id"] for row in rows)
    fresh = {one["key"] for one in reports.values() if one["arrived_at"] >= before}
    yield from OutcomeRepository().remove_ids(
        [report_id for report_id, one in reports.items() if one["key"] not in fresh]
    )
    by_revision: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        if row["_id"] not in fresh:
            by_revision[row["revision"]].append(row["_id"])
    removed = 0
    for revision, keys in by_revision.items():
        where = {"_id": {"$in": keys}, "revision": revision}
        removed += yield DeleteMany(COLLECTION, where)
    return removed
