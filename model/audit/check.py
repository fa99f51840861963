"""Whether a chain is as it was written, and where it is not: what, and between which moments."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from model.audit.anchors import Anchor
from model.audit.block import FIRST, Block, id_of, seal_of
from model.audit.entry import ActorKind, Entry
from model.trust.tombstone import TombstoneKey

SHORTENED = "audit trail shortened"
"""The action of the entry that says which blocks were removed for their age; `subject` is the last
of them."""


class Tampering(StrEnum):
    """What was done to a chain."""

    ALTERED = "altered, inserted or moved here"
    UNREADABLE = "no block of the trail"
    REMOVED = "removed"
    BROKEN = "does not follow the one before"
    CUT = "removed from the end"
    REWRITTEN = "not the one that was anchored"
    UNLISTED = "no longer found by its subjects"
    FORMER = "the audit log of before the trail was touched"


@dataclass(frozen=True, slots=True)
class TouchedBlocks:
    """One place where a chain was touched.

    Attributes:
        task: whose chain.
        what: was done.
        numbers: of the blocks, first and last.
        after: the moment of what is before that is still as it was; None where nothing is.
        before: the moment of what follows that is as it was; None where nothing is.
    """

    task: str
    what: Tampering
    numbers: tuple[int, int]
    after: datetime | None
    before: datetime | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A document in the place of a block, which is none."""

    block_id: str
    number: int


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What was found of one chain.

    Attributes:
        task: whose.
        blocks: read.
        entries: in them.
        head: the last block; None where there is none.
        anchored: the newest anchor that holds; None where there is none. What was told after it
            may have been removed from the end unseen.
        findings: in the order of the chain.
    """

    task: str
    blocks: int
    entries: int
    head: Block | None
    anchored: Anchor | None
    findings: tuple[TouchedBlocks, ...]


def check_chain(
    task: str, blocks: Iterable[Block | Unread], anchors: Sequence[Anchor], key: TombstoneKey
) -> ChainCheck:
    """Checks the seal and the place of every block, and the anchors.

    Args:
        task: whose chain.
        blocks: all there are, by number.
        anchors: of this chain, as this host or another wrote them down.
        key: the installation's data key.
    """
    walk = ChainWalk(task, anchors, key)
    for block in blocks:
        walk.take(block)
    return walk.ended()


def is_sealed(block: Block, key: TombstoneKey) -> bool:
    """Whether a block is as it was sealed, in the place for which it was."""
    return block.block_id == id_of(block.task, block.number) and hmac.compare_digest(
        seal_of(block, key).encode(), block.seal.encode()
    )


class ChainWalk:
    """One walk along a chain, block by block.

    Args:
        task: whose chain.
        anchors: of this chain.
        key: the installation's data key.
    """

    def __init__(self, task: str, anchors: Sequence[Anchor], key: TombstoneKey) -> None:
        self._task = task
        self._key = key
        self._anchors: dict[int, list[Anchor]] = {}
        for one in anchors:
            self._anchors.setdefault(one.number, []).append(one)
        self._blocks = self._entries = self._number = self._shortened = 0
        self._head: Block | None = None
        self._anchored: Anchor | None = None
        self._findings: list[TouchedBlocks] = []
        self._good: datetime | None = None
        self._open: list[tuple[Tampering, int, int]] = []

    def take(self, block: Block | Unread, *, listed: bool = True) -> None:
        """Looks at the next block.

        Args:
            block: by number, as they are stored.
            listed: whether it is found by all its subjects.
        """
        if block.number > self._number + 1:
            self._found(Tampering.REMOVED, self._number + 1, block.number - 1)
        self._number = max(block.number, self._number)
        self._blocks += 1
        if isinstance(block, Unread):
            self._found(Tampering.UNREADABLE, block.number, block.number)
            return
        self._entries += len(block.entries)
        wrong = self._wrong_with(block, listed)
        if wrong is not None:
            self._found(wrong, block.number, block.number)
        if wrong is not Tampering.ALTERED:
            self._head = block
            self._shortened = max(self._shortened, *map(_shortened_to, block.entries), 0)
        if wrong is None:
            self._anchored = self._anchors.get(block.number, [self._anchored])[-1]
            self._close(block.sealed_at)

    def ended(self) -> ChainCheck:
        """What was found, the anchors of what should follow the last block included."""
        last = max(self._anchors, default=0)
        if last > self._number:
            self._found(Tampering.CUT, self._number + 1, last)
        self._close(None)
        findings = tuple(
            one
            for one in self._findings
            if one.what is not Tampering.REMOVED or one.numbers[1] > self._shortened
        )
        return ChainCheck(
            self._task, self._blocks, self._entries, self._head, self._anchored, findings
        )

    def _wrong_with(self, block: Block, listed: bool) -> Tampering | None:
        if block.task != self._task or not is_sealed(block, self._key):
            return Tampering.ALTERED
        former = self._head
        follows = former.seal if former else FIRST
        # Where the one before is missing or false, that was found already.
        comes_next = block.number == (former.number + 1 if former else 1)
        if comes_next and block.previous != follows:
            return Tampering.BROKEN
        # All of them: after a rewriting the host has anchored the new block of that number too.
        if any(one.seal != block.seal for one in self._anchors.get(block.number, ())):
            return Tampering.REWRITTEN
        return None if listed else Tampering.UNLISTED

    def _found(self, what: Tampering, first: int, last: int) -> None:
        before = self._open[-1] if self._open else None
        if before is not None and before[0] is what and before[2] == first - 1:
            self._open[-1] = (what, before[1], last)
        else:
            self._open.append((what, first, last))

    def _close(self, at: datetime | None) -> None:
        """What was found since the last good block lies between that one and this."""
        self._findings += [
            TouchedBlocks(self._task, what, (first, last), self._good, at)
            for what, first, last in self._open
        ]
        self._open.clear()
        self._good = at


def _shortened_to(entry: Entry) -> int:
    """The last block that an entry says was removed for its age; 0 where it says no such thing."""
    told = entry.action == SHORTENED and entry.kind in {ActorKind.WORKER, ActorKind.COMMAND}
    return int(entry.subject) if told and entry.subject.isdecimal() else 0
