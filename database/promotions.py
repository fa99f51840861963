"""The append-only ledger of decisions, and the only way to move the champion.

A promotion is committed by one write: the champion's alias document is replaced, at the revision
that was read, by one that holds the new version *and* the ledger line that explains it. The line
is then copied into the ledger. Whoever comes after a process that died between the two copies it
first, and readers look at both; so the ledger is the alias's history at every moment.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from database import aliases, leases
from database.driver.commands import Document, Find, InsertMany, Op
from database.mapping.documents import from_document, milliseconds, to_document
from model.errors import Conflict, LeaseLost
from model.promotion import DecisionStatus, Promotion
from model.run import Lease
from model.version import Alias

COLLECTION = "promotions"
_KEY = "promotion_id"


def add(promotion: Promotion, *, lease: Lease | None = None) -> Op[None]:
    """Records a decision that kept the champion; recording it again changes nothing.

    Args:
        promotion: the decision.
        lease: the lease the run holds, if it holds one.

    Raises:
        LeaseLost: another run took over; nothing was recorded.
        ValueError: the decision promotes; `promote` records it with the move.
    """
    if promotion.status is DecisionStatus.PROMOTED or promotion.revision is not None:
        raise ValueError("a promotion is recorded by promote")
    if lease is not None:
        yield from leases.fence(lease)
    yield InsertMany(COLLECTION, [to_document(promotion, key=_KEY)])


def promote(
    promotion: Promotion, *, expected_revision: int, lease: Lease | None = None
) -> Op[Promotion]:
    """Makes the challenger champion and records why, in one atomic step.

    Repeating a promotion that was committed gives it back as it was. A rollback is a promotion.

    Args:
        promotion: the decision, status `promoted`; its champion must be the one that serves.
        expected_revision: the champion alias's revision that the decision was made at; 0 at first.
        lease: the lease the run holds; its token fences off a run that lost it.

    Returns:
        The promotion as it is in the ledger: with its revision, and `at` never before the
        promotion it follows.

    Raises:
        Conflict: the champion is at another revision, or is another version.
        LeaseLost: a run with a newer token has fenced this one off.
    """
    current = yield from aliases.stored(aliases.CHAMPION)
    yield from _copy(current)
    if current is not None and current["promotion"]["_id"] == promotion.promotion_id:
        return from_document(Promotion, current["promotion"], key=_KEY)
    _allow(current, promotion, expected_revision, lease)
    done = _effective(current, promotion, expected_revision)
    extra: Document = {
        "promotion": to_document(done, key=_KEY),
        "token": lease.token if lease else current["token"] if current else 0,
    }
    moved = Alias(aliases.CHAMPION, done.challenger, expected_revision + 1, done.at)
    # The token is compared again by the write itself: it is what fences off a late run.
    where = {"token": current["token"]} if current else {}
    yield from aliases.swap(moved, extra, where)
    yield InsertMany(COLLECTION, [to_document(done, key=_KEY)])
    return done


def fence(lease: Lease) -> Op[None]:
    """Refuses from now on every promotion of a run with an older token of the lease.

    Raises:
        LeaseLost: a newer run has fenced this one off.
    """
    while True:
        current = yield from aliases.stored(aliases.CHAMPION)
        if current is None or current["token"] == lease.token:
            return
        if current["token"] > lease.token:
            raise LeaseLost(f"{lease.name}: a newer run has begun")
        done = yield from aliases.put_token(current, lease.token)
        if done:
            return


def newest(limit: int = 50) -> Op[list[Promotion]]:
    """The latest decisions, newest first; `limit` 0 is all."""
    found = yield Find(COLLECTION, {}, sort=[("at", -1), ("revision", -1)], limit=limit)
    ledger = yield from _with_pending(found)
    return ledger[:limit] if limit else ledger


def of_version(version: str) -> Op[list[Promotion]]:
    """Every decision about that version, newest first."""
    found = yield Find(COLLECTION, {"challenger": version})
    ledger = yield from _with_pending(found)
    return [promotion for promotion in ledger if promotion.challenger == version]


def champion_at(time: datetime) -> Op[str | None]:
    """Which version was champion at that moment; None before the first."""
    where = {"at": {"$lte": milliseconds(time)}, "revision": {"$gte": 1}}
    found = yield Find(COLLECTION, where, sort=[("revision", -1)], limit=1)
    ledger = yield from _with_pending(found)
    past = [p for p in ledger if p.revision is not None and p.at <= milliseconds(time)]
    return max(past, key=lambda p: p.revision or 0).challenger if past else None


def repair() -> Op[bool]:
    """Copies a committed promotion into the ledger if its process died before; True if so."""
    current = yield from aliases.stored(aliases.CHAMPION)
    copied = yield from _copy(current)
    return copied


def _copy(current: Document | None) -> Op[bool]:
    if current is None:
        return False
    known = yield InsertMany(COLLECTION, [current["promotion"]])
    return not known


def _with_pending(found: list[Document]) -> Op[list[Promotion]]:
    # Read after the ledger: a promotion committed in between is then in one of the two.
    current = yield from aliases.stored(aliases.CHAMPION)
    pending = [current["promotion"]] if current is not None else []
    by_id = {document["_id"]: document for document in (*found, *pending)}
    ledger = [from_document(Promotion, document, key=_KEY) for document in by_id.values()]
    return sorted(ledger, key=lambda p: (p.at, p.revision or 0), reverse=True)


def _allow(
    current: Document | None, promotion: Promotion, expected: int, lease: Lease | None
) -> None:
    if promotion.status is not DecisionStatus.PROMOTED:
        raise ValueError("only a decision to promote moves the champion")
    revision = current["revision"] if current else 0
    if revision != expected:
        raise Conflict(f"the champion is at revision {revision}, not {expected}")
    serving = current["version"] if current else None
    if promotion.champion != serving:
        raise Conflict(f"the champion is {serving}, not {promotion.champion}")
    if lease and current and current["token"] > lease.token:
        raise LeaseLost(f"{lease.name}: a newer run has begun")


def _effective(current: Document | None, promotion: Promotion, expected: int) -> Promotion:
    at = milliseconds(promotion.at)
    if current is not None:
        at = max(at, current["since"])
    return replace(promotion, at=at, revision=expected + 1)
