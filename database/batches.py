"""Ingested files and API batches."""

from __future__ import annotations

from dataclasses import fields as fields_of
from datetime import datetime

from database.driver.commands import Find, Op, Replace, ReplaceMany
from database.mapping import schema
from database.mapping.documents import milliseconds
from database.repository import Documents, Repository
from model.batch import Batch


class BatchRepository(Repository[Batch]):
    """Ingested tables, each under the hash of its content."""

    collection = "batches"
    indexes = (
        [("ingested_at", -1)],  # newest
        [("file", 1)],  # rewritten
    )
    record = Batch
    key = "batch_id"
    order = (("ingested_at", -1), ("_id", 1))
    missing = "batch {}"

    def add(self, batch: Batch) -> Op[bool]:
        """Adds a batch; False if it is known already, by its content.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._add(self._document(batch)))

    def last(self) -> Op[str | None]:
        """The id of the batch that came last; None before the first. Reads no batch.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        fields = ["ingested_at"]
        order = [("ingested_at", -1)]
        found = yield Find(self.collection, {}, sort=order, limit=1, fields=fields)
        return str(found[0]["_id"]) if found else None

    def rewritten(self, file: str, digest: str) -> Op[int]:
        """Notes with the tables of a file that something else is kept of it; gives how many.

        Args:
            file: the SHA-256 that it came with.
            digest: the SHA-256 of what is kept.

        Raises:
            RegistryError: the registry refuses, or does not answer; the same call goes on.
        """
        found = yield Find(self.collection, {"file": file})
        changed = [Replace({"_id": one["_id"]}, {**one, "file_now": digest}) for one in found]
        done: int = yield ReplaceMany(self.collection, changed)
        return done

    def without_rejects(self, *, skip: int = 0, limit: int = 0) -> Op[list[Batch]]:
        """Batches, newest first, with the number of their rejects and not what they are.

        Args:
            skip: how many of the newest are left out.
            limit: how many at most; 0 is all.

        Raises:
            RegistryError: a batch cannot be read.
        """
        fields = [f.name for f in fields_of(Batch) if f.name not in ("batch_id", "rejects")]
        fields.append(schema.FIELD)
        found = yield Find(self.collection, {}, self.order, limit, skip=skip, fields=fields)
        return [self.read({**document, "rejects": []}) for document in found]


class BegunBatchRepository(Documents):
    """When the ingest of each table was first begun, under the hash of its content."""

    collection = "begun_batches"

    def begin(self, batch_id: str, *, now: datetime) -> Op[datetime]:
        """Notes that a batch is begun; gives when it was begun first.

        Whoever ingests the same content again, after a kill or at the same time, writes what it
        holds as known from that moment on. So all of them write the same documents.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        moment = milliseconds(now)
        if (yield from self._add({"_id": batch_id, "at": moment})):
            return moment
        first = yield from self.stored(batch_id)
        return first["at"] if first else moment
