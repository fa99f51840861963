"""Old records that nothing else is made from: what was done, lists, reports, rejected rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from database.batches import BatchRepository
from database.drift_reports import DriftReportRepository
from database.driver.commands import DeleteMany, Document, Find, Op, Replace, ReplaceMany
from database.driver.paging import in_parts
from database.helping.actions import DUE_ON, ActionRepository
from database.helping.interventions import InterventionRepository
from database.lists.published import PublishedListRepository
from database.mapping.documents import milliseconds
from database.students import PeriodRepository
from database.watch.pages import DriftPictureRepository
from model.ageing.record import OldRecords

Found = Mapping[str, list[Document]]
"""Collection to the old documents in it, each with its key and when it came."""

Finding = Callable[[datetime], Op[Found]]


def counted(find: Finding) -> Callable[[datetime], Op[OldRecords]]:
    """The operation that counts what is found."""

    def count(before: datetime) -> Op[OldRecords]:
        found = yield from find(before)
        came = [_came(row) for rows in found.values() for row in rows]
        return OldRecords(len(came), min(came, default=None))

    return count


def removed(find: Finding) -> Callable[[datetime], Op[int]]:
    """The operation that removes what is found, and gives how many documents that were."""

    def remove(before: datetime) -> Op[int]:
        number = 0
        for collection, rows in (yield from find(before)).items():
            for ids in in_parts([row["_id"] for row in rows]):
                number += yield DeleteMany(collection, {"_id": {"$in": ids}})
        return number

    return remove


def old_actions(before: datetime) -> Op[Found]:
    """What was done before a moment and is not due again later, and help that ended before it.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    day = f"{before:%Y-%m-%d}"
    fields = ["at", DUE_ON]
    done = yield from _before(ActionRepository.collection, "at", before, fields)
    given = yield from _before(InterventionRepository.collection, "at", before, ["at", "end"])
    return {
        ActionRepository.collection: [row for row in done if row.get(DUE_ON, "") < day],
        InterventionRepository.collection: [row for row in given if "" < row.get("end", "") < day],
    }


def old_lists(before: datetime) -> Op[OldRecords]:
    """How many lists were published before a moment; the newest period's last one stands.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    rows = yield from _old_lists(before)
    return OldRecords(len(rows), min((row["at"] for row in rows), default=None))


def remove_lists(before: datetime) -> Op[int]:
    """Removes those lists with their rows; gives how many lists.

    Raises:
        RegistryError: the registry refuses, or does not answer; the same call goes on.
    """
    rows = yield from _old_lists(before)
    return (yield from PublishedListRepository().remove([row["_id"] for row in rows]))


def old_reports(before: datetime) -> Op[Found]:
    """Drift reports of before a moment, and the pictures of what was compared.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    found: dict[str, list[Document]] = {}
    for kind in (DriftReportRepository, DriftPictureRepository):
        found[kind.collection] = yield from _before(kind.collection, "at", before, ["at"])
    return found


def old_rejects(before: datetime) -> Op[OldRecords]:
    """How many files of before a moment still say which of their rows could not be used, and why.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    rows = yield from _with_rejects(before)
    return OldRecords(len(rows), min((row["ingested_at"] for row in rows), default=None))


def remove_rejects(before: datetime) -> Op[int]:
    """Takes the rows out of these files' accounts; the counts stay, and so that a file was read.

    Raises:
        RegistryError: the registry refuses, or does not answer; the same call goes on.
    """
    done = 0
    for row in (yield from _with_rejects(before)):
        kept = {**row, "rejects": []}
        done += yield ReplaceMany(BatchRepository.collection, [Replace({"_id": row["_id"]}, kept)])
    return done


def _old_lists(before: datetime) -> Op[list[Document]]:
    rows = yield from _before(PublishedListRepository.collection, "at", before, ["at"])
    periods = yield from PeriodRepository().all()
    latest = None
    if periods:
        latest = yield from PublishedListRepository().latest(periods[-1])
    return [row for row in rows if latest is None or row["_id"] != latest.list_id]


def _with_rejects(before: datetime) -> Op[list[Document]]:
    rows = yield from _before(BatchRepository.collection, "ingested_at", before, ())
    return [row for row in rows if row.get("rejects")]


def _before(
    collection: str, field: str, before: datetime, fields: Sequence[str]
) -> Op[list[Document]]:
    where: dict[str, Any] = {field: {"$lt": milliseconds(before)}}
    found: list[Document] = yield Find(collection, where, fields=fields)
    return found


def _came(row: Document) -> datetime:
    at: datetime = row["at"]
    return at
