"""Shipments of all workers of this host pass a gate, which an erasure closes.

Without it a shipment that was read before a student's records were deleted would write them again
afterwards. Kernel file locks: nobody has to clean up after a process that died.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class Gate:
    """Two locks: one is held by whoever is through, the other by whoever wants it closed.

    Args:
        folder: where the lock files are; they are never deleted (see `model.live.folder`).
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._turnstile = folder / "turnstile.lock"
        self._gate = folder / "gate.lock"

    @contextmanager
    def passing(self) -> Iterator[bool]:
        """Holds the gate open; False, and nothing held, while somebody wants it closed."""
        with self._turnstile.open("a") as turnstile, self._gate.open("a") as gate:
            free = _try_shared(turnstile) and _try_shared(gate)
            fcntl.flock(turnstile, fcntl.LOCK_UN)
            yield free

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Keeps the gate closed; waits for those who are through, so not on the event loop."""
        with self._turnstile.open("a") as turnstile, self._gate.open("a") as gate:
            fcntl.flock(turnstile, fcntl.LOCK_EX)
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield


def _try_shared(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
