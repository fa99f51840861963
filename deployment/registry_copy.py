"""Copies one registry into another, and compares the two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Document, Find, InsertMany, Replace, ReplaceMany
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

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Compared:
    """One collection on both sides.

    Attributes:
        source: documents in the source.
        found: how many of them the target has, in the same or a later revision.
        digest: SHA-256 over the source's documents in the order of their keys.
        differs: how many the target has with another content that is not a later revision.
    """

    collection: str
    source: int
    found: int
    differs: int
    digest: str

    @property
    def complete(self) -> bool:
        """Whether everything of the source arrived."""
        return self.found == self.source and not self.differs


def copy(source: SyncRegistry, target: SyncRegistry, progress: Progress) -> None:
    """Copies every collection; what the target has already is left, unless it is older.

    An interrupted copy is finished by running it again.

    Raises:
        RegistryError: one of the two fails.
    """
    for collection in COLLECTIONS:
        copied = 0
        for page in pages(source, collection):
            put(target, collection, page)
            copied += len(page)
            progress(f"{collection}: {copied}")
    for lease in source.run(LeaseRepository().all()):
        target.run(LeaseRepository().carry(lease))


def put(target: SyncRegistry, collection: str, page: Sequence[Document]) -> None:
    """Writes documents; what is there already is left, unless it is older.

    Raises:
        RegistryError: the registry fails.
    """
    page = [portable(document) for document in page]
    known = target.execute(InsertMany(collection, page))
    _renew(target, collection, [page[position] for position in known])


def compare(source: SyncRegistry, target: SyncRegistry) -> list[Compared]:
    """Compares every collection, document by document.

    Raises:
        RegistryError: one of the two fails.
    """
    return [_compare(source, target, collection) for collection in COLLECTIONS]


def _compare(source: SyncRegistry, target: SyncRegistry, collection: str) -> Compared:
    digest = hashlib.sha256()
    total = found = differs = 0
    for page in pages(source, collection):
        there = _same_keys(target, collection, page)
        for document in page:
            total += 1
            digest.update(_canonical(document))
            other = there.get(document["_id"])
            if other is None:
                continue
            if _is_current(other, document):
                found += 1
            else:
                differs += 1
    return Compared(collection, total, found, differs, digest.hexdigest())


def _renew(target: SyncRegistry, collection: str, known: Sequence[Document]) -> None:
    """Brings documents forward that the source has in a later revision."""
    there = _same_keys(target, collection, known)
    older = [
        Replace({"_id": d["_id"], "revision": there[d["_id"]].get("revision", 0)}, d)
        for d in known
        if d.get("revision", 0) > there[d["_id"]].get("revision", 0)
    ]
    target.execute(ReplaceMany(collection, older))


def _same_keys(
    target: SyncRegistry, collection: str, documents: Sequence[Document]
) -> dict[str, Document]:
    where = {"_id": {"$in": [document["_id"] for document in documents]}}
    found = target.execute(Find(collection, where))
    return {d["_id"]: _newest(collection, d) for d in found}


def _is_current(there: Document, here: Document) -> bool:
    if there.get("revision", 0) > here.get("revision", 0):
        return True
    return _canonical(there) == _canonical(here)


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
    return json.dumps(document, sort_keys=True, default=_text).encode()


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return str(value)
