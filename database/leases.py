"""Leases: one holder at a time, with an expiry and a fencing token that only grows.

A lease is one document that is never deleted, so its token never starts again. Whoever replaces
the document at the revision that was read has the lease; everybody else is too late.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from database.driver.commands import Document, Find, InsertMany, Op, Replace, ReplaceMany
from database.mapping.documents import from_document, milliseconds, to_document
from model.errors import LeaseHeld, LeaseLost
from model.run import Lease

COLLECTION = "leases"
WORKER = "worker"
"""Held by the retraining worker that works, renewed as long as it lives."""

_KEY = "name"
RELEASED = datetime(1970, 1, 1, tzinfo=UTC)
"""When a lease expires that was given back."""


def acquire(name: str, holder: str, *, now: datetime, ttl: timedelta) -> Op[Lease]:
    """Takes the lease until `now + ttl`.

    Raises:
        LeaseHeld: somebody else holds it, or was quicker.
    """
    stored = yield from _stored(name)
    token = stored["token"] + 1 if stored else 1
    lease = Lease(name=name, holder=holder, token=token, expires_at=milliseconds(now + ttl))
    if stored is not None and stored["expires_at"] > now:
        until = f"{stored['expires_at']:%H:%M:%S}"
        raise LeaseHeld(f"{name} is held by {stored['holder']} until {until} UTC")
    done = yield from _write(stored, lease)
    if not done:
        raise LeaseHeld(f"{name} was taken by somebody else at this moment")
    return lease


def get(name: str) -> Op[Lease | None]:
    """The lease as it is stored, expired or not; None if nobody ever held it."""
    stored = yield from _stored(name)
    return None if stored is None else from_document(Lease, stored, key=_KEY)


def renew(lease: Lease, now: datetime, ttl: timedelta) -> Op[Lease]:
    """Holds the lease longer, until `now + ttl`.

    Raises:
        LeaseLost: it expired or somebody else took it.
    """
    stored = yield from _held(lease, now)
    longer = replace(lease, expires_at=milliseconds(now + ttl))
    done = yield from _write(stored, longer)
    if not done:
        raise LeaseLost(f"{lease.name} was taken by somebody else")
    return longer


def check(lease: Lease, now: datetime) -> Op[None]:
    """Makes sure that the lease is still held.

    Raises:
        LeaseLost: it expired or somebody else took it.
    """
    yield from _held(lease, now)


def fence(lease: Lease) -> Op[None]:
    """Makes sure that nobody took the lease after this holder; for use right before a write.

    The token decides and not the clock: a lease that expired and that nobody took since harms
    nobody.

    Raises:
        LeaseLost: somebody else took it.
    """
    stored = yield from _stored(lease.name)
    if stored is None or stored["token"] != lease.token:
        raise LeaseLost(f"{lease.name} was taken by somebody else")


def every() -> Op[list[Lease]]:
    """Every lease there ever was."""
    found = yield Find(COLLECTION, {}, sort=[("_id", 1)])
    return [from_document(Lease, document, key=_KEY) for document in found]


def carry(lease: Lease) -> Op[None]:
    """Makes a copied registry go on with the tokens of the one it was copied from.

    The champion remembers the newest token; were they to start again, every run would be taken for
    an old one. The lease itself is not carried: nobody holds it there.

    Args:
        lease: as it was found in the other registry.
    """
    while True:
        stored = yield from _stored(lease.name)
        if stored is not None and stored["token"] >= lease.token:
            return
        done = yield from _write(stored, replace(lease, expires_at=RELEASED))
        if done:
            return


def release(lease: Lease) -> Op[None]:
    """Gives the lease back; one that is lost already stays with its new holder."""
    stored = yield from _stored(lease.name)
    if stored is not None and stored["token"] == lease.token:
        yield from _write(stored, replace(lease, expires_at=RELEASED))


def _held(lease: Lease, now: datetime) -> Op[Document]:
    stored = yield from _stored(lease.name)
    if stored is None or stored["token"] != lease.token:
        raise LeaseLost(f"{lease.name} was taken by somebody else")
    if stored["expires_at"] <= now:
        raise LeaseLost(f"{lease.name} expired at {stored['expires_at']:%H:%M:%S} UTC")
    return stored


def _stored(name: str) -> Op[Document | None]:
    found: list[Document] = yield Find(COLLECTION, {"_id": name})
    return found[0] if found else None


def _write(was: Document | None, lease: Lease) -> Op[bool]:
    document = to_document(lease, key=_KEY) | {"revision": was["revision"] + 1 if was else 1}
    if was is None:
        taken = yield InsertMany(COLLECTION, [document])
        return not taken
    where = {"_id": lease.name, "revision": was["revision"]}
    done = yield ReplaceMany(COLLECTION, [Replace(where, document)])
    return bool(done)
