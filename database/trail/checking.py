"""Checks every chain of the trail against its seals, its numbers and the anchors of a host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from database.audit import AuditRepository
from database.driver.commands import Document, Find, Op
from database.driver.paging import in_parts
from database.trail.trail import TrailRepository, TrailSubjectRepository
from model.audit.anchors import Anchor
from model.audit.block import Block, subjects_of
from model.audit.check import ChainCheck, ChainWalk, Finding, Tampering, Unread
from model.audit.former import BEGUN, mark_of
from model.errors import RegistryError
from model.trust.tombstone import TombstoneKey

PART = 20
"""Blocks that are read at a time: at most 20,000 entries."""

WRITING = timedelta(seconds=10)
"""A block that is younger may not be found by its subjects yet."""


def check_trail(
    anchors: Sequence[Anchor], key: TombstoneKey, *, now: datetime
) -> Op[list[ChainCheck]]:
    """Checks all chains there are or, by the anchors, were; the installation's first.

    Args:
        anchors: of all chains.
        key: the installation's data key.
        now: aware UTC.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    # Asked for by no chain: a document whose chain was falsified is to be seen too.
    stored: list[Document] = yield Find(TrailRepository.collection, {}, fields=["task", "number"])
    places: dict[str, list[Document]] = {one.task: [] for one in anchors}
    for document in stored:
        places.setdefault(str(document.get("task", "")), []).append(document)
    checks = []
    for task in sorted(places):
        ids = [one["_id"] for one in sorted(places[task], key=_place)]
        held = [one for one in anchors if one.task == task]
        checks.append((yield from _check(task, ids, held, key, now)))
    return checks


def heads(now: datetime) -> Op[list[Anchor]]:
    """The end of every chain, to be written down.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    stored: list[Document] = yield Find(TrailRepository.collection, {"number": 1}, fields=["task"])
    found = []
    for task in sorted({str(one.get("task", "")) for one in stored} | {""}):
        head = yield from TrailRepository().head(task)
        if head is not None:
            found.append(Anchor(now, task, int(head["number"]), str(head["seal"])))
    return found


def _check(
    task: str, ids: Iterable[str], anchors: Sequence[Anchor], key: TombstoneKey, now: datetime
) -> Op[ChainCheck]:
    walk, first = ChainWalk(task, anchors, key), None
    for part in in_parts(list(ids), PART):
        stored = yield from TrailRepository().stored_many(part)
        noted = yield from TrailSubjectRepository().of_blocks(part)
        for block in (_read(stored[one]) for one in part if one in stored):
            if isinstance(block, Unread):
                walk.take(block)
                continue
            first = first or block
            wanted = {(block.block_id, subject) for subject in subjects_of(block.entries)}
            walk.take(block, listed=wanted <= noted or block.sealed_at > now - WRITING)
    done = walk.ended()
    if not task and first is not None and not (yield from _former_is_as_it_was(first, key)):
        touched = Finding(task, Tampering.FORMER, (0, 0), None, first.sealed_at)
        return ChainCheck(
            done.task, done.blocks, done.entries, done.head, done.anchored,
            (touched, *done.findings),
        )  # fmt: skip
    return done


def _former_is_as_it_was(first: Block, key: TombstoneKey) -> Op[bool]:
    """Whether the log of before the trail is what the first block says; true where it is gone."""
    marks = [entry.subject for entry in first.entries if entry.action == BEGUN]
    if first.number != 1 or not marks:
        return True  # That the first block is missing or false is found by the walk.
    try:
        events = yield from AuditRepository().newest(0)
    except RegistryError:
        return False
    return mark_of(events, key) == marks[0]


def _read(document: Document) -> Block | Unread:
    try:
        block = TrailRepository().read(document)
        number: Any = block.number
        if type(number) is int and all(isinstance(one, str) for one in (block.task, block.seal)):
            return block
    except RegistryError:
        pass
    return Unread(str(document["_id"]), _place(document)[0])


def _place(document: Document) -> tuple[int, str]:
    number = document.get("number")
    return (number if type(number) is int else 0), str(document["_id"])
