"""Copies one registry into another, and compares the two."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Count, Document, Find, InsertMany, Replace, ReplaceMany
from database.erasing.guarded import PERSONAL
from database.kept.files import KeptBytesRepository
from database.leases import LeaseRepository
from database.mapping import schema
from database.mapping.nested_lists import portable
from database.repositories import REPOSITORIES
from database.repository import Repository
from database.students import StudentRepository
from model.errors import RegistryError

COLLECTIONS = tuple(kind.collection for kind in REPOSITORIES if kind is not LeaseRepository)
"""What is pointed at comes before what points. Of leases only the tokens go, at the end."""

RECORDS = {
    kind.collection: kind().record.__name__
    for kind in REPOSITORIES
    if issubclass(kind, Repository) and kind is not StudentRepository
}
"""What the documents of a collection are; they are brought to its newest schema on the way.

A student's schema is written with each period.
"""

PAGE = 1_000
LARGE = 2
"""Documents a page; those of `OF_BYTES` are 4 MB each."""
OF_BYTES = frozenset({ArtifactRepository.collection, KeptBytesRepository.collection})

MOST_NAMED = 3
"""Documents of a collection that differ, which are named."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Compared:
    """One collection on both sides.

    Attributes:
        source: documents in the source.
        found: how many of them the target has, in the same or a later revision.
        digest: SHA-256 over the source's documents in the order of their keys.
        differs: how many the target has with another content that is not a later revision.
        target_digest: the same over the target's documents of these keys.
        newer: how many of those found are of a later revision there.
        named: which documents differ, the first few: their keys, or their places in the order of
            the keys where a key tells a student, and the fields at fault.
    """

    collection: str
    source: int
    found: int
    differs: int
    digest: str
    target_digest: str = ""
    newer: int = 0
    named: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything of the source arrived."""
        whole = self.found == self.source and not self.differs
        return whole and (bool(self.newer) or self.target_digest == self.digest)


def copy(source: SyncRegistry, target: SyncRegistry, progress: Progress) -> None:
    """Copies every collection; what the target has already is left, unless it is older.

    An interrupted copy is finished by running it again: of what is there already only the
    revisions are asked.

    Raises:
        RegistryError: one of the two fails.
    """
    for collection in COLLECTIONS:
        total = source.execute(Count(collection, {}))
        copied = there = 0
        for page in pages(source, collection):
            there += put(target, collection, page)
            copied += len(page)
            already = f", {there:,} were there already" if there else ""
            progress(f"{collection}: {copied:,} of {max(total, copied):,}{already}")
    for lease in source.run(LeaseRepository().all()):
        target.run(LeaseRepository().carry(lease))


def put(target: SyncRegistry, collection: str, page: Sequence[Document]) -> int:
    """Writes documents; what is there already is left, unless it is older.

    Returns:
        How many were there already.

    Raises:
        RegistryError: the registry fails.
    """
    page = [portable(document) for document in page]
    known = _revisions(target, collection, page)
    fresh = [document for document in page if document["_id"] not in known]
    late = target.execute(InsertMany(collection, fresh))
    if late:  # Somebody else writes there too.
        known |= _revisions(target, collection, [fresh[position] for position in late])
    older = [
        Replace({"_id": d["_id"], "revision": known[d["_id"]]}, d)
        for d in page
        if d["_id"] in known and d.get("revision", 0) > known[d["_id"]]
    ]
    target.execute(ReplaceMany(collection, older))
    return len(known)


def compare(
    source: SyncRegistry, target: SyncRegistry, progress: Progress = lambda _: None
) -> list[Compared]:
    """Compares every collection, document by document.

    Raises:
        RegistryError: one of the two fails.
    """
    return [_compare(source, target, collection, progress) for collection in COLLECTIONS]


def _compare(
    source: SyncRegistry, target: SyncRegistry, collection: str, progress: Progress
) -> Compared:
    here, there = hashlib.sha256(), hashlib.sha256()
    total = found = newer = 0
    named: list[str] = []
    differs = 0
    for page in pages(source, collection):
        others = _same_keys(target, collection, page)
        for document in page:
            total += 1
            content = _canonical(document)
            here.update(content)
            other = others.get(document["_id"])
            if other is None:
                continue
            its_content = _canonical(other)
            there.update(its_content)
            if its_content == content:
                found += 1
            elif other.get("revision", 0) > document.get("revision", 0):
                found, newer = found + 1, newer + 1
            else:
                differs += 1
                named += [_named(collection, total, document, other)][: MOST_NAMED - len(named)]
        progress(f"{collection}: {total:,} compared")
    return Compared(
        collection, total, found, differs, here.hexdigest(), there.hexdigest(), newer, tuple(named)
    )


def _named(collection: str, place: int, document: Document, other: Document) -> str:
    """Which document differs and in what, without a value of it."""
    which = f"number {place:,} by key" if collection in PERSONAL else str(document["_id"])
    fields = sorted(
        name for name in document.keys() | other.keys() if document.get(name) != other.get(name)
    )
    return f"{which} ({', '.join(fields) or 'kinds of values'})"


def _revisions(
    target: SyncRegistry, collection: str, documents: Sequence[Document]
) -> dict[str, int]:
    """Key to revision of those that the target has."""
    where = {"_id": {"$in": [document["_id"] for document in documents]}}
    found = target.execute(Find(collection, where, fields=["_id", "revision"]))
    return {one["_id"]: one.get("revision", 0) for one in found}


def _same_keys(
    target: SyncRegistry, collection: str, documents: Sequence[Document]
) -> Mapping[str, Document]:
    where = {"_id": {"$in": [document["_id"] for document in documents]}}
    found = target.execute(Find(collection, where))
    return {d["_id"]: _newest(collection, d) for d in found}


def pages(source: SyncRegistry, collection: str) -> Iterator[list[Document]]:
    """A collection's documents in the order of their keys, in the newest schema.

    Raises:
        RegistryError: the registry fails, or a document is of a newer release.
    """
    size = LARGE if collection in OF_BYTES else PAGE
    where: dict[str, Any] = {}
    while True:
        page = source.execute(Find(collection, where, sort=[("_id", 1)], limit=size))
        if not page:
            return
        yield [_newest(collection, document) for document in page]
        where = {"_id": {"$gt": page[-1]["_id"]}}


def _newest(collection: str, document: Document) -> Document:
    try:
        steps = schema.STEPS.get(RECORDS.get(collection, ""), ())
        return portable(dict(schema.forward(document, steps)))
    except ValueError as error:
        raise RegistryError(f"{collection} {document['_id']}: {error}") from error


def _canonical(document: Document) -> bytes:
    return orjson.dumps(document, _text, orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return str(value)
