"""The audit trail: chains of sealed blocks, one for each task and one for the installation.

It is in the root database. Any number of processes append to one chain: a block's number is its
key, so that of two who want the same number one reads the end of the chain again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from database.audit import AuditRepository
from database.driver.commands import (
    DeleteMany,
    Document,
    Find,
    InsertMany,
    Op,
    Replace,
    ReplaceMany,
)
from database.driver.paging import in_parts
from database.mapping.documents import milliseconds
from database.repository import Documents, Repository
from model.audit.block import FIRST, Block, id_of, sealed, subjects_of
from model.audit.check import SHORTENED
from model.audit.entry import Entry
from model.audit.former import begun, of_before
from model.trust.tombstone import TombstoneKey

MOST_ENTRIES = 1_000
"""Entries of one block; some 300 KB."""


FURTHEST = 10**12
"""No chain has so many blocks: a larger number was put there, and nobody counts on from it."""


MOST_STEPS = 50
"""Blocks that are looked at behind the one that is noted as the last."""


class TrailSubjectRepository(Documents):
    """Which blocks tell of which subject; made from the blocks, and nothing that counts alone."""

    collection = "audit_subjects"
    indexes = (
        [("subject", 1)],  # of_student
        [("block_id", 1)],  # of_blocks
    )

    def note(self, block: Block) -> Op[None]:
        """Notes the subjects of a block; noting them again changes nothing.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield InsertMany(self.collection, [
            {"_id": f"{block.block_id}/{subject}", "subject": subject, "block_id": block.block_id}
            for subject in subjects_of(block.entries)
        ])  # fmt: skip

    def blocks_of(self, subject: str) -> Op[list[str]]:
        """The keys of the blocks that tell of a subject.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield Find(self.collection, {"subject": subject})
        return sorted(row["block_id"] for row in found)

    def of_blocks(self, block_ids: Iterable[str]) -> Op[set[tuple[str, str]]]:
        """Block and subject of what is noted of some blocks.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        noted: set[tuple[str, str]] = set()
        for part in in_parts(sorted(set(block_ids))):
            found = yield Find(self.collection, {"block_id": {"$in": part}})
            noted |= {(row["block_id"], row["subject"]) for row in found}
        return noted


class TrailEndRepository(Documents):
    """Where each chain ended when somebody appended last: a hint, which nobody has to believe."""

    collection = "audit_ends"

    def note(self, block: Block) -> Op[None]:
        """Notes that a chain has come to a block.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        document = {"_id": f"{block.task}#end", "number": block.number}
        if not (yield from self._add(document)):
            yield ReplaceMany(self.collection, [Replace({"_id": document["_id"]}, document)])

    def number(self, task: str) -> Op[int]:
        """The number of that block; 0 where none is noted.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        noted = yield from self.stored(f"{task}#end")
        number = noted.get("number") if noted else 0
        return number if type(number) is int and 0 < number < FURTHEST else 0


class TrailRepository(Repository[Block]):
    """The blocks of all chains; append-only."""

    collection = "audit_trail"
    indexes = (
        [("task", 1), ("number", -1)],  # head, after
        [("batch", 1)],  # tell
        [("sealed_at", -1)],  # newest
    )
    record = Block
    key = "block_id"
    order = (("sealed_at", -1), ("number", -1))
    missing = "block {} of the audit trail"

    def tell(
        self, entries: Iterable[Entry], key: TombstoneKey, *, now: datetime, batch: str = ""
    ) -> Op[list[Block]]:
        """Appends entries to the chains of their tasks; gives the blocks that were written.

        Args:
            entries: in the order in which they happened.
            key: the installation's data key, which seals.
            now: aware UTC, when they are sealed.
            batch: names these entries: those of a batch that is there already are not told again.

        Raises:
            RegistryError: the registry refuses, or does not answer.
            ValueError: a moment has no time zone.
        """
        name, by_task = batch or uuid.uuid4().hex, dict[str, list[Entry]]()
        for entry in entries:
            by_task.setdefault(entry.task, []).append(entry)
        written = (yield from self._begin(key, now)) if by_task else []
        for task, told in by_task.items():
            for place, part in enumerate(in_parts(told, MOST_ENTRIES)):
                block = yield from self._append(task, part, f"{name}/{task}/{place}", key, now)
                written += [] if block is None else [block]
        return written

    def of_student(self, pseudonym: str) -> Op[list[Entry]]:
        """All that is told of a student, in every task, newest first; also of before the trail.

        Args:
            pseudonym: of the student (`model.audit.entry.pseudonym`).

        Raises:
            RegistryError: a document cannot be read.
        """
        noted = yield from TrailSubjectRepository().blocks_of(pseudonym)
        blocks = yield from self.get_many(noted)
        found = [e for block in blocks.values() for e in block.entries if e.subject == pseudonym]
        former = yield from AuditRepository().about(pseudonym)
        return sorted([*found, *map(of_before, former)], key=lambda e: e.at, reverse=True)

    def head(self, task: str) -> Op[Document | None]:
        """The last block of a chain, as it is stored; None where there is none.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        # By the keys of the last blocks, whatever else there is.
        number = yield from TrailEndRepository().number(task)
        end = yield from self.stored(id_of(task, number))
        for _ in range(MOST_STEPS):
            if end is None or end.get("number") != number or end.get("task") != task:
                break
            number += 1
            later = yield from self.stored(id_of(task, number))
            if later is None:
                return end
            end = later
        found: list[Document] = yield Find(
            self.collection,
            {"task": task, "number": {"$gt": 0, "$lt": FURTHEST}},
            sort=[("number", -1)],
            limit=1,
        )
        return found[0] if found else None

    def blocks(
        self,
        limit: int = 50,
        offset: int = 0,
        task: str | None = None,
        *,
        before: datetime | None = None,
    ) -> Op[list[Block]]:
        """The newest blocks that can be read, newest first.

        Args:
            limit: at most so many.
            offset: how many of the newest are left out.
            task: only of this chain.
            before: only those that were sealed before this moment.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        if task is not None and before is None and limit:
            head = yield from self.head(task)
            end = head["number"] - offset if head else 0
            keys = [id_of(task, number) for number in range(max(end - limit, 0) + 1, end + 1)]
            stored = yield from self.stored_many(keys)
            return self.readable(stored[key] for key in reversed(keys) if key in stored)
        where: dict[str, Any] = {} if task is None else {"task": task}
        if before is not None:
            where["sealed_at"] = {"$lt": milliseconds(before)}
        found = yield Find(self.collection, where, sort=self.order, limit=limit, skip=offset)
        return self.readable(found)

    def ids(self, task: str | None = None) -> Op[list[str]]:
        """The keys of all blocks, newest first.

        Args:
            task: only of this chain.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        where = {} if task is None else {"task": task}
        found = yield Find(self.collection, where, fields=["number", "sealed_at"])
        placed = [
            (one["sealed_at"], number, one["_id"])
            for one in found
            if type(number := one.get("number")) is int
            if isinstance(one.get("sealed_at"), datetime)
        ]
        return [block_id for _, _, block_id in sorted(placed, reverse=True)]

    def shorten(
        self, task: str, before: datetime, *, by: Entry, key: TombstoneKey, now: datetime
    ) -> Op[int]:
        """Removes the oldest blocks of a chain for their age, and says so in it first.

        What is left is checked as before: the entry that says it is sealed as any other.

        Args:
            task: whose chain.
            before: blocks sealed before it go, up to the first that was not.
            by: who removes them; its action, subject and detail are filled in here.
            key: the installation's data key.
            now: aware UTC.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        young: list[Document] = yield Find(
            self.collection,
            {"task": task, "sealed_at": {"$gte": milliseconds(before)}},
            sort=[("number", 1)], limit=1, fields=["number"],
        )  # fmt: skip
        head = yield from self.head(task)
        end = young[0]["number"] if young else (head["number"] if head else 0)
        old = yield Find(self.collection, {"task": task, "number": {"$lt": end}}, fields=["number"])
        if not old:
            return 0
        told = replace(
            by,
            task=task,
            action=SHORTENED,
            subject=str(max(int(one["number"]) for one in old)),
            detail=f"{len(old)} blocks sealed before {before:%Y-%m-%d %H:%M}",
        )
        yield from self.tell([told], key, now=now)
        for part in in_parts(sorted(one["_id"] for one in old)):
            yield DeleteMany(TrailSubjectRepository.collection, {"block_id": {"$in": part}})
            yield DeleteMany(self.collection, {"_id": {"$in": part}})
        return len(old)

    def _begin(self, key: TombstoneKey, now: datetime) -> Op[list[Block]]:
        """The first block of an installation, which holds what was told before the trail."""
        if (yield from self.head("")) is not None:
            return []
        former = yield from AuditRepository().newest(0)
        block = yield from self._append("", [begun(former, key, now)], "begun", key, now)
        return [] if block is None else [block]

    def _append(
        self, task: str, entries: Sequence[Entry], batch: str, key: TombstoneKey, now: datetime
    ) -> Op[Block | None]:
        tried = 0
        while True:
            # The end is read first: who writes this batch after that takes the number after it.
            head = yield from self.head(task)
            before = yield from self._matching({"batch": batch}, limit=1)
            if before:
                yield from TrailSubjectRepository().note(before[0])
                return None
            # What stands in a number's place and is no block must not stop the trail.
            tried = max(int(head["number"]) if head else 0, tried) + 1
            block = sealed(
                entries,
                task=task,
                number=tried,
                previous=str(head.get("seal")) if head else FIRST,
                batch=batch,
                at=now,
                key=key,
            )
            if (yield from self._add(self._document(block))):
                yield from TrailSubjectRepository().note(block)
                yield from TrailEndRepository().note(block)
                return block
