"""Leases: one holder at a time, with an expiry and a fencing token that only grows.

A lease is one document that is never deleted, so its token never starts again. Whoever replaces
the document at the revision that was read has the lease; everybody else is too late.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from database.driver.commands import Document, Op
from database.mapping.documents import milliseconds
from database.repository import Repository
from model.errors import LeaseHeld, LeaseLost
from model.run import Lease

RELEASED = datetime(1970, 1, 1, tzinfo=UTC)
"""When a lease expires that was given back."""

LONGEST = timedelta(minutes=2)
"""No lease is taken for so long: one that ends later was written by a clock that is ahead."""


def worker_lease(task: str) -> str:
    """The lease of the retraining worker that works on a task; kept in the root database.

    >>> worker_lease("pede_lag")
    'worker:pede_lag'
    """
    return f"worker:{task}"


class LeaseRepository(Repository[Lease]):
    """Leases by name; `find` gives one as it is stored, expired or not.

    A method that takes time takes it as aware UTC.
    """

    collection = "leases"
    record = Lease
    key = "name"
    order = (("_id", 1),)
    missing = "lease {}"

    def acquire(
        self,
        name: str,
        holder: str,
        *,
        now: datetime,
        ttl: timedelta,
        dead: Lease | None = None,
    ) -> Op[Lease]:
        """Takes the lease until `now + ttl`.

        Args:
            name: of the lease.
            holder: who takes it.
            now: aware UTC.
            ttl: how long it lives that is not renewed.
            dead: the lease of a holder that was seen to renew it no more, whenever it ends by this
                clock; another one, or the same renewed since, is respected.

        Raises:
            LeaseHeld: somebody else holds it, or was quicker.
        """
        stored = yield from self.stored(name)
        token = stored["token"] + 1 if stored else 1
        lease = Lease(name=name, holder=holder, token=token, expires_at=milliseconds(now + ttl))
        if stored is not None and stored["expires_at"] > now and self.read(stored) != dead:
            until = f"{stored['expires_at']:%H:%M:%S}"
            raise LeaseHeld(f"{name} is held by {stored['holder']} until {until} UTC")
        done = yield from self._write(stored, lease)
        if not done:
            raise LeaseHeld(f"{name} was taken by somebody else at this moment")
        return lease

    def renew(self, lease: Lease, now: datetime, ttl: timedelta) -> Op[Lease]:
        """Holds the lease longer, until `now + ttl`.

        Raises:
            LeaseLost: it expired or somebody else took it.
        """
        stored = yield from self._held(lease, now)
        longer = replace(lease, expires_at=milliseconds(now + ttl))
        done = yield from self._write(stored, longer)
        if not done:
            raise LeaseLost(f"{lease.name} was taken by somebody else")
        return longer

    def decline(self, name: str, holder: str, detail: str, now: datetime) -> Op[None]:
        """Says in a lease that nobody holds why this holder does not take it.

        Anybody else may take it at once; one that is held stays as it is.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        stored = yield from self.stored(name)
        if stored is not None and stored["expires_at"] > now:
            return
        token = stored["token"] if stored else 0
        yield from self._write(stored, Lease(name, holder, token, milliseconds(now), detail))

    def check(self, lease: Lease, now: datetime) -> Op[None]:
        """Makes sure that the lease is still held.

        Raises:
            LeaseLost: it expired or somebody else took it.
        """
        yield from self._held(lease, now)

    def check_token(self, lease: Lease) -> Op[None]:
        """Makes sure that nobody took the lease after this holder; for use right before a write.

        The token decides and not the clock: a lease that expired and that nobody took since harms
        nobody.

        Raises:
            LeaseLost: somebody else took it.
        """
        stored = yield from self.stored(lease.name)
        if stored is None or stored["token"] != lease.token:
            raise LeaseLost(f"{lease.name} was taken by somebody else")

    def all(self) -> Op[list[Lease]]:
        """Every lease there ever was.

        Raises:
            RegistryError: a lease cannot be read.
        """
        return (yield from self._matching({}))

    def carry(self, lease: Lease) -> Op[None]:
        """Makes a copied registry go on with the tokens of the one it was copied from.

        The champion remembers the newest token; were they to start again, every run would be taken
        for an old one. The lease itself is not carried: nobody holds it there.

        Args:
            lease: as it was found in the other registry.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        while True:
            stored = yield from self.stored(lease.name)
            if stored is not None and stored["token"] >= lease.token:
                return
            done = yield from self._write(stored, replace(lease, expires_at=RELEASED))
            if done:
                return

    def release(self, lease: Lease) -> Op[None]:
        """Gives the lease back; one that is lost already stays with its new holder.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        stored = yield from self.stored(lease.name)
        if stored is not None and stored["token"] == lease.token:
            yield from self._write(stored, replace(lease, expires_at=RELEASED))

    def _held(self, lease: Lease, now: datetime) -> Op[Document]:
        stored = yield from self.stored(lease.name)
        if stored is None or stored["token"] != lease.token:
            raise LeaseLost(f"{lease.name} was taken by somebody else")
        if stored["expires_at"] <= now:
            raise LeaseLost(f"{lease.name} expired at {stored['expires_at']:%H:%M:%S} UTC")
        return stored

    def _write(self, was: Document | None, lease: Lease) -> Op[bool]:
        return (yield from self._swap(self._document(lease), read=was["revision"] if was else 0))
