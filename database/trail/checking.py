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
from model.audit.block import Block, id_of, subjects_of
from model.audit.check import ChainCheck, ChainWalk, Tampering, TouchedBlocks, Unread
from model.audit.former import BEGUN, mark_of
from model.errors import RegistryError
from model.trust.tombstone import TombstoneKey

PART = 20
"""Blocks that are read at a time: at most 20,000 entries."""

WRITING = timedelta(seconds=10)
"""A block that is younger may not be found by its subjects yet."""


def check_trail(
    anchors: Sequence[Anchor], key: TombstoneKey, *, now: datetime, task: str | None = None
) -> Op[list[ChainCheck]]:
    """Checks all chains there are or, by the anchors, were; the installation's first.

    Args:
        anchors: of all chains.
        key: the installation's data key.
        now: aware UTC.
        task: only its chain and the installation's.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    # Asked for by no chain: a document whose chain was falsified is to be seen too.
    stored: list[Document] = yield Find(TrailRepository.collection, {}, fields=["task", "number"])
    places: dict[str, list[Document]] = {one.task: [] for one in anchors}
    for document in stored:
        places.setdefault(str(document.get("task", "")), []).append(document)
    checks = []
    for chain in sorted(places):
        if task is not None and chain not in {task, ""}:
            continue
        ids = [one["_id"] for one in sorted(places[chain], key=_place)]
        held = [one for one in anchors if one.task == chain]
        checks.append((yield from _check(chain, ids, held, key, now)))
    return checks


def heads(tasks: Iterable[str], now: datetime) -> Op[list[Anchor]]:
    """The ends of some chains, to be written down; of those there are.

    Args:
        tasks: whose chains.
        now: aware UTC.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    found = []
    for task in tasks:
        head = yield from TrailRepository().head(task)
        if head is not None:
            found.append(Anchor(now, task, int(head["number"]), str(head.get("seal"))))
    return found


def still_there(anchor: Anchor) -> Op[bool]:
    """Whether the block of an anchor is as it was, or was removed for its age with those before.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    block = yield from TrailRepository().stored(id_of(anchor.task, anchor.number))
    if block is not None:
        return bool(block.get("seal") == anchor.seal)
    first: list[Document] = yield Find(
        TrailRepository.collection,
        {"task": anchor.task},
        sort=[("number", 1)],
        limit=1,
        fields=["number"],
    )
    return bool(first) and first[0]["number"] > anchor.number


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
        touched = TouchedBlocks(task, Tampering.FORMER, (0, 0), None, first.sealed_at)
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
    except RegistryError:
        block = None
    if block is not None and _is_whole(block):
        return block
    return Unread(str(document["_id"]), _place(document)[0])


def _is_whole(block: Block) -> bool:
    """Whether the fields are of their types, which a document need not keep to."""
    number: Any = block.number
    texts: tuple[Any, ...] = (block.task, block.batch, block.previous, block.seal)
    moments: tuple[Any, ...] = (block.sealed_at, *(entry.at for entry in block.entries))
    return (
        type(number) is int
        and all(isinstance(one, str) for one in texts)
        and all(isinstance(one, datetime) for one in moments)
    )


def _place(document: Document) -> tuple[int, str]:
    number = document.get("number")
    return (number if type(number) is int else 0), str(document["_id"])
