"""Blocks of the trail: some entries, chained to the block before them and sealed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

from model.audit.entry import Entry
from model.trust import signature
from model.trust.tombstone import TombstoneKey

PURPOSE = "audit block"
FIRST = "the first block"
"""What the first block of a chain names as the one before it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Entries of one task that one process sealed together.

    Attributes:
        block_id: `id_of(task, number)`, so that there is one of each number.
        task: whose chain it is in; "" is the installation's.
        number: 1 for the first, without gaps.
        sealed_at: when; aware UTC.
        batch: the same whenever the same entries are written again, so that they are told once.
        entries: in the order in which they were told.
        previous: the seal of the block before.
        seal: HMAC over all the rest with the data key, which is not in the registry.
    """

    block_id: str
    task: str
    number: int
    sealed_at: datetime
    batch: str
    entries: tuple[Entry, ...]
    previous: str
    seal: str = ""


def id_of(task: str, number: int) -> str:
    """The key of a block.

    >>> id_of("scores", 12)
    'scores#0000000012'
    """
    return f"{task}#{number:010d}"


def sealed(
    entries: Sequence[Entry],
    *,
    task: str,
    number: int,
    previous: str,
    batch: str,
    at: datetime,
    key: TombstoneKey,
) -> Block:
    """A block of these entries, sealed.

    Args:
        entries: of this task, at least one.
        task: whose chain.
        number: one more than that of the block before.
        previous: the seal of that one, or `FIRST`.
        batch: names these entries.
        at: aware UTC.
        key: the installation's data key.
    """
    block = Block(
        block_id=id_of(task, number),
        task=task,
        number=number,
        sealed_at=at,
        batch=batch,
        entries=tuple(entries),
        previous=previous,
    )
    return replace(block, seal=seal_of(block, key))


def seal_of(block: Block, key: TombstoneKey) -> str:
    """The seal that the block must have."""
    content = json.dumps([_told(entry) for entry in block.entries], sort_keys=True)
    return signature.seal(
        PURPOSE,
        {
            "block_id": block.block_id,
            "task": block.task,
            "number": block.number,
            "sealed_at": moment_of(block.sealed_at),
            "batch": block.batch,
            "previous": block.previous,
            "entries": hashlib.sha256(content.encode()).hexdigest(),
        },
        sealing_key(key),
    )


def sealing_key(key: TombstoneKey) -> bytes:
    """The data key, turned so that no pseudonym (HMAC-SHA256 of a text) can ever be a seal."""
    return hmac.digest(key.secret, b"farol audit trail", "sha512")


def subjects_of(entries: Sequence[Entry]) -> tuple[str, ...]:
    """The subjects of some entries, each once, sorted."""
    return tuple(sorted({entry.subject for entry in entries if entry.subject}))


def _told(entry: Entry) -> dict[str, str]:
    """An entry's fields that say something, so that a later release may add fields."""
    told = {one.name: str(getattr(entry, one.name)) for one in fields(entry)}
    told["at"] = moment_of(entry.at)
    return {name: value for name, value in told.items() if value}


def moment_of(at: datetime) -> str:
    """A moment as the registry keeps it: UTC, cut to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
