"""Tombstones: erased students, by a keyed hash of their ids; nothing else is kept of them.

A tombstone refuses late records by whatever way they come (`database.erasing.guarded`), until an
administrator lifts it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from database.driver.commands import Count, DeleteMany, Find, InsertMany, Op
from database.driver.paging import in_parts
from database.mapping.documents import milliseconds

COLLECTION = "tombstones"


def lay(digests: Iterable[str], *, at: datetime) -> Op[None]:
    """Keeps tombstones; one that is there already keeps its moment."""
    moment = milliseconds(at)
    for part in in_parts(sorted(set(digests))):
        yield InsertMany(COLLECTION, [{"_id": digest, "at": moment} for digest in part])


def among(digests: Iterable[str]) -> Op[set[str]]:
    """Those of the digests that are tombstones."""
    erased: set[str] = set()
    for part in in_parts(sorted(set(digests))):
        found = yield Find(COLLECTION, {"_id": {"$in": part}}, fields=["_id"])
        erased |= {row["_id"] for row in found}
    return erased


def all() -> Op[frozenset[str]]:
    """Every tombstone."""
    found = yield Find(COLLECTION, {}, fields=["_id"])
    return frozenset(row["_id"] for row in found)


def state() -> Op[tuple[int, str]]:
    """What changes when a tombstone is laid or lifted: how many there are, and the newest."""
    number: int = yield Count(COLLECTION, {})
    newest = yield Find(COLLECTION, {}, sort=[("at", -1), ("_id", 1)], limit=1)
    return number, newest[0]["_id"] if newest else ""


def lift(digest: str) -> Op[bool]:
    """Removes a tombstone; False if there was none."""
    removed: int = yield DeleteMany(COLLECTION, {"_id": digest})
    return bool(removed)
