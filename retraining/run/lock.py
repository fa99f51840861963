"""One run at a time: a file lock on the host, a lease in the registry.

The lease is what counts, between hosts too; its fencing token tells a run that was thought dead
from the one that took over. The file lock is quicker and survives nothing: the kernel lets go of it
when the process dies. So whoever holds it knows that a lease still held in this host's name is a
dead run's, and need not wait for it to expire.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from database.driver.client import SyncRegistry
from database.leases import LONGEST, LeaseRepository
from model.errors import LeaseHeld, LeaseLost, RegistryUnavailable
from model.run import Lease

LEASE = "retraining"
TTL = timedelta(seconds=60)
LOCK_FILE = "retraining.lock"
HOST_FILE = "host.id"

Clock = Callable[[], datetime]


class HeldLease:
    """A lease that is renewed in the background while work goes on."""

    def __init__(self, registry: SyncRegistry, lease: Lease, clock: Clock, ttl: timedelta) -> None:
        self._registry = registry
        self._lease = lease
        self._clock = clock
        self._ttl = ttl
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    @property
    def lease(self) -> Lease:
        """The lease as it was taken; its token is what fences off other runs."""
        return self._lease

    def check(self) -> None:
        """Makes sure, before a write, that nobody else has taken over.

        Raises:
            LeaseLost: somebody has.
        """
        self._registry.run(LeaseRepository().check(self._lease, self._clock()))

    def start(self) -> None:
        """Begins to renew."""
        self._thread.start()

    def stop(self) -> None:
        """Stops renewing and gives the lease back."""
        self._done.set()
        self._thread.join()
        self._registry.run(LeaseRepository().release(self._lease))

    def _renew(self) -> None:
        while not self._done.wait(self._ttl.total_seconds() / 4):
            try:
                self._registry.run(LeaseRepository().renew(self._lease, self._clock(), self._ttl))
            except LeaseLost:
                return  # `check` will tell the run before it writes.
            except RegistryUnavailable:
                continue  # It may be back before the lease expires.


@contextmanager
def exclusively(
    registry: SyncRegistry, home: Path, run_id: str, clock: Clock, *, ttl: timedelta = TTL
) -> Iterator[HeldLease]:
    """Holds the host's file lock and the registry's lease.

    Args:
        registry: where the lease is held.
        home: where the lock file is.
        run_id: of the run that holds them.
        clock: gives the present time, in UTC.
        ttl: how long a lease lives that is not renewed.

    Raises:
        LeaseHeld: another run is under way, here or elsewhere.
    """
    home.mkdir(parents=True, exist_ok=True)
    # The file stays: deleting it would let a third process lock a new file of the same name while a
    # second still waits on the old one.
    lock = FileLock(home / LOCK_FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LeaseHeld("another run is under way on this host") from error
    try:
        lease = _take(registry, f"{host_id(home)}/{run_id}", clock, ttl)
        held = HeldLease(registry, lease, clock, ttl)
        held.start()
        try:
            yield held
        finally:
            held.stop()
    finally:
        lock.release()


def _take(registry: SyncRegistry, holder: str, clock: Clock, ttl: timedelta) -> Lease:
    before, dead = registry.run(LeaseRepository().find(LEASE)), None
    if before is not None and before.holder.split("/")[0] == holder.split("/")[0]:
        registry.run(LeaseRepository().release(before))
    elif before is not None and before.expires_at > clock() + LONGEST:
        # By a clock that is ahead; a holder that lives renews it meanwhile.
        time.sleep(ttl.total_seconds() / 2)
        dead = before
    return registry.run(LeaseRepository().acquire(LEASE, holder, now=clock(), ttl=ttl, dead=dead))


def host_id(home: Path) -> str:
    """A name for everything that shares this home, made on first use; call it under the lock."""
    path = home / HOST_FILE
    if not path.exists():
        path.write_text(secrets.token_hex(8), encoding="ascii")
    return path.read_text(encoding="ascii")
