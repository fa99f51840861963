"""What the repositories share: the documents of one collection, as records of one type.

A method gives an operation (`database.driver.commands.Op`) that a registry runs. A repository has
no state and opens nothing, so one is made where it is used: `registry.run(RunRepository().get(i))`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from database.driver.commands import (
    Count,
    DeleteMany,
    Document,
    Find,
    InsertMany,
    Op,
    Replace,
    ReplaceMany,
    Sort,
)
from database.driver.paging import in_parts
from database.mapping.documents import from_document, to_document
from model.errors import NotFound, RegistryError

Record = TypeVar("Record")


class Documents:
    """The documents of one collection, as they are.

    Attributes:
        collection: where the documents are; a class of its own for each.
        indexes: which ones the queries need, each as fields and directions; `_id` has its own.
        unique: those that also refuse a second document of the same value.
        order: newest first. An index of all of it but `_id` at its end is made with that
            (`database.indexes`).
    """

    collection: ClassVar[str]
    indexes: ClassVar[Sequence[Sort]] = ()
    unique: ClassVar[Sequence[Sort]] = ()
    order: ClassVar[Sort] = (("at", -1), ("_id", 1))

    def stored(self, key: str) -> Op[Document | None]:
        """The document of that key as it is, or None.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found: list[Document] = yield Find(self.collection, {"_id": key})
        return found[0] if found else None

    def stored_many(self, keys: Iterable[str]) -> Op[dict[str, Document]]:
        """The documents of these keys, by key; unknown ones are left out.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._stored_by("_id", keys))

    def documents(self) -> Op[list[Document]]:
        """Every document as it is, in no order.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found: list[Document] = yield Find(self.collection, {})
        return found

    def _keys(self) -> Op[frozenset[str]]:
        """The keys of all documents; reads nothing else."""
        found = yield Find(self.collection, {}, fields=["_id"])
        return frozenset(document["_id"] for document in found)

    def _state(self) -> Op[tuple[int, str]]:
        """What changes when a key comes or goes: how many there are, and the newest by `at`."""
        number = yield from self._count({})
        newest = yield Find(self.collection, {}, sort=[("at", -1), ("_id", 1)], limit=1)
        return number, newest[0]["_id"] if newest else ""

    def _stored_by(self, field: str, values: Iterable[str]) -> Op[dict[str, Document]]:
        """The documents whose field has one of these values, by key."""
        stored: dict[str, Document] = {}
        for part in in_parts(sorted(set(values))):
            found = yield Find(self.collection, {field: {"$in": part}})
            stored |= {document["_id"]: document for document in found}
        return stored

    def _count(self, where: Mapping[str, Any]) -> Op[int]:
        number: int = yield Count(self.collection, where)
        return number

    def _delete(self, where: Mapping[str, Any]) -> Op[int]:
        deleted: int = yield DeleteMany(self.collection, where)
        return deleted

    def _add(self, document: Document) -> Op[bool]:
        """Inserts a document; False if its key is there already."""
        known = yield InsertMany(self.collection, [document])
        return not known

    def _swap(
        self, document: Document, *, read: int, where: Mapping[str, Any] | None = None
    ) -> Op[bool]:
        """Puts a document in the place of the one that was read; False if that has changed.

        Args:
            document: as it shall be; its revision becomes the one after `read`.
            read: the revision of the document that was read; 0 where there was none.
            where: what else must hold for the stored document.
        """
        document = document | {"revision": read + 1}
        if not read:
            return (yield from self._add(document))
        was = {"_id": document["_id"], "revision": read, **(where or {})}
        done = yield ReplaceMany(self.collection, [Replace(was, document)])
        return bool(done)

    def _swap_many(self, fresh: Sequence[Document], changed: Sequence[Document]) -> Op[set[str]]:
        """Inserts and replaces documents; gives the keys that somebody else may have written.

        Args:
            fresh: documents that were not there.
            changed: documents in the place of those of the revision before theirs.
        """
        taken = yield InsertMany(self.collection, fresh)
        late = {fresh[position]["_id"] for position in taken}
        replacements = [
            Replace({"_id": one["_id"], "revision": one["revision"] - 1}, one) for one in changed
        ]
        matched = yield ReplaceMany(self.collection, replacements)
        if matched < len(changed):
            # The answer is a count, so all of them are looked at again; those written are equal.
            late |= {one["_id"] for one in changed}
        return late


class Repository(Documents, Generic[Record]):
    """The documents of one collection as records.

    Attributes:
        record: what one document is.
        key: the record's field that is the document's key; None where several make it.
        missing: what `get` says when there is no such document, with `{}` for its key.
    """

    record: type[Record]
    key: ClassVar[str | None] = None
    missing: ClassVar[str]

    def get(self, key: str) -> Op[Record]:
        """The record of that key.

        Raises:
            NotFound: there is none.
            RegistryError: the document cannot be read as one.
        """
        found = yield from self.find(key)
        if found is None:
            raise NotFound(self.missing.format(key))
        return found

    def find(self, key: str) -> Op[Record | None]:
        """The record of that key, or None.

        Raises:
            RegistryError: the document cannot be read as one.
        """
        document = yield from self.stored(key)
        return None if document is None else self.read(document)

    def get_many(self, keys: Iterable[str]) -> Op[dict[str, Record]]:
        """The records of these keys, by key; unknown ones are left out.

        Raises:
            RegistryError: a document cannot be read.
        """
        stored = yield from self.stored_many(keys)
        return {key: self.read(document) for key, document in stored.items()}

    def newest(self, limit: int = 50) -> Op[list[Record]]:
        """The records that came last, newest first; `limit` 0 is all.

        Raises:
            RegistryError: a document cannot be read.
        """
        return (yield from self._matching({}, limit=limit))

    def keep_newest(self, number: int) -> Op[int]:
        """Removes all records but the newest so many; gives how many it removed.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        older = yield Find(
            self.collection, {}, sort=self.order, skip=number, fields=[self.order[0][0]]
        )
        removed = 0
        for part in in_parts([document["_id"] for document in older]):
            removed += yield from self._delete({"_id": {"$in": part}})
        return removed

    def count(self) -> Op[int]:
        """How many records there are.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._count({}))

    def read(self, document: Document) -> Record:
        """The record of a document.

        Raises:
            RegistryError: the document cannot be read as one.
        """
        return from_document(self.record, document, key=self.key)

    def readable(self, documents: Iterable[Document]) -> list[Record]:
        """The records of those documents that can be read."""
        records = []
        for document in documents:
            try:
                records.append(self.read(document))
            except RegistryError:
                continue
        return records

    def _document(self, record: Record) -> Document:
        return to_document(record, key=self.key)

    def _matching(
        self, where: Mapping[str, Any], sort: Sort | None = None, limit: int = 0
    ) -> Op[list[Record]]:
        """The records that match, newest first or in another order; `limit` 0 is all."""
        order = self.order if sort is None else sort
        found = yield Find(self.collection, where, sort=order, limit=limit)
        return [self.read(document) for document in found]

    def _put(self, record: Record) -> Op[None]:
        """Stores a record in the place of whatever somebody put there."""
        if not (yield from self._add(self._document(record))):
            yield from self._replace(record)

    def _replace(self, record: Record) -> Op[None]:
        """Stores a record in the place of the one of its key, if there is one."""
        document = self._document(record)
        yield ReplaceMany(self.collection, [Replace({"_id": document["_id"]}, document)])
